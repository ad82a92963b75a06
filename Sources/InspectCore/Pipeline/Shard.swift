/// Takes the layers off packets, sorts them into flows, puts streams together and hands on what is in
/// them: events to a sink, and what concerns more than a flow to a ledger.
///
/// Several shards may share the work: each is shown all packets and looks at the flows that are its own
/// (`ShardNumber`). What comes before flows - link layers, tunnels, fragments - all do alike, and the
/// first counts it.
struct Shard<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable,
  Cipher: PacketCipher & ~Copyable
>: ~Copyable {
  private var fragments: FragmentTable
  private var transports: Transports<Sink, Decoder, Cipher>
  private var counters = InspectorCounters()
  private let verifiesChecksums: Bool

  /// Tunnels inside tunnels that are followed; a packet deeper than that is counted.
  static var maximumTunnelDepth: UInt8 { 8 }

  init(
    configuration: InspectorConfiguration, function: SipHash13, number: ShardNumber,
    sink: consuming Sink, decoder: consuming Decoder, cipher: consuming Cipher
  ) {
    fragments = FragmentTable(function: function)
    verifiesChecksums = configuration.verifiesChecksums
    transports = Transports(
      limits: configuration.limits, function: function, number: number,
      verifiesChecksums: configuration.verifiesChecksums,
      applications: Applications(
        configuration: configuration, function: function, sink: sink, decoder: decoder,
        cipher: cipher))
  }

  /// See `Inspector.inspect`.
  mutating func inspect(
    _ bytes: RawSpan, at time: Timestamp, originalByteCount: Int, linkType: LinkType,
    source: UInt16
  ) {
    begin(bytes.byteCount, originalByteCount, time)
    if linkType == .ethernet, !verifiesChecksums,
      let version = transports.take(bytes, byteCount: originalByteCount, at: time)
    {
      switch version {
      case .four: counters.ipv4 &+= 1
      case .six: counters.ipv6 &+= 1
      }
    } else {
      inspectLayers(bytes, at: time, originalByteCount, linkType, source)
    }
  }

  /// Passes a packet of another shard's flow by.
  @inline(__always)
  mutating func pass(
    _ glance: PacketGlance, at time: Timestamp, byteCount: Int, originalByteCount: Int
  ) {
    begin(byteCount, originalByteCount, time)
    if glance.isIPv4 { counters.ipv4 &+= 1 } else { counters.ipv6 &+= 1 }
  }

  /// Another packet comes.
  @inline(__always)
  private mutating func begin(_ byteCount: Int, _ originalByteCount: Int, _ time: Timestamp) {
    counters.packets &+= 1
    counters.bytes &+= UInt64(truncatingIfNeeded: originalByteCount)
    if byteCount < originalByteCount { counters.truncatedPackets &+= 1 }
    transports.begin(packet: counters.packets, at: time)
  }

  /// Looks at a packet layer by layer.
  @inline(never)
  private mutating func inspectLayers(
    _ bytes: RawSpan, at time: Timestamp, _ originalByteCount: Int, _ linkType: LinkType,
    _ source: UInt16
  ) {
    var frame = Frame(
      link: PacketDecoder.Link(), byteCount: originalByteCount, time: time, source: source)
    do throws(WireError) {
      let network = try PacketDecoder.network(of: bytes, linkType: linkType, link: &frame.link)
      try handle(network, of: bytes, frame)
    } catch {
      malformed(error, frame)
    }
  }

  /// The input is over: ends some of the flows that are open; false when there were none.
  mutating func finishSome() -> Bool { transports.finishSome() }

  /// What was seen so far; of what all shards see alike, the first alone counts.
  var statistics: InspectorCounters {
    var all = transports.isFirst ? counters : InspectorCounters()
    transports.add(to: &all)
    if transports.isFirst { all.abandonedFragments = fragments.abandoned }
    return all
  }

  /// See `Inspector.latestFlow`.
  var latestFlow: UInt64 { transports.latestFlow }

  /// The flows that are open now.
  var openFlows: Int { transports.openFlows }

  var sink: Sink {
    _read { yield transports.applications.exchange.sink }
    _modify { yield &transports.applications.exchange.sink }
  }

  /// What concerns more than a flow, since it was last taken.
  var ledger: CaseLedger {
    _read { yield transports.applications.exchange.ledger }
    _modify { yield &transports.applications.exchange.ledger }
  }

  // MARK: Layers

  /// Goes on with what the link layer carries. `bytes` are the whole frame.
  @inline(__always)
  private mutating func handle(
    _ network: PacketDecoder.Network, of bytes: RawSpan, _ frame: Frame
  ) throws(WireError) {
    switch network {
    case .ipv4(let content):
      counters.ipv4 &+= 1
      let packet = try IPv4Packet(content)
      if verifiesChecksums, !packet.hasValidChecksum { return wrongChecksum(frame) }
      if packet.cutByteCount > 0, bytes.byteCount >= frame.byteCount { shortened(.ipv4, frame) }
      let before = bytes.byteCount - content.byteCount + packet.headerByteCount
      handle(PacketDecoder.Datagram(packet), frame, headerByteCount: before)
    case .ipv6(let content):
      counters.ipv6 &+= 1
      let packet = try IPv6Packet(content)
      if packet.cutByteCount > 0, bytes.byteCount >= frame.byteCount { shortened(.ipv6, frame) }
      let datagram = try PacketDecoder.Datagram(packet)
      let headers = packet.bytes.byteCount - datagram.payload.byteCount
      handle(datagram, frame, headerByteCount: bytes.byteCount - content.byteCount + headers)
    case .aggregate(let frames): takeApart(frames, frame)
    case .arp(let content):
      counters.arp &+= 1
      if let packet = ARPPacket(content), packet.isJoining {
        transports.report(.joined(packet.senderHardwareAddress, frame.time))
      }
    case .encrypted: counters.encryptedFrames &+= 1
    case .other: counters.notIP &+= 1
    case .unknownLinkType(let number): counters.unknownLinkTypes.add(number)
    case .tooManyLayers: tooManyLayers(frame)
    }
  }

  @inline(__always)
  private mutating func handle(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame, headerByteCount: Int
  ) {
    if let fragment = datagram.fragment {
      collect(datagram, fragment, frame, headerByteCount)
    } else if datagram.mayCarry {
      handleCarrier(datagram, frame)
    } else {
      transports.handle(datagram, frame)
    }
  }

  @inline(never)
  private mutating func malformed(_ error: WireError, _ frame: Frame) {
    counters.malformed &+= 1
    transports.report(Anomaly(error), nil, at: frame.time)
  }

  @inline(never)
  private mutating func wrongChecksum(_ frame: Frame) {
    counters.wrongChecksums &+= 1
    transports.report(.wrongIPv4Checksum, nil, at: frame.time)
  }

  /// The whole frame is there, and its IP header promises more: what is there is looked at.
  @inline(never)
  private mutating func shortened(_ layer: WireError.Layer, _ frame: Frame) {
    transports.report(
      Anomaly(.truncated(layer, needed: .max, available: 0)), nil, at: frame.time)
  }

  @inline(never)
  private mutating func tooManyLayers(_ frame: Frame) {
    counters.tooManyLayers &+= 1
    transports.report(
      Anomaly(.decode, "decoder.too_many_layers"), nil, at: frame.time)
  }

  // MARK: Tunnels

  /// The outer packet is one of its flow, and the inner one starts anew at the link layer.
  @inline(never)
  private mutating func handleCarrier(_ datagram: PacketDecoder.Datagram, _ frame: Frame) {
    do throws(WireError) {
      if datagram.protocolNumber == IPProtocol.authentication.rawValue {
        // No tunnel: the header says who sent what follows, and leaves it readable.
        let content = try IPv6Payload(datagram.payload, nextHeader: datagram.protocolNumber)
        let rest = PacketDecoder.Datagram(
          source: datagram.source, destination: datagram.destination,
          protocolNumber: content.protocolNumber, payload: content.bytes,
          cutByteCount: datagram.cutByteCount)
        guard content.fragment == nil, rest.mayCarry else {
          return transports.handleSeldom(rest, frame)
        }
        return handleCarrier(rest, frame)
      }
      guard let tunnel = try datagram.tunnel() else {
        if datagram.isEncapsulatedSecurityPayload { counters.securityPayloadsInUDP &+= 1 }
        return transports.handleSeldom(datagram, frame)
      }
      transports.carry(datagram, frame)
      counters.tunnels[Int(tunnel.kind.rawValue)] &+= 1
      enter(tunnel, of: datagram, frame)
    } catch {
      malformed(error, frame)
      // The outer packet is one all the same.
      transports.handleSeldom(datagram, frame)
    }
  }

  private mutating func enter(
    _ tunnel: Tunnel, of datagram: PacketDecoder.Datagram, _ frame: Frame
  ) {
    guard frame.tunnelDepth < Shard.maximumTunnelDepth else { return tooManyLayers(frame) }
    if frame.tunnelDepth == 0 { transports.tunnel = TunnelContext(datagram) }
    var inner = frame
    inner.tunnelDepth += 1
    inner.byteCount = tunnel.bytes.byteCount + datagram.cutByteCount
    inner.link = PacketDecoder.Link()
    decode(tunnel.bytes, from: tunnel.layer, inner)
  }

  private mutating func decode(
    _ bytes: RawSpan, from layer: PacketDecoder.Layer, _ frame: Frame
  ) {
    var frame = frame
    do throws(WireError) {
      let network = try PacketDecoder.walk(bytes, from: layer, link: &frame.link)
      try handle(network, of: bytes, frame)
    } catch {
      malformed(error, frame)
    }
  }

  /// The frames that a wireless LAN sent as one.
  @inline(never)
  private mutating func takeApart(_ frames: RawSpan, _ frame: Frame) {
    var rest = frames
    do throws(WireError) {
      // Four octets may be the check sequence, which some captures have.
      while rest.byteCount > 4 {
        let part = try AggregatedFrame(rest)
        var inner = frame
        inner.byteCount = part.bytes.byteCount
        inner.link.source = part.source
        inner.link.destination = part.destination
        decode(part.payload, from: .llc, inner)
        rest = rest.extracting(droppingFirst: part.paddedByteCount)
      }
    } catch {
      malformed(error, frame)
    }
  }

  // MARK: Fragments

  @inline(never)
  private mutating func collect(
    _ datagram: PacketDecoder.Datagram, _ fragment: IPv6Payload.Fragment, _ frame: Frame,
    _ headerByteCount: Int
  ) {
    counters.fragments &+= 1
    let key = FragmentTable.Key(
      source: datagram.source, destination: datagram.destination,
      identification: fragment.identification, protocolNumber: datagram.protocolNumber,
      vlans: frame.link.vlans, tunnelDepth: frame.tunnelDepth)
    guard datagram.cutByteCount == 0 else {
      // What the capture cut can never be put together; the first one at least names the flow.
      counters.droppedFragments &+= 1
      if fragment.byteOffset == 0 { transports.handleSeldom(datagram, frame) }
      return
    }
    // All but the last have a multiple of eight octets; what is more is left out, as Linux does.
    let kept = datagram.payload.byteCount & (fragment.moreFragments ? ~7 : ~0)
    let overlaps = fragments.overlapping
    let outcome = fragments.add(
      datagram.payload.extracting(first: kept), at: fragment.byteOffset,
      moreFragments: fragment.moreFragments, of: key, time: frame.time)
    if fragments.overlapping != overlaps {
      report(datagram, frame, "decoder.ipv4.frag_overlap", "decoder.ipv6.frag_overlap")
    }
    switch outcome {
    case .waiting:
      break
    case .dropped:
      counters.droppedFragments &+= 1
      if fragment.byteOffset + kept > 65_535 {
        report(
          datagram, frame, "decoder.ipv4.frag_pkt_too_large", "decoder.ipv6.frag_pkt_too_large")
      } else {
        report(datagram, frame, "decoder.ipv4.frag_ignored", "decoder.ipv6.frag_ignored")
      }
    case .complete(let place):
      counters.reassembledPackets &+= 1
      // Taken out of the table, because there may be fragments of other packets inside.
      let payload = fragments.take(place)
      var whole = frame
      // As long as the frame would have been.
      whole.byteCount = headerByteCount + payload.count
      handleReassembled(payload.bytes, datagram, whole)
    }
  }

  private mutating func report(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame, _ version4: StaticString,
    _ version6: StaticString
  ) {
    transports.report(
      Anomaly(.decode, datagram.source.isIPv4 ? version4 : version6), nil, at: frame.time)
  }

  private mutating func handleReassembled(
    _ payload: RawSpan, _ last: PacketDecoder.Datagram, _ frame: Frame
  ) {
    do throws(WireError) {
      var protocolNumber = last.protocolNumber
      var rest = payload
      if !last.source.isIPv4 {
        // Extension headers may be in the part that was fragmented.
        let content = try IPv6Payload(payload, nextHeader: protocolNumber)
        if content.fragment == nil {
          protocolNumber = content.protocolNumber
          rest = content.bytes
        }
      }
      let whole = PacketDecoder.Datagram(
        source: last.source, destination: last.destination, protocolNumber: protocolNumber,
        payload: rest, cutByteCount: 0)
      if whole.mayCarry {
        handleCarrier(whole, frame)
      } else {
        transports.handleSeldom(whole, frame)
      }
    } catch {
      malformed(error, frame)
    }
  }
}

/// What is known of a packet beside its payload.
struct Frame {
  var link: PacketDecoder.Link
  /// On the wire, with the link header; in a tunnel from its first header behind the tunnel's.
  var byteCount: Int
  var time: Timestamp
  var source: UInt16
  /// 0 outside of tunnels.
  var tunnelDepth: UInt8 = 0
}
