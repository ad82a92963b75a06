/// How regular sends are, from 0 to 1 (RITA v5): 0.25 x (intervals + sizes + duration + histogram).
///
/// Sizes are not known here, and the part of a score that is not known is left out of the mean, so
/// that a perfectly regular sender has 1.
public enum BeaconScore {
  /// Fewer sends have no score.
  public static let minimumSends = 4

  /// - Parameter sends: in order of time.
  public static func score(_ sends: [Timestamp], observed: ClosedRange<Timestamp>) -> Double {
    guard sends.count >= minimumSends, let first = sends.first, let last = sends.last else {
      return 0
    }
    var parts = [regularity(sends)]
    let seconds = observed.upperBound.seconds(since: observed.lowerBound)
    // RITA's: only with six hours seen.
    if seconds >= 6 * 3_600 {
      parts.append(min(1, last.seconds(since: first) / seconds))
      parts.append(evenness(sends, from: observed.lowerBound, seconds: seconds))
    }
    return parts.reduce(0, +) / Double(parts.count)
  }

  /// Mean of 1 - |Bowley's skewness| and (median - MAD) / median of the intervals.
  private static func regularity(_ sends: [Timestamp]) -> Double {
    let intervals = zip(sends.dropFirst(), sends).map { $0.seconds(since: $1) }.sorted()
    let low = quantile(intervals, 0.25)
    let middle = quantile(intervals, 0.5)
    let high = quantile(intervals, 0.75)
    var skewness = 0.0
    if high - low >= 10, middle != low, middle != high {
      skewness = (low + high - 2 * middle) / (high - low)
    }
    let deviations = intervals.map { ($0 - middle).magnitude }.sorted()
    let deviation = middle < 1 ? 1 : quantile(deviations, 0.5)
    let steadiness = middle > 0 ? max(0, (middle - deviation) / middle) : 0
    return (1 - skewness.magnitude + steadiness) / 2
  }

  /// 1 - the coefficient of variation of 24 equal parts of the observed time, at least 0.
  private static func evenness(
    _ sends: [Timestamp], from start: Timestamp, seconds: Double
  ) -> Double {
    var counts = [Double](repeating: 0, count: 24)
    for send in sends {
      let part = send.seconds(since: start) / seconds * 24
      guard part >= 0, part <= 24 else { continue }
      counts[min(23, Int(part))] += 1
    }
    let mean = counts.reduce(0, +) / 24
    guard mean > 0 else { return 0 }
    let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 24
    return max(0, 1 - variance.squareRoot() / mean)
  }

  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let rank = Double(last) * share
    let low = Int(rank)
    let high = min(low + 1, last)
    return sorted[low] + (sorted[high] - sorted[low]) * (rank - Double(low))
  }
}
