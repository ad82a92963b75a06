import Foundation
import InspectCore
import Testing

private func at(_ seconds: Double) -> Timestamp {
  Timestamp(nanoseconds: 1_772_323_200_000_000_000 + Int64((seconds * 1e9).rounded()))
}

private let day = at(0)...at(86_400)
/// Forty unlocks by day, at uneven distances of at least four minutes.
private let unlocks: [Double] = (0..<40).map { (index: Int) -> Double in
  let unevenness = (index * index * 37) % 1_100
  return 25_000 + 1_400 * Double(index) + Double(unevenness)
}

/// Numbers evenly from 0 to 1 that are the same in every run.
private struct Draws {
  var source: SplitMix64

  init(_ seed: UInt64) { source = SplitMix64(seed: seed) }

  mutating func even(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * source.unit()
  }
}

private func study(
  _ log: [Double], _ sends: [[Double]], screenOffs: [Double] = []
) -> [UnlockStudy.Result] {
  var content = UnlockStudy.Log()
  content.unlocks = log.map(at)
  content.screenOffs = screenOffs.map(at)
  content.precision = 1_000_000
  return UnlockStudy(content, observed: day).examine(sends.map { $0.sorted().map(at) })
}

/// An application that its owner opens in four of five cases, after one to thirty seconds.
private func use(_ draws: inout Draws) -> [Double] {
  unlocks.filter { _ in draws.even(0, 1) < 0.8 }.map { $0 + draws.even(1, 30) }
}

private func trigger(_ draws: inout Draws, lag: ClosedRange<Double> = 0.9...1.6) -> [Double] {
  unlocks.map { $0 + draws.even(lag.lowerBound, lag.upperBound) }
}

struct UnlockStudyTests {
  @Test func aTriggerIsFoundAndUseIsNot() throws {
    var draws = Draws(1)
    let results = study(unlocks, [trigger(&draws), use(&draws), use(&draws)])
    #expect(results[0].verdict == .unlock)
    #expect(try #require(results[0].eValue) > 1e6)
    #expect(try #require(results[0].qValue) < 1e-20)
    #expect(results[0].clock == ClockShift())
    // Six unlocks are the fewest; the lags are steady enough for no more to be needed.
    let evidence = try #require(results[0].evidenceTime)
    #expect(evidence > at(unlocks[5]) && evidence < at(unlocks[7]))
    for result in results[1...] {
      #expect(result.verdict == .use)
      #expect(try #require(result.qValue) < 1e-3)
      #expect(try #require(result.eValue) < 1)
      #expect(result.evidenceTime == nil)
    }
  }

  @Test func fewerThanSixUnlocksAreCountedOnly() {
    var draws = Draws(2)
    let results = study(Array(unlocks.prefix(5)), [trigger(&draws)])
    #expect(results[0].verdict == .tooFew)
    #expect(results[0].eValue == nil && results[0].qValue == nil)
    #expect(results[0].statistics.followed == 5)
  }

  @Test func nothingAtAll() {
    #expect(study([], []).isEmpty)
    #expect(study(unlocks, [[]])[0].verdict == .none)
    #expect(study([], [[1, 2, 3]])[0].verdict == .tooFew)
  }

  @Test func aBeaconIsPeriodic() {
    for period in [20.0, 300] {
      let results = study(unlocks, [Array(stride(from: 7, to: 86_400, by: period))])
      #expect(results[0].verdict == .periodic, "\(period)")
      #expect(results[0].beaconScore > 0.9)
    }
  }

  @Test func whatComesWhenTheScreenGoesDarkIsNotTheUnlock() {
    var draws = Draws(3)
    let offs = unlocks.map { $0 + draws.even(4, 9) }
    let sends = offs.map { $0 + draws.even(0.8, 1.2) }
    #expect(study(unlocks, [sends], screenOffs: offs)[0].verdict == .screenOff)
  }

  @Test func aMessageThatWakesTheOwnerComesBefore() {
    var draws = Draws(4)
    let sends = unlocks.flatMap { [$0 - draws.even(2.5, 4), $0 + draws.even(0.5, 0.9)] }
    #expect(study(unlocks, [sends])[0].verdict == .push)
  }

  /// The log is a minute and a bit ahead, or an hour and seven seconds.
  @Test(arguments: [61.3, -117.0, 3_607])
  func aWrongClockIsFoundByTheOthers(_ offset: Double) throws {
    var draws = Draws(5)
    let others = (0..<6).map { _ in use(&draws) }
    let results = study(unlocks.map { $0 + offset }, [trigger(&draws)] + others)
    #expect(results[0].verdict == .unlock)
    #expect(abs(Double(results[0].clock.offset) / 1e9 - offset) < 4)
    for result in results[1...] { #expect(result.verdict != .unlock) }
  }

  /// Beacons seem to follow the unlocks at any clock: the zone is looked for all the same.
  @Test(arguments: [900.0, -28_820])
  func aWrongZoneIsFoundBesideBeacons(_ offset: Double) {
    for seed in 40..<44 {
      var draws = Draws(UInt64(seed))
      let sends = trigger(&draws).filter { _ in draws.even(0, 1) < 0.8 }
      let beacons = (0..<4).map { _ in
        let phase = draws.even(0, 60)
        return (0..<1_400).map { phase + 60 * Double($0) }
      }
      let results = study(unlocks.map { $0 + offset }, [sends, use(&draws)] + beacons)
      #expect(results[0].verdict == .unlock)
      #expect(abs(Double(results[0].clock.offset) / 1e9 - offset) < 4)
    }
  }

  /// The log is some seconds ahead, as one is that was written by whoever was told: the sends come
  /// before the unlocks then. That nearly all unlocks have one is no message's doing.
  @Test(arguments: [1.0, 2, 3, 5, 8], [false, true])
  func aLogSomeSecondsAheadMakesNoPush(_ offset: Double, isAlone: Bool) {
    var draws = Draws(5)
    let others = isAlone ? [] : (0..<3).map { _ in use(&draws) }
    let results = study(unlocks.map { $0 + offset }, [trigger(&draws)] + others)
    #expect(results[0].verdict == .unlock)
    #expect(abs(Double(results[0].clock.offset) / 1e9 - offset) <= 2)
    for result in results.dropFirst() { #expect(result.verdict != .unlock) }
  }

  /// Every other unlock is a message's, some seconds after it.
  @Test(arguments: [1.5, 3, 6])
  func messagesThatWakeAreNoWrongClock(_ reaction: Double) {
    var draws = Draws(10)
    let sends = unlocks.enumerated().filter { $0.offset % 2 == 0 }.map {
      $0.element - reaction * draws.even(0.7, 1.4)
    }
    #expect(study(unlocks, [sends])[0].verdict == .push)
  }

  /// Six in ten unlocks have one send, always within the same second of them, before the unlock by
  /// the log's clock: no hand is that steady. The screen may be, where only its light is known.
  @Test(arguments: [false, true])
  func aSteadyDelayIsNoMessageThatWakes(isScreenOn: Bool) {
    var draws = Draws(13)
    let answered = unlocks.enumerated().filter { $0.offset % 5 < 3 }.map(\.element)
    let sends = answered.map { $0 + draws.even(0.9, 1.3) }
    let others = (0..<4).map { _ in use(&draws) }
    var content = UnlockStudy.Log()
    content.unlocks = unlocks.map { at($0 + 3) }
    content.precision = 1_000_000
    content.isScreenOn = isScreenOn
    let results = UnlockStudy(content, observed: day).examine(
      ([sends] + others).map { $0.sorted().map(at) })
    #expect(results[0].verdict == (isScreenOn ? .push : .unlock))
    for result in results.dropFirst() { #expect(result.verdict != .unlock) }
  }

  /// The clock that is told is never further off than is said, and known better than the grid on
  /// which it is looked for.
  @Test(arguments: [17.3, -60, 3, 0.8, 905.4])
  func theClockIsKnownAsWellAsIsSaid(_ offset: Double) throws {
    for seed in 20..<26 {
      var draws = Draws(UInt64(seed))
      let sends = [trigger(&draws), use(&draws), use(&draws), use(&draws)]
      let results = study(unlocks.map { $0 + offset }, sends)
      let doubt = try #require(results[0].clockUncertainty)
      #expect(abs(Double(results[0].clock.offset) / 1e9 - offset) <= doubt)
      #expect(doubt >= 0.5 && doubt < 4, "\(doubt)")
    }
  }

  /// A service that reacts to the screen's going dark tells the clock by that, and is no user of the
  /// phone.
  @Test func theDarkScreenTellsTheClockToo() throws {
    var draws = Draws(14)
    let offs = unlocks.map { $0 + draws.even(10, 90) }
    let syncs = offs.map { $0 + draws.even(0.8, 1.2) }
    let log = unlocks.map { $0 + 41.5 }
    let results = study(
      log, [use(&draws), syncs], screenOffs: offs.map { $0 + 41.5 })
    let doubt = try #require(results[0].clockUncertainty)
    #expect(abs(Double(results[0].clock.offset) / 1e9 - 41.5) <= doubt)
    #expect(doubt <= 2.5, "\(doubt)")
    #expect(results[1].verdict != .unlock)
  }

  @Test func aWrongClockIsFoundByTheDestinationAloneAtAPrice() throws {
    var draws = Draws(6)
    let sends = trigger(&draws)
    let right = study(unlocks, [sends])[0]
    let wrong = study(unlocks.map { $0 + 61 }, [sends])[0]
    #expect(wrong.verdict == .unlock)
    // The law of use pays for the shift as well (decision 16): the price is against coincidence.
    #expect(try #require(wrong.statistics.pValue) > #require(right.statistics.pValue))
  }

  /// The phone's words tell the clock, and every destination is told the same.
  @Test(arguments: [false, true])
  func aDeviceHasOneClock(isOwn: Bool) throws {
    var draws = Draws(7)
    var content = UnlockStudy.Log()
    content.unlocks = unlocks.map { at($0 + 60) }
    content.precision = 1_000_000
    content.anchor = ClockAnchor(shift: ClockShift(offset: 60_100_000_000), uncertainty: 0.2)
    let sends = [trigger(&draws), use(&draws), use(&draws)]
    let results = UnlockStudy(content, observed: day).examine(
      sends.map { $0.sorted().map(at) }, anchoredBy: isOwn ? [0] : [])
    #expect(results[0].verdict == .unlock)
    #expect(results[0].statistics.followed == 40)
    for result in results {
      #expect(result.clock == ClockShift(offset: 60_100_000_000))
      // Of a standard deviation of 0.2 s, nineteen in twenty.
      #expect(result.clockUncertainty == 0.4)
    }
  }

  /// The log is hours off in its zone; what the phone writes does not tell that, but the rest.
  @Test func aZoneOnTopOfTheAnchor() throws {
    var draws = Draws(8)
    var content = UnlockStudy.Log()
    content.unlocks = unlocks.map { at($0 + 7_260) }
    content.precision = 1_000_000
    content.anchor = ClockAnchor(shift: ClockShift(offset: 60_000_000_000), uncertainty: 0.2)
    let sends = [trigger(&draws), use(&draws), use(&draws)].map { $0.sorted().map(at) }
    let results = UnlockStudy(content, observed: day).examine(sends)
    #expect(results[0].verdict == .unlock)
    #expect(results.allSatisfy { $0.clock.offset == 7_260_000_000_000 })
    #expect(results.allSatisfy { $0.clockUncertainty == 0.4 })
  }

  @Test func whatComesWithTheLightIsNotTheUnlock() {
    var draws = Draws(9)
    var content = UnlockStudy.Log()
    content.unlocks = unlocks.map(at)
    content.screenOns = unlocks.map { at($0 - draws.even(0.3, 1.6)) }
    content.precision = 1_000_000
    let sends = content.screenOns.map { $0.advanced(byNanoseconds: Int64(draws.even(1e8, 4e8))) }
    let results = UnlockStudy(content, observed: day).examine([sends])
    #expect(results[0].verdict == .screenOn)
  }

  @Test func extremeTimesDoNotTrap() {
    let times = [Int64.min, -1, 0, 1, .max].map { Timestamp(nanoseconds: $0) } + unlocks.map(at)
    for range in [Timestamp(nanoseconds: .min)...Timestamp(nanoseconds: .max), day] {
      for precision in [Int64.min, 0, .max] {
        var log = UnlockStudy.Log()
        log.unlocks = times.sorted()
        log.screenOffs = times.sorted()
        log.boots = times.sorted()
        log.precision = precision
        log.anchor = ClockAnchor(
          shift: ClockShift(offset: .max, drift: 1e300), uncertainty: .infinity)
        let results = UnlockStudy(log, observed: range).examine([times.sorted(), []])
        #expect(results.count == 2)
      }
    }
  }
}

struct LagTrackerTests {
  private let laws = LagLaws()

  private func value(_ lags: [Double?], rate: Double = 0) -> Double {
    var tracker = LagTracker(laws)
    let moments = lags.indices.map { 1_000 + 1_000 * Double($0) }
    for (moment, lag) in zip(moments, lags) {
      if rate > 0 {
        for send in stride(from: moment - 590, to: moment - 5, by: 1 / rate) {
          tracker.send(
            at: at(send), unlocks: moments.map(at), from: at(0), laws, level: .infinity)
        }
      }
      guard let lag else { continue }
      tracker.send(
        at: at(moment + lag), unlocks: moments.map(at), from: at(0), laws, level: .infinity)
    }
    tracker.finish(unlocks: moments.map(at), from: at(0), to: at(200_000), laws)
    return tracker.value(laws)
  }

  @Test func steadyLagsSpeakForATrigger() {
    #expect(value([Double?](repeating: 1.1, count: 8)) > 1_000)
    #expect(value([Double?](repeating: 0.3, count: 8)) > value([Double?](repeating: 4, count: 8)))
    #expect(value([]) <= 1)
  }

  @Test func wideLagsAndMissesSpeakAgainst() {
    #expect(value([1.5, 22, 9, 4, 31, 14, nil, 2.5, 17, 6]) < 1)
    #expect(value([Double?](repeating: nil, count: 10)) < 1e-3)
  }

  /// What is sent all the time is found in the windows by chance.
  @Test func aBusyDestinationProvesLess() {
    let lags = [Double?](repeating: 2, count: 8)
    #expect(value(lags, rate: 0.2) < value(lags) / 100)
  }

  /// Late news of an earlier send and a burst's second half change nothing.
  @Test func onlyTheBeginningOfABurstCounts() {
    var once = LagTracker(laws)
    var twice = LagTracker(laws)
    let moments = [at(1_000), at(2_000)]
    for send in [1_001.0, 2_001] {
      once.send(at: at(send), unlocks: moments, from: at(0), laws, level: 1)
      twice.send(at: at(send), unlocks: moments, from: at(0), laws, level: 1)
      let later = twice.send(
        at: at(send + 1), unlocks: moments, from: at(0), laws, level: 1)
      let earlier = twice.send(
        at: at(send - 500), unlocks: moments, from: at(0), laws, level: 1)
      #expect(!later && !earlier)
    }
    #expect(once.value(laws) == twice.value(laws))
  }

  /// Lags at evenly spaced quantiles of a law, in an order that is no law's.
  private func quantiles(
    _ count: Int, share: Double, _ quantile: (Double) -> Double
  ) -> [Double?] {
    (0..<count).map { index in
      // 0.618...: the fractional parts of its multiples are spread evenly.
      let place = (0.618_033_988_75 * Double(index)).truncatingRemainder(dividingBy: 1)
      return place < share ? quantile(place / share) : nil
    }
  }

  /// Triggers of other laws than the logarithmic-normal: answers within half a second now and then,
  /// or at each unlock, are no person's.
  @Test func unsteadyTriggersAreFound() {
    #expect(value(quantiles(40, share: 0.8) { -2 * log(1 - $0) }) > 20)
    #expect(value(quantiles(40, share: 0.8) { 0.01 + 5 * $0 }) > 20)
    #expect(value(quantiles(40, share: 0.8) { $0 < 0.5 ? 0.4 + 0.6 * $0 : 2.6 + 2.4 * $0 }) > 20)
    #expect(value(quantiles(40, share: 1) { -4.3 * log(1 - $0) }) > 20)
  }

  /// Somebody who is quicker than the laws of use, for weeks: each unlock speaks for a trigger by a
  /// little, which does not add up.
  @Test func quickPeopleDoNotAddUp() {
    for share in [0.5, 0.65, 0.8] {
      #expect(value(quantiles(300, share: share) { 1 + 9 * $0 }) < 1)
      #expect(value(quantiles(300, share: share) { 1 - 3 * log(1 - $0) }) < 1)
      // Logarithmic-normal, 5 s, 0.6, by the logistic distribution, which is near to it.
      #expect(value(quantiles(300, share: share) { 5 * pow($0 / (1 - $0), 0.33) }) < 1)
    }
  }

  /// Ville: under a law of the null the e-value reaches 20 in one run of twenty at most.
  @Test func theEValueKeepsItsPromise() {
    var draws = Draws(8)
    var reached = 0
    for _ in 0..<300 {
      var tracker = LagTracker(laws)
      let moments = (0..<40).map { at(1_000 + 1_000 * Double($0)) }
      for moment in moments where draws.even(0, 1) < 0.8 {
        let send = moment.advanced(byNanoseconds: Int64(draws.even(1, 15) * 1e9))
        tracker.send(at: send, unlocks: moments, from: at(0), laws, level: 20)
      }
      if tracker.sufficed != nil { reached += 1 }
    }
    #expect(reached <= 15)
  }
}

struct BeaconScoreTests {
  @Test func regularAndNot() {
    let regular = stride(from: 0.0, to: 86_400, by: 600).map(at)
    #expect(BeaconScore.score(regular, observed: day) > 0.95)
    var draws = Draws(9)
    let random = (0..<100).map { _ in draws.even(0, 86_400) }.sorted().map(at)
    #expect(BeaconScore.score(random, observed: day) < 0.8)
    #expect(BeaconScore.score(Array(regular.prefix(3)), observed: day) == 0)
  }
}
