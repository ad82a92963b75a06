import InspectCore

/// How sure the country of a destination is; the first that holds.
enum GeoConfidence: String, CaseIterable {
  /// An answer came faster than light could have been there and back.
  case contradicted
  /// One address, many places: the country is that of the network's owner.
  case anycast
  /// Another database names another country.
  case disagreement
  /// The database was made more than 60 days before the capture, or after it.
  case stale
  /// Two databases name the country.
  case agreement
  /// One database names it.
  case database

  init(_ destination: Destination) {
    let location = destination.location
    if location.isContradicted(by: destination.roundTrip) {
      self = .contradicted
    } else if location.isAnycast {
      self = .anycast
    } else if location.otherCountry != nil {
      self = .disagreement
    } else if location.isStale {
      self = .stale
    } else {
      self = location.isConfirmed ? .agreement : .database
    }
  }
}
