import InspectCore

/// What a shard found in a stretch of packets.
struct ShardPart: Sendable {
  var events = EventLog.Part()
  var records = CaseRecords()
  /// All that the shard finds later happens then or later.
  var until = Moment()

  var isEmpty: Bool { events.isEmpty && records.isEmpty }
}

/// Puts what several shards found in the order of the packets, as one inspector would have found it:
/// events are written, and the rest is taken in by the case.
///
/// Whoever hands a part in merges what can be merged, unless somebody does: no thread is kept for it.
/// A shard that is too far ahead of the others waits.
final class ShardMerger: @unchecked Sendable {
  /// Parts of a shard that may wait for the others.
  private static let depth = 4

  /// A part that is being read.
  private struct Reader {
    let part: ShardPart
    private var mark = 0
    private var text = 0
    private var entry = 0
    private var candidate = 0

    init(_ part: ShardPart) { self.part = part }

    /// When the next thing in it happened; nil at its end.
    var moment: Moment? {
      let marks = part.events.marks
      let event = mark < marks.count ? marks[mark].moment : nil
      let entries = part.records.moments
      let record = entry < entries.count ? entries[entry] : nil
      guard let event else { return record }
      return record.map { min($0, event) } ?? event
    }

    /// Hands on all that happened at `moment`.
    mutating func read(
      _ moment: Moment, _ output: OutputFile?, _ cases: inout WholeCase, shard: Int
    ) {
      if mark < part.events.marks.count, part.events.marks[mark].moment == moment {
        let end = part.events.marks[mark].end
        output?.append(part.events.text[text..<end])
        text = end
        mark += 1
      }
      while entry < part.records.moments.count, part.records.moments[entry] == moment {
        cases.take(entry, of: part.records, &candidate, shard: shard)
        entry += 1
      }
    }
  }

  private struct Shard {
    /// Handed in, and not looked at yet.
    var new: [ShardPart] = []
    /// Handed in, and not merged yet, with those that are being read.
    var waiting = 0
    var until = Moment()
  }

  private let output: OutputFile?
  private let monitor = Monitor()
  // Guarded by the monitor.
  private var shards: [Shard]
  private var isMerging = false
  private var isNew = false
  // Of who merges.
  private var cases: WholeCase
  private var readers: [[Reader]]

  init(shards count: Int, cases: consuming WholeCase, output: OutputFile?) {
    self.cases = cases
    self.output = output
    shards = [Shard](repeating: Shard(), count: count)
    readers = [[Reader]](repeating: [], count: count)
  }

  /// Takes in what a shard found; waits while the shard is too far ahead.
  func add(_ part: ShardPart, of number: Int) {
    monitor.lock()
    defer { monitor.unlock() }
    while shards[number].waiting >= ShardMerger.depth { monitor.wait() }
    shards[number].until = part.until
    if !part.isEmpty {
      shards[number].new.append(part)
      shards[number].waiting += 1
    }
    isNew = true
    guard !isMerging else { return }
    isMerging = true
    while isNew {
      isNew = false
      var news: [[ShardPart]] = []
      let untils = shards.map { $0.until }
      for index in shards.indices {
        news.append(shards[index].new)
        shards[index].new = []
      }
      monitor.unlock()
      let merged = merge(news, untils)
      monitor.lock()
      for index in shards.indices { shards[index].waiting -= merged[index] }
      monitor.broadcast()
    }
    isMerging = false
  }

  /// Merges as far as all shards have come; says how many parts of each are done with.
  private func merge(_ news: [[ShardPart]], _ untils: [Moment]) -> [Int] {
    var merged = [Int](repeating: 0, count: readers.count)
    for (number, parts) in news.enumerated() {
      for part in parts {
        cases.open(part.records, of: number)
        let reader = Reader(part)
        if reader.moment == nil { merged[number] += 1 } else { readers[number].append(reader) }
      }
    }
    while let (number, moment) = earliest(untils) {
      readers[number][0].read(moment, output, &cases, shard: number)
      if readers[number][0].moment == nil {
        readers[number].removeFirst()
        merged[number] += 1
      }
    }
    return merged
  }

  /// The shard whose next finding is the earliest of all; nil where one that has none may still find
  /// an earlier one.
  private func earliest(_ untils: [Moment]) -> (Int, Moment)? {
    var earliest: (Int, Moment)?
    for number in readers.indices {
      guard let moment = readers[number].first?.moment else { continue }
      if earliest.map({ moment < $0.1 }) ?? true { earliest = (number, moment) }
    }
    guard let earliest else { return nil }
    for number in readers.indices
    where readers[number].isEmpty && untils[number] <= earliest.1 { return nil }
    return earliest
  }

  // MARK: When all shards are at their end

  func conclude(_ give: (Alert) -> Void) { cases.conclude(give) }

  func add(to counters: inout InspectorCounters) { cases.add(to: &counters) }

  var unlockCoverage: UnlockCoverage { cases.unlockCoverage }
}
