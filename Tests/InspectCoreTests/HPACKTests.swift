import Testing

@testable import InspectCore

@Suite struct HPACKTests {
  private static let huffman = HPACKHuffman()

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).map { offset in
      let start = digits.index(digits.startIndex, offsetBy: offset)
      return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)!
    }
  }

  /// The fields of a block as lines, or the error.
  private func decode(_ decoder: inout HPACKDecoder, _ block: [UInt8]) -> [String] {
    var list = HPACKFieldList()
    do throws(HPACKError) {
      try decoder.decode(block.span.bytes, Self.huffman, into: &list)
    } catch {
      return ["\(error)"]
    }
    let all = list.bytes.bytes
    return list.fields.map {
      let line = "\(text(all.extracting($0.name))): \(text(all.extracting($0.value)))"
      return $0.isKnown ? line : "unknown"
    }
  }

  struct Sequence: Sendable {
    /// The section of RFC 7541.
    var name: String
    /// What the table may have, of a size update that the text only tells of.
    var tableByteCount: Int?
    var blocks: [(hex: String, fields: [String], tableByteCount: Int)]
  }

  static let requests: [[String]] = [
    [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
    [
      ":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com",
      "cache-control: no-cache",
    ],
    [
      ":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com",
      "custom-key: custom-value",
    ],
  ]

  static let responses: [[String]] = [
    [
      ":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "location: https://www.example.com",
    ],
    [
      ":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "location: https://www.example.com",
    ],
    [
      ":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT",
      "location: https://www.example.com", "content-encoding: gzip",
      "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
  ]

  /// RFC 7541 Appendix C.2 to C.6.
  static let sequences: [Sequence] = [
    Sequence(
      name: "C.2.1",
      blocks: [
        (
          "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
          ["custom-key: custom-header"], 55
        )
      ]),
    Sequence(
      name: "C.2.2",
      blocks: [("040c 2f73 616d 706c 652f 7061 7468", [":path: /sample/path"], 0)]),
    Sequence(
      name: "C.2.3",
      blocks: [("1008 7061 7373 776f 7264 0673 6563 7265 74", ["password: secret"], 0)]),
    Sequence(name: "C.2.4", blocks: [("82", [":method: GET"], 0)]),
    Sequence(
      name: "C.3",
      blocks: [
        ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", requests[0], 57),
        ("8286 84be 5808 6e6f 2d63 6163 6865", requests[1], 110),
        (
          "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
          requests[2], 164
        ),
      ]),
    Sequence(
      name: "C.4",
      blocks: [
        ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", requests[0], 57),
        ("8286 84be 5886 a8eb 1064 9cbf", requests[1], 110),
        ("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", requests[2], 164),
      ]),
    Sequence(
      name: "C.5", tableByteCount: 256,
      blocks: [
        (
          """
          4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
          2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
          6c65 2e63 6f6d
          """, responses[0], 222
        ),
        ("4803 3330 37c1 c0bf", responses[1], 222),
        (
          """
          88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
          54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
          5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
          3d31
          """, responses[2], 215
        ),
      ]),
    Sequence(
      name: "C.6", tableByteCount: 256,
      blocks: [
        (
          """
          4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
          2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3
          """, responses[0], 222
        ),
        ("4883 640e ffc1 c0bf", responses[1], 222),
        (
          """
          88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
          77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
          9587 3160 65c0 03ed 4ee5 b106 3d50 07
          """, responses[2], 215
        ),
      ]),
  ]

  private func decoder(_ tableByteCount: Int?) -> HPACKDecoder {
    var decoder = HPACKDecoder()
    // 256 = 31 + 225 (§6.3).
    if tableByteCount != nil { _ = decode(&decoder, [0x3f, 0xe1, 0x01]) }
    return decoder
  }

  @Test(arguments: sequences.indices)
  func theExamplesOfTheRFCDecode(_ index: Int) {
    let sequence = Self.sequences[index]
    var decoder = decoder(sequence.tableByteCount)
    for block in sequence.blocks {
      #expect(decode(&decoder, Self.bytes(block.hex)) == block.fields, "\(sequence.name)")
      let size = decoder.tableByteCount
      #expect(size == block.tableByteCount, "\(sequence.name)")
    }
  }

  /// A cut block gives an error or fewer fields, and never others.
  @Test(arguments: sequences.indices)
  func everyPrefixIsSafe(_ index: Int) {
    let sequence = Self.sequences[index]
    for (number, block) in sequence.blocks.enumerated() {
      let whole = Self.bytes(block.hex)
      for count in 0..<whole.count {
        var decoder = decoder(sequence.tableByteCount)
        for earlier in sequence.blocks[..<number] { _ = decode(&decoder, Self.bytes(earlier.hex)) }
        let found = decode(&decoder, Array(whole.prefix(count)))
        let isError = found.count == 1 && !found[0].contains(": ")
        #expect(isError || found == Array(block.fields.prefix(found.count)), "\(count)")
      }
    }
  }

  @Test func whatIsNoBlockIsRefused() {
    let refusals: [(String, HPACKError)] = [
      ("80", .noSuchField), ("be", .noSuchField), ("ff", .truncated),
      ("7f80 8080 8080 01", .integerTooLarge), ("ffff ffff ff7f", .integerTooLarge),
      ("3fe2 ff03", .tableTooLarge), ("0085 61", .truncated), ("00", .truncated),
      // Padding that is longer than seven bits, or not all ones.
      ("0082 1fff 00", .badString), ("0081 18 00", .badString),
      // The end of string inside a string.
      ("0084 ffff ffff 00", .badString),
    ]
    for (hex, error) in refusals {
      var decoder = HPACKDecoder()
      #expect(decode(&decoder, Self.bytes(hex)) == ["\(error)"], "\(hex)")
    }
  }

  @Test func afterALossUnknownFieldsAreNoError() {
    var decoder = HPACKDecoder()
    decoder.lose()
    // An unknown field; one that is added and then known; an unknown name with a value.
    let found = decode(&decoder, Self.bytes("be 40 0161 0162 be c0 7f00 0163"))
    #expect(found == ["unknown", "a: b", "a: b", "unknown", "unknown"])
    let unknown = decoder.unknownFields
    #expect(unknown == 3)
  }

  @Test func theTableIsBoundedAndOldFieldsGo() {
    var decoder = HPACKDecoder()
    for round in 0..<5000 {
      let value = Array("\(round)".utf8)
      let block: [UInt8] = [0x40, 1, 0x61, UInt8(value.count)] + value
      #expect(decode(&decoder, block) == ["a: \(round)"])
      #expect(decode(&decoder, [0xbe]) == ["a: \(round)"])
    }
    let (size, count) = (decoder.tableByteCount, decoder.tableFieldCount)
    #expect(size <= 4096)
    #expect(count == 4096 / 37)
    #expect(decode(&decoder, [0x20]) == [])
    let empty = decoder.tableFieldCount
    #expect(empty == 0)
  }

  /// One byte can stand for kilobytes: what a block decodes to is bounded.
  @Test func aHeaderBombIsCut() {
    var decoder = HPACKDecoder()
    let value = [UInt8](repeating: 0x62, count: 4000)
    _ = decode(&decoder, [0x40, 1, 0x61, 0x7f, 0xa1, 0x1e] + value)
    var list = HPACKFieldList()
    let bomb = [UInt8](repeating: 0xbe, count: 10_000)
    try? decoder.decode(bomb.span.bytes, Self.huffman, into: &list)
    let (isCut, count) = (list.isCut, list.bytes.count)
    #expect(isCut)
    #expect(count <= HPACKFieldList.byteLimit)
  }
}
