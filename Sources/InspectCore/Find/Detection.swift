/// A value with what stands around it, as detectors see it.
struct Leaf: ~Escapable {
  /// Decoded, without white space at its ends; at most `longest` bytes.
  let value: RawSpan
  let meaning: KeyMeaning
  let shape: ValueShape

  static var longest: Int { 254 }

  @_lifetime(copy value)
  init(_ value: RawSpan, meaning: KeyMeaning) {
    self.value = value
    self.meaning = meaning
    shape = ValueShape(of: value)
  }

  /// Whether nothing can be in it that needs no name: it has too few digits, and no sign that
  /// addresses and telephone numbers have.
  var isDull: Bool {
    shape.digits < 6 && !shape.hasMark && !(value.byteCount == 14 && shape.hasPoint)
  }
}

/// What a value is made of, counted once, so that most detectors need not look at it.
struct ValueShape {
  private(set) var digits = 0
  /// `A` to `F` in either case, and the letters beyond.
  private(set) var hexLetters = 0
  private(set) var otherLetters = 0
  private(set) var signs = 0
  private(set) var hasAt = false
  private(set) var hasPoint = false
  private(set) var hasComma = false
  private(set) var hasPlus = false
  private(set) var hasDollar = false
  /// Hyphens and colons.
  private(set) var separators = 0
  /// `@`, `+`, `-`, `:`, `$`, or anything beyond ASCII.
  private(set) var hasMark = false

  /// Of a value of 254 bytes at most.
  init(of value: RawSpan) { count(value) }

  /// Sixteen bytes at a time.
  private mutating func count(_ value: RawSpan) {
    // Digits, hexadecimal letters, letters, separators: sixteen bits each.
    var counts: UInt64 = 0
    var ats: UInt64 = 0
    var points: UInt64 = 0
    var commas: UInt64 = 0
    var pluses: UInt64 = 0
    var dollars: UInt64 = 0
    var beyond: UInt64 = 0
    var offset = 0
    while offset < value.byteCount {
      let bytes = ByteBlock(of: value, at: offset)
      let breaks = bytes.equal(to: 0x2D) | bytes.equal(to: 0x3A)
      counts &+= ValueShape.counted(
        bytes.digits | bytes.letters(below: 0x67) &<< 16 | bytes.letters() &<< 32 | breaks &<< 48)
      ats |= bytes.equal(to: 0x40)
      points |= bytes.equal(to: 0x2E)
      commas |= bytes.equal(to: 0x2C)
      pluses |= bytes.equal(to: 0x2B)
      dollars |= bytes.equal(to: 0x24)
      beyond |= bytes.beyond
      offset &+= ByteBlock.byteCount
    }
    digits = Int(counts & 0xFF)
    hexLetters = Int(counts &>> 16 & 0xFF)
    otherLetters = Int(counts &>> 32 & 0xFF) &- hexLetters
    signs = value.byteCount &- digits &- letters
    separators = Int(counts &>> 48)
    hasAt = ats != 0
    hasPoint = points != 0
    hasComma = commas != 0
    hasPlus = pluses != 0
    hasDollar = dollars != 0
    hasMark = hasAt || hasPlus || hasDollar || separators > 0 || beyond != 0
  }

  /// How many bits are set in each sixteen (Warren, Hacker's Delight, §5-1).
  @inline(__always)
  private static func counted(_ bits: UInt64) -> UInt64 {
    var sums = bits &- (bits &>> 1) & 0x5555_5555_5555_5555
    sums = sums & 0x3333_3333_3333_3333 &+ (sums &>> 2) & 0x3333_3333_3333_3333
    sums = (sums &+ sums &>> 4) & 0x0F0F_0F0F_0F0F_0F0F
    return (sums &+ sums &>> 8) & 0x001F_001F_001F_001F
  }

  var letters: Int { hexLetters &+ otherLetters }
  /// Whether a number of six digits, or a hardware address, may be in it.
  var mayHoldNumbers: Bool { digits >= 6 || separators >= 5 }
  /// Nothing but decimal digits.
  var isNumber: Bool { letters == 0 && signs == 0 }
  /// Nothing but hexadecimal digits.
  var isHexadecimal: Bool { otherLetters == 0 && signs == 0 }
}

/// What a detector says of a leaf.
///
/// A detector is a function from a leaf to one of these in a file of its own, and a line in
/// `Finder.detect`.
struct Detection {
  /// How the value becomes the form in which equal identifiers are equal bytes.
  enum Normalization {
    case verbatim
    /// The decimal digits.
    case digits
    /// The hexadecimal digits, in lower case.
    case hexadecimal
    case lowercase
    /// Letters and digits, in lower case.
    case lowercaseAlphanumeric
  }

  var kind: IdentifierKind
  var confidence: Confidence
  var normalization: Normalization
  /// Metres; 0 when it is no place.
  var precision: UInt32 = 0
  /// The number of the watched value that it is; `.max` for none.
  var watched = UInt32.max
  /// The last element of the path, when the value is not written as it is; else empty.
  var label: StaticString = ""

  init(
    _ kind: IdentifierKind, _ confidence: Confidence, as normalization: Normalization,
    precision: UInt32 = 0, label: StaticString = ""
  ) {
    self.kind = kind
    self.confidence = confidence
    self.normalization = normalization
    self.precision = precision
    self.label = label
  }
}

/// The digits of a short value, without the separators that people write between them.
struct Digits {
  private var storage = InlineArray<32, UInt8>(repeating: 0)
  private(set) var count = 0
  private(set) var radix: UInt = 10

  var bytes: RawSpan {
    @_lifetime(borrow self) get { unsafe storage.span.bytes.extracting(first: count) }
  }

  init() {}

  /// Adds a digit; false when there are too many.
  mutating func append(_ digit: UInt8) -> Bool {
    guard count < storage.count else { return false }
    storage[count] = digit
    count &+= 1
    return true
  }

  /// Nil when there is anything but 1 to 32 digits of `radix` and single separators between them, of
  /// which a point may be one.
  init?(_ text: RawSpan, radix: UInt = 10, allowsPoints: Bool = false) {
    self.radix = radix
    var follows = false
    for index in text.byteOffsets {
      let byte = text[index]
      if let digit = byte.hexDigitValue, UInt(digit) < radix {
        guard count < storage.count else { return nil }
        storage[count] = byte
        count &+= 1
        follows = true
      } else {
        guard follows, byte == 0x2D || byte == 0x20 || byte == 0x2F || allowsPoints && byte == 0x2E
        else { return nil }
        follows = false
      }
    }
    guard follows else { return nil }
  }

  /// `000000000000000` passes the check digit and is nobody's number.
  var areAllEqual: Bool {
    for index in 1..<max(count, 1) where storage[index] != storage[0] { return false }
    return true
  }

  /// The number, when it is decimal and below 10^18.
  var number: UInt64? {
    guard radix == 10, count <= 18 else { return nil }
    var number: UInt64 = 0
    for index in 0..<count { number = number &* 10 &+ UInt64(storage[index] &- 0x30) }
    return number
  }
}

extension RawSpan {
  /// Values that stand for no value (TrackHAR's list, and the names that Android gives).
  var isNullLike: Bool {
    guard byteCount > 0 else { return true }
    guard byteCount <= 36 else { return false }
    var isOneByte = true
    for index in 1..<byteCount where self[index] != self[0] {
      isOneByte = false
      break
    }
    return isOneByte || equalsAny("unknown", "null", "undefined", "none", "n/a", "nan")
      || equalsAny("[object object]", "<unknown ssid>", "00000000-0000-0000-0000-000000000000")
      || equalsAny("0123456789abcdef", "default", "false", "true", "(null)", "empty")
  }

  private func equalsAny(
    _ a: StaticString, _ b: StaticString, _ c: StaticString, _ d: StaticString = "",
    _ e: StaticString = "", _ f: StaticString = ""
  ) -> Bool {
    equalsIgnoringCase(a) || equalsIgnoringCase(b) || equalsIgnoringCase(c)
      || equalsIgnoringCase(d) || equalsIgnoringCase(e) || equalsIgnoringCase(f)
  }
}
