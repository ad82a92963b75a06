extension PacketDecoder.Datagram {
  /// Whether the transport's checksum is right. Where that cannot be known, it counts as right: the
  /// capture cut the packet, the sender computed none, or the protocol has none that we know.
  var hasValidChecksum: Bool {
    guard cutByteCount == 0, fragment == nil, !isUnderWay else { return true }
    var checksum = InternetChecksum()
    var covered = payload
    switch IPProtocol(rawValue: protocolNumber) {
    case .tcp, .icmpv6: break
    case .udp:
      guard let datagram = try? UDPDatagram(payload), !datagram.isCut, datagram.checksum != 0
      else { return true }
      covered = datagram.bytes
    case .icmp:
      checksum.add(payload)
      return checksum.isValid
    case .hopByHopOptions, .ipv4, .ipv6, .routing, .fragment, .gre, .esp, .authentication,
      .noNextHeader, .destinationOptions, .sctp, .mobility, .unknown:
      return true
    }
    checksum.addPseudoHeader(
      source: source, destination: destination, protocolNumber: protocolNumber,
      byteCount: covered.byteCount)
    checksum.add(covered)
    return checksum.isValid
  }
}

extension Anomaly {
  static var wrongIPv4Checksum: Anomaly { Anomaly(.decode, "decoder.ipv4.invalid_checksum") }
  static var wrongTCPChecksum: Anomaly { Anomaly(.decode, "decoder.tcp.invalid_checksum") }
  static var wrongUDPChecksum: Anomaly { Anomaly(.decode, "decoder.udp.invalid_checksum") }
  static var wrongICMPChecksum: Anomaly { Anomaly(.decode, "decoder.icmp.invalid_checksum") }
}
