import Testing

@testable import InspectCore

@Suite struct RecognitionTests {
  private func guess(_ toServer: String, _ toClient: String = "") -> Guess {
    let (client, server) = (Array(toServer.utf8), Array(toClient.utf8))
    return Guess(
      toServer: client.span.bytes, toClient: server.span.bytes, isAtNameServer: false)
  }

  @Test func aProtocolIsToldByEitherSide() {
    #expect(guess("GET / HTTP/1.1\r\n") == .http(.toServer))
    #expect(guess("", "GET / HTTP/1.1\r\n") == .http(.toClient))
    #expect(guess("", "HTTP/1.1 200 OK\r\n") == .http(.toServer))
    #expect(guess("HTTP/1.1 200 OK\r\n") == .http(.toClient))
    #expect(guess("GET / HT") == .needMore)
    #expect(guess("", "hello") == .no)
    #expect(guess("hello", "GET") == .needMore)
    #expect(guess("", "") == .no)
  }

  private func add(
    _ recognition: inout Recognition, _ text: String, _ direction: Direction = .toServer
  ) -> Guess {
    let bytes = Array(text.utf8)
    return recognition.add(bytes.span.bytes, direction)
  }

  @Test func whatIsHeldIsWhatCame() {
    var recognition = Recognition(isAtNameServer: false)
    #expect(add(&recognition, "GE") == .needMore)
    #expect(add(&recognition, "T / HTTP/1.0") == .needMore)
    #expect(add(&recognition, "\r\n") == .http(.toServer))
    let counts = (recognition[.toServer].byteCount, recognition[.toClient].byteCount)
    #expect(counts == (16, 0))
  }

  /// A target that never ends costs a bounded number of looks and bytes.
  @Test func recognitionIsBounded() {
    var recognition = Recognition(isAtNameServer: false)
    #expect(add(&recognition, "GET /") == .needMore)
    var guess = Guess.needMore
    var count = 5
    while guess == .needMore, count <= 2 * Recognition.byteLimit {
      guess = add(&recognition, "a")
      count += 1
    }
    #expect(guess != .needMore)
    #expect(count <= Recognition.byteLimit + 1)
  }

  @Test func fewBytesAreLookedAtOneByOne() {
    var recognition = Recognition(isAtNameServer: false)
    for letter in "GET / " { #expect(add(&recognition, String(letter)) == .needMore) }
    for letter in "HTTP/1.1\r" { _ = add(&recognition, String(letter)) }
    #expect(add(&recognition, "\n") == .http(.toServer))
  }
}
