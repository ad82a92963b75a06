import Testing

@testable import InspectCore

@Suite struct PayloadTests {
  private static let imei = "imei=490154203237518&x=1"

  private func parts(_ network: inout Network) -> [MessagePart] {
    network.finish()
    return network.core.sink.alerts.flatMap(\.items).filter { $0.kind == .imei }.map(\.part)
  }

  @Test func datagramsOfUnknownProtocolsAreLookedAt() {
    var network = Network(serverPort: 9000)
    network.datagram(Array(Self.imei.utf8))
    #expect(parts(&network) == [.udpPayload])
    var answer = Network(serverPort: 9000)
    answer.datagram([1, 2, 3])
    answer.datagram(Array(Self.imei.utf8), .toClient)
    #expect(parts(&answer).isEmpty)
  }

  /// What the client says until the server speaks is a message, in any segmentation.
  @Test func streamsOfUnknownProtocolsAreLookedAt() {
    for cut in 1..<Self.imei.utf8.count {
      var network = Network(serverPort: 9000)
      network.connect()
      network.say(Array(Self.imei.utf8.prefix(cut)))
      network.say(Array(Self.imei.utf8.dropFirst(cut)))
      network.say("ok", .toClient)
      network.close()
      #expect(parts(&network) == [.tcpPayload], "\(cut)")
    }
  }

  /// Nobody may take a policy's silence for nothing being found.
  @Test func whatThePolicySilencesIsCounted() {
    for raisesAlerts in [true, false] {
      var network = Network(serverPort: 9000, raisesAlerts: raisesAlerts)
      network.datagram(Array(Self.imei.utf8))
      #expect(parts(&network).isEmpty == !raisesAlerts)
      #expect(network.core.statistics.silentFindings == (raisesAlerts ? 0 : 1))
    }
  }

  @Test func aFlowHasItsShare() {
    var network = Network(serverPort: 9000)
    for _ in 0..<40 { network.datagram(Array("hello".utf8)) }
    network.finish()
    let statistics = network.core.statistics
    #expect(statistics.inspectedPayloads == 16)
    #expect(statistics.skippedPayloads == 24)
    var stream = Network(serverPort: 9000)
    stream.connect()
    for _ in 0..<40 {
      stream.say("hello")
      stream.say("hello", .toClient)
    }
    stream.finish()
    #expect(stream.core.statistics.inspectedPayloads == 16)
  }

  /// A body longer than what is kept at once is looked at in pieces: also what one of them cuts.
  @Test func longBodiesAreLookedAtToTheirEnd() {
    let size = 3 << 20
    for place in [100, 1 << 20, (1 << 20) - 8, (2 << 20) - 700, size - 40] {
      var network = Network(serverPort: 80)
      network.connect()
      var body = [UInt8](repeating: 0x61, count: size)
      let value = Array(" imei=490154203237518 ".utf8)
      body.replaceSubrange(place..<(place + value.count), with: value)
      network.say("POST /log HTTP/1.1\r\nHost: h.example\r\nContent-Length: \(size)\r\n\r\n")
      network.say(body)
      network.close()
      network.finish()
      let items = network.core.sink.alerts.flatMap(\.items).filter { $0.kind == .imei }
      #expect(items.map(\.offset) == [place + 6], "\(place)")
      #expect(network.core.statistics.longBodies == 1)
      #expect(network.core.statistics.cutBodies == 0)
    }
  }

  /// A string that does not end in the first piece, in a message that is nothing else.
  @Test func longStringsAreLookedAt() {
    var network = Network(serverPort: 80)
    network.connect()
    let text =
      "{\"log\":\"" + String(repeating: "no identifier in here; ", count: 90_000)
      + "imei=490154203237518 end\"}"
    network.say("POST / HTTP/1.1\r\nHost: h.example\r\nTransfer-Encoding: chunked\r\n\r\n")
    network.say("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n0\r\n\r\n")
    network.close()
    #expect(parts(&network) == [.httpRequestBody])
  }

  /// A client's frame with the key 1, 2, 3, 4.
  private func frame(_ first: UInt8, _ text: String) -> [UInt8] {
    let masked = Array(text.utf8).enumerated().map { $1 ^ UInt8($0 % 4 + 1) }
    return [first, 0x80 | UInt8(masked.count), 1, 2, 3, 4] + masked
  }

  @Test func messagesOfAWebSocketAreUnmasked() {
    let bytes =
      frame(0x01, "imei=49015") + frame(0x89, "ping") + frame(0x80, "4203237518&x=1")
      + frame(0x81, "other")
    for cut in 1..<bytes.count {
      var network = Network(serverPort: 80)
      network.connect()
      network.say("GET /ws HTTP/1.1\r\nHost: h.example\r\nUpgrade: websocket\r\n\r\n")
      network.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", .toClient)
      network.say(Array(bytes[..<cut]))
      network.say(Array(bytes[cut...]))
      network.close()
      #expect(parts(&network) == [.webSocket], "\(cut)")
      #expect(network.core.sink.flows == ["websocket"])
    }
  }

  @Test func namesThatAreAskedForAreLookedAt() {
    var network = Network(serverPort: 53)
    network.datagram(DNSPipelineTests.query("490154203237518.imei.example.com"))
    network.finish()
    #expect(network.core.statistics.dnsMessages == 1)
  }
}

@Suite struct CoAPTests {
  private static let registration = HPACKTests.bytes(
    // CON POST, /rd?ep=490154203237518&lt=86400, payload
    "4002 1234 b2 7264 4d 05 65703d343930313534323033323337353138 08 6c743d3836343030 ff 3c2f3e")

  @Test func aRequestIsRead() {
    let bytes = Self.registration
    let isMessage = CoAPMessage(bytes.span.bytes) != nil
    #expect(isMessage)
    var uri = ByteBuffer(limit: 256)
    CoAPMessage(bytes.span.bytes)?.appendURI(to: &uri)
    #expect(text(uri.bytes) == "/rd?ep=490154203237518&lt=86400")
  }

  @Test func everyPrefixIsSafe() {
    let bytes = Self.registration
    var accepted: [Int] = []
    for count in 0..<bytes.count {
      let isMessage = CoAPMessage(bytes.span.bytes.extracting(first: count)) != nil
      if isMessage { accepted.append(count) }
    }
    // Only where an option ends, or inside the payload.
    #expect(accepted == [4, 7, 27, 36, 38, 39].filter { $0 < bytes.count })
  }

  @Test func whatIsNoneIsRefused() {
    let refusals = [
      "", "40", "8001 0000", "4901 0000", "4001 0000 ff", "4001 0000 f0", "4001 0000 0f",
      "4001 0000 d1", "4021 0000", "4000 0000 00", "41000000",
    ]
    for hex in refusals {
      let bytes = HPACKTests.bytes(hex)
      let isMessage = CoAPMessage(bytes.span.bytes) != nil
      #expect(!isMessage, "\(hex)")
    }
  }

  @Test func aRegistrationIsLookedAt() {
    var network = Network(serverPort: 5683)
    network.datagram(Self.registration)
    network.finish()
    #expect(network.core.sink.flows == ["coap"])
  }

  /// China Mobile's: only the host tells; it is in Uri-Host, or was asked for before.
  @Test func theOperatorsHostMakesItASelfRegistration() {
    let host = Array("m.fxltsbl.com".utf8)
    var message = HPACKTests.bytes("4002 1234 3d") + [UInt8(host.count - 13)] + host
    message += HPACKTests.bytes("82 7264 4d 05 65703d343930313534323033323337353138")
    var network = Network(serverPort: 5683)
    network.datagram(message)
    network.finish()
    #expect(network.core.sink.alerts.contains { $0.rule == .selfRegistration })
  }

  /// Registrations are known on any port, by their content.
  @Test(arguments: [
    // LwM2M with a name; China Mobile's host; /nb with JSON, and with base64 of it.
    (
      "4002 1234 b2 7264 4d 05 65703d343930313534323033323337353138 08 6c743d3836343030 ff 3c2f3e",
      true
    ),
    ("4102 1234 77 3d 00 6d2e667874736c2e636f6d 82 7264", false),
    ("4002 1234 3c 6d2e667874736c62ff 00", false),
    ("5002 1234 b2 6e62 ff 7b22524547564552223a22382e30227d", true),
    ("4002 1234 b2 6e62 ff 65794a5352556457525649694f6949344c6a416966513d3d", true),
    // Other paths and methods, no name, no JSON, an answer, noise.
    ("4001 1234 b2 7264 4d 05 65703d343930313534323033323337353138", false),
    ("4002 1234 b2 7278 4d 05 65703d343930313534323033323337353138", false),
    ("4002 1234 b2 7264 4d 05 6c743d343930313534323033323337353138", false),
    ("4002 1234 b2 6e62 ff 00000000000000000000000000000000", false),
    ("6002 1234 b2 7264 4d 05 65703d343930313534323033323337353138", false),
    ("4002 ffff ffff ffff ffff ffff ffff ffff", false),
  ])
  func aRegistrationIsKnownOnAnyPort(_ hex: String, _ isOne: Bool) {
    let bytes = HPACKTests.bytes(hex)
    var network = Network(serverPort: 5690)
    network.datagram(bytes)
    network.finish()
    #expect(network.core.sink.flows == [isOne ? "coap" : "failed"], "\(hex)")
    for count in 0...bytes.count {
      let prefix = bytes.span.bytes.extracting(first: count)
      let isMessage = CoAPMessage(prefix) != nil
      #expect(!CoAPMessage.isRegistration(prefix) || isMessage)
    }
  }

  @Test(arguments: [5683, 5684, 9999] as [UInt16])
  func chinaMobilesIsOneOnAnyPort(_ port: UInt16) {
    let host = Array("m.fxltsbl.com".utf8)
    let message =
      HPACKTests.bytes("4002 1234 3d") + [UInt8(host.count - 13)] + host
      + HPACKTests.bytes("82 7264 4d 05 65703d343930313534323033323337353138")
    var network = Network(serverPort: port)
    network.datagram(message)
    network.finish()
    #expect(network.core.sink.alerts.contains { $0.rule == .selfRegistration })
  }

  @Test func chinaTelecomsPathMakesItASelfRegistration() {
    let json = Array("{\"REGVER\":\"8.0\",\"MEID\":\"x\",\"IMEI1\":\"490154203237518\"}".utf8)
    var network = Network(serverPort: 5683)
    network.datagram(HPACKTests.bytes("4002 1234 b2 6e62 11 32 ff") + json)
    network.finish()
    #expect(network.core.sink.alerts.contains { $0.rule == .selfRegistration })
  }
}
