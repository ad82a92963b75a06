import Foundation
import InspectCore
import InspectIO
import Testing

/// Runs the program over the captures of the repository, as a user would, and holds its events
/// against what stands beside each. The grammar is in captures/README.md.
@Suite struct CaptureExpectationTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let captures = root.appendingPathComponent("captures")

  /// The capture of each expectation: the file whose name begins the same.
  static let pairs: [(expectation: String, capture: String)] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: captures.path)) ?? []
    return names.filter { $0.hasSuffix(".expected") }.sorted().compactMap { expectation in
      let stem = expectation.dropLast(".expected".count)
      let capture = names.first {
        ($0.hasPrefix(stem + ".pcap") || $0.hasPrefix(stem + ".pcapng")) && $0 != expectation
      }
      return capture.map { (expectation, $0) }
    }
  }()

  struct Run {
    var status: Int32
    var events: [[String: Any]]
  }

  /// The program that the tests were built with.
  static var program: URL? {
    let folders = CommandLine.arguments.map {
      URL(fileURLWithPath: $0).deletingLastPathComponent()
    }
    let builds = [root.appendingPathComponent(".build/debug")]
    return (folders + builds).map { $0.appendingPathComponent("inspectd") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// A database that knows the captures' servers, so that countries do not depend on data that is
  /// not in the repository: the addresses' countries and systems are those of the public registers.
  private func writeGeography(to path: String) throws {
    var writer = MMDBWriter()
    let china = writer.record([
      "country": ["iso_code": "CN"], "autonomous_system_number": .uint32(4134),
      "autonomous_system_organization": "CHINANET",
    ])
    writer.insert(try #require(CIDR(text: "1.8.0.0/16")), china)
    let database = try writer.finish(
      MMDBWriter.Metadata(
        databaseType: "inspectd-Test", buildEpoch: 1_772_323_200, description: "captures"))
    try Data(database.bytes).write(to: URL(fileURLWithPath: path))
  }

  private func run(_ capture: String, options: [String], hasGeography: Bool = false) throws -> Run {
    let work = FileManager.default.temporaryDirectory
      .appendingPathComponent("inspectd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: work) }
    var options = options
    if hasGeography {
      let path = work.appendingPathComponent("geo.mmdb").path
      try writeGeography(to: path)
      options += ["--geo", path]
    }
    let eve = work.appendingPathComponent("eve.jsonl")
    let process = Process()
    let program: URL = try #require(Self.program)
    process.executableURL = program
    process.currentDirectoryURL = Self.captures
    process.environment = ["INSPECTD_DATA": work.path]
    process.arguments =
      ["analyze", capture, "--eve", eve.path, "--events", "all", "--quiet"] + options
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let lines = (try? String(contentsOf: eve, encoding: .utf8)) ?? ""
    let events = lines.split(separator: "\n").compactMap { line in
      try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }
    return Run(status: process.terminationStatus, events: events)
  }

  /// Whether what is expected is in what is there.
  private func matches(_ expected: Any, _ found: Any?) -> Bool {
    guard let found else { return false }
    if let expected = expected as? [String: Any] {
      guard let found = found as? [String: Any] else { return false }
      return expected.allSatisfy { matches($0.value, found[$0.key]) }
    }
    if let expected = expected as? [Any] {
      guard let found = found as? [Any] else { return false }
      if expected.allSatisfy({ $0 is NSNumber }) {
        return NSArray(array: expected).isEqual(NSArray(array: found))
      }
      return expected.allSatisfy { element in found.contains { matches(element, $0) } }
    }
    guard let expected = expected as? NSObject, let found = found as? NSObject else { return false }
    return expected.isEqual(found)
  }

  @Test(arguments: pairs.indices)
  func aCaptureGivesWhatIsExpected(_ index: Int) throws {
    let (expectation, capture) = Self.pairs[index]
    let file = Self.captures.appendingPathComponent(expectation)
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(
      String.init
    )
    .filter { !$0.hasPrefix("#") }
    let objects = try lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let options = objects.compactMap { $0["options"] as? [String] }.flatMap { $0 }
    let result = try run(capture, options: options)
    let status = objects.compactMap { $0["exit"] as? Int }.first ?? 0
    #expect(Int(result.status) == status, "\(expectation): exit status")
    let hasGeography = objects.contains { $0["needs"] != nil }
    let located = hasGeography ? try run(capture, options: options, hasGeography: true) : nil
    for (line, object) in zip(lines, objects) {
      guard object["options"] == nil, object["exit"] == nil else { continue }
      if let need = object["needs"] as? String {
        #expect(need == "geo", "\(expectation): \(line)")
        var wanted = object
        wanted["needs"] = nil
        check(line, wanted, located?.events ?? [], expectation)
      } else {
        check(line, object, result.events, expectation)
      }
    }
  }

  private func check(
    _ line: String, _ object: [String: Any], _ events: [[String: Any]], _ expectation: String
  ) {
    if let counts = object["count"] as? [String: Int] {
      for (type, count) in counts {
        let found = events.filter { $0["event_type"] as? String == type }.count
        #expect(found == count, "\(expectation): events of type \(type)")
      }
    } else if let pattern = object["matching"], let count = object["is"] as? Int {
      let found = events.filter { matches(pattern, $0) }.count
      #expect(found == count, "\(expectation): \(line)")
    } else {
      #expect(events.contains { matches(object, $0) }, "\(expectation): \(line)")
    }
  }

  @Test func thereAreCaptures() {
    #expect(Self.pairs.count >= 45)
  }
}
