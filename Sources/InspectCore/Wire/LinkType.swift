/// A link-layer header type of a capture (LINKTYPE_, https://www.tcpdump.org/linktypes.html).
public enum LinkType: Equatable, Sendable {
  case null, ethernet, raw, loop, linuxCooked, linuxCooked2, ipv4, ipv6
  case ppp, pppWithDirection, pppOverEthernet, ciscoHDLC, ciscoHDLCWithDirection, llc
  case wireless, radiotap, prism, avs
  case perPacketInformation, netfilterLog, ipnet, packetTap
  case unknown(UInt32)

  public init(rawValue: UInt32) {
    switch rawValue {
    case 0: self = .null
    case 1: self = .ethernet
    case 9, 50: self = .ppp
    // 11 is what DLT_ATM_RFC1483 is called inside files by some systems.
    case 11, 100: self = .llc
    // 12 and 14 are what DLT_RAW is called inside files by some systems.
    case 12, 14, 101: self = .raw
    case 51: self = .pppOverEthernet
    case 104: self = .ciscoHDLC
    case 105: self = .wireless
    case 108: self = .loop
    case 113: self = .linuxCooked
    case 119: self = .prism
    case 127: self = .radiotap
    case 163: self = .avs
    case 192: self = .perPacketInformation
    case 204: self = .pppWithDirection
    case 205: self = .ciscoHDLCWithDirection
    case 226: self = .ipnet
    case 228: self = .ipv4
    case 229: self = .ipv6
    case 239: self = .netfilterLog
    case 258: self = .packetTap
    case 276: self = .linuxCooked2
    default: self = .unknown(rawValue)
    }
  }

  /// The registered number; where one layout has several, that which files should have.
  public var rawValue: UInt32 {
    switch self {
    case .null: 0
    case .ethernet: 1
    case .ppp: 9
    case .llc: 100
    case .raw: 101
    case .pppOverEthernet: 51
    case .ciscoHDLC: 104
    case .wireless: 105
    case .loop: 108
    case .linuxCooked: 113
    case .prism: 119
    case .radiotap: 127
    case .avs: 163
    case .perPacketInformation: 192
    case .pppWithDirection: 204
    case .ciscoHDLCWithDirection: 205
    case .ipnet: 226
    case .ipv4: 228
    case .ipv6: 229
    case .netfilterLog: 239
    case .packetTap: 258
    case .linuxCooked2: 276
    case .unknown(let number): number
    }
  }
}

/// What an Ethernet frame carries (IEEE 802 EtherType).
public enum EtherType: Equatable, Sendable {
  case ipv4, arp, ipv6, customerTag, serviceTag, oldServiceTag
  /// The service instance tag of a backbone bridge (IEEE 802.1Q §9.7).
  case backboneTag
  case mpls, mplsMulticast, pppoeDiscovery, pppoeSession
  // Of GRE and Geneve: a whole Ethernet frame, a PPP frame, a mirrored frame (ERSPAN II and III).
  case transparentEthernet, ppp, erspan, erspan3
  /// Cisco FabricPath: a frame around a frame.
  case fabricPath
  /// No type but the payload's length (IEEE 802.3 §3.2.6): an LLC frame follows.
  case length(UInt16)
  case unknown(UInt16)

  /// What nearly every frame carries is told without a jump table.
  @inline(__always)
  public init(rawValue: UInt16) {
    self = rawValue == 0x0800 ? .ipv4 : rawValue == 0x86dd ? .ipv6 : EtherType(seldom: rawValue)
  }

  private init(seldom rawValue: UInt16) {
    switch rawValue {
    case 0...1500: self = .length(rawValue)
    case 0x0806: self = .arp
    case 0x22eb: self = .erspan3
    case 0x6558: self = .transparentEthernet
    case 0x8100: self = .customerTag
    case 0x880b: self = .ppp
    case 0x8847: self = .mpls
    case 0x8848: self = .mplsMulticast
    case 0x8863: self = .pppoeDiscovery
    case 0x8864: self = .pppoeSession
    case 0x88a8: self = .serviceTag
    case 0x88be: self = .erspan
    case 0x88e7: self = .backboneTag
    case 0x8903: self = .fabricPath
    case 0x9100: self = .oldServiceTag
    default: self = .unknown(rawValue)
    }
  }
}

/// An Assigned Internet Protocol Number (IANA).
public enum IPProtocol: Equatable, Hashable, Sendable {
  case hopByHopOptions, icmp, ipv4, tcp, udp, ipv6, routing, fragment, gre, esp, authentication
  case icmpv6, noNextHeader, destinationOptions, sctp, mobility
  case unknown(UInt8)

  /// What nearly every packet carries is told without a jump table.
  @inline(__always)
  public init(rawValue: UInt8) {
    self = rawValue == 6 ? .tcp : rawValue == 17 ? .udp : IPProtocol(seldom: rawValue)
  }

  private init(seldom rawValue: UInt8) {
    switch rawValue {
    case 0: self = .hopByHopOptions
    case 1: self = .icmp
    case 4: self = .ipv4
    case 41: self = .ipv6
    case 43: self = .routing
    case 44: self = .fragment
    case 47: self = .gre
    case 50: self = .esp
    case 51: self = .authentication
    case 58: self = .icmpv6
    case 59: self = .noNextHeader
    case 60: self = .destinationOptions
    case 132: self = .sctp
    case 135: self = .mobility
    default: self = .unknown(rawValue)
    }
  }

  /// Whether its header begins with a source and a destination port.
  public var hasPorts: Bool { self == .tcp || self == .udp || self == .sctp }

  public var rawValue: UInt8 {
    switch self {
    case .hopByHopOptions: 0
    case .icmp: 1
    case .ipv4: 4
    case .tcp: 6
    case .udp: 17
    case .ipv6: 41
    case .routing: 43
    case .fragment: 44
    case .gre: 47
    case .esp: 50
    case .authentication: 51
    case .icmpv6: 58
    case .noNextHeader: 59
    case .destinationOptions: 60
    case .sctp: 132
    case .mobility: 135
    case .unknown(let number): number
    }
  }
}
