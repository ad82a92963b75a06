/// Numbers of two digits a byte: 14 digits and more anywhere, shorter ones behind the octets that say
/// their length and type (TS 24.008 §10.5.4.7, TS 23.040 §9.1.2.5).
extension Watcher {
  mutating func scanBCD(_ bytes: RawSpan) {
    var offset = 0
    let skipsZeros = !index.packed.contains(0)
    while offset < bytes.byteCount {
      let marks = PackedMarks(of: bytes, at: offset)
      var starts = marks.long | marks.typed
      if skipsZeros { starts &= ~marks.empty }
      while starts != 0 {
        let place = UInt64(starts.trailingZeroBitCount)
        starts &= starts &- 1
        pairsBegin(
          bytes, offset &+ Int(place), isTyped: marks.typed &>> place & 1 == 1,
          isLong: marks.long &>> place & 1 == 1)
      }
      offset &+= PackedMarks.step
    }
  }

  /// Three bytes from `start` on are pairs of digits, or six.
  private mutating func pairsBegin(
    _ bytes: RawSpan, _ start: Int, isTyped: Bool, isLong: Bool
  ) {
    let (first, second) = (UInt32(bytes[start]), UInt32(bytes[start &+ 1]))
    let swapped = (first & 15) << 12 | (first & 0xF0) << 4 | (second & 15) << 4 | second >> 4
    // Whole bytes, low digit first or high digit first; or from the second half of a byte, of
    // which the first says what follows.
    if isLong, start > 0, bytes[start &- 1] >> 4 <= 9 {
      let before = UInt32(bytes[start &- 1] >> 4)
      if index.packed.contains(before << 12 | swapped >> 4) {
        probeBCD(bytes, start &* 2 &- 1, isSwapped: true, isTyped: false)
      }
    }
    if index.packed.contains(swapped) {
      probeBCD(bytes, start &* 2, isSwapped: true, isTyped: isTyped)
    }
    if isLong, index.packed.contains(first << 8 | second) {
      probeBCD(bytes, start &* 2, isSwapped: false, isTyped: false)
    }
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
      if count == 8, !index.eights.contains(hash.value) { return }
      guard count >= 14 || isTyped && count >= 7 else { continue }
      let entry = index.table.find(hash.value) {
        index.equalsDigits($0, bytes, half, count, isSwapped: isSwapped)
      }
      guard let entry else { continue }
      let isWhole =
        count >= 14 || Watcher.isLength(bytes[half / 2 &- 2], count)
        || Watcher.isFilled(bytes, position)
      if isWhole { found = (entry, position) }
    }
    guard let found else { return }
    add(
      WatchHit(
        value: found.entry.value, form: .bcd, start: half / 2, end: (found.end &+ 1) / 2))
  }

  /// Whether an octet says how long a number of `count` digits is: in digits (TS 23.040 §9.1.2.5), or in
  /// octets, with that of its type (TS 24.008 §10.5.4.7, TS 24.011 §8.2.5.1).
  private static func isLength(_ octet: UInt8, _ count: Int) -> Bool {
    Int(octet) == count || Int(octet) == (count &+ 1) / 2 &+ 1
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
