/// A link-layer header type of a capture (LINKTYPE_, https://www.tcpdump.org/linktypes.html).
public enum LinkType: Equatable, Sendable {
  case null, ethernet, raw, loop, linuxCooked, linuxCooked2, ipv4, ipv6
  case unknown(UInt32)

  public init(rawValue: UInt32) {
    switch rawValue {
    case 0: self = .null
    case 1: self = .ethernet
    // 12 and 14 are what DLT_RAW is called inside files by some systems.
    case 12, 14, 101: self = .raw
    case 108: self = .loop
    case 113: self = .linuxCooked
    case 228: self = .ipv4
    case 229: self = .ipv6
    case 276: self = .linuxCooked2
    default: self = .unknown(rawValue)
    }
  }
}

/// What an Ethernet frame carries (IEEE 802 EtherType).
public enum EtherType: Equatable, Sendable {
  case ipv4, arp, ipv6, customerTag, serviceTag, oldServiceTag
  case unknown(UInt16)

  public init(rawValue: UInt16) {
    switch rawValue {
    case 0x0800: self = .ipv4
    case 0x0806: self = .arp
    case 0x86dd: self = .ipv6
    case 0x8100: self = .customerTag
    case 0x88a8: self = .serviceTag
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

  public init(rawValue: UInt8) {
    switch rawValue {
    case 0: self = .hopByHopOptions
    case 1: self = .icmp
    case 4: self = .ipv4
    case 6: self = .tcp
    case 17: self = .udp
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
