import Foundation
import InspectCore
import InspectIO
import Testing

/// What the summary says of unlocks where there is little or nothing to count: the program is run, as
/// somebody with a log would.
@Suite struct UnlockSummaryTests {
  private static let phone = "02:00:00:00:00:10"

  private func summary(
    _ file: String, option: String = "--unlocks", device: String? = "phone=\(phone)"
  ) throws -> (status: Int32, text: String) {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("inspectd-unlocks-\(UUID().uuidString)")
    try Data(file.utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    let process = Process()
    let program: URL = try #require(CaptureExpectationTests.program)
    process.executableURL = program
    process.currentDirectoryURL = CaptureExpectationTests.captures
    process.environment = ["INSPECTD_DATA": FileManager.default.temporaryDirectory.path]
    process.arguments = ["analyze", "nokia-7-plus.pcapng", option, path.path]
    if let device { process.arguments? += ["--device", device] }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// The unlocks of the capture's own log, as another file has them.
  private func unlocks(_ row: (String) -> String) throws -> [String] {
    let path = CaptureExpectationTests.captures.appendingPathComponent("nokia-7-plus-unlocks.csv")
    return try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasSuffix(",unlock") }.map { row(String($0.prefix { $0 != "," })) + "\n" }
  }

  /// Most logs name no phone; in a capture of several devices it is the one that `--device` names.
  @Test func aLogWithoutADeviceIsTheNamedOnes() throws {
    let log = try unlocks { "\($0) unlock" }.joined()
    let named = try summary(log)
    #expect(named.status == 0)
    #expect(named.text.contains("of 24 unlocks were followed within"))
    #expect(named.text.contains("Screen unlocks: every destination was tested against the log."))
    let unknown = try summary(log, device: nil)
    #expect(unknown.text.contains("--device NAME=ADDRESS"))
    #expect(!unknown.text.contains("were followed within"))
  }

  @Test func fewUnlocksAreCountedOnly() throws {
    let rows = try unlocks { "\($0),unlock" }
    let five = try summary("time,event\n" + rows[3..<8].joined())
    #expect(five.text.contains("5 of 5 unlocks were followed within"))
    #expect(five.text.contains("With fewer than 6 unlocks that proves nothing."))
    #expect(five.text.contains("Screen unlocks: only 5 lie in the capture's time: from 6 on"))
    let one = try summary("time,event\n" + rows[3])
    #expect(one.text.contains("1 of 1 unlock was followed within"))
    #expect(one.text.contains("Screen unlocks: only 1 lies in the capture's time"))
  }

  @Test func aLogOfAnotherTimeSaysNothing() throws {
    let result = try summary(
      "time,event\n2025-03-01T08:00:00Z,unlock\n2025-03-01T09:00:00Z,unlock\n")
    #expect(result.text.contains("No unlock of the log lies in the capture's time."))
    #expect(result.text.contains("Screen unlocks: no unlock of the log lies in the capture"))
    #expect(!result.text.contains("0 of 0"))
    let empty = try summary("time,event\n")
    #expect(empty.text.contains("Screen unlocks: the log has no event"))
  }

  @Test func aPlanOfAnotherTimeSaysNothing() throws {
    let start = Timestamp(nanoseconds: 1_740_816_000_000_000_000)
    let plan = ExperimentPlan(seed: 3, slots: 20, start: start, gaps: 60...300, device: nil)
    let result = try summary(plan.csv(), option: "--experiment")
    #expect(result.status == 1)
    #expect(result.text.contains("No slot of the experiment's plan lies in the capture's time."))
    #expect(
      result.text.contains("Screen unlocks: no slot of the experiment's plan lies in the capture"))
    #expect(!result.text.contains("0 of 0"))
  }
}
