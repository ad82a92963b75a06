import InspectCore
import InspectIO
import Testing

struct TimeTextTests {
  private static let moments: [(String, Int64, Int64)] = [
    ("1970-01-01T00:00:00Z", 0, 1_000_000_000),
    ("2026-03-01T08:00:01.234567+0000", 1_772_352_001_234_567_000, 1_000),
    ("2026-03-01T08:00:01.234567+00:00", 1_772_352_001_234_567_000, 1_000),
    ("2026-03-01T10:00:01+02:00", 1_772_352_001_000_000_000, 1_000_000_000),
    ("2026-02-28t22:30:01.5-0930", 1_772_352_001_500_000_000, 100_000_000),
    ("2026-03-01 08:00:01z", 1_772_352_001_000_000_000, 1_000_000_000),
    ("2026-03-01T08:00:01.1234567899Z", 1_772_352_001_123_456_789, 1),
    ("2000-02-29T00:00:00Z", 951_782_400_000_000_000, 1_000_000_000),
    // A leap second is the next second.
    ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000, 1_000_000_000),
    ("1969-12-31T23:59:59.999999999Z", -1, 1),
    ("1678-01-01T00:00:00Z", -9_214_560_000_000_000_000, 1_000_000_000),
    ("2262-04-11T23:47:16.854775807Z", .max, 1),
    ("2026-03-01T00:00:00-23:59", 1_772_409_540_000_000_000, 1_000_000_000),
  ]

  @Test func readsMoments() {
    for (text, nanoseconds, precision) in TimeTextTests.moments {
      let moment = TimeText.read(text)
      #expect(moment?.time.nanoseconds == nanoseconds, "\(text)")
      #expect(moment?.precision == precision, "\(text)")
      #expect(moment?.hasZone == true, "\(text)")
    }
    let local = TimeText.read("2026-03-01 08:00:01")
    #expect(local?.time.nanoseconds == 1_772_352_001_000_000_000)
    #expect(local?.hasZone == false)
  }

  @Test(arguments: [
    "", "2026", "2026-03-01", "2026-3-1T08:00:01Z", "26-03-01T08:00:01Z",
    "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+02:60", "2026-01-01T00:00:00+2", "2026-01-01T00:00:00+02",
    "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00 Z", "0000-01-01T00:00:00Z",
    "1600-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01X00:00:00Z",
    " 2026-01-01T00:00:00Z", "２026-01-01T00:00:00Z", "2262-04-11T23:47:16.854775808Z",
  ])
  func refusesWhatIsNoMoment(_ text: String) {
    #expect(TimeText.read(text) == nil)
  }

  @Test func everyPrefixIsSafe() {
    for (text, nanoseconds, _) in TimeTextTests.moments {
      let bytes = Array(text.utf8)
      for count in 0..<bytes.count {
        let moment = TimeText.read(bytes[..<count])
        if count < 19 { #expect(moment == nil) }
        if moment?.hasZone == true { #expect(moment?.time.nanoseconds != nanoseconds) }
      }
    }
  }

  @Test func readsUnixTime() {
    func read(_ text: String) -> (Int64, Int64)? {
      TimeText.readUnix(Array(text.utf8)[...]).map { ($0.time.nanoseconds, $0.precision) }
    }
    #expect(read("1571405797")! == (1_571_405_797_000_000_000, 1_000_000_000))
    #expect(read("1571405797.660")! == (1_571_405_797_660_000_000, 1_000_000))
    #expect(read("1571405797660")! == (1_571_405_797_660_000_000, 1_000_000))
    #expect(read("1571405797660.25")! == (1_571_405_797_660_250_000, 10_000))
    #expect(read("1571405797660.1234567")! == (1_571_405_797_660_123_456, 1))
    #expect(read("99999999999.5")?.0 == nil)
    #expect(read("0")! == (0, 1_000_000_000))
    for text in [
      "", ".", "1.", ".5", "-1", "+1", "1e9", "1571405797 ", "0x10", "9999999999999999",
      "999999999999999", "1571405797.66.0", "１",
    ] {
      #expect(read(text) == nil, "\(text)")
    }
  }

  @Test func writes() {
    let time = Timestamp(nanoseconds: 1_772_352_001_234_567_890)
    #expect(TimeText.eve(time) == "2026-03-01T08:00:01.234567+0000")
    #expect(TimeText.rfc3339(time) == "2026-03-01T08:00:01.234567Z")
    #expect(TimeText.rfc3339(time, fractionDigits: 0) == "2026-03-01T08:00:01Z")
    #expect(TimeText.rfc3339(time, fractionDigits: 12) == "2026-03-01T08:00:01.234567890Z")
    #expect(TimeText.eve(.init(nanoseconds: -1)) == "1969-12-31T23:59:59.999999+0000")
    #expect(TimeText.eve(.init(nanoseconds: .min)) == "1677-09-21T00:12:43.145224+0000")
    #expect(TimeText.eve(.init(nanoseconds: .max)) == "2262-04-11T23:47:16.854775+0000")
  }

  /// Every day of the years that a timestamp holds, there and back.
  @Test func everyDayThereAndBack() {
    var expected = CivilTime(year: 1678, month: 1, day: 1)
    for day in -106_650..<106_751 {
      let civil = CivilTime(Timestamp(nanoseconds: Int64(day) * 86_400_000_000_000))
      guard civil == expected, civil.timestamp()?.nanoseconds == Int64(day) * 86_400_000_000_000
      else {
        Issue.record("day \(day): \(civil), not \(expected)")
        return
      }
      let isLeap = civil.year % 4 == 0 && (civil.year % 100 != 0 || civil.year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      expected.day += 1
      if expected.day > lengths[expected.month - 1] {
        expected.day = 1
        expected.month += 1
      }
      if expected.month > 12 {
        expected.month = 1
        expected.year += 1
      }
    }
  }
}
