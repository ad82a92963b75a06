import InspectCore

/// What `geo build` made, for the command line to say.
public struct GeoBuildReport: Equatable, Sendable {
  public var output = ""
  public var byteCount = 0
  /// Nodes of the search tree.
  public var nodeCount = 0
  /// Ranges of addresses with one value.
  public var rangeCount = 0
  /// Different records.
  public var recordCount = 0
  /// When the countries were exported, in seconds since 1970-01-01 UTC; the database's date.
  public var countriesEpoch: UInt64 = 0
  /// When the autonomous systems were collected; nil when there are none.
  public var systemsEpoch: UInt64?
  /// IPv4 addresses with a country.
  public var ipv4WithCountry = 0
  /// IPv4 addresses with an autonomous system.
  public var ipv4WithSystem = 0
  /// IPv4 addresses whose autonomous system was left out, since their country has changed.
  public var ipv4Moved = 0
  /// The database's description: sources, dates, licence.
  public var description = ""
  /// What is missing or was left out, a sentence each.
  public var notes: [String] = []
}

/// Merges the IPFire sources into one database of countries and autonomous systems.
///
/// The layout is GeoLite2's (`country.iso_code`, `autonomous_system_number`,
/// `autonomous_system_organization`, `traits.is_anycast`), so that any reader of those knows it.
struct GeoBuilder {
  static let databaseType = "inspectd-Country-ASN"
  static let licence = "CC BY-SA 4.0, IPFire Location, https://location.ipfire.org/"
  /// Autonomous systems older than the countries by more than this are of no use.
  static let maximumSystemsAge: UInt64 = 5 * 366 * 86_400

  let folder: String
  private var report = GeoBuildReport()
  private var writer = MMDBWriter()
  private var records: [GeoValue: MMDBWriter.Record] = [:]

  /// `folder`: `geoip`, `geoip6` and `location.db` are there or below.
  init(folder: String) { self.folder = folder }

  /// Reads the sources and writes the database to `output`.
  mutating func build(
    to output: String, progress: (String) -> Void
  ) throws(GeoError) -> GeoBuildReport {
    progress("reading countries")
    let countries = try readCountries()
    if let path = GeoFile.find("location.db", below: folder) {
      progress("reading autonomous systems")
      let contents = try GeoFile.contents(of: path)
      let systems = try LocationDatabase(contents.span.bytes, file: path)
      try add(countries, systems, file: path, progress)
    } else {
      report.notes.append("No location.db: the database has no autonomous systems.")
      progress("merging")
      insert(countries, GeoSteps()) { _ in nil }
    }
    progress("writing \(output)")
    report.description = description
    let (bytes, nodeCount) = try writer.finish(
      MMDBWriter.Metadata(
        databaseType: GeoBuilder.databaseType, buildEpoch: report.countriesEpoch,
        description: report.description))
    try GeoFile.replace(output, with: bytes)
    report.output = output
    report.byteCount = bytes.count
    report.nodeCount = nodeCount
    report.recordCount = records.count
    return report
  }

  private mutating func readCountries() throws(GeoError) -> GeoSteps {
    guard let ipv4 = GeoFile.find("geoip", below: folder) else {
      throw .sourceMissing(folder: folder, name: "geoip")
    }
    var steps = GeoSteps()
    let export = try self.export(ipv4, isIPv6: false, into: &steps)
    report.countriesEpoch = export.generated
    guard let ipv6 = GeoFile.find("geoip6", below: folder) else {
      report.notes.append("No geoip6: the database has no countries for IPv6.")
      return steps
    }
    let export6 = try self.export(ipv6, isIPv6: true, into: &steps)
    // The older of two dates: better a warning about age too many.
    report.countriesEpoch = min(export.generated, export6.generated)
    return steps
  }

  private func export(
    _ path: String, isIPv6: Bool, into steps: inout GeoSteps
  ) throws(GeoError) -> IPFireExport {
    let contents = try GeoFile.contents(of: path)
    return try IPFireExport(contents.span.bytes, file: path, isIPv6: isIPv6, into: &steps)
  }

  private mutating func add(
    _ countries: GeoSteps, _ systems: borrowing LocationDatabase, file: String,
    _ progress: (String) -> Void
  ) throws(GeoError) {
    let epoch = systems.createdAt
    let age = report.countriesEpoch > epoch ? report.countriesEpoch - epoch : 0
    guard age <= GeoBuilder.maximumSystemsAge else {
      report.notes.append(
        "Autonomous systems of \(GeoBuilder.day(epoch)) left out: more than five years older than "
          + "the countries.")
      insert(countries, GeoSteps()) { _ in nil }
      return
    }
    report.systemsEpoch = epoch
    let networks = try systems.steps(file: file)
    progress("merging")
    var names: [UInt32: String] = [:]
    for step in networks.steps where step.value.asn != 0 && names[step.value.asn] == nil {
      names[step.value.asn] = systems.name(of: step.value.asn)
    }
    insert(countries, networks) { names[$0] }
    if report.ipv4Moved > 0 {
      report.notes.append(
        "\(report.ipv4Moved) IPv4 addresses have moved to another country since "
          + "\(GeoBuilder.day(epoch)): without autonomous system.")
    }
  }

  /// Puts both sources together, range by range.
  private mutating func insert(
    _ countries: GeoSteps, _ networks: GeoSteps, name: (UInt32) -> String?
  ) {
    var pending: (first: IPAddress, last: IPAddress, value: GeoValue)?
    GeoSteps.merge(countries, networks) { first, last, country, network in
      // The tree keeps IPv4 in ::/96: no IPv6 network of the Internet is so low.
      guard first >= IPAddress(ipv4: 0) else { return }
      let isSame = network.country == nil || country.country == network.country
      var value = country
      // Who has the addresses now is not who had them in another country.
      if isSame || country.country == nil {
        value.asn = network.asn
        value.isAnycast = network.isAnycast
      }
      count(first, last, value, hasMoved: network.asn != 0 && value.asn == 0)
      if let held = pending, held.value == value, held.last.next == first,
        held.first.isIPv4 == first.isIPv4
      {
        pending?.last = last
        return
      }
      if let held = pending { insert(held.first, held.last, held.value, name) }
      pending = (first, last, value)
    }
    if let held = pending { insert(held.first, held.last, held.value, name) }
  }

  private mutating func count(
    _ first: IPAddress, _ last: IPAddress, _ value: GeoValue, hasMoved: Bool
  ) {
    guard first.isIPv4 else { return }
    let addresses = Int(min(last, IPAddress(ipv4: .max)).ipv4 - first.ipv4) + 1
    if value.country != nil { report.ipv4WithCountry += addresses }
    if value.asn != 0 { report.ipv4WithSystem += addresses }
    if hasMoved { report.ipv4Moved += addresses }
  }

  private mutating func insert(
    _ first: IPAddress, _ last: IPAddress, _ value: GeoValue, _ name: (UInt32) -> String?
  ) {
    guard value != GeoValue() else { return }
    report.rangeCount += 1
    let record: MMDBWriter.Record
    if let known = records[value] {
      record = known
    } else {
      record = writer.record(GeoBuilder.layout(value, name))
      records[value] = record
    }
    // A range that goes on into IPv6 is two.
    guard first.isIPv4, !last.isIPv4 else {
      writer.insert(from: first, through: last, record)
      return
    }
    writer.insert(from: first, through: IPAddress(ipv4: .max), record)
    writer.insert(from: IPAddress(high: 0, low: 1 << 48), through: last, record)
  }

  private static func layout(_ value: GeoValue, _ name: (UInt32) -> String?) -> MMDBValue {
    var pairs: [MMDBValue.Pair] = []
    if let country = value.country {
      pairs.append(.init(key: "country", value: ["iso_code": .string(country.text)]))
    }
    if value.asn != 0 {
      pairs.append(.init(key: "autonomous_system_number", value: .uint32(value.asn)))
      if let name = name(value.asn) {
        pairs.append(.init(key: "autonomous_system_organization", value: .string(name)))
      }
    }
    if value.isAnycast { pairs.append(.init(key: "traits", value: ["is_anycast": true])) }
    return .map(pairs)
  }

  private var description: String {
    var text = "Countries: IPFire Location export of \(GeoBuilder.day(report.countriesEpoch))"
    if let epoch = report.systemsEpoch {
      text +=
        "; autonomous systems and anycast: IPFire Location database of \(GeoBuilder.day(epoch))"
    }
    return text + ". Licence: \(GeoBuilder.licence)"
  }

  /// The day (UTC) as `2026-06-25`.
  static func day(_ epoch: UInt64) -> String {
    // Days of the civil calendar, years counted from March so that the leap day comes last.
    let days = Int(min(epoch / 86_400, 2_932_896)) + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
  }
}
