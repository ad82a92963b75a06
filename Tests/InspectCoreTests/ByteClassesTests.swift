import Foundation
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

  /// Each byte in each of sixteen places against what it is by its definition.
  @Test func blocksAgreeWithTheirDefinition() {
    for start in 0..<256 {
      let bytes = (0..<16).map { UInt8(truncatingIfNeeded: start + 17 * $0) }
      let block = ByteBlock(whole: bytes.span.bytes, at: 0)
      func bits(_ isOne: (UInt8) -> Bool) -> UInt64 {
        bytes.enumerated().reduce(0) { $0 | (isOne($1.element) ? 1 << UInt64($1.offset) : 0) }
      }
      let expected: [(isSet: UInt64, bits: UInt64)] = [
        (block.equal(to: 0x5C), bits { $0 == 0x5C }),
        (block.between(0x80, 0xFE), bits { $0 >= 0x80 && $0 < 0xFE }),
        (block.letters(), bits { $0.isASCIILetter }),
        (block.letters(below: 0x67), bits { $0.isASCIILetter && $0.hexDigitValue != nil }),
        (block.digits, bits { $0.isASCIIDigit }),
        (block.beyond, bits { $0 >= 0x80 }),
        (block.symbols, bits { Self.isSymbol($0) }),
        (block.packedDigits, bits { $0 & 15 < 10 && $0 >> 4 < 10 }),
        (block.controls, bits { $0 < 0x20 && !(9..<0x0E).contains($0) || $0 == 0x7F }),
      ]
      for (number, pair) in expected.enumerated() {
        #expect(pair.isSet == pair.bits, "\(number)")
      }
      let arePrintable = bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
      #expect(block.arePrintable == arePrintable)
      let symbols = block.base64
      for number: UInt8 in 0..<6 {
        let isSet = symbols.bit(number)
        for (place, byte) in bytes.enumerated() {
          guard let value = byte.base64Value else { continue }
          #expect(isSet >> UInt64(place) & 1 == UInt64(value >> number & 1), "\(byte) \(number)")
        }
      }
    }
    for count in 0..<16 {
      let bytes = [UInt8](repeating: 0x41, count: count)
      let block = ByteBlock(of: bytes.span.bytes, at: 0)
      #expect(block.letters() == (1 << UInt64(count)) - 1)
    }
  }

  /// Whether base64 may be of text, by all symbols at once and by one after the other.
  @Test func textIsSeenInSymbols() {
    var random = Randomness(seed: 5)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var seen = [0, 0]
    for round in 0..<20_000 {
      let count = 4 + random.next(below: round % 10 == 0 ? 200 : 40)
      // Half of them of text, at some alignment, plain or with two bytes a character.
      var bytes = (0..<count).map { _ in alphabet[random.next(below: 64)] }
      if round % 2 == 0 {
        let isDouble = round % 4 == 0
        var text: [UInt8] = []
        for _ in 0..<12 {
          text.append(
            UInt8(isDouble ? 0x30 + random.next(below: 10) : 0x20 + random.next(below: 96)))
          if isDouble { text.append(0) }
        }
        let encoded = Array(Data(text).base64EncodedString().utf8).prefix { $0 != 0x3D }
        bytes += encoded.prefix(random.next(below: encoded.count + 1))
      }
      let first = random.next(below: 3)
      bytes = Array(repeating: 0x2E, count: first) + bytes + [0x22, 0x41, 0x41]
      let run = first..<(bytes.count - 3)
      for groups in 1...2 {
        let highs: UInt64 = groups == 1 ? 0x80_8080 : 0x8080_8080_8080
        var window = UInt64.max
        var expected = false
        for place in run {
          window = window << 6 | UInt64(bytes[place].base64Value ?? 0)
          guard place - run.lowerBound + 1 >= 4 * groups, window & highs == 0 else { continue }
          let low = window & (highs | highs - highs >> 7)
          if (low + highs >> 1 + highs >> 2) & highs == highs
            || low & 0xFF00_FF00_FF00 == 0 || low & 0x00FF_00FF_00FF == 0
          {
            expected = true
          }
        }
        if expected { seen[groups - 1] += 1 }
        let isSeen = Watcher.firstText(bytes.span.bytes, run, groups: groups) { _ in true } != nil
        #expect(isSeen == expected, "\(String(decoding: bytes, as: UTF8.self)) \(run) \(groups)")
      }
    }
    #expect(seen[0] > 1000 && seen[1] > 1000 && seen[1] < 19_000, "\(seen)")
  }

  /// A set of bytes is known again by its ranges, and with few ranges nothing else is.
  @Test func rangesHoldTheirSets() {
    var random = Randomness(seed: 9)
    let all = [UInt8](0...255)
    for round in 0..<200 {
      var set = [Bool](repeating: false, count: 256)
      // Some of one to four ranges, some of many bytes.
      let isFew = round % 2 == 0
      for _ in 0...(isFew ? round % 4 : 20) {
        let first = random.next(below: 250)
        // Case is folded before.
        for byte in first..<(first + (isFew ? 5 : 1)) where byte & 0x20 != 0 { set[byte] = true }
      }
      let ranges = ByteRanges(set)
      let runs = (0..<256).count { set[$0] && ($0 == 0 || !set[$0 - 1]) }
      for offset in [0, 64, 128, 192] {
        let marks = ranges.marks(of: all.span.bytes, at: offset)
        for place in 0..<64 {
          let isMarked = marks >> UInt64(place) & 1 == 1
          if set[(offset + place) | 0x20] {
            #expect(isMarked, "\(round) \(offset + place)")
          } else if runs <= 4 {
            #expect(!isMarked, "\(round) \(offset + place)")
          }
        }
      }
      // Where fewer than 64 are left, all may be.
      let marks = ranges.marks(of: all.span.bytes, at: 193)
      #expect(marks == .max)
    }
    let none = ByteRanges([Bool](repeating: false, count: 256))
    let marks = none.marks(of: all.span.bytes, at: 0)
    #expect(marks == 0)
    let whole = ByteRanges([Bool](repeating: true, count: 256))
    let wholeMarks = whole.marks(of: all.span.bytes, at: 128)
    #expect(wholeMarks == .max)
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
