import InspectCore
import InspectIO
import Testing

#if canImport(Musl)
  import Musl
#else
  import Glibc
#endif

private typealias Hints = UnlockLog.Hints

private func read(_ text: String, _ hints: Hints = Hints()) throws -> UnlockLog {
  try UnlockLog.read(Array(text.utf8), name: "log", hints: hints)
}

/// `2026-03-01T08:00:01.234Z unlock` for each event.
private func events(_ log: UnlockLog) -> [String] {
  log.entries.map { entry in
    let digits = entry.event.precision < 1_000_000_000 ? 3 : 0
    let time = TimeText.rfc3339(entry.event.time, fractionDigits: digits)
    return "\(time) \(entry.event.kind.name)"
  }
}

private func refusal(_ text: String, _ hints: Hints = Hints()) -> String? {
  do {
    _ = try read(text, hints)
    return nil
  } catch {
    return "\(error)"
  }
}

private func time(_ text: String) -> Timestamp { TimeText.read(text)!.time }

/// The day of the samples of the Android logs.
private let october = Hints(captured: time("2019-10-18T00:00:00Z")...time("2019-10-19T00:00:00Z"))

struct OwnUnlockLogTests {
  @Test func csv() throws {
    let log = try read(
      """
      time,device,event
      2026-03-01T08:00:01Z,nokia,unlock
      2026-03-01T10:00:02.5+02:00,02:00:00:00:00:10,screen_on
      1772352003,192.168.7.20,SCREEN_OFF
      1772352004.25,,Lock
      1772352005123,nokia,boot

      """)
    #expect(log.format == .csv)
    #expect(
      events(log) == [
        "2026-03-01T08:00:01Z unlock", "2026-03-01T08:00:02.500Z screen_on",
        "2026-03-01T08:00:03Z screen_off", "2026-03-01T08:00:04.250Z lock",
        "2026-03-01T08:00:05.123Z boot",
      ])
    #expect(
      log.entries.map(\.device) == ["nokia", "02:00:00:00:00:10", "192.168.7.20", nil, "nokia"])
    #expect(
      log.entries.map(\.event.precision) == [
        1_000_000_000, 100_000_000, 1_000_000_000, 10_000_000, 1_000_000,
      ])
    #expect(log.entries.map(\.line) == [2, 3, 4, 5, 6])
    #expect(log.warnings == [])
    #expect(!log.usesScreenOn)
    #expect(log.unlocks.count == 1)
  }

  /// Columns in any order and number, quotation marks, CRLF, a byte order mark, comments, blank
  /// lines, no line end at the end, other separators.
  @Test(arguments: [",", ";", "\t"])
  func csvAsPeopleWriteIt(_ separator: String) throws {
    let text = [
      "\u{FEFF}# made by hand", "", "note,EVENT,Time,device",
      "\"a, \"\"quoted\"\" note\",unlock,\"2026-03-01T08:00:01Z\",\"my phone\"", "   ",
      "# a comment", "two\tlines , Unlock , 2026-03-01T08:00:05Z , x",
      "\"two\r\nlines\",unlock,2026-03-01T08:00:09Z,y,one more",
      ",unlock,2026-03-01T08:00:13Z",
    ].joined(separator: "\r\n")
    let tabless = text.replacing("two\tlines", with: "two lines")
    let log = try read(
      separator == ","
        ? text
        : tabless.replacing("a, ", with: "a ").replacing(",", with: separator))
    #expect(log.format == .csv)
    #expect(log.entries.map(\.device) == ["my phone", "x", "y", nil])
    #expect(log.entries.map(\.line) == [4, 7, 8, 10])
    #expect(log.unlocks.count == 4)
  }

  @Test func eventsAreSortedAndNotCollapsed() throws {
    let log = try read(
      "time,device,event\n1772352009,a,unlock\n1772352001,a,unlock\n1772352001,b,unlock\n")
    #expect(log.entries.map(\.line) == [3, 4, 2])
  }

  @Test(arguments: [
    ("time,device,event\n1772352001,a,unlock\n,a,unlock\n", 3, "a time"),
    ("time,device,event\n2026-03-01T08:00:01,a,unlock\n", 2, "with its zone"),
    ("time,device,event\n2026-02-30T08:00:01Z,a,unlock\n", 2, "2026-02-30T08:00:01Z"),
    ("time,device,event\n1772352001,a,unlocked\n", 2, "an event (unlock, screen_on"),
    ("time,device,event\n1772352001,a\n", 2, "an event"),
    ("time,device,event\n\n# c\n1772352001\n", 4, "an event"),
    ("time,device,event\n1772352001,a,\"unlock\n1772352002,a,lock\n", 2, "closing quotation mark"),
    ("time,event\n1772352001,unlock\n1772352001\u{1B}[31m,unlock\n", 3, "1772352001 [31m"),
    ("time,event\n1772352001,unlock\(String(repeating: ",", count: 300))\n", 2, "256 columns"),
    ("{\"time\":1772352001,\"event\":\"unlock\"}\nunlock\n", 2, "a JSON object"),
    ("{\"time\":1772352001,\"event\":\"unlock\"} x\n", 1, "a JSON object"),
    ("{\"event\":\"unlock\"}\n", 1, "\"time\""),
    ("{\"time\":1.7e9,\"event\":\"unlock\"}\n", 1, "\"time\""),
    ("{\"time\":\"2026-03-01T08:00:01\",\"event\":\"unlock\"}\n", 1, "with its zone"),
    ("{\"time\":1772352001}\n", 1, "\"event\""),
    ("{\"time\":1772352001,\"event\":2}\n", 1, "\"event\""),
    ("timestamp,event\n1772352001,unlock\nnoon,unlock\n", 3, "a time"),
  ])
  func aWrongLineIsNamed(_ text: String, _ line: Int, _ part: String) throws {
    let message = try #require(refusal(text))
    #expect(message.hasPrefix("log:\(line): expected "), "\(message)")
    #expect(message.contains(part), "\(message)")
    #expect(!message.contains("\u{1B}"))
  }

  @Test func jsonLines() throws {
    let log = try read(
      """
      {"time":"2026-03-01T08:00:01.5Z","device":"nokia","event":"unlock"}

      { "event" : "SCREEN_ON", "more" : {"a":[1,{"b":null}],"c":true}, "time" : 1772352002.25 }
      {"time":1772352003000,"device":null,"event":"lock","x":[],"y":{}}
      {"time":"1772352004","device":"\\u0041\\ud83d\\ude00\\"\\/\\n\\ud800","event":"unl\\u006fck"}
      """)
    #expect(log.format == .jsonLines)
    #expect(
      events(log) == [
        "2026-03-01T08:00:01.500Z unlock", "2026-03-01T08:00:02.250Z screen_on",
        "2026-03-01T08:00:03.000Z lock", "2026-03-01T08:00:04Z unlock",
      ])
    #expect(log.entries.map(\.device) == ["nokia", nil, nil, "A😀\"/\n\u{FFFD}"])
    #expect(log.entries.map(\.line) == [1, 3, 4, 5])
    let wide = (0..<1_000).map { "\"k\($0)\":1" }.joined(separator: ",")
    #expect(refusal("{\(wide)}") != nil)
    let deep = String(repeating: "[", count: 100_000)
    #expect(refusal("{\"a\":\(deep)") != nil)
  }

  @Test func whatIsWrittenCanBeRead() throws {
    let log = try read(
      """
      time,device,event
      2026-03-01T08:00:01Z,nokia,unlock
      1772352002.123456789,"a ""b"", c",screen_on
      1772352003123,,lock
      """)
    let text = String(decoding: log.csv(), as: UTF8.self)
    #expect(
      text == """
        time,device,event,precision_s,clock,line
        2026-03-01T08:00:01Z,nokia,unlock,1,log,2
        2026-03-01T08:00:02.123456789Z,"a ""b"", c",screen_on,1e-09,log,3
        2026-03-01T08:00:03.123Z,,lock,0.001,log,4

        """)
    let again = try UnlockLog.read(log.csv(), name: "again")
    #expect(again.entries.map(\.event) == log.entries.map(\.event))
    #expect(again.entries.map(\.device) == log.entries.map(\.device))
  }

  @Test func manual() throws {
    let log = try read(
      "timestamp,event\n2026-03-01 08:00:01,unlock\n2026-03-01T08:00:05.25Z,lock\n")
    #expect(log.format == .manual)
    #expect(log.entries.map(\.event.precision) == [3_000_000_000, 1_000_000_000])
    #expect(log.entries.map(\.clock) == [.hand, .hand])
    #expect(log.warnings == ["no zone in the log: UTC assumed"])
    let headless = try read(
      "2026-03-01 08:00:01,unlock\n2026-03-01 08:00:05,unlock\n", Hints(utcOffset: 3_600))
    #expect(
      events(headless) == ["2026-03-01T07:00:01Z unlock", "2026-03-01T07:00:05Z unlock"])
    #expect(headless.entries.map(\.line) == [1, 2])
  }

  @Test func withoutUnlocksTheScreenStandsIn() throws {
    let log = try read("time,event\n1772352001,screen_on\n1772352002,screen_off\n")
    #expect(log.usesScreenOn)
    #expect(log.unlocks.map(\.line) == [2])
    #expect(log.warnings.count == 1 && log.warnings[0].contains("screen_on is used"))
    let empty = try read("time,device,event\n")
    #expect(!empty.usesScreenOn)
    #expect(empty.warnings == ["no event in the log"])
    let boot = try read("time,event\n1772352001,boot\n")
    #expect(boot.warnings == ["neither unlock nor screen_on in the log"])
  }
}

struct AndroidLogTests {
  /// `screen_toggled`: 2 is unlocked, not locked; in every form that logcat can print.
  @Test(arguments: [
    "10-18 15:36:37.660  3283  3283 I screen_toggled: 2",
    "10-18 15:36:37.660 +0000  3283  3283 I screen_toggled: 2",
    "10-18 17:36:37.660 +0200  3283  3283 I screen_toggled: 2",
    "2019-10-18 15:36:37.660  3283  3283 I screen_toggled: 2",
    "2019-10-18 15:36:37.660 +0000  3283  3283 I screen_toggled: 2",
    "2019-10-18 10:06:37.660 -0530  3283  3283 I screen_toggled: 2",
    "1571412997.660  3283  3283 I screen_toggled: 2",
    "    1571412997.660  1000  3283  3283 I screen_toggled: [2]",
    "10-18 15:36:37.660 I/screen_toggled( 3283): 2",
    "10-18 15:36:37.660  1000  3283  3283 I screen_toggled : 2\r",
  ])
  func screenToggled(_ line: String) throws {
    let log = try read("--------- beginning of events\n\(line)\nnoise\n", october)
    #expect(log.format == .androidEvents)
    #expect(events(log) == ["2019-10-18T15:36:37.660Z unlock"])
    #expect(log.entries[0].event.precision == 1_000_000)
    #expect(log.entries[0].line == 2)
  }

  @Test func offOnAndUnlocked() throws {
    let log = try read(
      """
      10-18 15:36:31.623   992   992 I screen_toggled: 1
      10-18 15:36:32.000   992   992 I power_screen_state: [1,0,0,0,412]
      10-18 15:36:37.660  3283  3283 I screen_toggled: 2
      10-18 15:40:00.000   992   992 I screen_toggled: 0
      10-18 15:41:00.000   992   992 I screen_toggled: 7
      10-18 15:42:00.000   992   992 I screen_toggled_not: 2
      10-18 15:43:00.000   992   992 I am_note: screen_toggled
      """, october)
    #expect(
      events(log) == [
        "2019-10-18T15:36:31.623Z screen_on", "2019-10-18T15:36:37.660Z unlock",
        "2019-10-18T15:40:00.000Z screen_off",
      ])
    #expect(
      log.warnings == [
        "no year in the log: taken from the capture's time", "no zone in the log: UTC assumed",
      ])
    #expect(log.entries.allSatisfy { $0.clock == .phoneLocal })
  }

  @Test(arguments: [
    ("[1,0,0,setKeyguardShown]", "[0,0,1,setKeyguardShown]"),
    ("[0,1,0,0,setKeyguardShown]", "[0,0,0,1,setKeyguardShown]"),
    ("[0,1,0,0,0,setKeyguardShown]", "[0,0,0,1,0,setKeyguardShown]"),
    ("[0, 1, 1, 0, 0, setKeyguardShown]", "[0, 0, 0, 0, 0, setKeyguardShown]"),
  ])
  func keyguardShown(_ shown: String, _ hidden: String) throws {
    func line(_ second: Int, _ value: String) -> String {
      "10-18 18:02:\(second).073  1662  2622 I wm_set_keyguard_shown: \(value)\n"
    }
    let log = try read(
      line(10, shown) + line(15, hidden) + line(20, hidden) + line(25, shown) + line(30, shown)
        + line(35, hidden), october)
    #expect(
      events(log) == [
        "2019-10-18T18:02:15.073Z unlock", "2019-10-18T18:02:25.073Z lock",
        "2019-10-18T18:02:35.073Z unlock",
      ])
  }

  @Test func keyguardWhereTheLogBegins() throws {
    let begin = "10-18 18:02:57.073  1662  2622 I wm_set_keyguard_shown: "
    let going = try read(begin + "[0,0,0,1,0,setKeyguardShown]", october)
    #expect(events(going) == ["2019-10-18T18:02:57.073Z unlock"])
    for value in [
      "[0,0,0,0,0,setKeyguardShown]", "[0,1,0,0,0,setKeyguardShown]", "[4,0,0,1,0,other]",
      "[0,0,reason]", "[]", "",
    ] {
      let log = try read(begin + value, october)
      #expect(log.entries.isEmpty, "\(value)")
    }
  }

  @Test func theYearIsTakenFromWhatIsKnown() throws {
    let line = """
      12-31 23:59:58.000  1  1 I screen_toggled: 2
      01-01 00:00:03.000  1  1 I screen_toggled: 2
      """
    let newYear = Hints(captured: time("2025-12-31T20:00:00Z")...time("2026-01-01T04:00:00Z"))
    let expected = ["2025-12-31T23:59:58.000Z unlock", "2026-01-01T00:00:03.000Z unlock"]
    #expect(events(try read(line, newYear)) == expected)
    #expect(events(try read(line, Hints(modified: time("2026-01-01T05:00:00Z")))) == expected)
    let report = "== dumpstate: 2026-01-01 05:00:00\n"
    #expect(events(try read(report + line, october)) == expected)
    #expect(
      refusal(line)
        == "log:1: the log's dates have no year: give the capture with it, or log with -v year or -v epoch"
    )
    // No 29 February near the capture: left out, and said.
    let leap = "02-29 12:00:00.000  1  1 I screen_toggled: 2"
    let summer = Hints(captured: time("2026-07-01T00:00:00Z")...time("2026-07-02T00:00:00Z"))
    #expect(try read(leap, summer).warnings.contains { $0.contains("the first in line 1") })
    let modified = Hints(modified: time("2026-01-01T05:00:00Z"))
    #expect(events(try read(leap, modified)) == ["2024-02-29T12:00:00.000Z unlock"])
  }

  @Test func monotonicTimesAreLeftOut() throws {
    let log = try read("    5123.660  1  1 I screen_toggled: 2\nI/screen_toggled( 1): 2\n", october)
    #expect(log.entries.isEmpty)
    #expect(log.warnings[0] == "left out without a readable time: 2, the first in line 1")
  }

  private let usage = """
    user=0
      Last 24 hour events (timeRange="2026/9/26 12:00～2026/9/27 12:00" )
        time="2026-09-26 23:10:00" type=SCREEN_INTERACTIVE package=android flags=0x0
        time="2026-09-26 23:10:02" type=KEYGUARD_HIDDEN package=android flags=0x0
        time="2026-09-26 23:10:03" type=KEYGUARD_HIDDEN package=android flags=0x0
        time="2026-09-26 23:10:05" type=ACTIVITY_RESUMED package=com.example class=c flags=0x0
        time="2026-09-26 23:20:03" type=SCREEN_NON_INTERACTIVE package=android flags=0x0
        time="2026-09-26 23:20:04" type=KEYGUARD_SHOWN package=android flags=0x0
        time="2026-09-26 23:30:00" type=DEVICE_STARTUP package=android flags=0x0
    user=10
        time="2026-09-26 23:40:02" type=KEYGUARD_HIDDEN package=android flags=0x0

    """

  @Test func usageStats() throws {
    let log = try read(usage, Hints(utcOffset: 7_200))
    #expect(log.format == .usageStats)
    #expect(
      events(log) == [
        "2026-09-26T21:10:00Z screen_on", "2026-09-26T21:10:02Z unlock",
        "2026-09-26T21:20:03Z screen_off", "2026-09-26T21:20:04Z lock", "2026-09-26T21:30:00Z boot",
      ])
    #expect(
      log.warnings == [
        "no zone in the log: taken as told, 7200 s east of UTC",
        "events of other users than 0 left out: they repeat the same",
      ])
    #expect(log.entries.allSatisfy { $0.event.precision == 1_000_000_000 })
  }

  @Test func usageStatsWithRawTimes() throws {
    let log = try read(
      """
          time=1790457002000 type=KEYGUARD_HIDDEN package=android flags=0x0
          time=1790457100000 type=15 package=android flags=0x0
      <event time="1790457200000" package="android" type="18" flags="0"/>
      <event time="3599" package="android" type="18" flags="0"/>
          type=KEYGUARD_HIDDEN package=android time="yesterday"
          lastTime=1790457002000 mytype=KEYGUARD_HIDDEN
      """)
    #expect(
      events(log) == [
        "2026-09-26T21:10:02.000Z unlock", "2026-09-26T21:11:40.000Z screen_on",
        "2026-09-26T21:13:20.000Z unlock",
      ])
    #expect(log.entries.allSatisfy { $0.clock == .phone })
    #expect(log.warnings == ["left out without a readable time: 2, the first in line 4"])
  }

  /// Both logs in one report tell of the same unlock; the more precise one stays.
  @Test func bugReport() throws {
    let log = try read(
      """
      ========================================================
      == dumpstate: 2026-09-27 00:15:02
      ========================================================
      ------ EVENT LOG (logcat -b events -v threadtime -d *:v) ------
      09-26 23:10:02.660  3283  3283 I screen_toggled: 2
      user=10
      DUMP OF SERVICE usagestats:
      \(usage)
      """)
    #expect(log.format == .bugReport)
    #expect(log.entries.filter { $0.event.kind == .unlock }.map(\.event.precision) == [1_000_000])
    #expect(events(log).contains("2026-09-26T23:10:02.660Z unlock"))
    #expect(log.warnings[0] == "no year in the log: taken from the bug report's time")
  }

  @Test func aReportWithoutUnlocksIsStillOne() throws {
    #expect(try read("--------- beginning of events\nnothing\n").entries.isEmpty)
    #expect(try read("== dumpstate: 2026-09-26 23:15:02\n").format == .bugReport)
  }
}

struct OtherUnlockLogTests {
  @Test func homeAssistant() throws {
    let log = try read(
      """
      entity_id,state,last_changed
      binary_sensor.phone_interactive,unavailable,2026-09-26T21:00:00.000Z
      binary_sensor.phone_interactive,on,2026-09-26T21:10:00.123Z
      binary_sensor.phone_interactive,unavailable,2026-09-26T21:10:10.000Z
      binary_sensor.phone_interactive,on,2026-09-26T21:10:20.000Z
      binary_sensor.phone_interactive,off,2026-09-26T21:11:00.123Z
      binary_sensor.phone_device_locked,off,2026-09-26T21:12:00.123Z
      sensor.phone_battery,50,2026-09-26T21:12:00.123Z
      binary_sensor.other_interactive,on,2026-09-26T21:12:30.123Z
      binary_sensor.other_interactive,off,soon
      """)
    #expect(log.format == .homeAssistant)
    #expect(
      events(log) == [
        "2026-09-26T21:10:00.123Z screen_on", "2026-09-26T21:11:00.123Z screen_off",
        "2026-09-26T21:12:30.123Z screen_on",
      ])
    #expect(log.entries.map(\.device) == ["phone", "phone", "other"])
    #expect(log.entries[0].clock == .receiver)
    #expect(log.usesScreenOn)
    #expect(log.warnings.contains { $0.contains("keyguard sensors") })
    #expect(log.warnings.contains { $0.contains("line 10") })
  }

  @Test func apollo() throws {
    let log = try read(
      [
        "Timestamp\tActivity\tOutput\tDatabase\tModule",
        "2019-10-18 13:36:37\tDevice Lock Status\t[IS LOCKED]: UNLOCKED | [DAY OF WEEK]: Friday\tk\tm",
        "2019-10-18 13:36:38\tDevice Lock Status\tIS LOCKED: UNLOCKED\tk\tm",
        "2019-10-18 13:40:00\tDevice Lock Status\t\"[IS LOCKED]: LOCKED\n[START]: x\"\tk\tm",
        "2019-10-18 13:41:00\tDevice Lock Status\t[IS LOCKED]: None\tk\tm",
        "2019-10-18 13:42:00\tApplication Usage\tUNLOCKED\tk\tm",
        "2019-10-18 13:43:00\tDevice is Backlit\t[SCREEN IS BACKLIT]: YES\tk\tm", "junk",
        "2019-10-18 13:44:00\tLock State\t[LOCK STATUS]: DEVICE UNLOCKED\tp\tm",
        "2019-10-18 13:45:00\tLock State\t[LOCK STATUS]: DEVICE LOCKED\tp\tm",
      ].joined(separator: "\n"))
    #expect(log.format == .apollo)
    #expect(
      events(log) == [
        "2019-10-18T13:36:37Z unlock", "2019-10-18T13:40:00Z lock",
        "2019-10-18T13:43:00Z screen_on", "2019-10-18T13:44:00Z unlock",
        "2019-10-18T13:45:00Z lock",
      ])
    #expect(log.entries.allSatisfy { $0.clock == .phone })
    #expect(log.warnings == [])
  }

  @Test(arguments: [",", "\t"])
  func iLEAPP(_ separator: String) throws {
    let log = try read(
      """
      Start Time,End Time,Time Added,Device Lock Status,UTC
      2020-04-15 20:01:02,2020-04-15 20:05:00,2020-04-15 20:05:01,Unlocked,-4
      2020-04-15 20:05:00+00:00,2020-04-15 21:00:00,2020-04-15 21:00:01,Locked,-4
      2020-04-15 21:00:00,,,2,-4
      never,,,Unlocked,-4
      """.replacing(",", with: separator))
    #expect(log.format == .iLEAPP)
    #expect(events(log) == ["2020-04-15T20:01:02Z unlock", "2020-04-15T20:05:00Z lock"])
    #expect(log.warnings == ["left out without a readable time: 1, the first in line 5"])
  }

  /// Biome since iOS 16; the event is where the state begins, not where the file was written.
  @Test func biome() throws {
    let log = try read(
      """
      SEGB Timestamp,Start Time,End Time,isLocked,Filename
      2024-05-01 09:00:05+00:00,2024-05-01 08:00:01+00:00,2024-05-01 08:00:40+00:00,0 - Unlocked,7
      2024-05-01 09:00:05+00:00,2024-05-01 08:00:40+00:00,2024-05-01 08:30:00+00:00,1 - Locked ,7
      2024-05-01 09:00:05+00:00,2024-05-01 08:31:00+00:00,,2 - What,7
      """)
    #expect(log.format == .iLEAPP)
    #expect(events(log) == ["2024-05-01T08:00:01Z unlock", "2024-05-01T08:00:40Z lock"])
  }

  /// Android's usage statistics as ALEAPP lists them: all kinds of rows, the newest first, in UTC.
  @Test func aleapp() throws {
    let log = try read(
      [
        "Last Time Active\tUsage Type\tTime Active in Msecs\tPackage\tTypes\tClass\tSource",
        "2026-09-26 21:20:04\tevent-log\t\tandroid\tKEYGUARD_SHOWN\t\tdaily",
        "2026-09-26 21:10:02\tevent-log\t\tandroid\tKEYGUARD_HIDDEN\t\tdaily",
        "2026-09-26 21:10:02\tevent-log\t\tandroid\t18\t\tweekly",
        "2026-09-26 21:10:00\tevent-log\t\tandroid\tSCREEN_INTERACTIVE\t\tdaily",
        "2026-09-26 21:09:00\tpackages\t17\tcom.example\t\t\tdaily",
        "\tevent-log\t\tandroid\tKEYGUARD_HIDDEN\t\tdaily",
      ].joined(separator: "\n"))
    #expect(log.format == .usageStats)
    #expect(
      events(log) == [
        "2026-09-26T21:10:00Z screen_on", "2026-09-26T21:10:02Z unlock",
        "2026-09-26T21:20:04Z lock",
      ])
    #expect(log.entries.allSatisfy { $0.clock == .phone })
    #expect(log.warnings == ["left out without a readable time: 1, the first in line 7"])
  }

  @Test func powerLog() throws {
    let log = try read(
      """
      Timestamp,Locked,Time Offset (seconds),Source File
      2024-05-01 08:00:01.250000+00:00,No,0.4,CurrentPowerlog.PLSQL
      2024-05-01 08:00:40.000000+00:00,Yes,0.4,CurrentPowerlog.PLSQL
      2024-05-01 08:00:41.000000+00:00,7,0.4,CurrentPowerlog.PLSQL
      """)
    #expect(log.format == .iLEAPP)
    #expect(events(log) == ["2024-05-01T08:00:01.250Z unlock", "2024-05-01T08:00:40.000Z lock"])
  }

  @Test func syslog() throws {
    let log = try read(
      """
      <13>1 2026-03-01T08:00:01.234Z phone watcher - - - unlock
      <13>1 2026-03-01T10:00:05+02:00 - watcher 77 SCREEN_ON [x@1 a="]\\"" b="c"][y@1] \u{FEFF}whatever
      <191>1 2026-03-01T08:00:09Z phone watcher - - [x@1] state event=lock by=timer
      <13>1 2026-03-01T08:00:10Z phone watcher - - - unlock failed
      <13>1 2026-03-01T08:00:11Z phone watcher - - [x@1 unlock
      <13>1 - phone watcher - - - unlock
      Mar  1 08:00:12 phone watcher: unlock
      """)
    #expect(log.format == .syslog)
    #expect(
      events(log) == [
        "2026-03-01T08:00:01.234Z unlock", "2026-03-01T08:00:05Z screen_on",
        "2026-03-01T08:00:09Z lock",
      ])
    #expect(log.entries.map(\.device) == ["phone", nil, "phone"])
    #expect(log.warnings == ["left out without a readable time: 1, the first in line 6"])
  }
}

struct UnlockLogEncodingTests {
  private let text = "time,device,event\r\n2026-03-01T08:00:01Z,K\u{F8}benhavn,unlock\r\n"

  /// What `adb logcat > log.txt` writes in a shell of Windows.
  @Test(arguments: [false, true])
  func utf16(isBigEndian: Bool) throws {
    let bytes = "\u{FEFF}\(text)".utf16.flatMap { unit in
      let octets = [UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8)]
      return isBigEndian ? octets.reversed() : octets
    }
    let log = try UnlockLog.read(bytes, name: "log")
    #expect(events(log) == ["2026-03-01T08:00:01Z unlock"])
    #expect(log.entries.map(\.device) == ["K\u{F8}benhavn"])
  }

  /// The text of `stored` blocks (RFC 1951) in one gzip member; checked to its end.
  @Test func gzip() throws {
    let packed = gzipped(Array(text.utf8))
    #expect(events(try UnlockLog.read(packed, name: "log")) == ["2026-03-01T08:00:01Z unlock"])
    for count in [packed.count - 9, 20, 3] {
      #expect(throws: UnlockLogError.self) {
        try UnlockLog.read(Array(packed[..<count]), name: "log")
      }
    }
    var damaged = packed
    damaged[20] ^= 1
    #expect(throws: UnlockLogError.self) { try UnlockLog.read(damaged, name: "log") }
  }

  private func gzipped(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    let count = UInt32(bytes.count)
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 1] + little(count, 2) + little(~count, 2) + bytes
      + little(~crc, 4) + little(count, 4)
  }
}

struct UnlockLogRefusalTests {
  @Test(arguments: [
    ("", "is empty"), ("\n \n# nothing\n", "is empty"), ("PK\u{3}\u{4}xyz", "ZIP archive"),
    ("SQLite format 3\0", "APOLLO"), ("binary\0data", "binary data"),
    ("Lorem ipsum dolor sit amet\n", "time,device,event"), ("time,device\n1,2\n", "known format"),
    ("[{\"time\":1}]", "known format"), ("\"open", "known format"), ("<999>1 x", "known format"),
    ("a,b\n1,2\n", "known format"), ("<?xml version=\"1.0\"?>\n<a/>\n", "known format"),
  ])
  func whatIsNoLog(_ text: String, _ part: String) throws {
    let message = try #require(refusal(text))
    #expect(message.hasPrefix("log: ") && message.contains(part), "\(message)")
  }

  @Test func otherEncodings() {
    for bytes: [UInt8] in [
      [0xFF, 0xFE, 0x74, 0], [0xFE, 0xFF, 0, 0x74], [0x1F, 0x8B, 8], [0xFF, 0xFE],
    ] {
      #expect(throws: UnlockLogError.self) { try UnlockLog.read(bytes, name: "log") }
    }
    #expect(
      refusal("time,device,action\n2026-03-01T08:00:00Z,,sham\n")?.contains("--experiment") == true)
  }

  @Test func randomBytes() {
    var random = SystemRandomNumberGenerator()
    for length in [1, 10, 100, 1_000, 100_000] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
      #expect(throws: UnlockLogError.self) { try UnlockLog.read(bytes, name: "log") }
    }
  }

  @Test func tooMuch() {
    let bytes = [UInt8](repeating: 0x20, count: UnlockLog.byteLimit + 1)
    #expect(throws: UnlockLogError.self) { try UnlockLog.read(bytes, name: "log") }
  }

  @Test func filesAreRead() throws {
    var path = Array("/tmp/unlock-log-test-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
    let descriptor = mkstemp(&path)
    try #require(descriptor >= 0)
    let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(name) }
    let text = Array("01-05 12:00:00.000  1  1 I screen_toggled: 2\n".utf8)
    #expect(write(descriptor, text, text.count) == text.count)
    close(descriptor)
    let log = try UnlockLog.read(path: name)
    #expect(log.entries.count == 1)
    #expect(log.warnings[0] == "no year in the log: taken from the file's date")
  }

  @Test func filesThatCannotBeRead() {
    for (path, part) in [("/nonexistent/log.csv", "No such file"), ("/tmp", "directory")] {
      do {
        _ = try UnlockLog.read(path: path)
        Issue.record("\(path) was read")
      } catch {
        #expect("\(error)".hasPrefix("\(path): cannot read"), "\(error)")
        #expect("\(error)".contains(part), "\(error)")
      }
    }
  }
}

/// Wherever a log is cut off, reading ends in a log or an error.
struct UnlockLogPrefixTests {
  @Test(arguments: [
    "\u{FEFF}time,device,event\r\n2026-03-01T08:00:01.5Z,\"a \"\"b\"\"\",unlock\r\n1772352003,x,lock",
    "{\"time\":\"2026-03-01T08:00:01Z\",\"d\":[{\"e\":-1.5e3}],\"event\":\"unl\\u006fck\",\"\\ud83d\\ude00\":1}",
    "10-18 15:36:37.660 +0200  3283  3283 I screen_toggled: 2",
    "1571405797.660  3283  3283 I/screen_toggled(  992): [2]",
    "08-01 18:02:57.073  1662  2622 I wm_set_keyguard_shown: [0,0,0,1,0,setKeyguardShown]",
    "user=0\n    time=\"2026-09-26 23:10:02\" type=KEYGUARD_HIDDEN package=android flags=0x0",
    "== dumpstate: 2026-09-26 23:15:02\n09-26 23:10:02.660  1  1 I screen_toggled: 2",
    "    time=1790457002000 type=KEYGUARD_HIDDEN package=android flags=0x0",
    "entity_id,state,last_changed\nbinary_sensor.phone_interactive,on,2026-09-26T21:10:00.123Z",
    "Timestamp\tActivity\tOutput\n2019-10-18 13:36:37\tDevice Lock Status\t[IS LOCKED]: UNLOCKED",
    "Start Time,Device Lock Status\n2020-04-15 20:01:02,Unlocked",
    "<13>1 2026-03-01T08:00:01.234Z phone w - - [a b=\"\\]\"] unlock",
    "timestamp,event\n2026-03-01 08:00:01,unlock",
  ])
  func everyPrefixIsSafe(_ text: String) throws {
    let bytes = Array(text.utf8)
    for count in 0..<bytes.count {
      let prefix = Array(bytes[..<count])
      let log = try? UnlockLog.read(prefix, name: "log", hints: october)
      if let log { #expect(log.entries.allSatisfy { $0.line >= 1 }) }
    }
    #expect(try read(text, october).entries.count >= 1)
  }
}
