/// Follows the sends of one pair (a phone and a destination) past the phone's unlocks, one send
/// after the other, in constant memory, and adds up the evidence.
///
/// The null probability of an unlock's outcome is predictable: its steady rate comes from control
/// windows that lie before it, namely the ten minutes up to a second before this unlock without the
/// minute after the last one, and all such windows before. The larger of the two rates is taken.
public struct LagTracker: Sendable {
  /// The longest control window before an unlock, in nanoseconds.
  static let controlSpan: Int64 = 600_000_000_000
  /// Sends this close before an unlock are no control: a push may have woken the phone.
  static let guardSpan: Int64 = 1_000_000_000
  /// What the local rate is drawn towards the rate so far with, in seconds.
  private static let shrinkage = 120.0
  /// What the rate begins with: half a send in five minutes.
  private static let priorSends = 0.5
  private static let priorSeconds = 300.0
  /// Fewer unlocks are only counted, however well they were answered.
  static let minimumUnlocks = 6

  private let precision: Int64
  /// The unlock that sends are compared with now; -1 before the first.
  private var current = -1
  private var isAnswered = false
  private var bursts = Bursts()
  private var rate = 0.0
  private var controlSends = 0.0
  private var controlSeconds = 0.0
  private var localSends = 0.0
  private(set) var evidence: UnlockEvidence
  /// When the e-value first reached the level.
  public private(set) var sufficed: Timestamp?
  /// Unlocks that a send followed within the horizon.
  public private(set) var answered = 0

  public init(_ laws: LagLaws, precision: Int64 = 0) {
    evidence = UnlockEvidence(laws)
    self.precision = min(max(0, precision), LagLaws.horizon)
  }

  /// Begins anew, with the memory it has.
  public mutating func reset(_ laws: LagLaws) {
    current = -1
    isAnswered = false
    bursts = Bursts()
    (rate, controlSends, controlSeconds, localSends) = (0, 0, 0, 0)
    evidence.reset(laws)
    sufficed = nil
    answered = 0
  }

  /// A send at `time`; returns whether it answers an unlock (and so may have changed the e-value).
  ///
  /// Sends come in order of time; one from the past changes nothing. `unlocks` are sorted, each
  /// once, and may have grown at the end since the last send. `start` is when the observation
  /// began.
  @discardableResult
  public mutating func send(
    at time: Timestamp, unlocks: borrowing [Timestamp], from start: Timestamp, _ laws: LagLaws,
    level: Double
  ) -> Bool {
    guard bursts.begins(at: time) else { return false }
    advance(to: time, unlocks, start, laws)
    if current >= 0 {
      let lag = time.nanoseconds(since: unlocks[current].advanced(byNanoseconds: -precision))
      if lag < LagLaws.horizon {
        guard !isAnswered, let bin = laws.bin(lag) else { return false }
        isAnswered = true
        answered += 1
        evidence.observe(bin: bin, reach: bin, rate: rate, laws)
        if sufficed == nil, current + 1 >= LagTracker.minimumUnlocks, value(laws) >= level {
          sufficed = time
        }
        return true
      }
    }
    guard current + 1 < unlocks.count else { return false }
    let ahead = unlocks[current + 1].nanoseconds(since: time) - precision
    if ahead > LagTracker.guardSpan, ahead <= LagTracker.controlSpan { localSends += 1 }
    return false
  }

  /// The input ends at `end`: unlocks without an answer so far have none.
  public mutating func finish(
    unlocks: borrowing [Timestamp], from start: Timestamp, to end: Timestamp, _ laws: LagLaws
  ) {
    advance(to: end, unlocks, start, laws)
    settle(until: end, unlocks, laws)
  }

  /// The e-value for a trigger now.
  public func value(_ laws: LagLaws) -> Double { evidence.value(laws) }

  /// Goes on to the last unlock that is not after `time`.
  private mutating func advance(
    to time: Timestamp, _ unlocks: borrowing [Timestamp], _ start: Timestamp, _ laws: LagLaws
  ) {
    while current + 1 < unlocks.count {
      let next = unlocks[current + 1].advanced(byNanoseconds: -precision)
      guard next <= time else { return }
      settle(until: next, unlocks, laws)
      begin(next, after: current < 0 ? nil : unlocks[current], start)
      current += 1
      isAnswered = false
    }
  }

  /// Closes the current unlock, which was observed until `end`.
  private mutating func settle(
    until end: Timestamp, _ unlocks: borrowing [Timestamp], _ laws: LagLaws
  ) {
    guard current >= 0, !isAnswered else { return }
    isAnswered = true
    let seen = end.nanoseconds(since: unlocks[current].advanced(byNanoseconds: -precision))
    let reach = laws.bin(seen) ?? LagLaws.binCount
    evidence.observe(bin: nil, reach: reach, rate: rate, laws)
  }

  /// The rate that holds for the unlock at `next`.
  private mutating func begin(_ next: Timestamp, after last: Timestamp?, _ start: Timestamp) {
    let until = next.advanced(byNanoseconds: -LagTracker.guardSpan)
    var from = max(start, next.advanced(byNanoseconds: -LagTracker.controlSpan))
    if let last { from = max(from, last.advanced(byNanoseconds: LagLaws.horizon - precision)) }
    let seconds = max(0, Double(until.nanoseconds(since: from)) / 1e9)
    controlSends += localSends
    controlSeconds += seconds
    let all =
      (controlSends + LagTracker.priorSends) / (controlSeconds + LagTracker.priorSeconds)
    let local =
      (localSends + LagTracker.shrinkage * all) / (seconds + LagTracker.shrinkage)
    rate = max(all, local)
    localSends = 0
  }
}
