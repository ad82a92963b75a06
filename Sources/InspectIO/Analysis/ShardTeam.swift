import InspectCore

/// Several threads that inspect the same captures, each the flows of its own shard. The first shard is
/// worked on by who calls.
struct ShardTeam: ~Copyable {
  /// Where a thread waits for what it is to work on, and leaves what it counted.
  private final class Seat: @unchecked Sendable {
    private let monitor = Monitor()
    private var member: Member?
    private(set) var statistics = InspectorCounters()

    func give(_ member: consuming Member) {
      monitor.lock()
      self.member = consume member
      monitor.broadcast()
      monitor.unlock()
    }

    func take() -> Member {
      monitor.lock()
      defer { monitor.unlock() }
      while true {
        if let member = member.take() { return member }
        monitor.wait()
      }
    }

    /// The last that the thread does.
    func leave(_ statistics: InspectorCounters) { self.statistics = statistics }
  }

  /// What one thread works with.
  private struct Member: ~Copyable {
    private let number: Int
    private var shard: WholeShard
    private let log: EventLog
    private let merger: ShardMerger
    private var packets: UInt64 = 0
    /// Packets of which all that was found was handed in.
    private var handedIn: UInt64 = 0

    init(
      _ number: ShardNumber, _ merger: ShardMerger,
      _ makeShard: (ShardNumber, EventLog) -> WholeShard
    ) {
      self.number = number.index
      self.merger = merger
      log = EventLog()
      shard = makeShard(number, log)
    }

    var statistics: InspectorCounters { shard.statistics }

    /// Looks at the packets of a batch, and now and then hands in what was found.
    mutating func inspect(_ batch: PacketBatch) {
      for index in 0..<batch.count {
        let entry = batch[index]
        let packet = entry.packet
        shard.inspect(
          packet.bytes, entry.glance, at: packet.timestamp,
          originalByteCount: packet.originalByteCount, linkType: packet.linkType,
          source: entry.source)
      }
      packets += UInt64(batch.count)
      if packets - handedIn >= ShardTeam.stretch { handIn() }
    }

    /// Hands in what was found up to the last packet.
    private mutating func handIn() {
      handedIn = packets
      handIn(until: Moment(beforePacket: packets + 1))
    }

    /// Hands in what was found; what is found later happens at `moment` or later, and not before the
    /// last of what was found.
    private mutating func handIn(until moment: Moment) {
      var part = ShardPart()
      part.events = log.take()
      part.records = shard.takeRecords()
      part.until = max(
        moment, part.events.marks.last?.moment ?? moment, part.records.moments.last ?? moment)
      merger.add(part, of: number)
    }

    /// Ends all flows and hands in what is left.
    mutating func finish() {
      handIn()
      while shard.finishSome() { handIn() }
      handIn(until: .end)
    }
  }

  /// After how many packets what was found is handed in.
  private static let stretch: UInt64 = 16_384

  private let merger: ShardMerger
  private var first: Member
  private let seats: [Seat]
  private let threads: [WorkerThread]

  /// - Parameters:
  ///   - count: how many threads there are to be, with the caller's; fewer where the system has no room.
  ///   - reader: what all look at.
  ///   - begin: is called with how many threads there are, before the reader is used.
  ///   - makeShard: makes the shard of a number that writes to a log.
  init(
    threads count: Int, cases: consuming WholeCase, output: OutputFile?, reader: CaptureReader,
    begin: (_ users: Int) -> Void, makeShard: (ShardNumber, EventLog) -> WholeShard
  ) {
    var seats: [Seat] = []
    var threads: [WorkerThread] = []
    while seats.count < count - 1 {
      let seat = Seat()
      let thread = WorkerThread { ShardTeam.work(seat, reader) }
      guard let thread else { break }
      seats.append(seat)
      threads.append(thread)
    }
    let all = seats.count + 1
    begin(all)
    let merger = ShardMerger(shards: all, cases: cases, output: output)
    for (index, seat) in seats.enumerated() {
      seat.give(Member(ShardNumber(index + 1, of: all), merger, makeShard))
    }
    first = Member(ShardNumber(0, of: all), merger, makeShard)
    self.seats = seats
    self.merger = merger
    self.threads = threads
  }

  private static func work(_ seat: Seat, _ reader: CaptureReader) {
    var member = seat.take()
    var number = 0
    while let batch = reader.batch(number) {
      member.inspect(batch)
      reader.leave(number)
      number += 1
    }
    member.finish()
    seat.leave(member.statistics)
  }

  /// Looks at the packets of a batch.
  mutating func inspect(_ batch: PacketBatch) { first.inspect(batch) }

  /// There are no more packets: ends all flows, waits for all threads, and draws the conclusions.
  mutating func finish(_ give: (Alert) -> Void) {
    first.finish()
    for thread in threads { thread.join() }
    merger.conclude(give)
  }

  /// What all saw; meaningful after `finish`.
  var statistics: InspectorCounters {
    var all = first.statistics
    for seat in seats { all.add(seat.statistics) }
    merger.add(to: &all)
    return all
  }

  var unlockCoverage: UnlockCoverage { merger.unlockCoverage }
}
