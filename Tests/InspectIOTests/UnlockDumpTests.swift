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

/// What people write with `mosquitto_sub -F` and by hand, between spaces.
struct TimedLinesTests {
  private func read(_ text: String, _ hints: UnlockLog.Hints = .init()) throws -> UnlockLog {
    try UnlockLog.read(Array(text.utf8), name: "log", hints: hints)
  }

  /// `%I`, `%U`, and `ts` behind `-v`; the same state again is no change, and other topics are not
  /// ours.
  @Test(arguments: [
    "2026-03-01T09:00:01+0100", "1772352001", "1772352001.000000000", "2026-03-01T08:00:01Z",
    "2026-03-01 08:00:01+00:00",
  ])
  func statestream(_ time: String) throws {
    let log = try read(
      """
      \(time) ha/binary_sensor/phone_interactive/state on
      1772352002.5 ha/binary_sensor/phone_interactive/state on
      1772352002.6 ha/binary_sensor/door/state on
      1772352003.25 ha/binary_sensor/phone_interactive/last_changed 2026-03-01T08:00:03Z
      1772352004.75\tha/binary_sensor/phone_interactive/state\toff

      """)
    #expect(log.format == .mqtt)
    #expect(log.entries.map(\.event.kind) == [.screenOn, .screenOff])
    #expect(
      log.entries.map(\.event.time.nanoseconds) == [
        1_772_352_001_000_000_000, 1_772_352_004_750_000_000,
      ])
    #expect(log.entries.map(\.device) == ["phone", "phone"])
    #expect(log.entries.map(\.clock) == [.receiver, .receiver])
    #expect(log.usesScreenOn)
  }

  @Test func eventsByTheirNames() throws {
    let log = try read(
      """
      1772352001.5 phones/nokia/screen unlock
      1772352002.5 phones/nokia/lock {"n":1}
      1772352003.5 phones/nokia/battery 80
      1772352004.5 ha/binary_sensor/phone_device_locked/state off
      """)
    #expect(log.entries.map(\.event.kind) == [.unlock, .lock])
    #expect(log.warnings.contains { $0.contains("keyguard sensors") })
    let json = try read(
      """
      {"tst":"2026-03-01T08:00:01.5Z","topic":"phones/nokia/screen","payload":"unlock"}
      """)
    #expect(json.entries.map(\.event.kind) == [.unlock])
  }

  /// A time and an event: hands have no better precision than a second.
  @Test func byHand() throws {
    let log = try read(
      "2026-03-01 08:00:01 unlock\n1772352005.5 screen_off\n2026-03-01T08:00:09Z\tUnlock\n")
    #expect(log.format == .manual)
    #expect(log.entries.map(\.event.kind) == [.unlock, .screenOff, .unlock])
    #expect(log.entries.map(\.event.precision) == [3_000_000_000, 1_000_000_000, 3_000_000_000])
    #expect(log.warnings.contains { $0.contains("no zone") })
  }

  @Test(arguments: [
    ("ha/binary_sensor/phone_interactive/state on", "mosquitto_sub -F '%I %t %p'"),
    ("1772352000.5 topic on", "log:1: expected a time and an event"),
    ("1772352000.5 unlock\nlater unlock", "log:2: expected a time and an event"),
    ("1772352000.5 unlock\n1772352001.5 opened", "log:2: expected a time and an event"),
    ("1772352000.5", "known format"),
  ])
  func refusals(_ text: String, _ part: String) {
    var message = ""
    do {
      _ = try read(text)
    } catch {
      message = "\(error)"
    }
    #expect(message.contains(part), "\(message)")
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

  @Test func aWrongSlotIsShownWhole() {
    var message = ""
    do {
      _ = try withFile("time,device,action\n2026-03-01T08:00:00Z,,maybe\n") {
        try ExperimentPlan.read(path: $0)
      }
    } catch {
      message = "\(error)"
    }
    #expect(
      message.hasSuffix(
        ":2: expected a slot (time with its zone, device, and unlock or sham), found "
          + "\"2026-03-01T08:00:00Z,,maybe\""))
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
