import InspectCore

/// Several threads that inspect the same captures: each reads them, and looks at the flows of its own
/// shard. The first shard is worked on by who calls, and the others follow no further than it leads,
/// so that all have looked at the same packets wherever it stops.
struct ShardTeam: ~Copyable {
  /// How far the first shard leads; shared by all threads.
  private final class Lead: @unchecked Sendable {
    private let monitor = Monitor()
    private var packets: UInt64 = 0
    private var isOver = false

    /// The first shard will have looked at so many packets of the captures.
    func extend(to packets: UInt64, isOver: Bool) {
      monitor.lock()
      self.packets = packets
      self.isOver = isOver
      monitor.broadcast()
      monitor.unlock()
    }

    /// Waits until more packets than `packets` are led to; nil when none will be.
    func next(after packets: UInt64) -> UInt64? {
      monitor.lock()
      defer { monitor.unlock() }
      while self.packets <= packets, !isOver { monitor.wait() }
      return self.packets > packets ? self.packets : nil
    }
  }

  /// Where a thread waits for what it is to work on, and leaves what it counted.
  private final class Seat: @unchecked Sendable {
    private let monitor = Monitor()
    private var member: Member?
    private(set) var statistics = InspectorCounters()
    /// What was wrong with the captures for it.
    private(set) var damages: [CaptureError] = []

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
    func leave(_ statistics: InspectorCounters, _ damages: [CaptureError]) {
      self.statistics = statistics
      self.damages = damages
    }
  }

  /// What one thread works with.
  private struct Member: ~Copyable {
    private let number: Int
    private var shard: WholeShard
    private let log: EventLog
    private let merger: ShardMerger
    /// Packets that passed the filter.
    private var packets: UInt64 = 0

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

    mutating func inspect(_ packet: borrowing CapturedPacket, source: UInt16) {
      packets += 1
      shard.inspect(
        packet.bytes, at: packet.timestamp, originalByteCount: packet.originalByteCount,
        linkType: packet.linkType, source: source)
    }

    /// Hands in what was found up to the last packet.
    mutating func handIn() { handIn(until: Moment(beforePacket: packets + 1)) }

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

  /// Packets between two looks at how far the first shard leads.
  private static let stretch: UInt64 = 16_384

  private let lead: Lead
  private let merger: ShardMerger
  private var first: Member
  private let seats: [Seat]
  private let threads: [WorkerThread]
  /// Packets of the captures that the first shard was led to, with those that the filter stopped.
  private var led: UInt64 = 0

  /// - Parameters:
  ///   - count: how many threads there are to be, with the caller's; fewer where the system has no room.
  ///   - files: the captures, which each thread opens anew.
  ///   - makeFilter: makes another filter of the same kind.
  ///   - makeShard: makes the shard of a number that writes to a log.
  init(
    threads count: Int, cases: consuming WholeCase, output: OutputFile?, files: [String],
    makeFilter: @escaping @Sendable () -> PacketFilter?,
    makeShard: (ShardNumber, EventLog) -> WholeShard
  ) {
    let lead = Lead()
    var seats: [Seat] = []
    var threads: [WorkerThread] = []
    while seats.count < count - 1 {
      let seat = Seat()
      let thread = WorkerThread { ShardTeam.work(seat, files, makeFilter(), lead) }
      guard let thread else { break }
      seats.append(seat)
      threads.append(thread)
    }
    let all = seats.count + 1
    let merger = ShardMerger(shards: all, cases: cases, output: output)
    for (index, seat) in seats.enumerated() {
      seat.give(Member(ShardNumber(index + 1, of: all), merger, makeShard))
    }
    first = Member(ShardNumber(0, of: all), merger, makeShard)
    self.seats = seats
    self.lead = lead
    self.merger = merger
    self.threads = threads
  }

  private static func work(
    _ seat: Seat, _ files: [String], _ filter: PacketFilter?, _ lead: Lead
  ) {
    var member = seat.take()
    var packets: UInt64 = 0
    var damages: [CaptureError] = []
    do throws(CaptureError) {
      var timeline = try CaptureTimeline(files)
      var hasPacket = timeline.advance()
      while hasPacket, let end = lead.next(after: packets) {
        let stop = min(end, packets + ShardTeam.stretch)
        while hasPacket, packets < stop {
          if filter?.passes(timeline.packet) ?? true {
            member.inspect(timeline.packet, source: timeline.source)
          }
          packets += 1
          hasPacket = timeline.advance()
        }
        member.handIn()
      }
      damages = timeline.damages
    } catch {
      damages = [error]
    }
    member.finish()
    seat.leave(member.statistics, damages)
  }

  /// The first shard looks at so many packets more, or the captures end before.
  mutating func extend(by packets: Int) {
    led += UInt64(packets)
    lead.extend(to: led, isOver: false)
  }

  mutating func inspect(_ packet: borrowing CapturedPacket, source: UInt16) {
    first.inspect(packet, source: source)
  }

  /// The first shard has looked at the packets that it was led to.
  mutating func handIn() { first.handIn() }

  /// There are no more packets: ends all flows, waits for all threads, and draws the conclusions.
  mutating func finish(_ give: (Alert) -> Void) {
    lead.extend(to: led, isOver: true)
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

  /// What was wrong with the captures for the other threads; meaningful after `finish`. As a rule it is
  /// what was wrong for the first; more, where one of them could not be opened once more.
  var damages: [CaptureError] { seats.flatMap { $0.damages } }

  var unlockCoverage: UnlockCoverage { merger.unlockCoverage }
}
