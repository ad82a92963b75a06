import InspectCore
import Testing

@Suite struct TLSFingerprintTests {
  private func read<Value>(
    _ body: [UInt8], _ make: (TLSClientHello) -> Value
  ) throws -> Value {
    make(try TLSClientHello(body.span.bytes))
  }

  private func ja3(_ body: [UInt8]) throws -> String {
    try read(body) { hello in tlsText { hello.appendJA3(to: &$0) } }
  }

  /// The strings of JA3's README; their MD5 are ada70206e40642a3e4461f35503241d5 and
  /// de350869b8c85de67a350c8d186f11e6.
  @Test func ja3OfTheReadme() throws {
    let suites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
    let groups = TLSBuilder.vector(2, TLSBuilder.numbers([23, 24, 25]))
    let body = TLSBuilder.clientHelloBody(
      version: 769, cipherSuites: suites,
      extensions: [
        TLSBuilder.serverName("example.com"), TLSBuilder.extension(10, groups),
        TLSBuilder.extension(11, [1, 0]),
      ])
    #expect(
      try ja3(body) == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0")
    let plain = TLSBuilder.clientHelloBody(
      version: 769, cipherSuites: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], extensions: nil)
    #expect(try ja3(plain) == "769,4-5-10-9-100-98-3-6-19-18-99,,,")
  }

  private static let example: [UInt8] = {
    let suites = [
      0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
      0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
    ]
    let algorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
    let versions = TLSBuilder.vector(1, TLSBuilder.numbers([0x3a3a, 0x0304, 0x0303]))
    let others = [0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01]
    return TLSBuilder.clientHelloBody(
      cipherSuites: suites,
      extensions: [TLSBuilder.extension(0x5a5a), TLSBuilder.serverName("example.com")]
        + others.map { TLSBuilder.extension($0) } + [
          TLSBuilder.applicationProtocols(["h2", "http/1.1"]),
          TLSBuilder.extension(
            10, TLSBuilder.vector(2, TLSBuilder.numbers([0x4a4a, 29, 23, 24]))),
          TLSBuilder.extension(11, [1, 0]), TLSBuilder.extension(43, versions),
          TLSBuilder.extension(13, TLSBuilder.vector(2, TLSBuilder.numbers(algorithms))),
          TLSBuilder.extension(0x0015, [0, 0, 0]), TLSBuilder.extension(0x6a6a, [0]),
        ])
  }()

  /// The example of FoxIO's specification: t13d1516h2_8daaf6152771_e5627efa2ab1.
  @Test func ja4OfTheSpecification() throws {
    let (prefix, quic, suites, extensions) = try read(Self.example) { hello in
      (
        tlsText { hello.appendJA4Prefix(.tcp, to: &$0) },
        tlsText { hello.appendJA4Prefix(.quic, to: &$0) },
        tlsText { _ = hello.appendJA4CipherSuites(to: &$0) },
        tlsText { _ = hello.appendJA4Extensions(to: &$0) }
      )
    }
    #expect(prefix == "t13d1516h2")
    #expect(quic == "q13d1516h2")
    #expect(
      suites == "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9")
    #expect(
      extensions
        == "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01"
        + "_0403,0804,0401,0503,0805,0501,0806,0601")
  }

  @Test func greaseIsLeftOutOfJA3() throws {
    let text = try ja3(Self.example)
    #expect(text.hasPrefix("771,4865-4866-4867-49195-"))
    #expect(text.hasSuffix(",0-27-51-17513-23-45-5-35-18-65281-16-10-11-43-13-21,29-23-24,0"))
  }

  @Test func ja4OfHellosThatLackThings() throws {
    func prefix(_ body: [UInt8]) throws -> String {
      try read(body) { hello in tlsText { hello.appendJA4Prefix(.tcp, to: &$0) } }
    }
    let none = TLSBuilder.clientHelloBody(version: 0x0301, cipherSuites: [], extensions: nil)
    #expect(try prefix(none) == "t10i000000")
    let both = try read(none) { hello in
      tlsText { _ = hello.appendJA4CipherSuites(to: &$0) }
        + tlsText { _ = hello.appendJA4Extensions(to: &$0) }
    }
    #expect(both.isEmpty)
    // Names of protocols that end or start with no letter or digit, or have one character.
    for (name, expected) in [("\u{1}x", "08"), ("a-", "6d"), ("h", "hh"), ("http/1.1", "h1")] {
      let body = TLSBuilder.clientHelloBody(
        extensions: [TLSBuilder.applicationProtocols([name])])
      #expect(try prefix(body) == "t12i0101\(expected)")
    }
    let many = TLSBuilder.clientHelloBody(
      cipherSuites: Array(1...120), extensions: [TLSBuilder.extension(0)])
    #expect(try prefix(many) == "t12d990100")
  }

  @Test func moreNumbersThanCanBeSortedAreSaid() throws {
    let limit = TLSClientHello.sortedNumbersLimit
    for (count, expected) in [(limit, true), (limit + 1, false)] {
      let body = TLSBuilder.clientHelloBody(
        cipherSuites: Array(1...count),
        extensions: (1...count).map { TLSBuilder.extension($0 + 40) })
      let results = try read(body) { hello in
        var buffer = ByteBuffer(limit: 4096)
        return [hello.appendJA4CipherSuites(to: &buffer), hello.appendJA4Extensions(to: &buffer)]
      }
      #expect(results == [expected, expected])
    }
  }

  @Test func ja3sOfAServer() throws {
    let body = TLSBuilder.serverHelloBody(
      version: 0x0303, cipherSuite: 0xc02f,
      extensions: [
        TLSBuilder.extension(65281, [0]), TLSBuilder.extension(0),
        TLSBuilder.extension(11, [1, 0]),
      ])
    let hello = try TLSServerHello(body.span.bytes)
    let text = tlsText { hello.appendJA3S(to: &$0) }
    #expect(text == "771,49199,65281-0-11")
  }

  @Test func serverNamesOfBadFormAreNone() throws {
    func name(_ data: [UInt8]) throws -> String? {
      try read(TLSBuilder.clientHelloBody(extensions: [TLSBuilder.extension(0, data)])) { hello in
        guard let name = hello.serverName else { return nil }
        return tlsText { $0.append(name) }
      }
    }
    #expect(try name([]) == nil)
    #expect(try name([0, 0]) == nil)
    #expect(try name([0, 4, 0, 0, 9, 0x61]) == nil)
    #expect(try name([0, 4, 0, 0, 1, 0x61]) == "a")
    // A name of another type before the host's.
    #expect(try name([0, 8, 1, 0, 1, 0x78, 0, 0, 1, 0x61]) == "a")
  }

  @Test func encryptedClientHelloIsSaid() throws {
    let found = try read(
      TLSBuilder.clientHelloBody(extensions: [TLSBuilder.extension(0xfe0d, [0])])
    ) { $0.hasEncryptedClientHello }
    let absent = try read(Self.example) { $0.hasEncryptedClientHello }
    #expect(found)
    #expect(!absent)
  }
}
