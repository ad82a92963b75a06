import Foundation
import InspectCore
import InspectIO
import Testing

/// A file of its own for each call, removed at the end.
private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
  let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try OutputFile.save(text, to: file.path)
  defer { try? FileManager.default.removeItem(at: file) }
  return try body(file.path)
}

private func events(_ text: String, name: String) throws -> [String] {
  try UnlockLog.read(Array(text.utf8), name: name).entries.map {
    "\(TimeText.rfc3339($0.event.time, fractionDigits: 3)) \($0.event.kind.name)"
  }
}

struct UnlockDumpTests {
  /// The files of Android's usage statistics count from the time that is their name.
  @Test func usageStatisticsFile() throws {
    let text = """
      <?xml version='1.0' encoding='utf-8' standalone='yes' ?>
      <usagestats version="1" endTime="7200000">
      <event-log>
      <event time="1000" package="android" flags="0" type="15" />
      <event time="2500" package="android" flags="0" type="18" />
      <event time="60000" package="android" flags="0" type="16" />
      <event time="-1772352090000" package="android" flags="0" type="18" />
      </event-log>
      </usagestats>

      """
    #expect(
      try events(text, name: "usagestats/0/daily/1772352000000.xml") == [
        "2026-03-01T08:00:01.000Z screen_on", "2026-03-01T08:00:02.500Z unlock",
        "2026-03-01T08:01:00.000Z screen_off", "2026-03-01T08:01:30.000Z unlock",
      ])
    // Without the name there is no time.
    #expect(try events(text, name: "usage.xml") == ["2026-03-01T08:01:30.000Z unlock"])
  }

  @Test func protobufAsText() throws {
    let text = """
      Last 24 hour events (example)
      event { package: "android" type: 18 time_ms: 1772352002500 }
      event { package: "android" type: 1 time_ms: 1772352003500 }

      """
    #expect(try events(text, name: "dump") == ["2026-03-01T08:00:02.500Z unlock"])
  }

  @Test func statestream() throws {
    let text = """
      {"tst":"2026-03-01T09:00:01.500000Z+0100","topic":"ha/binary_sensor/phone_interactive/state","qos":0,"retain":0,"payloadlen":2,"payload":"on"}
      {"tst":"2026-03-01T09:00:02.500000Z+0100","topic":"ha/binary_sensor/phone_interactive/state","payload":"on"}
      {"tst":"2026-03-01T09:00:03.000000Z+0100","topic":"ha/binary_sensor/door/state","payload":"on"}
      {"tst":"2026-03-01T09:00:31.500000+0100","topic":"ha/binary_sensor/phone_interactive/state","payload":"off"}

      """
    #expect(
      try events(text, name: "mqtt") == [
        "2026-03-01T08:00:01.500Z screen_on", "2026-03-01T08:00:31.500Z screen_off",
      ])
  }
}

struct ExperimentPlanTests {
  private let start = Timestamp(nanoseconds: 1_772_352_000_000_000_000)

  @Test func theSameSeedGivesTheSamePlan() throws {
    let plan = ExperimentPlan(seed: 42, slots: 20, start: start, gaps: 60...300, device: "nokia")
    #expect(plan.slots.count == 20)
    #expect(plan.slots.count { $0.isUnlock } == 10)
    let gaps = zip(plan.slots.dropFirst(), plan.slots).map { $0.time.seconds(since: $1.time) }
    #expect(gaps.allSatisfy { (60...300).contains($0) })
    let again = ExperimentPlan(seed: 42, slots: 20, start: start, gaps: 60...300, device: "nokia")
    #expect(again.csv() == plan.csv())
    #expect(plan.csv().hasPrefix("# inspectd experiment, seed 42, 20 slots, 10 unlocks\n"))
    let other = ExperimentPlan(seed: 43, slots: 20, start: start, gaps: 60...300, device: nil)
    #expect(other.csv() != plan.csv())
  }

  @Test func aPlanIsReadAsItWasWritten() throws {
    let plan = ExperimentPlan(seed: 7, slots: 12, start: start, gaps: 60...90, device: "nokia")
    let read = try withFile(plan.csv()) { try ExperimentPlan.read(path: $0) }
    #expect(read.slots == plan.slots)
    #expect(read.device == "nokia")
    #expect(plan.html().contains("[\(plan.slots[0].time.nanoseconds / 1_000_000),"))
  }

  @Test func aPlanBesideACapture() throws {
    let plan = ExperimentPlan(seed: 7, slots: 20, start: start, gaps: 60...90, device: nil)
    func remark(from: Int, to: Int) -> ExperimentPlan.Remark? {
      plan.remark("plan.csv", observed: plan.slots[from].time...plan.slots[to].time)
    }
    #expect(remark(from: 0, to: 19) == nil)
    let partly = try #require(remark(from: 3, to: 19))
    #expect(!partly.isFatal)
    #expect(
      partly.text.hasPrefix("plan.csv: only 17 of 20 slots lie in the capture: the slots are"))
    #expect(remark(from: 3, to: 13)?.isFatal == true)
    let never = plan.remark("plan.csv", observed: start...start)
    #expect(never?.isFatal == true)
    #expect(never?.text.contains("no slot of the plan lies in the capture") == true)
    #expect(plan.isEnough)
    let short = try withFile("time,action\n1772352000,unlock\n") {
      try ExperimentPlan.read(path: $0)
    }
    #expect(!short.isEnough)
  }

  @Test(arguments: [
    "", "time,device\n", "time,device,action\nnoon,,unlock\n",
    "time,device,action\n2026-03-01T08:00:00Z,,maybe\n",
  ])
  func whatIsNoPlanIsRefused(_ text: String) throws {
    #expect(throws: UnlockLogError.self) {
      try withFile(text) { try ExperimentPlan.read(path: $0) }
    }
  }
}
