import Benchmark
import Foundation
import InspectCore

/// Bodies of requests. The identifiers are test values from their specifications.
func finderBenchmarks() {
  let registration = """
    {"REGVER":"1.0","MEID":"490154203237518","MODEL":"TA-1046","SWVER":"00WW_3_39B",\
    "OSVER":"Android 9","UETYPE":"1","MACID":"00:00:5E:00:53:01","ROM":"64G","RAM":"4G",\
    "IMEI1":"490154203237518","SIM1ICCID":"89014103211118510720",\
    "SIM1LTEIMSI":"001010123456789","SIM1CELLID":"26385429","SIM1TYPE":"1","DATASIM":"1",\
    "SIM1VoLTESW":"1","ACCESSTYPE":"2","REGDATE":"2026-03-01 08:00:01"}
    """
  let encoded = Data(registration.utf8).base64EncodedString(
    options: [.lineLength76Characters, .endLineWithLineFeed])
  benchmark("Finder: JSON with identifiers", registration, isFound: true)
  benchmark("Finder: base64 of JSON with identifiers", encoded, isFound: true)

  let event = #"{"type":"view","page":"/start","duration":128,"tags":["a","b","c"],"ok":true}"#
  let events = "[" + repeatElement(event, count: 50).joined(separator: ",") + "]"
  benchmark("Finder: JSON without identifiers", events, isFound: false)

  let paragraph = "<p class=\"text\">A page about nothing, with <a href=\"/next\">a link</a>.</p>\n"
  let page = "<!DOCTYPE html><html><body>\n" + String(repeating: paragraph, count: 800)
  benchmark("Finder: HTML", page + "</body></html>", isFound: false)
}

/// Registers a benchmark of a body that is looked at again and again, a megabyte in all.
private func benchmark(_ name: String, _ body: String, isFound: Bool) {
  let body = Array(body.utf8)
  let rounds = max(1, 1_000_000 / body.count)
  Benchmark(name) { benchmark in
    var finder = Finder()
    var counter = FindingCounter()
    benchmark.measure(rounds * body.count) {
      for _ in 0..<rounds {
        let bytes = body.span.bytes
        _ = finder.inspect(
          bytes, part: .httpRequestBody, key: bytes.extracting(0..<0), into: &counter)
      }
    }
    precondition((counter.findings > 0) == isFound, "\(name): \(counter.findings) findings")
  }
}
