import InspectCore
import InspectIO
import Testing

@Suite struct BodyDecoderTests {
  /// What all of them decode to.
  private static let text = #"{"imei":"490154203237518","again":"490154203237518"}"#

  static let coded: [(coding: ContentCoding, hex: String)] = [
    (
      .deflate,
      "789cab56cacc4dcd54b25232b1343034353132303632363735b450d2514a4c4fccccc322530b00547c0c59"
    ),
    (.br, "1b3300f805a27644be7cf04f8f79701050532a32cc46958218e7d1f7349b5c6a95aee131ca26c2e203"),
    (
      .zstd,
      "28b52ffd20344d010014027b22696d6569223a22343930313534323033323337353138222c22616761696e7d0100"
        + "e8643e01"
    ),
  ]

  private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).map { offset in
      let start = hex.index(hex.startIndex, offsetBy: offset)
      return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)!
    }
  }

  private func decode(
    _ bytes: [UInt8], _ coding: ContentCoding, limit: Int = 1000
  ) -> (ContentDecoderOutcome, [UInt8]) {
    var decoder = BodyDecoder()
    var output = ByteBuffer(limit: limit)
    let outcome = decoder.decode(bytes.span.bytes, coding, into: &output)
    return (outcome, output.bytes.byteOffsets.map { output.bytes[$0] })
  }

  @Test(arguments: coded.indices)
  func everyCodingIsUndone(_ index: Int) {
    let (coding, hex) = Self.coded[index]
    let (outcome, found) = decode(bytes(hex), coding)
    #expect(outcome == .complete)
    #expect(String(decoding: found, as: UTF8.self) == Self.text)
  }

  @Test(arguments: coded.indices)
  func everyPrefixGivesTheBeginning(_ index: Int) {
    let (coding, hex) = Self.coded[index]
    let whole = bytes(hex)
    for count in 0..<whole.count {
      let (outcome, found) = decode(Array(whole.prefix(count)), coding)
      #expect(outcome == .truncatedInput, "\(count)")
      #expect(Array(Self.text.utf8).starts(with: found), "\(count)")
    }
  }

  @Test(arguments: coded.indices)
  func damageIsSaid(_ index: Int) {
    let (coding, _) = Self.coded[index]
    let (outcome, found) = decode([UInt8](repeating: 0xff, count: 64), coding)
    #expect(outcome == .damaged)
    #expect(found.count < 1000)
  }

  /// 8 MiB of zeros in 14 bytes.
  @Test func aBombStopsAtTheLimit() {
    let bomb = bytes("cbffff3ff82700e2b14020f7fe6f")
    let (outcome, found) = decode(bomb, .br, limit: 4096)
    #expect(outcome == .limitReached)
    #expect(found.count == 4096)
  }

  @Test func unknownCodingsAreLeft() {
    #expect(decode([1, 2, 3], .unknown).0 == .unsupported)
  }
}
