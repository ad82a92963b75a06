/// A table from hashes to entries: open addressing, filled once. Senders cannot add to it.
struct WatchTable: Sendable {
  /// The upper half of the hash, and the entry.
  private var slots: [UInt64]
  private let mask: Int
  let isEmpty: Bool

  private static var free: UInt64 { .max }

  /// Of equal forms those that are `preferred` are found.
  init(
    _ forms: [WatchIndex.Builder.Form], preferred: (WatchIndex.Builder.Form) -> Bool
  ) {
    var capacity = 16
    while capacity < forms.count * 2 { capacity *= 2 }
    slots = [UInt64](repeating: WatchTable.free, count: capacity)
    mask = capacity - 1
    isEmpty = forms.isEmpty
    for isFirst in [true, false] {
      for form in forms where preferred(form) == isFirst {
        var place = Int(truncatingIfNeeded: form.hash) & mask
        while slots[place] != WatchTable.free { place = (place + 1) & mask }
        slots[place] = form.hash & 0xFFFF_FFFF_0000_0000 | UInt64(form.packed)
      }
    }
  }

  /// The first entry with this hash that `matches`.
  @inline(__always)
  func find(_ hash: UInt64, where matches: (WatchIndex.Entry) -> Bool) -> WatchIndex.Entry? {
    var place = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = slots[place]
      if slot == WatchTable.free { return nil }
      if slot >> 32 == hash >> 32 {
        let entry = WatchIndex.Entry(UInt32(truncatingIfNeeded: slot))
        if matches(entry) { return entry }
      }
      place = (place &+ 1) & mask
    }
  }
}

/// A bit for each of many hashes.
struct WatchBits: Sendable {
  private var words: [UInt64]
  private let mask: Int

  /// `count` is a power of two, at least 64.
  init(count: Int) {
    words = [UInt64](repeating: 0, count: count / 64)
    mask = count - 1
  }

  mutating func insert(_ hash: UInt64) {
    let bit = Int(truncatingIfNeeded: hash >> 20) & mask
    words[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  @inline(__always)
  func contains(_ hash: UInt64) -> Bool {
    let bit = Int(truncatingIfNeeded: hash >> 20) & mask
    return words[bit &>> 6] &>> UInt64(bit & 63) & 1 != 0
  }
}

/// A bit for each two small characters: for each number of sixteen bits.
struct WatchPairs: Sendable {
  private var words = [UInt64](repeating: 0, count: 1 << 10)

  mutating func insert(_ number: UInt32) {
    words[Int(number >> 6) & 1023] |= 1 << UInt64(number & 63)
  }

  @inline(__always)
  func contains(_ number: UInt32) -> Bool {
    words[Int(number &>> 6) & 1023] &>> UInt64(number & 63) & 1 != 0
  }
}

/// How the values of a list begin, so that of most words nothing more is asked. Letters count without
/// their case, and a byte is as good as another that differs in that bit.
struct WatchPrefixes: Sendable {
  /// The first characters of a value, six at most, the first one lowest.
  struct Prefix {
    fileprivate var bytes: UInt64 = 0
    fileprivate(set) var count = 0

    mutating func append(_ byte: UInt8) {
      guard count < WatchPrefixes.longest else { return }
      bytes |= UInt64(byte | 0x20) << UInt64(8 * count)
      count += 1
    }

    /// With zeros in front.
    func dialled(zeros: Int) -> Prefix {
      var prefix = Prefix()
      for _ in 0..<zeros { prefix.append(0x30) }
      for index in 0..<count {
        prefix.append(UInt8(truncatingIfNeeded: bytes >> UInt64(8 * index)))
      }
      return prefix
    }
  }

  static let longest = 6
  private static let fold: UInt64 = 0x2020_2020_2020_2020

  /// The two bytes with which a value begins.
  private var pairs = WatchPairs()
  private var firsts = [Bool](repeating: false, count: 256)
  /// A bit for each hash of one to six characters: those before the first separator.
  private var hashes: [UInt64]
  private let shift: UInt64
  private let separators: WatchReader.Separators

  /// With sixteen bits a form and its shorter beginnings few strangers pass. `separators` may stand
  /// between the characters of a value.
  init(forms: Int, separators: WatchReader.Separators) {
    self.separators = separators
    var exponent: UInt64 = 14
    while 1 << exponent < forms * 16, exponent < 26 { exponent += 1 }
    hashes = [UInt64](repeating: 0, count: 1 << Int(exponent - 6))
    shift = 64 - exponent
  }

  mutating func insert(_ prefix: Prefix) {
    guard prefix.count >= 2 else { return }
    let pair = UInt16(truncatingIfNeeded: prefix.bytes)
    let first = pair & 0xFF
    pairs.insert(UInt32(pair))
    if !firsts[Int(first)] {
      firsts[Int(first)] = true
      // A separator may follow it, an escape, or the first byte of a no-break space.
      for byte in UInt8.min ... .max
      where byte == 0xC2 || byte == 0x25 || byte == 0x5C || !byte.isWatchWord && mayFollow(byte) {
        pairs.insert(UInt32(first) | UInt32(byte | 0x20) << 8)
      }
    }
    for count in 1...prefix.count {
      let place = place(prefix.bytes & UInt64.max >> UInt64(64 - 8 * count))
      hashes[place >> 6] |= 1 << UInt64(place & 63)
    }
  }

  @inline(__always)
  private func place(_ bytes: UInt64) -> Int {
    Int(truncatingIfNeeded: (bytes &* 0x9E37_79B9_7F4A_7C15) &>> shift)
  }

  /// The characters with which values begin, in lower case.
  var ranges: ByteRanges { ByteRanges(firsts) }

  /// Whether a value may begin with this character.
  func mayBegin(with byte: UInt8) -> Bool { firsts[Int(byte | 0x20)] }

  /// Whether a value may begin with these two bytes, the first one lowest.
  @inline(__always)
  func mayBegin(_ bytes: UInt32) -> Bool {
    pairs.contains(bytes & 0xFFFF | 0x2020)
  }

  /// Whether one may begin with the word at `position`, or its first characters.
  func contains(_ bytes: RawSpan, _ position: Int) -> Bool {
    contains(ByteScan.word(bytes, at: position), bytes, position)
  }

  /// The same, with the eight bytes from `position` on.
  func contains(_ word: UInt64, _ bytes: RawSpan, _ position: Int) -> Bool {
    var ends = ByteClasses.words(in: word) ^ ByteScan.highs
    if word & ByteScan.highs != 0 {
      for place in 0..<8 where word &>> UInt64(8 &* place) & 0xFF == 0xC2 {
        ends |= 0x80 &<< UInt64(8 &* place)
      }
    }
    let count = min(ends.trailingZeroBitCount &>> 3, WatchPrefixes.longest)
    guard count > 0 else { return goesOn(word, 0, bytes, position) }
    guard isBeginning(word, count) else { return false }
    // A value is longer than that, and goes on behind a separator.
    if count == WatchPrefixes.longest { return true }
    let rest = ends & (ends &- 1)
    let joinedCount = rest == 0 ? 7 : rest.trailingZeroBitCount &>> 3 &- 1
    let separator = UInt8(truncatingIfNeeded: word &>> UInt64(8 &* count))
    guard joinedCount > count, !WatchPrefixes.isSpecial(separator) else {
      return goesOn(word, count, bytes, position)
    }
    // Most are one separator and a word.
    let before = UInt64.max &>> UInt64(64 &- 8 &* count)
    return mayFollow(separator)
      && isBeginning(
        word & before | word &>> 8 & ~before, min(joinedCount, WatchPrefixes.longest))
  }

  /// What stands for another character, or for two.
  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte == 0 || byte == 0x25 || byte == 0x28 || byte == 0x5C || byte >= 0x80
  }

  @inline(__always)
  private func isBeginning(_ word: UInt64, _ count: Int) -> Bool {
    let place = place((word | WatchPrefixes.fold) & .max &>> UInt64(64 &- 8 &* count))
    return hashes[place &>> 6] &>> UInt64(place & 63) & 1 != 0
  }

  /// Whether a value may begin with the first `count` characters and those behind the separators that
  /// follow, as far as the eight bytes of `word` go.
  private func goesOn(_ word: UInt64, _ count: Int, _ bytes: RawSpan, _ position: Int) -> Bool {
    var joined = word & ~(UInt64.max &<< UInt64(8 &* count))
    var joinedCount = count
    var place = count
    while place < 8, joinedCount < WatchPrefixes.longest {
      guard position &+ place < bytes.byteCount else { return false }
      let byte = UInt8(truncatingIfNeeded: word &>> UInt64(8 &* place))
      place &+= 1
      if byte.isAlphanumeric {
        joined |= UInt64(byte) &<< UInt64(8 &* joinedCount)
        joinedCount &+= 1
        continue
      }
      var sign = byte
      if byte == 0x25, place <= 6 {
        let digits = UInt16(truncatingIfNeeded: word &>> UInt64(8 &* place))
        guard let high = UInt8(truncatingIfNeeded: digits).hexDigitValue,
          let low = UInt8(truncatingIfNeeded: digits &>> 8).hexDigitValue
        else { break }
        sign = high &<< 4 | low
        place &+= 2
        if sign.isWatchWord { break }
      }
      if WatchPrefixes.isSpecial(sign) { break }
      guard mayFollow(sign) else { return false }
    }
    return joinedCount == count || isBeginning(joined, joinedCount)
  }

  /// Whether a value may go on behind this sign.
  private func mayFollow(_ sign: UInt8) -> Bool {
    separators.contains(sign) && !WatchReader.breaks(sign)
  }

  /// Whether base64 of `text`, at some alignment and of all whole groups, has neither capitals nor
  /// digits; other case and separators only bring more of them.
  static func hidesInLowercase(_ text: ArraySlice<UInt8>) -> Bool {
    for skipped in 0..<3 {
      var hides = true
      var index = text.startIndex + skipped
      while index + 3 <= text.endIndex, hides {
        let group =
          UInt32(text[index]) << 16 | UInt32(text[index + 1]) << 8 | UInt32(text[index + 2])
        for place: UInt32 in 0..<4 {
          let symbol = group >> (18 - 6 * place) & 63
          if symbol < 26 || symbol &- 52 < 10 { hides = false }
        }
        index += 3
      }
      if hides { return true }
    }
    return false
  }
}

/// A hash that takes a character at a time and can be looked at after each. Its table holds only
/// what a list's owner chose, so that it needs no secret key.
struct WatchHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

  /// FNV-1a, mixed so that all bits depend on all characters (the finaliser of MurmurHash3).
  @inline(__always)
  var value: UInt64 {
    var mixed = state
    mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
    mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return mixed ^ mixed >> 33
  }
}

extension UInt8 {
  /// A letter, a digit, or a byte of a letter beyond ASCII; the marks before UTF-16 are none.
  var isWatchWord: Bool { self >= 0x80 && self < 0xFE || isAlphanumeric }
}
