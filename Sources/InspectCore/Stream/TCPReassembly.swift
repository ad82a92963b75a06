/// Hands the bytes of TCP connections on in order, each once.
///
/// Policy *first wins*: where segments overlap, the bytes that came first count, as on BSD and
/// Windows receivers. Bytes in order pass as views into their packet. What comes too early is held
/// until the hole before it fills, or until it is clear that the capture does not have it: the peer
/// acknowledged it a while ago, the bounds are reached, or the connection is over. Then the consumer
/// is told how many bytes are lost.
///
/// Whoever is not part of the connection can put segments on the wire too. What a peer would not take
/// is told (`irregular`) and otherwise ignored: data, FINs and RSTs outside of the window, and bytes
/// that contradict those that came first.
struct TCPReassembly: ~Copyable {
  struct Limits: Sendable {
    /// Bytes held for all connections.
    var bytes = 16 << 20
    /// Segments held for a direction of one.
    var segmentsPerDirection = 256
    /// How far ahead a segment may lie (RFC 7323 §2.3: a window has at most 30 bits; few need more).
    var window = 16 << 20
    /// What a peer takes at least, whatever the window that was seen last.
    var smallestWindow = 65_536
    /// Directions at a time whose last bytes are remembered, to compare retransmissions with.
    var memories = 16_384
    /// Nanoseconds that an acknowledged hole may still fill, for captures that are out of order.
    var acknowledgedHole: Int64 = 1_000_000_000
    /// Nanoseconds that a hole may fill by retransmission.
    var hole: Int64 = 30_000_000_000

    init() {}
  }

  struct Counters: Sendable {
    var gaps: UInt64 = 0
    var lostBytes: UInt64 = 0
    var outOfOrder: UInt64 = 0
    var retransmitted: UInt64 = 0
    var outOfWindow: UInt64 = 0
    /// Holes given up because a bound was reached.
    var full: UInt64 = 0
    /// Segments that contradict what came before them.
    var conflicting: UInt64 = 0
    /// RSTs and FINs that no peer would believe.
    var refusedEnds: UInt64 = 0
  }

  private var pool: SegmentPool
  private var memories: StreamMemories
  private let limits: Limits
  private(set) var counters = Counters()

  /// `key` must be random where senders could use the knowledge of it.
  init(limits: Limits = Limits(), key: UInt64) {
    self.limits = limits
    pool = SegmentPool(byteCount: limits.bytes)
    memories = StreamMemories(capacity: limits.memories, key: key)
  }

  /// Segments that are held, and directions that are remembered: none once all connections ended.
  var heldCount: Int { pool.count }
  var memoryCount: Int { memories.count }
  /// Directions whose retransmissions are not compared, because too many others are.
  var uncompared: UInt64 { memories.uncompared }

  /// Takes in a segment that goes on where the last one ended, or has no data, while nothing is held
  /// and nothing begins or ends: nearly all. False, with nothing done, for another.
  @inline(__always)
  private mutating func goOn(
    with segment: borrowing TCPSegment, _ direction: Direction, of flow: inout Flow,
    at time: Timestamp, into consumer: inout some StreamConsumer & ~Copyable
  ) -> Bool {
    let flags = segment.flags
    let payload = segment.payload
    guard !flags.beginsOrEnds,
      payload.isEmpty || flow.tcp[direction].isNext(segment.sequenceNumber),
      !flags.ack
        || flow.tcp[direction.opposite].mayNote(
          segment.acknowledgmentNumber, window: limits.window)
    else { return false }
    noteWindow(segment, direction, &flow)
    if !payload.isEmpty {
      flow.tcp[direction].strays = 0
      handOn(payload, direction, &flow, time, &consumer)
    }
    if flags.ack { flow.tcp[direction.opposite].note(segment.acknowledgmentNumber) }
    return true
  }

  /// Takes a segment in. `cutByteCount` bytes of its data were sent but not captured.
  ///
  /// Returns the control bits that count: without a RST or FIN that the peer would ignore.
  @inline(__always)
  mutating func process(
    _ segment: borrowing TCPSegment, cutByteCount: Int, _ direction: Direction,
    of flow: inout Flow, at time: Timestamp, into consumer: inout some StreamConsumer & ~Copyable
  ) -> TCPFlags {
    if cutByteCount == 0, goOn(with: segment, direction, of: &flow, at: time, into: &consumer) {
      return segment.flags
    }
    return processInFull(segment, cutByteCount, direction, &flow, time, &consumer)
  }

  @inline(never)
  private mutating func processInFull(
    _ segment: borrowing TCPSegment, _ cutByteCount: Int, _ direction: Direction,
    _ flow: inout Flow, _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) -> TCPFlags {
    var flags = segment.flags
    var sequenceNumber = segment.sequenceNumber
    let payload = segment.payload
    let byteCount = payload.byteCount + cutByteCount
    if flags.syn {
      synchronise(segment, direction, &flow)
      sequenceNumber &+= 1
      if !flags.ack, !flags.rst, byteCount > 0,
        holdsEarlyData(payload, sequenceNumber, direction, &flow, time, &consumer)
      {
        return flags
      }
    }
    if flags.rst {
      guard isBelieved(reset: segment, direction, flow) else {
        counters.refusedEnds &+= 1
        consumer.irregular(Anomaly.invalidReset, of: &flow, at: time)
        flags.subtract(.rst)
        return flags
      }
      finish(&flow, time, &consumer)
      return flags
    }
    noteWindow(segment, direction, &flow)
    if byteCount > 0, !flow.tcp[direction].isEnded {
      take(payload, cutByteCount, sequenceNumber, direction, &flow, time, &consumer)
    } else if flags.fin, !flow.tcp[direction].isSynchronised {
      // An ACK without data does not say where data begins: it may be a keep-alive, one byte behind.
      flow.tcp[direction].next = sequenceNumber
      flow.tcp[direction].isSynchronised = true
    }
    if flags.ack {
      acknowledge(segment.acknowledgmentNumber, direction.opposite, &flow, time, &consumer)
    }
    if flags.fin {
      let end = sequenceNumber &+ UInt32(truncatingIfNeeded: byteCount)
      if isBelieved(end: end, direction, flow) {
        if flow.tcp[direction].fin == nil { flow.tcp[direction].fin = end }
        endIfDone(direction, &flow, time, &consumer)
      } else {
        counters.refusedEnds &+= 1
        consumer.irregular(Anomaly.finOutOfWindow, of: &flow, at: time)
        flags.subtract(.fin)
      }
    }
    return flags
  }

  /// Ends both directions: hands on what is held, with its holes.
  mutating func finish(
    _ flow: inout Flow, _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    finish(.toServer, &flow, time, &consumer)
    finish(.toClient, &flow, time, &consumer)
  }

  private mutating func finish(
    _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    while flow.tcp[direction].firstHeld != UInt32.max {
      skipHole(direction, &flow, time, &consumer)
    }
    memories.forget(direction, &flow)
    guard !flow.tcp[direction].isEnded else { return }
    flow.tcp[direction].isEnded = true
    consumer.ended(direction, of: &flow, at: time)
  }

  // MARK: The handshake, and what a peer believes

  private func synchronise(
    _ segment: borrowing TCPSegment, _ direction: Direction, _ flow: inout Flow
  ) {
    let initial = segment.sequenceNumber
    if !flow.tcp[direction].isSynchronised {
      flow.tcp[direction].next = initial &+ 1
      flow.tcp[direction].isSynchronised = true
      flow.tcp[direction].initial = initial
      flow.tcp[direction].windowShift = segment.windowShift ?? 0
    } else if segment.flags.ack, isUnanswered(direction, flow) {
      // A server that does not keep what it answered answers anew; who knows which answer arrived
      // says so with what follows.
      flow.tcp[direction].begin(with: initial)
    } else if flow.tcp[direction].initial == nil {
      // Data may come before its SYN where a capture is out of order.
      let behind = flow.tcp[direction].next.distance(after: initial &+ 1)
      if behind >= 0, behind <= limits.smallestWindow { flow.tcp[direction].initial = initial }
    }
    // A SYN/ACK says where the other side begins, should its SYN be missing.
    if segment.flags.ack, !flow.tcp[direction.opposite].isSynchronised {
      flow.tcp[direction.opposite].next = segment.acknowledgmentNumber
      flow.tcp[direction.opposite].isSynchronised = true
    }
  }

  /// Whether nothing came behind a side's SYN, and nobody acknowledged it.
  private func isUnanswered(_ direction: Direction, _ flow: borrowing Flow) -> Bool {
    let half = flow.tcp[direction]
    guard let initial = half.initial else { return false }
    return half.next == initial &+ 1 && half.firstHeld == UInt32.max && half.acknowledged == nil
  }

  @inline(__always)
  private func noteWindow(
    _ segment: borrowing TCPSegment, _ direction: Direction, _ flow: inout Flow
  ) {
    // The window of a SYN is never scaled (RFC 7323 §2.2).
    let shift = segment.flags.syn ? 0 : flow.tcp[direction].windowShift
    let window = UInt32(segment.window) &<< UInt32(shift)
    if window > flow.tcp[direction].window { flow.tcp[direction].window = window }
  }

  /// How far ahead of the next byte the peer would still take something.
  @inline(__always)
  private func reach(_ direction: Direction, _ flow: borrowing Flow) -> Int {
    let offered = Int(flow.tcp[direction.opposite].window)
    guard offered > 0 else { return limits.window }
    // What the peer acknowledged it has, even when the capture has not.
    let lead =
      flow.tcp[direction].acknowledged.map { $0.distance(after: flow.tcp[direction].next) } ?? 0
    return min(limits.window, max(offered, limits.smallestWindow) &+ max(lead, 0))
  }

  /// Whether a RST ends the connection (RFC 9293 §3.10.7, RFC 5961 §3).
  private func isBelieved(
    reset segment: borrowing TCPSegment, _ direction: Direction, _ flow: borrowing Flow
  ) -> Bool {
    let half = flow.tcp[direction]
    guard half.isSynchronised else {
      // The answer to a SYN has no sequence number of its own, but acknowledges.
      let peer = flow.tcp[direction.opposite]
      guard segment.flags.ack, peer.isSynchronised else { return true }
      let ahead = segment.acknowledgmentNumber.distance(after: peer.next)
      return abs(ahead) <= limits.smallestWindow
    }
    let ahead = segment.sequenceNumber.distance(after: half.next)
    let known = half.acknowledged.map { $0.distance(after: half.next) } ?? -limits.smallestWindow
    return ahead >= min(known, 0) - 1 && ahead <= reach(direction, flow)
  }

  /// Whether a FIN may stand at `end`: behind all that was handed on, and not beyond the window.
  private func isBelieved(
    end: UInt32, _ direction: Direction, _ flow: borrowing Flow
  ) -> Bool {
    let ahead = end.distance(after: flow.tcp[direction].next)
    if let fin = flow.tcp[direction].fin { return end.distance(after: fin) <= 0 }
    return ahead >= 0 && ahead <= reach(direction, flow)
  }

  /// Data of a SYN counts only if the peer takes it (RFC 7413 §3): it waits for the acknowledgment.
  private mutating func holdsEarlyData(
    _ payload: RawSpan, _ sequenceNumber: UInt32, _ direction: Direction, _ flow: inout Flow,
    _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) -> Bool {
    let half = flow.tcp[direction]
    if half.next == sequenceNumber, half.acknowledged == nil, half.firstHeld == UInt32.max {
      hold(payload, 0, direction, &flow, time, &consumer)
      flow.tcp[direction].holdsEarlyData = flow.tcp[direction].firstHeld != UInt32.max
      return true
    }
    return half.holdsEarlyData
  }

  /// It is known now whether the peer took the SYN's data.
  private mutating func settleEarlyData(
    isTaken: Bool, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    flow.tcp[direction].holdsEarlyData = false
    if isTaken {
      handOnHeld(direction, &flow, time, &consumer)
      return
    }
    while flow.tcp[direction].firstHeld != UInt32.max {
      let place = flow.tcp[direction].firstHeld
      flow.tcp[direction].firstHeld = pool[place].next
      flow.tcp[direction].heldCount -= 1
      pool.release(place)
    }
  }

  // MARK: Data

  @inline(__always)
  private mutating func take(
    _ payload: RawSpan, _ cutByteCount: Int, _ sequenceNumber: UInt32, _ direction: Direction,
    _ flow: inout Flow, _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    if !flow.tcp[direction].isSynchronised {
      // The capture began in the middle: so do we.
      flow.tcp[direction].next = sequenceNumber
      flow.tcp[direction].isSynchronised = true
    }
    let ahead = sequenceNumber.distance(after: flow.tcp[direction].next)
    if flow.tcp[direction].holdsEarlyData {
      // Who sends the same again was not heard; who goes on behind it was.
      settleEarlyData(isTaken: ahead > 0, direction, &flow, time, &consumer)
      take(payload, cutByteCount, sequenceNumber, direction, &flow, time, &consumer)
      return
    }
    if ahead == 0, flow.tcp[direction].firstHeld == UInt32.max {
      flow.tcp[direction].strays = 0
      handOn(payload, direction, &flow, time, &consumer)
      if cutByteCount > 0 { lose(cutByteCount, direction, &flow, time, &consumer) }
      endIfDone(direction, &flow, time, &consumer)
    } else {
      takeOutOfOrder(payload, cutByteCount, ahead, direction, &flow, time, &consumer)
    }
  }

  private mutating func takeOutOfOrder(
    _ payload: RawSpan, _ cutByteCount: Int, _ ahead: Int, _ direction: Direction,
    _ flow: inout Flow, _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    let byteCount = payload.byteCount + cutByteCount
    if ahead + byteCount <= 0, ahead >= -limits.window {
      counters.retransmitted &+= 1
      // A keep-alive is a byte of anything, one before the next (RFC 9293 §3.8.4).
      if byteCount > 1 || ahead != -1 {
        compare(payload, ahead, direction, &flow, time, &consumer)
      }
      return
    }
    guard ahead <= reach(direction, flow), ahead >= -limits.window else {
      stray(payload, cutByteCount, ahead, direction, &flow, time, &consumer)
      return
    }
    flow.tcp[direction].strays = 0
    guard flow.tcp[direction].isWanted else {
      // Nobody reads: only the count matters, and a hole is none.
      flow.tcp[direction].next &+= UInt32(truncatingIfNeeded: ahead + byteCount)
      endIfDone(direction, &flow, time, &consumer)
      return
    }
    compare(payload, ahead, direction, &flow, time, &consumer)
    if ahead > 0 {
      counters.outOfOrder &+= 1
      hold(payload, ahead, direction, &flow, time, &consumer)
    } else {
      counters.retransmitted &+= ahead < 0 ? 1 : 0
      fill(payload, cutByteCount, ahead, direction, &flow, time, &consumer)
    }
    giveUpOldHoles(direction, &flow, time, &consumer)
    endIfDone(direction, &flow, time, &consumer)
  }

  /// Holds bytes against those that came first, handed on or held.
  private mutating func compare(
    _ payload: RawSpan, _ ahead: Int, _ direction: Direction, _ flow: inout Flow,
    _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    var agrees =
      ahead >= 0 || memories.agree(with: payload, from: -ahead, direction, flow, at: time)
    let start = flow.tcp[direction].next &+ UInt32(truncatingIfNeeded: ahead)
    var place = flow.tcp[direction].firstHeld
    while agrees, place != UInt32.max {
      let entry = pool[place]
      let offset = entry.sequenceNumber.distance(after: start)
      let common = max(offset, 0)..<max(min(offset + entry.byteCount, payload.byteCount), offset, 0)
      if offset >= payload.byteCount { break }
      if !common.isEmpty {
        let mine = payload.extracting(common)
        let first = pool.bytes(place).extracting(
          (common.lowerBound - offset)..<(common.upperBound - offset))
        agrees = mine.equals(first)
      }
      place = entry.next
    }
    guard !agrees else { return }
    counters.conflicting &+= 1
    consumer.irregular(Anomaly.overlapWithDifferentData, of: &flow, at: time)
  }

  /// Takes bytes that begin at or before the next one: hands on what is new of them, keeping what
  /// was held first.
  private mutating func fill(
    _ payload: RawSpan, _ cutByteCount: Int, _ ahead: Int, _ direction: Direction,
    _ flow: inout Flow, _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    let start = flow.tcp[direction].next &+ UInt32(truncatingIfNeeded: ahead)
    while true {
      let done = flow.tcp[direction].next.distance(after: start)
      guard done >= 0, done < payload.byteCount else { break }
      let first = flow.tcp[direction].firstHeld
      var end = payload.byteCount
      if first != UInt32.max {
        end = min(end, pool[first].sequenceNumber.distance(after: start))
      }
      if end > done { handOn(payload.extracting(done..<end), direction, &flow, time, &consumer) }
      handOnHeld(direction, &flow, time, &consumer)
      if end <= done, flow.tcp[direction].next.distance(after: start) <= done { break }
    }
    let done = flow.tcp[direction].next.distance(after: start)
    if cutByteCount > 0, done == payload.byteCount {
      lose(cutByteCount, direction, &flow, time, &consumer)
    }
    handOnHeld(direction, &flow, time, &consumer)
  }

  /// Keeps what is new of bytes that come too early.
  private mutating func hold(
    _ payload: RawSpan, _ ahead: Int, _ direction: Direction, _ flow: inout Flow,
    _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    let start = flow.tcp[direction].next &+ UInt32(truncatingIfNeeded: ahead)
    var position = 0
    var previous = UInt32.max
    var following = flow.tcp[direction].firstHeld
    while position < payload.byteCount {
      // Go past what lies before the position, and past what of it is held already.
      while following != UInt32.max {
        let entry = pool[following]
        let offset = entry.sequenceNumber.distance(after: start)
        guard offset <= position else { break }
        position = max(position, offset + entry.byteCount)
        previous = following
        following = entry.next
      }
      guard position < payload.byteCount else { return }
      var end = min(payload.byteCount, position + SegmentPool.blockByteCount)
      if following != UInt32.max {
        end = min(end, pool[following].sequenceNumber.distance(after: start))
      }
      guard
        flow.tcp[direction].heldCount < limits.segmentsPerDirection,
        let place = pool.hold(
          payload.extracting(position..<end),
          sequenceNumber: start &+ UInt32(truncatingIfNeeded: position), at: time)
      else {
        counters.full &+= 1
        overflow(
          payload.extracting(droppingFirst: position),
          start &+ UInt32(truncatingIfNeeded: position), direction, &flow, time, &consumer)
        return
      }
      pool[place].next = following
      if previous == UInt32.max {
        flow.tcp[direction].firstHeld = place
      } else {
        pool[previous].next = place
      }
      flow.tcp[direction].heldCount += 1
      previous = place
      position = end
    }
  }

  /// A bound is reached: the holes before `bytes` are given up, then they are taken again.
  private mutating func overflow(
    _ bytes: RawSpan, _ sequenceNumber: UInt32, _ direction: Direction, _ flow: inout Flow,
    _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    while flow.tcp[direction].firstHeld != UInt32.max,
      pool[flow.tcp[direction].firstHeld].sequenceNumber.distance(after: sequenceNumber) < 0
    {
      skipHole(direction, &flow, time, &consumer)
    }
    let ahead = sequenceNumber.distance(after: flow.tcp[direction].next)
    if ahead > 0 { lose(ahead, direction, &flow, time, &consumer) }
    fill(bytes, 0, min(ahead, 0), direction, &flow, time, &consumer)
  }

  /// A segment far ahead. Some in a row mean that we are in the wrong place.
  private mutating func stray(
    _ payload: RawSpan, _ cutByteCount: Int, _ ahead: Int, _ direction: Direction,
    _ flow: inout Flow, _ time: Timestamp, _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    counters.outOfWindow &+= 1
    consumer.irregular(Anomaly.outOfWindow, of: &flow, at: time)
    flow.tcp[direction].strays += 1
    guard flow.tcp[direction].strays >= 3 else { return }
    flow.tcp[direction].strays = 0
    while flow.tcp[direction].firstHeld != UInt32.max {
      skipHole(direction, &flow, time, &consumer)
    }
    let start = flow.tcp[direction].next &+ UInt32(truncatingIfNeeded: ahead)
    lose(max(0, start.distance(after: flow.tcp[direction].next)), direction, &flow, time, &consumer)
    flow.tcp[direction].next = start
    memories.forget(direction, &flow)
    fill(payload, cutByteCount, 0, direction, &flow, time, &consumer)
  }

  private mutating func acknowledge(
    _ number: UInt32, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    if let known = flow.tcp[direction].acknowledged, number.distance(after: known) <= 0 { return }
    if flow.tcp[direction].isSynchronised {
      let ahead = number.distance(after: flow.tcp[direction].next)
      // Nobody acknowledges what is that far away; a peer drops such a segment.
      guard abs(ahead) <= limits.window else { return }
      if flow.tcp[direction].holdsEarlyData, ahead >= 0 {
        settleEarlyData(isTaken: ahead > 0, direction, &flow, time, &consumer)
      }
    }
    flow.tcp[direction].acknowledged = number
    if flow.tcp[direction].firstHeld != UInt32.max {
      giveUpOldHoles(direction, &flow, time, &consumer)
      endIfDone(direction, &flow, time, &consumer)
    }
  }

  private mutating func giveUpOldHoles(
    _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    while flow.tcp[direction].firstHeld != UInt32.max {
      let first = pool[flow.tcp[direction].firstHeld]
      let age = time.nanoseconds(since: first.time)
      let isAcknowledged =
        flow.tcp[direction].acknowledged.map { $0.distance(after: first.sequenceNumber) >= 0 }
        ?? false
      guard age > (isAcknowledged ? limits.acknowledgedHole : limits.hole) else { return }
      skipHole(direction, &flow, time, &consumer)
    }
  }

  /// Gives the hole before the first held segment up, and hands on what follows it.
  private mutating func skipHole(
    _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    let first = flow.tcp[direction].firstHeld
    let missing = pool[first].sequenceNumber.distance(after: flow.tcp[direction].next)
    if missing > 0 { lose(missing, direction, &flow, time, &consumer) }
    handOnHeld(direction, &flow, time, &consumer)
  }

  /// Hands on what is held and now in order.
  private mutating func handOnHeld(
    _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    while true {
      let place = flow.tcp[direction].firstHeld
      guard place != UInt32.max else { return }
      let entry = pool[place]
      let done = flow.tcp[direction].next.distance(after: entry.sequenceNumber)
      guard done >= 0 else { return }
      flow.tcp[direction].firstHeld = entry.next
      flow.tcp[direction].heldCount -= 1
      if done < entry.byteCount {
        flow.tcp[direction].next &+= UInt32(truncatingIfNeeded: entry.byteCount - done)
        if flow.tcp[direction].isWanted {
          TCPReassembly.handOn(
            place, from: done, of: pool, direction, &flow, time, &memories, &consumer)
        }
      }
      pool.release(place)
    }
  }

  @inline(__always)
  private mutating func handOn(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    guard !bytes.isEmpty else { return }
    flow.tcp[direction].next &+= UInt32(truncatingIfNeeded: bytes.byteCount)
    if flow.tcp[direction].isWanted {
      memories.append(bytes, direction, &flow, at: time)
      consumer.received(bytes, direction, of: &flow, at: time)
    } else if flow.tcp[direction].memory != UInt32.max {
      memories.forget(direction, &flow)
    }
  }

  /// Hands on what is held at `place`. A static function, because the compiler tells the parts of a
  /// noncopyable `self` apart only as arguments.
  private static func handOn(
    _ place: UInt32, from start: Int, of pool: borrowing SegmentPool, _ direction: Direction,
    _ flow: inout Flow, _ time: Timestamp, _ memories: inout StreamMemories,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    let bytes = pool.bytes(place).extracting(droppingFirst: start)
    memories.append(bytes, direction, &flow, at: time)
    consumer.received(bytes, direction, of: &flow, at: time)
  }

  private mutating func lose(
    _ byteCount: Int, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    guard byteCount > 0 else { return }
    flow.tcp[direction].next &+= UInt32(truncatingIfNeeded: byteCount)
    guard flow.tcp[direction].isWanted else { return }
    memories.skip(direction, flow)
    counters.gaps &+= 1
    counters.lostBytes &+= UInt64(byteCount)
    consumer.lost(byteCount, direction, of: &flow, at: time)
  }

  @inline(__always)
  private func endIfDone(
    _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    guard let fin = flow.tcp[direction].fin, !flow.tcp[direction].isEnded,
      flow.tcp[direction].next.distance(after: fin) >= 0
    else { return }
    flow.tcp[direction].isEnded = true
    consumer.ended(direction, of: &flow, at: time)
  }
}

extension Anomaly {
  // Suricata's names of the same.
  static var overlapWithDifferentData: Anomaly {
    Anomaly(.stream, "stream.reassembly_overlap_different_data")
  }
  static var outOfWindow: Anomaly { Anomaly(.stream, "stream.est_packet_out_of_window") }
  static var finOutOfWindow: Anomaly { Anomaly(.stream, "stream.fin_out_of_window") }
  static var otherSYN: Anomaly { Anomaly(.stream, "stream.est_syn_resend_diff_seq") }
  static var invalidReset: Anomaly { Anomaly(.stream, "stream.rst_invalid_ack") }
  static var gap: Anomaly { Anomaly(.stream, "stream.reassembly_seq_gap") }
}
