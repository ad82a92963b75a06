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
}
