/// Why bytes are not what a layer needs. It holds no text: who shows it finds the words.
public enum WireError: Error, Equatable, Sendable {
  /// We saw too little: the capture cut it, or it is not all here.
  case truncated(Layer, needed: Int, available: Int)
  /// The sender is wrong.
  case malformed(Layer, Field)

  public enum Layer: Sendable {
    case ethernet, vlan, linuxCooked, loopback
    case ipv4, ipv6, icmp, tcp, udp
    case dns, tls, http
  }

  public enum Field: Sendable {
    case version, length, option, name, pointer, record, line
  }
}
