/// Sorts IP packets into flows and hands their content to the applications.
struct Transports<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable,
  Cipher: PacketCipher & ~Copyable
>: ~Copyable {
  private var flows: FlowTable
  private var reassembly: TCPReassembly
  var applications: Applications<Sink, Decoder, Cipher>
  private var counters = InspectorCounters()
  /// The outermost packet around the present one, where that is in a tunnel.
  var tunnel: TunnelContext?
  private let verifiesChecksums: Bool
  let number: ShardNumber
  /// The number of the present packet, times 65,536, and the step of looking at it: shards that look at
  /// the same packet count the same steps.
  private var step: UInt64 = 0
  /// The flow that the present packet was counted for: `FlowContext.id`; 0 for none yet.
  private(set) var latestFlow: UInt64 = 0

  init(
    limits: InspectorLimits, function: SipHash13, number: ShardNumber, verifiesChecksums: Bool,
    applications: consuming Applications<Sink, Decoder, Cipher>
  ) {
    flows = FlowTable(limits: limits.flows, function: function)
    var reassemblyLimits = TCPReassembly.Limits()
    reassemblyLimits.bytes = limits.reassemblyBytes
    reassemblyLimits.memories = limits.streamMemories
    reassembly = TCPReassembly(limits: reassemblyLimits, key: function.derived.0)
    self.applications = applications
    self.verifiesChecksums = verifiesChecksums
    self.number = number
  }

  /// Whether what all shards see alike is this one's to count and to tell.
  var isFirst: Bool { number.index == 0 }

  var openFlows: Int { flows.count }

  /// The packet with this number comes: ends flows whose time is over.
  @inline(__always)
  mutating func begin(packet: UInt64, at time: Timestamp) {
    latestFlow = 0
    step = packet << 16
    flows.turn = step
    if flows.advance(to: time) { endExpired() }
    step |= UInt64(FlowTable.Lifetime.count)
  }

  @inline(never)
  private mutating func endExpired() {
    for number in 0..<FlowTable.Lifetime.count {
      let expired = flows.takeExpired(number)
      end(expired, .timeout, list: number)
    }
  }

  /// The input is over: ends some of the flows that are left; false when none were.
  mutating func finishSome() -> Bool {
    guard let number = flows.firstList else { return false }
    end(flows.oldest(number), .shutdown, list: number)
    return true
  }

  /// Ends flows of a list, in their order.
  private mutating func end(_ places: [UInt32], _ reason: Flow.EndReason, list: Int) {
    for place in places {
      if !number.isOnly {
        turn(
          to: Moment(
            step: (reason == .shutdown ? .max << 16 : step) | UInt64(list),
            turn: flows.turn(of: place), flow: flows[place].context.id))
      }
      end(place, reason)
    }
  }

  // MARK: Shards

  /// Whether the flow between these ends is looked at here; what follows happens in this step of the packet.
  @inline(__always)
  private mutating func owns(_ source: Endpoint, _ destination: Endpoint) -> Bool {
    guard number.isOnly || number.owns(source, destination) else {
      step &+= 1
      flows.turn = step
      return false
    }
    begin()
    return true
  }

  /// The next step of looking at the packet, which is this shard's.
  @inline(__always)
  private mutating func begin() {
    step &+= 1
    flows.turn = step
    if !number.isOnly { turn(to: Moment(step: step)) }
  }

  /// What follows happens then.
  @inline(__always)
  private mutating func turn(to moment: Moment) { applications.exchange.ledger.moment = moment }

  /// Something happened that all shards see: the first one tells it.
  private mutating func tells() -> Bool {
    step &+= 1
    if number.isOnly { return true }
    guard isFirst else { return false }
    turn(to: Moment(step: step))
    return true
  }

  mutating func report(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    if tells() { applications.exchange.report(anomaly, context, at: time) }
  }

  mutating func report(_ entry: CaseRecords.Entry) {
    if tells() { applications.exchange.ledger.write(entry) }
  }

  func add(to all: inout InspectorCounters) {
    all.tcp = counters.tcp
    all.udp = counters.udp
    all.icmp = counters.icmp
    all.strayErrors = counters.strayErrors
    all.sctp = counters.sctp
    all.otherTransport = counters.otherTransport
    all.malformed &+= counters.malformed
    all.wrongChecksums &+= counters.wrongChecksums
    all.flows = counters.flows
    all.forcedFlows = counters.forcedFlows
    all.streamGaps = reassembly.counters.gaps
    all.lostBytes = reassembly.counters.lostBytes
    all.outOfOrderSegments = reassembly.counters.outOfOrder
    all.retransmittedSegments = reassembly.counters.retransmitted
    all.outOfWindowSegments = reassembly.counters.outOfWindow
    all.reassemblyFull = reassembly.counters.full
    all.conflictingSegments = reassembly.counters.conflicting
    all.uncomparedStreams = reassembly.uncompared
    all.refusedEnds = reassembly.counters.refusedEnds
    applications.add(to: &all)
  }

  /// Takes a plain packet in of a flow that is known, and says of which version of IP it is; nil, with
  /// nothing done, where it must be looked at layer by layer. `byteCount` is the frame's on the wire.
  @inline(__always)
  mutating func take(
    _ frame: RawSpan, byteCount: Int, at time: Timestamp
  ) -> PlainPacket.Version? {
    guard let packet = PlainPacket(frame),
      number.isOnly || number.owns(packet.source, packet.destination),
      let (place, goesForth) = flows.findWithWay(FlowEnds(packet))
    else { return nil }
    begin()
    guard
      let (flow, moved) = Transports.take(
        packet, goesForth, byteCount, time, notAfter: flows.shortest, of: &flows[place],
        &reassembly, &applications)
    else {
      step &-= 1
      return nil
    }
    if packet.isTCP { counters.tcp &+= 1 } else { counters.udp &+= 1 }
    latestFlow = flow
    if let moved { flows.move(place, to: moved) }
    return packet.version
  }

  /// Takes a packet into its flow, unless that was silent for longer than `silence` nanoseconds, or a
  /// connection may begin. Says which flow that is, and the list that it belongs to now if that is
  /// another one.
  @inline(__always)
  private static func take(
    _ packet: PlainPacket, _ goesForth: Bool, _ byteCount: Int, _ time: Timestamp,
    notAfter silence: Int64, of flow: inout Flow, _ reassembly: inout TCPReassembly,
    _ applications: inout Applications<Sink, Decoder, Cipher>
  ) -> (flow: UInt64, moved: FlowTable.Lifetime?)? {
    guard flow.idle(at: time) <= silence else { return nil }
    let direction = flow.direction(goesForth: goesForth)
    if packet.isTCP {
      let segment = TCPSegment(whole: packet.transport)
      guard !segment.flags.syn else { return nil }
      return take(
        segment, 0, direction, byteCount, time, of: &flow, &reassembly, &applications)
    }
    let (id, isAnswered) = count(&flow, direction, byteCount, time)
    applications.datagram(
      UDPDatagram(whole: packet.transport), direction, of: &flow, at: time)
    return (id, isAnswered ? .datagramEstablished : nil)
  }

  @inline(__always)
  mutating func handle(_ datagram: PacketDecoder.Datagram, _ frame: Frame) {
    do throws(WireError) {
      switch IPProtocol(rawValue: datagram.protocolNumber) {
      case .tcp: try tcp(datagram, frame)
      case .udp: try udp(datagram, frame)
      case .icmp: try icmp(datagram, frame, .four)
      case .icmpv6: try icmp(datagram, frame, .six)
      case .sctp: try sctp(datagram, frame)
      case .esp: try securityPayload(datagram, frame)
      case .hopByHopOptions, .ipv4, .ipv6, .routing, .fragment, .gre, .authentication,
        .noNextHeader, .destinationOptions, .mobility, .unknown:
        other(datagram, frame)
      }
    } catch {
      malformed(error, frame)
    }
  }

  /// The same, for callers off the common way: one copy of it serves them all.
  @inline(never)
  mutating func handleSeldom(_ datagram: PacketDecoder.Datagram, _ frame: Frame) {
    handle(datagram, frame)
  }

  /// A packet that carries another: it is one of its flow, and nothing else looks into it.
  mutating func carry(_ datagram: PacketDecoder.Datagram, _ frame: Frame) {
    guard datagram.protocolNumber == IPProtocol.udp.rawValue else {
      return other(datagram, frame)
    }
    do throws(WireError) {
      let packet = try UDPDatagram(datagram.payload)
      let ends = FlowEnds(packet, datagram, frame)
      if owns(ends.source, ends.destination) { _ = follow(packet, ends, datagram, frame) }
    } catch {
      malformed(error, frame)
    }
  }

  @inline(never)
  private mutating func malformed(_ error: WireError, _ frame: Frame) {
    if isFirst { counters.malformed &+= 1 }
    report(Anomaly(error), nil, at: frame.time)
  }

  // MARK: TCP

  @inline(__always)
  private mutating func tcp(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame
  ) throws(WireError) {
    let segment = try TCPSegment(datagram.payload)
    let source = Endpoint(address: datagram.source, port: segment.sourcePort)
    let destination = Endpoint(address: datagram.destination, port: segment.destinationPort)
    let ends = FlowEnds(
      source: source, destination: destination, protocolNumber: datagram.protocolNumber,
      vlans: frame.link.vlans, tunnelDepth: frame.tunnelDepth)
    guard owns(ends.source, ends.destination) else {
      return overhear(segment, datagram, frame.time)
    }
    counters.tcp &+= 1
    let flags = segment.flags
    var found = findOpen(ends, frame.time)
    // The doubtful SYN that a SYN/ACK accepts.
    var reopening: UInt32?
    if let place = found, flags.syn {
      switch flows[place].judge(segment, from: source) {
      case .part: break
      case .another:
        reopening = flows[place].tcp.doubtfulSYN
        end(place, .reuse)
        found = nil
      case .doubtful:
        _ = count(place, from: source, frame.byteCount, frame.time)
        applications.exchange.report(.otherSYN, flows[place].context, at: frame.time)
        return
      }
    }
    // Who answers a SYN is the server, even when the SYN itself was not seen.
    let isTurned = flags.syn && flags.ack
    guard
      let place = found
        ?? begin(
          ends.key, isTurned ? destination : source, isTurned ? source : destination,
          frame, datagram.protocolNumber, isTurned, .tcpNew)
    else { return }
    if isTurned, let reopening { flows[place].tcp.toServer.begin(with: reopening) }
    guard isIntact(datagram, .wrongTCPChecksum, place, frame) else {
      _ = count(place, from: source, frame.byteCount, frame.time)
      return
    }
    // The flow is looked up once: it does not move while it takes the segment in.
    let direction = flows[place].direction(from: source)
    let (flow, moved) = Transports.take(
      segment, datagram.cutByteCount, direction, frame.byteCount, frame.time, of: &flows[place],
      &reassembly, &applications)
    latestFlow = flow
    if let moved { flows.move(place, to: moved) }
  }

  /// Takes a segment into its flow. Says which flow that is, and the list that it belongs to now if
  /// that is another one.
  @inline(__always)
  private static func take(
    _ segment: borrowing TCPSegment, _ cutByteCount: Int, _ direction: Direction,
    _ byteCount: Int, _ time: Timestamp, of flow: inout Flow,
    _ reassembly: inout TCPReassembly, _ applications: inout Applications<Sink, Decoder, Cipher>
  ) -> (flow: UInt64, moved: FlowTable.Lifetime?) {
    let flags = segment.flags
    flow.count(direction, frameBytes: byteCount, at: time)
    if flags.syn { timeHandshake(&flow, flags, direction, time, &applications) }
    let accepted = reassembly.process(
      segment, cutByteCount: cutByteCount, direction, of: &flow, at: time, into: &applications)
    // The connection's state (RFC 9293 §3.3.2) as far as events need it.
    flow.note(flags, accepted, direction)
    let list: FlowTable.Lifetime =
      switch flow.state {
      case .closed: .tcpClosed
      case .established: .tcpEstablished
      case .new: flow.isInTheMiddle ? .tcpEstablished : .tcpNew
      }
    return (flow.id, list == flow.list ? nil : list)
  }

  /// Takes the time from a SYN to its answer.
  private static func timeHandshake(
    _ flow: inout Flow, _ flags: TCPFlags, _ direction: Direction, _ time: Timestamp,
    _ applications: inout Applications<Sink, Decoder, Cipher>
  ) {
    switch (flow.tcp.handshake, flags.ack) {
    case (.waiting, false) where direction == .toServer:
      flow.tcp.handshake = .asked(time)
    case (.asked(let asked), true) where direction == .toClient:
      flow.tcp.handshake = .over
      applications.exchange.ledger.write(
        .answered(flow.context.server.address, nanoseconds: time.nanoseconds(since: asked)))
    case (.waiting, _), (.asked, _), (.over, _):
      flow.tcp.handshake = .over
    }
  }

  // MARK: UDP

  @inline(__always)
  private mutating func udp(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame
  ) throws(WireError) {
    let packet = try UDPDatagram(datagram.payload)
    let ends = FlowEnds(packet, datagram, frame)
    guard owns(ends.source, ends.destination) else {
      return overhear(packet, datagram, frame.time)
    }
    guard let (place, direction) = follow(packet, ends, datagram, frame),
      isIntact(datagram, .wrongUDPChecksum, place, frame)
    else { return }
    applications.datagram(packet, direction, of: &flows[place], at: frame.time)
  }

  /// Names that others' flows tell are known to all shards.
  @inline(__always)
  private mutating func overhear(
    _ packet: borrowing UDPDatagram, _ datagram: PacketDecoder.Datagram, _ time: Timestamp
  ) {
    guard let kind = Application.Kind(nameService: packet),
      !verifiesChecksums || datagram.hasValidChecksum
    else { return }
    applications.exchange.overhear(
      packet.payload, kind, client: datagram.destination, at: time)
  }

  /// The same over TCP (RFC 1035 §4.2.2), where a message is whole in its segment.
  @inline(__always)
  private mutating func overhear(
    _ segment: borrowing TCPSegment, _ datagram: PacketDecoder.Datagram, _ time: Timestamp
  ) {
    guard segment.sourcePort == NamePort.dns, !verifiesChecksums || datagram.hasValidChecksum
    else { return }
    let bytes = segment.payload
    guard bytes.byteCount > 2, Int(bytes.load(0) as UInt16) == bytes.byteCount - 2 else { return }
    applications.exchange.overhear(
      bytes.extracting(droppingFirst: 2), .dns, client: datagram.destination, at: time)
  }

  /// Counts the datagram for its flow, which may begin with it; nil when there is no room.
  @inline(__always)
  private mutating func follow(
    _ packet: borrowing UDPDatagram, _ ends: FlowEnds, _ datagram: PacketDecoder.Datagram,
    _ frame: Frame
  ) -> (UInt32, Direction)? {
    counters.udp &+= 1
    let (source, destination) = (ends.source, ends.destination)
    var found = findOpen(ends, frame.time)
    if found == nil {
      let isTurned = isDNSResponse(packet)
      found = begin(
        ends.key, isTurned ? destination : source, isTurned ? source : destination, frame,
        datagram.protocolNumber, isTurned, .datagramNew)
    }
    guard let place = found else { return nil }
    return (place, count(place, from: source, frame.byteCount, frame.time))
  }

  /// A flow that begins with a DNS response has its client on the other side.
  private func isDNSResponse(_ packet: borrowing UDPDatagram) -> Bool {
    packet.sourcePort == 53 && packet.destinationPort != 53 && packet.payload.byteCount >= 12
      && packet.payload[2] & 0x80 != 0
  }

  // MARK: ICMP and others

  private mutating func icmp(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame, _ version: ICMPMessage.Version
  ) throws(WireError) {
    let message = try ICMPMessage(datagram.payload, version: version)
    // An answer is of its question's flow; messages of another type are another flow's.
    let counterpart = ICMPMessage.counterpart(of: message.type, version)
    let key = FlowKey(
      source: Endpoint(address: datagram.source, port: UInt16(message.type)),
      destination: Endpoint(address: datagram.destination, port: UInt16(counterpart ?? 0)),
      protocolNumber: datagram.protocolNumber, vlans: frame.link.vlans,
      tunnelDepth: frame.tunnelDepth)
    var quoted: QuotedFlow?
    if let packet = message.quotedPacket { quoted = QuotedFlow(packet, version, frame) }
    // An error belongs to whoever looks at the flow that it is about.
    guard owns((quoted?.key ?? key).lower, (quoted?.key ?? key).upper) else { return }
    counters.icmp &+= 1
    guard isIntact(datagram, .wrongICMPChecksum, nil, frame) else { return }
    if message.isJoining(from: datagram.source) {
      applications.exchange.ledger.write(.joined(frame.link.source, frame.time))
    }
    if message.quotedPacket != nil {
      if let quoted, let place = flows.find(quoted.key) {
        let direction = flows[place].direction(from: quoted.source).opposite
        // An error is no answer.
        flows[place].count(direction, frameBytes: frame.byteCount, at: frame.time)
        latestFlow = flows[place].id
        return
      }
      // As in Suricata, an error of ICMP makes no flow, but one of ICMPv6 does.
      if version == .four {
        counters.strayErrors &+= 1
        return
      }
    }
    guard let (place, isNew) = find(key, datagram, frame, (0, 0)) else { return }
    if isNew {
      flows[place].context.icmpType = message.type
      flows[place].context.icmpCode = message.code
    }
    let isForth =
      flows[place].context.client.address == datagram.source
      && flows[place].context.icmpType == message.type
    if !isForth, flows[place].context.icmpResponse == nil {
      flows[place].context.icmpResponse = (message.type, message.code)
    }
    count(place, isForth ? .toServer : .toClient, frame.byteCount, frame.time)
  }

  private mutating func sctp(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame
  ) throws(WireError) {
    let packet = try SCTPPacket(datagram.payload)
    let source = Endpoint(address: datagram.source, port: packet.sourcePort)
    let key = FlowKey(
      source: source,
      destination: Endpoint(address: datagram.destination, port: packet.destinationPort),
      protocolNumber: datagram.protocolNumber, vlans: frame.link.vlans,
      tunnelDepth: frame.tunnelDepth)
    guard owns(key.lower, key.upper) else { return }
    counters.sctp &+= 1
    let ports = (packet.sourcePort, packet.destinationPort)
    guard let (place, _) = find(key, datagram, frame, ports) else { return }
    _ = count(place, from: source, frame.byteCount, frame.time)
  }

  /// A security association goes one way, and its index is part of what tells flows apart.
  private mutating func securityPayload(
    _ datagram: PacketDecoder.Datagram, _ frame: Frame
  ) throws(WireError) {
    let index = try EncapsulatingSecurityPayload(datagram.payload).securityParametersIndex
    let key = FlowKey(
      source: Endpoint(address: datagram.source, port: UInt16(truncatingIfNeeded: index >> 16)),
      destination: Endpoint(
        address: datagram.destination, port: UInt16(truncatingIfNeeded: index)),
      protocolNumber: datagram.protocolNumber, vlans: frame.link.vlans,
      tunnelDepth: frame.tunnelDepth)
    guard owns(key.lower, key.upper) else { return }
    counters.otherTransport &+= 1
    guard let (place, isNew) = find(key, datagram, frame, (0, 0)) else { return }
    if isNew { flows[place].context.securityParametersIndex = index }
    _ = count(
      place, from: Endpoint(address: datagram.source, port: 0), frame.byteCount, frame.time)
  }

  private mutating func other(_ datagram: PacketDecoder.Datagram, _ frame: Frame) {
    let source = Endpoint(address: datagram.source, port: 0)
    let key = FlowKey(
      source: source, destination: Endpoint(address: datagram.destination, port: 0),
      protocolNumber: datagram.protocolNumber, vlans: frame.link.vlans,
      tunnelDepth: frame.tunnelDepth)
    guard owns(key.lower, key.upper) else { return }
    counters.otherTransport &+= 1
    guard let (place, _) = find(key, datagram, frame, (0, 0)) else { return }
    _ = count(place, from: source, frame.byteCount, frame.time)
  }

  /// The flow of a packet that is neither TCP nor UDP; a new one gets these ports.
  private mutating func find(
    _ key: FlowKey, _ datagram: PacketDecoder.Datagram, _ frame: Frame, _ ports: (UInt16, UInt16)
  ) -> (place: UInt32, isNew: Bool)? {
    if let known = findOpen(key, frame.time) { return (known, false) }
    guard
      let place = begin(
        key, Endpoint(address: datagram.source, port: ports.0),
        Endpoint(address: datagram.destination, port: ports.1), frame, datagram.protocolNumber,
        false, .datagramNew)
    else { return nil }
    return (place, true)
  }

  /// Whether the packet may be believed: its checksum is right, or nobody asked.
  @inline(__always)
  private mutating func isIntact(
    _ datagram: PacketDecoder.Datagram, _ anomaly: @autoclosure () -> Anomaly, _ place: UInt32?,
    _ frame: Frame
  ) -> Bool {
    guard verifiesChecksums, !datagram.hasValidChecksum else { return true }
    counters.wrongChecksums &+= 1
    let context = place.map { flows[$0].context }
    applications.exchange.report(anomaly(), context, at: frame.time)
    return false
  }

  // MARK: Flows

  /// Counts a packet for its flow, and says which way it goes.
  @inline(__always)
  private mutating func count(
    _ place: UInt32, from source: Endpoint, _ byteCount: Int, _ time: Timestamp
  ) -> Direction {
    let direction = flows[place].direction(from: source)
    count(place, direction, byteCount, time)
    return direction
  }

  @inline(__always)
  private mutating func count(
    _ place: UInt32, _ direction: Direction, _ byteCount: Int, _ time: Timestamp
  ) {
    let (flow, isAnswered) = Transports.count(&flows[place], direction, byteCount, time)
    latestFlow = flow
    if isAnswered { flows.move(place, to: .datagramEstablished) }
  }

  /// Says which flow it is, and whether this is the first answer where no connection says so.
  @inline(__always)
  private static func count(
    _ flow: inout Flow, _ direction: Direction, _ byteCount: Int, _ time: Timestamp
  ) -> (flow: UInt64, isAnswered: Bool) {
    flow.count(direction, frameBytes: byteCount, at: time)
    let isAnswered =
      flow.state == .new && flow.toServer.packets > 0 && flow.toClient.packets > 0
      && flow.context.protocolNumber != IPProtocol.tcp.rawValue
    if isAnswered { flow.state = .established }
    return (flow.id, isAnswered)
  }

  /// The flow of a packet, unless it was silent for so long that the packet begins another.
  @inline(__always)
  private mutating func findOpen(_ packet: FlowEnds, _ time: Timestamp) -> UInt32? {
    flows.find(packet).flatMap { open($0, time) }
  }

  @inline(__always)
  private mutating func findOpen(_ key: FlowKey, _ time: Timestamp) -> UInt32? {
    flows.find(key).flatMap { open($0, time) }
  }

  @inline(__always)
  private mutating func open(_ place: UInt32, _ time: Timestamp) -> UInt32? {
    guard flows.isExpired(place, at: time) else { return place }
    end(place, .timeout)
    return nil
  }

  private mutating func begin(
    _ key: FlowKey, _ client: Endpoint, _ server: Endpoint, _ frame: Frame,
    _ protocolNumber: UInt8, _ isTurned: Bool, _ list: FlowTable.Lifetime
  ) -> UInt32? {
    if flows.isFull, let victim = flows.victim() {
      counters.forcedFlows &+= 1
      end(victim, .forced)
    }
    counters.flows &+= 1
    var context = FlowContext(
      client: client, server: server,
      clientMAC: isTurned ? frame.link.destination : frame.link.source,
      serverMAC: isTurned ? frame.link.source : frame.link.destination,
      protocolNumber: protocolNumber, tunnelDepth: frame.tunnelDepth, vlans: frame.link.vlans,
      source: frame.source, start: frame.time)
    if frame.tunnelDepth > 0 { context.tunnel = tunnel }
    guard let place = flows.insert(key, context, in: list) else {
      return nil
    }
    applications.flowBegan(&flows[place])
    return place
  }

  private mutating func end(_ place: UInt32, _ reason: Flow.EndReason) {
    let time = flows[place].lastSeen
    if flows[place].context.protocolNumber == IPProtocol.tcp.rawValue {
      reassembly.finish(&flows[place], time, &applications)
    }
    applications.flowEnded(&flows[place], at: time)
    applications.exchange.announce()
    Transports.give(&flows[place], reason, to: &applications.exchange.sink)
    flows.remove(place)
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func give(
    _ flow: inout Flow, _ reason: Flow.EndReason, to sink: inout Sink
  ) {
    sink.flow(flow, ended: reason)
  }
}

extension FlowEnds {
  @inline(__always)
  fileprivate init(_ packet: PlainPacket) {
    self.init(
      source: packet.source, destination: packet.destination,
      protocolNumber: packet.protocolNumber, vlans: VLANStack(), tunnelDepth: 0)
  }

  /// Of a datagram of UDP.
  @inline(__always)
  fileprivate init(
    _ packet: borrowing UDPDatagram, _ datagram: PacketDecoder.Datagram, _ frame: Frame
  ) {
    self.init(
      source: Endpoint(address: datagram.source, port: packet.sourcePort),
      destination: Endpoint(address: datagram.destination, port: packet.destinationPort),
      protocolNumber: datagram.protocolNumber, vlans: frame.link.vlans,
      tunnelDepth: frame.tunnelDepth)
  }
}
