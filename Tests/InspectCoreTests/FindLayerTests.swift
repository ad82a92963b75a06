import Foundation
import InspectCore
import InspectIO
import Testing

/// What a path says of each layer, and that an offset is the place where the value was sent.
@Suite struct FindLayerTests {
  private let fields: [Encoder.Field] = [("imei", "490154203237518")]

  @Test(arguments: [
    (Encoder.json, "json:imei"), (.jsonInJSON, "json:payload > json:imei"), (.form, "form:imei"),
    (.query, "query:imei"), (.cookie, "cookie:imei"), (.percentJSON, "form:data > json:imei"),
    (.percentTwice, "form:data > percent > json:imei"), (.base64, "base64 > json:imei"),
    (.base64Twice, "base64 > base64 > json:imei"), (.hexadecimal, "hex > json:imei"),
    (.hexadecimalPairs, "hex > json:imei"), (.xml, "xml:r.imei"), (.xmlAttribute, "xml:r.p@imei"),
    (.xmlNamed, "xml:r.string"), (.xmlCDATA, "xml:r.imei"), (.multipart, "multipart:imei"),
    (.multipartBase64, "multipart:imei > base64"),
    (.multipartQuoted, "multipart:imei > quoted-printable"),
    (.mail, "mail:body > multipart: > quoted-printable > json:imei"), (.gzip, "gzip > json:imei"),
    (.zlibInBase64, "base64 > zlib > json:imei"),
    (.deflateInBase64, "base64 > deflate > json:imei"),
    (.gzipInMultipart, "multipart:f > gzip > json:imei"), (.utf16, "utf-16 > json:imei"),
    (.utf16Big, "utf-16 > json:imei"), (.protobuf, "protobuf:3.imei"),
    (.protobufInBase64, "base64 > protobuf:3.imei"), (.grpc, "grpc > protobuf:3.imei"),
    (.msgpack, "msgpack:d.imei"), (.cbor, "cbor:d.imei"), (.bplist, "bplist:imei"),
    (.webToken, "json:auth > jwt > json:imei"), (.dataURI, "json:u > data > base64 > json:imei"),
  ])
  func aPathNamesItsLayers(_ encoder: Encoder, _ path: String) {
    var finder = Finder()
    var decoder = BodyDecoder()
    let bytes = encoder.encode(fields)
    let found = finder.inspect(bytes, part: encoder.part, decoder: &decoder).found
    #expect(found.map(\.path) == [path])
  }

  /// Where a value is written as it is, its offset is its place.
  @Test(arguments: [
    Encoder.json, .jsonNumber, .jsonLines, .form, .query, .xml, .xmlAttribute, .xmlNamed, .xmlCDATA,
    .multipart, .multipartQuoted, .protobuf, .grpc, .msgpack, .cbor, .bplist, .jsonInJSON,
  ])
  func anOffsetIsThePlace(_ encoder: Encoder) {
    let bytes = encoder.encode(fields)
    let found = inspect(bytes, part: encoder.part).found
    #expect(found.count == 1)
    for found in found {
      #expect(bytes.dropFirst(found.offset).starts(with: Array("490154203237518".utf8)))
    }
  }

  @Test func aProtobufFieldIsANumber() {
    let inner: [UInt8] = [0x0A, 0x0F] + Array("354178036859789".utf8)
    let bytes: [UInt8] = [0x08, 0x01, 0x1A, UInt8(inner.count)] + inner
    let found = inspect(bytes).found
    #expect(found.map(\.path) == ["protobuf:3.1"])
    #expect(found.map(\.offset) == [6])
  }

  @Test(arguments: [
    // Doubles of 55.676098 and 12.568337 as fixed64, CBOR's and MessagePack's.
    ("82a36c6174cb404bd68a6117720da36c6e67cb402922fd113836a8", "location medium 6 msgpack:lng"),
    ("a2636c6174fb404bd68a6117720d636c6e67fb402922fd113836a8", "location medium 5 cbor:lng"),
    ("81a4696d6569cf0001bdcaeb2b4c8e", "imei high 7 msgpack:imei"),
    ("a164696d65691b0001bdcaeb2b4c8e", "imei high 6 cbor:imei"),
  ])
  func numbersKeepTheirDigits(_ hex: String, _ expected: String) {
    let digits = Array(hex)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    #expect(inspect(bytes).found.map(\.description).joined() == expected)
  }

  @Test func basicCredentialsAreOpened() {
    let token = Data("user@example.com:secret".utf8).base64EncodedString()
    let found = inspect("Basic \(token)", part: .httpRequestHeader, key: "Authorization").found
    #expect(
      found.map(\.description) == ["credentials high 6 basic", "email medium 6 basic:user"])
    #expect(found.first?.value == "user@example.com:secret")
    let url = inspect("http://user:secret@h.example/x", part: .httpURL).found
    #expect(url.map(\.description) == ["credentials medium 7 userinfo"])
  }

  @Test func aBearerTokenIsOpened() {
    let payload = Encoder.urlSafe(Data(#"{"email":"user@example.com"}"#.utf8).base64EncodedString())
    let value = "Bearer eyJhbGciOiJIUzI1NiJ9.\(payload).c2ln"
    let found = inspect(value, part: .httpRequestHeader, key: "Authorization").found
    #expect(found.map(\.path) == ["jwt > json:email"])
  }

  @Test func aMailIsReadByItsFields() {
    let mail = """
      From: =?utf-8?B?\(Data("A <first@example.com>".utf8).base64EncodedString())?=\r
      To: B <second@example.com>,\r
       third@example.org\r
      Message-ID: <20260301.1@mail.example.com>\r
      Content-Transfer-Encoding: base64\r
      \r
      \(Data("My number is +45 20 55 55 01.".utf8).base64EncodedString())\r

      """
    let found = inspect(Array(mail.utf8), part: .smtpMessage).found
      .filter { $0.confidence >= .medium }
    #expect(
      found.map { "\($0.kind) \($0.path)" } == [
        "email mail:From > encoded-word > text", "email mail:To > text", "email mail:To > text",
        "phone-number mail:body > base64 > text",
      ])
  }

  @Test func aHostNameIsReadByItsLabels() {
    let found = inspect("imei.490154203237518.t.example", part: .dnsName).found
    #expect(found.map(\.description) == ["imei high 5"])
  }

  @Test func compressedLayersHaveLimits() {
    let json = Encoder.json(fields)
    var bytes = Array(json.utf8)
    for _ in 0..<6 { bytes = Zlib.deflate(bytes, windowBits: 31) }
    var finder = Finder()
    var decoder = BodyDecoder()
    #expect(finder.inspect(bytes, part: .httpRequestBody, decoder: &decoder).found.count == 1)
    for _ in 0..<6 { bytes = Zlib.deflate(bytes, windowBits: 31) }
    let deep = finder.inspect(bytes, part: .httpRequestBody, decoder: &decoder)
    #expect(deep.found.isEmpty)
    #expect(!deep.facts.limits.isEmpty)
    // 64 MB of zeros, twice compressed.
    let bomb = Zlib.deflate([UInt8](repeating: 0x20, count: 64 << 20), windowBits: 31)
    let exploded = finder.inspect(bomb, part: .httpRequestBody, decoder: &decoder)
    #expect(exploded.facts.limits.contains(.decodedBytes))
    #expect(exploded.facts.decodedBytes <= finder.limits.decodedBytes)
    // Without a decoder they are counted.
    let blind = inspect(Zlib.deflate(Array(json.utf8), windowBits: 31))
    #expect(blind.facts.undecodedLayers == 1)
    let damaged = Array(Zlib.deflate(Array(json.utf8), windowBits: 31).prefix(10))
    let cut = finder.inspect(damaged, part: .httpRequestBody, decoder: &decoder)
    #expect(cut.facts.undecodedLayers == 1)
  }

  /// Every prefix and every flipped bit of every format is survived.
  @Test(arguments: Encoder.allCases)
  func damageIsSurvived(_ encoder: Encoder) {
    var finder = Finder()
    var decoder = BodyDecoder()
    let bytes = encoder.encode(fields)
    for count in 0..<bytes.count {
      let prefix = Array(bytes.prefix(count))
      for found in finder.inspect(prefix, part: encoder.part, decoder: &decoder).found {
        #expect(found.offset < count)
      }
    }
    var random = Randomness(seed: 3)
    for _ in 0..<300 {
      var damaged = bytes
      damaged[random.next(below: bytes.count)] ^= UInt8(1 << random.next(below: 8))
      for found in finder.inspect(damaged, part: encoder.part, decoder: &decoder).found {
        #expect(found.offset < bytes.count)
      }
    }
  }

  /// A property list whose objects refer to each other many times over stays small.
  @Test func referencesDoNotMultiply() {
    var bytes = Array("bplist00".utf8)
    var offsets: [Int] = []
    for level in 0..<40 {
      offsets.append(bytes.count)
      bytes += [0xAF, 0x10, 32] + [UInt8](repeating: UInt8(level + 1), count: 32)
    }
    offsets.append(bytes.count)
    bytes += [0x5F, 0x10, 15] + Array("490154203237518".utf8)
    let table = bytes.count
    for offset in offsets { bytes += [UInt8(offset >> 8), UInt8(offset & 255)] }
    bytes += [0, 0, 0, 0, 0, 0, 2, 1]
    for value in [offsets.count, 0, table] {
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
    #expect(inspect(bytes).facts.nodes < 1 << 17)
  }
}
