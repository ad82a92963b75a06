/// The code that HPACK writes strings in (RFC 7541 §5.2, Appendix B).
///
/// The code is canonical: codes of a length follow each other in the order of their symbols, and
/// shorter ones come first. So the lengths say it all.
struct HPACKHuffman {
  private static var symbolCount: Int { 257 }
  private static var longest: Int { 30 }
  private static var shortest: Int { 5 }
  /// End of string; it never stands in one.
  private static var endOfString: UInt16 { 256 }

  /// Of the symbols 0 to 255 and the end of string, in bits.
  private static let lengths: InlineArray<257, UInt8> = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
  ]

  /// The symbols in the order of their codes.
  private var symbols = InlineArray<257, UInt16>(repeating: 0)
  // For each length: its first code, the place of that code's symbol, and how many there are.
  private var firstCodes = InlineArray<31, UInt32>(repeating: 0)
  private var firstPlaces = InlineArray<31, UInt16>(repeating: 0)
  private var counts = InlineArray<31, UInt32>(repeating: 0)

  init() {
    var place = 0
    var code: UInt32 = 0
    for length in 1...HPACKHuffman.longest {
      code <<= 1
      firstCodes[length] = code
      firstPlaces[length] = UInt16(place)
      for symbol in 0..<HPACKHuffman.symbolCount
      where Int(HPACKHuffman.lengths[symbol]) == length {
        symbols[place] = UInt16(symbol)
        place += 1
        code += 1
        counts[length] += 1
      }
    }
  }

  /// Appends what `coded` stands for, as much as fits; false when it is no code.
  func decode(_ coded: RawSpan, into output: inout ByteBuffer) -> Bool {
    var code: UInt32 = 0
    var length = 0
    for index in coded.byteOffsets {
      let byte = coded[index]
      var mask: UInt8 = 0x80
      while mask != 0 {
        code = code << 1 | (byte & mask != 0 ? 1 : 0)
        mask >>= 1
        length += 1
        guard length >= HPACKHuffman.shortest else { continue }
        let place = code &- firstCodes[length]
        if place < counts[length] {
          let symbol = symbols[Int(firstPlaces[length]) + Int(place)]
          guard symbol != HPACKHuffman.endOfString else { return false }
          output.append(UInt8(truncatingIfNeeded: symbol))
          code = 0
          length = 0
        } else if length == HPACKHuffman.longest {
          return false
        }
      }
    }
    // What is left is padding: the first bits of the end of string, which are ones.
    return length < 8 && code == (1 << UInt32(length)) - 1
  }
}
