import Benchmark
import InspectCore
import InspectIO

/// What is around the core: writing events, and asking where an address is.
func outputBenchmarks() {
  let nokia: Trace
  do {
    nokia = try Trace(capture: "nokia-7-plus.pcapng")
  } catch {
    fatalError("cannot read the capture: \(error)")
  }
  benchmark(
    "Events: all of Nokia 7 plus, written to /dev/null", nokia,
    into: {
      do {
        return Held(
          EventSink(
            output: try OutputFile("/dev/null"), types: Set(EventType.allCases),
            mask: IdentifierMask(key: [1, 2, 3], reveals: false), atlas: SharedAtlas([]),
            policy: try PolicyFile.builtIn(home: "EEA"), deviceNames: [], files: [],
            hashesBodies: false))
      } catch {
        fatalError("cannot write: \(error)")
      }
    }
  ) { $0.httpRequests > 0 && $0.dnsMessages > 0 }
  geoBenchmarks()
}

/// On the database that `inspectd geo build` made; without one there is nothing to measure.
private func geoBenchmarks() {
  guard let path = GeoCommand.defaultDatabase(), let database = try? GeoDatabase(path: path) else {
    return
  }
  // Spread over all of IPv4 by a linear congruential generator (Knuth), the same each time.
  var state: UInt32 = 1
  let addresses = (0..<100_000).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return IPAddress(ipv4: state)
  }
  Benchmark("Geo: 100,000 addresses") { benchmark in
    var found = 0
    benchmark.startMeasurement()
    for address in addresses where database.lookup(address) != nil { found += 1 }
    benchmark.stopMeasurement()
    precondition(found > addresses.count / 4, "the database knows too little: \(found)")
  }
}
