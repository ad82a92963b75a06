import InspectCore
import Testing

@Suite struct TLSConversationTests {
  private static let subject =
    "C=CN, ST=Guangdong, L=Shenzhen, O=Example, Øl & Co, OU=Test + emailAddress=user@example.com, "
    + "CN=www.example.com, 1.3.6.1.4.1.55555.1.300=x"

  private static let tls12 = [
    "toServer client TLS 1.2 sni www.example.com alpn h2 alpn http/1.1",
    "toClient server TLS 1.2 cipher 49195 alpn h2",
    "toClient subject \(subject)",
    "toClient issuer \(subject)",
  ]

  private static let tls13 = [
    "toServer client TLS 1.3 sni api.example.com alpn h2",
    "toClient server TLS 1.3 cipher 4866",
  ]

  private struct Result: Equatable {
    var lines: [String]
    var verdict: TLSVerdict
    var version: String
  }

  /// Feeds both directions in pieces that end at the given places.
  private func run(
    _ client: [UInt8], _ server: [UInt8], cuts: [Int] = [], pieceSize: Int? = nil
  ) -> Result {
    var conversation = TLSConversation()
    var recorder = TLSRecorder()
    var verdict = TLSVerdict.more
    for (bytes, direction) in [(client, Direction.toServer), (server, .toClient)] {
      let ends =
        pieceSize.map { Array(stride(from: $0, to: bytes.count, by: $0)) }
        ?? cuts.map { min($0, bytes.count) }.sorted()
      var start = 0
      for end in ends + [bytes.count] {
        let piece = bytes.span.bytes.extracting(start..<end)
        verdict = conversation.consume(piece, direction, handler: &recorder)
        start = end
      }
    }
    conversation.finish(handler: &recorder)
    let version = conversation.version
    return Result(
      lines: recorder.lines, verdict: verdict,
      version: version.map { version in tlsText { version.append(to: &$0) } } ?? "none")
  }

  @Test func handshakesOfOpenSSLAreRead() {
    #expect(
      run(TLSVectors.tls12Client, TLSVectors.tls12Server)
        == Result(lines: Self.tls12, verdict: .encrypted, version: "TLS 1.2"))
    #expect(
      run(TLSVectors.tls13Client, TLSVectors.tls13Server)
        == Result(lines: Self.tls13, verdict: .encrypted, version: "TLS 1.3"))
  }

  @Test func everySegmentationGivesTheSame() {
    for (client, server) in [
      (TLSVectors.tls12Client, TLSVectors.tls12Server),
      (TLSVectors.tls13Client, TLSVectors.tls13Server),
    ] {
      let whole = run(client, server)
      for size in 1...20 { #expect(run(client, server, pieceSize: size) == whole) }
      for cut in 0...max(client.count, server.count) {
        #expect(run(client, server, cuts: [cut]) == whole)
        #expect(run(client, server, cuts: [cut / 2, cut]) == whole)
      }
    }
  }

  /// Several messages in one record, and one message over several records.
  @Test func recordsDoNotMatter() {
    let client = TLSBuilder.message(
      1,
      TLSBuilder.clientHelloBody(extensions: [TLSBuilder.serverName("split.example.com")]))
    let server =
      TLSBuilder.message(2, TLSBuilder.serverHelloBody(cipherSuite: 47, extensions: nil))
      + TLSBuilder.message(22, [1, 2, 3]) + TLSBuilder.message(12, [4]) + TLSBuilder.message(14, [])
    let expected = Result(
      lines: [
        "toServer client TLS 1.2 sni split.example.com", "toClient server TLS 1.2 cipher 47",
      ], verdict: .encrypted, version: "TLS 1.2")
    for size in 1...90 {
      let (first, second) = (
        TLSBuilder.records(client, size: size), TLSBuilder.records(server, size: size)
      )
      #expect(run(first, second) == expected)
      #expect(run(first, second, pieceSize: 7) == expected)
      #expect(run(first, second, pieceSize: 1) == expected)
    }
  }

  @Test func oneDirectionIsEnough() {
    #expect(
      run(TLSVectors.tls12Client, [])
        == Result(lines: [Self.tls12[0]], verdict: .more, version: "TLS 1.2"))
    #expect(
      run([], TLSVectors.tls12Server)
        == Result(lines: Array(Self.tls12[1...]), verdict: .more, version: "TLS 1.2"))
    #expect(
      run([], TLSVectors.tls13Server)
        == Result(lines: [Self.tls13[1]], verdict: .more, version: "TLS 1.3"))
    // A direction that nothing is seen of is given up.
    let data = TLSBuilder.records([UInt8](repeating: 5, count: 40_000), type: 23)
    #expect(run(TLSVectors.tls12Client + data, []).verdict == .encrypted)
  }

  @Test func aRetryRequestIsNotTheEnd() {
    let random = TLSVectors.bytes(
      "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    let version = [TLSBuilder.extension(43, [3, 4])]
    let retry = TLSBuilder.serverHelloBody(random: random, cipherSuite: 0x1301, extensions: version)
    let hello = TLSBuilder.serverHelloBody(cipherSuite: 0x1301, extensions: version)
    let server =
      TLSBuilder.records(TLSBuilder.message(2, retry)) + TLSBuilder.records([1], type: 20)
      + TLSBuilder.records(TLSBuilder.message(2, hello)) + TLSBuilder.records([1, 2, 3], type: 23)
    #expect(
      run(TLSVectors.tls13Client, server).lines == [
        Self.tls13[0], "toClient server TLS 1.3 cipher 4865 retry",
        "toClient server TLS 1.3 cipher 4865",
      ])
  }

  /// Resumption: the server changes to encryption without a certificate.
  @Test func aResumedSessionHasNoCertificate() {
    let server =
      TLSBuilder.records(
        TLSBuilder.message(2, TLSBuilder.serverHelloBody(cipherSuite: 47, extensions: nil)))
      + TLSBuilder.records([1], type: 20) + TLSBuilder.records([UInt8](repeating: 0xee, count: 40))
    #expect(
      run(TLSVectors.tls12Client, server)
        == Result(
          lines: [Self.tls12[0], "toClient server TLS 1.2 cipher 47"], verdict: .encrypted,
          version: "TLS 1.2"))
  }

  @Test func versionsHaveTheirNames() {
    func server(_ version: Int, _ extensions: [[UInt8]]?) -> String {
      let body = TLSBuilder.serverHelloBody(
        version: version, cipherSuite: 47, extensions: extensions)
      return run([], TLSBuilder.records(TLSBuilder.message(2, body))).version
    }
    #expect(server(0x0300, nil) == "SSLv3")
    #expect(server(0x0301, nil) == "TLSv1")
    #expect(server(0x0302, nil) == "TLS 1.1")
    #expect(server(0x0303, nil) == "TLS 1.2")
    #expect(server(0x0303, [TLSBuilder.extension(43, [3, 4])]) == "TLS 1.3")
    #expect(server(0x0303, [TLSBuilder.extension(43, [0x7f, 28])]) == "TLS 1.3 draft-28")
    #expect(server(0x0303, [TLSBuilder.extension(43, [0xfb, 26])]) == "TLS 1.3 draft-26-fb")
    #expect(server(0x9999, nil) == "0x9999")
    // Draft 18: neither session id nor compression.
    let body: [UInt8] = [0x7f, 18] + [UInt8](repeating: 1, count: 32) + [0x13, 1, 0, 0]
    let old = run([], TLSBuilder.records(TLSBuilder.message(2, body)))
    #expect(old.lines == ["toClient server TLS 1.3 draft-18 cipher 4865"])

    func client(_ versions: [Int]) -> String {
      let list = TLSBuilder.vector(1, TLSBuilder.numbers(versions))
      let body = TLSBuilder.clientHelloBody(extensions: [TLSBuilder.extension(43, list)])
      return run(TLSBuilder.records(TLSBuilder.message(1, body)), []).version
    }
    #expect(client([0xfafa, 0x0304, 0x0303]) == "TLS 1.3")
    #expect(client([0x0303, 0x7f1c, 0x7f17]) == "TLS 1.3 draft-28")
    #expect(client([0xfafa, 0x0302, 0x0301]) == "TLS 1.1")
    #expect(client([0xfafa]) == "TLS 1.2")
  }

  @Test func helloOfSSL2IsRecognised() {
    let challenge = [UInt8](repeating: 3, count: 16)
    let client: [UInt8] =
      [0x80, 31, 1, 0, 2, 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 7, 0, 0xc0] + challenge
    let server: [UInt8] =
      [0x80, 30, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 16, 7, 0, 0xc0] + challenge
    for size in [1, 3, 100] {
      let result = run(client, server, pieceSize: size)
      let lines = [
        "toServer client SSLv2 in SSLv2's form", "toClient server SSLv2 in SSLv2's form",
      ]
      #expect(result == Result(lines: lines, verdict: .encrypted, version: "SSLv2"))
    }
    #expect(run(client, TLSVectors.tls12Server).version == "TLS 1.2")
  }

  @Test func otherProtocolsAreNotTLS() {
    for text in ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "\u{16}\u{3}\u{9}abcdefgh"] {
      #expect(run(Array(text.utf8), []).verdict == .notTLS)
      #expect(run(Array(text.utf8), [], pieceSize: 1).verdict == .notTLS)
    }
    #expect(run([0x80, 40, 9, 0, 2, 0, 3], []).verdict == .notTLS)
    // A record with a message of an impossible type.
    #expect(run(TLSBuilder.records([99, 0, 0, 1, 5]), []).verdict == .notTLS)
    // A server that does not speak TLS does not make the client's hello undone.
    let mixed = run(TLSVectors.tls12Client, Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    #expect(mixed == Result(lines: [Self.tls12[0]], verdict: .encrypted, version: "TLS 1.2"))
  }
}

@Suite struct TLSDamageTests {
  private func feed(
    _ conversation: inout TLSConversation, _ bytes: ArraySlice<UInt8>, _ direction: Direction,
    _ recorder: inout TLSRecorder
  ) {
    _ = conversation.consume(Array(bytes).span.bytes, direction, handler: &recorder)
  }

  /// What the end of the capture cuts still has the name, if that was before the cut.
  @Test func aCutHelloIsGivenAsFarAsItGoes() {
    let all = TLSVectors.tls13Client
    let length = 5 + Int(all[3]) << 8 + Int(all[4])
    var named = 0
    for count in 0..<length {
      var conversation = TLSConversation()
      var recorder = TLSRecorder()
      feed(&conversation, all[..<count], .toServer, &recorder)
      #expect(recorder.lines.isEmpty)
      conversation.finish(handler: &recorder)
      conversation.finish(handler: &recorder)
      #expect(recorder.lines.count <= 1)
      #expect(recorder.lines.allSatisfy { $0.hasSuffix(" cut") })
      if recorder.lines.contains(where: { $0.contains("sni api.example.com") }) { named += 1 }
    }
    #expect(named > 100)
  }

  @Test func aGapIsSurvived() {
    let (client, server) = (TLSVectors.tls12Client, TLSVectors.tls12Server)
    var withCertificate = 0
    for start in 0..<server.count {
      var conversation = TLSConversation()
      var recorder = TLSRecorder()
      feed(&conversation, client[...], .toServer, &recorder)
      feed(&conversation, server[..<start], .toClient, &recorder)
      let end = min(start + 20, server.count)
      conversation.gap(end - start, .toClient, handler: &recorder)
      feed(&conversation, server[end...], .toClient, &recorder)
      #expect(recorder.lines.allSatisfy { !$0.hasSuffix("cut") })
      if recorder.lines.contains(where: { $0.contains("subject C=CN") }) { withCertificate += 1 }
    }
    // Behind the certificate, and in the hello's own record, gaps do not matter to it.
    #expect(withCertificate > 50)
  }

  @Test func aGapInTheHelloLeavesTheRest() {
    let client = TLSVectors.tls13Client
    var conversation = TLSConversation()
    var recorder = TLSRecorder()
    feed(&conversation, client[..<250], .toServer, &recorder)
    conversation.gap(20, .toServer, handler: &recorder)
    #expect(recorder.lines == ["toServer client TLS 1.3 sni api.example.com alpn h2 cut"])
    feed(&conversation, client[270...], .toServer, &recorder)
    #expect(recorder.lines.count == 1)
  }

  /// A connection that was picked up late: records are found again where a piece starts with one.
  @Test func afterAGapRecordsAreFoundAgain() {
    var conversation = TLSConversation()
    var recorder = TLSRecorder()
    conversation.gap(1000, .toServer, handler: &recorder)
    feed(&conversation, [1, 2, 3, 4, 5, 6], .toServer, &recorder)
    feed(&conversation, TLSVectors.tls12Client[...], .toServer, &recorder)
    #expect(
      recorder.lines == ["toServer client TLS 1.2 sni www.example.com alpn h2 alpn http/1.1"])
  }

  @Test func anOversizedHelloIsDamage() {
    var conversation = TLSConversation()
    var recorder = TLSRecorder()
    let hello = TLSBuilder.message(1, [UInt8](repeating: 3, count: 70_000))
    let verdict = conversation.consume(
      TLSBuilder.records(hello).span.bytes, .toServer, handler: &recorder)
    #expect(verdict == .notTLS)
    #expect(recorder.lines.isEmpty)
  }

  @Test func aDamagedCertificateIsSaid() {
    let server =
      TLSBuilder.message(2, TLSBuilder.serverHelloBody(cipherSuite: 47, extensions: nil))
      + TLSBuilder.message(11, TLSBuilder.vector(3, TLSBuilder.vector(3, [0x30, 3, 1, 2, 3])))
    var conversation = TLSConversation()
    var recorder = TLSRecorder()
    feed(&conversation, TLSBuilder.records(server)[...], .toClient, &recorder)
    #expect(recorder.lines == ["toClient server TLS 1.2 cipher 47", "toClient damaged"])
  }

  @Test func resetForgets() {
    var conversation = TLSConversation()
    var recorder = TLSRecorder()
    feed(&conversation, TLSVectors.tls12Client[..<100], .toServer, &recorder)
    feed(&conversation, TLSVectors.tls12Server[..<200], .toClient, &recorder)
    conversation.reset()
    let none = conversation.version
    recorder.lines = []
    feed(&conversation, TLSVectors.tls13Client[...], .toServer, &recorder)
    feed(&conversation, TLSVectors.tls13Server[...], .toClient, &recorder)
    let version = conversation.version
    #expect(none == nil)
    #expect(version == .tls13)
    #expect(recorder.lines.count == 2)
  }

  @Test func mutationsAreSafe() {
    var generator = DNSSeededGenerator(state: 4)
    let vectors = [
      (TLSVectors.tls12Client, Direction.toServer), (TLSVectors.tls12Server, .toClient),
      (TLSVectors.tls13Client, .toServer), (TLSVectors.tls13Server, .toClient),
    ]
    var (readable, unreadable) = (0, 0)
    for round in 0..<20_000 {
      var (bytes, direction) = vectors[round % 4]
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      var conversation = TLSConversation()
      var recorder = TLSRecorder()
      let cut = Int.random(in: 0...bytes.count, using: &generator)
      feed(&conversation, bytes[..<cut], direction, &recorder)
      if round % 8 == 7 { conversation.gap(5, direction, handler: &recorder) }
      feed(&conversation, bytes[cut...], direction, &recorder)
      conversation.finish(handler: &recorder)
      if recorder.lines.isEmpty { unreadable += 1 } else { readable += 1 }
    }
    #expect(readable > 0 && unreadable > 0)
  }
}
