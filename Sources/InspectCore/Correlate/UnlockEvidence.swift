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
/// add up. So each unlock beyond the thirtieth must speak for the trigger by more than 0.04 (of the
/// logarithm) to count for it: whoever is that near to a law of the null is treated as in it.
public struct UnlockEvidence: Sendable {
  /// No larger e-value is claimed: below that, single precision holds.
  public static let ceiling = 1e30

  private static let freeUnlocks = 30
  private static let discount: Float = 0.96

  private var likelihoods: [SIMD8<Float>]
  private var unlocks = 0

  init(_ laws: LagLaws) { likelihoods = laws.start }

  mutating func reset(_ laws: LagLaws) {
    for lane in likelihoods.indices { likelihoods[lane] = laws.start[lane] }
    unlocks = 0
  }

  /// One unlock's outcome; see `LagLaws.weigh`.
  mutating func observe(bin: Int?, reach: Int, rate: Double, _ laws: LagLaws) {
    laws.weigh(&likelihoods, bin: bin, reach: reach, rate: rate)
    unlocks &+= 1
    if unlocks > UnlockEvidence.freeUnlocks {
      for lane in LagLaws.triggers { likelihoods[lane] *= UnlockEvidence.discount }
    }
    let largest = largest(likelihoods.indices)
    guard largest < 1e-9 else { return }
    // All by the same power of two: ratios stay.
    let scale =
      largest > 0 ? Float(sign: .plus, exponent: -Int(largest.exponent), significand: 1) : 1
    for lane in likelihoods.indices { likelihoods[lane] *= scale }
  }

  /// For a trigger against use and coincidence.
  func value(_ laws: LagLaws) -> Double {
    let most = largest(LagLaws.use.lowerBound..<LagLaws.busyUse.upperBound)
    return ratio(sum(LagLaws.triggers) / Double(LagLaws.triggerCount), Double(most))
  }

  /// For any reaction to the unlock, the person's included, against coincidence alone; it tells
  /// whether the two clocks agree.
  func reaction(_ laws: LagLaws) -> Double {
    let steady = likelihoods[LagLaws.use.lowerBound][0]
    let busy = likelihoods[LagLaws.busyUse.lowerBound][0]
    let use = sum(LagLaws.use.lowerBound..<LagLaws.busyUse.upperBound)
    let mean =
      (use / Double(2 * LagLaws.useCount)
        + sum(LagLaws.triggers) / Double(LagLaws.triggerCount)) / 2
    return ratio(mean, Double(max(steady, busy)))
  }

  private func largest(_ lanes: Range<Int>) -> Float {
    var most = SIMD8<Float>()
    for lane in lanes { most.replace(with: likelihoods[lane], where: likelihoods[lane] .> most) }
    return most.max()
  }

  private func sum(_ lanes: Range<Int>) -> Double {
    var sum = SIMD8<Float>()
    for lane in lanes { sum += likelihoods[lane] }
    return Double(sum.sum())
  }

  private func ratio(_ above: Double, _ below: Double) -> Double {
    above < below * UnlockEvidence.ceiling ? above / below : UnlockEvidence.ceiling
  }
}
