import Testing

@testable import InspectCore

/// Lists of which only the HMACs are known. A keyed hash of 64 bits stands for HMAC-SHA-256 here.
@Suite struct WatchCodeTests {
  private struct NoDigests: WatchDigests {
    func prefix(_ digest: WatchDigest, of bytes: [UInt8]) -> UInt64 { 0 }
  }

  private func code(_ text: RawSpan) -> WatchCode {
    WatchCode(SipHash13(key0: 1, key1: 2).hash(text), 0, 0, 0)
  }

  /// As `inspectd watch hash` writes it.
  private func list(_ values: (IdentifierKind, String)...) throws -> WatchIndex {
    var builder = WatchIndex.Builder(
      authenticate: { WatchCode(SipHash13(key0: 1, key1: 2).hash($0), 0, 0, 0) })
    for (kind, value) in values {
      let text = Array(value.utf8)
      let normal = try WatchIndex.normalForm(text, kind)
      try builder.add(code(normal.span.bytes), kind, .ordinary, label: text)
      if let national = WatchIndex.nationalForm(text, kind) {
        try builder.add(code(national.span.bytes), kind, .ordinary, label: text)
      }
    }
    return builder.finish(NoDigests())
  }

  private func certain(_ body: String, _ list: WatchIndex) -> [String] {
    var finder = Finder(watching: list)
    return finder.inspect(Array(body.utf8)).found.filter { $0.confidence == .certain }
      .map { "\($0.kind) \($0.path)" }
  }

  @Test(arguments: [
    "07700900123", "7700900123", "07700 900123", "(07700) 900123", "07700-900-123",
    "+44 (0)7700 900 123", "0044 7700 900123", "447700900123",
  ])
  func aTelephoneNumber(_ text: String) throws {
    let list = try list((.phoneNumber, "+44 7700 900123"))
    #expect(certain(#"{"x":"\#(text)"}"#, list) == ["phone-number json:x"])
    for sentence in [
      "call \(text) now", "call \(text).", "\(text), or", "on 3 May \(text) 2 times",
    ] {
      #expect(
        certain(#"{"x":"\#(sentence)"}"#, list) == ["phone-number json:x > text"], "\(sentence)")
    }
  }

  @Test func aNumberOfACountryWithoutZero() throws {
    let list = try list((.phoneNumber, "+45 20 25 55 01"))
    for text in ["20255501", "20 25 55 01", "+4520255501"] {
      #expect(
        certain(#"{"x":"ring \#(text) nu"}"#, list) == ["phone-number json:x > text"], "\(text)")
    }
  }

  /// Another country's number, a longer one, and a part of something.
  @Test(arguments: [
    "+7700900123", "+77 00900123", "007700900123", "7700900123456", "07700 9001234",
    "a07700 900123",
    "07700 900124", "07700 900123x", "00077 00900123",
  ])
  func otherNumbersAreNot(_ text: String) throws {
    let list = try list((.phoneNumber, "+44 7700 900123"))
    for body in [text, "call \(text) now"] {
      #expect(certain(#"{"x":"\#(body)"}"#, list) == [], "\(body)")
    }
  }

  @Test func anAccountInGroups() throws {
    let list = try list((.iban, "DK5000400440116243"), (.iban, "DE89370400440532013000"))
    for text in ["DK50 0040 0440 1162 43", "dk50 0040 0440 1162 43", "DE89 3704 0044 0532 0130 00"]
    {
      #expect(certain(#"{"x":"\#(text)"}"#, list) == ["iban json:x"], "\(text)")
    }
    #expect(
      certain(#"{"x":"to DK50 0040 0440 1162 43 today"}"#, list) == ["iban json:x > text"])
    #expect(certain(#"{"x":"DK50 0040 0440 1162 44"}"#, list) == [])
  }

  @Test func aNameInASentence() throws {
    let list = try list((.text, "Line Danser"), (.text, "Åse Ånd"), (.text, "Danserinde"))
    for (text, count) in [
      ("Dear Line Danser, hello", 1), ("from Line Danser", 1), ("(Åse Ånd)", 1),
      ("Line Dansere", 0),
      ("Line  Danser", 0), ("Caroline Danser", 0), ("Die Danserinde tanzt", 1), ("line danser", 1),
    ] {
      #expect(certain(#"{"x":"\#(text)"}"#, list).count == count, "\(text)")
    }
  }

  /// Words are many: of a message so many are tried, which is counted.
  @Test func namesAreBounded() throws {
    let list = try list((.text, "Line Danser"))
    var finder = Finder(watching: list)
    let words = (0..<500).map { "Word\(String(repeating: "x", count: $0 % 7))" }
    let body = words.joined(separator: " ")
    _ = finder.inspect(Array(body.utf8))
    #expect(finder.watchCounters.hmacs <= 2 * UInt64(Watcher.mostNames) + 8)
    #expect(finder.watchCounters.hmacLimits == 1)
  }
}
