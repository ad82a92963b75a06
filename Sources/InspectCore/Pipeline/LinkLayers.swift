/// The link layers that are not the common case, one inside the other.
extension PacketDecoder {
  /// More headers than any network stacks below an IP packet.
  static var maximumLayers: Int { 32 }

  /// What the next header is.
  enum Layer {
    case link(LinkType)
    case etherType(EtherType)
    case ethernet
    case llc
    case ppp
    case ciscoHDLC
    case wireless(isPadded: Bool)
    case erspan
    /// A packet whose first bits say its version.
    case ip
  }

  /// Goes from header to header until an IP packet begins, or something that is not decoded.
  @inline(never)
  @_lifetime(copy bytes)
  static func walk(
    _ bytes: RawSpan, from first: Layer, link: inout Link
  ) throws(WireError) -> Network {
    var rest = bytes
    var layer = first
    for _ in 0..<maximumLayers {
      switch layer {
      case .link(.ethernet), .ethernet:
        let frame = try EthernetFrame(rest)
        link.source = frame.source
        link.destination = frame.destination
        layer = .etherType(frame.etherType)
        rest = frame.payload
      case .link(.raw), .ip:
        guard !rest.isEmpty else { throw .truncated(.rawIP, needed: 1, available: 0) }
        switch rest[0] >> 4 {
        case 4: return .ipv4(rest)
        case 6: return .ipv6(rest)
        default: throw .malformed(.rawIP, .version)
        }
      case .etherType(.ipv4), .link(.ipv4): return .ipv4(rest)
      case .etherType(.ipv6), .link(.ipv6): return .ipv6(rest)
      case .etherType(.arp): return .arp(rest)
      case .etherType(.customerTag), .etherType(.serviceTag), .etherType(.oldServiceTag):
        let tag = try VLANTag(rest)
        link.vlans.append(tag.identifier)
        layer = .etherType(tag.etherType)
        rest = tag.payload
      case .etherType(.backboneTag):
        // The instance's identifier; then the customer's frame.
        try rest.require(4, for: .vlan)
        rest = rest.extracting(droppingFirst: 4)
        layer = .ethernet
      case .etherType(.fabricPath):
        // Forwarding tag and hop limit; then the frame as it came.
        try rest.require(2, for: .ethernet)
        rest = rest.extracting(droppingFirst: 2)
        layer = .ethernet
      case .etherType(.length(let count)):
        rest = rest.extracting(first: Int(count))
        layer = .llc
      case .etherType(.mpls), .etherType(.mplsMulticast):
        let entry = try MPLSEntry(rest)
        rest = entry.payload
        guard entry.isBottomOfStack else { continue }
        switch MPLSPayload(rest) {
        case .ipv4: return .ipv4(rest)
        case .ipv6: return .ipv6(rest)
        case .ethernet(let hasControlWord):
          if hasControlWord { rest = rest.extracting(droppingFirst: 4) }
          layer = .ethernet
        case .unknown: return .other
        }
      case .etherType(.pppoeSession), .link(.pppOverEthernet):
        let packet = try PPPoEPacket(rest)
        guard packet.code == 0 else { return .other }
        layer = .ppp
        rest = packet.payload
      case .etherType(.transparentEthernet): layer = .ethernet
      case .etherType(.erspan), .etherType(.erspan3): layer = .erspan
      case .etherType(.ppp), .link(.ppp): layer = .ppp
      case .etherType(.pppoeDiscovery), .etherType(.unknown): return .other
      case .link(.llc), .llc:
        let frame = try LogicalLinkFrame(rest)
        guard let type = frame.etherType else { return .other }
        layer = .etherType(type)
        rest = frame.payload
      case .ppp:
        guard !CiscoHDLCFrame.begins(rest) else {
          layer = .ciscoHDLC
          continue
        }
        let frame = try PPPFrame(rest)
        rest = frame.payload
        switch frame.content {
        case .ipv4: return .ipv4(rest)
        case .ipv6: return .ipv6(rest)
        case .mpls, .mplsMulticast: layer = .etherType(.mpls)
        case .encrypted: return .encrypted
        case .unknown: return .other
        }
      case .link(.ciscoHDLC), .ciscoHDLC:
        let frame = try CiscoHDLCFrame(rest)
        let type = frame.protocolType
        rest = frame.payload
        if case .length = type { return .other }
        layer = .etherType(type)
      case .link(.pppWithDirection), .link(.ciscoHDLCWithDirection):
        try rest.require(1, for: .captureHeader)
        layer = layer.withoutDirection
        rest = rest.extracting(droppingFirst: 1)
      case .link(.wireless): layer = .wireless(isPadded: false)
      case .wireless(let isPadded):
        let frame = try WirelessFrame(rest, isPadded: isPadded)
        guard frame.content == .data else { return .other }
        link.source = frame.source
        link.destination = frame.destination
        guard !frame.isProtected else { return .encrypted }
        // Fragments on the air are rare, and are not put together.
        guard !frame.isFragment else { return .other }
        if frame.isAggregate { return .aggregate(frame.payload) }
        rest = frame.payload
        layer = .llc
      case .link(.radiotap), .link(.prism), .link(.avs):
        let header = try RadioHeader(rest, format: layer.radioFormat)
        layer = .wireless(isPadded: header.isPadded)
        rest = header.payload
      case .link(.perPacketInformation):
        let header = try PerPacketInformation(rest)
        layer = .link(LinkType(rawValue: header.linkTypeNumber))
        rest = header.payload
      case .link(.packetTap):
        let header = try PacketTapHeader(rest)
        guard header.isPacket else { return .other }
        layer = .link(LinkType(rawValue: header.linkTypeNumber))
        rest = header.payload
      case .link(.netfilterLog):
        let message = try NetfilterLogMessage(rest)
        guard !message.payload.isEmpty else { return .other }
        link.source = message.source
        layer = .ip
        rest = message.payload
      case .link(.ipnet):
        // 24 octets of Solaris' own.
        try rest.require(24, for: .captureHeader)
        layer = .ip
        rest = rest.extracting(droppingFirst: 24)
      case .link(.linuxCooked), .link(.linuxCooked2):
        let isFirst = layer.isLink(.linuxCooked)
        let packet = try LinuxCookedPacket(rest, version: isFirst ? .one : .two)
        link.source = packet.source
        rest = packet.payload
        let type = packet.protocolType
        if type == .length(LinuxCookedPacket.logicalLink) {
          layer = .llc
        } else if case .length = type {
          return .other
        } else {
          layer = .etherType(type)
        }
      case .link(.null), .link(.loop):
        let packet = try LoopbackPacket(rest)
        let type = packet.protocolType
        if case .length = type { return .other }
        layer = .etherType(type)
        rest = packet.payload
      case .erspan:
        let packet = try ERSPANPacket(rest)
        if packet.vlanIdentifier > 0 { link.vlans.append(packet.vlanIdentifier) }
        layer = .ethernet
        rest = packet.payload
      case .link(.unknown(let number)): return .unknownLinkType(number)
      }
    }
    return .tooManyLayers
  }
}

extension PacketDecoder.Layer {
  fileprivate func isLink(_ type: LinkType) -> Bool {
    if case .link(let mine) = self { mine == type } else { false }
  }

  fileprivate var radioFormat: RadioHeader.Format {
    isLink(.radiotap) ? .radiotap : isLink(.prism) ? .prism : .avs
  }

  /// The same link without the octet before each packet that says which way it went.
  fileprivate var withoutDirection: PacketDecoder.Layer {
    isLink(.pppWithDirection) ? .ppp : .ciscoHDLC
  }
}
