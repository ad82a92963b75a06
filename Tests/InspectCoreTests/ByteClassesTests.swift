import Testing

@testable import InspectCore

@Suite struct ByteClassesTests {
  private static func isSymbol(_ byte: UInt8) -> Bool {
    byte.isASCIIDigit || byte.isASCIILetter || [0x2B, 0x2D, 0x2F, 0x5F].contains(byte)
  }

  /// Every byte in every place, with any number of bytes behind it.
  @Test func classesAgreeWithTheirDefinition() {
    let all = [UInt8](0...255) + [UInt8](0...255)
    for start in 0..<256 {
      for count in [0, 1, 7, 8, 9, 31, 63, 64, 65, 80] {
        let bytes = Array(all[start..<(start + count)])
        let classes = ByteClasses(of: bytes.span.bytes, at: 0)
        var words: UInt64 = 0
        var symbols: UInt64 = 0
        for (place, byte) in bytes.prefix(64).enumerated() {
          let isWord = byte.isASCIIDigit || byte.isASCIILetter || byte >= 0x80 && byte < 0xFE
          if isWord { words |= 1 << UInt64(place) }
          if Self.isSymbol(byte) { symbols |= 1 << UInt64(place) }
        }
        #expect(classes.words == words, "\(start) \(count)")
        #expect(classes.symbols == symbols, "\(start) \(count)")
      }
    }
  }

  @Test func controlsAreSeenAnywhere() {
    for length in 0...70 {
      var bytes = [UInt8](repeating: 0x41, count: length)
      let hasNone = ByteScan.hasControls(bytes.span.bytes)
      #expect(!hasNone)
      for place in 0..<length {
        for byte: UInt8 in [0, 8, 9, 0x0D, 0x0E, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x8F, 0xFF] {
          bytes[place] = byte
          let hasControls = ByteScan.hasControls(bytes.span.bytes)
          #expect(hasControls == (byte < 9 || byte == 0x0E || byte == 0x1F || byte == 0x7F))
        }
        bytes[place] = 0x41
      }
    }
  }

  /// Sixteen symbols at once, each in each place, and nothing when one byte is none.
  @Test func symbolsAreDecodedAsOneByOne() {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for place in 0..<16 {
      for byte in UInt8.min ... .max {
        var bytes = (0..<16).map { alphabet[($0 * 5 + place) % 64] }
        bytes[place] = byte
        let decoded = ByteScan.base64(bytes.span.bytes, at: 0)
        guard Self.isSymbol(byte) else {
          #expect(decoded == nil)
          continue
        }
        var halves: [UInt64] = [0, 0]
        for (index, symbol) in bytes.enumerated() {
          let known = symbol == 0x2D ? 0x2B : symbol == 0x5F ? 0x2F : symbol
          halves[index / 8] = halves[index / 8] << 6 | UInt64(alphabet.firstIndex(of: known)!)
        }
        #expect(decoded?.0 == halves[0] << 16 && decoded?.1 == halves[1] << 16)
      }
    }
    let short = ByteScan.base64(Array(alphabet[..<15]).span.bytes, at: 0)
    #expect(short == nil)
  }
}
