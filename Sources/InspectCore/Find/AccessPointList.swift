/// Access points as services of places are asked with: `00005e005301;52;|00005e005302;-60;office|...`,
/// the addresses with separators or without.
struct AccessPointList {
  /// The first two addresses.
  let first: Range<Int>
  let second: Range<Int>

  /// Nil when it is none: a look at two bytes ends most.
  init?(_ value: RawSpan) {
    guard value.byteCount >= 31, value[12] == 0x3B || value[17] == 0x3B,
      let one = AccessPointList.entry(value, at: 0),
      let bar = value.firstOffset(of: 0x7C, from: one.upperBound),
      bar &- one.upperBound <= 64,
      let other = AccessPointList.entry(value, at: bar &+ 1),
      !value.extracting(one).equals(value.extracting(other))
    else { return nil }
    first = one
    second = other
  }

  /// An address and the strength of its signal, with or without its sign.
  private static func entry(_ value: RawSpan, at start: Int) -> Range<Int>? {
    guard start &+ 15 <= value.byteCount else { return nil }
    let end = start &+ (value[start &+ 12] == 0x3B ? 12 : 17)
    guard end &+ 3 <= value.byteCount, value[end] == 0x3B,
      HardwareAddress(value.extracting(start..<end))?.isOfOneInterface == true
    else { return nil }
    let digits = value[end &+ 1] == 0x2D ? end &+ 2 : end &+ 1
    var place = digits
    while place < value.byteCount, value[place].isASCIIDigit { place &+= 1 }
    let isEnd = place == value.byteCount || value[place] == 0x3B || value[place] == 0x7C
    return isEnd && place > digits && place &- digits <= 3 ? start..<end : nil
  }
}
