import InspectCore
import Testing

/// Every view of `Wire/`, by the vectors of `Vectors/wire.txt`.
@Suite struct WireTests {
  static let vectors = HexVector.all(in: "wire")

  @Test func everyViewHasVectors() {
    let kinds = Set(Self.vectors.map { String($0.why.prefix { $0 != ":" }) })
    #expect(kinds == Set(WireView.allCases.map(\.rawValue)))
    #expect(Self.vectors.count >= 80)
  }

  @Test(arguments: vectors)
  func aVectorGivesWhatItSays(_ vector: HexVector) throws {
    let view = try #require(WireView(vector))
    #expect(view.describe(vector.bytes.span.bytes) == vector.expected)
  }

  /// A snap length may cut a packet anywhere. What is left of a good packet is never malformed, and
  /// no view reaches past it.
  @Test(arguments: vectors)
  func everyPrefixIsSafe(_ vector: HexVector) throws {
    let view = try #require(WireView(vector))
    for count in 0...vector.bytes.count {
      let prefix = vector.bytes.span.bytes.extracting(first: count)
      let described = view.describe(prefix)
      if !vector.expected.hasPrefix("malformed") {
        #expect(!described.hasPrefix("malformed"), "\(count) bytes")
      }
      #expect(!described.hasPrefix("outside"), "\(count) bytes")
    }
  }

  /// A byte of a header may be anything: no trap, and no view outside of the packet.
  @Test(arguments: vectors)
  func everyByteMayBeAnything(_ vector: HexVector) throws {
    let view = try #require(WireView(vector))
    for offset in vector.bytes.indices {
      for value: UInt8 in [0, 1, 0x0f, 0x45, 0x60, 0x7f, 0x80, 0xf0, 0xff] {
        var bytes = vector.bytes
        bytes[offset] = value
        #expect(!view.describe(bytes.span.bytes).hasPrefix("outside"))
      }
    }
  }

  @Test func protocolNumbersAreKept() {
    for number in UInt8.min ... .max {
      #expect(IPProtocol(rawValue: number).rawValue == number)
    }
  }

  @Test func flagsAreTheBitsOfTheRFC() {
    let flags = TCPFlags(rawValue: 0b0101_0101)
    #expect(flags.fin && !flags.syn && flags.rst && !flags.psh)
    #expect(flags.ack && !flags.urg && flags.ece && !flags.cwr)
    var union = TCPFlags(rawValue: 0x02)
    union.formUnion(TCPFlags(rawValue: 0x10))
    #expect(union.rawValue == 0x12)
  }
}

/// How a vector's bytes are read.
enum WireView: String, CaseIterable {
  case ethernet, vlan, sll, sll2, loopback, ipv4, ipv6, icmp, icmp6, tcp, udp

  init?(_ vector: HexVector) {
    self.init(rawValue: String(vector.why.prefix { $0 != ":" }))
  }

  /// The view's fields, or its error; `outside` if its payload were not a part of `bytes`.
  func describe(_ bytes: RawSpan) -> String {
    do throws(WireError) {
      switch self {
      case .ethernet: return try ethernet(bytes)
      case .vlan: return try vlan(bytes)
      case .sll: return try linuxCooked(bytes, .one)
      case .sll2: return try linuxCooked(bytes, .two)
      case .loopback: return try loopback(bytes)
      case .ipv4: return try ipv4(bytes)
      case .ipv6: return try ipv6(bytes)
      case .icmp: return try icmp(bytes, .four)
      case .icmp6: return try icmp(bytes, .six)
      case .tcp: return try tcp(bytes)
      case .udp: return try udp(bytes)
      }
    } catch {
      switch error {
      case .truncated(let layer, let needed, let available):
        return "truncated \(layer) \(needed) \(available)"
      case .malformed(let layer, let field): return "malformed \(layer) \(field)"
      }
    }
  }

  private func payload(_ part: RawSpan, of bytes: RawSpan) -> String {
    part.isInside(bytes) ? "payload \(part.byteCount)" : "outside"
  }

  private func ethernet(_ bytes: RawSpan) throws(WireError) -> String {
    let frame = try EthernetFrame(bytes)
    guard frame.payload.isInside(bytes) else { return "outside" }
    return "\(text(frame.source)) > \(text(frame.destination)), \(frame.etherType), "
      + payload(frame.payload, of: bytes)
  }

  private func vlan(_ bytes: RawSpan) throws(WireError) -> String {
    let tag = try VLANTag(bytes)
    guard tag.payload.isInside(bytes) else { return "outside" }
    return "\(tag.identifier), \(tag.etherType), " + payload(tag.payload, of: bytes)
  }

  private func linuxCooked(
    _ bytes: RawSpan, _ version: LinuxCookedPacket.Version
  ) throws(WireError) -> String {
    let packet = try LinuxCookedPacket(bytes, version: version)
    guard packet.payload.isInside(bytes) else { return "outside" }
    return "\(text(packet.source)), \(packet.protocolType), \(packet.isOutgoing ? "out" : "in"), "
      + payload(packet.payload, of: bytes)
  }

  private func loopback(_ bytes: RawSpan) throws(WireError) -> String {
    let packet = try LoopbackPacket(bytes)
    guard packet.payload.isInside(bytes) else { return "outside" }
    return "\(packet.protocolType), " + payload(packet.payload, of: bytes)
  }

  private func ipv4(_ bytes: RawSpan) throws(WireError) -> String {
    let packet = try IPv4Packet(bytes)
    guard packet.payload.isInside(bytes), packet.cutByteCount >= 0 else { return "outside" }
    let fragment =
      packet.isFragment
      ? ", fragment \(String(packet.identification, radix: 16)) at \(packet.fragmentByteOffset)"
        + (packet.moreFragments ? " more" : "") : ""
    return "\(text(packet.source)) > \(text(packet.destination)), "
      + "protocol \(packet.protocolNumber), ttl \(packet.timeToLive), "
      + "header \(packet.headerByteCount), \(payload(packet.payload, of: bytes)), "
      + "cut \(packet.cutByteCount)\(fragment)"
  }

  private func ipv6(_ bytes: RawSpan) throws(WireError) -> String {
    let packet = try IPv6Packet(bytes)
    let content = try IPv6Payload(packet)
    guard content.bytes.isInside(bytes), packet.cutByteCount >= 0 else { return "outside" }
    let fragment = content.fragment.map {
      ", fragment \(String($0.identification, radix: 16)) at \($0.byteOffset)"
        + ($0.moreFragments ? " more" : "")
    }
    return "\(text(packet.source)) > \(text(packet.destination)), hop limit \(packet.hopLimit), "
      + "protocol \(content.protocolNumber), \(payload(content.bytes, of: bytes)), "
      + "cut \(packet.cutByteCount)\(fragment ?? "")"
  }

  private func icmp(
    _ bytes: RawSpan, _ version: ICMPMessage.Version
  ) throws(WireError) -> String {
    let message = try ICMPMessage(bytes, version: version)
    guard let quoted = message.quotedPacket else { return "\(message.type)/\(message.code)" }
    guard quoted.isInside(bytes) else { return "outside" }
    return "\(message.type)/\(message.code), quotes \(quoted.byteCount)"
  }

  private func tcp(_ bytes: RawSpan) throws(WireError) -> String {
    let segment = try TCPSegment(bytes)
    guard segment.payload.isInside(bytes) else { return "outside" }
    return "\(segment.sourcePort) > \(segment.destinationPort), "
      + "sequence \(segment.sequenceNumber), acknowledgment \(segment.acknowledgmentNumber), "
      + "flags \(String(segment.flags.rawValue, radix: 16)), window \(segment.window), "
      + "header \(segment.headerByteCount), " + payload(segment.payload, of: bytes)
  }

  private func udp(_ bytes: RawSpan) throws(WireError) -> String {
    let datagram = try UDPDatagram(bytes)
    guard datagram.payload.isInside(bytes) else { return "outside" }
    return "\(datagram.sourcePort) > \(datagram.destinationPort), "
      + payload(datagram.payload, of: bytes) + (datagram.isCut ? ", cut" : "")
  }

  private func text(_ address: MACAddress) -> String { hex(address.rawValue, digits: 12) }

  private func text(_ address: IPAddress) -> String {
    guard address.isIPv4 else {
      return hex(address.high, digits: 16) + hex(address.low, digits: 16)
    }
    return (12..<16).map { "\(address.byte($0))" }.joined(separator: ".")
  }

  private func hex(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }
}

extension RawSpan {
  /// Whether this is a part of `whole`; the empty one is a part of all.
  func isInside(_ whole: RawSpan) -> Bool {
    if isEmpty { return true }
    return withUnsafeBytes { part in
      whole.withUnsafeBytes { all in
        guard let start = all.baseAddress, let mine = part.baseAddress else { return false }
        return mine >= start && mine + part.count <= start + all.count
      }
    }
  }
}
