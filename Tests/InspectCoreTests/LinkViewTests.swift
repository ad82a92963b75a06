import InspectCore
import Testing

/// The views of link layers, captures' headers and tunnels, by the vectors of `Vectors/links.txt`
/// and `Vectors/tunnels.txt`.
@Suite struct LinkViewTests {
  static let vectors = HexVector.all(in: "links") + HexVector.all(in: "tunnels")

  @Test func everyViewHasVectors() {
    let kinds = Set(Self.vectors.map { String($0.why.prefix { $0 != ":" }) })
    #expect(kinds == Set(LinkView.allCases.map(\.rawValue)))
    #expect(Self.vectors.count >= 135)
  }

  @Test(arguments: vectors)
  func aVectorGivesWhatItSays(_ vector: HexVector) throws {
    let view = try #require(LinkView(vector))
    #expect(view.describe(vector.bytes.span.bytes) == vector.expected)
  }

  /// A snap length may cut a packet anywhere. What is left of a good packet is never malformed, and
  /// no view reaches past it.
  @Test(arguments: vectors)
  func everyPrefixIsSafe(_ vector: HexVector) throws {
    let view = try #require(LinkView(vector))
    for count in 0...vector.bytes.count {
      let described = view.describe(vector.bytes.span.bytes.extracting(first: count))
      if !vector.expected.hasPrefix("malformed") {
        #expect(!described.hasPrefix("malformed"), "\(count) bytes")
      }
      #expect(!described.hasPrefix("outside"), "\(count) bytes")
    }
  }

  /// A byte of a header may be anything: no trap, and no view outside of the packet.
  @Test(arguments: vectors)
  func everyByteMayBeAnything(_ vector: HexVector) throws {
    let view = try #require(LinkView(vector))
    for offset in vector.bytes.indices {
      for value: UInt8 in [0, 1, 0x0f, 0x45, 0x60, 0x7f, 0x80, 0xf0, 0xff] {
        var bytes = vector.bytes
        bytes[offset] = value
        #expect(!view.describe(bytes.span.bytes).hasPrefix("outside"))
      }
    }
  }

  @Test func anICMPMessageHasOneCounterpart() {
    for version: ICMPMessage.Version in [.four, .six] {
      for type in UInt8.min ... .max {
        guard let answer = ICMPMessage.counterpart(of: type, version) else { continue }
        #expect(ICMPMessage.counterpart(of: answer, version) == type)
      }
    }
    #expect(ICMPMessage.counterpart(of: 8, .four) == 0)
    #expect(ICMPMessage.counterpart(of: 135, .six) == 136)
    #expect(ICMPMessage.counterpart(of: 3, .four) == nil)
  }
}

/// How a vector's bytes are read.
enum LinkView: String, CaseIterable {
  case llc, mpls, ppp, pppoe, hdlc, wireless, padded, part
  case radiotap, prism, avs, ppi, pktap, nflog
  case gre, erspan, teredo, vxlan, geneve, gtp, l2tp, sctp, esp

  init?(_ vector: HexVector) {
    self.init(rawValue: String(vector.why.prefix { $0 != ":" }))
  }

  /// The view's fields, or its error; `outside` if its payload were not a part of `bytes`.
  func describe(_ bytes: RawSpan) -> String {
    do throws(WireError) {
      switch self {
      case .llc, .mpls, .ppp, .pppoe, .hdlc: return try link(bytes)
      case .wireless, .padded, .part: return try wireless(bytes)
      case .radiotap, .prism, .avs, .ppi, .pktap, .nflog: return try capture(bytes)
      case .gre, .erspan, .sctp, .esp: return try transport(bytes)
      case .teredo, .vxlan, .geneve, .gtp, .l2tp: return datagram(bytes) ?? "none"
      }
    } catch {
      switch error {
      case .truncated(let layer, let needed, let available):
        return "truncated \(layer) \(needed) \(available)"
      case .malformed(let layer, let field): return "malformed \(layer) \(field)"
      }
    }
  }

  private func payload(_ part: RawSpan, of bytes: RawSpan, _ fields: String) -> String {
    part.lies(in: bytes) ? "\(fields), payload \(part.byteCount)" : "outside"
  }

  private func link(_ bytes: RawSpan) throws(WireError) -> String {
    switch self {
    case .llc:
      let frame = try LogicalLinkFrame(bytes)
      return payload(frame.payload, of: bytes, frame.etherType.map { "\($0)" } ?? "-")
    case .mpls:
      let entry = try MPLSEntry(bytes)
      let content = entry.isBottomOfStack ? "\(MPLSPayload(entry.payload))" : "more"
      return payload(entry.payload, of: bytes, "label \(entry.label), \(content)")
    case .ppp:
      let frame = try PPPFrame(bytes)
      let note = frame.isPlausible ? "" : ", implausible"
      return payload(
        frame.payload, of: bytes, "\(frame.content), header \(frame.headerByteCount)\(note)")
    case .pppoe:
      let packet = try PPPoEPacket(bytes)
      return payload(packet.payload, of: bytes, "code \(packet.code), session \(packet.session)")
    default:
      let frame = try CiscoHDLCFrame(bytes)
      return payload(frame.payload, of: bytes, "\(frame.protocolType)")
    }
  }

  private func wireless(_ bytes: RawSpan) throws(WireError) -> String {
    if self == .part {
      let part = try AggregatedFrame(bytes)
      guard part.paddedByteCount > 0, part.paddedByteCount <= bytes.byteCount else {
        return "outside"
      }
      return payload(part.payload, of: bytes, "\(text(part.source)) > \(text(part.destination))")
        + ", next \(part.paddedByteCount)"
    }
    let frame = try WirelessFrame(bytes, isPadded: self == .padded)
    guard frame.content == .data else { return frame.payload.lies(in: bytes) ? "other" : "outside" }
    var fields = "\(text(frame.source)) > \(text(frame.destination))"
    fields += ", header \(frame.headerByteCount)"
    if frame.isAggregate { fields += ", aggregate" }
    if frame.isProtected { fields += ", protected" }
    if frame.isFragment { fields += ", fragment" }
    return payload(frame.payload, of: bytes, fields)
  }

  private func capture(_ bytes: RawSpan) throws(WireError) -> String {
    switch self {
    case .ppi:
      let header = try PerPacketInformation(bytes)
      return payload(header.payload, of: bytes, "link type \(header.linkTypeNumber)")
    case .pktap:
      let header = try PacketTapHeader(bytes)
      let note = header.isPacket ? "" : ", no packet"
      return payload(header.payload, of: bytes, "link type \(header.linkTypeNumber)\(note)")
    case .nflog:
      let message = try NetfilterLogMessage(bytes)
      return payload(message.payload, of: bytes, text(message.source))
    default:
      let format: RadioHeader.Format =
        self == .radiotap ? .radiotap : self == .prism ? .prism : .avs
      let header = try RadioHeader(bytes, format: format)
      let note = header.isPadded ? ", padded" : ""
      return payload(header.payload, of: bytes, "header \(header.headerByteCount)\(note)")
    }
  }

  private func transport(_ bytes: RawSpan) throws(WireError) -> String {
    switch self {
    case .gre:
      let packet = try GREPacket(bytes)
      var fields = "\(packet.protocolType), version \(packet.version)"
      fields += ", header \(packet.headerByteCount)"
      if packet.hasSequenceNumber { fields += ", numbered" }
      return payload(packet.payload, of: bytes, fields)
    case .erspan:
      let packet = try ERSPANPacket(bytes)
      return payload(
        packet.payload, of: bytes, "VLAN \(packet.vlanIdentifier), header \(packet.headerByteCount)"
      )
    case .sctp:
      let packet = try SCTPPacket(bytes)
      return "\(packet.sourcePort) > \(packet.destinationPort)"
    default:
      return "index \(try EncapsulatingSecurityPayload(bytes).securityParametersIndex)"
    }
  }

  private func datagram(_ bytes: RawSpan) -> String? {
    switch self {
    case .teredo:
      guard let packet = TeredoPacket(bytes) else { return nil }
      return packet.payload.lies(in: bytes) ? "payload \(packet.payload.byteCount)" : "outside"
    case .vxlan:
      guard let packet = VXLANPacket(bytes) else { return nil }
      return payload(packet.payload, of: bytes, "network \(packet.networkIdentifier)")
    case .geneve:
      guard let packet = GenevePacket(bytes) else { return nil }
      return payload(
        packet.payload, of: bytes,
        "\(packet.protocolType), network \(packet.networkIdentifier), "
          + "header \(packet.headerByteCount)")
    case .gtp:
      guard let packet = GTPUserPacket(bytes) else { return nil }
      return payload(
        packet.payload, of: bytes,
        "tunnel \(packet.tunnelEndpointIdentifier), header \(packet.headerByteCount)")
    default:
      guard let message = L2TPDataMessage(bytes) else { return nil }
      return payload(message.payload, of: bytes, "header \(message.headerByteCount)")
    }
  }

  private func text(_ address: MACAddress) -> String {
    let text = String(address.rawValue, radix: 16)
    return String(repeating: "0", count: 12 - text.count) + text
  }
}

extension RawSpan {
  /// Whether this is a part of `whole`; the empty one is a part of all.
  fileprivate func lies(in whole: RawSpan) -> Bool {
    if isEmpty { return true }
    return withUnsafeBytes { part in
      whole.withUnsafeBytes { all in
        guard let start = all.baseAddress, let mine = part.baseAddress else { return false }
        return mine >= start && mine + part.count <= start + all.count
      }
    }
  }
}
