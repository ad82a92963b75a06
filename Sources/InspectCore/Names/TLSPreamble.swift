/// What a client sends in clear text before its TLS hello, in the same breath: it may lie in the same
/// segment.
///
///     PostgreSQL SSLRequest  00 00 00 08  04 d2 16 2f
///     MySQL SSLRequest       20 00 00 01  capabilities(4), with 0x0800  size(4)  set(1)  0(23)
///     PROXY version 1        "PROXY " ... CR LF, 107 bytes at most (HAProxy, "The PROXY protocol" §2.1)
///     PROXY version 2        0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a  2x  family(1)  length(2) ... (§2.2)
enum TLSPreamble {
  /// Bytes of the longest.
  static var limit: Int { 16 + 4096 }

  enum Answer: Equatable {
    case none, needMore
    /// It has so many bytes.
    case found(Int)
  }

  static func find(_ bytes: RawSpan) -> Answer {
    guard !bytes.isEmpty else { return .needMore }
    switch bytes[0] {
    case 0x00: return postgreSQL(bytes)
    case 0x20: return mySQL(bytes)
    case UInt8(ascii: "P"): return proxy1(bytes)
    case 0x0d: return proxy2(bytes)
    default: return .none
    }
  }

  /// What comes behind it.
  @_lifetime(copy bytes)
  static func strip(_ bytes: RawSpan) -> RawSpan {
    guard case .found(let count) = find(bytes) else { return bytes }
    return bytes.extracting(droppingFirst: count)
  }

  private static func postgreSQL(_ bytes: RawSpan) -> Answer {
    let request: UInt64 = 0x0000_0008_04d2_162f
    for index in 0..<min(8, bytes.byteCount)
    where bytes[index] != UInt8(truncatingIfNeeded: request >> UInt64(56 - 8 * index)) {
      return .none
    }
    return bytes.byteCount < 8 ? .needMore : .found(8)
  }

  private static func mySQL(_ bytes: RawSpan) -> Answer {
    let byteCount = 36
    guard bytes.byteCount < 4 || bytes.load(0, as: UInt32.self) == 0x2000_0001 else {
      return .none
    }
    guard bytes.byteCount >= byteCount else { return .needMore }
    for index in 13..<byteCount where bytes[index] != 0 { return .none }
    return bytes.loadLittleEndian(4, as: UInt32.self) & 0x0800 != 0 ? .found(byteCount) : .none
  }

  private static func proxy1(_ bytes: RawSpan) -> Answer {
    guard bytes.byteCount >= 6 else { return bytes.isPrefix(of: "PROXY ") ? .needMore : .none }
    guard bytes.hasBytes("PROXY ") else { return .none }
    let head = bytes.extracting(first: min(bytes.byteCount, 107))
    guard let end = head.firstOffset(of: 0x0a) else {
      return head.byteCount < 107 ? .needMore : .none
    }
    return head[end - 1] == 0x0d ? .found(end + 1) : .none
  }

  private static func proxy2(_ bytes: RawSpan) -> Answer {
    let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
    guard bytes.byteCount >= 16 else {
      return bytes.extracting(first: min(12, bytes.byteCount)).isPrefix(of: signature)
        ? .needMore : .none
    }
    guard bytes.hasBytes(signature), bytes[12] >> 4 == 2 else { return .none }
    let byteCount = 16 + Int(bytes.load(14, as: UInt16.self))
    guard byteCount <= limit else { return .none }
    return bytes.byteCount < byteCount ? .needMore : .found(byteCount)
  }
}
