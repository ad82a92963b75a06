/// Strings of at most 255 bytes, each behind a byte with its length: the character-strings of DNS
/// (RFC 1035 §3.3), the protocol names of ALPN (RFC 7301 §3.1).
public struct ShortStrings: ~Escapable {
  private var rest: RawSpan

  /// The strings that are still to come, with their lengths.
  public var bytes: RawSpan { @_lifetime(copy self) get { rest } }

  /// Nil when a string does not end inside.
  @_lifetime(copy bytes)
  init?(_ bytes: RawSpan) {
    var offset = 0
    while offset < bytes.byteCount { offset += 1 + Int(bytes[offset]) }
    guard offset == bytes.byteCount else { return nil }
    rest = bytes
  }

  @_lifetime(copy self)
  public mutating func next() -> RawSpan? {
    guard rest.byteCount > 0 else { return nil }
    let end = 1 + Int(rest[0])
    let string = rest.extracting(1..<end)
    rest = rest.extracting(droppingFirst: end)
    return string
  }
}
