import InspectCore

/// The sends around the unlocks as text: what rises at the middle and not before it follows the
/// unlock. Below it each unlock by itself: the whole seconds that passed until a send, from ten on
/// by a `+`, or that none came within half a minute.
///
///     sends from 30 s before to 30 s after the unlocks, 2 s each
///     ···············│█▁·············  most 12
///     seconds from each unlock to a send: 111·1211111+
enum UnlockPicture {
  private static let bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  static func rows(_ result: UnlockStudy.Result) -> [String] {
    let counts = result.statistics.correlogram
    guard let most = counts.max(), most > 0 else { return [] }
    let reach = UnlockStatistics.correlogramReach / 1_000_000_000
    let width = UnlockStatistics.correlogramBin / 1_000_000_000
    var row = ""
    for (index, count) in counts.enumerated() {
      if index == counts.count / 2 { row += "│" }
      row += count == 0 ? "·" : bars[(count * bars.count - 1) / most]
    }
    var rows = [
      "sends from \(reach) s before to \(reach) s after the unlocks, \(width) s each",
      "\(row)  most \(most)",
    ]
    let raster = result.statistics.raster
    let delays = raster.map { $0 < 0 ? "·" : $0 > 9 ? "+" : "\($0)" }.joined()
    let more = result.statistics.unlocks > raster.count ? " ..." : ""
    rows.append(
      "seconds from each \(result.isInferred ? "wake-up" : "unlock") to a send: \(delays)\(more)")
    rows.append(clock(result))
    var numbers: [String] = []
    if let value = result.eValue { numbers.append("e-value \(Decimal.text(value, digits: 1))") }
    if let value = result.qValue { numbers.append("q-value \(Decimal.text(value, digits: 6))") }
    if !numbers.isEmpty { rows.append(numbers.joined(separator: ", ")) }
    return rows
  }

  /// What is known of the log's clock, and from what.
  private static func clock(_ result: UnlockStudy.Result) -> String {
    guard let doubt = result.clockUncertainty else {
      return "clock: nothing tells how the log's clock runs; it is taken to agree"
    }
    let sources = result.clockSources
    var from: [String] = []
    if sources.ntp { from.append("the phone's NTP requests") }
    if sources.messages { from.append("times in its messages") }
    if sources.traffic { from.append("what its destinations do after unlocks") }
    guard !from.isEmpty else { return "clock: the capture's own" }
    let offset = Decimal.text(Double(result.clock.offset) / 1e9, digits: 1)
    var text = "clock: the log's minus the capture's is \(offset) s, uncertain by "
    text += "\(Decimal.text(doubt, digits: 1)) s"
    if result.clock.drift != 0 {
      text += ", drifting by \(Decimal.text(result.clock.drift, digits: 0)) ppm"
    }
    return text + "; from \(from.joined(separator: ", "))"
  }
}
