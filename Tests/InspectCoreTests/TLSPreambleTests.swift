import Testing

@testable import InspectCore

@Suite struct TLSPreambleTests {
  private static let postgreSQL: [UInt8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]
  private static let mySQL: [UInt8] =
    [0x20, 0, 0, 1, 0x85, 0xae, 0xff, 0x19, 0, 0, 0, 1, 0xff] + [UInt8](repeating: 0, count: 23)
  private static let proxy1 = Array("PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n".utf8)
  private static let proxy2: [UInt8] =
    Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0x11, 0, 12] + [UInt8](repeating: 1, count: 12)

  static let preambles = [postgreSQL, mySQL, proxy1, proxy2]

  @Test(arguments: preambles)
  func itsEndIsFound(_ preamble: [UInt8]) {
    let all = preamble + TLSVectors.tls12Client
    for count in 0...all.count {
      let answer = TLSPreamble.find(all.span.bytes.extracting(first: count))
      #expect(answer == (count < preamble.count ? .needMore : .found(preamble.count)))
    }
    for index in 0..<min(4, preamble.count) {
      var wrong = all
      wrong[index] ^= 0x41
      let answer = TLSPreamble.find(wrong.span.bytes)
      #expect(answer == .none)
    }
  }

  @Test func othersAreNone() {
    let long = Array("PROXY ".utf8) + [UInt8](repeating: 0x61, count: 110)
    var withoutTLS = Self.mySQL
    withoutTLS[5] = 0
    let other: [[UInt8]] = [
      long, withoutTLS, [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2e], Array("POST / HTTP/1.1".utf8),
      Array(Self.proxy2.prefix(12)) + [0x21, 0x11, 0xff, 0xff, 0],
    ]
    for bytes in other {
      let answer = TLSPreamble.find(bytes.span.bytes)
      #expect(answer == .none)
    }
  }

  /// In one segment with the hello, or before it.
  @Test(arguments: preambles, [true, false])
  func theHelloBehindItIsRead(_ preamble: [UInt8], _ isTogether: Bool) {
    var network = Network(serverPort: 9999)
    network.connect()
    if isTogether {
      network.say(preamble + TLSVectors.tls12Client)
    } else {
      network.say(preamble)
      network.say(TLSVectors.tls12Client)
    }
    network.say(TLSVectors.tls12Server, .toClient)
    network.close()
    network.finish()
    let events = network.events
    let versions = network.core.sink.versions
    #expect(events == ["tls www.example.com"])
    #expect(versions == ["TLS 1.2"])
  }
}

/// TLS that begins after another protocol asked for it.
@Suite struct TLSAfterOthersTests {
  private func events(_ steps: [(Direction, [UInt8])]) -> ([String], [String]) {
    var network = Network(serverPort: 21)
    network.connect()
    for (direction, bytes) in steps { network.say(bytes, direction) }
    network.close()
    network.finish()
    return (network.events, network.core.sink.versions)
  }

  private static let handshake: [(Direction, [UInt8])] = [
    (.toServer, Array(TLSVectors.tls13Client.prefix(100))),
    (.toServer, Array(TLSVectors.tls13Client.dropFirst(100))),
    (.toClient, TLSVectors.tls13Server),
  ]

  @Test func afterAnAnswerOfOneByte() {
    let (events, versions) = events(
      [(.toServer, [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), (.toClient, [UInt8(ascii: "S")])]
        + Self.handshake)
    #expect(events == ["tls api.example.com"])
    #expect(versions == ["TLS 1.3"])
  }

  /// A zero may begin a request of PostgreSQL, and is held; what follows is no part of it.
  @Test func afterAHeldByteOfNothing() {
    let (events, versions) = events([(.toServer, [0])] + Self.handshake)
    #expect(events == ["tls api.example.com"])
    #expect(versions == ["TLS 1.3"])
  }

  @Test func afterLinesOfText() {
    let (events, versions) = events(
      [
        (.toClient, Array("220-Example\r\n".utf8)), (.toClient, Array("220 FTP\r\n".utf8)),
        (.toServer, Array("AUTH TLS\r\n".utf8)), (.toClient, Array("234 Go on\r\n".utf8)),
      ] + Self.handshake)
    #expect(events == ["tls api.example.com"])
    #expect(versions == ["TLS 1.3"])
  }

  @Test func afterBinaryMessages() {
    let (events, versions) = events(
      [
        (.toServer, [0x30, 0x1d, 2, 1, 1, 0x77, 0x18, 0x80, 0x16]),
        (.toServer, Array("1.3.6.1.4.1.1466.20037".utf8)),
        (.toClient, [0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]),
      ] + Self.handshake)
    #expect(events == ["tls api.example.com"])
    #expect(versions == ["TLS 1.3"])
  }

  /// The server's answer may come late.
  @Test func anAnswerBetweenTheHellosIsNoRecord() {
    let (events, versions) = events(
      Array(Self.handshake.prefix(2)) + [(.toClient, Array("S".utf8))] + [Self.handshake[2]])
    #expect(events == ["tls api.example.com"])
    #expect(versions == ["TLS 1.3"])
  }

  @Test func aServerWithoutTLSLeavesTheClientsHello() {
    let refusal = (Direction.toClient, Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    let (events, versions) = events(
      Array(Self.handshake.prefix(2)) + [UInt8](0..<10).map { _ in refusal })
    #expect(events == ["tls api.example.com"])
    #expect(versions == ["TLS 1.3"])
  }

  @Test func theHelloOfSSL2IsASession() {
    let hello: [UInt8] =
      [0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 7, 0, 0xc0]
      + [UInt8](repeating: 3, count: 16)
    let (events, versions) = events([(.toServer, hello)])
    #expect(events == ["tls "])
    #expect(versions == ["TLSv1"])
  }
}

@Suite struct QUICPipelineTests {
  private static let identifier: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  private func client(_ name: String, key: [UInt8]? = nil) -> [UInt8] {
    QUICBuilder.initial(
      QUICBuilder.crypto(QUICBuilder.clientHello(name)), destination: Self.identifier, key: key)
  }

  @Test func aHelloNamesTheFlow() {
    var network = Network(serverPort: 9443)
    network.datagram(client("quic.example"))
    network.datagram([0x40] + [UInt8](repeating: 5, count: 60), .toClient)
    network.datagram([0x41] + [UInt8](repeating: 6, count: 60))
    network.finish()
    let (events, flows) = (network.events, network.core.sink.flows)
    let counters = network.core.statistics
    #expect(events == ["quic quic.example to 9443"])
    #expect(flows == ["quic"])
    #expect(counters.quicHellos == 1)
    #expect(counters.unknownBytes == 0)
    #expect(counters.encryptedBytes == UInt64(client("quic.example").count + 122))
  }

  @Test func theServerMayHaveSentFirst() {
    var network = Network(serverPort: 9443)
    network.datagram(
      QUICBuilder.long(2, version: 1, destination: [9]) + [2, 0, 0], .toClient)
    network.datagram(client("turned.example"))
    network.finish()
    let events = network.events
    #expect(events == ["quic turned.example to 9443"])
  }

  /// What no key opens is counted, and tried a bounded number of times.
  @Test func hostilePacketsAreBounded() {
    var network = Network(serverPort: 443)
    for _ in 0..<500 { network.datagram(client("x.example", key: [0])) }
    network.finish()
    let counters = network.core.statistics
    #expect(counters.quicHellos == 0)
    #expect(counters.unopenedPackets == UInt64(QUICConversation.Limit.openings))
  }

  @Test func moreConnectionsThanFitAreCounted() {
    var configuration = InspectorConfiguration()
    configuration.limits.quicConnections = 0
    var network = Network(serverPort: 443, configuration: configuration)
    network.datagram(client("x.example"))
    network.finish()
    let counters = network.core.statistics
    #expect(counters.quicHellos == 0)
    #expect(counters.applicationFull == 1)
  }
}
