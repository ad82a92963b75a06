import Glibc
import InspectCore

/// Captures that are read once and looked at by one thread or by several, a batch after the other.
///
/// Whoever needs a batch that nobody has read yet reads it: no thread is kept for it. The memory is
/// bounded: who is far ahead waits for the others.
public final class CaptureReader: @unchecked Sendable {
  /// Batches that some may still look at while others are ahead.
  private static let depth = 16

  private let monitor = Monitor()
  // Of who reads, which is one at a time (`isReading`).
  private var timeline: CaptureTimeline
  private var filter: PacketFilter?
  private var hasTakenFirst = false
  private let batches = (0..<CaptureReader.depth).map { _ in PacketBatch() }
  // Guarded by the monitor.
  private var users = 1
  private var shards = 1
  /// Batches that were read.
  private var count = 0
  /// For each place of `batches`, how many have not yet looked at what is there.
  private var pending = [Int](repeating: 0, count: CaptureReader.depth)
  private var isReading = false
  private var isStopped = false
  private var hasPacket: Bool
  private var share: Double?

  /// The first packet's time; nil where there is no packet.
  public let firstTimestamp: Timestamp?

  /// Opens captures; see `CaptureTimeline`.
  public init(_ paths: [String]) throws(CaptureError) {
    timeline = try CaptureTimeline(paths)
    hasPacket = timeline.advance()
    firstTimestamp = hasPacket ? timeline.packet.timestamp : nil
  }

  /// How many look at each batch, all of them at all packets or each at its shard's. Must come before
  /// the first batch.
  func begin(users: Int, filter: PacketFilter?, sharesByFlow: Bool) {
    self.users = users
    self.filter = filter
    shards = sharesByFlow ? users : 1
  }

  /// The batch with this number, from 0 on, until `leave`; nil when there is none. Each user asks for
  /// all numbers in turn.
  func batch(_ number: Int) -> PacketBatch? {
    monitor.lock()
    defer { monitor.unlock() }
    let place = place(of: number)
    while number >= count {
      if isReading {
        monitor.wait()
      } else if isStopped || !hasPacket {
        return nil
      } else if pending[place] > 0 {
        monitor.wait()
      } else {
        isReading = true
        monitor.unlock()
        let hasMore = batches[place].fill(
          &timeline, fromCurrent: !hasTakenFirst, filter, users: users, shards: shards)
        hasTakenFirst = true
        let progress = timeline.progress
        monitor.lock()
        (hasPacket, share) = (hasMore, progress)
        pending[place] = users
        count += 1
        isReading = false
        monitor.broadcast()
      }
    }
    return batches[place]
  }

  /// A user has looked at a batch.
  func leave(_ number: Int) {
    monitor.lock()
    let place = place(of: number)
    pending[place] -= 1
    if pending[place] == 0 {
      batches[place].removeAll()
      monitor.broadcast()
    }
    monitor.unlock()
  }

  /// One user alone has one batch, which stays in the cache.
  private func place(of number: Int) -> Int { users == 1 ? 0 : number % CaptureReader.depth }

  /// Nothing more is read. What was read, all users may still look at.
  func stop() {
    monitor.lock()
    isStopped = true
    monitor.broadcast()
    monitor.unlock()
  }

  /// Whether there may be packets that were not read.
  public var hasMore: Bool {
    monitor.lock()
    defer { monitor.unlock() }
    return hasPacket
  }

  /// How much was read, from 0 to 1, where that can be known.
  public var progress: Double? {
    monitor.lock()
    defer { monitor.unlock() }
    return share
  }

  /// What was wrong with the captures; meaningful when nobody reads any more.
  public var damages: [CaptureError] { timeline.damages }
}

extension CaptureReader {
  /// Below this, in all, threads are not worth their beginning.
  private static let smallest: Int64 = 16 << 20

  /// How many threads are to look at captures: as many as were `asked` for, else as there are cores.
  /// What comes from a pipe is for one, which Ctrl-C can wake.
  public static func threads(_ paths: [String], asked: Int?) -> Int {
    var bytes: Int64 = 0
    for path in paths {
      var status = stat()
      guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        return 1
      }
      bytes += Int64(status.st_size)
    }
    if let asked { return max(1, asked) }
    return bytes < smallest ? 1 : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }
}
