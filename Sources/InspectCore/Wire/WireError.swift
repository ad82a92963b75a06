/// Why bytes are not what a layer needs. It holds no text: who shows it finds the words.
public enum WireError: Error, Equatable, Sendable {
  /// We saw too little: the capture cut it, or it is not all here.
  case truncated(Layer, needed: Int, available: Int)
  /// The sender is wrong.
  case malformed(Layer, Field)

  public enum Layer: Sendable {
    case ethernet, vlan, linuxCooked, loopback, rawIP
    case llc, mpls, ppp, pppoe, ciscoHDLC, wireless, captureHeader
    case ipv4, ipv6, ipv6Extension, icmp, icmpv6, tcp, udp, sctp, esp
    case gre, erspan
    case dns, tls, http, quic
  }

  public enum Field: Sendable {
    case version, headerLength, length, option, name, pointer, record, line
  }
}
