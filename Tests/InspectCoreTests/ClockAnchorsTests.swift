import Testing

@testable import InspectCore

private let start: Int64 = 1_772_323_200_000_000_000  // 2026-03-01T00:00:00Z

private func at(_ seconds: Double) -> Timestamp {
  Timestamp(nanoseconds: start + Int64((seconds * 1e9).rounded()))
}

private let day = at(0)...at(86_400)
private let one = IPAddress(ipv4: 0x0108_0001)
private let other = IPAddress(ipv4: 0xC000_0201)

/// `yyyy-MM-dd HH:mm:ss` on 1 March 2026, as under REGDATE.
private func regdate(_ second: Int) -> PhoneTime? {
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let clock = [second / 3_600, second / 60 % 60, second % 60].map(two).joined(separator: ":")
  let text = Array("2026-03-01 \(clock)".utf8)
  let key = Array("REGDATE".utf8)
  return PhoneTime(text.span.bytes, key: key.span.bytes)
}

private func ntp(_ seconds: Double) -> PhoneTime? {
  let moment = at(seconds).nanoseconds
  var message = [UInt8](repeating: 0, count: 48)
  message[0] = 0x23
  let whole = UInt32(moment / 1_000_000_000 + 2_208_988_800)
  let fraction = UInt32((moment % 1_000_000_000) << 32 / 1_000_000_000)
  for index in 0..<4 {
    message[40 + index] = UInt8(truncatingIfNeeded: whole >> UInt32(24 - 8 * index))
    message[44 + index] = UInt8(truncatingIfNeeded: fraction >> UInt32(24 - 8 * index))
  }
  return PhoneTime(ntp: message.span.bytes)
}

/// What the phone writes into its messages tells its clock.
struct ClockAnchorsTests {
  /// Whole seconds, cut: on an average half a second early.
  @Test func datesOfWholeSecondsTellItToAFraction() throws {
    var anchors = ClockAnchors()
    for index in 0..<22 {
      let second = 28_800 + 2_357 * index
      // The phone's clock is a minute ahead; a fraction of it is cut off.
      let fraction = Double(index * 37 % 100) / 100
      let told = try #require(regdate(second + 60))
      anchors.note(told, to: one, at: at(Double(second) + fraction))
    }
    let anchor = try #require(anchors.anchor(over: day))
    #expect(abs(Double(anchor.shift.offset) / 1e9 - 60) < 0.2)
    #expect(anchor.shift.drift == 0)
    #expect((0.1...0.5).contains(anchor.uncertainty))
    #expect(anchor.sources.messages && !anchor.sources.ntp)
    // Only one server was told: without it nothing is known.
    #expect(anchors.witnesses(over: day) == [one])
  }

  @Test func requestsForTheTimeTellItBetterAndShowItsDrift() throws {
    var anchors = ClockAnchors()
    for hour in stride(from: 1.0, to: 24, by: 2) {
      let time = 3_600 * hour
      let clock = time + 5 + 40e-6 * (time - 43_200)
      anchors.note(try #require(ntp(clock)), to: hour < 12 ? one : other, at: at(time))
    }
    let anchor = try #require(anchors.anchor(over: day))
    #expect(abs(Double(anchor.shift.offset) / 1e9 - 5) < 0.1)
    #expect(abs(anchor.shift.drift - 40) < 5)
    #expect(anchor.uncertainty < 0.2)
    #expect(anchor.sources.ntp && !anchor.sources.messages)
    #expect(anchors.witnesses(over: day).isEmpty)
  }

  /// Of some clients the transmit time is random.
  @Test func randomTimesTellNothing() throws {
    var anchors = ClockAnchors()
    for (index, wrong) in [-3_000.0, 17, 12_345, -60_000, 41_000].enumerated() {
      let time = 10_000 + 100 * Double(index)
      anchors.note(try #require(ntp(time + wrong)), to: one, at: at(time))
    }
    #expect(anchors.anchor(over: day) == nil)
    #expect(anchors.witnesses(over: day).isEmpty)
  }

  @Test func twoAreTooFewAndAMajorityDecides() throws {
    var anchors = ClockAnchors()
    for time in [1_000.0, 2_000] {
      anchors.note(try #require(ntp(time + 1)), to: one, at: at(time))
    }
    #expect(anchors.anchor(over: day) == nil)
    anchors.note(try #require(ntp(3_001)), to: one, at: at(3_000))
    anchors.note(try #require(ntp(4_500)), to: one, at: at(4_000))
    let anchor = try #require(anchors.anchor(over: day))
    #expect(abs(Double(anchor.shift.offset) / 1e9 - 1) < 0.01)
  }
}
