/// The evidence that a destination is contacted because the phone is unlocked, as an e-value.
///
/// It is a test by betting that may be looked at at any time (an e-process): the likelihood of the
/// lags so far under a mixture of triggers, divided by the largest likelihood that any law of
/// coincidence or of use gives them (`LagLaws`; universal inference: Wasserman, Ramdas and
/// Balakrishnan 2020). For each law of the null hypothesis the mixture divided by that law alone is
/// a martingale with mean one; dividing by the largest can only make it smaller. So, whatever law
/// of the null holds, the probability that the e-value ever reaches 1/α is at most α (Ville 1939).
///
/// No family of laws has every person in it, and over hundreds of unlocks the smallest misfit would
/// add up. So each unlock beyond the fifteenth must speak for the trigger by more than 0.04 (of the
/// logarithm) to count for it, and each beyond the eightieth by more than 0.1: whoever is that near
/// to a law of the null is treated as in it.
public struct UnlockEvidence: Sendable {
  /// No larger e-value is claimed: below that, single precision holds.
  public static let ceiling = 1e20

  /// After so many unlocks the likelihoods are scaled: they change by 10⁴ an unlock at most.
  private static let scaling = 4
  private static let freeUnlocks = 15
  private static let discount: Float = 0.96
  private static let manyUnlocks = 80
  private static let largeDiscount: Float = 0.9

  /// Times two to the power of `exponent`.
  fileprivate var likelihoods: [SIMD8<Float>]
  fileprivate var exponent = 0
  /// The likelihood of no reaction, times two to the power of `steadyExponent`.
  fileprivate var steady = 1.0
  fileprivate var steadyExponent = 0
  private var unlocks = 0

  init(_ laws: LagLaws) { likelihoods = laws.start }

  mutating func reset(_ laws: LagLaws) {
    for lane in likelihoods.indices { likelihoods[lane] = laws.start[lane] }
    exponent = 0
    steady = 1
    steadyExponent = 0
    unlocks = 0
  }

  /// One unlock's outcome; see `LagLaws.weigh`.
  mutating func observe(bin: Int?, reach: Int, rate: Double, _ laws: LagLaws) {
    steady *= Double(laws.weigh(&likelihoods, bin: bin, reach: reach, rate: rate))
    if steady < 0x1p-300 {
      steady *= 0x1p300
      steadyExponent -= 300
    }
    unlocks &+= 1
    if unlocks > UnlockEvidence.freeUnlocks {
      let discount =
        unlocks > UnlockEvidence.manyUnlocks
        ? UnlockEvidence.largeDiscount : UnlockEvidence.discount
      for lane in laws.triggers { likelihoods[lane] *= discount }
    }
    guard unlocks % UnlockEvidence.scaling == 0 else { return }
    let largest = largest(likelihoods.indices)
    guard largest > 0, largest < 1e-9 || largest > 1e9 else { return }
    // All by the same power of two: ratios stay.
    let power = Int(largest.exponent)
    let scale = Float(sign: .plus, exponent: -power, significand: 1)
    for lane in likelihoods.indices { likelihoods[lane] *= scale }
    exponent += power
  }

  /// For a trigger against use and coincidence.
  func value(_ laws: LagLaws) -> Double {
    let most = largest(laws.use.lowerBound..<laws.busyUse.upperBound)
    return ratio(sum(laws.triggers), Double(most))
  }

  /// How much likelier than no reaction at the rate as measured the use of a person is, and a trigger,
  /// in the mean over the laws of each, as natural logarithms without a ceiling: they tell how well
  /// shifts of a clock do against each other.
  func loudness(_ laws: LagLaws) -> (use: Double, trigger: Double) {
    guard steady > 0 else { return (0, 0) }
    let none =
      Elementary.log(steady) - Double(exponent - steadyExponent) * 0.693_147_180_559_945_3
    let use = sum(laws.use.lowerBound..<laws.busyUse.upperBound) / Double(2 * laws.useCount)
    // Of what is nearly impossible the logarithm is as good as that.
    return (
      Elementary.log(max(use, 1e-300)) - none,
      Elementary.log(max(sum(laws.triggers), 1e-300)) - none
    )
  }

  private func largest(_ lanes: Range<Int>) -> Float {
    var most = SIMD8<Float>()
    for lane in lanes { most.replace(with: likelihoods[lane], where: likelihoods[lane] .> most) }
    return most.max()
  }

  fileprivate func sum(_ lanes: Range<Int>) -> Double {
    var sum = SIMD8<Float>()
    for lane in lanes { sum += likelihoods[lane] }
    return Double(sum.sum())
  }

  private func ratio(_ above: Double, _ below: Double) -> Double {
    above < below * UnlockEvidence.ceiling ? above / below : UnlockEvidence.ceiling
  }
}

/// The evidence over several shifts of the clock, each with its weight.
///
/// The clock is averaged over on both sides: the triggers' likelihood over the shifts, divided by
/// the largest that a law of the null gets over the same shifts. Were the e-values of the shifts
/// averaged instead, a person whose lags fit no law of the null after a wrong shift would pass. What
/// is seen after different shifts is not the same; so each likelihood is taken as a multiple of that
/// of no reaction, which is the same for any shift: sends at a steady rate.
struct ShiftedEvidence {
  /// Of the null.
  private var likelihoods: [SIMD8<Float>]
  private var triggers = 0.0
  /// All sums times two to this power; not below 0, for the law of no reaction has all weights.
  private var exponent = 0
  private let laws: LagLaws

  init(_ laws: LagLaws) {
    self.laws = laws
    likelihoods = [SIMD8<Float>](repeating: SIMD8(), count: laws.busyUse.upperBound)
  }

  /// What one shift says; returns its part, in units of two to the power of the second number.
  mutating func add(_ evidence: UnlockEvidence, weight: Double) -> (part: Double, exponent: Int) {
    guard evidence.steady > 0 else { return (0, 0) }
    // The quotient's mantissa is kept near one, so that single precision holds.
    let quotient = weight / evidence.steady
    let own = evidence.exponent - evidence.steadyExponent + Int(quotient.exponent)
    if own > exponent {
      let scale = power(exponent - own)
      for lane in likelihoods.indices { likelihoods[lane] *= Float(scale) }
      triggers *= scale
      exponent = own
    }
    let scale = quotient.significand * power(own - exponent)
    for lane in likelihoods.indices {
      likelihoods[lane] += Float(scale) * evidence.likelihoods[lane]
    }
    let mean = evidence.sum(laws.triggers)
    triggers += mean * scale
    return (mean * quotient.significand, own)
  }

  /// A shift at which the law of no reaction leaves nothing to the others.
  mutating func addNoReaction(weight: Double) {
    likelihoods[laws.use.lowerBound][0] += Float(weight * power(-exponent))
  }

  /// The e-value, or what one part contributes to it.
  func value(of part: (part: Double, exponent: Int)? = nil) -> Double {
    var most = SIMD8<Float>()
    for lane in likelihoods { most.replace(with: lane, where: lane .> most) }
    let above = part.map { $0.part > 0 ? $0.part * power($0.exponent - exponent) : 0 } ?? triggers
    let below = Double(most.max())
    return above < below * UnlockEvidence.ceiling ? above / below : UnlockEvidence.ceiling
  }

  /// Two to a power that is not above 0; below -1,000 nothing is left.
  private func power(_ exponent: Int) -> Double {
    exponent < -1_000 ? 0 : Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
