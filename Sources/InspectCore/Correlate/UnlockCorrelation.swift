/// Does a phone send to a destination when its screen is unlocked, more often than chance explains?
///
/// The null hypothesis is that of interval jitter (Amarasingham, Harrison, Hatsopoulos and Geman,
/// "Conditional modeling and the jitter method of spike resampling", J. Neurophysiol. 107, 2012):
/// time is cut into blocks, and each unlock might as well have happened at any other moment of its
/// block; the sends stay where they are. Whatever changes more slowly than a block (night and day,
/// a phone in use or in a drawer) is then on both sides of the comparison. Under the null the
/// unlocks are followed independently, the i-th with the probability p_i = the share of its block
/// from which a send follows within the window, and their number has the Poisson-binomial
/// distribution.
///
/// The windows of the ladder are tried one by one. Where the smallest p-value times their number
/// (Bonferroni) is decisive, that bound is given: it resolves 10⁻⁹, which no simulation does. Where
/// it is not, the maximum over the windows is taken inside the null: the unlocks are drawn anew in
/// their blocks, seeded, and the largest standardised count over the windows is compared. Each is
/// never too small, and the second is exact up to the resolution of the draws.
///
/// One instance serves all the destinations of a phone.
public struct UnlockCorrelation: Sendable {
  /// What the test is asked.
  public struct Configuration: Sendable {
    /// How soon after an unlock a send counts as following it, in nanoseconds; each is tried.
    public var windows: [Int64] = [2_000_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000]
    /// The length D of a block, in nanoseconds. Ten minutes: longer than all that is told apart
    /// here (the windows), shorter than the spells of use, sleep and travel that are not evidence.
    public var block: Int64 = 600_000_000_000
    /// How wrong the times of the log may be against the capture's clock, in nanoseconds. All
    /// windows are widened by it on both sides, in the count and in the null alike.
    public var precision: Int64 = 0
    /// Below this many unlocks there is no p-value: too little to say anything.
    public var minimumUnlocks = 6
    /// Above this p-value the maximum over the windows is taken inside the null.
    public var decisive = 0.01
    /// Seeds the draws.
    public var seed: UInt64 = 0x5EED

    public init() {}
  }

  /// The longest time that is evaluated, in nanoseconds (146 years); later events are left out.
  public static let longestObservation = Int64.max / 2
  /// No window, block or precision counts as longer than this, in nanoseconds (a day).
  public static let longestSpan: Int64 = 86_400_000_000_000

  private let start: Timestamp
  /// From the start to the end, both inside, in nanoseconds.
  private let duration: Int64
  /// The unlocks inside the observed time, from its start, sorted; repeated notes of one unlock
  /// (several users, several logs) are collapsed, for they are not independent.
  private let unlocks: [Int64]
  private let configuration: Configuration
  private let precision: Int64
  private let block: Int64
  /// Growing, one at least.
  private let windows: [Int64]

  public init(
    unlocks: [Timestamp], observed: ClosedRange<Timestamp>,
    configuration: Configuration = Configuration()
  ) {
    start = observed.lowerBound
    duration = min(
      observed.upperBound.nanoseconds(since: observed.lowerBound),
      UnlockCorrelation.longestObservation)
    self.configuration = configuration
    precision = min(max(0, configuration.precision), UnlockCorrelation.longestSpan)
    block = min(max(1, configuration.block), UnlockCorrelation.longestSpan)
    let windows = configuration.windows.isEmpty ? [2_000_000_000] : configuration.windows
    self.windows = windows.map { min(max(0, $0), UnlockCorrelation.longestSpan) }.sorted()
    self.unlocks = UnlockCorrelation.offsets(
      of: Bursts.collapse(UnlockCorrelation.sorted(unlocks)), from: start, duration: duration)
  }

  /// What is known about one phone and one destination.
  public static func evaluate(
    unlocks: [Timestamp], sends: [Timestamp], observed: ClosedRange<Timestamp>,
    configuration: Configuration = Configuration()
  ) -> UnlockStatistics {
    UnlockCorrelation(unlocks: unlocks, observed: observed, configuration: configuration)
      .statistics(sends: sends)
  }

  /// What is known about this phone and the destination that got `sends`.
  public func statistics(sends: [Timestamp]) -> UnlockStatistics {
    let sends = UnlockCorrelation.offsets(
      of: Bursts.collapse(UnlockCorrelation.sorted(sends)), from: start, duration: duration)
    let scans = windows.map { scan(sends, window: $0) }
    var best = 0
    for index in scans.indices where scans[index].isBetter(than: scans[best]) { best = index }
    return summary(of: scans[best], pValue: pValue(scans, best), sends: sends)
  }

  /// As likely as what was found, or more, under the null, over all windows together.
  private func pValue(_ scans: [Scan], _ best: Int) -> Double? {
    guard unlocks.count >= configuration.minimumUnlocks else { return nil }
    let bound = min(1, scans[best].tail * Double(scans.count))
    guard bound > configuration.decisive else { return bound }
    return WindowMaximum.pValue(
      probabilities: scans.map { $0.probabilities }, followed: scans.map { $0.followed },
      seed: configuration.seed)
  }

  // MARK: One window

  /// Where the unlocks stand against the sends in one window.
  private struct Scan {
    let window: Int64
    /// The probability under the null that a send follows, for each unlock.
    var probabilities: [Double] = []
    var followed = 0
    var expected = 0.0
    /// Not yet corrected for the choice of the window.
    var tail = 1.0

    /// The smaller p-value; among equal ones (counts only, or at the floor) what exceeds chance by
    /// more, and the shorter window, which comes first.
    func isBetter(than other: Scan) -> Bool {
      guard tail == other.tail else { return tail < other.tail }
      return Double(followed) - expected > Double(other.followed) - other.expected
    }
  }

  private func scan(_ sends: [Int64], window: Int64) -> Scan {
    var scan = Scan(window: window)
    scan.probabilities.reserveCapacity(unlocks.count)
    var next = 0
    var nextInBlock = 0
    var blockEnd: Int64 = -1
    var probability = 0.0
    for unlock in unlocks {
      if isFollowed(unlock, sends, window: window, from: &next) { scan.followed += 1 }
      if unlock >= blockEnd {
        let range = blockRange(of: unlock)
        blockEnd = range.upperBound
        probability = share(of: range, before: sends, window: window, from: &nextInBlock)
      }
      scan.probabilities.append(probability)
      scan.expected += probability
    }
    if unlocks.count >= configuration.minimumUnlocks {
      scan.tail = PoissonBinomial.upperTail(scan.probabilities, atLeast: scan.followed)
    }
    return scan
  }

  /// Whether a send follows `unlock`; `next`, the first send that may, moves along with the unlocks.
  private func isFollowed(
    _ unlock: Int64, _ sends: [Int64], window: Int64, from next: inout Int
  ) -> Bool {
    while next < sends.count && sends[next] < unlock - precision { next += 1 }
    return next < sends.count && sends[next] < unlock + window + precision
  }

  /// The times from the unlocks to the sends that follow them: the first one at or after each, else,
  /// within the precision of the log, the one just before. Misses have none.
  private func lags(_ sends: [Int64], window: Int64) -> [Int64] {
    var lags: [Int64] = []
    var next = 0
    for unlock in unlocks where isFollowed(unlock, sends, window: window, from: &next) {
      var index = precision == 0 ? next : sends.lowerBound(of: unlock)
      if index == sends.count || sends[index] >= unlock + window + precision { index -= 1 }
      lags.append(sends[index] - unlock)
    }
    return lags
  }

  /// The block with `unlock` inside. The last one takes the remainder of the observed time (it is
  /// up to twice as long), for a short block would prove nothing.
  private func blockRange(of unlock: Int64) -> Range<Int64> {
    let count = max(1, duration / block)
    let index = min(unlock / block, count - 1)
    return index * block..<(index == count - 1 ? duration + 1 : (index + 1) * block)
  }

  /// The share of the moments in `range` after which a send comes within the window. Times are
  /// whole nanoseconds, so the moments are counted, exactly. `first`, the first send that counts,
  /// moves along with the blocks.
  private func share(
    of range: Range<Int64>, before sends: [Int64], window: Int64, from first: inout Int
  ) -> Double {
    let reach = window + precision
    while first < sends.count && sends[first] < range.lowerBound - precision { first += 1 }
    var index = first
    var covered: Int64 = 0
    var reached = range.lowerBound
    while index < sends.count && sends[index] - reach < range.upperBound - 1 {
      // An unlock at u is followed when -precision <= send - u < reach.
      let from = max(reached, sends[index] - reach + 1)
      let to = min(range.upperBound, sends[index] + precision + 1)
      if to > from {
        covered += to - from
        reached = to
      }
      index += 1
    }
    return Double(covered) / Double(range.upperBound - range.lowerBound)
  }

  // MARK: The summary

  private func summary(
    of scan: Scan, pValue: Double?, sends: [Int64]
  ) -> UnlockStatistics {
    let lags = lags(sends, window: scan.window).sorted()
    return UnlockStatistics(
      unlocks: unlocks.count, followed: scan.followed, sends: sends.count,
      sendsAfterUnlock: near(sends, from: -precision, to: scan.window + precision),
      sendsBeforeUnlock: near(sends, from: -scan.window - precision, to: -precision),
      expected: scan.expected, windowSeconds: Double(scan.window) / 1e9,
      lagMedian: quantile(lags, 0.5),
      lagIQR: lags.isEmpty
        ? nil : (quantile(lags, 0.75) ?? 0) - (quantile(lags, 0.25) ?? 0),
      pValue: pValue, correlogram: correlogram(sends), raster: raster(sends))
  }

  /// See `UnlockStatistics.raster`.
  private func raster(_ sends: [Int64]) -> [Int8] {
    var next = 0
    return unlocks.prefix(UnlockStatistics.rasterLength).map { unlock in
      guard
        isFollowed(
          unlock, sends, window: UnlockStatistics.correlogramReach - precision, from: &next)
      else { return -1 }
      let index = precision == 0 ? next : sends.lowerBound(of: unlock)
      let place =
        index < sends.count && sends[index] - unlock < UnlockStatistics.correlogramReach
        ? index : index - 1
      return Int8(clamping: max(0, sends[place] - unlock) / 1_000_000_000)
    }
  }

  /// How many sends have an unlock from which they are `low ..< high` away.
  private func near(_ sends: [Int64], from low: Int64, to high: Int64) -> Int {
    var count = 0
    var next = 0
    for send in sends {
      // Wanted: low <= send - unlock < high, thus an unlock in (send - high, send - low].
      while next < unlocks.count && unlocks[next] <= send - high { next += 1 }
      if next < unlocks.count && unlocks[next] <= send - low { count += 1 }
    }
    return count
  }

  /// How the sends lie around the unlocks; see `UnlockStatistics.correlogram`.
  private func correlogram(_ sends: [Int64]) -> [Int] {
    let half = UnlockStatistics.correlogramReach
    let width = UnlockStatistics.correlogramBin
    var counts = [Int](repeating: 0, count: Int(2 * half / width))
    var next = 0
    for unlock in unlocks {
      while next < sends.count, sends[next] < unlock - half { next += 1 }
      var index = next
      while index < sends.count, sends[index] < unlock + half {
        counts[Int((sends[index] - unlock + half) / width)] += 1
        index += 1
      }
    }
    return counts
  }

  /// In seconds, between the neighbours of the wanted rank; nil when there is nothing.
  private func quantile(_ sorted: [Int64], _ share: Double) -> Double? {
    guard let last = sorted.indices.last else { return nil }
    let rank = Double(last) * share
    let low = Int(rank)
    let high = min(low + 1, last)
    let step = Double(sorted[high]) - Double(sorted[low])
    return (Double(sorted[low]) + step * (rank - Double(low))) / 1e9
  }

  // MARK: Times

  private static func sorted(_ times: [Timestamp]) -> [Timestamp] {
    let isSorted = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
    return isSorted ? times : times.sorted()
  }

  /// Nanoseconds from `start`, for those in the observed time.
  private static func offsets(
    of times: [Timestamp], from start: Timestamp, duration: Int64
  ) -> [Int64] {
    times.compactMap { time in
      guard time >= start else { return nil }
      let offset = time.nanoseconds(since: start)
      return offset <= duration ? offset : nil
    }
  }
}

extension [Int64] {
  /// The first place whose element is not below `value`; the elements are sorted.
  fileprivate func lowerBound(of value: Int64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What is known about the unlocks of one phone and its sends to one destination.
public struct UnlockStatistics: Equatable, Sendable {
  /// The unlocks in the observed time.
  public var unlocks: Int
  /// Those of them that a send followed within the window.
  public var followed: Int
  /// The sends (beginnings of bursts) in the observed time.
  public var sends: Int
  /// Those of them in the window after an unlock.
  public var sendsAfterUnlock: Int
  /// Those of them in the mirrored window, before an unlock. A trigger leaves it empty; a push that
  /// wakes the phone, or steady traffic, fills it as well.
  public var sendsBeforeUnlock: Int
  /// How many unlocks would have been followed by chance.
  public var expected: Double
  /// The window that tells most, without the log's precision.
  public var windowSeconds: Double
  /// From the unlock to the send, in seconds; negative is possible within the log's precision.
  public var lagMedian: Double?
  /// Third minus first quartile of that, in seconds.
  public var lagIQR: Double?
  /// How probable it is that chance does as well or better, over all windows together;
  /// nil with too few unlocks.
  public var pValue: Double?
  /// How many sends came at each distance from an unlock, in bins of two seconds from 30 s before
  /// to 30 s after: what rises at the middle and not before it follows the unlock.
  public var correlogram: [Int]
  /// For each of the first unlocks, the whole seconds to the first send after it, within half a
  /// minute; -1 without one.
  public var raster: [Int8]
  public static let rasterLength = 60

  /// In nanoseconds.
  public static let correlogramReach: Int64 = 30_000_000_000
  public static let correlogramBin: Int64 = 2_000_000_000

  public var missed: Int { unlocks - followed }
  /// How many times more often than by chance; 0 without any hit.
  public var lift: Double { followed == 0 ? 0 : Double(followed) / expected }
}
