import InspectCore

/// The geolocation databases of a run, asked by the inspector and by who writes its events.
public final class SharedAtlas {
  private var atlas: GeoAtlas

  public init(_ databases: [GeoDatabase]) { atlas = GeoAtlas(databases) }

  public var databases: [GeoDatabase] { atlas.databases }

  public func place(_ address: IPAddress) -> GeoLocation? { atlas.locate(address) }
}

/// The same as the core asks for it.
public struct AtlasView: Atlas, ~Copyable {
  private let shared: SharedAtlas

  public init(_ shared: SharedAtlas) { self.shared = shared }

  public mutating func locate(_ address: IPAddress) -> Location {
    var location = Location()
    guard let place = shared.place(address) else { return location }
    location.country = place.country
    location.registeredCountry = place.registeredCountry
    location.autonomousSystem = place.asn
    location.isAnycast = place.isAnycast
    location.otherCountry = place.disagreement
    return location
  }
}
