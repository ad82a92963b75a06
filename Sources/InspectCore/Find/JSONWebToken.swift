/// A JSON Web Token in its compact form (RFC 7519 §3, RFC 7515 §7.1): header, payload and signature
/// in URL-safe base64 with points between them. Signatures are not verified.
enum JSONWebToken: ByteCoding {
  static var label: StaticString { "jwt" }
  /// Longer headers are none.
  private static let longestHeader = 2048

  /// Where header and payload are; nil when `value` is no token. Both are JSON objects, which begin
  /// alike in base64.
  static func segments(of value: RawSpan) -> (header: Range<Int>, payload: Range<Int>)? {
    guard value.hasBytes("eyJ") else { return nil }
    let head = value.extracting(first: min(value.byteCount, longestHeader))
    guard let point = head.firstOffset(of: 0x2E), value.hasBytes("ey", at: point &+ 1) else {
      return nil
    }
    let end = ByteScan.firstOffset(of: 0x2E, in: value, from: point &+ 1) ?? value.byteCount
    return (0..<point, (point &+ 1)..<end)
  }

  static func isPlausible(_ encoded: RawSpan) -> Bool { Base64.isPlausible(encoded) }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    Base64.decode(encoded, into: &decoded)
  }

  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    Base64.seek(&cursor, to: offset, in: encoded)
  }
}

extension Finder {
  mutating func walkWebToken(_ value: RawSpan, at start: Int, depth: Int) {
    guard let (header, payload) = JSONWebToken.segments(of: value) else { return }
    descend(
      JSONWebToken.self, value.extracting(header), at: start, key: RawSpan(), depth: depth)
    descend(
      JSONWebToken.self, value.extracting(payload), at: start &+ payload.lowerBound,
      key: RawSpan(), depth: depth)
  }
}
