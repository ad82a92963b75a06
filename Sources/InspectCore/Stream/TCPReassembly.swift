/// Hands the bytes of TCP connections on in order, each once.
///
/// Policy *first wins*: where segments overlap, the bytes that came first count, as on BSD and
/// Windows receivers. Bytes in order pass as views into their packet. What comes too early is held
/// until the hole before it fills, or until it is clear that the capture does not have it: the peer
/// acknowledged it a while ago, the bounds are reached, or the connection is over. Then the consumer
/// is told how many bytes are lost.
struct TCPReassembly: ~Copyable {
  struct Limits: Sendable {
    /// Bytes held for all connections.
    var bytes = 16 << 20
    /// Segments held for a direction of one.
    var segmentsPerDirection = 256
    /// How far ahead a segment may lie (RFC 7323 §2.3: a window has at most 30 bits; few need more).
    var window = 16 << 20
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
  }

  private var pool: SegmentPool
  private let limits: Limits
  private(set) var counters = Counters()

  init(limits: Limits = Limits()) {
    self.limits = limits
    pool = SegmentPool(byteCount: limits.bytes)
  }

  /// Takes a segment in. `cutByteCount` bytes of its data were sent but not captured.
  @inline(__always)
  mutating func process(
    _ segment: borrowing TCPSegment, cutByteCount: Int, _ direction: Direction,
    of flow: inout Flow, at time: Timestamp, into consumer: inout some StreamConsumer & ~Copyable
  ) {
    let flags = segment.flags
    var sequenceNumber = segment.sequenceNumber
    if flags.syn {
      synchronise(flags, sequenceNumber, segment.acknowledgmentNumber, direction, &flow)
      sequenceNumber &+= 1
    }
    let payload = segment.payload
    let byteCount = payload.byteCount + cutByteCount
    if byteCount > 0, !flags.rst, !flow.tcp[direction].isEnded {
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
      if flow.tcp[direction].fin == nil {
        flow.tcp[direction].fin = sequenceNumber &+ UInt32(truncatingIfNeeded: byteCount)
      }
      endIfDone(direction, &flow, time, &consumer)
    }
    if flags.rst { finish(&flow, time, &consumer) }
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
    guard !flow.tcp[direction].isEnded else { return }
    flow.tcp[direction].isEnded = true
    consumer.ended(direction, of: &flow, at: time)
  }

  private func synchronise(
    _ flags: TCPFlags, _ initial: UInt32, _ acknowledgment: UInt32, _ direction: Direction,
    _ flow: inout Flow
  ) {
    if !flow.tcp[direction].isSynchronised {
      flow.tcp[direction].initial = initial
      flow.tcp[direction].next = initial &+ 1
      flow.tcp[direction].isSynchronised = true
    }
    // A SYN/ACK says where the other side begins, should its SYN be missing.
    if flags.ack, !flow.tcp[direction.opposite].isSynchronised {
      flow.tcp[direction.opposite].next = acknowledgment
      flow.tcp[direction.opposite].isSynchronised = true
    }
  }

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
    if ahead + byteCount <= 0 {
      counters.retransmitted &+= 1
      return
    }
    guard ahead <= limits.window else {
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
    flow.tcp[direction].strays += 1
    guard flow.tcp[direction].strays >= 3 else { return }
    flow.tcp[direction].strays = 0
    while flow.tcp[direction].firstHeld != UInt32.max {
      skipHole(direction, &flow, time, &consumer)
    }
    let start = flow.tcp[direction].next &+ UInt32(truncatingIfNeeded: ahead)
    lose(max(0, start.distance(after: flow.tcp[direction].next)), direction, &flow, time, &consumer)
    flow.tcp[direction].next = start
    fill(payload, cutByteCount, 0, direction, &flow, time, &consumer)
  }

  private mutating func acknowledge(
    _ number: UInt32, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    if let known = flow.tcp[direction].acknowledged, number.distance(after: known) <= 0 { return }
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
          consumer.received(
            pool.bytes(place).extracting(done..<entry.byteCount), direction, of: &flow, at: time)
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
      consumer.received(bytes, direction, of: &flow, at: time)
    }
  }

  private mutating func lose(
    _ byteCount: Int, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp,
    _ consumer: inout some StreamConsumer & ~Copyable
  ) {
    guard byteCount > 0 else { return }
    flow.tcp[direction].next &+= UInt32(truncatingIfNeeded: byteCount)
    guard flow.tcp[direction].isWanted else { return }
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
