import InspectCore

/// The geolocation databases of a run, asked by the inspector and by who writes its events.
public final class SharedAtlas {
  /// A database that is older than the capture by more days says too little: networks are traded.
  public static let staleDays = 60

  private var atlas: GeoAtlas
  private let isStale: [Bool]
  private let distances: CountryDistances?

  /// `moment` is when the capture was made; `home` the country that it was made in, if it is known.
  public init(
    _ databases: [GeoDatabase], at moment: Timestamp? = nil, home: CountryCode? = nil
  ) {
    atlas = GeoAtlas(databases)
    isStale = databases.map { database in
      guard let moment else { return false }
      let age = database.ageInDays(at: moment)
      return age > SharedAtlas.staleDays || age < 0
    }
    distances = home.flatMap { CountryDistances(from: $0) }
  }

  private init(_ other: SharedAtlas) {
    atlas = GeoAtlas(other.databases)
    isStale = other.isStale
    distances = other.distances
  }

  /// The same for another thread: it remembers its answers, and shares the databases.
  public var another: SharedAtlas { SharedAtlas(self) }

  public var databases: [GeoDatabase] { atlas.databases }

  public func place(_ address: IPAddress) -> GeoLocation? { atlas.locate(address) }

  func location(of address: IPAddress) -> Location {
    var location = Location()
    guard let place = place(address) else { return location }
    location.country = place.country
    location.registeredCountry = place.registeredCountry
    location.autonomousSystem = place.asn
    location.isAnycast = place.isAnycast
    location.otherCountry = place.disagreement
    location.isConfirmed = place.isConfirmed && place.disagreement == nil
    location.isStale = place.database.map { isStale[$0] } ?? false
    if let country = place.country { location.distance = distances?[country] }
    return location
  }
}

/// The same as the core asks for it.
public struct AtlasView: Atlas, ~Copyable {
  private let shared: SharedAtlas

  public init(_ shared: SharedAtlas) { self.shared = shared }

  public mutating func locate(_ address: IPAddress) -> Location { shared.location(of: address) }
}
