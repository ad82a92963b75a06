/// Places of a watch list: what is within two kilometres of one is that place, however precise.
struct WatchPlaces: Sendable {
  /// The most places that are kept; more are found as text only.
  static var most: Int { 4096 }
  /// Metres.
  private static var radius: Double { 2000 }
  /// A hundred-thousandth of a degree along a meridian, in metres.
  private static var metresPerUnit: Double { 1.11195 }

  private struct Place {
    var latitude: Int
    var longitude: Int
    var value: UInt32
  }

  private var places: [Place] = []

  var isEmpty: Bool { places.isEmpty }

  /// Keeps a value that is a latitude and a longitude in decimal degrees.
  mutating func add(_ text: [UInt8], _ value: UInt32) {
    // Bytes have no padding that would be read.
    let bytes = unsafe text.span.bytes
    guard places.count < WatchPlaces.most,
      let (latitude, longitude) = WatchPlaces.coordinates(bytes)
    else { return }
    places.append(Place(latitude: latitude, longitude: longitude, value: value))
  }

  /// The value whose place is the nearest to `text`, when it is near enough.
  func near(_ text: RawSpan) -> UInt32? {
    guard !places.isEmpty, let (latitude, longitude) = WatchPlaces.coordinates(text) else {
      return nil
    }
    var nearest = WatchPlaces.radius * WatchPlaces.radius
    var found: UInt32?
    let narrowing = WatchPlaces.cosine(Double(latitude) / 100_000)
    for place in places {
      let north = Double(place.latitude &- latitude) * WatchPlaces.metresPerUnit
      var turn = abs(place.longitude &- longitude)
      if turn > 18_000_000 { turn = 36_000_000 &- turn }
      let east = Double(turn) * WatchPlaces.metresPerUnit * narrowing
      let square = north * north + east * east
      if square <= nearest {
        nearest = square
        found = place.value
      }
    }
    return found
  }

  /// `55.676098,12.568337` in hundred-thousandths of a degree; nil for anything else.
  static func coordinates(_ text: RawSpan) -> (latitude: Int, longitude: Int)? {
    guard let comma = text.firstOffset(of: 0x2C),
      let latitude = degrees(text.extracting(first: comma)),
      let longitude = degrees(text.extracting(droppingFirst: comma &+ 1)),
      abs(latitude) <= 9_000_000, abs(longitude) <= 18_000_000
    else { return nil }
    return (latitude, longitude)
  }

  private static func degrees(_ text: RawSpan) -> Int? {
    let text = text.trimmingWhitespace
    guard !text.isEmpty, text.byteCount <= 24 else { return nil }
    let isNegative = text[0] == 0x2D
    var value = 0
    var digits = 0
    var decimals: Int?
    for index in (isNegative ? 1 : 0)..<text.byteCount {
      let byte = text[index]
      if byte == 0x2E, decimals == nil {
        decimals = 0
      } else if byte.isASCIIDigit {
        // What is beyond a metre does not matter.
        if let known = decimals, known >= 5 { continue }
        value = value &* 10 &+ Int(byte &- 0x30)
        digits &+= 1
        if let known = decimals { decimals = known &+ 1 }
        guard digits <= 9 else { return nil }
      } else {
        return nil
      }
    }
    guard digits > 0 else { return nil }
    for _ in (decimals ?? 0)..<5 { value = value &* 10 }
    return isNegative ? -value : value
  }

  /// Of an angle of at most 90 degrees: four terms of the series, good to 1 in 40,000.
  private static func cosine(_ degrees: Double) -> Double {
    let square = degrees * degrees * (0.017453292519943295 * 0.017453292519943295)
    return 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56)))
  }
}
