/// Reads the characters of a value wherever they may be written in another way: upper or lower case,
/// with separators, percent-encoded, escaped as in JSON, or two bytes each (UTF-16).
struct WatchReader: ~Escapable {
  /// The most bytes between two characters, so that what is apart stays apart.
  private static let mostSeparators = 5

  /// Signs between characters: a bit for each of ASCII.
  struct Separators: Sendable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    mutating func insert(_ byte: UInt8) {
      if byte < 64 {
        low |= 1 &<< UInt64(byte)
      } else {
        high |= 1 &<< UInt64(byte & 63)
      }
    }

    static var all: Separators { Separators(low: .max, high: .max) }

    /// What is beyond ASCII counts as one of them.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
      byte >= 0x80 || (byte < 64 ? low : high) &>> UInt64(byte & 63) & 1 != 0
    }
  }

  let bytes: RawSpan
  /// The first byte that is not read.
  private(set) var position: Int
  private(set) var separators = Separators()

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// The next letter or digit, in lower case; nil at a sign of structure, at one that is not `allowed`,
  /// at the end, and when it is too far away.
  @inline(__always)
  mutating func next(allowed: Separators = .all) -> UInt8? {
    guard position < bytes.byteCount else { return nil }
    let byte = bytes[position]
    if byte.isAlphanumeric {
      position &+= 1
      return byte.lowercasedASCII
    }
    return nextAfterSeparators(allowed)
  }

  private mutating func nextAfterSeparators(_ allowed: Separators) -> UInt8? {
    for _ in 0...WatchReader.mostSeparators {
      guard let byte = nextDecoded() else { return nil }
      if byte.isWatchWord { return byte }
      if !allowed.contains(byte) || WatchReader.breaks(byte) { return nil }
      noteSeparator(byte)
    }
    return nil
  }

  private mutating func noteSeparator(_ byte: UInt8) {
    separators.insert(byte)
    // The zero in the middle of a number that is dialled only at home: +44 (0)20.
    if byte == 0x28, position &+ 1 < bytes.byteCount, bytes[position] == 0x30,
      bytes[position &+ 1] == 0x29
    {
      position &+= 2
    }
  }

  /// The next character with its escape undone, in lower case. A no-break space is a space.
  mutating func nextDecoded() -> UInt8? {
    guard position < bytes.byteCount else { return nil }
    let byte = bytes[position]
    var decoded = byte
    if byte == 0x25, let value = WatchReader.hexadecimal(bytes, at: position &+ 1) {
      decoded = value
      position &+= 3
    } else if byte == 0x5C, let value = escaped() {
      decoded = value
      position &+= 6
    } else if byte == 0xC2, position &+ 1 < bytes.byteCount, bytes[position &+ 1] == 0xA0 {
      decoded = 0x20
      position &+= 2
    } else {
      position &+= 1
    }
    return decoded.lowercasedASCII
  }

  /// `\u0034`: a character of Latin-1's first half.
  private func escaped() -> UInt8? {
    guard bytes.hasBytes("\\u00", at: position) else { return nil }
    return WatchReader.hexadecimal(bytes, at: position &+ 4)
  }

  static func hexadecimal(_ bytes: RawSpan, at index: Int) -> UInt8? {
    guard index >= 0, index &+ 1 < bytes.byteCount, let high = bytes[index].hexDigitValue,
      let low = bytes[index &+ 1].hexDigitValue
    else { return nil }
    return high << 4 | low
  }

  /// Signs of structure, which no value has inside.
  static func breaks(_ byte: UInt8) -> Bool {
    switch byte {
    case 0: false
    case 0x01...0x1F, 0x7F, 0x22, 0x26, 0x3B...0x3E, 0x5B, 0x5D, 0x7B...0x7D: true
    default: false
    }
  }
}

extension WatchIndex {
  /// Whether what was read from `start` up to `end` is this form of this value, and stands alone.
  ///
  /// `token` is where the word begins that is read, `dropped` how many zeros in front of a telephone
  /// number are not read.
  func matches(
    _ entry: Entry, _ bytes: RawSpan, token: Int, start: Int, dropped: Int, end: Int,
    separators: WatchReader.Separators
  ) -> Bool {
    let kind = kind(of: entry.value)
    let style = WatchStyle(kind)
    // A character of two bytes was read.
    let hasNUL = separators.low & 1 != 0
    guard isTold(entry, kind, dropped: dropped), allows(separators, style),
      equals(entry, bytes, start: start, style),
      WatchBoundary.before(bytes, token: token, start: start, hasNUL: hasNUL),
      WatchBoundary.after(bytes, end, hasNUL: hasNUL)
    else { return false }
    switch style {
    case .digits:
      guard !WatchBoundary.isFraction(bytes, token..<end) else { return false }
      let isNational = kind == .phoneNumber && entry.prefix > 0
      let isLoose = separators.low & ~1 != 0
      return !isNational || !WatchBoundary.isOther(bytes, token..<end, isLoose: isLoose)
    case .hexadecimal:
      return kind != .macAddress && kind != .bssid
        || !WatchBoundary.isLongerAddress(bytes, token..<end)
    case .alphanumeric, .exact: return true
    }
  }

  /// Zeros are left out in front of telephone numbers only: one before a national number, two before
  /// an international one.
  private func isTold(_ entry: Entry, _ kind: IdentifierKind, dropped: Int) -> Bool {
    guard dropped > 0 else { return true }
    return kind == .phoneNumber && (dropped == 2) == (entry.prefix == 0)
  }

  private func allows(_ separators: WatchReader.Separators, _ style: WatchStyle) -> Bool {
    if style == .exact { return true }
    var low = separators.low
    while low != 0 {
      let byte = UInt8(truncatingIfNeeded: low.trailingZeroBitCount)
      // A plus sign stands in front.
      guard style.allows(separator: byte) || byte == 0x2B else { return false }
      low &= low &- 1
    }
    return separators.high == 0
  }

  private func equals(
    _ entry: Entry, _ bytes: RawSpan, start: Int, _ style: WatchStyle
  ) -> Bool {
    let text = text(of: entry.value)
    var first = text.lowerBound &+ entry.prefix
    var end = text.upperBound &- entry.suffix
    var reader = WatchReader(bytes, at: start)
    guard style == .exact else {
      for index in first..<max(first, end) {
        guard let byte = reader.next(), byte == texts[index] else { return false }
      }
      return true
    }
    // Its own punctuation, between its first and its last letter.
    while first < end, !texts[first].isWatchWord { first &+= 1 }
    while first < end, !texts[end &- 1].isWatchWord { end &-= 1 }
    var isFirst = true
    for index in first..<max(first, end) {
      var byte = reader.nextDecoded()
      while let read = byte, read == 0 || isFirst && !read.isWatchWord {
        byte = reader.nextDecoded()
      }
      isFirst = false
      guard let byte else { return false }
      guard byte == texts[index] || texts[index] == 0x20 && byte == 0x2B else { return false }
    }
    return true
  }
}

/// Whether a value stands alone, or is a part of something longer.
enum WatchBoundary {
  static func before(_ bytes: RawSpan, token: Int, start: Int, hasNUL: Bool) -> Bool {
    if start < token {
      // An escape is read: what it stands for may belong to the word before it.
      guard start > 0, bytes[start &- 1].isWatchWord else { return true }
      let isPercent = bytes[start] == 0x25
      let at = isPercent ? start &+ 1 : start &+ 4
      return WatchReader.hexadecimal(bytes, at: at).map { !$0.isWatchWord } ?? false
    }
    guard token >= 2 else { return true }
    if isLetter(bytes, at: token &- 2), !bytes[token].isBeyondASCII { return false }
    guard bytes[token &- 1] == 0 else { return true }
    return !hasNUL || !bytes[token &- 2].isWatchWord
  }

  static func after(_ bytes: RawSpan, _ end: Int, hasNUL: Bool) -> Bool {
    guard end < bytes.byteCount else { return true }
    let next = bytes[end]
    if next.isBeyondASCII { return !isLetter(bytes, at: end) }
    if next.isWatchWord { return false }
    if next == 0x25, let decoded = WatchReader.hexadecimal(bytes, at: end &+ 1) {
      return !decoded.isWatchWord
    }
    guard hasNUL, next == 0, end &+ 1 < bytes.byteCount else { return true }
    return !bytes[end &+ 1].isWatchWord
  }

  /// Whether the two bytes at `place` are a letter that words go on with: Latin, Greek, Cyrillic, ...
  /// (U+00C0 to U+07FF in UTF-8). Behind other bytes a word begins: they are signs, letters of scripts
  /// without spaces, or no text at all.
  private static func isLetter(_ bytes: RawSpan, at place: Int) -> Bool {
    place &+ 1 < bytes.byteCount && bytes[place] >= 0xC3 && bytes[place] <= 0xDF
      && bytes[place &+ 1] & 0xC0 == 0x80
  }

  /// Digits on both sides of a point are a number with a fraction.
  static func isFraction(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    let first = range.lowerBound
    let end = range.upperBound
    if first >= 2, bytes[first &- 1] == 0x2E, bytes[first &- 2].isASCIIDigit { return true }
    return end &+ 1 < bytes.byteCount && bytes[end] == 0x2E && bytes[end &+ 1].isASCIIDigit
  }

  /// A national number that is not one: a part of a longer number, of an international one of
  /// another country, a date (4-2-2), or an address (three points).
  static func isOther(_ bytes: RawSpan, _ range: Range<Int>, isLoose: Bool) -> Bool {
    let first = range.lowerBound
    let end = range.upperBound
    if isLoose {
      var points = 0
      var hyphens = 0
      for index in range {
        if bytes[index] == 0x2E { points &+= 1 }
        if bytes[index] == 0x2D { hyphens &+= 1 }
      }
      if points == 3 { return true }
      if hyphens == 2, range.count == 10, bytes[first &+ 4] == 0x2D, bytes[first &+ 7] == 0x2D {
        return true
      }
      if end &+ 1 < bytes.byteCount, !bytes[end].isWatchWord, bytes[end &+ 1].isASCIIDigit,
        bytes[end] == 0x20 || bytes[end] == 0x2D
      {
        return true
      }
    }
    return isContinued(bytes, first, isLoose: isLoose)
  }

  /// Whether digits go before, behind a separator: of the same number when it is loose itself, or of
  /// a country, after `+` or `00`.
  private static func isContinued(_ bytes: RawSpan, _ first: Int, isLoose: Bool) -> Bool {
    var index = first
    var separators = 0
    while index > 0, separators < 4, !bytes[index &- 1].isWatchWord,
      WatchStyle.digits.allows(separator: bytes[index &- 1])
    {
      index &-= 1
      separators &+= 1
    }
    guard separators > 0, index > 0, bytes[index &- 1].isASCIIDigit else { return false }
    if isLoose { return true }
    var digits = 0
    while index > 0, digits < 6, bytes[index &- 1].isASCIIDigit {
      index &-= 1
      digits &+= 1
    }
    let isDialled = digits > 2 && bytes[index] == 0x30 && bytes[index &+ 1] == 0x30
    return isDialled || index > 0 && bytes[index &- 1] == 0x2B
  }

  /// Another pair of digits before or after: no hardware address of six.
  static func isLongerAddress(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    let first = range.lowerBound
    let end = range.upperBound
    if first >= 3, bytes[first &- 1] == 0x3A, bytes[first &- 2].hexDigitValue != nil,
      bytes[first &- 3].hexDigitValue != nil, first == 3 || !bytes[first &- 4].isWatchWord
    {
      return true
    }
    return end &+ 1 < bytes.byteCount && bytes[end] == 0x3A
      && bytes[end &+ 1].hexDigitValue != nil
  }
}

extension UInt8 {
  fileprivate var isBeyondASCII: Bool { self >= 0x80 }
}
