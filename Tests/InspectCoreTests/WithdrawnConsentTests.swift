import Foundation
import Testing

@testable import InspectCore

/// A recipient who withdrew consent is not to be written to, wherever their mailbox is.
@Suite struct WithdrawnConsentTests {
  private struct NoDigests: WatchDigests {
    func prefix(_ digest: WatchDigest, of bytes: [UInt8]) -> UInt64 { 0 }
  }

  /// The server is of the inside, too.
  private func network(port: UInt16, _ watchClass: WatchClass) throws -> Network {
    var builder = WatchIndex.Builder()
    try builder.add(Array("gone@example.org".utf8), .email, watchClass, label: Array("c".utf8))
    var configuration = InspectorConfiguration()
    configuration.watch = builder.finish(NoDigests())
    configuration.cases.local = [
      CIDR(IPAddress(ipv4: 0x0A00_0000), prefixLength: 8),
      CIDR(IPAddress(ipv4: 0xC000_0200), prefixLength: 24),
    ].compactMap { $0 }
    configuration.cases.policy.set(.withdrawnConsent, .domestic, .high)
    configuration.cases.policy.set(.personalDataCleartext, .domestic, .high)
    return Network(serverPort: port, configuration: configuration)
  }

  private func rules(_ network: inout Network) -> [Rule] {
    network.finish()
    return network.core.sink.alerts.map(\.rule)
  }

  private func mail(_ network: inout Network, to recipient: String, field: String) {
    network.connect()
    network.say("220 mail ESMTP\r\n", .toClient)
    network.say("EHLO phone.example\r\n")
    network.say("250 mail\r\n", .toClient)
    network.say("MAIL FROM:<shop@example.com>\r\nRCPT TO:<\(recipient)>\r\nDATA\r\n")
    network.say("250 ok\r\n250 ok\r\n354 go\r\n", .toClient)
    network.say("To: \(field)\r\nSubject: Offer\r\n\r\nHello\r\n.\r\n")
    network.say("250 ok\r\n", .toClient)
    network.close()
  }

  @Test(arguments: [
    ("gone@example.org", "x@example.org"), ("x@example.org", "Gone <gone@example.org>"),
  ])
  func mailToAServerOfTheInsideIsSeen(_ recipient: String, _ field: String) throws {
    var network = try network(port: 25, .withdrawn)
    mail(&network, to: recipient, field: field)
    #expect(rules(&network) == [.withdrawnConsent])
    #expect(network.core.statistics.lowFindings == 0)
  }

  /// A dialogue: lines of the client, and of the server behind `<`.
  private func rules(_ lines: String...) throws -> [Rule] {
    var network = try network(port: 25, .withdrawn)
    network.talk(lines)
    return rules(&network)
  }

  private static let gone = "RCPT TO:<gone@example.org>"
  private static let other = "RCPT TO:<x@example.org>"

  @Test func whomTheServerRefusesIsNotWrittenTo() throws {
    let (greeting, mail) = ("<220 mail ESMTP", "MAIL FROM:<b@c.example>")
    for code in ["550 no", "450 later", "550-no\r\n550 indeed"] {
      let refused = try rules(
        greeting, mail, "<250 ok", Self.gone, "<\(code)", Self.other, "<250 ok", "DATA", "<354 go",
        "To: gone@example.org, x@example.org\r\n\r\nHi\r\n.", "<250 ok")
      #expect(refused == [], "\(code)")
    }
    let accepted = try rules(
      greeting, mail, "<250 ok", Self.other, "<550 no", Self.gone, "<250 ok", "DATA", "<354 go",
      "\r\nHi\r\n.", "<554 spam")
    #expect(accepted == [.withdrawnConsent])
  }

  @Test func answersOfAPipelineAreInTheOrderOfItsCommands() throws {
    let (greeting, mail) = ("<220 mail ESMTP", "MAIL FROM:<b@c.example>")
    for (answers, expected) in [
      ("250 ok\r\n250 ok\r\n550 no\r\n354 go", [Rule.withdrawnConsent]),
      ("250 ok\r\n550 no\r\n250 ok\r\n354 go", []),
      ("250 ok\r\n250 ok\r\n250 ok\r\n554 no", []), ("503 no\r\n503 no\r\n503 no\r\n503 no", []),
    ] {
      let found = try rules(
        greeting, "\(mail)\r\n\(Self.gone)\r\n\(Self.other)\r\nDATA", "<\(answers)",
        "\r\nHi\r\n.", "<250 ok", "QUIT")
      #expect(found == expected, "\(answers)")
      // The answers come when the message is over.
      let chunks = try rules(
        greeting, "\(mail)\r\n\(Self.gone)\r\n\(Self.other)\r\nBDAT 4 LAST\r\nHi\r\n\(mail)",
        "<\(answers)")
      let isTaken = answers.hasPrefix("250 ok\r\n250")
      #expect(chunks == (isTaken ? [.withdrawnConsent] : []), "\(answers)")
    }
  }

  @Test func withoutAMessageNobodyIsWrittenTo() throws {
    let (greeting, mail) = ("<220 mail ESMTP", "MAIL FROM:<b@c.example>")
    #expect(try rules(greeting, mail, "<250 ok", Self.gone, "<250 ok", "RSET", "<250 ok") == [])
    #expect(try rules(greeting, mail, "<250 ok", Self.gone, "<250 ok", "QUIT", "<221 bye") == [])
    #expect(try rules(greeting, "\(mail)\r\n\(Self.gone)\r\nRSET", "<250 ok\r\n250 ok") == [])
  }

  /// Where the server is not seen the client's word is all there is.
  @Test func theClientsSideAloneCounts() throws {
    let mail = "MAIL FROM:<b@c.example>"
    #expect(try rules("EHLO a", mail, Self.gone) == [.withdrawnConsent])
    #expect(
      try rules("EHLO a", mail, Self.gone, "DATA", "\r\nHi\r\n.", "QUIT") == [.withdrawnConsent])
    // The answers are lost; the message goes on.
    var network = try network(port: 25, .withdrawn)
    network.connect()
    network.say("220 mail ESMTP\r\n", .toClient)
    network.say("\(mail)\r\n\(Self.gone)\r\nDATA\r\n")
    network.lose(24, .toClient)
    network.say("\r\nHi\r\n.\r\n")
    network.say("250 ok\r\n", .toClient)
    network.close()
    #expect(rules(&network) == [.withdrawnConsent])
  }

  @Test func soIsAMessageByAnInterface() throws {
    for body in [#"{"to":["gone@example.org"],"text":"Hi"}"#, "email=gone%40example.org&text=Hi"] {
      var network = try network(port: 80, .withdrawn)
      network.connect()
      network.say("POST /v1/messages HTTP/1.1\r\nHost: a\r\n")
      network.say("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
      #expect(rules(&network) == [.withdrawnConsent])
    }
    var network = try network(port: 80, .withdrawn)
    network.connect()
    network.say("GET /send?to=gone@example.org HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(rules(&network) == [.withdrawnConsent])
  }

  private func rules(post body: String, type: String = "application/json") throws -> [Rule] {
    var network = try network(port: 80, .withdrawn)
    network.connect()
    network.say("POST /send HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\n")
    network.say("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    return rules(&network)
  }

  private func base64(_ text: String, isForURLs: Bool = false) -> String {
    let symbols = Data(text.utf8).base64EncodedString()
    guard isForURLs else { return symbols }
    return String(symbols.compactMap { ["+": "-", "/": "_"][$0] ?? ($0 == "=" ? nil : $0) })
  }

  @Test(arguments: ["To", "Cc", "bcc"])
  func soIsAMailThatAnInterfaceIsGiven(_ field: String) throws {
    let mail = """
      From: Shop <shop@example.com>\r\nSubject: Offer ~~~\r\n\(field): x@example.org,\r
       Gone <gone@example.org>\r\nMIME-Version: 1.0\r\n\r\nHello ???\r\n
      """
    for body in [
      #"{"raw":"\#(base64(mail, isForURLs: true))"}"#,
      #"{"Content":{"Raw":{"Data":"\#(base64(mail))"}}}"#, base64(mail), mail,
      "Action=SendRawEmail&RawMessage.Data="
        + base64(mail).replacingOccurrences(of: "+", with: "%2B")
        .replacingOccurrences(of: "=", with: "%3D"),
      "--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\n"
        + "Content-Type: message/rfc822\r\n\r\n\(mail)\r\n--b--\r\n",
    ] {
      #expect(try rules(post: body) == [.withdrawnConsent], "\(body)")
    }
  }

  /// Who sent a mail, and who is named in it or in one that is enclosed, is not written to.
  @Test func notAllAddressesOfAMailAreItsRecipients() throws {
    let enclosed = "From: a@example.com\r\nTo: gone@example.org\r\nSubject: Old\r\n\r\nHi\r\n"
    let head = "To: x@example.org\r\nMIME-Version: 1.0\r\nContent-Type: "
    for mail in [
      "From: gone@example.org\r\nTo: x@example.org\r\nSubject: Hi\r\n\r\nHello gone@example.org",
      head + "message/rfc822\r\n\r\n" + enclosed,
      head
        + "multipart/mixed; boundary=b\r\n\r\nNo mail.\r\n--b\r\nContent-Type: message/rfc822\r\n"
        + "Content-Transfer-Encoding: base64\r\n\r\n\(base64(enclosed))\r\n--b--\r\n",
      "Dear list,\r\nTo: gone@example.org\r\nSubject: x\r\n\r\nHi",
      "To: gone@example.org\r\nDear Gone\r\n\r\nHi", "Note: gone@example.org\r\nTo: all\r\n\r\nHi",
    ] {
      #expect(try rules(post: #"{"raw":"\#(base64(mail))"}"#) == [], "\(mail)")
      #expect(try rules(post: mail, type: "text/plain") == [], "\(mail)")
    }
  }

  @Test func aMailInBase64IsReadByItsParts() {
    let mail = """
      To: x@example.org\r\nSubject: =?utf-8?B?\(base64("imei 490154203237518"))?=\r
      Content-Type: multipart/mixed; boundary="b"\r\n\r\nPreamble\r\n--b\r
      Content-Transfer-Encoding: base64\r\n\r\n\(base64(#"{"imei":"490154203237518"}"#))\r\n--b--\r\n
      """
    let found = inspect(#"{"raw":"\#(base64(mail))"}"#).found
    #expect(
      found.map(\.path) == [
        "json:raw > base64 > mail:To", "json:raw > base64 > mail:Subject > encoded-word > text",
        "json:raw > base64 > mail:body > multipart: > base64 > json:imei",
      ])
    let bytes = Array(mail.utf8)
    for count in 0...bytes.count {
      let part = Data(bytes[..<count]).base64EncodedString()
      #expect(inspect(#"{"raw":"\#(part)"}"#).found.count <= 3)
    }
  }

  @Test func whoIsNoRecipientIsNotMeant() throws {
    var network = try network(port: 80, .withdrawn)
    network.connect()
    network.say("GET /list?from=gone@example.org HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(rules(&network) == [])
  }

  @Test func withoutSuchAListTheInsideIsLeftAlone() throws {
    var network = try network(port: 25, .ordinary)
    mail(&network, to: "gone@example.org", field: "gone@example.org")
    #expect(rules(&network) == [])
    #expect(network.core.statistics.finder.messages == 0)
  }

  /// What would be personal data outside is none of anybody's business inside.
  @Test func nothingElseIsToldOfTheInside() throws {
    var network = try network(port: 80, .withdrawn)
    network.connect()
    network.say("GET /?imei=490154203237518&x=4901542032375180 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(rules(&network) == [])
    #expect(network.core.statistics.lowFindings == 0)
    #expect(network.core.statistics.forgottenValues == 0)
  }
}
