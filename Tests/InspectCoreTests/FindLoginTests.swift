import Testing

@testable import InspectCore

/// Log-ins that begin a SASL exchange, in mail's protocols and beside them.
@Suite struct FindLoginTests {
  private func shown(_ text: String) -> [String] {
    inspect(text, part: .tcpPayload).found.map { "\($0.description) = \($0.value)" }
  }

  @Test(arguments: [
    // PLAIN (RFC 4616), in SMTP and POP3, IMAP, ManageSieve.
    ("AUTH PLAIN AGFubmEAaGVtbWVsaWcx\r\n", 19),
    ("auth plain AGFubmEAaGVtbWVsaWcx\n", 19),
    ("AUTH PLAIN\r\nAGFubmEAaGVtbWVsaWcx\r\n", 20),
    ("a1 AUTHENTICATE PLAIN AGFubmEAaGVtbWVsaWcx\r\n", 30),
    ("a1 authenticate plain\r\nAGFubmEAaGVtbWVsaWcx\r\n", 31),
    ("AUTHENTICATE \"PLAIN\" \"AGFubmEAaGVtbWVsaWcx\"\r\n", 30),
    ("AUTHENTICATE PLAIN\r\nAUTHENTICATE AGFubmEAaGVtbWVsaWcx\r\n", 41),
    // LOGIN, whose user may come with the command.
    ("AUTH LOGIN\r\nYW5uYQ==\r\naGVtbWVsaWcx\r\n", 22),
    ("AUTH LOGIN YW5uYQ==\r\naGVtbWVsaWcx\r\n", 21),
    ("a1 AUTHENTICATE LOGIN\r\nYW5uYQ==\r\naGVtbWVsaWcx\r\n", 33),
  ])
  func passwordsAreCredentials(_ text: String, _ offset: Int) {
    #expect(shown(text) == ["credentials high \(offset) login > base64 = hemmelig1"])
  }

  @Test func theUserIsLookedAt() {
    let mail = "dXNlckBleGFtcGxlLmNvbQ"
    #expect(
      shown("AUTH PLAIN \(mail)B1c2VyQGV4YW1wbGUuY29tAGhlbW1lbGlnMQ==\r\n") == [
        "email medium 11 login > base64 = user@example.com",
        "email medium 33 login > base64 = user@example.com",
        "credentials high 56 login > base64 = hemmelig1",
      ])
    #expect(
      shown("AUTH LOGIN \(mail)==\r\n") == ["email medium 11 login > base64 = user@example.com"])
  }

  @Test(arguments: [
    (
      "XOAUTH2 dXNlcj11c2VyQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHlhMjkudkY5ZGZ0NHFtVGMyTnZiM1JsY2tCaGRIUmhkbQEB",
      "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdm"
    ),
    (
      "OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9aAFwb3J0PTE0MwFhdXRoPUJlYXJlciB2RjlkZnQ0cW1UYzJOdmIzAQE=",
      "vF9dft4qmTc2Nvb3"
    ),
  ])
  func tokensAreCredentials(_ command: String, _ token: String) {
    let found = inspect("a1 AUTHENTICATE \(command)\r\n", part: .tcpPayload).found
    #expect(found.map(\.value) == ["user@example.com", token])
    #expect(found.map(\.kind) == ["email", "credentials"])
    #expect(found.allSatisfy { $0.path == "login > base64" })
  }

  /// A proof shows no password, but whose it is.
  @Test(arguments: [
    ("AUTH CRAM-MD5\r\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n", "tim"),
    (
      "AUTH DIGEST-MD5\r\n"
        + "dXNlcm5hbWU9ImNocmlzIixyZWFsbT0iZWx3b29kIixub25jZT0ieCIscmVzcG9uc2U9ZDM4OA==\r\n",
      "chris"
    ),
  ])
  func proofsNameTheirUser(_ text: String, _ user: String) {
    let found = inspect(text, part: .tcpPayload).found
    let shown = found.map { "\($0.kind) \($0.confidence) \($0.value)" }
    #expect(shown == ["credentials medium \(user)"])
  }

  @Test(arguments: [
    "AUTH PLAIN\r\n*\r\nAGFubmEAaGVtbWVsaWcx\r\n", "AUTH GSSAPI AGFubmEAaGVtbWVsaWcx\r\n",
    "AUTH PLAIN =\r\n", "AUTH PLAIN AGFubmEA\r\n", "AUTH LOGIN\r\nYW5uYQ==\r\nQUIT\r\n",
    "a1 AUTHENTICATE\r\n", "AUTH\r\n", "AUTHOR PLAIN AGFubmEAaGVtbWVsaWcx\r\n",
    "AUTH PLAIN AGFubmEAaGVtbWVsaWcx",
  ])
  func otherLinesAreNone(_ text: String) {
    #expect(!shown(text).contains { $0.hasPrefix("credentials") })
  }

  @Test(arguments: [
    ("a1 LOGIN \"anna k\" \"hemmelig1\"\r\n", 19), ("a1 login anna \"hemmelig1\"\r\n", 15),
  ])
  func quotesAreNoPartOfAPassword(_ text: String, _ offset: Int) {
    #expect(shown(text) == ["credentials high \(offset) login = hemmelig1"])
  }

  // MARK: In connections

  /// A dialogue: lines of the client, and of the server behind `<`.
  private func items(_ lines: [String], port: UInt16) -> [String] {
    var network = Network(serverPort: port)
    network.talk(lines)
    network.finish()
    return network.core.sink.alerts.flatMap(\.items).map {
      "\($0.kind.name) \($0.part.name) \($0.offset) \(String(decoding: $0.value, as: UTF8.self))"
    }
  }

  private static let greeting = ["<220 mx.example ESMTP", "EHLO phone.example", "<250 AUTH PLAIN"]

  @Test func aMailClientsPasswordIsFound() {
    let plain = ["AUTH PLAIN AGFubmEAaGVtbWVsaWcx", "<235 ok"]
    #expect(items(Self.greeting + plain, port: 587) == ["credentials smtp.auth 19 hemmelig1"])
    let later = ["AUTH PLAIN", "<334 ", "AGFubmEAaGVtbWVsaWcx", "<235 ok"]
    #expect(items(Self.greeting + later, port: 2525) == ["credentials smtp.auth 8 hemmelig1"])
    let login = [
      "AUTH LOGIN", "<334 VXNlcm5hbWU6", "YW5uYQ==", "<334 UGFzc3dvcmQ6", "aGVtbWVsaWcx", "<235 ok",
    ]
    #expect(items(Self.greeting + login, port: 25) == ["credentials smtp.auth 0 hemmelig1"])
  }

  /// What follows a refusal is a command again.
  @Test func aRefusedLogInIsOver() {
    let lines = [
      "AUTH LOGIN", "<504 no", "MAIL FROM:<a@example.com>", "<250 ok", "RCPT TO:<b@example.org>",
      "<250 ok",
    ]
    #expect(items(Self.greeting + lines, port: 25) == ["email smtp.message 0 b@example.org"])
  }

  @Test func otherProtocolsPasswordsAreFound() {
    let mailbox = [
      "<+OK ready", "CAPA", "<+OK", "AUTH LOGIN", "<+ VXNlcm5hbWU6", "YW5uYQ==",
      "<+ UGFzc3dvcmQ6", "aGVtbWVsaWcx", "<+OK in",
    ]
    #expect(items(mailbox, port: 110) == ["credentials tcp.payload 0 hemmelig1"])
    let folders = [
      "<* OK ready", "a1 AUTHENTICATE PLAIN", "<+ ", "AGFubmEAaGVtbWVsaWcx", "<a1 OK",
    ]
    #expect(items(folders, port: 143) == ["credentials tcp.payload 8 hemmelig1"])
  }
}
