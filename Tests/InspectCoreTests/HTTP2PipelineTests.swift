import InspectCore
import Testing

@Suite struct HTTP2PipelineTests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  private static func frame(
    _ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]
  ) -> [UInt8] {
    [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xff), type, flags, 0, 0, 0, stream]
      + payload
  }

  /// GET http://www.example.com/ (RFC 7541 C.3.1), and the second request of C.3.
  private static let get = HPACKTests.bytes(
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d")
  private static let getAgain = HPACKTests.bytes("8286 84be 5808 6e6f 2d63 6163 6865")
  private static let settings = frame(4, 0, 0, [])

  private func events(
    _ client: [UInt8], _ server: [UInt8], cuts: [Int] = [], connects: Bool = true
  ) -> [String] {
    var network = Network(serverPort: 8080)
    if connects { network.connect() }
    var start = 0
    for cut in cuts + [client.count] {
      network.say(Array(client[start..<cut]))
      start = cut
    }
    network.say(server, .toClient)
    network.close()
    network.finish()
    return network.events
  }

  private static let post: [UInt8] =
    // :method POST, :path /, :authority www.example.com, content-length
    HPACKTests.bytes("8386 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d 0f0d 0135")

  /// Two requests, the first with padded data in two frames and priority, over CONTINUATION.
  private static let client: [UInt8] =
    preface + settings
    + frame(1, 0x28, 1, [2, 0, 0, 0, 0, 16] + post.prefix(5) + [0, 0])
    + frame(9, 0x04, 1, Array(post.dropFirst(5)))
    + frame(0, 0x08, 1, [3, 0x61, 0x62, 0, 0, 0]) + frame(6, 0, 0, Array(repeating: 0, count: 8))
    + frame(0, 0x01, 1, [0x63, 0x64, 0x65]) + frame(1, 0x05, 3, getAgain)

  private static let server: [UInt8] =
    settings + frame(4, 1, 0, []) + frame(1, 0x04, 3, [0x88]) + frame(0, 0x01, 3, [1, 2, 3])
    + frame(1, 0x05, 1, [0x8d])

  private static let expected = [
    "http 3: GET www.example.com / 200 0/3", "http 1: POST www.example.com / 404 5/0",
  ]

  @Test func aStreamIsATransaction() {
    #expect(events(Self.client, Self.server) == Self.expected)
  }

  /// A GOAWAY's text, of any length, says nothing about the header block behind it.
  @Test func aLongFarewellCutsNoHead() {
    let text = [UInt8](repeating: 0, count: 8 + 70_000)
    let goAway: [UInt8] = [1, 0x11, 0x78, 7, 0, 0, 0, 0, 0] + text
    let client = Self.preface + Self.settings + goAway + Self.frame(1, 0x05, 1, Self.get)
    #expect(events(client, Self.settings) == ["http 1: GET www.example.com / - 0/0"])
  }

  @Test func everySegmentationGivesTheSame() {
    for cut in 1..<Self.client.count {
      #expect(events(Self.client, Self.server, cuts: [cut]) == Self.expected, "\(cut)")
    }
    let single = Array(1..<Self.client.count)
    #expect(events(Self.client, Self.server, cuts: single) == Self.expected)
  }

  /// Whatever is cut off, nothing else is found.
  @Test func everyPrefixIsSafe() {
    for count in 0..<Self.client.count {
      let found = events(Array(Self.client.prefix(count)), [])
      for event in found {
        #expect(event.hasPrefix("http 1: POST") || event.hasPrefix("http 3: GET"), "\(event)")
      }
    }
  }

  @Test func resetsAndGoAwayEndStreams() {
    let reset = events(
      Self.preface + Self.settings + Self.frame(1, 0x04, 1, Self.get)
        + Self.frame(3, 0, 1, [0, 0, 0, 8]) + Self.frame(1, 0x05, 3, Self.getAgain), [])
    #expect(
      reset == [
        "http 1: GET www.example.com / - 0/0", "http 3: GET www.example.com / - 0/0",
      ])
    let away = events(
      Self.preface + Self.settings + Self.frame(1, 0x05, 1, Self.get)
        + Self.frame(1, 0x05, 3, Self.getAgain),
      Self.settings + Self.frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0])
        + Self.frame(1, 0x05, 1, [0x88]))
    #expect(
      away == [
        "http 3: GET www.example.com / - 0/0", "http 1: GET www.example.com / 200 0/0",
      ])
  }

  @Test func fromTheMiddleOnlyTheNewIsKnown() {
    // The second request refers to the authority of the first, which was not seen.
    let found = events(Self.frame(1, 0x05, 3, Self.getAgain), [], connects: false)
    #expect(found.contains("anomaly http2.unknown_fields"))
    #expect(found.last == "http 3: GET  / - 0/0")
  }

  @Test func anUpgradeMakesTheRequestTheFirstStream() {
    var network = Network(serverPort: 80)
    network.connect()
    network.say(
      "GET /a HTTP/1.1\r\nHost: h.example\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
    network.say(
      Array(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".utf8)
        + Self.settings, .toClient)
    network.say(Self.preface + Self.settings)
    network.say(
      Self.frame(1, 0x04, 1, [0x88]) + Self.frame(0, 0x01, 1, [1, 2]), .toClient)
    network.say(Self.frame(1, 0x05, 3, Self.get))
    network.close()
    network.finish()
    #expect(
      network.events == [
        "http GET h.example /a 101 0/0", "http 1: GET h.example /a 200 0/2",
        "http 3: GET www.example.com / - 0/0",
      ])
    #expect(network.core.sink.flows == ["http2"])
  }

  @Test func lossesInsideContentAreGapsAndOthersAreFoundAgain() {
    var network = Network(serverPort: 8080)
    network.connect()
    network.say(Self.preface + Self.settings + Self.frame(1, 0x04, 1, Self.post))
    let data = Self.frame(0, 0x01, 1, Array(repeating: 0x61, count: 100))
    network.say(Array(data.prefix(20)))
    network.lose(50)
    network.say(Array(data.dropFirst(70)))
    network.lose(10)
    network.say(Self.frame(1, 0x05, 3, Self.get))
    network.say([], .toClient)
    network.close()
    network.finish()
    #expect(network.events.contains("http 1: POST www.example.com / - 100/0"))
    #expect(network.events.contains("http 3: GET www.example.com / - 0/0"))
  }

  /// Personal data in a body is found as in HTTP/1.
  @Test func bodiesAreLookedAt() {
    var network = Network(serverPort: 8080)
    network.connect()
    network.say(
      Self.preface + Self.settings + Self.frame(1, 0x04, 1, Self.post)
        + Self.frame(0, 0x01, 1, Array("{\"imei\":\"490154203237518\"}".utf8)))
    network.close()
    network.finish()
    #expect(network.core.sink.alerts.contains { $0.items.contains { $0.kind == .imei } })
  }
}
