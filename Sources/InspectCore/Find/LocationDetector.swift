/// A coordinate as it is written: decimal degrees.
struct Coordinate {
  /// Millionths of a degree.
  private(set) var microdegrees: Int64 = 0
  /// Digits after the point.
  private(set) var decimals = 0

  /// Nil when `text` is no decimal number of at most `limit` degrees on either side of zero.
  init?(_ text: RawSpan, limit: Int64) {
    var index = text.hasBytes("-") || text.hasBytes("+") ? 1 : 0
    var whole: Int64 = 0
    let start = index
    while index < text.byteCount, text[index].isASCIIDigit {
      whole = whole &* 10 &+ Int64(text[index] &- 0x30)
      index &+= 1
      guard whole <= limit else { return nil }
    }
    guard index > start else { return nil }
    var fraction: Int64 = 0
    var unit: Int64 = 1_000_000
    if index < text.byteCount {
      guard text[index] == 0x2E, text.byteCount &- index <= 20 else { return nil }
      index &+= 1
      while index < text.byteCount, text[index].isASCIIDigit {
        unit /= 10
        fraction &+= unit &* Int64(text[index] &- 0x30)
        decimals &+= 1
        index &+= 1
      }
    }
    guard index == text.byteCount else { return nil }
    microdegrees = whole &* 1_000_000 &+ fraction
    guard microdegrees <= limit &* 1_000_000 else { return nil }
    if text[0] == 0x2D { microdegrees = 0 &- microdegrees }
  }
}

/// A place on the earth: two numbers that belong together.
enum LocationDetector {
  /// A value with both numbers: `55.676098,12.568337`, also as a `geo:` URI (RFC 5870), or bare
  /// under a name.
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    let isURI = leaf.value.hasPrefixIgnoringCase("geo:")
    guard isURI || leaf.meaning.group == .location else { return nil }
    let pair = leaf.value.extracting(droppingFirst: isURI ? 4 : 0)
    guard let comma = pair.firstOffset(of: 0x2C) else { return nil }
    let rest = pair.extracting(droppingFirst: comma &+ 1)
    // RFC 5870: an altitude and parameters may follow.
    let end = rest.firstOffset(ofEither: 0x2C, or: 0x3B, from: 0) ?? rest.byteCount
    return detect(
      latitude: pair.extracting(first: comma).trimmingWhitespace,
      longitude: rest.extracting(first: end).trimmingWhitespace)
  }

  /// (0, 0) is where programs are that know no place. With fewer than three decimals it is a
  /// region, not where somebody is.
  static func detect(latitude: RawSpan, longitude: RawSpan) -> Detection? {
    guard let latitude = Coordinate(latitude, limit: 90),
      let longitude = Coordinate(longitude, limit: 180),
      latitude.microdegrees != 0 || longitude.microdegrees != 0
    else { return nil }
    let decimals = min(latitude.decimals, longitude.decimals)
    return Detection(
      .location, decimals >= 3 ? .medium : .low, as: .verbatim,
      precision: precision(decimals: decimals))
  }

  /// What the last decimal is worth, in metres: a degree is 111 km.
  private static func precision(decimals: Int) -> UInt32 {
    var metres: UInt32 = 111_000
    for _ in 0..<min(decimals, 5) { metres /= 10 }
    return max(metres, 1)
  }
}
