/// An experiment with randomised slots: at moments that were drawn beforehand the phone is unlocked
/// and locked again, or, in a sham slot, left alone; a coin decided which.
///
/// It needs no model of traffic or of people. If unlocking changes nothing, the sends would have
/// come at the same times whatever the coin said; so every assignment of the slots to unlock and
/// sham was equally likely to meet them, and the test compares the one that was drawn with the
/// others (Fisher 1935). Use after the unlock is no confounder: the phone is locked again at once.
public struct Experiment: Sendable {
  public struct Slot: Hashable, Sendable {
    public var time: Timestamp
    public var isUnlock: Bool

    public init(time: Timestamp, isUnlock: Bool) {
      self.time = time
      self.isUnlock = isUnlock
    }
  }

  /// In order of time.
  public var slots: [Slot]
  /// How late or early the tester may have been, in nanoseconds.
  public var precision: Int64

  public init(slots: [Slot], precision: Int64 = 3_000_000_000) {
    self.slots = slots
    self.precision = precision
  }

  /// What came of it for one destination.
  public struct Outcome: Equatable, Sendable {
    public var unlocks: Int
    public var unlocksFollowed: Int
    public var shams: Int
    public var shamsFollowed: Int
    public var windowSeconds: Double
    /// Exact, over all windows together.
    public var pValue: Double
  }

  private static let windows: [Int64] = [
    2_000_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000,
  ]
  /// Assignments that are drawn anew at most, and those that do as well after which the answer is
  /// known well enough (Besag and Clifford 1991).
  private static let draws = 19_999
  private static let enough = 200

  /// The slots that were observed. Which ones these are does not depend on the coin, so what it said
  /// of them was drawn as evenly.
  func within(_ observed: ClosedRange<Timestamp>) -> Experiment {
    Experiment(slots: slots.filter { observed.contains($0.time) }, precision: precision)
  }

  /// - Parameter sends: beginnings of bursts, in order of time.
  public func evaluate(_ sends: [Timestamp], seed: UInt64) -> Outcome {
    let unlocks = slots.count { $0.isUnlock }
    // From each slot to the first send that may follow it, in nanoseconds.
    var next = 0
    let lags = slots.map { slot in
      let early = slot.time.advanced(byNanoseconds: -precision)
      while next < sends.count, sends[next] < early { next += 1 }
      return next < sends.count ? sends[next].nanoseconds(since: slot.time) : nil
    }
    // For each window, which slots a send followed.
    let hits = Experiment.windows.map { window in
      lags.map { lag in lag.map { $0 < window + precision } ?? false }
    }
    var outcome = Outcome(
      unlocks: unlocks, unlocksFollowed: 0, shams: slots.count - unlocks, shamsFollowed: 0,
      windowSeconds: 0, pValue: 1)
    var tails: [[Double]] = []
    var least = 2.0
    for (index, hit) in hits.enumerated() {
      let followed = zip(slots, hit).count { $0.isUnlock && $1 }
      let all = hit.count { $0 }
      tails.append(Hypergeometric.tails(total: slots.count, marked: all, drawn: unlocks))
      let tail = tails[index][followed]
      guard tail < least else { continue }
      least = tail
      outcome.unlocksFollowed = followed
      outcome.shamsFollowed = all - followed
      outcome.windowSeconds = Double(Experiment.windows[index]) / 1e9
    }
    let bound = min(1, least * Double(Experiment.windows.count))
    outcome.pValue = bound > 0.001 ? redrawn(hits, tails, least, unlocks, seed) : bound
    return outcome
  }

  /// How often an assignment drawn anew does as well in any window.
  private func redrawn(
    _ hits: [[Bool]], _ tails: [[Double]], _ least: Double, _ unlocks: Int, _ seed: UInt64
  ) -> Double {
    guard !slots.isEmpty else { return 1 }
    var random = SplitMix64(seed: seed)
    var order = Array(slots.indices)
    var exceeding = 0
    for draw in 1...Experiment.draws {
      // The first `unlocks` of a shuffle (Fisher and Yates) are the unlocks.
      for place in 0..<unlocks {
        let other = place + Int(random.unit() * Double(order.count - place))
        order.swapAt(place, min(other, order.count - 1))
      }
      var best = 1.0
      for (hit, tail) in zip(hits, tails) {
        var count = 0
        for place in 0..<unlocks where hit[order[place]] { count += 1 }
        best = min(best, tail[count])
      }
      if best <= least * (1 + 1e-9) { exceeding += 1 }
      if exceeding == Experiment.enough { return Double(exceeding) / Double(draw) }
    }
    return Double(exceeding + 1) / Double(Experiment.draws + 1)
  }
}

enum Hypergeometric {
  /// P(X >= k) for each k from 0 to `drawn`, where X of the `drawn` are among the `marked` of
  /// `total`.
  static func tails(total: Int, marked: Int, drawn: Int) -> [Double] {
    func choose(_ n: Int, _ k: Int) -> Double {
      guard k >= 0, k <= n else { return 0 }
      return stride(from: 1, through: k, by: 1).reduce(1.0) {
        $0 * Double(n - k + $1) / Double($1)
      }
    }
    let all = choose(total, drawn)
    var tails = [Double](repeating: 0, count: drawn + 1)
    var sum = 0.0
    for count in stride(from: drawn, through: 0, by: -1) {
      sum += choose(marked, count) * choose(total - marked, drawn - count) / all
      tails[count] = min(1, sum)
    }
    tails[0] = 1
    return tails
  }
}
