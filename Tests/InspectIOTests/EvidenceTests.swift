import Crypto
import Foundation
import Testing

@testable import InspectIO

/// Runs the program with `--evidence` and holds what it wrote against its own manifest.
@Suite struct EvidenceTests {
  private struct Folder {
    let url: URL
    var manifest: [Data] = []

    init() {
      url = FileManager.default.temporaryDirectory.appendingPathComponent(
        "inspectd-evidence-\(UUID().uuidString)")
    }

    mutating func readManifest() throws {
      let data = try Data(contentsOf: url.appendingPathComponent("manifest.jsonl"))
      manifest = data.split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }

    func object(_ line: Data) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
    }
  }

  private func digest(_ data: Data) -> String {
    SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
  }

  private func run(
    _ arguments: [String], input: FileHandle? = nil
  ) throws -> (status: Int32, error: String) {
    let process = Process()
    let program: URL = try #require(CaptureExpectationTests.program)
    process.executableURL = program
    process.currentDirectoryURL = CaptureExpectationTests.captures
    process.environment = ["INSPECTD_DATA": FileManager.default.temporaryDirectory.path]
    process.arguments = arguments
    let error = Pipe()
    process.standardError = error
    process.standardOutput = FileHandle.nullDevice
    if let input { process.standardInput = input }
    try process.run()
    let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test func eachAlertHasItsPacketsAndItsPlaceInTheChain() throws {
    var folder = Folder()
    defer { try? FileManager.default.removeItem(at: folder.url) }
    let result = try run([
      "analyze", "nokia-7-plus.pcapng", "--unlocks", "nokia-7-plus-unlocks.csv", "--quiet",
      "--evidence", folder.url.path,
    ])
    #expect(result.status == 0)
    try folder.readManifest()
    #expect(folder.manifest.count >= 3, "the run and at least two alerts")
    var previous = String(repeating: "0", count: 64)
    for line in folder.manifest {
      #expect(try folder.object(line)["previous"] as? String == previous)
      previous = digest(line)
    }
    let run = try #require(try folder.object(folder.manifest[0])["run"] as? [String: Any])
    let capture = try #require((run["captures"] as? [[String: Any]])?.first)
    let original = CaptureExpectationTests.captures.appendingPathComponent("nokia-7-plus.pcapng")
    #expect(capture["sha256"] as? String == digest(try Data(contentsOf: original)))
    for line in folder.manifest.dropFirst() { try check(try folder.object(line), in: folder.url) }
  }

  private func check(_ entry: [String: Any], in folder: URL) throws {
    let number = try #require(entry["alert"] as? Int)
    let rule = try #require(entry["rule"] as? String)
    let place = folder.appendingPathComponent(String(format: "%04d-%@", number, rule))
    let event = try Data(contentsOf: place.appendingPathComponent("alert.json"))
    #expect(digest(event) == entry["alert_sha256"] as? String)
    #expect(!String(decoding: event, as: UTF8.self).contains("490154203237518"), "masked")
    let file = place.appendingPathComponent("packets.pcapng")
    let packets = try Data(contentsOf: file)
    #expect(digest(packets) == entry["packets_sha256"] as? String)
    #expect(packets.count == entry["packets_bytes"] as? Int)
    let permissions = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
    #expect(permissions as? Int == 0o600)
    // Our own reader takes it, and finds the same packets in it.
    var capture = try CaptureFile(file.path)
    var count = 0
    while capture.advance() { count += 1 }
    #expect(capture.damage == nil)
    #expect(count == entry["packets"] as? Int)
    #expect(count >= 5, "a connection and its request")
    // What is in it is enough to find the same again.
    guard rule == "self-registration" else { return }
    let second = try run(["analyze", file.path, "--quiet", "--fail-on", "low"])
    #expect(second.status == 3)
  }

  @Test func standardInputIsKept() throws {
    var folder = Folder()
    defer { try? FileManager.default.removeItem(at: folder.url) }
    let source = CaptureExpectationTests.captures.appendingPathComponent("vlan.pcap")
    let result = try run(
      ["analyze", "-", "--quiet", "--evidence", folder.url.path],
      input: try FileHandle(forReadingFrom: source))
    #expect(result.status == 0)
    let kept = try Data(contentsOf: folder.url.appendingPathComponent("standard-input"))
    #expect(kept == (try Data(contentsOf: source)))
    try folder.readManifest()
    #expect(folder.manifest.count >= 2)
  }

  @Test func aFolderWithSomethingInItIsRefused() throws {
    let folder = Folder()
    defer { try? FileManager.default.removeItem(at: folder.url) }
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    let other = folder.url.appendingPathComponent("other")
    try Data("x".utf8).write(to: other)
    let result = try run(["analyze", "vlan.pcap", "--quiet", "--evidence", folder.url.path])
    #expect(result.status == 1)
    #expect(result.error.contains(folder.url.path) && result.error.contains("not empty"))
    #expect(try Data(contentsOf: other) == Data("x".utf8))
    let absent = try run([
      "analyze", "vlan.pcap", "--quiet", "--evidence", folder.url.path + "/a/b",
    ])
    #expect(absent.status == 1)
  }
}
