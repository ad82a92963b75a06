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
///
/// Where the phone's own words tell its clock (`ClockAnchor`), the search is centred on that. What
/// the words say does not depend on when the phone was unlocked; yet the destination that received
/// them is tested as if nobody had said them, where nobody else had.
///
/// All destinations are told the same clock: the one that all of them, and the words, find likely.
struct UnlockClock {
  /// One candidate, and the prior weights that nothing was learnt from: with the phone's own words,
  /// and without them.
  struct Candidate {
    var shift: ClockShift
    var prior: Double
    var plainPrior: Double
  }

  /// What is said of the clock.
  struct Told {
    /// Of the candidates.
    var index = 0
    var shift = ClockShift()
    /// In seconds; nil where nothing tells.
    var uncertainty: Double?
    var sources = ClockSources()
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
  /// Nearer to what the phone's own words say, in steps, the traffic knows no better.
  private static let anchored = 5
  /// The traffic tells a clock when the voices for it reach this together.
  private static let audible = 4.0
  /// Where a reaction is less likely than none by this, as a natural logarithm, there is none.
  private static let silence = -3.0
  /// The lags are not known: the traffic tells no clock better than this, in seconds.
  private static let coarse = 1.5
  /// The fastest drift that is searched, in parts of a million, and the most steps to it.
  private static let fastest = 100.0
  private static let driftSteps = 8
  private static let typicalDrift = 30.0
  private static let quarterHour: Int64 = 900_000_000_000

  private(set) var candidates: [Candidate] = []
  /// By witness and candidate: ln((1 + ratio) / 2), for a destination reacts or does not; at most
  /// `loudest`.
  private var voices: [[Double]] = []
  private var numbers: [Int] = []
  private var total: [Double] = []
  /// By witness and candidate: how much likelier a reaction is than none, however loud.
  private var loudness: [[Double]] = []
  private var totalLoudness: [Double] = []
  /// Half of the time over which the log reaches, in seconds.
  private var halfSpan = 0.0
  /// The candidate that the clocks run as the phone's own words say, or agree.
  private(set) var centre = 0
  /// The candidate that the clocks agree.
  private var plainCentre = 0
  private let anchor: ClockAnchor?
  /// The destinations that the anchor rests on.
  private let witnesses: [Int]
  /// What all destinations are told.
  private(set) var told = Told()

  /// The moments are the capture's own.
  init() {
    candidates = [Candidate(shift: ClockShift(), prior: 1, plainPrior: 1)]
    total = [0]
    totalLoudness = [0]
    anchor = nil
    witnesses = []
    told.uncertainty = 0
  }

  /// - Parameters:
  ///   - anchor: what the phone's own words in the capture tell, if there are any.
  ///   - witnesses: the destinations without whose words there would be no anchor.
  init(
    unlocks: [Timestamp], sends: [[Timestamp]], observed: ClosedRange<Timestamp>,
    middle: Timestamp, anchor: ClockAnchor?, anchoredBy anchorWitnesses: [Int],
    precision: Int64
  ) {
    self.anchor = anchor
    witnesses = anchorWitnesses
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
      unlocks: asked, observed: observed, middle: middle,
      laws: LagLaws.coarse(precision: precision), precision: precision)
    seed()
    halfSpan = run.halfSpan
    voices = [[Double]](repeating: [], count: witnesses.count)
    loudness = voices
    for candidate in candidates { ask(witnesses, candidate.shift, &run) }
    if (total.max() ?? 0) < UnlockClock.audible { searchZones(witnesses, &run) }
    // The words tell a drift, or that there is none to see.
    if anchor == nil { searchDrift(witnesses, &run) }
    tell()
  }

  /// The candidates within two minutes of the expected offset.
  private mutating func seed() {
    // Three years at most, so that no sum of times overflows.
    var expected = anchor?.shift ?? ClockShift()
    expected.offset = min(max(expected.offset, -100_000_000_000_000_000), 100_000_000_000_000_000)
    expected.drift = min(max(expected.drift, -200), 200)
    centre = UnlockClock.gridReach
    for step in -UnlockClock.gridReach...UnlockClock.gridReach {
      var shift = expected
      shift.offset &+= Int64(step) * UnlockClock.gridStep
      let isKnown = anchor != nil && step.magnitude <= UnlockClock.anchored
      let prior = step == 0 ? 1 : isKnown ? 0 : UnlockClock.disagreement
      candidates.append(
        Candidate(
          shift: shift, prior: prior, plainPrior: step == 0 ? 1 : UnlockClock.disagreement))
    }
    plainCentre = centre
    // An anchor that says little else than that the clocks agree is as good as none.
    guard expected.offset.magnitude > 1_000_000_000 else { return }
    candidates[centre].plainPrior = UnlockClock.disagreement
    plainCentre = candidates.count
    candidates.append(
      Candidate(shift: ClockShift(), prior: UnlockClock.disagreement, plainPrior: 1))
  }

  /// The zone of the log may be another than was thought: by multiples of a quarter of an hour.
  private mutating func searchZones(_ witnesses: [[Timestamp]], _ run: inout Run) {
    let few = witnesses.filter { $0.count <= 600 }.prefix(8)
    guard !few.isEmpty else { return }
    var found: [(score: Double, offset: Int64)] = []
    for zone in -56...56 where zone != 0 {
      // With an anchor only the zone is open.
      for step in anchor == nil ? -20...20 : 0...0 {
        let offset =
          candidates[centre].shift.offset + Int64(zone) * UnlockClock.quarterHour
          + Int64(step) * 6_000_000_000
        var score = 0.0
        for witness in few {
          score += run.voice(ClockShift(offset: offset), witness, most: 24)
        }
        if score > 8 { found.append((score, offset)) }
      }
    }
    found.sort { $0.score > $1.score }
    for (_, offset) in found.prefix(6) {
      for step in anchor == nil ? -3...3 : 0...0 {
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
    candidates.append(Candidate(shift: shift, prior: prior, plainPrior: prior))
    ask(witnesses, shift, &run)
  }

  private mutating func ask(
    _ witnesses: [[Timestamp]], _ shift: ClockShift, _ run: inout Run
  ) {
    var sum = 0.0
    var loud = 0.0
    for index in witnesses.indices {
      let voice = run.voice(shift, witnesses[index])
      voices[index].append(voice)
      sum += voice
      loudness[index].append(run.loudness)
      loud += max(0, run.loudness)
    }
    total.append(sum)
    totalLoudness.append(loud)
  }

  /// The weights of the candidates for the destinations with these numbers, without their own voices
  /// and words. They sum to one.
  func weights(without members: [Int]) -> [Double] {
    let isPlain = members.contains { witnesses.contains($0) }
    var scores = total
    for own in places(of: members) {
      for index in scores.indices { scores[index] -= voices[own][index] }
    }
    let priors = candidates.map { isPlain ? $0.plainPrior : $0.prior }
    let open = priors.indices.filter { priors[$0] > 0 }
    let most = open.map { scores[$0] }.max() ?? 0
    var weights = [Double](repeating: 0, count: priors.count)
    for index in open {
      weights[index] = priors[index] * Elementary.exp(UnlockClock.temper * (scores[index] - most))
    }
    let sum = weights.reduce(0, +)
    let rest = 1 - UnlockClock.agreement - UnlockClock.doubt
    for index in open {
      weights[index] = rest * weights[index] / sum + UnlockClock.doubt / Double(open.count)
    }
    weights[isPlain ? plainCentre : centre] += UnlockClock.agreement
    return weights
  }

  private func places(of members: [Int]) -> [Int] {
    members.compactMap { number in numbers.firstIndex(of: number) }
  }

  /// Whether the destination with this number may react to the unlocks as they lie by this candidate,
  /// or by the one before it in the search; true where it was not asked, and for several.
  func mayReact(_ members: [Int], at index: Int) -> Bool {
    guard members.count == 1, let own = places(of: members).first else { return true }
    return loudness[own][index] > UnlockClock.silence
      || (index > 0 && loudness[own][index - 1] > UnlockClock.silence)
  }

  /// Decides which clock all destinations are told: the likeliest one.
  private mutating func tell() {
    told.index = likeliest(without: [])
    told.shift = candidates[told.index].shift
    let isHeard = (total.max() ?? 0) >= UnlockClock.audible
    if told.index == centre, let anchor {
      told.uncertainty = anchor.uncertainty
      told.sources = anchor.sources
    } else if isHeard {
      told.uncertainty = max(UnlockClock.coarse, spread(around: told.index))
      told.sources.traffic = true
      // A zone on top of what the words say.
      if let anchor, (told.shift.offset - anchor.shift.offset) % UnlockClock.quarterHour == 0 {
        told.uncertainty = anchor.uncertainty
        told.sources.messages = anchor.sources.messages
        told.sources.ntp = anchor.sources.ntp
      }
    }
  }

  /// The candidate that is likeliest without what the destinations with these numbers do and were
  /// told.
  func likeliest(without members: [Int]) -> Int {
    let own = places(of: members)
    let isPlain = members.contains { witnesses.contains($0) }
    var best = isPlain ? plainCentre : centre
    var most = -Double.infinity
    for index in candidates.indices {
      let prior = isPlain ? candidates[index].plainPrior : candidates[index].prior
      guard prior > 0 else { continue }
      let score = score(index, prior, without: own.reduce(0) { $0 + max(0, loudness[$1][index]) })
      guard score > most else { continue }
      most = score
      best = index
    }
    return best
  }

  /// The logarithm of how likely a candidate is, but for a constant.
  private func score(_ index: Int, _ prior: Double, without own: Double = 0) -> Double {
    let candidate = candidates[index]
    let slip = candidate.shift.drift - candidates[centre].shift.drift
    var prior = prior
    if slip != 0 {
      // A clock that drifts is no likelier than one that is off, and fast drifts are rare.
      let share = slip / UnlockClock.typicalDrift
      prior = min(prior, UnlockClock.disagreement) * Elementary.exp(-share * share / 2)
    }
    return Elementary.log(max(prior, 1e-300)) + UnlockClock.temper * (totalLoudness[index] - own)
  }

  /// How far what is likely spreads around a candidate, in seconds.
  private func spread(around best: Int) -> Double {
    let centre = candidates[best].shift
    let most = score(best, candidates[best].prior)
    var mass = 0.0
    var spread = 0.0
    // What lies far away is doubt about which offset it is, not imprecision of this one.
    for index in candidates.indices where candidates[index].prior > 0 {
      let shift = candidates[index].shift
      let distance =
        abs(Double(shift.offset - centre.offset)) / 1e9
        + abs(shift.drift - centre.drift) / 1e6 * halfSpan / 2
      guard distance <= 10 else { continue }
      let weight = Elementary.exp(score(index, candidates[index].prior) - most)
      mass += weight
      spread += weight * distance * distance
    }
    return mass > 0 ? (spread / mass).squareRoot() : 0
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

    /// Of the last voice, without a limit.
    var loudness: Double { tracker.evidence.loudness(laws) }

    mutating func voice(
      _ shift: ClockShift, _ sends: [Timestamp], most count: Int = .max
    ) -> Double {
      var shifted = shift.corrected(unlocks, around: middle)
      shifted.removeAll { !observed.contains($0) }
      if shifted.count > count { shifted.removeLast(shifted.count - count) }
      tracker.reset(laws)
      guard shifted.count >= 3 else { return 0 }
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
