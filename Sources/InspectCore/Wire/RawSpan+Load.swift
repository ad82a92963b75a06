/// How the views of this folder read bytes: every bound is checked, nothing is copied.
extension RawSpan {
  /// Loads a big-endian integer. Its bounds are checked; only its type is not, and every bit
  /// pattern of a fixed-width integer is a value. Hence the one `unsafe` of this folder.
  ///
  /// The loads are inlinable because readers of captures, in another module, did a sixth of a run's
  /// instructions in their generic form.
  @inlinable @inline(__always)
  public func load<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, as type: Integer.Type = Integer.self
  ) -> Integer {
    Integer(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Integer.self))
  }

  /// Loads a little-endian integer.
  @inlinable @inline(__always)
  public func loadLittleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, as type: Integer.Type = Integer.self
  ) -> Integer {
    Integer(littleEndian: load(offset, as: type).bigEndian)
  }

  /// The byte at `offset`.
  @inlinable @inline(__always)
  public subscript(offset: Int) -> UInt8 { load(offset, as: UInt8.self) }

  @inline(__always)
  func require(_ needed: Int, for layer: WireError.Layer) throws(WireError) {
    guard byteCount >= needed else {
      throw .truncated(layer, needed: needed, available: byteCount)
    }
  }

  /// Whether the bytes of `text` (ASCII) are here at `offset`; false when they do not fit.
  public func hasBytes(_ text: StaticString, at offset: Int = 0) -> Bool {
    let count = text.utf8CodeUnitCount
    guard offset >= 0, byteCount - offset >= count else { return false }
    return text.withUTF8Buffer { buffer in
      for index in 0..<count where unsafe buffer[index] != self[offset + index] { return false }
      return true
    }
  }

  /// Whether the bytes are those of `other`.
  public func equals(_ other: RawSpan) -> Bool {
    byteCount == other.byteCount && hasPrefix(other)
  }

  /// Whether the first bytes are those of `other`.
  public func hasPrefix(_ other: RawSpan) -> Bool {
    guard byteCount >= other.byteCount else { return false }
    var index = 0
    while other.byteCount - index >= 8 {
      guard load(index, as: UInt64.self) == other.load(index) else { return false }
      index &+= 8
    }
    while index < other.byteCount {
      guard self[index] == other[index] else { return false }
      index &+= 1
    }
    return true
  }

  /// Whether the bytes are those of `lowercased` when ASCII letters count without their case.
  public func equalsIgnoringCase(_ lowercased: StaticString) -> Bool {
    byteCount == lowercased.utf8CodeUnitCount && hasPrefixIgnoringCase(lowercased)
  }

  /// Whether the bytes are those of `other` when ASCII letters count without their case.
  func equalsIgnoringCase(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    var index = 0
    while byteCount &- index >= 8 {
      let (mine, theirs): (UInt64, UInt64) = (load(index), other.load(index))
      guard mine.lowercasedASCII == theirs.lowercasedASCII else { return false }
      index &+= 8
    }
    while index < byteCount {
      guard self[index].lowercasedASCII == other[index].lowercasedASCII else { return false }
      index &+= 1
    }
    return true
  }

  /// Whether the first bytes are those of `lowercased` when ASCII letters count without case.
  public func hasPrefixIgnoringCase(_ lowercased: StaticString) -> Bool {
    let count = lowercased.utf8CodeUnitCount
    guard byteCount >= count else { return false }
    return lowercased.withUTF8Buffer { buffer in
      let text = unsafe buffer.span.bytes
      guard count >= 8 else {
        for index in 0..<count where text[index] != self[index].lowercasedASCII { return false }
        return true
      }
      // Eight at a time, the last eight partly again.
      var index = 0
      while index < count {
        let place = min(index, count &- 8)
        guard text.load(place, as: UInt64.self) == load(place, as: UInt64.self).lowercasedASCII
        else { return false }
        index &+= 8
      }
      return true
    }
  }

  /// The offset of the first `byte` at or after `start`, if there is one.
  public func firstOffset(of byte: UInt8, from start: Int = 0) -> Int? {
    ByteScan.firstOffset(of: byte, in: self, from: start)
  }

  /// Without leading and trailing spaces and tabs (OWS, RFC 9110 §5.6.3).
  public var trimmingWhitespace: RawSpan {
    @_lifetime(copy self) get {
      var start = 0
      var end = byteCount
      while start < end, self[start].isASCIISpaceOrTab { start += 1 }
      while end > start, self[end - 1].isASCIISpaceOrTab { end -= 1 }
      return extracting(start..<end)
    }
  }
}

extension UInt8 {
  public var isASCIIDigit: Bool { self &- 0x30 < 10 }
  public var isASCIISpaceOrTab: Bool { self == 0x20 || self == 0x09 }
  public var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
  /// The lower-case letter, when this is an upper-case ASCII letter.
  public var lowercasedASCII: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
  /// The value of an ASCII hexadecimal digit (RFC 4648 §8), in either case.
  public var hexDigitValue: UInt8? {
    if isASCIIDigit { return self &- 0x30 }
    let letter = (self | 0x20) &- 0x61
    return letter < 6 ? letter + 10 : nil
  }
}

extension UInt64 {
  /// Eight bytes, each upper-case ASCII letter of them in lower case.
  @inline(__always)
  var lowercasedASCII: UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs = ones &* 0x80
    let low = self & ~highs
    // The high bit of each byte from A, and of each beyond Z.
    let fromA = low &+ ones &* (0x80 - 0x41)
    let beyondZ = low &+ ones &* (0x7f - 0x5a)
    return self | (fromA & ~beyondZ & ~self & highs) >> 2
  }
}
