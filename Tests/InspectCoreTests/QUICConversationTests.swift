import Testing

@testable import InspectCore

@Suite struct QUICConversationTests {
  private static let one: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
  private static let two: [UInt8] = [9, 9, 9, 9]
  private static let hello = QUICBuilder.clientHello("a.example")

  private struct Outcome: Equatable {
    var lines: [String]
    var openings = 0
    var unopened = 0
  }

  private func run(
    _ datagrams: [(Direction, [UInt8])], finishing: Bool = true
  ) -> Outcome {
    var conversation = QUICConversation()
    var recorder = QUICRecorder()
    var opener = InitialOpener(ToyCipher())
    for (direction, bytes) in datagrams {
      conversation.consume(bytes.span.bytes, direction, opener: &opener, handler: &recorder)
    }
    if finishing { conversation.finish(handler: &recorder) }
    return Outcome(
      lines: recorder.lines, openings: conversation.openings, unopened: conversation.unopened)
  }

  /// What is passed by unread has no packet that anybody could read.
  @Test(arguments: 0...255 as ClosedRange<UInt8>)
  func whatIsNotReadableHasNoPacket(_ first: UInt8) {
    for version: [UInt8] in [[0, 0, 0, 1], Array("Q043".utf8), Array("Q046".utf8)] {
      // The version of a long header, and Google's behind an identifier of eight octets.
      let rest = version + [8, 1, 2, 3] + version + [UInt8](repeating: 0, count: 1200)
      let datagram = [first] + rest
      let bytes = datagram.span.bytes
      let isReadable = QUICConversation.isReadable(bytes)
      let hasPacket = (try? QUICPacket(bytes)) != nil || GoogleQUICPacket(bytes) != nil
      #expect(isReadable || !hasPacket)
    }
    let isEmptyReadable = QUICConversation.isReadable(RawSpan())
    #expect(!isEmptyReadable)
  }

  private func client(_ frames: [UInt8], version: UInt32 = 1) -> (Direction, [UInt8]) {
    (.toServer, QUICBuilder.initial(frames, version: version, destination: Self.one))
  }

  private func server(_ frames: [UInt8], version: UInt32 = 1) -> (Direction, [UInt8]) {
    (
      .toClient,
      QUICBuilder.initial(
        frames, version: version, destination: [], source: Self.two, key: Self.one, isServer: true)
    )
  }

  @Test(
    arguments: [
      (1, "1"), (0x6b33_43cf, "v2"), (0x709a_50c4, "0x709a50c4"), (0xff00_001d, "draft-29"),
      (0xff00_0016, "draft-22"), (0xff00_001b, "draft-27"), (0xff00_0022, "draft-34"),
      (0xface_b002, "0xfaceb002"), (0x5430_3531, "T051"), (0x1a2a_3a4a, "0x1a2a3a4a"),
    ] as [(UInt32, String)])
  func helloOfBothSides(_ version: UInt32, _ name: String) {
    let outcome = run([
      client(QUICBuilder.crypto(Self.hello), version: version),
      server([2, 0, 0, 0, 0] + QUICBuilder.crypto(QUICBuilder.serverHello), version: version),
    ])
    #expect(
      outcome
        == Outcome(
          lines: ["toServer \(name) client a.example", "toServer \(name) server 4865"], openings: 2)
    )
  }

  /// Which order pieces come in does not matter, nor in how many packets.
  @Test func everyOrderOfPiecesGivesTheSame() {
    let hello = QUICBuilder.clientHello("order.example", padding: 90)
    var random = Shuffle(state: 1)
    for size in [1, 7, 20, 64] where hello.count / size < CryptoStream.Limit.pieces {
      let starts = Array(stride(from: 0, to: hello.count, by: size))
      for _ in 0..<20 {
        let pieces = starts.shuffled(using: &random).map {
          // Some overlap.
          QUICBuilder.crypto(Array(hello[$0..<min($0 + size + $0 % 5, hello.count)]), at: $0)
        }
        let apart = pieces.map { client([1] + $0 + [0, 0]) }
        let together = [client(pieces.flatMap { $0 + [0, 1, 0] })]
        for datagrams in [apart, together] {
          #expect(run(datagrams).lines == ["toServer 1 client order.example"])
        }
      }
    }
  }

  @Test func aRetransmissionIsNoOtherHello() {
    let frames = QUICBuilder.crypto(Self.hello)
    #expect(run([client(frames), client(frames), client([1])]).lines.count == 1)
  }

  @Test func aRetryBringsAnotherHello() {
    let retry = QUICBuilder.long(3, version: 1, destination: [], source: Self.two) + [7, 7, 7]
    let again = QUICBuilder.initial(
      QUICBuilder.crypto(Self.hello), destination: Self.two, token: [7, 7, 7])
    let answer = QUICBuilder.initial(
      QUICBuilder.crypto(QUICBuilder.serverHello), destination: [], source: [5], key: Self.two,
      isServer: true)
    let outcome = run([
      client(QUICBuilder.crypto(Self.hello)), (.toClient, retry), (.toServer, again),
      (.toClient, answer),
    ])
    #expect(
      outcome.lines == [
        "toServer 1 client a.example", "toServer 1 client a.example", "toServer 1 server 4865",
      ])
    #expect(outcome.unopened == 0)
  }

  /// The client's later packets go to the identifier that the server chose.
  @Test func changedIdentifiersKeepTheirKeys() {
    let half = Self.hello.count / 2
    let second = QUICBuilder.initial(
      QUICBuilder.crypto(Array(Self.hello[half...]), at: half), destination: Self.two,
      key: Self.one)
    let outcome = run([
      client(QUICBuilder.crypto(Array(Self.hello[..<half]))), server([2, 0, 0, 0, 0]),
      (.toServer, second),
    ])
    #expect(outcome == Outcome(lines: ["toServer 1 client a.example"], openings: 3))
  }

  @Test func aNegotiatedVersionBeginsAnew() {
    let versions =
      QUICBuilder.long(0, version: 0, destination: [], source: Self.one)
      + TLSBuilder.number(1, 4)
    let outcome = run([
      client(QUICBuilder.crypto(Self.hello), version: 0x0a0a_0a0a), (.toClient, versions),
      (
        .toServer,
        QUICBuilder.initial(QUICBuilder.crypto(Self.hello), destination: [3, 3, 3, 3, 3])
      ),
    ])
    #expect(
      outcome.lines == ["toServer 0x0a0a0a0a client a.example", "toServer 1 client a.example"])
  }

  /// RFC 9368: the server goes on in version 2, with keys from the same identifier.
  @Test func aCompatibleVersionGoesOn() {
    let outcome = run([
      client(QUICBuilder.crypto(Self.hello)),
      server(QUICBuilder.crypto(QUICBuilder.serverHello), version: 0x6b33_43cf),
      client([1], version: 0x6b33_43cf),
    ])
    #expect(outcome.lines == ["toServer 1 client a.example", "toServer v2 server 4865"])
    #expect(outcome.unopened == 0)
  }

  @Test func packetsOfADatagramAreAllRead() {
    let half = Self.hello.count / 2
    let zeroRTT = QUICBuilder.long(1, version: 1, destination: Self.one) + [3, 0, 1, 2]
    let datagram =
      client(QUICBuilder.crypto(Array(Self.hello[half...]), at: half)).1 + zeroRTT
      + client(QUICBuilder.crypto(Array(Self.hello[..<half]))).1 + [0x40, 1, 2, 3]
    #expect(run([(.toServer, datagram)]).lines == ["toServer 1 client a.example"])
  }

  @Test func aServerThatSentFirstIsStillTheServer() {
    let outcome = run([
      server(QUICBuilder.crypto(QUICBuilder.serverHello)),
      (.toServer, client(QUICBuilder.crypto(Self.hello)).1),
      server(QUICBuilder.crypto(QUICBuilder.serverHello)),
    ])
    #expect(outcome.lines == ["toServer 1 client a.example", "toServer 1 server 4865"])
    let turned = run([(.toClient, client(QUICBuilder.crypto(Self.hello)).1)])
    #expect(turned.lines == ["toClient 1 client a.example"])
  }

  @Test func aHelloThatIsCutIsGivenAtTheEnd() {
    let hello = TLSBuilder.message(
      1,
      TLSBuilder.clientHelloBody(extensions: [
        TLSBuilder.serverName("cut.example"), TLSBuilder.extension(21, [0, 0, 0, 0, 0, 0]),
      ]))
    let datagrams = [client(QUICBuilder.crypto(Array(hello.dropLast(3))))]
    #expect(run(datagrams, finishing: false).lines.isEmpty)
    #expect(run(datagrams).lines == ["toServer 1 cut client cut.example"])
  }

  @Test func attemptsAreBounded() {
    let stranger = QUICBuilder.initial([1], destination: Self.one, key: [0xff])
    let outcome = run((0..<200).map { _ in (Direction.toServer, stranger) })
    #expect(outcome.openings == QUICConversation.Limit.openings)
    #expect(outcome.lines.isEmpty)
    // Each of many connections on the same ports is told, up to a limit.
    let begun = run(
      (0..<200).map { index in
        (
          .toServer,
          QUICBuilder.initial(
            QUICBuilder.crypto(Self.hello), destination: [UInt8(index), 1, 2, 3, 4, 5, 6, 7])
        )
      })
    #expect(begun.lines.count == QUICConversation.Limit.hellos)
    #expect(begun.openings <= QUICConversation.Limit.openings)
  }

  @Test func cryptoBeyondTheLimitIsForgotten() {
    let far = QUICBuilder.crypto([1, 2, 3], at: CryptoStream.Limit.byteCount)
    #expect(run([client(far), client(QUICBuilder.crypto(Self.hello))]).lines.count == 1)
    let huge = TLSBuilder.message(1, [UInt8](repeating: 3, count: 60_000))
    #expect(run([client(QUICBuilder.crypto(Array(huge.prefix(9000))))]).lines.isEmpty)
  }

  @Test func everyPrefixAndEveryBitIsSafe() {
    let datagram =
      client(QUICBuilder.crypto(Self.hello)).1 + QUICBuilder.long(1, version: 1, destination: [1])
      + [2, 0, 1]
    for count in 0..<datagram.count {
      let outcome = run([(.toServer, Array(datagram.prefix(count)))])
      #expect(outcome.lines.count <= 1)
      #expect(outcome.openings <= 1)
    }
    for bit in 0..<datagram.count * 8 {
      var flipped = datagram
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = run([(.toServer, flipped), (.toClient, flipped)])
    }
  }
}

/// The same order in every run (Knuth's MMIX generator).
private struct Shuffle: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 32
  }
}

@Suite struct QUICPacketTests {
  @Test func versionsKeepTheirNumbers() {
    let numbers: [UInt32] = [
      0, 1, 0x6b33_43cf, 0x709a_50c4, 0xff00_001d, 0xface_b002, 0x5130_3433, 0x5430_3530,
      0x5131_3030, 0x513a_3a3a, 0x0a0a_0a0a, 0xfafa_fafa, 0xdead_beef, .max,
    ]
    for number in numbers { #expect(QUICVersion(rawValue: number).rawValue == number) }
    #expect(QUICVersion(rawValue: 0x5130_3436) == .google(46))
    #expect(QUICVersion(rawValue: 0xffff_001d) == .unknown(0xffff_001d))
  }

  /// The examples of RFC 9000 §A.1.
  @Test(
    arguments: [
      ([0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
      ([0x9d, 0x7f, 0x3e, 0x7d], 494_878_333), ([0x7b, 0xbd], 15_293), ([0x25], 37),
      ([0x40, 0x25], 37),
    ] as [([UInt8], UInt64)])
  func numbersOfVariableLength(_ bytes: [UInt8], _ expected: UInt64) throws {
    var reader = QUICReader(bytes.span.bytes)
    let value = try reader.number()
    let isAtEnd = reader.isAtEnd
    #expect(value == expected)
    #expect(isAtEnd)
    for count in 0..<bytes.count {
      var reader = QUICReader(bytes.span.bytes.extracting(first: count))
      let cut = try? reader.number()
      #expect(cut == nil)
    }
  }

  private func recognizes(_ bytes: [UInt8]) -> Bool { QUICRecognizer.recognize(bytes.span.bytes) }

  @Test func recognitionWantsAKnownVersionAndLengthsThatFit() {
    let initial = QUICBuilder.initial([1], destination: [1, 2, 3, 4])
    #expect(recognizes(initial))
    for count in 0..<initial.count { #expect(!recognizes(Array(initial.prefix(count)))) }
    #expect(!recognizes(QUICBuilder.initial([1], version: 0x1234_5678, destination: [1, 2])))
    #expect(!recognizes(QUICBuilder.initial([1], destination: [UInt8](repeating: 1, count: 21))))
    let negotiation = QUICBuilder.long(0, version: 0, destination: [1], source: [2])
    #expect(!recognizes(negotiation + [1, 2, 3, 4]))
    #expect(!recognizes(negotiation + [0, 0, 0, 1, 0]))
    #expect(recognizes(negotiation + [1, 2, 3, 4, 0, 0, 0, 1]))
    #expect(!recognizes([0x80] + [UInt8](repeating: 0, count: 40)))
    #expect(!recognizes([0x40] + [UInt8](repeating: 0x51, count: 40)))
  }
}

@Suite struct CryptoStreamTests {
  private func front(_ pieces: [(Int, Int)]) -> Int {
    var stream = CryptoStream()
    for (start, end) in pieces {
      let bytes = (start..<end).map { UInt8($0 & 0xff) }
      _ = stream.add(bytes.span.bytes, at: UInt64(start))
    }
    let front = ToyCipher.bytes(stream.front)
    #expect(front == front.indices.map { UInt8($0 & 0xff) })
    return front.count
  }

  @Test func piecesJoin() {
    #expect(front([]) == 0)
    #expect(front([(5, 9)]) == 0)
    #expect(front([(5, 9), (0, 5)]) == 9)
    #expect(front([(5, 9), (12, 14), (0, 4)]) == 4)
    #expect(front([(5, 9), (12, 14), (0, 4), (3, 13)]) == 14)
    #expect(front([(0, 3), (6, 9), (3, 6), (20, 21)]) == 9)
    #expect(front([(2, 3), (0, 9), (4, 5)]) == 9)
  }

  @Test func morePiecesThanFitAreForgotten() {
    var stream = CryptoStream()
    for index in 0..<CryptoStream.Limit.pieces {
      #expect(add([1], at: UInt64(2 * index + 2), to: &stream) == .taken)
    }
    #expect(add([1], at: 1000, to: &stream) == .full)
    // One that joins others needs no room.
    #expect(add([1], at: 3, to: &stream) == .taken)
    #expect(add([1], at: 1000, to: &stream) == .taken)
  }

  private func add(
    _ bytes: [UInt8], at offset: UInt64, to stream: inout CryptoStream
  ) -> CryptoStream.Outcome {
    stream.add(bytes.span.bytes, at: offset)
  }

  @Test func whatWasReadDoesNotComeBack() {
    var stream = CryptoStream()
    var fronts: [[UInt8]] = []
    func look() { fronts.append(ToyCipher.bytes(stream.front)) }
    _ = add([0, 1, 2, 3], at: 0, to: &stream)
    _ = add([6, 7], at: 6, to: &stream)
    stream.consume(3)
    look()
    _ = add([0, 1, 2], at: 0, to: &stream)
    look()
    _ = add([2, 3, 4, 5], at: 2, to: &stream)
    look()
    stream.consume(5)
    look()
    #expect(add([8], at: 8, to: &stream) == .taken)
    look()
    #expect(fronts == [[3], [3], [3, 4, 5, 6, 7], [], [8]])
    // An offset whose end has no number.
    #expect(add([1], at: .max, to: &stream) == .taken)
    #expect(add([1], at: .max - 1, to: &stream) == .full)
  }
}
