/// The maximum over several windows inside the null hypothesis, by drawing it.
enum WindowMaximum {
  /// Draws at most, and those that exceed after which the answer is known well enough (Besag and
  /// Clifford 1991).
  private static let drawLimit = 999
  private static let enough = 20
  /// Unlocks that may be drawn in all.
  private static let workLimit = 2_000_000

  /// The probability that the largest standardised count over the windows is at least the one
  /// found.
  ///
  /// - Parameters:
  ///   - probabilities: for each window, growing from one to the next, and for each unlock, the
  ///     probability that a send follows it under the null.
  ///   - followed: for each window, how many unlocks a send followed.
  static func pValue(probabilities: [[Double]], followed: [Int], seed: UInt64) -> Double {
    let windows = probabilities.indices
    let means = probabilities.map { $0.reduce(0, +) }
    let deviations = probabilities.map { $0.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot() }
    func largest(_ counts: [Int]) -> Double {
      var most = -Double.infinity
      for window in windows where deviations[window] > 0 {
        most = max(most, (Double(counts[window]) - means[window]) / deviations[window])
      }
      return most
    }
    // What no send can follow in the widest window is never followed, and needs no draw.
    var chances: [Double] = []
    if let widest = probabilities.last {
      for trial in widest.indices where widest[trial] > 0 {
        for window in windows.reversed() { chances.append(probabilities[window][trial]) }
      }
    }
    let trials = chances.count / max(1, windows.count)
    guard trials > 0 else { return 1 }
    let found = largest(followed)
    var random = SplitMix64(seed: seed)
    let draws = max(99, min(drawLimit, workLimit / trials))
    var exceeding = 0
    var counts = [Int](repeating: 0, count: windows.count)
    for draw in 1...draws {
      for window in windows { counts[window] = 0 }
      for trial in 0..<trials {
        let chance = random.unit()
        // The windows lie in each other, so one number decides for all of them.
        for step in windows {
          guard chance < chances[trial * windows.count + step] else { break }
          counts[windows.count - 1 - step] += 1
        }
      }
      if largest(counts) >= found - 1e-9 { exceeding += 1 }
      if exceeding == enough { return Double(enough) / Double(draw) }
    }
    return Double(exceeding + 1) / Double(draws + 1)
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): numbers that look random and are the same in every run.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Evenly from 0 to below 1.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
