/// From a captured packet to what its IP header carries: nothing is copied.
enum PacketDecoder {
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
    /// Several frames in one of a wireless LAN.
    case aggregate(RawSpan)
    case arp(RawSpan)
    /// Encrypted below the network layer.
    case encrypted
    case other
    case unknownLinkType(UInt32)
    case tooManyLayers
  }

  /// Takes the link layer off. What is common is here; the rest is in `walk`.
  @inline(__always)
  @_lifetime(copy bytes)
  static func network(
    of bytes: RawSpan, linkType: LinkType, link: inout Link
  ) throws(WireError) -> Network {
    guard case .ethernet = linkType else {
      return try walk(bytes, from: .link(linkType), link: &link)
    }
    let frame = try EthernetFrame(bytes)
    link.source = frame.source
    link.destination = frame.destination
    let type = frame.etherType
    if case .ipv4 = type { return .ipv4(frame.payload) }
    if case .ipv6 = type { return .ipv6(frame.payload) }
    return try walk(frame.payload, from: .etherType(type), link: &link)
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
    /// The transport's checksum covers another destination than this one.
    let isUnderWay: Bool

    @inline(__always)
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
      isUnderWay = false
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
      isUnderWay = content.isUnderWay
    }

    /// What is left when a header behind the IP header is taken off, or when fragments were put
    /// together.
    @_lifetime(copy payload)
    init(
      source: IPAddress, destination: IPAddress, protocolNumber: UInt8, payload: RawSpan,
      cutByteCount: Int
    ) {
      self.source = source
      self.destination = destination
      self.protocolNumber = protocolNumber
      self.payload = payload
      self.cutByteCount = cutByteCount
      fragment = nil
      isUnderWay = false
    }
  }
}
