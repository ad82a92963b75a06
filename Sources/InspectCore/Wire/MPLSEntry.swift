/// An entry of an MPLS label stack (RFC 3032 §2.1).
///
///      0                   20    23 24            32
///     +-------------------+-----+--+-------------+---------
///     |       Label       | TC  |S | Time to Live| Payload
///     +-------------------+-----+--+-------------+---------
public struct MPLSEntry: ~Escapable {
  private enum Offset {
    static let labelAndFlags = 0, payload = 4
  }

  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .mpls)
    self.bytes = bytes
  }

  public var label: UInt32 { bytes.load(Offset.labelAndFlags, as: UInt32.self) >> 12 }
  /// The S bit: no label follows.
  public var isBottomOfStack: Bool { bytes[2] & 1 != 0 }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
}

/// What an MPLS label stack carries. The stack does not say it; the first bits do where they can
/// (RFC 4928 §3), and a pseudowire's frame tells by its EtherType.
public enum MPLSPayload: Equatable, Sendable {
  case ipv4, ipv6
  /// An Ethernet frame, behind a control word (RFC 4448 §4.6) or not.
  case ethernet(hasControlWord: Bool)
  case unknown

  public init(_ bytes: RawSpan) {
    guard !bytes.isEmpty else {
      self = .unknown
      return
    }
    switch bytes[0] >> 4 {
    case 4 where bytes[0] & 0x0f >= 5: self = .ipv4
    case 6: self = .ipv6
    // The first bits of a control word are 0.
    case 0 where MPLSPayload.isEthernet(bytes, at: 4): self = .ethernet(hasControlWord: true)
    default:
      self =
        MPLSPayload.isEthernet(bytes, at: 0) ? .ethernet(hasControlWord: false) : .unknown
    }
  }

  /// Whether an Ethernet frame with a type that we know, or with LLC, may begin at `offset`.
  private static func isEthernet(_ bytes: RawSpan, at offset: Int) -> Bool {
    guard bytes.byteCount >= offset + 14 else { return false }
    return switch EtherType(rawValue: bytes.load(offset + 12)) {
    case .unknown: false
    case .length(let count): count >= 3 && Int(count) <= bytes.byteCount - offset - 14
    case .ipv4, .arp, .ipv6, .customerTag, .serviceTag, .oldServiceTag, .backboneTag, .mpls,
      .mplsMulticast, .pppoeDiscovery, .pppoeSession, .transparentEthernet, .ppp, .erspan,
      .erspan3, .fabricPath:
      true
    }
  }
}
