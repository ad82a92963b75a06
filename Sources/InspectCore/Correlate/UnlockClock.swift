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
    /// Half a second from the next: it stands for itself, and not for a neighbourhood.
    var isFine = false
  }

  /// What is said of the clock.
  struct Told {
    /// Of the candidates, the nearest one.
    var index = 0
    var shift = ClockShift()
    /// In seconds, to either side: in nineteen cases of twenty the log's clock is within it. Nil
    /// where nothing tells.
    var uncertainty: Double?
    var sources = ClockSources()
  }

  /// The most a single destination may say for one clock against another that it finds far from
  /// as likely, as a natural logarithm: no destination decides alone against several.
  private static let loudest = 20.0
  /// Destinations of one phone do not act independently, and the laws are not quite theirs: their
  /// voices count less than they say.
  private static let temper = 0.8
  /// Where it is said how well the clock is known they count less: so it covers the errors of phones
  /// and people who are unlike the laws (docs/unlock-evaluation.md).
  private static let modesty = 0.25
  /// Nobody's laws are exactly these: what remains of that however much was seen, in seconds.
  private static let misfit = 1.2
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
  /// Around the likeliest offset they are told apart to half a second, this many steps to either
  /// side.
  private static let fineStep: Int64 = 500_000_000
  private static let fineReach = 16
  /// When the first of a person's answers come is not known better than this: half a second before
  /// the laws' start to two and a half after it, in fine steps.
  private static let starts = -1...5
  /// Nearer to what the phone's own words say, in steps, the traffic knows no better.
  private static let anchored = 5
  /// The traffic tells a clock when the voices for it reach this together.
  private static let audible = 4.0
  /// When they reach this for one clock, that is expected or in another zone, it is not by chance.
  private static let settled = 8.0
  /// Where a reaction is less likely than none by this, as a natural logarithm, there is none.
  private static let silence = -3.0
  /// The share of what is likely that must lie within the uncertainty that is told.
  private static let coverage = 0.95
  /// From a standard deviation to that uncertainty (JCGM 100:2008, 6.2).
  private static let coverageFactor = 2.0
  /// The fastest drift that is searched, in parts of a million, and the most steps to it.
  private static let fastest = 100.0
  private static let driftSteps = 8
  private static let typicalDrift = 30.0
  private static let quarterHour: Int64 = 900_000_000_000

  private(set) var candidates: [Candidate] = []
  /// By witness and candidate: ln((1 + ratio) / 2), for a destination reacts or does not; at most
  /// `loudest` above silence.
  private var voices: [[Double]] = []
  private var numbers: [Int] = []
  private var total: [Double] = []
  /// By witness and candidate: how much likelier a reaction is than none, however loud, as a natural
  /// logarithm; and its two parts.
  private var loudness: [[Double]] = []
  private var parts: [[(use: Double, trigger: Double)]] = []
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
    unlocks: [Timestamp], screenOffs: [Timestamp], sends: [[Timestamp]],
    observed: ClosedRange<Timestamp>, middle: Timestamp, anchor: ClockAnchor?,
    anchoredBy anchorWitnesses: [Int], precision: Int64
  ) {
    self.anchor = anchor
    witnesses = anchorWitnesses
    let asked = UnlockClock.some(of: unlocks)
    let offs = UnlockClock.some(of: screenOffs)
    let loud = sends.indices.filter { sends[$0].count >= 3 }.sorted {
      (sends[$1].count, $0) < (sends[$0].count, $1)
    }
    // The busiest ones say little about single unlocks.
    numbers = Array(
      loud.filter { sends[$0].count <= 200 * max(1, unlocks.count) }
        .prefix(UnlockClock.witnessLimit))
    let reach: Int64 = 740_000_000_000
    var witnesses = numbers.map { number in
      Witness(sends: UnlockClock.near(asked, sends[number], within: reach), moments: asked)
    }
    var run = Run(
      observed: observed, middle: middle, laws: LagLaws.coarse(precision: precision),
      precision: precision)
    seed()
    if let first = asked.first, let last = asked.last { halfSpan = last.seconds(since: first) / 2 }
    parts = [[(use: Double, trigger: Double)]](repeating: [], count: witnesses.count)
    loudness = [[Double]](repeating: [], count: witnesses.count)
    for candidate in candidates { ask(witnesses, candidate.shift, &run) }
    if offs.count >= 3 {
      for index in witnesses.indices {
        let sends = UnlockClock.near(offs, sends[numbers[index]], within: reach)
        askAboutDark(Witness(sends: sends, moments: offs), &witnesses, index, &run)
      }
    }
    searchZones(witnesses, &run)
    // The words tell a drift, or that there is none to see.
    if anchor == nil { searchDrift(witnesses, &run) }
    searchNear(witnesses, &run)
    limitVoices()
    tell()
  }

  /// A destination, and the moments to which it may react.
  private struct Witness {
    var sends: [Timestamp]
    var moments: [Timestamp]
  }

  /// So many of the moments that the clock can be told, evenly.
  private static func some(of moments: [Timestamp]) -> [Timestamp] {
    let stride = max(1, (moments.count + unlockLimit - 1) / unlockLimit)
    return moments.indices.filter { $0 % stride == 0 }.map { moments[$0] }
  }

  /// What reacts to the screen's going dark seems to come at some time after the unlock; it tells the
  /// clock better by what it reacts to.
  private mutating func askAboutDark(
    _ dark: Witness, _ witnesses: inout [Witness], _ index: Int, _ run: inout Run
  ) {
    let loudest = loudness[index].max() ?? 0
    guard loudest > UnlockClock.audible else { return }
    let parts = candidates.map { run.loudness($0.shift, dark) }
    let loudness = parts.map(UnlockClock.loudness)
    guard loudness.max() ?? 0 > loudest else { return }
    witnesses[index] = dark
    self.parts[index] = parts
    self.loudness[index] = loudness
    sumUp()
  }

  private mutating func sumUp() {
    total = [Double](repeating: 0, count: candidates.count)
    totalLoudness = total
    for row in loudness {
      for (index, loudness) in row.enumerated() {
        total[index] += min(UnlockClock.loudest, UnlockClock.voice(loudness))
        totalLoudness[index] += max(0, loudness)
      }
    }
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
  private mutating func searchZones(_ witnesses: [Witness], _ run: inout Run) {
    let asked = witnesses.indices.filter { witnesses[$0].sends.count <= 600 }.prefix(8)
    // What is likely near by may be so by chance, as the likeliest of many; that the clock runs as is
    // expected is one clock only.
    let expected = asked.reduce(0) {
      $0 + min(UnlockClock.loudest, UnlockClock.voice(loudness[$1][centre]))
    }
    guard !asked.isEmpty, expected < UnlockClock.settled else { return }
    var found: [(score: Double, offset: Int64)] = []
    for zone in -56...56 where zone != 0 {
      // With an anchor only the zone is open.
      for step in anchor == nil ? -20...20 : 0...0 {
        let offset =
          candidates[centre].shift.offset + Int64(zone) * UnlockClock.quarterHour
          + Int64(step) * 6_000_000_000
        var score = 0.0
        for index in asked {
          let loudness = run.loudness(ClockShift(offset: offset), witnesses[index], most: 24)
          score += min(
            UnlockClock.loudest, UnlockClock.voice(UnlockClock.loudness(loudness)))
        }
        if score > UnlockClock.settled { found.append((score, offset)) }
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
  private mutating func searchDrift(_ witnesses: [Witness], _ run: inout Run) {
    let displacement = UnlockClock.fastest / 1e6 * halfSpan
    guard displacement > 0.7,
      let best = totalLoudness.indices.max(by: { totalLoudness[$0] < totalLoudness[$1] })
    else { return }
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

  /// Around the likeliest offset the candidates are moved together: what is likely there depends on
  /// less than two seconds.
  private mutating func searchNear(_ witnesses: [Witness], _ run: inout Run) {
    let best = likeliest(without: [])
    let isAnchored = anchor != nil && isWordsOwn(candidates[best].shift)
    guard !isAnchored, (total.max() ?? 0) >= UnlockClock.audible else { return }
    let around = candidates[best]
    let share = Double(UnlockClock.fineStep) / Double(UnlockClock.gridStep)
    let prior = around.prior == 1 ? UnlockClock.disagreement : around.prior
    let reach = Int64(UnlockClock.fineReach) * UnlockClock.fineStep
    for index in candidates.indices where index != centre && index != plainCentre {
      let shift = candidates[index].shift
      guard shift.drift == around.shift.drift,
        (shift.offset - around.shift.offset).magnitude <= reach.magnitude
      else { continue }
      candidates[index].prior = 0
      candidates[index].plainPrior = 0
    }
    for step in -UnlockClock.fineReach...UnlockClock.fineReach {
      var shift = around.shift
      shift.offset += Int64(step) * UnlockClock.fineStep
      add(shift, prior * share, witnesses, &run)
      candidates[candidates.count - 1].isFine = true
    }
    blurStarts(candidates.count - 2 * UnlockClock.fineReach - 1..<candidates.count)
  }

  /// A person's first answers may come somewhat later, or earlier, than the laws have it: what they
  /// say of a clock is blurred by that.
  private mutating func blurStarts(_ fine: Range<Int>) {
    let starts = UnlockClock.starts
    for witness in parts.indices {
      let use = fine.map { parts[witness][$0].use }
      for (place, index) in fine.enumerated() {
        let near = starts.map { use[min(max(place - $0, 0), use.count - 1)] }
        let most = near.max() ?? 0
        let mean = near.reduce(0) { $0 + Elementary.exp($1 - most) } / Double(starts.count)
        parts[witness][index].use = most + Elementary.log(mean)
        loudness[witness][index] = UnlockClock.loudness(parts[witness][index])
      }
    }
    // The clocks' agreement is one of them.
    if let same = fine.first(where: { candidates[$0].shift == candidates[centre].shift }) {
      for witness in loudness.indices { loudness[witness][centre] = loudness[witness][same] }
    }
    for index in Array(fine) + [centre] { sumUp(candidate: index) }
  }

  /// Whether a shift is what the phone's words say, but for its zone.
  private func isWordsOwn(_ shift: ClockShift) -> Bool {
    guard let anchor else { return false }
    return (shift.offset - anchor.shift.offset) % UnlockClock.quarterHour == 0
  }

  private mutating func add(
    _ shift: ClockShift, _ prior: Double, _ witnesses: [Witness], _ run: inout Run
  ) {
    candidates.append(Candidate(shift: shift, prior: prior, plainPrior: prior))
    ask(witnesses, shift, &run)
  }

  private mutating func ask(
    _ witnesses: [Witness], _ shift: ClockShift, _ run: inout Run
  ) {
    for index in witnesses.indices {
      let parts = run.loudness(shift, witnesses[index])
      self.parts[index].append(parts)
      loudness[index].append(UnlockClock.loudness(parts))
    }
    total.append(0)
    totalLoudness.append(0)
    sumUp(candidate: total.count - 1)
  }

  private mutating func sumUp(candidate index: Int) {
    total[index] = 0
    totalLoudness[index] = 0
    for row in loudness {
      total[index] += min(UnlockClock.loudest, UnlockClock.voice(row[index]))
      totalLoudness[index] += max(0, row[index])
    }
  }

  /// The person's use, or a trigger: each is as likely beforehand.
  private static func loudness(_ parts: (use: Double, trigger: Double)) -> Double {
    let (more, less) = (max(parts.use, parts.trigger), min(parts.use, parts.trigger))
    return more + Elementary.log((1 + Elementary.exp(less - more)) / 2)
  }

  /// A destination reacts, or does not: each is as likely beforehand.
  private static func voice(_ loudness: Double) -> Double {
    let half = 0.693_147_180_559_945_3
    return loudness > 30 ? loudness - half : Elementary.log(1 + Elementary.exp(loudness)) - half
  }

  /// How much louder than at another clock a destination is at its best one is limited at the other
  /// one: what it tells between neighbours stays.
  private mutating func limitVoices() {
    total = [Double](repeating: 0, count: candidates.count)
    voices = loudness.map { row in
      let row = row.map(UnlockClock.voice)
      let excess = max(0, (row.max() ?? 0) - UnlockClock.loudest)
      return row.map { max(-0.7, $0 - excess) }
    }
    for row in voices { for index in row.indices { total[index] += row[index] } }
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

  /// Decides which clock all destinations are told: the likeliest one, or among neighbours the
  /// middle of what is likely.
  private mutating func tell() {
    told.index = likeliest(without: [])
    told.shift = candidates[told.index].shift
    if let anchor, isWordsOwn(told.shift) {
      told.uncertainty = UnlockClock.coverageFactor * anchor.uncertainty
      told.sources = anchor.sources
      // A zone on top of what the words say is the traffic's.
      if told.index != centre { told.sources.traffic = true }
      return
    }
    let near = candidates.indices.filter { candidates[$0].isFine }
    guard !near.isEmpty else { return }
    told.sources.traffic = true
    let most = near.map { totalLoudness[$0] }.max() ?? 0
    let likely = near.map { index in
      Elementary.exp(UnlockClock.modesty * (totalLoudness[index] - most))
    }
    let all = likely.reduce(0, +)
    if candidates[told.index].isFine {
      var sum = 0.0
      for (place, index) in near.enumerated() {
        sum += likely[place]
        guard sum >= all / 2 else { continue }
        told.index = index
        told.shift = candidates[index].shift
        break
      }
    }
    // Beforehand no offset is likelier than another here, the clocks' agreement neither. What is left
    // of the grid stands for two seconds each.
    let wide = Double(UnlockClock.gridStep) / Double(UnlockClock.fineStep)
    let distances = candidates.indices.filter { isNear($0) }.map { index in
      (
        distance: (candidates[index].shift.offset - told.shift.offset).magnitude,
        likely: (candidates[index].isFine ? 1 : wide)
          * Elementary.exp(UnlockClock.modesty * (totalLoudness[index] - most))
      )
    }.sorted { $0.distance < $1.distance }
    let mass = distances.reduce(0) { $0 + $1.likely }
    var reach = 0.0
    var sum = 0.0
    for (distance, likely) in distances where sum < UnlockClock.coverage * mass {
      sum += likely
      reach = Double(distance) / 1e9
    }
    told.uncertainty = (reach * reach + UnlockClock.misfit * UnlockClock.misfit).squareRoot()
  }

  /// Whether a candidate counts for how well the clock that is told is known: not one that only takes
  /// part because the clocks may agree, nor one with another drift or in another zone.
  private func isNear(_ index: Int) -> Bool {
    guard !candidates[index].isFine else { return true }
    let (shift, isOpen) = (candidates[index].shift, candidates[index].prior > 0)
    return isOpen && index != centre && index != plainCentre
      && shift.drift == told.shift.drift
      && (shift.offset - told.shift.offset).magnitude < UnlockClock.quarterHour.magnitude / 2
  }

  /// Whether a candidate is the clock that is told, as far as it is known. That the clocks agree is
  /// a claim of its own, however near it is.
  func isTold(_ index: Int) -> Bool {
    guard index != told.index else { return true }
    guard candidates[index].isFine, told.index != centre else { return false }
    let shift = candidates[index].shift
    let doubt = (told.uncertainty ?? 0) * 1e9
    return abs(shift.drift - told.shift.drift) < 1
      && Double((shift.offset - told.shift.offset).magnitude) <= doubt
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
    let observed: ClosedRange<Timestamp>
    let middle: Timestamp
    let laws: LagLaws
    var tracker: LagTracker

    init(
      observed: ClosedRange<Timestamp>, middle: Timestamp, laws: LagLaws, precision: Int64
    ) {
      self.observed = observed
      self.middle = middle
      self.laws = laws
      tracker = LagTracker(laws, precision: precision)
    }

    /// How much likelier than no reaction each kind is, as a natural logarithm.
    mutating func loudness(
      _ shift: ClockShift, _ witness: Witness, most count: Int = .max
    ) -> (use: Double, trigger: Double) {
      var shifted = shift.corrected(witness.moments, around: middle)
      shifted.removeAll { !observed.contains($0) }
      if shifted.count > count { shifted.removeLast(shifted.count - count) }
      tracker.reset(laws)
      guard shifted.count >= 3 else { return (0, 0) }
      for send in witness.sends {
        tracker.send(
          at: send, unlocks: shifted, from: observed.lowerBound, laws, level: .infinity)
      }
      tracker.finish(
        unlocks: shifted, from: observed.lowerBound, to: observed.upperBound, laws)
      return tracker.evidence.loudness(laws)
    }
  }
}
