import InspectCore

/// How far countries are from each other at least: between their nearest points, as a packet cannot
/// do better wherever in them it begins and ends.
///
/// The table is made by `Geo/make-country-distances.py` of Natural Earth's 1:50m countries (public
/// domain), in steps that are rounded down.
public struct CountryDistances: Sendable {
  private var kilometres: [CountryCode: UInt32] = [:]

  /// Nil for a country that the table does not have.
  public init?(from home: CountryCode) {
    self.init(
      from: home, table: String(decoding: PackageResources.country_distances_txt, as: UTF8.self))
  }

  /// The table: `step KILOMETRES`, the codes in one line, and for each code a line of a character for
  /// each code before it, `0` the first step and so on by ASCII.
  init?(from home: CountryCode, table: String) {
    let lines = table.split(separator: "\n").filter { !$0.hasPrefix("#") }
    guard lines.count > 2, lines[0].hasPrefix("step "), let step = UInt32(lines[0].dropFirst(5))
    else { return nil }
    let codes = lines[1].split(separator: " ").compactMap { CountryCode(text: String($0)) }
    guard let place = codes.firstIndex(of: home), lines.count >= codes.count + 2 else { return nil }
    for (row, line) in lines.dropFirst(2).enumerated() {
      let cells = Array(line.utf8)
      if row == place {
        for (column, cell) in cells.enumerated() where column < codes.count {
          kilometres[codes[column]] = UInt32(cell &- 0x30) * step
        }
      } else if row > place, place < cells.count, row < codes.count {
        kilometres[codes[row]] = UInt32(cells[place] &- 0x30) * step
      }
    }
  }

  /// Kilometres; nil for a country that the table does not have.
  public subscript(country: CountryCode) -> UInt32? { kilometres[country] }
}
