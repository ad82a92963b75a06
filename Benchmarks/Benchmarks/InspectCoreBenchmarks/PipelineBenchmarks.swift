import Benchmark
import InspectCore

/// Decoding, flows and reassembly, which are internal, by traces that make the inspector do little
/// else; and all of it together on a real phone's traffic.
func pipelineBenchmarks() {
  let nokia: Trace
  do {
    nokia = try Trace(capture: "nokia-7-plus.pcapng")
  } catch {
    fatalError("cannot read the capture: \(error)")
  }
  benchmark("Pipeline: Nokia 7 plus", nokia) { $0.httpRequests > 0 && $0.tlsSessions > 0 }

  let opaque = [UInt8](repeating: 0xa5, count: 16 << 20)
  benchmark(
    "Decode: TCP, unknown protocol",
    .connection(port: 9000, request: "\u{1}\u{2}\u{3}\u{4}", stream: opaque)
  ) { $0.tcp == $0.packets && $0.httpRequests == 0 && $0.malformed == 0 }

  recognitionBenchmarks()

  benchmark("Flows: UDP, 10k flows, found", .datagrams(200_000, clients: 10_000)) {
    $0.flows == 10_000 && $0.forcedFlows == 0
  }
  var configuration = InspectorConfiguration()
  configuration.limits.flows.flows = 4096
  benchmark(
    "Flows: UDP, 200k flows, each new in a full table", .datagrams(200_000, clients: 200_000),
    configuration
  ) { $0.flows == 200_000 && $0.forcedFlows >= 190_000 }

  let request = "GET /a HTTP/1.1\r\nHost: images.example.org\r\n\r\n"
  let head = "HTTP/1.1 200 OK\r\nContent-Length: \(opaque.count)\r\n\r\n"
  let response = Array(head.utf8) + opaque
  benchmark(
    "Reassembly: one HTTP download, in order",
    .connection(port: 80, request: request, stream: response)
  ) { $0.httpResponses == 1 && $0.outOfOrderSegments == 0 && $0.streamGaps == 0 }
  benchmark(
    "Reassembly: one HTTP download, each 8 segments reversed",
    .connection(port: 80, request: request, stream: response, .reversed)
  ) { $0.httpResponses == 1 && $0.outOfOrderSegments > 1000 && $0.streamGaps == 0 }
  benchmark(
    "Reassembly: one HTTP download, each segment half again",
    .connection(port: 80, request: request, stream: response, .overlapping)
  ) {
    $0.httpResponses == 1 && $0.retransmittedSegments > 1000 && $0.conflictingSegments == 0
  }
  for layers in Layers.allCases {
    benchmark("Decode: \(layers.rawValue), UDP", layers.trace(100_000)) {
      $0.udp >= 100_000 && $0.malformed == 0
    }
  }
}

/// What it costs to tell, or not to tell, what a flow carries: each trace has as many flows, so that
/// the time over that number is the cost of one with its packets. The first is what is there to compare
/// with: the same packets as of the unknown, of a protocol that is told by the first.
private func recognitionBenchmarks() {
  let flows = 2000
  let request = Array("GET /a HTTP/1.1\r\nHost: images.example.org\r\n\r\n".utf8)
  // More than the 24 segments that are tried.
  let unknown = [UInt8](repeating: 0xa5, count: 32)
  let hello = Trace.clientHello(host: "images.example.org")
  benchmark("Recognition: HTTP on port 9999", .connections(flows, port: 9999, request, pieces: 1)) {
    $0.httpRequests == flows
  }
  benchmark("Recognition: TLS on port 9999", .connections(flows, port: 9999, hello, pieces: 1)) {
    $0.tlsSessions == flows
  }
  benchmark(
    "Recognition: unknown TCP, 32 single bytes",
    .connections(flows, port: 9999, unknown, pieces: unknown.count)
  ) { $0.flows == flows && $0.unknownBytes == flows * unknown.count }
  benchmark(
    "Recognition: HTTP, 46 single bytes",
    .connections(flows, port: 9999, request, pieces: request.count)
  ) { $0.httpRequests == flows }
  benchmark("Recognition: unknown UDP, 32 datagrams", .datagrams(32 * flows, clients: flows)) {
    $0.flows == flows && $0.unknownBytes == 32 * 64 * flows
  }
}

/// Registers a benchmark of a whole trace, on a new inspector each time; making it is not measured.
/// `isExpected` says whether the inspector did what the benchmark is called after.
func benchmark(
  _ name: String, _ trace: Trace, _ configuration: InspectorConfiguration = .init(),
  into sink: @escaping @Sendable () -> (any InspectionSink & AnyObject)? = { nil },
  _ isExpected: @escaping @Sendable (InspectorCounters) -> Bool
) {
  var configuration = configuration
  if let local = CIDR(IPAddress(ipv4: 0xc0a8_0700), prefixLength: 120) {
    configuration.cases.local = [local]
  }
  let byteCount = trace.byteCount
  Benchmark(name) { [configuration] benchmark in
    // The generic `Inspector` would run unspecialised from here (decision 6).
    var inspector = WholeInspector(
      configuration: configuration, hashKey: (1, 2), sink: sink() ?? Held(NoSink()),
      decoder: Held(NoDecoder()), atlas: Held(NoAtlas()), cipher: Held(NoCipher()))
    benchmark.measure(byteCount) {
      let bytes = trace.bytes.span.bytes
      for packet in trace.packets {
        inspector.inspect(
          bytes.extracting(packet.range), at: packet.time,
          originalByteCount: packet.originalByteCount, linkType: .ethernet)
      }
      inspector.finish()
    }
    let counters = inspector.statistics
    precondition(isExpected(counters), "\(name) measures something else: \(counters)")
  }
}
