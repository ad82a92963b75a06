/// Numbers of two digits a byte: 14 digits and more anywhere, shorter ones behind the octets that say
/// their length and type (TS 24.008 §10.5.4.7, TS 23.040 §9.1.2.5).
extension Watcher {
  mutating func scanBCD(_ bytes: RawSpan) {
    var position = 0
    while position < bytes.byteCount {
      // Where three bytes and more in a row, and six, are pairs of digits.
      let pairs = Watcher.digitPairs(bytes, at: position)
      var three = pairs & pairs &>> 8 & pairs &>> 16 & 0x8080_8080_8080
      while three != 0 {
        let start = position &+ three.trailingZeroBitCount &>> 3
        three &= three &- 1
        pairsBegin(bytes, start)
      }
      position &+= 6
    }
  }

  /// The high bit of each of eight bytes that is two decimal digits; none beyond the end.
  @inline(__always)
  private static func digitPairs(_ bytes: RawSpan, at position: Int) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var word: UInt64 = .max
    if position &+ 8 <= bytes.byteCount {
      word = bytes.loadLittleEndian(position, as: UInt64.self)
    } else {
      var index = bytes.byteCount
      while index > position {
        index &-= 1
        word = word &<< 8 | UInt64(bytes[index])
      }
    }
    let low = (word & (ones &* 15)) &+ ones &* 6
    let high = (word &>> 4 & (ones &* 15)) &+ ones &* 6
    return ~((low | high) &<< 3) & (ones &* 0x80)
  }

  /// Three bytes from `start` on are pairs of digits.
  private mutating func pairsBegin(_ bytes: RawSpan, _ start: Int) {
    let isTyped =
      start >= 2 && bytes[start &- 1] >> 7 == 1 && bytes[start &- 2] >= 5
      && bytes[start &- 2] <= 20
    // Fourteen digits are six such bytes, and a half on either side.
    let isLong = Watcher.digitPairs(bytes, at: start) & 0x8080_8080_8080 == 0x8080_8080_8080
    guard isTyped || isLong else { return }
    // Whole bytes, low digit first or high digit first; or from the second half of a byte, of
    // which the first says what follows.
    if isLong, start > 0, bytes[start &- 1] >> 4 <= 9 {
      probeBCD(bytes, start &* 2 &- 1, isSwapped: true, isTyped: false)
    }
    probeBCD(bytes, start &* 2, isSwapped: true, isTyped: isTyped)
    if isLong { probeBCD(bytes, start &* 2, isSwapped: false, isTyped: false) }
  }

  private mutating func probeBCD(_ bytes: RawSpan, _ half: Int, isSwapped: Bool, isTyped: Bool) {
    var hash = WatchHash()
    var count = 0
    var position = half
    var found: (entry: WatchIndex.Entry, end: Int)?
    while position < 2 &* bytes.byteCount, count < 20 {
      let byte = bytes[position &>> 1]
      let isLow = (position & 1 == 0) == isSwapped
      let digit = isLow ? byte & 15 : byte >> 4
      guard digit <= 9 else { break }
      hash.add(0x30 &+ digit)
      count &+= 1
      position &+= 1
      if count == 4, !index.fours.contains(hash.value) { return }
      if count == 8, !index.eights.contains(hash.value) { return }
      guard count >= 14 || isTyped && count >= 7 else { continue }
      let entry = index.table.find(hash.value) {
        index.equalsDigits($0, bytes, half, count, isSwapped: isSwapped)
      }
      guard let entry else { continue }
      let isWhole =
        count >= 14 || Int(bytes[half / 2 &- 2]) == count || Watcher.isFilled(bytes, position)
      if isWhole { found = (entry, position) }
    }
    guard let found else { return }
    add(
      WatchHit(
        value: found.entry.value, form: .bcd, start: half / 2, end: (found.end &+ 1) / 2))
  }

  /// Whether the half after a number is the filler of an odd number of digits.
  private static func isFilled(_ bytes: RawSpan, _ position: Int) -> Bool {
    position & 1 == 1 && bytes[position &>> 1] >> 4 == 15
  }
}

extension WatchIndex {
  /// Whether `count` digits from the half byte `half` on are this value, without what the entry
  /// leaves out at its end. National numbers need more evidence than such digits have.
  func equalsDigits(
    _ entry: Entry, _ bytes: RawSpan, _ half: Int, _ count: Int, isSwapped: Bool
  ) -> Bool {
    let text = text(of: entry.value)
    guard entry.prefix == 0, WatchStyle(kind(of: entry.value)) == .digits,
      text.count &- entry.suffix == count
    else { return false }
    for place in 0..<count {
      let position = half &+ place
      let byte = bytes[position &>> 1]
      let isLow = (position & 1 == 0) == isSwapped
      guard texts[text.lowerBound &+ place] == 0x30 &+ (isLow ? byte & 15 : byte >> 4) else {
        return false
      }
    }
    return true
  }
}
