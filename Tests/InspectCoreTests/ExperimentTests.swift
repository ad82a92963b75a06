import InspectCore
import Testing

private func at(_ seconds: Double) -> Timestamp {
  Timestamp(nanoseconds: 1_772_323_200_000_000_000 + Int64((seconds * 1e9).rounded()))
}

/// Ten unlocks and ten shams, every three minutes.
private let slots: [Experiment.Slot] = (0..<20).map { (index: Int) -> Experiment.Slot in
  let isUnlock = index % 3 == 0 || index % 7 == 1
  return Experiment.Slot(time: at(1_000 + 180 * Double(index)), isUnlock: isUnlock)
}

struct ExperimentTests {
  private let unlocks = slots.count { $0.isUnlock }

  @Test func whatFollowsOnlyTheUnlocksIsFound() {
    let sends = slots.filter { $0.isUnlock }.map { $0.time.advanced(byNanoseconds: 1_200_000_000) }
    let outcome = Experiment(slots: slots).evaluate(sends, seed: 1)
    #expect(outcome.unlocksFollowed == unlocks && outcome.shamsFollowed == 0)
    // Of all assignments only one does as well: times four, for the windows.
    let assignments = (0..<unlocks).reduce(1.0) { $0 * Double(20 - $1) / Double($1 + 1) }
    #expect(abs(outcome.pValue * assignments / 4 - 1) < 1e-9)
  }

  @Test func whatFollowsAllSlotsOrNoneProvesNothing() {
    let experiment = Experiment(slots: slots)
    let all = slots.map { $0.time.advanced(byNanoseconds: 1_200_000_000) }
    #expect(experiment.evaluate(all, seed: 1).pValue == 1)
    #expect(experiment.evaluate([], seed: 1).pValue == 1)
    #expect(Experiment(slots: []).evaluate(all, seed: 1).pValue == 1)
  }

  /// Sends that know nothing of the coin: the p-value is at most as often small as it says.
  @Test func pValuesAreValid() {
    var random = SplitMix64(seed: 5)
    var small = 0
    for run in 0..<60 {
      let sends = (0..<60).map { _ in at(1_000 + 3_700 * random.unit()) }.sorted()
      if Experiment(slots: slots).evaluate(sends, seed: UInt64(run)).pValue <= 0.1 { small += 1 }
    }
    #expect(small <= 13)
  }

  /// The capture began late: what was not seen is neither a hit nor a miss.
  @Test func slotsOutsideOfTheCaptureAreLeftOut() {
    var log = UnlockStudy.Log()
    log.experiment = Experiment(slots: slots)
    log.unlocks = slots.filter { $0.isUnlock }.map { $0.time }
    let sends = log.unlocks.map { $0.advanced(byNanoseconds: 1_000_000_000) }
    let seen = slots[5].time...at(6_000)
    let results = UnlockStudy(log, observed: seen).examine([sends.filter { seen.contains($0) }])
    let inside = slots.dropFirst(5)
    #expect(results[0].experiment?.unlocks == inside.count { $0.isUnlock })
    #expect(results[0].experiment?.unlocksFollowed == inside.count { $0.isUnlock })
    #expect(results[0].experiment?.shams == inside.count { !$0.isUnlock })
  }

  @Test func theStudyTakesTheExperimentsWord() {
    var random = SplitMix64(seed: 6)
    var log = UnlockStudy.Log()
    log.unlocks = slots.filter { $0.isUnlock }.map { $0.time }
    log.precision = 3_000_000_000
    log.experiment = Experiment(slots: slots)
    // Late and unsteady, as no trigger of the laws is: but only after the unlocks.
    let sends = log.unlocks.map {
      $0.advanced(byNanoseconds: Int64(1e9 + 20e9 * random.unit()))
    }
    let other = slots.map { $0.time.advanced(byNanoseconds: 2_000_000_000) }
    let results = UnlockStudy(log, observed: at(0)...at(6_000)).examine([sends, other])
    #expect(results[0].verdict == .unlock)
    #expect(results[0].experiment?.shamsFollowed == 0)
    #expect(results[1].experiment.map { $0.pValue > 0.5 } == true)
  }
}

struct InferredUnlocksTests {
  @Test func aBurstOverSeveralDestinationsAfterQuiet() {
    let wakes = (0..<8).map { 1_000 + 500 * Double($0) }
    let beacon = stride(from: 3.0, to: 5_000, by: 30).map(at)
    let sends = (0..<3).map { index in wakes.map { at($0 + 0.5 * Double(index)) } } + [beacon]
    let inferred = InferredUnlocks(sends)
    #expect(inferred.times == wakes.map(at))
    // Two destinations are no crowd.
    #expect(InferredUnlocks(Array(sends.prefix(2))).times.isEmpty)
    #expect(InferredUnlocks([]).times.isEmpty)
  }

  /// A destination is tested against what the others show. Were its own voice counted, moments with
  /// two others would be there only where it sent.
  @Test func noDestinationProvesItself() {
    let wakes = (0..<8).map { 1_000 + 500 * Double($0) }
    var sends = (0..<3).map { index in wakes.map { at($0 + 0.5 * Double(index)) } }
    sends.append(wakes.prefix(4).map { at($0 - 15) })
    let inferred = InferredUnlocks(sends)
    // What the last one sends before breaks the quiet of half of them.
    #expect(inferred.times == wakes.suffix(4).map(at))
    #expect(inferred.times(without: 3) == wakes.map(at))
    #expect(inferred.times(without: 0).isEmpty)
  }

  /// Joining the network and asking for a way out count for two; nobody counts twice.
  @Test func someSignsAreLouder() {
    let wakes = (0..<8).map { 1_000 + 500 * Double($0) }
    let one = [wakes.map(at)]
    let joins = wakes.map { at($0 + 0.3) }
    #expect(InferredUnlocks(one, joins: joins).times == wakes.map(at))
    #expect(InferredUnlocks(one, joins: joins).times(without: 0).isEmpty)
    #expect(InferredUnlocks(one, checks: [true]).times.isEmpty)
    #expect(InferredUnlocks(one + [joins], checks: [false, true]).times == wakes.map(at))
    let twice = (joins + joins.map { $0.advanced(byNanoseconds: 3_000_000_000) }).sorted()
    #expect(InferredUnlocks([], joins: twice).times.isEmpty)
  }
}
