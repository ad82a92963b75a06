/// From a captured packet to what its IP header carries: nothing is copied.
enum PacketDecoder {
  /// More tags than any network stacks.
  static var maximumVLANTags: Int { 8 }

  /// What the link layer said.
  struct Link {
    var source = MACAddress.none
    var destination = MACAddress.none
    var vlans = VLANStack()
  }

  /// What the link layer carries.
  enum Network: ~Escapable {
    case ipv4(RawSpan)
    case ipv6(RawSpan)
    case arp
    case other
    case unknownLinkType
  }

  /// Takes the link layer off.
  @inline(__always)
  @_lifetime(copy bytes)
  static func network(
    of bytes: RawSpan, linkType: LinkType, link: inout Link
  ) throws(WireError) -> Network {
    switch linkType {
    case .ethernet:
      let frame = try EthernetFrame(bytes)
      link.source = frame.source
      link.destination = frame.destination
      return try network(frame.payload, frame.etherType, &link)
    case .linuxCooked, .linuxCooked2:
      let packet = try LinuxCookedPacket(bytes, version: linkType == .linuxCooked ? .one : .two)
      link.source = packet.source
      return try network(packet.payload, packet.protocolType, &link)
    case .null, .loop:
      let packet = try LoopbackPacket(bytes)
      return try network(packet.payload, packet.protocolType, &link)
    case .raw:
      guard !bytes.isEmpty else { throw .truncated(.ipv4, needed: 1, available: 0) }
      return bytes[0] >> 4 == 6 ? .ipv6(bytes) : .ipv4(bytes)
    case .ipv4:
      return .ipv4(bytes)
    case .ipv6:
      return .ipv6(bytes)
    case .unknown:
      return .unknownLinkType
    }
  }

  @inline(__always)
  @_lifetime(copy bytes)
  private static func network(
    _ bytes: RawSpan, _ etherType: EtherType, _ link: inout Link
  ) throws(WireError) -> Network {
    var rest = bytes
    var type = etherType
    for _ in 0...maximumVLANTags {
      switch type {
      case .ipv4: return .ipv4(rest)
      case .ipv6: return .ipv6(rest)
      case .arp: return .arp
      case .unknown: return .other
      case .customerTag, .serviceTag, .oldServiceTag:
        let tag = try VLANTag(rest)
        link.vlans.append(tag.identifier)
        type = tag.etherType
        rest = tag.payload
      }
    }
    return .other
  }

  /// A packet's payload with what its IP header says of it.
  struct Datagram: ~Escapable {
    let source: IPAddress
    let destination: IPAddress
    let protocolNumber: UInt8
    /// What was captured of the payload.
    let payload: RawSpan
    /// What was not.
    let cutByteCount: Int
    let fragment: IPv6Payload.Fragment?

    @_lifetime(copy packet)
    init(_ packet: IPv4Packet) {
      source = packet.source
      destination = packet.destination
      protocolNumber = packet.protocolNumber
      payload = packet.payload
      cutByteCount = packet.cutByteCount
      fragment =
        packet.isFragment
        ? IPv6Payload.Fragment(
          byteOffset: packet.fragmentByteOffset, moreFragments: packet.moreFragments,
          identification: UInt32(packet.identification))
        : nil
    }

    @_lifetime(copy packet)
    init(_ packet: IPv6Packet) throws(WireError) {
      let content = try IPv6Payload(packet)
      source = packet.source
      destination = packet.destination
      protocolNumber = content.protocolNumber
      payload = content.bytes
      cutByteCount = packet.cutByteCount
      fragment = content.fragment
    }

    /// The whole packet that fragments made.
    @_lifetime(copy payload)
    init(
      source: IPAddress, destination: IPAddress, protocolNumber: UInt8, reassembled payload: RawSpan
    ) {
      self.source = source
      self.destination = destination
      self.protocolNumber = protocolNumber
      self.payload = payload
      cutByteCount = 0
      fragment = nil
    }
  }
}
