/// How long after an unlock the first send comes, if a program waits for the unlock, and if a
/// person uses the phone: the laws between which `UnlockEvidence` decides.
///
/// A program that is triggered answers at nearly each unlock after nearly the same short time: the
/// logarithm of its lag varies by half or less. A person has to look, think and tap: the lags begin
/// at about a second, their middle is at several, they vary by a factor of two or more, and no
/// application is opened at each unlock. The laws are over the first send; what the pair sends
/// anyway (beacons, pushes) is a steady rate beside both, measured in control windows.
public struct LagLaws: Sendable {
  /// The limits of the lags that are told apart, in seconds.
  static let edges: [Double] = [
    0, 0.25, 0.4, 0.6, 0.85, 1.15, 1.5, 2, 2.6, 3.3, 4.2, 5.2, 6.5, 8, 10, 12.5, 16, 20, 26, 35, 60,
  ]
  static let binCount = 20
  /// A send later than this after an unlock is no answer to it, in nanoseconds.
  static let horizon: Int64 = 60_000_000_000

  /// How often a person opens an application after an unlock, at most 0.8.
  private static let useShares = [0.25, 0.5, 0.8]
  /// How often a triggered program answers.
  private static let triggerShares = [0.6, 0.8, 0.9, 0.99]
  /// Steady sending may be this many times as frequent as the control windows say.
  private static let busyFactor = 2.5
  /// A share of each law is spread over all lags, so that no single odd send decides.
  private static let useSpread: Float = 0.01
  private static let triggerSpread: Float = 0.03

  /// Laws lie in lanes of eight: no reaction and use with the rate as measured, the same with the
  /// larger rate, triggers. A place without a law has a likelihood of zero.
  static let use = 0..<10
  static let busyUse = 10..<20
  static let triggers = 20..<38
  /// The first lane of each of the first two groups begins with the law of no reaction.
  static let useCount = 79
  static let triggerCount = 144
  /// For each edge and law, the share that has not answered by then; without the steady sending.
  private let waiting: [SIMD8<Float>]
  private let edges = LagLaws.edges
  /// Ones where there is a law.
  let start: [SIMD8<Float>]

  /// - Parameter precision: how far the log's times may be off, on either side, in nanoseconds.
  public init(precision: Int64 = 0) {
    let blur = 2 * Double(min(max(0, precision), 60_000_000_000)) / 1e9
    var laws: [[Float]] = []
    func add(_ share: Double, _ law: (Double) -> Double) {
      laws.append(
        LagLaws.edges.map { Float(1 - share * LagLaws.blurred(law, at: $0, by: blur)) })
    }
    func addUse() {
      add(0) { _ in 0 }
      for share in LagLaws.useShares {
        // Even over some time, exponential after a second or none, or logarithmic-normal.
        for end in [15.0, 22, 35, 60] {
          for start in [0.0, 1] { add(share) { even($0, start, end) } }
        }
        for mean in [6.0, 9, 14, 25] {
          for start in [0.0, 1] { add(share) { exponential($0 - start, mean) } }
        }
        // The quickest, who never answer within a second.
        add(share) { even($0, 1, 12) }
        add(share) { exponential($0 - 1, 4) }
        for median in [6.0, 9, 14, 24] {
          for spread in [0.8, 1.1] { add(share) { logNormal($0, median, spread) } }
        }
      }
    }
    func pad(to lanes: Int) {
      while laws.count < 8 * lanes { laws.append([]) }
    }
    addUse()
    pad(to: LagLaws.use.upperBound)
    addUse()
    pad(to: LagLaws.busyUse.upperBound)
    for share in LagLaws.triggerShares {
      for median in [0.2, 0.3, 0.45, 0.65, 0.95, 1.4, 2, 2.8, 4, 5.6] {
        for spread in [0.12, 0.25, 0.45] { add(share) { logNormal($0, median, spread) } }
      }
    }
    // Unsteady ones: those that are too quick for a person, or that miss nearly no unlock.
    for share in [0.6, 0.8, 0.9, 0.99] {
      for median in [0.3, 0.65, 1.4] { add(share) { logNormal($0, median, 0.7) } }
    }
    for share in [0.8, 0.99] {
      for median in [0.35, 0.7, 1.4] { add(share) { logNormal($0, median, 1.1) } }
    }
    for median in [2, 2.8, 4, 5.6] { add(0.99) { logNormal($0, median, 0.7) } }
    for median in [2.8, 5] { add(0.99) { logNormal($0, median, 1.1) } }
    pad(to: LagLaws.triggers.upperBound)
    func lanes(_ value: ([Float]) -> Float) -> [SIMD8<Float>] {
      (0..<LagLaws.triggers.upperBound).map { lane in
        var eight = SIMD8<Float>()
        for place in 0..<8 { eight[place] = value(laws[8 * lane + place]) }
        return eight
      }
    }
    waiting = LagLaws.edges.indices.flatMap { edge in lanes { $0.isEmpty ? 0 : $0[edge] } }
    start = lanes { $0.isEmpty ? 0 : 1 }
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
    guard likelihoods.count == LagLaws.triggers.upperBound else { return 1 }
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
    let busyRate = rate * LagLaws.busyFactor
    let early = Float(Elementary.exp(-rate * edges[low]))
    let busyEarly = Float(Elementary.exp(-busyRate * edges[low]))
    let late = isMissed ? 0 : Float(Elementary.exp(-rate * edges[high]))
    let busyLate = isMissed ? 0 : Float(Elementary.exp(-busyRate * edges[high]))
    let use = ((1 - LagLaws.useSpread) * unit, useFloors)
    let places = (low, high)
    weigh(&likelihoods, LagLaws.use, places, (early, late), use)
    weigh(&likelihoods, LagLaws.busyUse, places, (busyEarly, busyLate), use)
    weigh(
      &likelihoods, LagLaws.triggers, places, (early, late),
      ((1 - LagLaws.triggerSpread) * unit, triggerFloors))
    return use.0 * (early - late) + use.1
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
      span[lane] *=
        early * table[edges.0 * lanes + lane] - late * table[edges.1 * lanes + lane] + spread.1
    }
  }
}

private func even(_ lag: Double, _ start: Double, _ end: Double) -> Double {
  min(1, max(0, (lag - start) / (end - start)))
}

private func exponential(_ lag: Double, _ mean: Double) -> Double {
  lag > 0 ? 1 - Elementary.exp(-lag / mean) : 0
}

private func logNormal(_ lag: Double, _ median: Double, _ spread: Double) -> Double {
  lag > 0 ? Elementary.normal((Elementary.log(lag) - Elementary.log(median)) / spread) : 0
}
