import Testing

@testable import InspectCore

/// What satellite trackers say in clear: GT06 in binary, and lines of text.
@Suite struct FindTrackerTests {
  /// Log-in and location as Concox's description of the protocol shows them.
  private static let login: [UInt8] = [
    0x78, 0x78, 0x0D, 0x01, 0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x23, 0x45, 0x00, 0x01, 0x8C, 0xDD,
    0x0D, 0x0A,
  ]
  private static let location: [UInt8] = [
    0x78, 0x78, 0x1F, 0x12, 0x0B, 0x08, 0x1D, 0x11, 0x2E, 0x10, 0xCF, 0x02, 0x7A, 0xC7, 0xEB, 0x0C,
    0x46, 0x58, 0x49, 0x00, 0x14, 0x8F, 0x01, 0xCC, 0x00, 0x28, 0x7D, 0x00, 0x1F, 0xB8, 0x00, 0x03,
    0x80, 0x81, 0x0D, 0x0A,
  ]

  private func shown(_ bytes: [UInt8], _ part: MessagePart = .tcpPayload) -> [String] {
    inspect(bytes, part: part).found.map { "\($0.description) = \($0.value)" }
  }

  private func shown(_ text: String) -> [String] {
    inspect(text, part: .tcpPayload).found.filter { $0.confidence > .low }
      .map { "\($0.description) = \($0.value)" }
  }

  @Test(arguments: [MessagePart.tcpPayload, .udpPayload])
  func aLoginIsTheIMEI(_ part: MessagePart) {
    #expect(shown(Self.login, part) == ["imei high 4 gt06 = 123456789012345"])
    for count in 0..<Self.login.count {
      let found = inspect(Array(Self.login.prefix(count)), part: part).found
      #expect(found.isEmpty, "\(count)")
    }
    // With a wrong sum the check digit has to tell, which this number does not have.
    var wrong = Self.login
    wrong[14] ^= 1
    #expect(shown(wrong, part) == ["imei medium 4 gt06 = 123456789012345"])
    // No number, no zero before it, no end: nothing.
    for (place, value) in [(5, 0xA3), (4, 0x11), (16, 0x0A), (0, 0x79), (2, 0x0C)] {
      var other = Self.login
      other[place] = UInt8(value)
      #expect(shown(other, part).allSatisfy { !$0.contains("gt06") }, "\(place)")
    }
    // Elsewhere such bytes are looked at as all others are.
    #expect(inspect(Self.login, part: .httpRequestBody).found.allSatisfy { $0.path != "gt06" })
  }

  @Test func aPlaceIsOne() {
    #expect(
      shown(Self.login + Self.location) == [
        "imei high 4 gt06 = 123456789012345", "location high 29 gt06 = 23.11167,114.40929",
        "cell-id medium 45 gt06 = 8120",
      ])
    // Without a right sum it may be anything; without a fix it is nowhere.
    for (place, value) in [(32, 0x81), (20, 0x04)] {
      var other = Self.location
      other[place] = UInt8(value)
      #expect(shown(other).allSatisfy { !$0.contains("location") }, "\(place)")
    }
  }

  /// South and west have other bits; the sum is right.
  @Test func hemispheres() {
    for (course, place) in [
      (0x1000, "-23.11167,114.40929"), (0x1400, "23.11167,114.40929"),
      (0x1800, "-23.11167,-114.40929"), (0x1C00, "23.11167,-114.40929"),
    ] {
      var bytes = Self.location
      bytes[20] = UInt8(course >> 8)
      bytes[21] = 0
      let content = Array(bytes[2..<32])
      let sum = TrackerMessage.sum(content.span.bytes)
      bytes[32] = UInt8(sum >> 8)
      bytes[33] = UInt8(sum & 255)
      #expect(shown(bytes).first == "location high 11 gt06 = \(place)")
    }
  }

  /// The forms of TK103, GPS103 and H02, with a documented number and a made place.
  @Test(arguments: [
    ("##,imei:490154203237518,A;", ["imei high 8 text = 490154203237518"]),
    (
      "imei:490154203237518,tracker,2603010800,,F,080001.000,A,5540.5658,N,01234.1002,E,0.00,;",
      [
        "imei high 5 text = 490154203237518",
        "location medium 56 text > nmea = 5540.5658,N,01234.1002,E",
      ]
    ),
    (
      "(013612345678BP05490154203237518260301A5540.5658N01234.1002E000.1080001323.87L000450AC)",
      [
        "location medium 39 text > nmea = 5540.5658N01234.1002E",
        "imei high 17 text = 490154203237518",
      ]
    ),
    (
      "*HQ,354178036859789,V1,080001,A,5540.5658,N,01234.1002,E,0.00,0,010326,FFFFFBFF#",
      [
        "imei medium 4 text = 354178036859789",
        "location medium 32 text > nmea = 5540.5658,N,01234.1002,E",
      ]
    ),
  ])
  func textIsRead(_ text: String, _ expected: [String]) { #expect(shown(text) == expected) }

  /// A sentence is found once.
  @Test func aSentenceIsOne() {
    let text = "imei,$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
    #expect(shown(text).filter { $0.contains("location") }.count == 1)
  }

  @Test(arguments: [
    "5540.5658,N,01264.1002,E", "5560.5658,N,01234.1002,E", "9140.5658,N,01234.1002,E",
    "5540.5658,N,18134.1002,E", "5540.5658,N,01234.1002,X", "5540.5658,N01234.1002,E",
    "0000.0000,N,00000.0000,E", "15540.5658,N,01234.1002,E", "5540,N,01234,E", "NNNNSSSS",
    "N", "S,", "5540.5658N", "5540.5658N01234.", "5540.5658,N,01234.1002,",
  ])
  func otherTextIsNoPlace(_ text: String) {
    #expect(shown("x \(text)").allSatisfy { !$0.contains("location") })
    #expect(
      inspect("q=\(text)").found.allSatisfy { $0.kind != "location" || $0.confidence == .low })
  }

  @Test func aValueMayBeOne() {
    #expect(
      inspect("q=5540.5658,N,01234.1002,E").found.map(\.description)
        == ["location medium 2 form:q > nmea"])
  }
}
