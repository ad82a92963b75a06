import Foundation
import InspectCore
import Testing

@testable import InspectIO
@testable import inspectd

/// What is found does not depend on how many threads look for it.
@Suite struct ThreadsTests {
  /// The captures that can be read by several threads.
  static let captures: [String] = {
    let folder = CaptureExpectationTests.captures
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".pcap") || $0.hasSuffix(".pcapng") }.sorted()
  }()

  /// The lines of all events.
  private func events(
    _ captures: [String], threads: Int, in work: URL, options: [String] = []
  ) throws -> [Substring] {
    let process = Process()
    let program: URL = try #require(CaptureExpectationTests.program)
    process.executableURL = program
    process.currentDirectoryURL = CaptureExpectationTests.captures
    process.environment = ["INSPECTD_DATA": work.path]
    process.arguments =
      ["analyze"] + captures
      + ["--eve", "-", "--events", "all", "--quiet", "--threads", "\(threads)"] + options
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let work = FileManager.default.temporaryDirectory
      .appendingPathComponent("inspectd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: work) }
    try body(work)
  }

  @Test func thereAreCaptures() { #expect(Self.captures.count > 50) }

  @Test(arguments: captures)
  func eachCaptureHasTheSameEvents(_ capture: String) throws {
    try withFolder { work in
      let alone = try events([capture], threads: 1, in: work)
      // A file without a byte is no capture, and has no events.
      #expect(alone.isEmpty == (capture == "zero-bytes.pcap"))
      #expect(try events([capture], threads: 3, in: work) == alone)
    }
  }

  /// All captures as one timeline: flows of many devices end at the same packet, and there are more of
  /// them than are ended at once.
  @Test(arguments: [2, 5])
  func allTogetherHaveTheSameEvents(_ threads: Int) throws {
    try withFolder { work in
      let alone = try events(Self.captures, threads: 1, in: work)
      #expect(alone.count > 500)
      #expect(try events(Self.captures, threads: threads, in: work) == alone)
    }
  }

  @Test func unlocksAndFiltersAreTheSame() throws {
    try withFolder { work in
      let options = [
        "--unlocks", "nokia-7-plus-unlocks.csv", "--filter", "tcp or udp", "--hash-bodies",
      ]
      let alone = try events(["nokia-7-plus.pcapng"], threads: 1, in: work, options: options)
      #expect(alone.contains { $0.contains("\"unlock\"") })
      let together = try events(["nokia-7-plus.pcapng"], threads: 2, in: work, options: options)
      #expect(together == alone)
    }
  }

  // MARK: The order of what shards find

  private func event(_ text: String, _ packet: UInt64, _ log: EventLog) {
    log.turn(to: Moment(beforePacket: packet))
    log.append(Array("\(text)\n".utf8))
  }

  private func part(_ log: EventLog, until packet: UInt64?) -> ShardPart {
    var part = ShardPart()
    part.events = log.take()
    part.until = packet.map { Moment(beforePacket: $0) } ?? .end
    return part
  }

  @Test func eventsAreWrittenInTheOrderOfPackets() throws {
    try withFolder { work in
      let path = work.appendingPathComponent("eve").path
      let output = try OutputFile(path)
      let configuration = InspectorConfiguration()
      let merger = ShardMerger(
        shards: 2,
        cases: WholeCase(
          configuration: configuration, hashKey: (1, 2), atlas: Held(AtlasView(SharedAtlas([])))),
        output: output)
      let logs = [EventLog(), EventLog()]
      event("a", 1, logs[0])
      event("d", 7, logs[0])
      merger.add(part(logs[0], until: 9), of: 0)
      output.flush()
      // The other may still find something before the first packet.
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "")
      event("b", 3, logs[1])
      event("c", 3, logs[1])
      merger.add(part(logs[1], until: 5), of: 1)
      output.flush()
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "a\nb\nc\n")
      merger.add(part(logs[1], until: nil), of: 1)
      output.flush()
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "a\nb\nc\nd\n")
      event("e", 10, logs[0])
      merger.add(part(logs[0], until: nil), of: 0)
      output.flush()
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "a\nb\nc\nd\ne\n")
    }
  }

  // MARK: How many

  @Test func smallCapturesAndPipesAreForOne() throws {
    let folder = CaptureExpectationTests.captures
    let small = folder.appendingPathComponent("nokia-7-plus.pcapng").path
    let compressed = folder.appendingPathComponent("compressed.pcap.gz").path
    #expect(CaptureReader.threads([small], asked: nil) == 1)
    #expect(CaptureReader.threads([small], asked: 4) == 4)
    #expect(CaptureReader.threads([small, compressed], asked: 4) == 4)
    #expect(CaptureReader.threads(["-"], asked: 4) == 1)
    #expect(CaptureReader.threads(["/nowhere/at/all"], asked: 4) == 1)
  }

  @Test func aThreadRunsOnceAndIsWaitedFor() throws {
    let count = Count()
    let threads = (0..<4).compactMap { _ in WorkerThread { count.increment() } }
    for thread in threads { thread.join() }
    #expect(threads.count == 4)
    #expect(count.value == 4)
  }

  private final class Count: @unchecked Sendable {
    private let monitor = Monitor()
    private(set) var value = 0

    func increment() {
      monitor.lock()
      value += 1
      monitor.unlock()
    }
  }
}
