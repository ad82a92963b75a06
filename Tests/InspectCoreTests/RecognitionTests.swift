import Testing

@testable import InspectCore

@Suite struct RecognitionTests {
  private func guess(_ toServer: String, _ toClient: String = "") -> Guess {
    let (client, server) = (Array(toServer.utf8), Array(toClient.utf8))
    return Guess(
      toServer: client.span.bytes, toClient: server.span.bytes, Recognition.Hints())
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
    #expect(guess("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == .http2(.toServer))
    #expect(guess("", "\0\0\u{6}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d") == .http2(.toServer))
    #expect(guess("PRI * HT") == .needMore)
  }

  /// Servers of SMTP and of FTP greet alike; the client's first command tells.
  @Test func mailIsToldByItsGreetingOrByTheClient() {
    #expect(guess("", "220 mx.example ESMTP ready\r\n") == .smtp(.toServer))
    #expect(guess("", "220 mx.example ready\r\n") == .needMore)
    #expect(guess("EHLO a\r\n", "220 mx.example ready\r\n") == .smtp(.toServer))
    #expect(guess("helo a\r\n") == .smtp(.toServer))
    #expect(guess("", "HELO a\r\n") == .smtp(.toClient))
    #expect(guess("MAIL FROM:<a@b>\r\n") == .smtp(.toServer))
    #expect(guess("EH") == .needMore)
    #expect(guess("USER a\r\n", "220 ftp.example ready\r\n") == .no)
    #expect(guess("EHLOX\r\n") == .no)
  }

  private func add(
    _ recognition: inout Recognition, _ text: String, _ direction: Direction = .toServer
  ) -> Guess {
    let bytes = Array(text.utf8)
    return recognition.add(bytes.span.bytes, direction)
  }

  @Test func whatIsHeldIsWhatCame() {
    var recognition = Recognition(Recognition.Hints())
    #expect(add(&recognition, "GE") == .needMore)
    #expect(add(&recognition, "T / HTTP/1.0") == .needMore)
    #expect(add(&recognition, "\r\n") == .http(.toServer))
    let counts = (recognition[.toServer].byteCount, recognition[.toClient].byteCount)
    #expect(counts == (16, 0))
  }

  /// A target that never ends costs a bounded number of looks and bytes.
  @Test func recognitionIsBounded() {
    var recognition = Recognition(Recognition.Hints())
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
    var recognition = Recognition(Recognition.Hints())
    for letter in "GET / " { #expect(add(&recognition, String(letter)) == .needMore) }
    for letter in "HTTP/1.1\r" { _ = add(&recognition, String(letter)) }
    #expect(add(&recognition, "\n") == .http(.toServer))
  }

  @Test func anUnfinishedRequestIsOneAtTheEnd() {
    var network = Network(serverPort: 80)
    network.connect()
    network.say("GET /unfinished HTTP/1.1")
    network.close()
    network.finish()
    #expect(network.events == ["http GET  /unfinished - 0/0"])
    #expect(network.core.sink.flows == ["http"])
    var other = Network(serverPort: 80)
    other.connect()
    other.say("GET /unfinished")
    other.close()
    other.finish()
    #expect(other.events.isEmpty)
    #expect(other.core.sink.flows == ["failed"])
  }
}
