import InspectCore
import Testing

@Suite struct TLSRecognizerTests {
  private static let ssl2: [UInt8] = [0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 16, 1, 0, 0x80]

  /// The answer to every prefix, the empty one first, until it is final.
  private func answers(_ bytes: [UInt8]) -> [TLSRecognizer.Answer] {
    (0...bytes.count).map { TLSRecognizer.recognize(bytes.span.bytes.extracting(first: $0)) }
  }

  @Test(
    arguments: [
      TLSVectors.tls12Client, TLSVectors.tls12Server, TLSVectors.tls13Client,
      TLSVectors.tls13Server, ssl2, [0x15, 3, 3, 0, 2, 2, 40, 0, 0, 0, 0],
    ])
  func elevenBytesAreEnough(_ bytes: [UInt8]) {
    let answers = answers(Array(bytes.prefix(11)))
    let open = answers.prefix { $0 == .needMore }.count
    #expect(open > 5)
    #expect(answers.dropFirst(open).allSatisfy { $0 == .yes })
    #expect(answers.last == .yes)
  }

  @Test(
    arguments: [
      Array("GET / HTTP/1.1".utf8), Array("SSH-2.0-x\r\n".utf8),
      [0x16, 2, 1, 0, 9, 1, 0, 0, 5, 3, 3],
      [0x16, 3, 5, 0, 9, 1, 0, 0, 5, 3, 3], [0x16, 3, 1, 0x50, 0, 1, 0, 0, 5, 3, 3],
      [0x16, 3, 1, 0, 0, 1, 0, 0, 90, 3, 3], [0x16, 3, 1, 0, 90, 3, 0, 0, 86, 3, 3],
      [0x16, 3, 1, 0, 90, 1, 0, 0, 5, 3, 3], [0x16, 3, 1, 0, 90, 1, 0, 0, 86, 9, 3],
      [0x16, 3, 1, 0, 90, 1, 9, 0, 86, 3, 3], [0x15, 3, 1, 0, 3, 1, 1, 0],
      [0x15, 3, 1, 0, 2, 7, 1, 0], [0x17, 3, 3, 0, 9, 1, 2, 3, 4, 5, 6],
      [0x80, 31, 2, 3, 1, 0, 6, 0, 0, 0, 16], [0x80, 32, 1, 3, 1, 0, 6, 0, 0, 0, 16],
      [0x80, 32, 1, 3, 1, 0, 7, 0, 0, 0, 16],
    ] as [[UInt8]])
  func others(_ bytes: [UInt8]) {
    let answers = answers(bytes)
    #expect(answers.last == .no)
    #expect(!answers.contains(.yes))
    // Once said, no stays no.
    #expect(answers.drop { $0 != .no }.allSatisfy { $0 == .no })
  }

  @Test func noiseIsNot() {
    var generator = DNSSeededGenerator(state: 5)
    var taken = 0
    for round in 0..<100_000 {
      var bytes = (0..<11).map { _ in UInt8.random(in: 0...255, using: &generator) }
      // Half of it starts as a handshake might.
      if round % 2 == 0 { bytes[0] = 0x16 }
      if TLSRecognizer.recognize(bytes.span.bytes) == .yes { taken += 1 }
    }
    #expect(taken == 0)
  }
}
