import InspectCore
import Testing

@Suite struct DNSNameTests {
  /// The name at `offset` of a message that is twelve zeros and `bytes`; the error, if there is one.
  private func read(
    _ bytes: [UInt8], at offset: Int = 12, lowercased: Bool = false
  ) -> (text: String, error: WireError?) {
    let message = [UInt8](repeating: 0, count: 12) + bytes
    do throws(WireError) {
      let name = try DNSName(message.span.bytes, at: offset)
      var buffer = ByteBuffer(limit: DNSName.Limit.textByteCount)
      guard name.append(to: &buffer, lowercased: lowercased) else { return ("does not fit", nil) }
      let span = buffer.bytes
      return (String(decoding: span.byteOffsets.map { span[$0] }, as: UTF8.self), nil)
    } catch {
      return ("", error)
    }
  }

  @Test func namesAreWrittenAsText() {
    #expect(read([1, 0x41, 1, 0x62, 0]).text == "A.b")
    #expect(read([1, 0x41, 1, 0x62, 0], lowercased: true).text == "a.b")
    #expect(read([0]).text == "")
    #expect(read([5, 0x2e, 0x5c, 0x20, 0x00, 0xff, 0]).text == "\\.\\\\\\032\\000\\255")
  }

  /// Labels are written and compared eight bytes at a time, and the rest of them byte by byte.
  @Test(arguments: 1...63)
  func caseDoesNotCountAtAnyLength(_ count: Int) throws {
    let letters = (0..<count).map { UInt8(ascii: "A") + UInt8($0 % 26) }
    let lower = letters.map { $0 | 0x20 }
    #expect(
      read([UInt8(count)] + letters + [0], lowercased: true).text
        == String(decoding: lower, as: UTF8.self))
    let header = [UInt8](repeating: 0, count: 12)
    let message = header + [UInt8(count)] + letters + [0, UInt8(count)] + lower + [0]
    let name = try DNSName(message.span.bytes, at: 12)
    let same = try DNSName(message.span.bytes, at: 12 + count + 2)
    let isSame = name.equals(same)
    #expect(isSame)
    for place in 0..<count {
      var other = message
      other[12 + count + 3 + place] ^= 0x02
      let (one, two) = try (
        DNSName(other.span.bytes, at: 12), DNSName(other.span.bytes, at: 12 + count + 2)
      )
      let isOther = !one.equals(two)
      #expect(isOther)
    }
  }

  /// Names that end in the same bytes are one name there; of two messages they need not be.
  @Test func whatIsCompressedIsCompared() throws {
    let header = [UInt8](repeating: 0, count: 12)
    // "com" at 12; "a" before a pointer to it at 17 and 21, "b" at 25.
    let ends: [UInt8] = [1, 0x61, 0xc0, 12, 1, 0x41, 0xc0, 12, 1, 0x62, 0xc0, 12]
    let message = header + [3] + Array("com".utf8) + [0] + ends
    let another = header + [3] + Array("org".utf8) + [0] + ends
    let (first, second) = try (
      DNSName(message.span.bytes, at: 17), DNSName(message.span.bytes, at: 21)
    )
    let (third, foreign) = try (
      DNSName(message.span.bytes, at: 25), DNSName(another.span.bytes, at: 17)
    )
    let (isSame, isThird, isForeign) = (
      first.equals(second), first.equals(third), first.equals(foreign)
    )
    #expect(isSame)
    #expect(!isThird)
    #expect(!isForeign)
  }

  @Test func compressionGoesBackwards() {
    // "com" at 12, "example" and a pointer to it at 17, "www" and a pointer to that at 27.
    let bytes: [UInt8] =
      [3] + Array("com".utf8) + [0, 7] + Array("example".utf8) + [0xc0, 12, 3]
      + Array("www".utf8) + [0xc0, 17]
    #expect(read(bytes, at: 17).text == "example.com")
    #expect(read(bytes, at: 27).text == "www.example.com")
    #expect(read(bytes, at: 31).text == "example.com")
  }

  @Test(
    "Loops and impossible lengths are refused",
    arguments: [
      ([0xc0, 12], WireError.malformed(.dns, .pointer)),  // to itself
      ([0xc0, 14, 0], .malformed(.dns, .pointer)),  // forwards
      ([1, 0x61, 0xc0, 12], .malformed(.dns, .pointer)),  // to its own labels
      ([0xc0, 0], .malformed(.dns, .pointer)),  // into the header
      ([0xc0, 11], .malformed(.dns, .pointer)),
      ([0x40, 0], .malformed(.dns, .name)),  // extended labels
      ([0x80, 0], .malformed(.dns, .name)),
      ([], .truncated(.dns, needed: 13, available: 12)),
      ([1], .truncated(.dns, needed: 15, available: 13)),
      ([1, 0x61], .truncated(.dns, needed: 15, available: 14)),
      ([0xc0], .truncated(.dns, needed: 14, available: 13)),
    ] as [([UInt8], WireError)])
  func refused(_ bytes: [UInt8], _ error: WireError) {
    #expect(read(bytes).error == error)
  }

  @Test func twoPointersCannotLoop() {
    // At 12 a label and a pointer to 16, at 16 a pointer to 12.
    #expect(read([1, 0x61, 0xc0, 16, 0xc0, 12], at: 12).error == .malformed(.dns, .pointer))
    #expect(read([1, 0x61, 0xc0, 16, 0xc0, 12], at: 16).error == .malformed(.dns, .pointer))
  }

  @Test func aNameHasAtMost255Bytes() {
    // 63 bytes thrice and 61 are, with the lengths and the zero, 255.
    func labels(_ last: Int) -> [UInt8] {
      [63, 63, 63, last].flatMap { [UInt8($0)] + [UInt8](repeating: 0x61, count: $0) } + [0]
    }
    #expect(read(labels(61)).text.utf8.count == 253)
    #expect(read(labels(62)).error == .malformed(.dns, .name))
    // Compression does not get round it: five labels of 63, each pointing to the one before.
    var chain = [UInt8](repeating: 0x61, count: 64) + [0]
    chain[0] = 63
    var previous = 12
    for _ in 0..<4 {
      let start = 12 + chain.count
      chain += [63] + [UInt8](repeating: 0x61, count: 63) + [0xc0, UInt8(previous)]
      guard start < 256 else { break }
      previous = start
    }
    let last = 12 + chain.count - 66
    #expect(read(chain, at: last).error == .malformed(.dns, .name))
  }

  @Test func pointersAreLimited() {
    // Each pointer goes to the one before; the first to an empty name.
    var bytes: [UInt8] = [0]
    for index in 0..<200 {
      let target = index == 0 ? 12 : 13 + 2 * (index - 1)
      bytes += [0xc0 | UInt8(target >> 8), UInt8(target & 0xff)]
    }
    #expect(read(bytes, at: 13 + 2 * 126).error == nil)
    #expect(read(bytes, at: 13 + 2 * 127).error == .malformed(.dns, .pointer))
  }

  @Test func aNameThatDoesNotFitLeavesTheBuffer() throws {
    let message = [UInt8](repeating: 0, count: 12) + [3, 0x61, 0x62, 0x63, 1, 0x64, 0]
    let name = try DNSName(message.span.bytes, at: 12)
    var buffer = ByteBuffer(limit: 5)
    buffer.append(0x21 as UInt8)
    let fits = name.append(to: &buffer)
    let count = buffer.count
    #expect(!fits)
    #expect(count == 1)
  }
}
