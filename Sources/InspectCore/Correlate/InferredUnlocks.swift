/// Moments at which a phone seems to have been woken, from its traffic alone: after a quiet time it
/// joins the network anew or asks whether there is a way out, or sends to several destinations at
/// once. They are estimates, and not all of them are unlocks.
public struct InferredUnlocks: Sendable {
  public struct Settings: Sendable {
    /// How long nothing was sent before, in nanoseconds; beacons may go on.
    public var quiet: Int64 = 20_000_000_000
    /// Within which time the voices are heard.
    public var span: Int64 = 10_000_000_000
    /// What the voices must have together.
    public var enough = 3
    /// How far the true moment may lie from the estimate, in nanoseconds.
    public var precision: Int64 = 2_000_000_000

    public init() {}
  }

  /// The voice of a destination, of a connectivity check, and of joining the network.
  private static let plain: Int32 = 1
  private static let loud: Int32 = 2
  /// Destinations that send more often than once in so many nanoseconds in the mean tell nothing.
  private static let chatter: Int64 = 90_000_000_000
  /// Nor do those whose intervals hardly vary: the middle half by less than this share.
  private static let regular = 0.25
  private static let limit = 100_000

  private struct Sign {
    /// Of the destination; -1: the network was joined.
    var number: Int32
    var voice: Int32
    var time: Timestamp
  }

  private let settings: Settings
  /// In order of time.
  private var signs: [Sign] = []
  /// Those with a quiet time before them.
  private var starts: [Int] = []
  /// By destination, where its signs are.
  private var places: [[Int]] = []

  /// - Parameters:
  ///   - sends: of each destination, in order of time. What is sent whenever another destination
  ///     is, as questions for names, must not be among them.
  ///   - checks: whether it is a connectivity check.
  ///   - joins: when the phone joined the network.
  public init(
    _ sends: [[Timestamp]], checks: [Bool] = [], joins: [Timestamp] = [],
    settings: Settings = Settings()
  ) {
    self.settings = settings
    for (number, list) in sends.enumerated() {
      let bursts = Bursts.collapse(list)
      guard !InferredUnlocks.isUnmoved(bursts) else { continue }
      let isCheck = checks.indices.contains(number) && checks[number]
      let voice = isCheck ? InferredUnlocks.loud : InferredUnlocks.plain
      for time in bursts {
        signs.append(Sign(number: Int32(truncatingIfNeeded: number), voice: voice, time: time))
      }
    }
    for time in Bursts.collapse(joins.sorted()) {
      signs.append(Sign(number: -1, voice: InferredUnlocks.loud, time: time))
    }
    signs.sort { ($0.time, $0.number) < ($1.time, $1.number) }
    places = [[Int]](repeating: [], count: sends.count)
    for (index, sign) in signs.enumerated() {
      if sign.number >= 0 { places[Int(sign.number)].append(index) }
      if isQuiet(before: index, since: index - 1), starts.count < InferredUnlocks.limit {
        starts.append(index)
      }
    }
  }

  /// All moments, each at its first sign.
  public var times: [Timestamp] {
    starts.compactMap { isWake($0, without: nil) ? signs[$0].time : nil }
  }

  /// The moments that the traffic without this destination shows, so that it does not prove itself:
  /// neither by its voice nor by the quiet that it breaks.
  public func times(without number: Int) -> [Timestamp] {
    guard places.indices.contains(number), !places[number].isEmpty else { return times }
    let own = Int32(truncatingIfNeeded: number)
    var candidates = starts.filter { signs[$0].number != own }
    for place in places[number] {
      // What comes after it begins after a quiet time, when it is taken away.
      var next = place + 1
      while next < signs.count, signs[next].number == own { next += 1 }
      guard next < signs.count, !isQuiet(before: next, since: next - 1) else { continue }
      var previous = place - 1
      while previous >= 0, signs[previous].number == own { previous -= 1 }
      guard isQuiet(before: next, since: previous), candidates.last != next else { continue }
      candidates.append(next)
    }
    return candidates.sorted().compactMap {
      isWake($0, without: own) ? signs[$0].time : nil
    }
  }

  /// Whether a destination tells nothing: it sends all the time, or by the clock.
  private static func isUnmoved(_ bursts: [Timestamp]) -> Bool {
    guard let first = bursts.first, let last = bursts.last, bursts.count > 8 else { return false }
    let span = last.nanoseconds(since: first)
    if bursts.count > 20, span / Int64(bursts.count) < chatter { return true }
    let intervals = zip(bursts, bursts.dropFirst()).map { $1.nanoseconds(since: $0) }.sorted()
    let middle = Double(intervals[intervals.count / 2])
    let spread = Double(intervals[3 * intervals.count / 4]) - Double(intervals[intervals.count / 4])
    return spread < regular * middle
  }

  private func isQuiet(before index: Int, since previous: Int) -> Bool {
    previous < 0
      || signs[index].time.nanoseconds(since: signs[previous].time) >= settings.quiet
  }

  /// Whether the voices from this sign on are enough; the same one twice counts once.
  private func isWake(_ start: Int, without number: Int32?) -> Bool {
    var sum = 0
    var index = start
    while index < signs.count,
      signs[index].time.nanoseconds(since: signs[start].time) <= settings.span
    {
      let sign = signs[index]
      if sign.number != number, !signs[start..<index].contains(where: { $0.number == sign.number })
      {
        sum += Int(sign.voice)
        if sum >= settings.enough { return true }
      }
      index += 1
    }
    return false
  }
}
