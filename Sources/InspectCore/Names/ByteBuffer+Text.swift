/// How this folder writes text: bytes into the caller's buffer, as much as fits.
extension ByteBuffer {
  mutating func append(decimal value: UInt64) {
    var divisor: UInt64 = 1
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  mutating func append(spaceAndDecimal value: UInt64) {
    append(UInt8(ascii: " "))
    append(decimal: value)
  }

  /// The lower-case hexadecimal digits of a byte.
  mutating func append(hex byte: UInt8) {
    append(hexDigit: byte >> 4)
    append(hexDigit: byte & 15)
  }

  /// The lower-case digit of a value below 16.
  mutating func append(hexDigit value: UInt8) { append(value < 10 ? value + 0x30 : value + 0x57) }

  /// Four lower-case hexadecimal digits.
  mutating func append(hex value: UInt16) {
    append(hex: UInt8(value >> 8))
    append(hex: UInt8(value & 0xff))
  }

  mutating func append(hex bytes: RawSpan) {
    for index in bytes.byteOffsets { append(hex: bytes[index]) }
  }

  /// An address as text: dotted decimals, or the form of RFC 5952 §4.
  mutating func append(_ address: IPAddress) {
    guard !address.isIPv4 else {
      for index in 12..<16 {
        if index > 12 { append(UInt8(ascii: ".")) }
        append(decimal: UInt64(address.byte(index)))
      }
      return
    }
    let zeros = address.longestRunOfZeroGroups
    var group = 0
    while group < 8 {
      if group == zeros.start, zeros.count > 1 {
        append("::")
        group += zeros.count
        continue
      }
      if group > 0, group != zeros.start + zeros.count || zeros.count < 2 {
        append(UInt8(ascii: ":"))
      }
      let value = address.group(group)
      for shift in stride(from: 12, through: 0, by: -4) where value >> shift > 0 || shift == 0 {
        append(hexDigit: UInt8(value >> shift & 15))
      }
      group += 1
    }
  }

  /// One Unicode scalar as UTF-8 (RFC 3629 §3); U+FFFD for what is none.
  mutating func append(scalar value: UInt32) {
    switch value {
    case 0..<0x80:
      append(UInt8(value))
    case 0x80..<0x800:
      append(0xc0 | UInt8(value >> 6))
      append(0x80 | UInt8(value & 0x3f))
    case 0xd800..<0xe000, 0x11_0000...:
      append(scalar: 0xfffd)
    case 0x800..<0x1_0000:
      append(0xe0 | UInt8(value >> 12))
      append(0x80 | UInt8(value >> 6 & 0x3f))
      append(0x80 | UInt8(value & 0x3f))
    default:
      append(0xf0 | UInt8(value >> 18))
      append(0x80 | UInt8(value >> 12 & 0x3f))
      append(0x80 | UInt8(value >> 6 & 0x3f))
      append(0x80 | UInt8(value & 0x3f))
    }
  }
}

extension IPAddress {
  fileprivate func group(_ index: Int) -> UInt16 {
    UInt16(byte(2 * index)) << 8 | UInt16(byte(2 * index + 1))
  }

  /// The first of the longest runs of zero groups.
  fileprivate var longestRunOfZeroGroups: (start: Int, count: Int) {
    var best = (start: 8, count: 0)
    var run = 0
    for index in 0..<8 {
      run = group(index) == 0 ? run + 1 : 0
      if run > best.count { best = (index - run + 1, run) }
    }
    return best
  }
}
