import InspectCore
import Testing

/// The same numbers in every run (SplitMix64).
struct DNSSeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

@Suite struct DNSMessageTests {
  /// A response with a record of each kind that is decoded.
  static let everyType: [UInt8] = {
    var builder = DNSBuilder(
      flags: 0x8580, questions: 1, answers: 12, authorities: 2, additionals: 1)
    let owner = builder.question("Www.Example.com", .any)
    let domain = owner + 4
    builder.record(pointer: owner, .cname) { $0.append(name: "web.example.net") }
    builder.record(pointer: owner, .a) { $0.bytes += [192, 0, 2, 1] }
    builder.record(pointer: owner, .aaaa) {
      $0.bytes += [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    }
    builder.record(pointer: owner, .mx) {
      $0.append(10)
      $0.bytes += [4] + Array("mail".utf8)
      $0.append(0xc000 | domain)
    }
    builder.record(pointer: owner, .txt) { $0.bytes += [2, 0x61, 0x62, 0, 1, 0x63] }
    builder.record(pointer: owner, .srv) {
      for word: UInt16 in [1, 2, 443] { $0.append(word) }
      $0.append(name: "srv.example.com")
    }
    builder.record(pointer: owner, .ptr) { $0.append(0xc000 | domain) }
    builder.record(pointer: owner, .https) {
      $0.append(1)
      $0.append(name: "")
      $0.append(1)
      $0.bytes += [0, 6, 2, 0x68, 0x32, 2, 0x68, 0x33]
      $0.append(4)
      $0.bytes += [0, 4, 192, 0, 2, 7]
      $0.append(5)
      $0.bytes += [0, 2, 0xfe, 0x0d]
      $0.append(6)
      $0.bytes += [0, 16, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    }
    builder.record(pointer: owner, .caa) {
      $0.bytes += [0, 5] + Array("issueca.example.net".utf8)
    }
    builder.record(pointer: owner, .ds) { $0.bytes += [0x12, 0x34, 8, 2, 0xab] }
    builder.record(pointer: owner, .unknown(4711)) { $0.bytes += [1, 2] }
    builder.record(pointer: owner, .a) { $0.bytes += [192, 0, 2] }
    builder.record(pointer: domain, .ns) { $0.append(name: "ns.example.com") }
    builder.record(pointer: domain, .soa) {
      $0.append(name: "ns.example.com")
      $0.append(name: "root.example.com")
      for number: UInt16 in [1, 2, 3, 4, 5] {
        $0.append(0)
        $0.append(number)
      }
    }
    builder.record(owner: { $0.bytes.append(0) }, .opt, class: 1232, ttl: 0x0100_8000) { _ in }
    return builder.bytes
  }()

  @Test func everyTypeIsRead() {
    #expect(
      describeDNS(Self.everyType.span.bytes) == [
        "? Www.Example.com ANY",
        "= Www.Example.com CNAME 300 web.example.net",
        "= Www.Example.com A 300 192.0.2.1",
        "= Www.Example.com AAAA 300 2001:db8::1",
        "= Www.Example.com MX 300 mail.Example.com",
        "= Www.Example.com TXT 300 abc",
        "= Www.Example.com SRV 300 1 2 443 srv.example.com",
        "= Www.Example.com PTR 300 Example.com",
        "= Www.Example.com HTTPS 300 1 . alpn=h2,h3 ipv4hint=192.0.2.7 ech ipv6hint=2001:db8::2",
        "= Www.Example.com CAA 300 0 issue \"ca.example.net\"",
        "= Www.Example.com DS 300 12340802ab",
        "= Www.Example.com 4711 300 0102",
        "= Www.Example.com A 300 c00002",
        "^ Example.com NS 300 ns.example.com",
        "^ Example.com SOA 300 ns.example.com root.example.com 1 2 3 4 5",
        "+  OPT 16809984 ",
      ])
  }

  @Test func theHeaderIsRead() throws {
    let message = try DNSMessage(Self.everyType.span.bytes)
    let flags = [
      message.isResponse, message.isAuthoritativeAnswer, message.isTruncated,
      message.isRecursionDesired, message.isRecursionAvailable, message.isAuthenticData,
      message.isCheckingDisabled,
    ]
    let (id, opcode, code) = (message.id, message.opcode, message.responseCode)
    let (extended, damage) = (message.extendedResponseCode, message.damage)
    let size = message.options?.payloadByteCount
    let wantsDNSSEC = message.options?.isDNSSECOK
    #expect(flags == [true, true, false, true, true, false, false])
    #expect(id == 0x1234)
    #expect(opcode == .query)
    #expect(code == .noError)
    #expect(extended == .badVersion)
    #expect(damage == nil)
    #expect(size == 1232)
    #expect(wantsDNSSEC == true)
  }

  @Test func textIsGivenStringByString() throws {
    let message = try DNSMessage(Self.everyType.span.bytes)
    var lengths: [Int] = []
    var answers = message.answers
    while let record = answers.next() {
      guard case .text(var text) = record.data else { continue }
      while let string = text.next() { lengths.append(string.byteCount) }
    }
    #expect(lengths == [2, 0, 1])
  }

  @Test func damageKeepsWhatIsBefore() {
    var builder = DNSBuilder(flags: 0x8180, questions: 1, answers: 1, additionals: 2)
    let owner = builder.question("example.com", .a)
    builder.record(pointer: owner, .a) { $0.bytes += [192, 0, 2, 1] }
    builder.record(pointer: owner, .a) { $0.bytes += [192, 0, 2, 2] }
    builder.append(0xffff)
    #expect(
      describeDNS(builder.bytes.span.bytes) == [
        "? example.com A", "= example.com A 300 192.0.2.1", "+ example.com A 300 192.0.2.2",
        "damage additional",
      ])
  }

  @Test func everyPrefixGivesTheBeginning() {
    let all = Self.everyType
    let whole = describeDNS(all.span.bytes)
    for count in 0..<all.count {
      var lines = describeDNS(all.span.bytes.extracting(first: count))
      let end = lines.removeLast()
      #expect(end == "no message" ? count < 12 : end.hasPrefix("damage"))
      #expect(Array(whole.prefix(lines.count)) == lines)
    }
  }

  @Test func mutationsAreSafe() {
    var generator = DNSSeededGenerator(state: 1)
    var undamaged = 0
    for _ in 0..<20_000 {
      var bytes = Self.everyType
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      let lines = describeDNS(bytes.span.bytes)
      _ = DNSMessage.isPlausible(bytes.span.bytes)
      if lines.last?.hasPrefix("damage") == false { undamaged += 1 }
    }
    #expect(undamaged > 0 && undamaged < 20_000)
  }

  @Test func numbersWithoutNamesAreKept() {
    for number in UInt16.min...UInt16.max {
      #expect(DNSType(rawValue: number).rawValue == number)
      #expect(DNSResponseCode(rawValue: number).rawValue == number)
      #expect(DNSClass(rawValue: number).rawValue == number)
    }
    for number in UInt8.min...UInt8.max { #expect(DNSOpcode(rawValue: number).rawValue == number) }
    #expect(DNSType(rawValue: 65).name?.description == "HTTPS")
    #expect(DNSType(rawValue: 4711).name == nil)
    #expect(DNSResponseCode(rawValue: 3).name?.description == "NXDOMAIN")
  }
}

@Suite struct DNSPlausibilityTests {
  @Test func messagesAreRecognised() {
    var query = DNSBuilder(flags: 0x0100, questions: 1)
    query.question("example.com", .https)
    var multicast = DNSBuilder(flags: 0x8400, answers: 1)
    multicast.record(
      owner: { $0.append(name: "printer.local") }, .a, class: 0x8001, data: { $0.append(0) })
    let answers = [query.bytes, multicast.bytes, DNSMessageTests.everyType].map { bytes in
      DNSMessage.isPlausible(bytes.span.bytes)
    }
    #expect(answers == [true, true, true])
  }

  @Test func otherProtocolsAreNot() {
    var cut = DNSBuilder(flags: 0x0100, questions: 1)
    cut.question("example.com", .a)
    cut.bytes.removeLast()
    var unknownType = DNSBuilder(flags: 0x0100, questions: 1)
    unknownType.question("example.com", .unknown(1000))
    var empty = DNSBuilder(flags: 0x0100, answers: 1)
    empty.record(owner: { $0.append(name: "a") }, .a, data: { _ in })
    // A node status request of NetBIOS; its type is the number of SRV.
    var status = DNSBuilder(flags: 0, questions: 1)
    status.question("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .srv)
    var statusResponse = DNSBuilder(flags: 0x8400, answers: 1)
    statusResponse.record(
      owner: { $0.append(name: "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") }, .srv, data: { $0.append(0) })
    let others: [[UInt8]] = [
      status.bytes, statusResponse.bytes,
      cut.bytes, unknownType.bytes, empty.bytes, Array("GET / HTTP/1.1\r\nHost: example\r\n".utf8),
      [0x23, 0, 6, 0xec] + [UInt8](repeating: 0, count: 44), [UInt8](repeating: 0, count: 64),
      [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3] + [UInt8](repeating: 7, count: 64),
      Array("REGISTER sip:example.com SIP/2.0\r\n".utf8), [],
    ]
    let answers = others.map { bytes in DNSMessage.isPlausible(bytes.span.bytes) }
    #expect(answers == [Bool](repeating: false, count: others.count))
  }

  @Test func noiseIsNot() {
    var generator = DNSSeededGenerator(state: 2)
    var taken = 0
    for _ in 0..<50_000 {
      let bytes = (0..<Int.random(in: 12...80, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if DNSMessage.isPlausible(bytes.span.bytes) { taken += 1 }
    }
    #expect(taken == 0)
  }
}
