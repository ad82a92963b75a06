/// A `data:` URI (RFC 2397): a media type, `;base64` when it is, a comma, and the data.
enum DataURI {
  /// Longer media types are none.
  private static let longestType = 128

  /// Where the data begins; nil when `value` is no such URI.
  static func data(of value: RawSpan) -> Int? {
    guard value.hasPrefixIgnoringCase("data:") else { return nil }
    let head = value.extracting(first: min(value.byteCount, longestType))
    guard let comma = head.firstOffset(of: 0x2C) else { return nil }
    return comma &+ 1
  }
}

extension Finder {
  mutating func walkDataURI(_ value: RawSpan, at start: Int, key: RawSpan, depth: Int) {
    guard let data = DataURI.data(of: value) else { return }
    let outside = path.count
    appendToPath("data")
    // Whether it is base64 or percent-encoded shows in the data itself.
    visit(value.extracting(droppingFirst: data), at: start &+ data, key: key, depth: depth)
    path.truncate(to: outside)
  }
}
