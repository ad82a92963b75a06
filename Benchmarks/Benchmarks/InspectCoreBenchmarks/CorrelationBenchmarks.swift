import Benchmark
import InspectCore

/// Sends to a destination of a phone, and the phone's unlocks, evenly at random over 100 days.
func correlationBenchmarks() {
  let laws = LagLaws()
  let unlocks = moments(1_000, seed: 1)
  let sends = moments(1_000, seed: 2)

  /// What `inspectd live` does with a send: here each has an unlock to be weighed.
  Benchmark("Correlation: 1,000 sends and unlocks, one by one") { benchmark in
    var tracker = LagTracker(laws)
    benchmark.startMeasurement()
    for send in sends {
      tracker.send(at: send, unlocks: unlocks, from: day(0), laws, level: 20)
    }
    benchmark.stopMeasurement()
    precondition(tracker.answered > 0 && tracker.sufficed == nil)
  }

  var log = UnlockStudy.Log()
  log.unlocks = moments(10_000, seed: 3)
  log.precision = 1_000_000
  let study = UnlockStudy(log, observed: day(0)...day(100))
  let pairs = (0..<100).map { moments(1_000, seed: 4 + UInt64($0)) }
  Benchmark("Correlation: 100 pairs, 10,000 unlocks, 100,000 sends") { benchmark in
    benchmark.startMeasurement()
    let results = study.examine(pairs)
    benchmark.stopMeasurement()
    precondition(results.count { $0.verdict == .unlock } == 0)
  }
}

private func day(_ number: Double) -> Timestamp {
  Timestamp(nanoseconds: 1_772_323_200_000_000_000 + Int64(number * 86_400e9))
}

private func moments(_ count: Int, seed: UInt64) -> [Timestamp] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in day(100 * random.unit()) }.sorted()
}
