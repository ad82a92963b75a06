import InspectCore

/// The sends around the unlocks as text: what rises at the middle and not before it follows the
/// unlock.
///
///     sends from 30 s before to 30 s after the unlocks, 2 s each
///     ···············│█▁·············  most 12
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
    var numbers: [String] = []
    if let value = result.eValue { numbers.append("e-value \(Decimal.text(value, digits: 1))") }
    if let value = result.qValue { numbers.append("q-value \(Decimal.text(value, digits: 6))") }
    if !numbers.isEmpty { rows.append(numbers.joined(separator: ", ")) }
    return rows
  }
}
