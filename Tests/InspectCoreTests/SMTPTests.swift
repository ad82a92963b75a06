import Testing

@testable import InspectCore

@Suite struct SMTPTests {
  /// A dialogue: lines of the client, and of the server behind `<`.
  private func events(_ lines: [String], port: UInt16 = 25) -> [String] {
    var network = Network(serverPort: port)
    network.talk(lines)
    network.finish()
    return network.events
  }

  private static let greeting = ["<220 mx.example ESMTP", "EHLO phone.example", "<250 mx.example"]

  private static let mail = [
    "MAIL FROM:<a@example.com> SIZE=100", "<250 ok", "RCPT TO:<b@example.org>", "<250 ok",
    "rcpt to: <c@example.org>", "<550 no", "DATA", "<354 go on", "Subject: x\r\n\r\n..text\r\n.",
    "<250 ok",
  ]

  private static let first = "smtp phone.example <a@example.com> <b@example.org> <c@example.org>"

  @Test func aTransactionIsAnEvent() {
    #expect(events(Self.greeting + Self.mail + ["QUIT", "<221 bye"]) == [Self.first])
    #expect(events(Self.greeting + Self.mail + Self.mail) == [Self.first, Self.first])
    #expect(events(Self.greeting + Self.mail, port: 2525) == [Self.first])
  }

  @Test func aSessionWithoutMailTellsItsGreeting() {
    #expect(events(Self.greeting + ["QUIT", "<221 bye"]) == ["smtp phone.example "])
    #expect(events(Self.greeting + Self.mail + ["QUIT"]).count == 1)
    #expect(events(["<220 mx.example ESMTP", "QUIT"]).isEmpty)
  }

  @Test func aRejectedGreetingChangesNothing() {
    let found = events(
      Self.greeting + Self.mail.prefix(4) + ["EHLO other.example", "<503 no"]
        + Self.mail.dropFirst(4))
    #expect(found == [Self.first])
    let second = events(["<220 ESMTP", "EHLO a", "<500 what", "HELO b", "<250 ok", "QUIT"])
    #expect(second == ["smtp b "])
  }

  @Test func resetAndAnAcceptedGreetingEndATransaction() {
    let half = Array(Self.mail.prefix(4))
    let one = "smtp phone.example <a@example.com> <b@example.org>"
    #expect(events(Self.greeting + half + ["RSET", "<250 ok", "QUIT"]) == [one])
    let again = events(Self.greeting + half + ["EHLO x", "<250 ok"] + half)
    #expect(again == [one, "smtp x <a@example.com> <b@example.org>"])
    #expect(events(Self.greeting + half) == [one])
  }

  @Test func aRefusedDATAGoesOn() {
    let found = events(
      Self.greeting + Self.mail.prefix(4) + ["DATA", "<554 no", "RCPT TO:<d@e>", "<250 ok"])
    #expect(found == ["smtp phone.example <a@example.com> <b@example.org> <d@e>"])
  }

  @Test func chunksAndPipelines() {
    let found = events(
      Self.greeting + [
        "MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nBDAT 6\r\nMAIL \r\nBDAT 5 LAST\r\nRSET\r\n"
          + "MAIL FROM:<x@y>\r\nRCPT TO:<z@y>",
        "<250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok", "QUIT",
      ])
    #expect(found == ["smtp phone.example <> <b@example.org>", "smtp phone.example <x@y> <z@y>"])
  }

  @Test func theClientAloneIsEnough() {
    let found = events(
      Self.greeting.filter { !$0.hasPrefix("<") } + Self.mail.filter { !$0.hasPrefix("<") }
        + ["QUIT"])
    #expect(found == [Self.first])
  }

  @Test func everySegmentationGivesTheSame() {
    let text = Array(
      (Self.greeting + Self.mail).filter { !$0.hasPrefix("<") }.map { $0 + "\r\n" }.joined().utf8)
    for cut in 1..<text.count {
      var network = Network(serverPort: 25)
      network.connect()
      network.say(Array(text[..<cut]))
      network.say(Array(text[cut...]))
      network.close()
      network.finish()
      #expect(network.events == [Self.first], "\(cut)")
    }
  }

  /// Found by fuzzing: in one segment the beginning stood for it, in several nothing did.
  @Test func aLineTooLongIsItsBeginning() {
    let limit = SMTPConversation.lineLimit
    let name = String(repeating: "a", count: limit)
    let line = Array("EHLO b\r\nMAIL FROM:<\(name)>\r\nRCPT TO:<c@example.org>\r\n".utf8)
    for cut in [1, 8, 30, limit, limit + 7, limit + 8, limit + 9, limit + 40, line.count - 1] {
      var network = Network(serverPort: 25)
      network.connect()
      network.say("220 mx.example ESMTP\r\n", .toClient)
      network.say(Array(line[..<cut]))
      network.say(Array(line[cut...]))
      network.close()
      network.finish()
      #expect(network.events.first == "anomaly smtp.max_command_line_len_exceeded", "\(cut)")
      #expect(network.events.last?.hasSuffix("a <c@example.org>") == true, "\(cut)")
      #expect(network.events.count == 2, "\(cut)")
    }
  }

  @Test func nothingIsNoBeginning() {
    #expect(SMTPRecognizer.recognize(RawSpan()) == .needMore)
  }

  @Test func startTLSHandsTheConnectionOn() {
    var network = Network(serverPort: 25)
    network.connect()
    for line in Self.greeting + ["STARTTLS", "<220 go"] {
      if line.hasPrefix("<") {
        network.say(line.dropFirst() + "\r\n", .toClient)
      } else {
        network.say(line + "\r\n")
      }
    }
    // The beginning of a ClientHello.
    network.say([0x16, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3])
    network.close()
    network.finish()
    #expect(network.events.first == "smtp phone.example ")
    #expect(network.core.sink.flows == ["tls"])
  }

  @Test func messagesAndRecipientsAreLookedAt() {
    var network = Network(serverPort: 25)
    network.connect()
    for line in Self.greeting + Self.mail.dropLast(2) {
      if line.hasPrefix("<") {
        network.say(line.dropFirst() + "\r\n", .toClient)
      } else {
        network.say(line + "\r\n")
      }
    }
    network.say("Subject: x\r\n\r\nimei=490154203237518\r\n.\r\n")
    network.close()
    network.finish()
    let items = network.core.sink.alerts.flatMap(\.items)
    #expect(items.contains { $0.kind == .email && $0.part == .smtpMessage })
  }
}

@Suite struct SMTPContentTests {
  /// The content of a stream in two pieces, and what follows it.
  private func content(_ text: String, cut: Int) -> (String, rest: String) {
    let bytes = Array(text.utf8)
    var content = SMTPContent()
    var found: [UInt8] = []
    for range in [0..<cut, cut..<bytes.count] {
      let (start, piece) = (range.lowerBound, Array(bytes[range]))
      var cursor = 0
      let isEnded = content.consume(piece.span.bytes, &cursor) { part in
        found += part.byteOffsets.map { part[$0] }
      }
      if isEnded {
        let rest = bytes[(start + cursor)...]
        return (String(decoding: found, as: UTF8.self), String(decoding: rest, as: UTF8.self))
      }
    }
    return (String(decoding: found, as: UTF8.self), "no end")
  }

  @Test(
    arguments: [
      ("a\r\n.\r\nQUIT", "a\r\n", "QUIT"), (".\r\n", "", ""), ("..a\r\n.\n", ".a\r\n", ""),
      (".a\n.b\r\n.\r\n", "a\nb\r\n", ""), (".\rx\r\n.\r\n", "\rx\r\n", ""),
      ("a.\r\n", "a.\r\n", "no end"), ("a\r\n.", "a\r\n", "no end"),
    ])
  func transparencyIsUndoneInEverySegmentation(
    _ text: String, _ expected: String, _ rest: String
  ) {
    for cut in 0...text.utf8.count {
      let found = content(text, cut: cut)
      #expect(found == (expected, rest), "\(cut)")
    }
  }
}
