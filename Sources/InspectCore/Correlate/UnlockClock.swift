/// How a phone's clock runs against the capture's: what is taken off its log's times.
public struct ClockShift: Hashable, Sendable {
  /// How far the log is ahead of the capture, in nanoseconds, in the middle of the observed time.
  public var offset: Int64 = 0
  /// How much faster it runs, in parts of a million.
  public var drift = 0.0

  public init(offset: Int64 = 0, drift: Double = 0) {
    self.offset = offset
    self.drift = drift
  }

  /// Times of the log on the capture's clock, in the same order.
  func corrected(_ times: [Timestamp], around middle: Timestamp) -> [Timestamp] {
    guard offset != 0 || drift != 0 else { return times }
    return times.map { time in
      let slip = drift == 0 ? 0 : drift / 1e6 * Double(time.nanoseconds(since: middle))
      return time.advanced(byNanoseconds: -offset &- Int64(max(-1e15, min(1e15, slip))))
    }
  }
}

/// Which clock shifts are plausible, by what the phone's destinations other than the tested one do
/// after its unlocks.
///
/// For each destination and each candidate the likelihood ratio of "it reacts to the unlocks, by
/// itself or through the person" against coincidence is known (`UnlockEvidence.reaction`). The
/// tested destination is left out of its own clock, so that it cannot choose the shift that suits
/// it; the candidates' weights are a prior for its test, in which they are averaged, not maximised.
struct UnlockClock {
  /// One candidate, and the prior weight that nothing was learnt from.
  struct Candidate {
    var shift: ClockShift
    var prior: Double
  }

  /// The most a single destination may say, as a natural logarithm: no destination decides alone
  /// against several.
  private static let loudest = 20.0
  /// Destinations of one phone do not act independently, and the laws are not quite theirs: their
  /// voices count half.
  private static let temper = 0.5
  /// How much less likely each other shift is beforehand than that the clocks agree.
  private static let disagreement = 2e-4
  /// How likely it is beforehand that the log's clock drifts visibly.
  private static let drifting = 0.1
  /// Weights that remain for "the clocks agree" and for any other shift, whatever the others say.
  private static let agreement = 0.1
  private static let doubt = 0.1
  /// Destinations and unlocks that are asked; a clock needs no more.
  private static let witnessLimit = 48
  private static let unlockLimit = 120
  private static let gridStep: Int64 = 2_000_000_000
  /// Offsets are searched this far, in steps: 120 s.
  private static let gridReach = 60
  /// The fastest drift that is searched, in parts of a million, and the most steps to it.
  private static let fastest = 100.0
  private static let driftSteps = 8
  private static let quarterHour: Int64 = 900_000_000_000

  private(set) var candidates: [Candidate] = []
  /// By witness and candidate: ln((1 + ratio) / 2), for a destination reacts or does not.
  private var voices: [[Double]] = []
  private var numbers: [Int] = []
  private var total: [Double] = []
  /// The candidate that the clocks agree, or run as the anchor says.
  private var centre = 0

  /// The moments are the capture's own.
  init() {
    candidates = [Candidate(shift: ClockShift(), prior: 1)]
    total = [0]
  }

  /// - Parameters:
  ///   - anchor: an offset that the phone's own words in the capture tell, if there are any.
  init(
    unlocks: [Timestamp], sends: [[Timestamp]], observed: ClosedRange<Timestamp>,
    middle: Timestamp, anchor: ClockShift?, laws: LagLaws, precision: Int64
  ) {
    let stride = max(1, (unlocks.count + UnlockClock.unlockLimit - 1) / UnlockClock.unlockLimit)
    let asked = unlocks.indices.filter { $0 % stride == 0 }.map { unlocks[$0] }
    let loud = sends.indices.filter { sends[$0].count >= 3 }.sorted {
      (sends[$1].count, $0) < (sends[$0].count, $1)
    }
    // The busiest ones say little about single unlocks.
    numbers = Array(
      loud.filter { sends[$0].count <= 200 * max(1, unlocks.count) }
        .prefix(UnlockClock.witnessLimit))
    let witnesses = numbers.map { number in
      UnlockClock.near(asked, sends[number], within: 740_000_000_000)
    }
    var run = Run(
      unlocks: asked, observed: observed, middle: middle, laws: laws, precision: precision)
    // Three years at most, so that no sum of times overflows.
    let expected = min(max(anchor?.offset ?? 0, -100_000_000_000_000_000), 100_000_000_000_000_000)
    centre = UnlockClock.gridReach
    for step in -UnlockClock.gridReach...UnlockClock.gridReach {
      let offset = expected &+ Int64(step) * UnlockClock.gridStep
      candidates.append(
        Candidate(
          shift: ClockShift(offset: offset), prior: step == 0 ? 1 : UnlockClock.disagreement))
    }
    voices = witnesses.map { sends in
      candidates.map { run.voice($0.shift, sends) }
    }
    total = UnlockClock.sum(voices, count: candidates.count)
    if anchor == nil, (total.max() ?? 0) < 4 { searchZones(witnesses, &run) }
    searchDrift(witnesses, &run)
  }

  /// The zone of the log may be another than was thought: by multiples of a quarter of an hour.
  private mutating func searchZones(_ witnesses: [[Timestamp]], _ run: inout Run) {
    let few = witnesses.filter { $0.count <= 600 }.prefix(8)
    guard !few.isEmpty else { return }
    var found: [(score: Double, offset: Int64)] = []
    for zone in -56...56 where zone != 0 {
      for step in -20...20 {
        let offset = Int64(zone) * UnlockClock.quarterHour + Int64(step) * 6_000_000_000
        var score = 0.0
        for witness in few {
          score += run.voice(ClockShift(offset: offset), witness, most: 24)
        }
        if score > 8 { found.append((score, offset)) }
      }
    }
    found.sort { $0.score > $1.score }
    for (_, offset) in found.prefix(6) {
      for step in -3...3 {
        add(ClockShift(offset: offset + Int64(step) * UnlockClock.gridStep), 1e-5, witnesses, &run)
      }
    }
  }

  /// A clock that runs fast or slow smears the lags of a long capture.
  private mutating func searchDrift(_ witnesses: [[Timestamp]], _ run: inout Run) {
    let half = run.halfSpan
    let displacement = UnlockClock.fastest / 1e6 * half
    guard displacement > 0.7, let best = total.indices.max(by: { total[$0] < total[$1] }) else {
      return
    }
    let steps = min(UnlockClock.driftSteps, Int(displacement.rounded(.up)))
    let centre = candidates[best].shift.offset
    for step in -steps...steps where step != 0 {
      let drift = UnlockClock.fastest * Double(step) / Double(steps)
      for side in -3...3 {
        let offset = centre + Int64(side) * UnlockClock.gridStep
        add(
          ClockShift(offset: offset, drift: drift), UnlockClock.drifting / Double(14 * steps),
          witnesses,
          &run)
      }
    }
  }

  private mutating func add(
    _ shift: ClockShift, _ prior: Double, _ witnesses: [[Timestamp]], _ run: inout Run
  ) {
    candidates.append(Candidate(shift: shift, prior: prior))
    var sum = 0.0
    for index in witnesses.indices {
      let voice = run.voice(shift, witnesses[index])
      voices[index].append(voice)
      sum += voice
    }
    total.append(sum)
  }

  /// The weights of the candidates for the destination with this number, without its own voice;
  /// nil: with all. They sum to one.
  func weights(without number: Int?) -> [Double] {
    let own = number.flatMap { number in numbers.firstIndex(of: number) }
    var scores = total
    if let own { for index in scores.indices { scores[index] -= voices[own][index] } }
    let most = scores.max() ?? 0
    var weights = candidates.indices.map {
      candidates[$0].prior * Elementary.exp(UnlockClock.temper * (scores[$0] - most))
    }
    let sum = weights.reduce(0, +)
    let rest = 1 - UnlockClock.agreement - UnlockClock.doubt
    for index in weights.indices {
      weights[index] = rest * weights[index] / sum + UnlockClock.doubt / Double(weights.count)
    }
    weights[centre] += UnlockClock.agreement
    return weights
  }

  /// What the weights say of the offset: the spread around the most plausible, in seconds.
  func uncertainty(of weights: [Double]) -> Double {
    guard let best = weights.indices.max(by: { weights[$0] < weights[$1] }) else { return 0 }
    let centre = candidates[best].shift.offset
    var mass = 0.0
    var spread = 0.0
    // What lies far away is doubt about which offset it is, not imprecision of this one.
    for index in weights.indices {
      let distance = Double(candidates[index].shift.offset - centre) / 1e9
      guard distance.magnitude <= 10 else { continue }
      let learnt = max(0, weights[index] - UnlockClock.doubt / Double(weights.count))
      mass += learnt
      spread += learnt * distance * distance
    }
    return mass > 0 ? (spread / mass).squareRoot() : 0
  }

  private static func sum(_ voices: [[Double]], count: Int) -> [Double] {
    var total = [Double](repeating: 0, count: count)
    for voice in voices { for index in total.indices { total[index] += voice[index] } }
    return total
  }

  /// The sends that are near enough to an unlock to be compared with it under any shift.
  private static func near(
    _ unlocks: [Timestamp], _ sends: [Timestamp], within reach: Int64
  ) -> [Timestamp] {
    // All of them, where the log may be hours off.
    guard sends.count > 4_096 else { return sends }
    var next = 0
    return sends.filter { send in
      while next < unlocks.count, unlocks[next].nanoseconds(since: send) < -reach { next += 1 }
      return next < unlocks.count && unlocks[next].nanoseconds(since: send) < reach
    }
  }

  /// Compares one destination with the unlocks under one shift.
  private struct Run {
    let unlocks: [Timestamp]
    let observed: ClosedRange<Timestamp>
    let middle: Timestamp
    let laws: LagLaws
    var tracker: LagTracker

    init(
      unlocks: [Timestamp], observed: ClosedRange<Timestamp>, middle: Timestamp, laws: LagLaws,
      precision: Int64
    ) {
      self.unlocks = unlocks
      self.observed = observed
      self.middle = middle
      self.laws = laws
      tracker = LagTracker(laws, precision: precision)
    }

    /// Half of the time over which the log reaches, in seconds.
    var halfSpan: Double {
      guard let first = unlocks.first, let last = unlocks.last else { return 0 }
      return last.seconds(since: first) / 2
    }

    mutating func voice(
      _ shift: ClockShift, _ sends: [Timestamp], most count: Int = .max
    ) -> Double {
      var shifted = shift.corrected(unlocks, around: middle)
      shifted.removeAll { !observed.contains($0) }
      if shifted.count > count { shifted.removeLast(shifted.count - count) }
      guard shifted.count >= 3 else { return 0 }
      tracker.reset(laws)
      for send in sends {
        tracker.send(
          at: send, unlocks: shifted, from: observed.lowerBound, laws, level: .infinity)
      }
      tracker.finish(
        unlocks: shifted, from: observed.lowerBound, to: observed.upperBound, laws)
      let ratio = tracker.evidence.reaction(laws)
      return min(UnlockClock.loudest, Elementary.log((1 + ratio) / 2))
    }
  }
}
