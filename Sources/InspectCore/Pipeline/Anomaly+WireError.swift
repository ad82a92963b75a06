extension Anomaly {
  /// Suricata's name of the same, where it has one.
  init(_ error: WireError) {
    switch error {
    case .truncated(let layer, let needed, _):
      self.init(.decode, Anomaly.truncated(layer, needed: needed))
    case .malformed(let layer, let field): self.init(.decode, Anomaly.malformed(layer, field))
    }
  }

  private static func truncated(_ layer: WireError.Layer, needed: Int) -> StaticString {
    switch layer {
    case .ethernet: "decoder.ethernet.pkt_too_small"
    case .vlan: "decoder.vlan.header_too_small"
    case .linuxCooked: "decoder.sll.pkt_too_small"
    case .loopback: "decoder.ltnull.pkt_too_small"
    case .rawIP: "decoder.ipraw.invalid_ip_version"
    case .llc: "decoder.llc.pkt_too_small"
    case .mpls: "decoder.mpls.header_too_small"
    case .ppp: "decoder.ppp.pkt_too_small"
    case .pppoe: "decoder.pppoe.pkt_too_small"
    case .ciscoHDLC: "decoder.chdlc.pkt_too_small"
    case .wireless: "decoder.wlan.pkt_too_small"
    case .captureHeader: "decoder.capture_header.pkt_too_small"
    case .ipv4: needed <= 20 ? "decoder.ipv4.pkt_too_small" : "decoder.ipv4.trunc_pkt"
    case .ipv6: needed <= 40 ? "decoder.ipv6.pkt_too_small" : "decoder.ipv6.trunc_pkt"
    case .ipv6Extension: "decoder.ipv6.trunc_exthdr"
    case .icmp: "decoder.icmpv4.pkt_too_small"
    case .icmpv6: "decoder.icmpv6.pkt_too_small"
    case .tcp: needed <= 20 ? "decoder.tcp.pkt_too_small" : "decoder.tcp.hlen_too_small"
    case .udp: "decoder.udp.hlen_too_small"
    case .sctp: "decoder.sctp.pkt_too_small"
    case .esp: "decoder.esp.pkt_too_small"
    case .gre: needed <= 4 ? "decoder.gre.pkt_too_small" : "decoder.gre.version0_hdr_too_big"
    case .erspan: "decoder.erspan.header_too_small"
    case .dns: "dns.truncated"
    case .tls: "tls.truncated"
    case .http: "http.truncated"
    case .quic: "quic.truncated"
    }
  }

  private static func malformed(
    _ layer: WireError.Layer, _ field: WireError.Field
  ) -> StaticString {
    switch layer {
    case .ethernet: "decoder.ethernet.malformed"
    case .vlan: "decoder.vlan.malformed"
    case .linuxCooked: "decoder.sll.malformed"
    case .loopback: "decoder.ltnull.unsupported_type"
    case .rawIP: "decoder.ipraw.invalid_ip_version"
    case .llc: "decoder.llc.malformed"
    case .mpls: "decoder.mpls.malformed"
    case .ppp: "decoder.ppp.wrong_type"
    case .pppoe: "decoder.pppoe.malformed"
    case .ciscoHDLC: "decoder.chdlc.malformed"
    case .wireless: "decoder.wlan.malformed"
    case .captureHeader: "decoder.capture_header.malformed"
    case .ipv4:
      field == .version
        ? "decoder.ipv4.wrong_ip_version"
        : field == .headerLength
          ? "decoder.ipv4.hlen_too_small" : "decoder.ipv4.iplen_smaller_than_hlen"
    case .ipv6: "decoder.ipv6.wrong_ip_version"
    case .ipv6Extension: "decoder.too_many_layers"
    case .icmp: "decoder.icmpv4.malformed"
    case .icmpv6: "decoder.icmpv6.malformed"
    case .tcp: "decoder.tcp.invalid_optlen"
    case .udp: "decoder.udp.len_invalid"
    case .sctp: "decoder.sctp.malformed"
    case .esp: "decoder.esp.malformed"
    case .gre:
      field == .version ? "decoder.gre.wrong_version" : "decoder.gre.version1_no_key"
    case .erspan: "decoder.erspan.unsupported_version"
    case .dns: "dns.malformed_data"
    case .tls: "tls.invalid_record"
    case .http: "http.malformed"
    case .quic: "quic.error_on_data"
    }
  }
}
