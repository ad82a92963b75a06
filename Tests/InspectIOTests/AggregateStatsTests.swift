import Foundation
import Testing

@testable import InspectIO

@Suite struct AggregateStatsTests {
  private func line(
    hour: Int = 8, minute: Int = 0, country: String? = "CN", kinds: [String] = ["imei"],
    rule: String = "personal-data-cleartext", device: String = "192.168.7.20",
    ip: String = "1.8.0.1", count: Int = 1
  ) -> String {
    let place = country.map { "\"country\":\"\($0)\"," } ?? ""
    let items = kinds.map {
      """
      {"kind":"\($0)","where":"http.url","path":"","value":"49...18","confidence":"high"}
      """
    }.joined(separator: ",")
    return """
      {"timestamp":"2026-03-01T\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute):00.000000+0000",\
      "event_type":"alert","inspect":{"rule":"\(rule)","severity":"high","device":{"ip":"\(device)"},\
      "destination":{"ip":"\(ip)",\(place)"transfer":"third-country"},"personal_data":[\(items)],\
      "encrypted":false,"count":\(count),"explanation":"x"}}
      """
  }

  private func statistics(_ lines: [String], k: Int = 10, unit: AggregateStats.Unit = .alerts)
    -> AggregateStats
  {
    var events = RecordedEvents()
    events.add(Array(lines.joined(separator: "\n").utf8), file: "test")
    #expect(events.damageCount == 0)
    var statistics = AggregateStats(k: k, unit: unit)
    statistics.add(events)
    return statistics
  }

  @Test func smallCellsAreLeftOut() {
    let lines =
      (0..<12).map { line(minute: $0) } + (0..<9).map { line(hour: 9, minute: $0) }
      + (0..<3).map { line(hour: 10, minute: $0, country: "US") }
    let text = statistics(lines).csv()
    #expect(
      text == "# k=10 suppressed=some\ncountry,hour,kind,alerts\nCN,2026-03-01T08:00Z,imei,12\n")
    for secret in ["192.168", "1.8.0.1", "49...18", "US"] { #expect(!text.contains(secret)) }
  }

  /// The sum that is left out is itself a count: two cells of 18 in all have 9 each.
  @Test func theRestIsNotTold() {
    let shown = (0..<12).map { line(minute: $0) }
    for rest in [[line(hour: 9)], (0..<18).map { line(hour: 9 + $0 % 2, minute: $0) }] {
      let statistics = statistics(shown + rest)
      #expect(statistics.csv().hasPrefix("# k=10 suppressed=some\n"))
      #expect(statistics.json().contains("\"suppressed\":true"))
    }
    #expect(statistics(shown).csv().hasPrefix("# k=10 suppressed=none\n"))
    #expect(statistics(shown).json().contains("\"suppressed\":false"))
  }

  @Test func severalRulesCountOnce() {
    let lines = (0..<10).flatMap { minute in
      ["personal-data-cleartext", "personal-data-cross-border", "self-registration"].map {
        line(minute: minute, kinds: ["imei", "imsi"], rule: $0)
      }
    }
    #expect(statistics(lines).csv().hasSuffix(",imei,10\nCN,2026-03-01T08:00Z,imsi,10\n"))
  }

  @Test func repeatedAlertsCountAsOftenAsTheyWereSeen() {
    #expect(statistics([line(count: 40)]).csv().hasSuffix(",imei,40\n"))
    #expect(statistics([line(count: 40)], unit: .devices).csv().hasSuffix(",devices\n"))
    let phones = (0..<10).map { line(device: "192.168.7.\($0)", count: 7) }
    #expect(statistics(phones, unit: .devices).csv().hasSuffix(",imei,10\n"))
  }

  @Test func whatHasNoCountryIsUnknown() {
    #expect(
      statistics([line(country: nil, count: 11)]).csv().hasSuffix(
        "unknown,2026-03-01T08:00Z,imei,11\n"))
  }

  /// Every cell that could be has noise, with the variance that ε promises.
  @Test func noiseIsDiscreteLaplace() {
    var generator = SplitMix(state: 7)
    let epsilon = 0.5
    let samples = (0..<20_000).map { _ in
      AggregateStats.discreteLaplace(epsilon: epsilon, using: &generator)
    }
    let mean = Double(samples.reduce(0, +)) / 20_000
    let variance = samples.reduce(0.0) { $0 + Double($1 * $1) } / 20_000
    let ratio = exp(-epsilon)
    let expected = 2 * ratio / ((1 - ratio) * (1 - ratio))
    #expect(abs(mean) < 0.1)
    #expect(abs(variance / expected - 1) < 0.1)
    let zeros = Double(samples.filter { $0 == 0 }.count) / 20_000
    #expect(abs(zeros - (1 - ratio) / (1 + ratio)) < 0.02)
  }
}

/// The same numbers on every run (Steele, Lea and Flood, 2014).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
