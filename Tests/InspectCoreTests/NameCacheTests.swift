import InspectCore
import Testing

@Suite struct NameCacheTests {
  private static let phone = IPAddress(ipv4: 0xc0a8_0714)
  private static let other = IPAddress(ipv4: 0xc0a8_0715)

  private func server(_ number: Int) -> IPAddress { IPAddress(ipv4: 0xc000_0200 + UInt32(number)) }

  private func time(_ seconds: Int64) -> Timestamp {
    Timestamp(nanoseconds: 1_700_000_000_000_000_000 + seconds * 1_000_000_000)
  }

  private func cache(_ capacity: Int = 64) -> NameCache {
    NameCache(capacity: capacity, key0: 1, key1: 2)
  }

  private func learn(
    _ cache: inout NameCache, _ message: [UInt8], client: IPAddress = phone, at seconds: Int64 = 0
  ) throws {
    cache.learn(try DNSMessage(message.span.bytes), client: client, at: time(seconds))
  }

  private func answer(
    _ name: String, _ servers: [Int], flags: UInt16 = 0x8180, ttl: UInt32 = 60
  ) -> [UInt8] {
    var builder = DNSBuilder(flags: flags, questions: 1, answers: UInt16(servers.count))
    let owner = builder.question(name, .a)
    for number in servers {
      builder.record(pointer: owner, .a, ttl: ttl) { $0.bytes += [192, 0, 2, UInt8(number)] }
    }
    return builder.bytes
  }

  private func look(
    _ cache: inout NameCache, _ address: IPAddress, for client: IPAddress = phone, at: Int64 = 1
  ) -> String? {
    var buffer = ByteBuffer(limit: 255)
    guard let asker = cache.appendName(of: address, for: client, at: time(at), to: &buffer)
    else { return nil }
    let span = buffer.bytes
    let name = String(decoding: span.byteOffsets.map { span[$0] }, as: UTF8.self)
    return asker == .client ? name : "anybody: \(name)"
  }

  @Test func aliasesLeadToTheNameThatWasAsked() throws {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
      var builder = DNSBuilder(flags: 0x8180, questions: 1, answers: 4)
      let owner = builder.question("Push.Example.com", .a)
      for step in order {
        switch step {
        case 0: builder.record(pointer: owner, .cname) { $0.append(name: "a.example.net") }
        case 1:
          builder.record(owner: { $0.append(name: "A.example.net") }, .cname) {
            $0.append(name: "b.example.org")
          }
        default:
          builder.record(owner: { $0.append(name: "b.EXAMPLE.org") }, .a) {
            $0.bytes += [192, 0, 2, 1]
          }
        }
      }
      // An address that no alias leads to.
      builder.record(owner: { $0.append(name: "c.example.org") }, .a) {
        $0.bytes += [192, 0, 2, 2]
      }
      var cache = cache()
      try learn(&cache, builder.bytes)
      #expect(look(&cache, server(1)) == "push.example.com")
      #expect(look(&cache, server(2)) == nil)
    }
  }

  @Test func aliasesThatLoopGiveNothing() throws {
    var builder = DNSBuilder(flags: 0x8180, questions: 1, answers: 2)
    let owner = builder.question("a.example", .a)
    builder.record(pointer: owner, .cname) { $0.append(name: "b.example") }
    builder.record(owner: { $0.append(name: "b.example") }, .cname) {
      $0.append(name: "a.example")
    }
    var cache = cache()
    try learn(&cache, builder.bytes)
    let count = cache.count
    #expect(count == 0)
  }

  @Test func theLatestAnswerWins() throws {
    var cache = cache()
    try learn(&cache, answer("old.example", [1, 2]))
    try learn(&cache, answer("new.example", [1]), at: 1)
    let statistics = cache.statistics
    #expect(look(&cache, server(1)) == "new.example")
    #expect(look(&cache, server(2)) == "old.example")
    #expect(statistics.learned == 6)
    #expect(statistics.replaced == 2)
  }

  @Test func clientsHaveTheirOwnNames() throws {
    var cache = cache()
    try learn(&cache, answer("one.example", [1]))
    try learn(&cache, answer("two.example", [1]), client: Self.other, at: 1)
    #expect(look(&cache, server(1)) == "one.example")
    #expect(look(&cache, server(1), for: Self.other) == "two.example")
    #expect(look(&cache, server(1), for: server(9)) == "anybody: two.example")
  }

  @Test func hintsOfServiceBindingsAreAddresses() throws {
    for (name, expected) in [("example.com", "example.com"), ("_443._https.example.com", nil)] {
      var builder = DNSBuilder(flags: 0x8180, questions: 1, answers: 1)
      let owner = builder.question(name, .https)
      builder.record(pointer: owner, .https) {
        $0.bytes += [0, 1, 0, 0, 4, 0, 8, 192, 0, 2, 7, 192, 0, 2, 8]
      }
      var cache = cache()
      try learn(&cache, builder.bytes)
      #expect(look(&cache, server(7)) == expected)
      #expect(look(&cache, server(8)) == expected)
    }
  }

  @Test func onlySuccessfulResponsesTeach() throws {
    var cache = cache()
    for flags: UInt16 in [0x0100, 0x8183, 0xa180] {
      try learn(&cache, answer("a.example", [1], flags: flags))
    }
    // 255 bytes on the wire; the escapes make the text longer.
    var builder = DNSBuilder(flags: 0x8180, questions: 1, answers: 1)
    let label = [63] + [UInt8](repeating: 0, count: 63)
    builder.bytes += label + label + [0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]
    builder.bytes += [192, 0, 2, 1]
    try learn(&cache, builder.bytes)
    let (count, statistics) = (cache.count, cache.statistics)
    #expect(count == 0)
    #expect(statistics.oversizedNames == 1)
  }

  @Test func namesAreKeptForADayOrTheirTimeToLive() throws {
    var cache = cache()
    try learn(&cache, answer("short.example", [1], ttl: 1))
    try learn(&cache, answer("long.example", [2], ttl: 7 * 86400))
    #expect(look(&cache, server(1), at: 86400) == "short.example")
    #expect(look(&cache, server(1), at: 86401) == nil)
    #expect(look(&cache, server(2), at: 7 * 86400) == "long.example")
    #expect(look(&cache, server(2), at: 7 * 86400 + 1) == nil)
    try learn(&cache, answer("short.example", [1], ttl: 1), at: 90000)
    #expect(look(&cache, server(1), at: 100_000) == "short.example")
  }

  @Test func aFullTableForgetsWhatWasNotUsed() throws {
    var cache = cache(8)
    for number in 0..<4 { try learn(&cache, answer("\(number).example", [number])) }
    #expect(look(&cache, server(0)) == "0.example")
    try learn(&cache, answer("4.example", [4]))
    let (count, statistics) = (cache.count, cache.statistics)
    #expect(count == 8)
    #expect(statistics.evicted == 2)
    #expect(look(&cache, server(0)) == "0.example")
    #expect(look(&cache, server(4)) == "4.example")
    // Two places had to be taken: the one of anybody for 0, and the one of the client for 1.
    #expect(look(&cache, server(0), for: Self.other) == nil)
    #expect(look(&cache, server(1)) == "anybody: 1.example")
    #expect(look(&cache, server(2)) == "2.example")
  }

  @Test func itStaysWithinItsCapacity() throws {
    var cache = cache(16)
    var generator = DNSSeededGenerator(state: 3)
    var model: [Int: String] = [:]
    for round in 0..<5000 {
      let servers = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        Int.random(in: 0...40, using: &generator)
      }
      let name = "\(Int.random(in: 0...9, using: &generator)).example"
      try learn(&cache, answer(name, servers), at: Int64(round))
      for number in servers { model[number] = name }
      let number = Int.random(in: 0...40, using: &generator)
      // What is found is always the latest; it may be forgotten.
      let found = look(&cache, server(number), at: Int64(round))
      #expect(found == nil || found == model[number] || found == "anybody: \(model[number]!)")
      let count = cache.count
      #expect(count <= 16)
    }
    let statistics = cache.statistics
    #expect(statistics.evicted == statistics.learned - statistics.replaced - 16)
  }
}
