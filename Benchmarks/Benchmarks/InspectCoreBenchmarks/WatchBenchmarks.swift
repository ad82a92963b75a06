import Benchmark
import InspectCore

/// Stands for MD5 and SHA, which the core is lent: the search is measured, not the making of lists.
private struct SomeDigests: WatchDigests {
  func prefix(_ digest: WatchDigest, of bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(digest.rawValue)
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return (hash ^ hash >> 29) &* 0x9E37_79B9_7F4A_7C15
  }
}

/// The search for watched values in bodies that have none of them, with lists of three lengths.
func watchBenchmarks() {
  for count in [10, 10_000, 1_000_000] {
    benchmark("Watch: JSON, \(count) values", count) {
      let event =
        #"{"type":"view","page":"/start","duration":128,"at":1764000000123,"tags":["a"],"ok":true}"#
      return "[" + repeatElement(event, count: 50).joined(separator: ",") + "]"
    }
    benchmark("Watch: HTML, \(count) values", count) {
      let paragraph =
        "<p class=\"text\">A page about nothing, with <a href=\"/next\">a link</a>.</p>\n"
      return "<!DOCTYPE html><html><body>\n" + String(repeating: paragraph, count: 800)
    }
  }
}

/// Each is made once, when it is first asked for.
private enum Lists {
  static let short = list(10)
  static let middle = list(10_000)
  static let long = list(1_000_000)

  static func ofLength(_ count: Int) -> WatchIndex {
    switch count {
    case 10: short
    case 10_000: middle
    default: long
    }
  }
}

/// Synthetic numbers, mail addresses and hardware addresses.
private func list(_ count: Int) -> WatchIndex {
  var builder = WatchIndex.Builder()
  var state: UInt64 = 88_172_645_463_325_252
  for number in 0..<count {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    let digits = String(state % 90_000_000 + 10_000_000)
    let (value, kind): (String, IdentifierKind) =
      switch number % 4 {
      case 0: ("+47\(digits)", .phoneNumber)
      case 1: ("35\(digits)\(digits.prefix(5))", .imei)
      case 2: ("user\(digits)@example.com", .email)
      default: ("0200\(digits)", .macAddress)
      }
    // Each is well-formed; of those that are there twice one is found.
    do { try builder.add(Array(value.utf8), kind, .ordinary, label: []) } catch {
      preconditionFailure("\(value): \(error)")
    }
  }
  return builder.finish(SomeDigests())
}

private func benchmark(_ name: String, _ count: Int, _ body: @escaping @Sendable () -> String) {
  Benchmark(name) { benchmark in
    let bytes = Array(body().utf8)
    let rounds = max(1, 1_000_000 / bytes.count)
    var finder = Finder(watching: Lists.ofLength(count))
    var counter = FindingCounter()
    benchmark.measure(rounds * bytes.count) {
      for _ in 0..<rounds {
        let span = bytes.span.bytes
        _ = finder.inspect(
          span, part: .httpRequestBody, key: span.extracting(0..<0), into: &counter)
      }
    }
    precondition(finder.watchCounters.hits == 0, "\(name): \(finder.watchCounters.hits) hits")
  }
}
