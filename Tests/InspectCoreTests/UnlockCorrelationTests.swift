import InspectCore
import Testing

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers in every run.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A moment in seconds, to the nanosecond.
  mutating func moment(_ range: Range<Double>) -> Double { .random(in: range, using: &self) }
}

/// Seconds of 1 March 2026.
private func at(_ seconds: Double) -> Timestamp {
  Timestamp(nanoseconds: 1_772_323_200_000_000_000 + Int64((seconds * 1e9).rounded()))
}

private let day = at(0)...at(86_400)
/// Twelve unlocks, in the middle of twelve blocks.
private let twelve = (0..<12).map { 30_300.25 + 3_600 * Double($0) }

struct UnlockCorrelationTests {
  @Test func twelveOfTwelveWithOneSendMore() throws {
    let sends = twelve.map { at($0 + 1.1) } + [at(80_000)]
    let result = UnlockCorrelation.evaluate(
      unlocks: twelve.map(at), sends: sends, observed: day)
    #expect(result.unlocks == 12)
    #expect(result.followed == 12)
    #expect(result.missed == 0)
    #expect(result.sends == 13)
    #expect(result.sendsAfterUnlock == 12)
    #expect(result.sendsBeforeUnlock == 0)
    #expect(result.windowSeconds == 2)
    // One send a block: 2 s of 600 s, for each of the twelve.
    #expect(abs(result.expected - 12 * 2 / 600) < 1e-9)
    #expect(abs(result.lift - 300) < 1e-6)
    #expect(abs(try #require(result.lagMedian) - 1.1) < 1e-6)
    #expect(abs(try #require(result.lagIQR)) < 1e-6)
    let pValue = try #require(result.pValue)
    #expect(pValue < 1e-9)
    #expect(abs(pValue / (4 * power(1.0 / 300, 12)) - 1) < 1e-9)
    #expect(result.correlogram.reduce(0, +) == 12)
    // From 30 s before, in bins of two seconds: the sixteenth begins at the unlock.
    #expect(result.correlogram[15] == 12)
  }

  @Test func theOrderOfTheInputDoesNotMatter() {
    let sends = twelve.map { at($0 + 1.1) } + [at(80_000)]
    let sorted = UnlockCorrelation.evaluate(
      unlocks: twelve.map(at), sends: sends, observed: day)
    let reversed = UnlockCorrelation.evaluate(
      unlocks: twelve.reversed().map(at), sends: sends.reversed(), observed: day)
    #expect(sorted == reversed)
  }

  @Test func fewerThanSixUnlocksAreOnlyCounted() {
    let unlocks = twelve.prefix(5)
    let result = UnlockCorrelation.evaluate(
      unlocks: unlocks.map(at), sends: unlocks.map { at($0 + 7) }, observed: day)
    #expect(result.pValue == nil)
    #expect(result.followed == 5)
    #expect(result.windowSeconds == 10)
    #expect(result.lagMedian.map { abs($0 - 7) < 1e-6 } == true)
  }

  @Test func nothingAtAll() {
    for sends in [[], twelve.map(at)] {
      let result = UnlockCorrelation.evaluate(unlocks: [], sends: sends, observed: day)
      #expect(result.unlocks == 0 && result.followed == 0 && result.expected == 0)
      #expect(result.lift == 0 && result.pValue == nil && result.lagMedian == nil)
    }
    let silent = UnlockCorrelation.evaluate(unlocks: twelve.map(at), sends: [], observed: day)
    #expect(silent.missed == 12 && silent.pValue == 1 && silent.lift == 0)
  }

  @Test func theWindowIsTheOneThatTellsMost() {
    for (lag, window) in [(0.0, 2.0), (1.999, 2), (2, 5), (4.5, 5), (9.5, 10), (29, 30)] {
      let result = UnlockCorrelation.evaluate(
        unlocks: twelve.map(at), sends: twelve.map { at($0 + lag) }, observed: day)
      #expect(result.windowSeconds == window, "lag \(lag)")
      #expect(result.followed == 12, "lag \(lag)")
    }
  }

  @Test func aPushThatWakesThePhoneComesBefore() throws {
    let result = UnlockCorrelation.evaluate(
      unlocks: twelve.map(at), sends: twelve.map { at($0 - 1) }, observed: day)
    #expect(result.followed == 0)
    #expect(result.sendsAfterUnlock == 0)
    #expect(result.sendsBeforeUnlock == 12)
    #expect(try #require(result.pValue) == 1)
  }

  @Test func aLogOfWholeSecondsWidensTheWindowOnBothSides() throws {
    let unlocks = twelve.map { at(($0 + 0.9).rounded(.up)) }
    let sends = twelve.map { at($0 + 0.3) }
    let strict = UnlockCorrelation.evaluate(unlocks: unlocks, sends: sends, observed: day)
    #expect(strict.followed == 0)
    var configuration = UnlockCorrelation.Configuration()
    configuration.precision = 2_000_000_000
    let wide = UnlockCorrelation.evaluate(
      unlocks: unlocks, sends: sends, observed: day, configuration: configuration)
    #expect(wide.followed == 12)
    // (2 + 2 + 2) s of 600 s: the null pays for the width.
    #expect(abs(wide.expected - 12 * 6 / 600) < 1e-9)
    #expect(try #require(wide.lagMedian) < 0)
    #expect(try #require(wide.pValue) < 1e-9)
  }

  @Test func aSendAfterTheUnlockIsPreferredToOneBefore() throws {
    var configuration = UnlockCorrelation.Configuration()
    configuration.precision = 3_000_000_000
    let sends = twelve.flatMap { [at($0 - 2.5), at($0 + 1)] }
    let result = UnlockCorrelation.evaluate(
      unlocks: twelve.map(at), sends: sends, observed: day, configuration: configuration)
    #expect(abs(try #require(result.lagMedian) - 1) < 1e-6)
  }

  /// Unlocks at the edges of blocks and of the observed time, where windows are cut.
  @Test func blockEdges() {
    let edges = [0, 599.999_999_999, 1_200, 1_800, 2_999.5, 86_400]
    let result = UnlockCorrelation.evaluate(
      unlocks: edges.map(at), sends: edges.map { at($0 + 1) }, observed: day)
    #expect(result.unlocks == 6)
    // The send after the end was not observed.
    #expect(result.followed == 5)
    #expect(result.sends == 5)
    // Seconds of the blocks that the windows reach: [0, 600) has one at its start and one at its
    // end, which counts for both its unlocks; [1200, 1800) the same; then 1, 1.5 and none.
    #expect(abs(result.expected - (2 + 2 + 2 + 1 + 1.5) / 600) < 1e-9)
    #expect(result.pValue.map { $0 < 1e-6 } == true)
  }

  @Test func severalUnlocksInABlockShareIt() {
    let unlocks = (0..<10).map { at(6_010 + 55 * Double($0)) }
    let sends = (0..<10).map { at(6_011 + 55 * Double($0)) }
    let result = UnlockCorrelation.evaluate(unlocks: unlocks, sends: sends, observed: day)
    #expect(result.followed == 10)
    #expect(abs(result.expected - 10 * 20.0 / 600) < 1e-6)
  }

  @Test func burstsAndRepeatedNotesCountOnce() {
    let sends = twelve.flatMap { [at($0 + 1), at($0 + 1.2), at($0 + 3.1)] }
    let unlocks = twelve.flatMap { [at($0), at($0), at($0 + 0.5)] }
    let result = UnlockCorrelation.evaluate(unlocks: unlocks, sends: sends, observed: day)
    #expect(result.unlocks == 12)
    #expect(result.sends == 12)
    #expect(Bursts.collapse([at(0), at(1.9), at(3.8), at(5.8), at(5.7), at(9)]).count == 3)
  }

  @Test func whatLiesOutsideTheObservedTimeIsLeftOut() {
    let result = UnlockCorrelation.evaluate(
      unlocks: [.init(nanoseconds: .min), at(-1), at(86_401), .init(nanoseconds: .max)],
      sends: [.init(nanoseconds: .min), at(-5), at(5), .init(nanoseconds: .max)], observed: day)
    #expect(result.unlocks == 0)
    #expect(result.sends == 1)
  }

  @Test func extremeInputsDoNotTrap() {
    let all = Timestamp(nanoseconds: .min)...Timestamp(nanoseconds: .max)
    var configuration = UnlockCorrelation.Configuration()
    for (window, block, precision) in [
      (Int64.max, Int64.max, Int64.max), (.min, .min, .min), (0, 0, 0), (-1, 1, 5),
    ] {
      configuration.windows = [window]
      configuration.block = block
      configuration.precision = precision
      for range in [all, at(0)...at(0), at(0)...at(1)] {
        let times = [Int64.min, -1, 0, 1, .max].map { Timestamp(nanoseconds: $0) } + twelve.map(at)
        let result = UnlockCorrelation.evaluate(
          unlocks: times, sends: times, observed: range, configuration: configuration)
        #expect(result.followed <= result.unlocks)
      }
    }
    configuration.windows = []
    let result = UnlockCorrelation.evaluate(
      unlocks: twelve.map(at), sends: [], observed: day, configuration: configuration)
    #expect(result.pValue == 1)
  }
}

private func power(_ base: Double, _ exponent: Int) -> Double {
  (0..<exponent).reduce(1) { product, _ in product * base }
}

/// Under the null the p-value is at most as often below a level as the level says.
struct UnlockNullTests {
  enum Scene: CaseIterable {
    case evenSends, clusteredSends, sendsAllTheTime, dayRhythm, crowdedUnlocks, wholeSeconds
  }

  private func sends(_ scene: Scene, _ random: inout Generator) -> [Double] {
    switch scene {
    case .evenSends, .wholeSeconds:
      return (0..<200).map { _ in random.moment(0..<86_400) }
    case .clusteredSends, .crowdedUnlocks:
      return (0..<30).flatMap { _ in
        let start = random.moment(0..<86_400)
        return (0..<12).map { _ in start + random.moment(0..<90) }
      }
    case .sendsAllTheTime:
      let phase = random.moment(0..<20)
      return (0..<4_320).map { phase + 20 * Double($0) }
    case .dayRhythm:
      // All of it within the same six hours as the unlocks.
      return (0..<300).map { _ in random.moment(28_800..<50_400) }
    }
  }

  private func unlocks(_ scene: Scene, _ random: inout Generator) -> [Double] {
    switch scene {
    case .dayRhythm: (0..<40).map { _ in random.moment(28_800..<50_400) }
    case .crowdedUnlocks: (0..<40).map { _ in random.moment(36_000..<39_600) }
    case .wholeSeconds: (0..<20).map { _ in random.moment(0..<86_400).rounded(.down) }
    default: (0..<20).map { _ in random.moment(0..<86_400) }
    }
  }

  @Test(arguments: Scene.allCases)
  func pValuesAreValid(_ scene: Scene) throws {
    let runs = 500
    var random = Generator(state: 20_260_301)
    var configuration = UnlockCorrelation.Configuration()
    configuration.precision = scene == .wholeSeconds ? 1_000_000_000 : 0
    var below: [Double: Int] = [:]
    let levels = [0.2, 0.05, 0.01]
    for _ in 0..<runs {
      let sends = sends(scene, &random).sorted().map(at)
      let unlocks = unlocks(scene, &random).sorted().map(at)
      let pValue = try #require(
        UnlockCorrelation.evaluate(
          unlocks: unlocks, sends: sends, observed: day, configuration: configuration
        ).pValue)
      for level in levels where pValue <= level { below[level, default: 0] += 1 }
    }
    for level in levels {
      let share = Double(below[level] ?? 0) / Double(runs)
      let sigma = (level * (1 - level) / Double(runs)).squareRoot()
      #expect(share <= level + 3 * sigma, "\(scene): \(share) at \(level)")
    }
  }

  /// Conservative, but not by giving up: more than one run in twenty-five has p <= 0.2.
  @Test func pValuesAreNotAllOne() throws {
    var random = Generator(state: 7)
    let small = try (0..<300).filter { _ in
      let sends = sends(.sendsAllTheTime, &random).map(at)
      let unlocks = unlocks(.sendsAllTheTime, &random).sorted().map(at)
      let result = UnlockCorrelation.evaluate(unlocks: unlocks, sends: sends, observed: day)
      return try #require(result.pValue) <= 0.2
    }
    #expect(small.count > 12)
  }

  @Test func aTriggerThatMissesOneInFiveIsFound() throws {
    var random = Generator(state: 11)
    for _ in 0..<50 {
      let unlocks = (0..<40).map { _ in random.moment(0..<86_000) }.sorted()
      let triggered = unlocks.filter { _ in random.moment(0..<1) < 0.8 }
      let sends =
        triggered.map { $0 + random.moment(0.3..<5) } + sends(.evenSends, &random)
      let result = UnlockCorrelation.evaluate(
        unlocks: unlocks.map(at), sends: sends.map(at), observed: day)
      #expect(try #require(result.pValue) < 1e-9)
    }
  }
}

struct PoissonBinomialTests {
  /// All outcomes, one by one.
  private func enumerated(_ probabilities: [Double], atLeast count: Int) -> Double {
    (0..<(1 << probabilities.count)).reduce(0) { sum, outcome in
      guard outcome.nonzeroBitCount >= count else { return sum }
      return sum
        + probabilities.indices.reduce(1.0) { product, index in
          product * (outcome >> index & 1 == 1 ? probabilities[index] : 1 - probabilities[index])
        }
    }
  }

  @Test func agreesWithEnumeration() {
    let lists = [
      [0.5], [0.1, 0.9], [0.01, 0.02, 0.03, 0.9, 0.5, 0.25, 0.3], [0, 1, 0.5, 1, 0],
      [0.003, 0.003, 0.003, 0.003, 0.003, 0.003, 0.003, 0.003, 0.003, 0.003],
    ]
    for list in lists {
      for count in 0...list.count + 1 {
        let exact = enumerated(list, atLeast: count)
        let tail = PoissonBinomial.upperTail(list, atLeast: count)
        #expect(abs(tail - exact) <= 1e-12 * exact + PoissonBinomial.floor, "\(list) \(count)")
      }
    }
  }

  @Test func farTailsStayPositive() {
    let trials = [Double](repeating: 0.001, count: 3_000)
    for count in [300, 3_000] {
      let tail = PoissonBinomial.upperTail(trials, atLeast: count)
      #expect(tail > 0 && tail < 1e-280)
    }
    #expect(PoissonBinomial.upperTail([], atLeast: 0) == 1)
    #expect(PoissonBinomial.upperTail([], atLeast: 1) == PoissonBinomial.floor)
    #expect(PoissonBinomial.upperTail([.nan, -1, 2], atLeast: 1) == 1)
  }

  /// Above the work limit the answer is a bound: never below the exact tail, and for equal
  /// probabilities equal to it.
  @Test func theBoundIsOnTheSafeSide() {
    var random = Generator(state: 3)
    let mixed = (0..<2_100).map { _ in random.moment(0..<0.6) }
    let even = [Double](repeating: 0.3, count: 2_100)
    for count in [632, 680, 800, 1_500] {
      for (trials, isEven) in [(mixed, false), (even, true)] {
        let bound = PoissonBinomial.upperTail(trials, atLeast: count)
        let exact = exactTail(trials, atLeast: count)
        #expect(bound >= exact * (1 - 1e-9))
        if isEven { #expect(bound <= exact * (1 + 1e-9) + 1e-280) }
      }
    }
  }

  private func exactTail(_ trials: [Double], atLeast count: Int) -> Double {
    var states = [1.0]
    for hit in trials {
      states.append(0)
      for state in stride(from: states.count - 1, to: 0, by: -1) {
        states[state] = states[state] * (1 - hit) + states[state - 1] * hit
      }
      states[0] *= 1 - hit
    }
    return states[count...].reduce(0, +)
  }
}

struct BenjaminiHochbergTests {
  /// The example of Benjamini and Hochberg (1995), section 3.2: four are rejected at 5 %.
  @Test func theExampleOfThePaper() {
    let pValues = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
      0.5719, 0.6528, 0.7590, 1.0000,
    ]
    let qValues = BenjaminiHochberg.qValues(pValues)
    #expect(qValues.count { $0 <= 0.05 } == 4)
    #expect(abs(qValues[3] - 0.0095 * 15 / 4) < 1e-12)
    #expect(BenjaminiHochberg.qValues(pValues.reversed()) == qValues.reversed())
  }

  @Test func edges() {
    #expect(BenjaminiHochberg.qValues([]) == [])
    #expect(BenjaminiHochberg.qValues([0.03]) == [0.03])
    #expect(BenjaminiHochberg.qValues([.nan, -1, 2]) == [1, 0, 1])
    #expect(BenjaminiHochberg.qValues([0.02, 0.01]) == [0.02, 0.02])
  }
}
