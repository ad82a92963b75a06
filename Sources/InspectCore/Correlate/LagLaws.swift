/// How long after an unlock the first send comes, if a program waits for the unlock, and if a
/// person uses the phone: the laws between which `UnlockEvidence` decides.
///
/// A program that is triggered answers at nearly each unlock after nearly the same short time: the
/// logarithm of its lag varies by half or less. A person has to look, think and tap: the lags begin
/// at about a second, their middle is at several, they vary by a factor of two or more, and no
/// application is opened at each unlock. What is unsteady is a program's where it is too quick for a
/// person, or misses nearly no unlock. The laws are over the first send; what the pair sends
/// anyway (beacons, pushes) is a steady rate beside both, measured in control windows.
public struct LagLaws: Sendable {
  /// The limits of the lags that are told apart, in seconds.
  static let edges: [Double] = [
    0, 0.25, 0.4, 0.6, 0.85, 1.15, 1.5, 2, 2.6, 3.3, 4.2, 5.2, 6.5, 8, 10, 12.5, 16, 20, 26, 35, 60,
  ]
  static let binCount = 20
  /// A send later than this after an unlock is no answer to it, in nanoseconds.
  static let horizon: Int64 = 60_000_000_000

  /// How often a person opens an application after an unlock, at most 0.8. What answers less often
  /// than two in five unlocks is never reported.
  private static let useShares = [0.35, 0.5, 0.65, 0.8]
  /// How often a triggered program answers.
  private static let triggerShares = [0.55, 0.75, 0.9, 0.99]
  /// Steady sending may be two and a half times as frequent as the control windows say: what then is
  /// left without a send of what is left without one at the rate as measured.
  private static func busy(_ quiet: Double) -> Double { quiet * quiet * quiet.squareRoot() }
  /// A share of each law is spread over all lags, so that no single odd send decides.
  private static let useSpread: Float = 0.01
  private static let triggerSpread: Float = 0.03
  /// Added to each likelihood, far below what is told of it: denormal numbers are a hundred times as
  /// slow.
  private static let negligible = SIMD8<Float>(repeating: 1e-30)

  /// Laws lie in lanes of eight: no reaction and use with the rate as measured, the same with the
  /// larger rate, triggers. A place without a law has a likelihood of zero.
  let use: Range<Int>
  let busyUse: Range<Int>
  let triggers: Range<Int>
  /// The first lane of each of the first two groups begins with the law of no reaction.
  let useCount: Int
  /// For each edge and law, the share that has not answered by then; without the steady sending.
  private let waiting: [SIMD8<Float>]
  private let edges = LagLaws.edges
  /// What the likelihoods begin with: one for each law of the null, for each trigger its part in
  /// their mixture.
  let start: [SIMD8<Float>]

  /// A law, without the steady sending.
  private struct Law {
    /// Of the unlocks that are answered.
    let share: Double
    let weight: Double
    /// The distribution function of the lags, in seconds.
    let lags: (Double) -> Double
  }

  /// - Parameter precision: how far the log's times may be off, on either side, in nanoseconds.
  public init(precision: Int64 = 0) {
    self.init(precision, people: LagLaws.people, programs: LagLaws.programs)
  }

  /// Few laws, which tell whether there is a reaction at all.
  static func coarse(precision: Int64) -> LagLaws {
    LagLaws(precision, people: coarsePeople, programs: coarsePrograms)
  }

  private init(_ precision: Int64, people: [Law], programs: [Law]) {
    let blur = 2 * Double(min(max(0, precision), 60_000_000_000)) / 1e9
    func lanes(_ laws: [Law], from lane: Int) -> Range<Int> { lane..<(lane + (laws.count + 7) / 8) }
    use = lanes(people, from: 0)
    busyUse = lanes(people, from: use.upperBound)
    triggers = lanes(programs, from: busyUse.upperBound)
    useCount = people.count
    let count = triggers.upperBound
    var start = [SIMD8<Float>](repeating: SIMD8(), count: count)
    var waiting = [SIMD8<Float>](repeating: SIMD8(), count: LagLaws.edges.count * count)
    for (laws, group) in [(people, use), (people, busyUse), (programs, triggers)] {
      for (number, law) in laws.enumerated() {
        let lane = group.lowerBound + number / 8
        start[lane][number % 8] = Float(law.weight)
        for (edge, lag) in LagLaws.edges.enumerated() {
          let answered = law.share * LagLaws.blurred(law.lags, at: lag, by: blur)
          waiting[edge * count + lane][number % 8] = Float(1 - answered)
        }
      }
    }
    self.start = start
    self.waiting = waiting
  }

  /// No reaction, and use: even over some time, exponential, or logarithmic-normal, in most cases
  /// from a second or none on. Of the quickest, what comes within half a second is nobody's.
  private static var people: [Law] {
    var laws = [Law(share: 0, weight: 1) { _ in 0 }]
    for share in useShares {
      func add(_ lags: @escaping (Double) -> Double) {
        laws.append(Law(share: share, weight: 1, lags: lags))
      }
      for (end, starts) in [
        (12.0, [1]), (15, [0.5, 1]), (22, [0, 1]), (35, [0, 1]), (60, [0, 1]),
      ] as [(Double, [Double])] {
        for start in starts { add { even($0, start, end) } }
      }
      for (mean, starts) in [
        (4.0, [1]), (6, [0.5, 1]), (9, [0, 1]), (14, [0, 1]), (25, [0, 1]),
      ] as [(Double, [Double])] {
        for start in starts { add { exponential($0 - start, mean) } }
      }
      for median in [6.0, 9, 14, 24] {
        for spread in [0.8, 1.1] { add { logNormal($0, median, spread) } }
      }
    }
    return laws
  }

  private static var coarsePeople: [Law] {
    var laws = [Law(share: 0, weight: 1) { _ in 0 }]
    for share in [0.3, 0.65] {
      func add(_ lags: @escaping (Double) -> Double) {
        laws.append(Law(share: share, weight: 1, lags: lags))
      }
      for end in [15.0, 28, 55] { add { even($0, 1, end) } }
      for mean in [5.0, 9, 20] {
        add { exponential($0 - 1, mean) }
        // The sum of two such: few lags are next to the shortest.
        add { gamma($0 - 1, mean) }
      }
      for median in [5.0, 9, 16] {
        for spread in [0.7, 1.1] { add { logNormal($0, median, spread) } }
      }
      add { exponential($0 - 2, 9) }
    }
    return laws
  }

  private static var coarsePrograms: [Law] {
    var laws: [Law] = []
    for share in [0.7, 0.97] {
      // Their steadiness tells how late they are: all of it is open.
      for median in [0.2, 0.3, 0.45, 0.65, 0.95, 1.4, 2, 2.8, 4, 5.6] {
        for spread in [0.12, 0.25, 0.45] {
          laws.append(Law(share: share, weight: 1) { logNormal($0, median, spread) })
        }
      }
      laws.append(Law(share: share, weight: 2) { exponential($0, 2) })
    }
    let sum = laws.reduce(0) { $0 + $1.weight }
    return laws.map { Law(share: $0.share, weight: $0.weight / sum, lags: $0.lags) }
  }

  /// Triggers, with their parts in the mixture, which sum to one: the larger, the harder they are to
  /// tell from people, because the others need few unlocks whatever their part is.
  private static var programs: [Law] {
    var laws: [Law] = []
    func add(_ shares: [Double], _ weight: Double, _ lags: @escaping (Double) -> Double) {
      for share in shares { laws.append(Law(share: share, weight: weight, lags: lags)) }
    }
    for median in [0.2, 0.3, 0.45, 0.65, 0.95, 1.4, 2, 2.8, 4, 5.6] {
      let weight = median < 2 ? 1.0 : 8
      add(triggerShares, weight) { logNormal($0, median, 0.12) }
      add(triggerShares, 2 * weight) { logNormal($0, median, 0.25) }
      add(triggerShares, 4 * weight) { logNormal($0, median, 0.45) }
    }
    for median in [2.0, 2.8, 4] { add(triggerShares, 4) { logNormal($0, median, 0.65) } }
    // Unsteady ones that are too quick for a person: within half a second, some of the time.
    for median in [0.3, 0.65, 1.4] { add(triggerShares, 1) { logNormal($0, median, 0.7) } }
    for median in [0.35, 0.7, 1.4] { add([0.8, 0.99], 1) { logNormal($0, median, 1.1) } }
    for mean in [1.5, 3] { add([0.55, 0.75, 0.99], 4) { exponential($0, mean) } }
    // And those that miss nearly no unlock.
    for median in [2, 2.8, 4, 5.6] { add([0.99], 32) { logNormal($0, median, 0.7) } }
    for median in [2.8, 5] { add([0.99], 32) { logNormal($0, median, 1.1) } }
    for mean in [5.0, 8] { add([0.99], 16) { exponential($0, mean) } }
    add([0.99], 16) { even($0, 0, 10) }
    add([0.99], 16) { logNormal($0, 5.6, 0.6) }
    let sum = laws.reduce(0) { $0 + $1.weight }
    return laws.map { Law(share: $0.share, weight: $0.weight / sum, lags: $0.lags) }
  }

  /// A law's distribution function where each lag is lengthened by up to `blur`, evenly.
  private static func blurred(
    _ law: (Double) -> Double, at lag: Double, by blur: Double
  ) -> Double {
    guard blur > 0.02 else { return law(lag) }
    let steps = 16
    var sum = 0.0
    for step in 0..<steps { sum += law(lag - blur * (Double(step) + 0.5) / Double(steps)) }
    return sum / Double(steps)
  }

  /// The bin of a lag in nanoseconds; what is beyond the last edge has none.
  func bin(_ lag: Int64) -> Int? {
    let seconds = Double(lag) / 1e9
    guard seconds >= 0, lag < LagLaws.horizon else { return nil }
    var bin = 0
    while seconds >= edges[bin + 1] { bin += 1 }
    return bin
  }

  /// Multiplies the likelihood of each law by that of one unlock's outcome: the density of the lag
  /// (per second, even in its bin), or the probability of no send.
  ///
  /// - Parameters:
  ///   - bin: where the first send lies; nil when none was seen.
  ///   - reach: the edge up to which the unlock was observed.
  ///   - rate: of the steady sending, per second.
  /// - Returns: what the law of no reaction was multiplied by.
  func weigh(
    _ likelihoods: inout [SIMD8<Float>], bin: Int?, reach: Int, rate: Double
  ) -> Float {
    guard likelihoods.count == triggers.upperBound else { return 1 }
    let low = bin ?? reach
    let high = min(low + 1, LagLaws.binCount)
    let width = edges[high] - edges[low]
    let rest = edges[LagLaws.binCount]
    let isMissed = bin == nil
    let unit = isMissed ? 1 : 1 / Float(width)
    let useFloor = isMissed ? Float(1 - edges[low] / rest) : 1 / Float(rest)
    let triggerFloor = isMissed ? 1 : unit / Float(LagLaws.binCount + 1)
    let useFloors = LagLaws.useSpread * useFloor
    let triggerFloors = LagLaws.triggerSpread * triggerFloor
    let early = Elementary.exp(-rate * edges[low])
    let late = isMissed ? 0 : Elementary.exp(-rate * edges[high])
    let use = ((1 - LagLaws.useSpread) * unit, useFloors)
    let places = (low, high)
    let steady = (Float(early), Float(late))
    weigh(&likelihoods, self.use, places, steady, use)
    weigh(
      &likelihoods, busyUse, places,
      (Float(LagLaws.busy(early)), Float(LagLaws.busy(late))), use)
    weigh(
      &likelihoods, triggers, places, steady,
      ((1 - LagLaws.triggerSpread) * unit, triggerFloors))
    return use.0 * (steady.0 - steady.1) + use.1
  }

  /// The lanes of one group: the share that answers between two edges, each with the share that the
  /// steady sending leaves until then.
  @inline(__always)
  private func weigh(
    _ likelihoods: inout [SIMD8<Float>], _ group: Range<Int>, _ edges: (Int, Int),
    _ steady: (Float, Float), _ spread: (Float, Float)
  ) {
    let lanes = likelihoods.count
    let early = spread.0 * steady.0
    let late = spread.0 * steady.1
    let table = waiting.span
    var span = likelihoods.mutableSpan
    for lane in group {
      let share =
        early * table[edges.0 * lanes + lane] - late * table[edges.1 * lanes + lane] + spread.1
      span[lane] = span[lane] * share + LagLaws.negligible
    }
  }
}

private func even(_ lag: Double, _ start: Double, _ end: Double) -> Double {
  min(1, max(0, (lag - start) / (end - start)))
}

private func exponential(_ lag: Double, _ mean: Double) -> Double {
  lag > 0 ? 1 - Elementary.exp(-lag / mean) : 0
}

/// The sum of two exponential lags, with this mean.
private func gamma(_ lag: Double, _ mean: Double) -> Double {
  lag > 0 ? 1 - (1 + 2 * lag / mean) * Elementary.exp(-2 * lag / mean) : 0
}

private func logNormal(_ lag: Double, _ median: Double, _ spread: Double) -> Double {
  lag > 0 ? Elementary.normal((Elementary.log(lag) - Elementary.log(median)) / spread) : 0
}
