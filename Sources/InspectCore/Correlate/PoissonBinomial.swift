/// The number of successes in independent trials, each with its own probability (the
/// Poisson-binomial distribution: Le Cam 1960; computation: Hong 2013).
public enum PoissonBinomial {
  /// Steps that the exact recursion may take; above, the bound of Hoeffding answers.
  public static let exactWorkLimit = 1 << 20
  /// The smallest probability that is given. Partial sums below it are dropped, so it is also added
  /// to what the exact recursion finds: what was dropped can only have made it smaller.
  public static let floor = 1e-290
  private static let negligible = 1e-300

  /// P(X >= `count`), exact or, for much data, an upper bound; never too small.
  ///
  /// The recursion adds and multiplies numbers that are not negative, so that small tails keep their
  /// relative precision (about 2⁻⁵² a trial). Its cost is trials x min(count, trials - count + 1).
  ///
  /// - Parameter probabilities: a value in 0...1 for each trial; others are clamped into it.
  public static func upperTail(_ probabilities: [Double], atLeast count: Int) -> Double {
    var trials: [Double] = []
    trials.reserveCapacity(probabilities.count)
    var needed = count
    for probability in probabilities {
      if probability >= 1 {
        needed -= 1
      } else if probability > 0 {
        trials.append(probability)
      }
    }
    guard needed > 0 else { return 1 }
    guard needed <= trials.count else { return floor }
    let misses = trials.count - needed
    if trials.count > exactWorkLimit / min(needed, misses + 1) {
      return min(1, hoeffdingBound(trials, atLeast: needed) + floor)
    }
    let tail = needed <= misses ? reaching(needed, in: trials) : atMost(misses, in: trials)
    return min(1, tail + floor)
  }

  /// P(X >= count): the probability that leaves the states 0..<count.
  private static func reaching(_ count: Int, in trials: [Double]) -> Double {
    var states = [Double](repeating: 0, count: count)
    states[0] = 1
    var tail = 0.0
    var top = 0
    for hit in trials {
      tail += states[count - 1] * hit
      top = min(top + 1, count - 1)
      advance(&states, through: top, moving: hit)
    }
    return tail
  }

  /// P(the trials that fail are at most `misses`), which is P(X >= trials - misses).
  private static func atMost(_ misses: Int, in trials: [Double]) -> Double {
    var states = [Double](repeating: 0, count: misses + 1)
    states[0] = 1
    var top = 0
    for hit in trials {
      top = min(top + 1, misses)
      advance(&states, through: top, moving: 1 - hit)
    }
    return states.reduce(0, +)
  }

  /// One trial more: of each state 0...top a share `moving` goes one up, the rest stays.
  static func advance(_ states: inout [Double], through top: Int, moving: Double) {
    let staying = 1 - moving
    var below = 0.0
    var span = states.mutableSpan
    for state in 0...top {
      let here = span[state]
      let next = here * staying + below * moving
      // Numbers this small are slow (denormal) and cannot matter beside `floor`.
      span[state] = next < negligible ? 0 : next
      below = here
    }
  }

  /// Hoeffding (1956, theorem 4): for count >= mean + 1 the tail is at most that of the binomial
  /// distribution with the mean probability. Nearer to the mean nothing is claimed (1).
  static func hoeffdingBound(_ trials: [Double], atLeast count: Int) -> Double {
    let mean = trials.reduce(0, +)
    guard Double(count) >= mean + 1 else { return 1 }
    let hit = mean / Double(trials.count)
    let miss = 1 - hit
    // The binomial probability of `count`, as mantissa x 2^(-600 x scale): factors below one and
    // above one in turn, so that neither end of the range is reached between two rescalings.
    var mantissa = 1.0
    var scale = 0
    var misses = trials.count - count
    for success in 1...count {
      mantissa *= Double(trials.count - count + success) / Double(success) * hit
      while mantissa > 1 && misses > 0 {
        mantissa *= miss
        misses -= 1
      }
      rescale(&mantissa, &scale)
    }
    while misses > 0 {
      mantissa *= miss
      misses -= 1
      rescale(&mantissa, &scale)
    }
    // The terms from here on fall at least geometrically: their ratios are below one and shrink.
    var tail = 0.0
    var term = scale == 0 ? mantissa : scale == 1 ? mantissa * 0x1p-600 : 0
    var successes = count
    while term > tail * 1e-17 {
      tail += term
      term *= Double(trials.count - successes) / Double(successes + 1) * (hit / miss)
      successes += 1
    }
    // Rounding: at most a few units of 2⁻⁵³ for each of the factors.
    return min(1, tail * (1 + 1e-15 * Double(trials.count)))
  }

  private static func rescale(_ mantissa: inout Double, _ scale: inout Int) {
    if mantissa < 0x1p-600 {
      mantissa *= 0x1p600
      scale += 1
    } else if mantissa > 1, scale > 0 {
      mantissa *= 0x1p-600
      scale -= 1
    }
  }
}
