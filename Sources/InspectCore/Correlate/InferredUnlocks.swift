/// Moments at which a phone seems to have been woken, from its traffic alone: after a quiet time it
/// sends to several destinations at once. They are estimates, and not all of them are unlocks.
public struct InferredUnlocks: Sendable {
  /// How long nothing was sent before, in nanoseconds; beacons may go on.
  static let quiet: Int64 = 60_000_000_000
  /// Within which time how many destinations follow.
  static let span: Int64 = 6_000_000_000
  static let voices = 3
  /// How far the true moment may lie from the estimate, in nanoseconds.
  public static let precision: Int64 = 3_000_000_000
  /// Destinations that send more often than once in so many nanoseconds in the mean tell nothing.
  private static let chatter: Int64 = 90_000_000_000
  private static let limit = 100_000

  /// A wake-up, and who sent when it was.
  struct Moment: Sendable {
    var times: [(number: Int, time: Timestamp)]
  }

  private(set) var moments: [Moment] = []

  /// - Parameter sends: of each destination, in order of time.
  public init(_ sends: [[Timestamp]]) {
    var all: [(number: Int, time: Timestamp)] = []
    for (number, list) in sends.enumerated() {
      guard let first = list.first, let last = list.last else { continue }
      let bursts = Bursts.collapse(list)
      let isChatter =
        bursts.count > 20
        && last.nanoseconds(since: first) / Int64(bursts.count) < InferredUnlocks.chatter
      if !isChatter { all += bursts.map { (number, $0) } }
    }
    all.sort { $0.time < $1.time }
    var index = 0
    var previous: Timestamp?
    while index < all.count, moments.count < InferredUnlocks.limit {
      let time = all[index].time
      defer { previous = time }
      let isQuiet =
        previous.map { time.nanoseconds(since: $0) >= InferredUnlocks.quiet } ?? true
      guard isQuiet else {
        index += 1
        continue
      }
      var times: [(number: Int, time: Timestamp)] = []
      var next = index
      while next < all.count, all[next].time.nanoseconds(since: time) <= InferredUnlocks.span {
        let number = all[next].number
        if !times.contains(where: { $0.number == number }) { times.append(all[next]) }
        next += 1
      }
      if times.count >= InferredUnlocks.voices { moments.append(Moment(times: times)) }
      index += 1
    }
  }

  /// All moments, at the first send.
  public var times: [Timestamp] { moments.compactMap { $0.times.first?.time } }

  /// The moments that enough destinations show without this one, so that it does not prove itself.
  func moments(without number: Int) -> [Timestamp] {
    moments.compactMap { moment in
      let others = moment.times.filter { $0.number != number }
      return others.count >= InferredUnlocks.voices - 1 ? others.first?.time : nil
    }
  }
}
