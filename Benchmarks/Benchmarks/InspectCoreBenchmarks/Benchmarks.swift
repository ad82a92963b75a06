import Benchmark

/// What a benchmark got through, in units of 10^6 bytes.
let megabytesPerSecond = BenchmarkMetric.custom(
  "MB/s", polarity: .prefersLarger, useScalingFactor: false)

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, megabytesPerSecond], warmupIterations: 2, maxDuration: .seconds(2),
    maxIterations: 1000)
  pipelineBenchmarks()
  httpBenchmarks()
  finderBenchmarks()
  watchBenchmarks()
  outputBenchmarks()
  correlationBenchmarks()
}

extension Benchmark {
  /// Measures `body`, which goes through `byteCount` bytes.
  func measure(_ byteCount: Int, _ body: () -> Void) {
    let clock = ContinuousClock()
    startMeasurement()
    let elapsed = clock.measure(body)
    stopMeasurement()
    let (seconds, attoseconds) = elapsed.components
    let rate = Double(byteCount) / 1e6 / (Double(seconds) + Double(attoseconds) / 1e18)
    measurement(megabytesPerSecond, Int(rate))
  }
}
