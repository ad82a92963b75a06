import Testing

@testable import InspectCore

/// MQTT in clear: who logs in, and what is published under which name.
@Suite struct FindMQTTTests {
  private static func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
  }

  private static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
    var count = body.count
    var length: [UInt8] = []
    repeat {
      length.append(UInt8(count & 127) | (count > 127 ? 128 : 0))
      count >>= 7
    } while count > 0
    return [first] + length + body
  }

  /// `will` is a topic and a payload.
  private static func connect(
    version: UInt8 = 4, client: String, will: (String, String)? = nil, user: String? = nil,
    password: String? = nil, properties: [UInt8] = []
  ) -> [UInt8] {
    var flags: UInt8 = 2
    if will != nil { flags |= 4 }
    if user != nil { flags |= 0x80 }
    if password != nil { flags |= 0x40 }
    var body = text(version == 3 ? "MQIsdp" : "MQTT") + [version, flags, 0, 60]
    if version == 5 { body += [UInt8(properties.count)] + properties }
    body += text(client)
    if let will {
      if version == 5 { body += [0] }
      body += text(will.0) + text(will.1)
    }
    if let user { body += text(user) }
    if let password { body += text(password) }
    return packet(0x10, body)
  }

  private func shown(_ bytes: [UInt8], _ part: MessagePart = .tcpPayload) -> [String] {
    inspect(bytes, part: part).found.map { "\($0.description) = \($0.value)" }
  }

  @Test(arguments: [UInt8](3...5))
  func passwordsAreCredentials(_ version: UInt8) {
    let bytes = Self.connect(
      version: version, client: "t-1", user: "anna", password: "hemmelig1")
    let offset = bytes.count - 9
    #expect(shown(bytes) == ["credentials high \(offset) mqtt:password = hemmelig1"])
    // Over WebSocket, and with more behind it.
    let more = bytes + Self.packet(0xC0, []) + Self.packet(0x82, [0, 1] + Self.text("a/b") + [0])
    #expect(shown(more, .webSocket) == ["credentials high \(offset) mqtt:password = hemmelig1"])
    // Cut off, it is none; what is there of the rest is seen, and nothing breaks.
    for count in 0..<bytes.count { #expect(shown(Array(bytes.prefix(count))).isEmpty, "\(count)") }
  }

  @Test func aUserAloneIsAToken() {
    #expect(
      shown(Self.connect(client: "t-1", user: "A1_TEST_TOKEN"))
        == ["credentials medium 19 mqtt:user = A1_TEST_TOKEN"])
    let mail = Self.connect(client: "t-1", user: "user@example.com", password: "hemmelig1")
    #expect(
      shown(mail) == [
        "email medium 19 mqtt:user = user@example.com",
        "credentials high 37 mqtt:password = hemmelig1",
      ])
    #expect(shown(Self.connect(client: "t-1", user: "", password: "")).isEmpty)
    #expect(shown(Self.connect(client: "t-1", user: "guest", password: "guest")).isEmpty)
  }

  @Test func theClientNamesItsDevice() {
    #expect(
      shown(Self.connect(client: "490154203237518"))
        == ["imei medium 14 mqtt:client = 490154203237518"])
    #expect(shown(Self.connect(client: "mqttjs_3be2c321")).isEmpty)
    #expect(shown(Self.connect(client: "")).isEmpty)
  }

  @Test func topicsAndPayloadsAreLookedAt() {
    let bytes = Self.connect(
      version: 5, client: "t", will: ("dev/imei/490154203237518", "gone"),
      properties: [0x26] + Self.text("serialno") + Self.text("R58M12ABCDE"))
    #expect(
      shown(bytes) == [
        "serial-number medium 26 mqtt:serialno = R58M12ABCDE",
        "imei high 52 mqtt:topic > path[2] = 490154203237518",
      ])
    let published = Self.packet(
      0x30, Self.text("t/1/info") + Array("{\"ssid\":\"HomeNet 5G\"}".utf8))
    #expect(shown(published) == ["ssid medium 21 mqtt:payload > json:ssid = HomeNet 5G"])
    // Acknowledged, it has a number; of version 5 properties, here none.
    let acknowledged = Self.packet(
      0x32, Self.text("t/imei") + [0, 7, 0] + Array("490154203237518".utf8))
    #expect(shown(acknowledged) == ["imei high 13 mqtt:payload = 490154203237518"])
    let subscribed = Self.packet(0x82, [0, 1, 0] + Self.text("d/imei/490154203237518/+") + [1])
    #expect(
      shown(bytes + subscribed).last
        == "imei high \(bytes.count + 14) mqtt:topic > path[2] = 490154203237518")
  }

  @Test(
    arguments: [
      // Another name, a version that nobody has, a flag that is reserved, a type that only servers send.
      [0x10, 0x0C, 0, 4, 0x4D, 0x51, 0x54, 0x58, 4, 2, 0, 60, 0, 0],
      [0x10, 0x0C, 0, 4, 0x4D, 0x51, 0x54, 0x54, 9, 2, 0, 60, 0, 0],
      [0x10, 0x0C, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 3, 0, 60, 0, 0],
      [0x20, 0x02, 0, 0], [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x30, 0x03, 0, 1, 0x61],
      [0x30, 0x05, 0, 3, 0x61, 0x2F, 0x23], [0xC0, 0x00], [0x30], [0x36, 0x04, 0, 2, 0x61, 0x62],
      // Text.
      Array("0123456789 0123456789 0123456789 0123456789 0123456789".utf8),
    ] as [[UInt8]])
  func otherBytesAreNoMQTT(_ bytes: [UInt8]) {
    let begins = MQTTPacket.begins(bytes.span.bytes)
    #expect(!begins)
  }

  @Test func propertiesOfEveryTypeArePassed() {
    let properties: [UInt8] =
      [0x11, 0, 0, 0, 9, 0x21, 0, 5, 0x17, 1, 0x0B, 0x81, 0x01, 0x15] + Self.text("PLAIN")
      + [0x16] + Self.text("x")
    let bytes = Self.connect(
      version: 5, client: "t", user: "anna", password: "hemmelig1", properties: properties)
    #expect(shown(bytes) == ["credentials high \(bytes.count - 9) mqtt:password = hemmelig1"])
    // One that is not known: what follows cannot be read.
    let unknown = Self.connect(
      version: 5, client: "t", user: "anna", password: "hemmelig1", properties: [0x7F, 1])
    #expect(shown(unknown).isEmpty)
  }
}
