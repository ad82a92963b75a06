/// Says of each destination of a phone whether it is contacted because the phone is unlocked, or
/// what explains it better.
///
/// Two tests must agree: interval jitter (`UnlockCorrelation`), which excludes coincidence, and the
/// law of the lags (`UnlockEvidence`), which excludes that the person's use explains them.
public struct UnlockStudy: Sendable {
  /// What a phone's log says, in order of time.
  public struct Log: Sendable {
    public var unlocks: [Timestamp] = []
    public var screenOffs: [Timestamp] = []
    /// Where unlocks are told beside them.
    public var screenOns: [Timestamp] = []
    public var boots: [Timestamp] = []
    /// How far its times may be off, on either side, in nanoseconds.
    public var precision: Int64 = 0
    /// The clock where the phone's own words in the capture tell it.
    public var anchor: ClockAnchor?
    /// No unlocks are told: in their place stand the moments at which the screen lit up.
    public var isScreenOn = false
    /// The unlocks are estimates from the traffic.
    public var isInferred = false
    /// The times are the capture's own: no shift of a clock is looked for.
    public var isCaptureClock = false
    /// Randomised slots, if the unlocks were an experiment.
    public var experiment: Experiment?

    public init() {}
  }

  /// With fewer unlocks it is only counted.
  public static let minimumUnlocks = LagTracker.minimumUnlocks

  /// What explains the sends of a destination best.
  public enum Verdict: UInt8, CaseIterable, Sendable {
    /// Too few unlocks to say.
    case tooFew
    /// Nothing to explain.
    case none
    case unlock
    /// Follows the unlocks as a person's use does.
    case use
    case periodic
    /// Comes before the unlock: a message woke the phone, or the person.
    case push
    case screenOff
    case boot
    /// Comes with the screen's lighting up, and not with the unlock.
    case screenOn

    /// The name in events.
    public var name: StaticString {
      switch self {
      case .tooFew: "too-few-unlocks"
      case .none: "none"
      case .unlock: "unlock"
      case .use: "use"
      case .periodic: "periodic"
      case .push: "push"
      case .screenOff: "screen-off"
      case .boot: "boot"
      case .screenOn: "screen-on"
      }
    }
  }

  public struct Settings: Sendable {
    /// Chance findings we accept among those that pass the test of coincidence.
    public var falseDiscoveryRate = 0.01
    /// The e-value at which the evidence suffices.
    public var level = 20.0
    /// The least share of the unlocks that must be followed.
    public var leastShare = 0.4
    public var correlation = UnlockCorrelation.Configuration()

    public init() {}
  }

  /// What is known of one destination.
  public struct Result: Sendable {
    public var statistics: UnlockStatistics
    public var verdict: Verdict
    /// Over all destinations of the phone (Benjamini and Hochberg); nil with too few unlocks.
    public var qValue: Double?
    /// Averaged over the plausible shifts of the clock; nil with too few unlocks.
    public var eValue: Double?
    /// The second opinion: all unlocks shifted together, around the end; nil where not asked.
    public var shiftPValue: Double?
    /// When the e-value reached the level.
    public var evidenceTime: Timestamp?
    /// The same for all destinations of the phone.
    public var clock: ClockShift
    /// In seconds; nil where nothing tells whether the clocks agree.
    public var clockUncertainty: Double?
    public var clockSources = ClockSources()
    /// RITA's, 0 to 1.
    public var beaconScore: Double
    public var isInferred = false
    public var experiment: Experiment.Outcome?
  }

  /// Above this many unlocks only destinations that pass the test of coincidence get an e-value.
  private static let manyUnlocks = 1_000
  /// The share of the unlocks that messages of one destination bring about is below this.
  private static let wakeableShare = 2.0 / 3
  /// So many sends near an unlock, in the mean, are a message and an answer.
  private static let answeredShare = 1.5
  /// Half of the times from a message to a person's unlock lie further apart than this, in seconds,
  /// and not so many of them together.
  private static let steadyRange = 0.4
  private static let steadyShare = 0.8

  private let log: Log
  private let observed: ClosedRange<Timestamp>
  private let settings: Settings
  private let laws: LagLaws
  private let middle: Timestamp

  public init(
    _ log: Log, observed: ClosedRange<Timestamp>, settings: Settings = Settings()
  ) {
    self.log = log
    self.observed = observed
    self.settings = settings
    laws = LagLaws(precision: log.precision)
    let half = observed.upperBound.nanoseconds(since: observed.lowerBound) / 2
    middle = observed.lowerBound.advanced(byNanoseconds: half)
  }

  /// Against wake-ups that the traffic itself shows, on the capture's own clock.
  public init(
    inferred moments: [Timestamp], observed: ClosedRange<Timestamp>,
    precision: Int64 = InferredUnlocks.Settings().precision
  ) {
    var log = Log()
    log.unlocks = moments
    log.precision = precision
    log.isInferred = true
    log.isCaptureClock = true
    self.init(log, observed: observed)
  }

  /// - Parameters:
  ///   - sends: of each destination, in order of time.
  ///   - witnesses: the destinations without whose messages the log would have no anchor, or another;
  ///     their own tests do without it.
  public func examine(_ sends: [[Timestamp]], anchoredBy witnesses: [Int] = []) -> [Result] {
    examine(sends, clock(of: sends, anchoredBy: witnesses))
  }

  /// What the destinations, in their order, tell of the log's clock.
  func clock(of sends: [[Timestamp]], anchoredBy witnesses: [Int]) -> UnlockClock {
    guard !log.isCaptureClock else { return UnlockClock() }
    return UnlockClock(
      unlocks: Bursts.collapse(log.unlocks), screenOffs: Bursts.collapse(log.screenOffs),
      sends: sends, observed: observed, middle: middle, anchor: log.anchor, anchoredBy: witnesses,
      precision: log.precision)
  }

  func examine(_ sends: [[Timestamp]], _ clock: UnlockClock) -> [Result] {
    let unlocks = Bursts.collapse(log.unlocks)
    var tracker = LagTracker(laws, precision: log.precision)
    let test = test(unlocks, clock.told)
    var results = sends.indices.map { number in
      examine(sends[number], [number], unlocks, clock, test, &tracker)
    }
    UnlockStudy.adjust(&results)
    for index in results.indices where results[index].qValue != nil {
      judge(&results[index], sends[index], unlocks, clock, [index], &tracker)
    }
    judge(&results, sends)
    return results
  }

  /// Several destinations as one.
  ///
  /// - Parameters:
  ///   - sends: of all members, in order of time.
  ///   - members: their numbers among the destinations that told the clock: theirs do not count here.
  ///   - others: what is tested beside it.
  func examine(
    _ sends: [Timestamp], members: [Int], _ clock: UnlockClock, besides others: [Result]
  ) -> Result {
    let unlocks = Bursts.collapse(log.unlocks)
    var tracker = LagTracker(laws, precision: log.precision)
    let own = examine(sends, members, unlocks, clock, test(unlocks, clock.told), &tracker)
    var results = [own] + others
    UnlockStudy.adjust(&results)
    if results[0].qValue != nil { judge(&results[0], sends, unlocks, clock, members, &tracker) }
    judge(&results, [sends])
    return results[0]
  }

  /// Sets the q-values from the p-values. What has too few unlocks was not tested, and does not
  /// count among the tests.
  private static func adjust(_ results: inout [Result]) {
    let tested = results.indices.filter { results[$0].statistics.pValue != nil }
    let qValues = BenjaminiHochberg.qValues(tested.map { results[$0].statistics.pValue ?? 1 })
    for (place, index) in tested.enumerated() { results[index].qValue = qValues[place] }
  }

  /// Results that were found one by one count as tests of one family.
  public static func control(_ results: inout [Result], rate: Double = 0.01) {
    adjust(&results)
    for index in results.indices where results[index].verdict == .unlock {
      if results[index].qValue ?? 1 > rate { results[index].verdict = .none }
    }
  }

  /// The counts of one destination under the log's own clock, without its place among others.
  func count(_ sends: [Timestamp]) -> Result {
    var configuration = settings.correlation
    configuration.precision = log.precision
    let statistics = UnlockCorrelation(
      unlocks: log.unlocks, observed: observed, configuration: configuration
    ).statistics(sends: sends)
    var result = Result(
      statistics: statistics, verdict: .none, qValue: nil, eValue: nil, shiftPValue: nil,
      evidenceTime: nil, clock: ClockShift(), clockUncertainty: nil,
      beaconScore: BeaconScore.score(Bursts.collapse(sends), observed: observed))
    result.isInferred = log.isInferred
    return result
  }

  /// Whether most unlocks are followed, and by more than comes before them.
  func isFollowing(_ result: Result) -> Bool {
    let statistics = result.statistics
    return Double(statistics.followed) >= settings.leastShare * Double(statistics.unlocks)
      && statistics.sendsAfterUnlock > statistics.sendsBeforeUnlock && !isPush(result)
      && statistics.unlocks >= LagTracker.minimumUnlocks
      && statistics.pValue ?? 1 <= settings.falseDiscoveryRate
  }

  /// The experiment decides where it can: its unlocks were locked again at once.
  private func judge(_ results: inout [Result], _ sends: [[Timestamp]]) {
    guard let experiment = log.experiment?.within(observed) else { return }
    // Results beyond those with sends have their outcomes.
    for (index, list) in sends.enumerated() {
      results[index].experiment = experiment.evaluate(
        Bursts.collapse(list), seed: settings.correlation.seed)
    }
    let qValues = BenjaminiHochberg.qValues(results.map { $0.experiment?.pValue ?? 1 })
    for (index, list) in sends.enumerated() where qValues[index] <= settings.falseDiscoveryRate {
      results[index].verdict = .unlock
      if results[index].evidenceTime == nil { results[index].evidenceTime = list.last }
    }
  }

  // MARK: One destination

  private func examine(
    _ sends: [Timestamp], _ members: [Int], _ unlocks: [Timestamp], _ clock: UnlockClock,
    _ test: UnlockCorrelation, _ tracker: inout LagTracker
  ) -> Result {
    let told = clock.told
    var result = Result(
      statistics: test.statistics(sends: sends), verdict: .none, qValue: nil, eValue: nil,
      shiftPValue: nil, evidenceTime: nil, clock: told.shift, clockUncertainty: told.uncertainty,
      clockSources: told.sources,
      beaconScore: BeaconScore.score(Bursts.collapse(sends), observed: observed))
    result.isInferred = log.isInferred
    guard let pValue = result.statistics.pValue else {
      result.verdict = .tooFew
      return result
    }
    // Nothing to gain: with so many unlocks the counts alone would have seen it.
    if unlocks.count > UnlockStudy.manyUnlocks, pValue > 0.01 { return result }
    let weights = clock.weights(without: members)
    // Where the destination itself has helped to choose the clock, that choice costs its weight.
    if !clock.isTold(clock.likeliest(without: members)) {
      let weight = weights.indices.reduce(0) { $0 + (clock.isTold($1) ? weights[$1] : 0) }
      result.statistics.pValue = min(1, pValue / max(weight, 1e-9))
    }
    let evidence = evidence(members, sends, unlocks, clock, weights, &tracker)
    result.eValue = evidence.value
    result.evidenceTime = evidence.sufficed
    return result
  }

  /// Of coincidence, on the clock that all are told. The windows are wider by what is not known of
  /// it.
  private func test(_ unlocks: [Timestamp], _ told: UnlockClock.Told) -> UnlockCorrelation {
    var configuration = settings.correlation
    configuration.precision = precision(told.shift, told.uncertainty)
    return UnlockCorrelation(
      unlocks: told.shift.corrected(unlocks, around: middle), observed: observed,
      configuration: configuration)
  }

  /// How far the log's times may be off on the clock that is told, in nanoseconds.
  private func precision(_ shift: ClockShift, _ uncertainty: Double?) -> Int64 {
    let own = min(max(0, log.precision), UnlockCorrelation.longestSpan)
    // Agreement that only the traffic shows is taken as it is.
    guard shift != ClockShift() else { return own }
    return own + Int64(min(60, uncertainty ?? 0) * 1e9)
  }

  private struct Evidence {
    var value = 0.0
    /// The candidate that it is a part of.
    var index = 0
    var sufficed: Timestamp?
  }

  /// The e-value over the plausible shifts, by their weights (`ShiftedEvidence`). Each candidate of
  /// the clock stands for its neighbourhood, of which some shifts are tried, if there may be a
  /// reaction at all. When it
  /// sufficed is asked on the clock that is told, where that suffices, and on the best one only where
  /// it does not.
  private func evidence(
    _ members: [Int], _ sends: [Timestamp], _ unlocks: [Timestamp], _ clock: UnlockClock,
    _ weights: [Double],
    _ tracker: inout LagTracker
  ) -> Evidence {
    var all = ShiftedEvidence(laws)
    var tried: [(found: Evidence, isCentre: Bool, part: (part: Double, exponent: Int))] = []
    let least = least(unlocks.count, sends.count)
    for index in weights.indices where weights[index] >= least {
      guard clock.isTold(index) || clock.mayReact(members, at: index) else {
        all.addNoReaction(weight: weights[index])
        continue
      }
      for (step, share) in steps(around: index, clock) {
        var shift = clock.candidates[index].shift
        shift.offset += step
        run(&tracker, sends, unlocks, shift, level: settings.level)
        let part = all.add(tracker.evidence, weight: weights[index] * share)
        let found = Evidence(index: index, sufficed: tracker.sufficed)
        tried.append((found, step == 0, part))
      }
    }
    var best = Evidence()
    var most = 0.0
    for (found, isCentre, part) in tried {
      let value = all.value(of: part)
      let isTold = clock.isTold(found.index) && value >= settings.level
      let rank = isTold ? (isCentre ? .infinity : UnlockEvidence.ceiling * value) : value
      if rank > most {
        most = rank
        best = found
      }
    }
    best.value = tried.isEmpty ? 0 : all.value()
    return best
  }

  /// In nanoseconds, with their shares.
  private func steps(around index: Int, _ clock: UnlockClock) -> [(Int64, Double)] {
    if log.isCaptureClock || clock.candidates[index].isFine { return [(0, 1)] }
    if index == clock.centre, let anchor = log.anchor {
      let doubt = Int64(max(0.05, min(5, 1.5 * anchor.uncertainty)) * 1e9)
      return [(0, 0.5), (-doubt, 0.25), (doubt, 0.25)]
    }
    return clock.candidates[index].shift == ClockShift()
      ? [(0, 0.7), (-700_000_000, 0.15), (700_000_000, 0.15)]
      : [(-1_000_000_000, 0.25), (-500_000_000, 0.25), (0, 0.25), (500_000_000, 0.25)]
  }

  /// Shifts of less weight are left out, which can only make the e-value smaller: the more unlocks,
  /// the dearer each shift and the less it is needed; and who sends all the time is found at any
  /// shift by chance.
  private func least(_ unlocks: Int, _ sends: Int) -> Double {
    unlocks > 400 || sends > 20 * unlocks ? 0.02 : unlocks > 100 ? 0.001 : 0.000_2
  }

  private func run(
    _ tracker: inout LagTracker, _ sends: [Timestamp], _ moments: [Timestamp], _ shift: ClockShift,
    level: Double
  ) {
    var shifted = shift.corrected(moments, around: middle)
    shifted.removeAll { !observed.contains($0) }
    tracker.reset(laws)
    for send in sends {
      tracker.send(at: send, unlocks: shifted, from: observed.lowerBound, laws, level: level)
    }
    tracker.finish(unlocks: shifted, from: observed.lowerBound, to: observed.upperBound, laws)
  }

  // MARK: What explains it best

  private func judge(
    _ result: inout Result, _ sends: [Timestamp], _ unlocks: [Timestamp], _ clock: UnlockClock,
    _ members: [Int], _ tracker: inout LagTracker
  ) {
    let statistics = result.statistics
    guard let qValue = result.qValue, qValue <= settings.falseDiscoveryRate else {
      result.verdict = result.beaconScore >= 0.8 ? .periodic : .none
      return
    }
    result.shiftPValue = CircularShift.pValue(
      unlocks: result.clock.corrected(unlocks, around: middle), sends: Bursts.collapse(sends),
      observed: observed, window: Int64(statistics.windowSeconds * 1e9),
      precision: precision(result.clock, result.clockUncertainty), seed: settings.correlation.seed)
    let value = result.eValue ?? 0
    // What explains it on the clock as expected is not undone by a clock of the destination's own.
    let isOwn =
      clock.told.index != clock.centre && !clock.isTold(clock.likeliest(without: members))
    if let other = explanation(result, sends, &tracker)
      ?? (isOwn ? plainExplanation(result, sends, unlocks, clock, &tracker) : nil)
    {
      result.verdict = other
    } else if value >= settings.level,
      Double(statistics.followed) >= settings.leastShare * Double(statistics.unlocks),
      statistics.sendsAfterUnlock > statistics.sendsBeforeUnlock
    {
      result.verdict = .unlock
    } else {
      result.verdict = .use
    }
  }

  /// What explains the sends better on the clock as it was expected. Before the unlocks they may also
  /// come because the log is some seconds ahead: a message wakes its reader now and then, but who
  /// takes the phone in hand takes it for many reasons, and nobody does so within half a second of
  /// each message; the screen, which the phone lights up by itself, may. Who is answered as well has
  /// been woken.
  private func plainExplanation(
    _ result: Result, _ sends: [Timestamp], _ unlocks: [Timestamp], _ clock: UnlockClock,
    _ tracker: inout LagTracker
  ) -> Verdict? {
    var plain = result
    plain.clock = clock.candidates[clock.centre].shift
    plain.statistics = test(
      unlocks, UnlockClock.Told(shift: plain.clock, uncertainty: result.clockUncertainty)
    ).statistics(sends: sends)
    let other = explanation(plain, sends, &tracker)
    guard other == .push else { return other }
    let all = Double(result.statistics.unlocks)
    let isTooOften = Double(result.statistics.followed) >= UnlockStudy.wakeableShare * all
    let around = around(plain)
    let near = Double(around.before + around.after)
    let isSteady =
      !log.isScreenOn && result.statistics.lagIQR ?? .infinity <= UnlockStudy.steadyRange
      && Double(result.statistics.followed) >= UnlockStudy.steadyShare * near
    let isAnswered = near > UnlockStudy.answeredShare * all
    return (isTooOften || isSteady) && !isAnswered ? nil : other
  }

  /// What explains the sends better than the unlocks do.
  private func explanation(
    _ result: Result, _ sends: [Timestamp], _ tracker: inout LagTracker
  ) -> Verdict? {
    let others: [(moments: [Timestamp], verdict: Verdict)] = [
      (moments: log.screenOffs, verdict: .screenOff), (moments: log.boots, verdict: .boot),
    ]
    if let other = best(of: others, sends, result, &tracker), other.value > result.eValue ?? 0 {
      return other.verdict
    }
    guard isPush(result) else { return nil }
    let light: [(moments: [Timestamp], verdict: Verdict)] = [
      (moments: log.screenOns, verdict: .screenOn)
    ]
    return best(of: light, sends, result, &tracker)?.verdict ?? .push
  }

  /// How well other moments do as the trigger, where they do.
  private func best(
    of others: [(moments: [Timestamp], verdict: Verdict)], _ sends: [Timestamp], _ result: Result,
    _ tracker: inout LagTracker
  ) -> (verdict: Verdict, value: Double)? {
    var best: (verdict: Verdict, value: Double)?
    for (moments, verdict) in others {
      let moments = Bursts.collapse(moments)
      guard moments.count >= 3 else { continue }
      run(&tracker, sends, moments, result.clock, level: .infinity)
      let value = tracker.value(laws)
      // It must explain as much of what was sent.
      guard tracker.answered * 2 >= result.statistics.followed else { continue }
      if value > best?.value ?? settings.level { best = (verdict, value) }
    }
    return best
  }

  /// Whether about as much comes before the unlocks as after them.
  private func isPush(_ result: Result) -> Bool {
    let (before, after, chance) = around(result)
    return before >= 3 && before * 2 >= after && Double(before) > 3 * chance
  }

  /// What comes in the ten seconds before and after the unlocks, and how many of them by chance. Where
  /// the log is coarse or its clock a rough estimate, a send just before may be one just after; then
  /// the mirrored window alone is asked, which keeps the precision's distance.
  private func around(_ result: Result) -> (before: Int, after: Int, chance: Double) {
    let statistics = result.statistics
    guard precision(result.clock, result.clockUncertainty) <= 400_000_000 else {
      return (statistics.sendsBeforeUnlock, statistics.sendsAfterUnlock, statistics.expected)
    }
    let middle = statistics.correlogram.count / 2
    return (
      statistics.correlogram[(middle - 5)..<middle].reduce(0, +),
      statistics.correlogram[middle..<(middle + 5)].reduce(0, +),
      statistics.expected * max(1, 10 / statistics.windowSeconds)
    )
  }
}

/// The second opinion on coincidence: all unlocks are shifted by the same time, around the end of
/// the observation, which keeps how they and the sends cluster.
enum CircularShift {
  private static let draws = 199
  private static let workLimit = 20_000_000

  /// - Parameters:
  ///   - window, precision: in nanoseconds.
  static func pValue(
    unlocks: [Timestamp], sends: [Timestamp], observed: ClosedRange<Timestamp>, window: Int64,
    precision: Int64, seed: UInt64
  ) -> Double? {
    let span = observed.upperBound.nanoseconds(since: observed.lowerBound)
    guard window > 0, window < 86_400_000_000_000, span > 4 * window, span < .max / 4,
      !sends.isEmpty
    else { return nil }
    let inside = unlocks.filter { observed.contains($0) }
      .map { $0.nanoseconds(since: observed.lowerBound) }
    let targets = sends.filter { observed.contains($0) }
      .map { $0.nanoseconds(since: observed.lowerBound) }
    let early = min(precision, 86_400_000_000_000)
    func followed(_ shift: Int64) -> Int {
      // Two runs, each in order: those that stay before the end, and those that come around.
      var count = 0
      for isAround in [false, true] {
        var next = 0
        for unlock in inside where (unlock + shift > span) == isAround {
          let moment = unlock + shift - (isAround ? span : 0)
          while next < targets.count, targets[next] < moment - early { next += 1 }
          if next < targets.count, targets[next] < moment + window + early { count += 1 }
        }
      }
      return count
    }
    let found = followed(0)
    var random = SplitMix64(seed: seed)
    let work = inside.count + 2 * targets.count + 1
    let draws = max(19, min(draws, workLimit / work))
    var exceeding = 0
    for _ in 0..<draws {
      let shift = window + Int64(random.unit() * Double(span - 2 * window))
      if followed(shift) >= found { exceeding += 1 }
    }
    return Double(exceeding + 1) / Double(draws + 1)
  }
}
