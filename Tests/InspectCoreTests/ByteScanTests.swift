import InspectCore
import Testing

@Suite struct ByteScanTests {
  /// Every length and every start, with hits at every place, beside a loop that cannot be wrong.
  @Test func scansAgreeWithTheLoop() {
    for length in 0...100 {
      for hit in 0...length {
        var bytes = [UInt8](repeating: 0x8b, count: length)
        if hit < length { bytes[hit] = 0x0a }
        if hit + 3 < length { bytes[hit + 3] = 0x0d }
        // Neighbours in value must not be taken for it.
        if hit > 0 { bytes[hit - 1] = 0x0b }
        for start in 0...length {
          let span = bytes.span.bytes
          let one = ByteScan.firstOffset(of: 0x0a, in: span, from: start)
          let two = ByteScan.firstOffset(of: 0x0d, or: 0x0a, in: span, from: start)
          let three = ByteScan.firstOffset(of: 0x20, or: 0x0d, or: 0x0a, in: span, from: start)
          let expectedOne = bytes[start...].firstIndex(of: 0x0a)
          let expectedTwo = bytes[start...].firstIndex { $0 == 0x0a || $0 == 0x0d }
          #expect(one == expectedOne)
          #expect(two == expectedTwo)
          #expect(three == expectedTwo)
        }
      }
    }
  }

  @Test func everyByteIsFoundAtEveryAlignment() {
    let bytes = [UInt8](0...255) + [UInt8](0...255)
    for alignment in 0..<64 {
      let span = bytes.span.bytes.extracting(droppingFirst: alignment)
      for byte in UInt8.min ... .max {
        let found = ByteScan.firstOffset(of: byte, in: span)
        #expect(found == bytes[alignment...].firstIndex(of: byte)! - alignment)
      }
    }
  }

  @Test func oneByteThatIsNotPrintableIsSeenAnywhere() {
    for length in 0...70 {
      var bytes = [UInt8](repeating: 0x7e, count: length)
      let isPrintable = ByteScan.isPrintable(bytes.span.bytes)
      #expect(isPrintable)
      for place in 0..<length {
        for byte: UInt8 in [0, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xa0, 0xff] {
          bytes[place] = byte
          let isPrintable = ByteScan.isPrintable(bytes.span.bytes)
          #expect(isPrintable == (byte == 0x20 || byte == 0x7e))
        }
        bytes[place] = 0x20
      }
    }
  }

  @Test func startsOutsideFindNothing() {
    let bytes: [UInt8] = [1, 2, 3]
    let beyond = ByteScan.firstOffset(of: 1, in: bytes.span.bytes, from: 9)
    let before = ByteScan.firstOffset(of: 1, in: bytes.span.bytes, from: -9)
    #expect(beyond == nil)
    #expect(before == 0)
  }

  /// Names of every length up to three loads, with one byte that differs at every place.
  @Test func aPrefixInAnyCaseIsOneUpToTheByteThatDiffers() {
    let names: [StaticString] = [
      "", "a", "host", "expect", "referer", "upgrade:", "user-agent", "content-type",
      "content-encoding", "transfer-encoding", "sec-websocket-extensions",
    ]
    for name in names {
      let text = name.withUTF8Buffer { Array($0) }
      let capitals = text.map { $0.isASCIILetter ? $0 & 0xdf : $0 }
      for spelling in [text, capitals] {
        let longer = spelling + [0x3a]
        let whole = longer.span.bytes
        var isRight =
          whole.hasPrefixIgnoringCase(name) && whole.hasPrefix(spelling.span.bytes)
          && !whole.equalsIgnoringCase(name) && spelling.span.bytes.equalsIgnoringCase(name)
        #expect(isRight, "\(name)")
        for place in spelling.indices {
          isRight = !whole.extracting(first: place).hasPrefixIgnoringCase(name)
          for byte in UInt8.min ... .max where byte.lowercasedASCII != text[place] {
            var other = spelling
            other[place] = byte
            if other.span.bytes.hasPrefixIgnoringCase(name) { isRight = false }
            if whole.hasPrefix(other.span.bytes) { isRight = false }
          }
          #expect(isRight, "\(name) at \(place)")
        }
      }
    }
  }
}
