import InspectCore

/// Where an address is, as far as the databases know.
public struct GeoLocation: Equatable, Sendable {
  /// Where the network is believed to be used.
  public var country: CountryCode?
  /// Where its block is registered, when a database says so.
  public var registeredCountry: CountryCode?
  public var asn: UInt32?
  public var organization: String?
  /// One address, many places: `country` is the owner's and no place.
  public var isAnycast = false
  /// What a second database says, when it is another country.
  public var disagreement: CountryCode?
  /// Which of the databases named the country; nil without one.
  public var database: Int?
  /// A second database says the same.
  public var isConfirmed = false

  public init() {}
}

/// Several databases, asked in turn (often one for countries and one for networks).
///
/// For each property the first database that knows it decides. The latest answers are kept, so that
/// an address seen again costs no search; threads have an atlas each, over the same databases.
public struct GeoAtlas: ~Copyable {
  public let databases: [GeoDatabase]
  private var kept: [Kept]

  private struct Kept {
    var address = IPAddress(high: 0, low: 0)
    var isUsed = false
    var location: GeoLocation?
  }

  /// `keeping`: for how many addresses the answers are kept, rounded up to a power of two.
  public init(_ databases: [GeoDatabase], keeping: Int = 4096) {
    self.databases = databases
    var count = 1
    while count < min(keeping, 1 << 20) { count *= 2 }
    kept = Array(repeating: Kept(), count: count)
  }

  /// Opens the files; with none, there is nothing to ask, and every answer is nil.
  public init(paths: [String]) throws(GeoError) {
    var databases: [GeoDatabase] = []
    for path in paths { databases.append(try GeoDatabase(path: path)) }
    self.init(databases)
  }

  /// Where `address` is; nil when no database knows of it.
  public mutating func locate(_ address: IPAddress) -> GeoLocation? {
    guard !databases.isEmpty else { return nil }
    // Only a place in a table that forgets: colliding on purpose wins nothing but a search.
    let mixed = (address.high ^ address.low &* 0x9e37_79b9_7f4a_7c15) &* 0xd6e8_feb8_6659_fd93
    let slot = Int(truncatingIfNeeded: mixed >> 40) & (kept.count - 1)
    if kept[slot].isUsed, kept[slot].address == address { return kept[slot].location }
    let location = GeoAtlas.merge(databases, address)
    kept[slot] = Kept(address: address, isUsed: true, location: location)
    return location
  }

  private static func merge(_ databases: [GeoDatabase], _ address: IPAddress) -> GeoLocation? {
    var location: GeoLocation?
    for (number, database) in databases.enumerated() {
      guard let record = database.lookup(address) else { continue }
      location = location ?? GeoLocation()
      location?.add(record)
      if location?.database == nil, record.country != nil { location?.database = number }
    }
    return location
  }
}

extension GeoLocation {
  mutating func add(_ record: GeoRecord) {
    if let other = record.country {
      if let country, country != other { disagreement = disagreement ?? other }
      if country == other { isConfirmed = true }
      country = country ?? other
    }
    registeredCountry = registeredCountry ?? record.registeredCountry
    // A number and a name from different databases would not belong together.
    if asn == nil {
      asn = record.asn
      organization = record.organization
    } else if asn == record.asn {
      organization = organization ?? record.organization
    }
    isAnycast = isAnycast || record.isAnycast
  }
}
