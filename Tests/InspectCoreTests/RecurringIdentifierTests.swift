import Testing

@testable import InspectCore

/// Values that nothing names become identifiers by where they go.
@Suite struct RecurringIdentifierTests {
  private func table() -> RecurringIdentifiers {
    RecurringIdentifiers(function: SipHash13(key0: 1, key1: 2))
  }

  private func note(
    _ table: inout RecurringIdentifiers, _ value: String, device: UInt64, to host: String
  ) -> Int {
    let (value, host) = (Array(value.utf8), Array(host.utf8))
    let recipient = table.recipient(named: host.span.bytes)
    return table.note(value.span.bytes, device: device, recipient: recipient)
  }

  @Test func threeDomainsMakeAnIdentifier() {
    var table = table()
    #expect(note(&table, "v", device: 1, to: "a.example.com") == 1)
    #expect(note(&table, "v", device: 1, to: "b.example.com") == 1)
    #expect(note(&table, "v", device: 1, to: "example.org") == 2)
    #expect(note(&table, "v", device: 1, to: "c.example.net") == RecurringIdentifiers.enough)
    #expect(note(&table, "w", device: 1, to: "example.com") == 1)
  }

  /// Whatever the key of the hashes is: two recipients are next to never taken for one.
  @Test func recipientsAreToldApart() {
    var missed = 0
    for key in 0..<1000 {
      var table = RecurringIdentifiers(function: SipHash13(key0: UInt64(key), key1: 0))
      for (number, host) in ["a.com", "b.com", "c.com", "a.com", "d.com"].enumerated() {
        if note(&table, "v", device: 1, to: host) != [1, 2, 3, 3, 4][number] { missed += 1 }
      }
    }
    #expect(missed <= 2)
  }

  @Test func countingEndsAtFour() {
    var table = table()
    for number in 0..<100 { _ = note(&table, "v", device: 1, to: "h\(number).com") }
    #expect(note(&table, "v", device: 1, to: "x.com") == 4)
  }

  @Test func aConstantOfAProgramIsNone() {
    var table = table()
    for (number, host) in ["a.com", "b.com", "c.com"].enumerated() {
      #expect(note(&table, "key", device: UInt64(number), to: host) <= 1)
    }
    #expect(note(&table, "key", device: 0, to: "d.com") == 0)
  }

  @Test func recipientsAreDomains() {
    var table = table()
    #expect(note(&table, "v", device: 1, to: "shop.one.co.uk") == 1)
    #expect(note(&table, "v", device: 1, to: "shop.two.co.uk") == 2)
    #expect(note(&table, "v", device: 1, to: "192.0.2.1") == 3)
    #expect(note(&table, "v", device: 1, to: "192.0.2.77") == 3)
    #expect(note(&table, "v", device: 1, to: "") <= 4)
  }

  @Test func memoryIsFixedAndForgettingIsCounted() {
    var table = table()
    for number in 0..<20_000 { _ = note(&table, "v\(number)", device: 1, to: "a.com") }
    #expect(table.forgotten > 0)
    #expect(note(&table, "fresh", device: 1, to: "b.com") == 1)
  }

  /// What a phone is told to have sent under no name, of three requests to three domains.
  private func recurring(_ paths: [String], agents: [String] = ["a", "a", "a"]) -> [String] {
    var network = Network(serverPort: 80)
    network.connect()
    for (number, path) in paths.enumerated() {
      network.say("GET /?x=\(path) HTTP/1.1\r\nHost: h\(number).example\(number).com\r\n")
      network.say("User-Agent: \(agents[number])\r\n\r\n")
    }
    network.finish()
    return network.core.sink.alerts.flatMap(\.items).map {
      "\($0.kind.name) \(String(decoding: $0.path, as: UTF8.self))"
    }
  }

  private static let uuid = "5f9c0b7e-3a41-4c59-9d36-7b1f2e8a6c04"
  private static let digits = "5f9c0b7e3a414c599d367b1f2e8a6c04"

  @Test func aUUIDIsTheSameInEverySpelling() {
    let (uuid, digits) = (Self.uuid, Self.digits)
    let braces = "%7B\(uuid.uppercased())%7D"
    #expect(recurring([braces, uuid, digits]) == ["advertising-id query:x > recurring"])
    #expect(
      recurring([digits.uppercased(), uuid, "urn:uuid:\(uuid)"]) == [
        "advertising-id query:x > text > recurring"
      ])
    #expect(
      recurring([braces, digits, "{\(uuid)}"]) == ["advertising-id query:x > text > recurring"])
    let agents = [
      "App/1.2 (id \(uuid); Android 9)", "App/1.2 \(uuid)", "App/1.2/\(uuid.uppercased())",
    ]
    #expect(recurring(["1", "2", "3"], agents: agents) == ["advertising-id text > recurring"])
    let sentence = "the+device+\(uuid)+was+seen"
    #expect(recurring([sentence, uuid, digits]) == ["advertising-id query:x > recurring"])
  }

  @Test func whatLooksLikeAUUIDIsNone() {
    let uuid = Self.uuid
    for other in [
      "{00000000-0000-0000-0000-000000000000}", "urn:uuid:0000180f-0000-1000-8000-00805f9b34fb",
      "a\(uuid)", "\(uuid):host.example", "\(uuid)-1", "urn:uuid:\(uuid.dropLast())", "x-\(uuid)",
      // Milliseconds and microseconds since 1970.
      "00000190a5b0c3d1", "00064e1b2c3d4f5a",
    ] {
      #expect(recurring([other, other, other]) == [], "\(other)")
    }
    #expect(recurring([uuid, Self.digits.dropLast() + "5", "{\(uuid)}"]) == [])
    #expect(recurring(["9a3b5c7d1e2f4a6b"] + ["9a3b5c7d1e2f4a6b", "9a3b5c7d1e2f4a6b"]).count == 1)
  }
}
