/// Inspects packets one after the other: takes their layers off, sorts them into flows, puts streams
/// together and hands on what is in them.
///
/// All memory has bounds (`InspectorLimits`); none is taken for a packet.
public struct Inspector<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable, Map: Atlas & ~Copyable,
  Cipher: PacketCipher & ~Copyable
>: ~Copyable {
  private var fragments: FragmentTable
  private var transports: Transports<Sink, Decoder, Map, Cipher>
  private var counters = InspectorCounters()

  /// `hashKey` must be random where the input may be hostile.
  public init(
    configuration: InspectorConfiguration, hashKey: (UInt64, UInt64), sink: consuming Sink,
    decoder: consuming Decoder, atlas: consuming Map, cipher: consuming Cipher
  ) {
    let function = SipHash13(key0: hashKey.0, key1: hashKey.1)
    fragments = FragmentTable(function: function)
    transports = Transports(
      limits: configuration.limits, function: function,
      applications: Applications(
        configuration: configuration, function: function, sink: sink, decoder: decoder,
        atlas: atlas, cipher: cipher))
  }

  /// Looks at a packet. `originalByteCount` is what it had on the wire, `source` the number of the
  /// capture it is from.
  public mutating func inspect(
    _ bytes: RawSpan, at time: Timestamp, originalByteCount: Int, linkType: LinkType,
    source: UInt16 = 0
  ) {
    counters.packets &+= 1
    counters.bytes &+= UInt64(truncatingIfNeeded: originalByteCount)
    if bytes.byteCount < originalByteCount { counters.truncatedPackets &+= 1 }
    transports.advance(to: time)
    do throws(WireError) {
      var link = PacketDecoder.Link()
      let network = try PacketDecoder.network(of: bytes, linkType: linkType, link: &link)
      let frame = Frame(link: link, byteCount: originalByteCount, time: time, source: source)
      switch network {
      case .ipv4(let packet):
        counters.ipv4 &+= 1
        handle(PacketDecoder.Datagram(try IPv4Packet(packet)), frame)
      case .ipv6(let packet):
        counters.ipv6 &+= 1
        handle(try PacketDecoder.Datagram(try IPv6Packet(packet)), frame)
      case .arp: counters.arp &+= 1
      case .other: counters.notIP &+= 1
      case .unknownLinkType: counters.unknownLinkType &+= 1
      }
    } catch {
      counters.malformed &+= 1
      transports.applications.exchange.report(Anomaly(error), nil, at: time)
    }
  }

  /// The input is over: ends all flows and draws the conclusions.
  public mutating func finish() {
    transports.finish()
  }

  /// What was seen so far.
  public var statistics: InspectorCounters {
    var all = counters
    transports.add(to: &all)
    all.abandonedFragments = fragments.abandoned
    return all
  }

  /// The flows that are open now.
  public var openFlows: Int { transports.openFlows }

  public var sink: Sink {
    _read { yield transports.applications.exchange.sink }
    _modify { yield &transports.applications.exchange.sink }
  }

  /// What is known of devices and destinations.
  public var cases: CaseBook<Map> {
    _read { yield transports.applications.exchange.cases }
    _modify { yield &transports.applications.exchange.cases }
  }

  @inline(__always)
  private mutating func handle(_ datagram: PacketDecoder.Datagram, _ frame: Frame) {
    if let fragment = datagram.fragment {
      collect(datagram, fragment, frame)
    } else {
      transports.handle(datagram, frame)
    }
  }

  private mutating func collect(
    _ datagram: PacketDecoder.Datagram, _ fragment: IPv6Payload.Fragment, _ frame: Frame
  ) {
    counters.fragments &+= 1
    let key = FragmentTable.Key(
      source: datagram.source, destination: datagram.destination,
      identification: fragment.identification, protocolNumber: datagram.protocolNumber,
      vlans: frame.link.vlans, tunnelDepth: frame.tunnelDepth)
    guard datagram.cutByteCount == 0 else {
      // What the capture cut can never be put together; the first one at least names the flow.
      counters.droppedFragments &+= 1
      if fragment.byteOffset == 0 { transports.handle(datagram, frame) }
      return
    }
    switch fragments.add(
      datagram.payload, at: fragment.byteOffset, moreFragments: fragment.moreFragments, of: key,
      time: frame.time)
    {
    case .waiting:
      break
    case .dropped:
      counters.droppedFragments &+= 1
    case .complete(let place):
      counters.reassembledPackets &+= 1
      Inspector.handle(place, of: &fragments, datagram, frame, &transports)
      fragments.release(place)
    }
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func handle(
    _ place: UInt32, of fragments: inout FragmentTable, _ last: PacketDecoder.Datagram,
    _ frame: Frame, _ transports: inout Transports<Sink, Decoder, Map, Cipher>
  ) {
    let whole = PacketDecoder.Datagram(
      source: last.source, destination: last.destination,
      protocolNumber: last.protocolNumber, reassembled: fragments[place])
    transports.handle(whole, frame)
  }
}

/// What is known of a packet beside its payload.
struct Frame {
  var link: PacketDecoder.Link
  /// On the wire, with the link header.
  var byteCount: Int
  var time: Timestamp
  var source: UInt16
  /// 0 outside of tunnels.
  var tunnelDepth: UInt8 = 0
}

extension Anomaly {
  /// Suricata's name of the same, where it has one.
  init(_ error: WireError) {
    switch error {
    case .truncated(let layer, _, _): self.init(.decode, Anomaly.truncated(layer))
    case .malformed(let layer, _): self.init(.decode, Anomaly.malformed(layer))
    }
  }

  private static func truncated(_ layer: WireError.Layer) -> StaticString {
    switch layer {
    case .ethernet: "decoder.ethernet.pkt_too_small"
    case .vlan: "decoder.vlan.header_too_small"
    case .linuxCooked: "decoder.sll.pkt_too_small"
    case .loopback: "decoder.null.pkt_too_small"
    case .ipv4: "decoder.ipv4.trunc_pkt"
    case .ipv6: "decoder.ipv6.trunc_pkt"
    case .icmp: "decoder.icmp.pkt_too_small"
    case .tcp: "decoder.tcp.pkt_too_small"
    case .udp: "decoder.udp.pkt_too_small"
    case .dns: "dns.truncated"
    case .tls: "tls.truncated"
    case .http: "http.truncated"
    }
  }

  private static func malformed(_ layer: WireError.Layer) -> StaticString {
    switch layer {
    case .ethernet: "decoder.ethernet.malformed"
    case .vlan: "decoder.vlan.malformed"
    case .linuxCooked: "decoder.sll.malformed"
    case .loopback: "decoder.null.unsupported_type"
    case .ipv4: "decoder.ipv4.malformed"
    case .ipv6: "decoder.ipv6.malformed"
    case .icmp: "decoder.icmp.malformed"
    case .tcp: "decoder.tcp.hlen_too_small"
    case .udp: "decoder.udp.hlen_invalid"
    case .dns: "dns.malformed_data"
    case .tls: "tls.invalid_record"
    case .http: "http.malformed"
    }
  }
}
