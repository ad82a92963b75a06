import InspectCore

/// Writes JSON (RFC 8259) into bytes, without anything between.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init() { bytes.reserveCapacity(4096) }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  mutating func endLine() { bytes.append(0x0a) }

  mutating func beginObject(_ key: StaticString? = nil) { open(key, UInt8(ascii: "{")) }
  mutating func endObject() { close(UInt8(ascii: "}")) }
  mutating func beginArray(_ key: StaticString? = nil) { open(key, UInt8(ascii: "[")) }
  mutating func endArray() { close(UInt8(ascii: "]")) }

  private mutating func open(_ key: StaticString?, _ bracket: UInt8) {
    if let key { name(key) } else { separate() }
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func name(_ key: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    append(key)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  mutating func field(_ key: StaticString, _ value: StaticString) {
    name(key)
    bytes.append(UInt8(ascii: "\""))
    append(value)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func field(_ key: StaticString, _ value: String) {
    name(key)
    var value = value
    value.withUTF8 { append(text: $0.span.bytes) }
  }

  /// Text as it was sent; what is no UTF-8 is written as `\xNN`, as Suricata does.
  mutating func field(_ key: StaticString, _ value: RawSpan) {
    name(key)
    append(text: value)
  }

  /// The same with a name, of ASCII letters and digits, that is known only now.
  mutating func field(named key: String, _ value: RawSpan) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    append(key)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    append(text: value)
  }

  /// Two hexadecimal digits.
  mutating func field(_ key: StaticString, hexadecimal value: UInt8) {
    name(key)
    bytes.append(UInt8(ascii: "\""))
    Hexadecimal.append(value, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func field(_ key: StaticString, _ value: Bool) {
    name(key)
    append(value ? "true" : "false")
  }

  mutating func field<Number: BinaryInteger>(_ key: StaticString, _ value: Number) {
    name(key)
    append(number: value)
  }

  /// A number with at most `digits` decimals; null when it is none.
  mutating func field(_ key: StaticString, _ value: Double, digits: Int) {
    name(key)
    append(Decimal.text(value, digits: digits))
  }

  mutating func field(_ key: StaticString, _ time: Timestamp) {
    name(key)
    bytes.append(UInt8(ascii: "\""))
    TimeText.appendEVE(time, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func field(_ key: StaticString, _ address: IPAddress) {
    name(key)
    bytes.append(UInt8(ascii: "\""))
    address.write(into: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func element(_ value: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    append(value)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func element(_ value: RawSpan) {
    separate()
    append(text: value)
  }

  mutating func element<Number: BinaryInteger>(_ value: Number) {
    separate()
    append(number: value)
  }

  private mutating func append<Number: BinaryInteger>(number: Number) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = UInt64(number.magnitude)
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var first = digits.count
    repeat {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    } while rest > 0
    append(digits.span.bytes.extracting(droppingFirst: first))
  }

  /// Appends bytes as they are.
  private mutating func append(_ raw: RawSpan) {
    raw.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func append(text: RawSpan) {
    bytes.append(UInt8(ascii: "\""))
    // Nearly all text stands as it is: it goes over in runs.
    var start = 0
    var index = 0
    while index < text.byteCount {
      let count = text.plainByteCount(at: index)
      index += count
      guard count == 0 else { continue }
      append(text.extracting(start..<index))
      append(escaped: text[index])
      index += 1
      start = index
    }
    append(text.extracting(start..<index))
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0x0a: append("\\n" as StaticString)
    case 0x0d: append("\\r" as StaticString)
    case 0x09: append("\\t" as StaticString)
    default:
      append(byte < 0x80 ? "\\u00" as StaticString : "\\\\x" as StaticString)
      Hexadecimal.append(byte, to: &bytes)
    }
  }
}

/// Lower-case hexadecimal text.
enum Hexadecimal {
  static func append(_ byte: UInt8, to text: inout [UInt8]) {
    text.append(digit(byte >> 4))
    text.append(digit(byte & 0xf))
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x57 }

  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.underestimatedCount)
    for byte in bytes { append(byte, to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Pairs of digits with colons between.
  static func joined(_ bytes: RawSpan) -> String {
    bytes.byteOffsets.map { text(CollectionOfOne(bytes[$0])) }.joined(separator: ":")
  }
}

/// Numbers as people and JSON read them.
enum Decimal {
  /// At most `digits` decimals, without trailing zeros; very small and large numbers with an
  /// exponent; `null` for what is no number.
  static func text(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return "null" }
    if value != 0, abs(value) < 1e-4 || abs(value) >= 1e15 { return exponential(value) }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value * scale).rounded()
    let whole = Int64(scaled / scale)
    var fraction = Int64(scaled.magnitude) % Int64(scale)
    guard fraction != 0 else { return scaled < 0 && whole == 0 ? "0" : String(whole) }
    var width = digits
    while fraction % 10 == 0 {
      fraction /= 10
      width -= 1
    }
    let text = String(fraction)
    let sign = scaled < 0 && whole == 0 ? "-" : ""
    return sign + String(whole) + "." + String(repeating: "0", count: width - text.count) + text
  }

  private static func exponential(_ value: Double) -> String {
    var mantissa = value
    var exponent = 0
    while abs(mantissa) < 1 {
      mantissa *= 10
      exponent -= 1
    }
    while abs(mantissa) >= 10 {
      mantissa /= 10
      exponent += 1
    }
    return text(mantissa, digits: 1) + "e" + String(exponent)
  }
}

extension RawSpan {
  /// How many bytes from `index` on are a character that JSON has as it is; 0 for none.
  @inline(__always)
  fileprivate func plainByteCount(at index: Int) -> Int {
    let byte = self[index]
    if byte >= 0x80 { return utf8ScalarByteCount(at: index) }
    let isPlain = byte &- 0x20 < 0x5f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    return isPlain ? 1 : 0
  }

  /// How many bytes the UTF-8 sequence (RFC 3629 §4) at `index` has; 0 when there is none.
  func utf8ScalarByteCount(at index: Int) -> Int {
    let first = self[index]
    let count = first >= 0xc2 && first < 0xe0 ? 2 : first & 0xf0 == 0xe0 ? 3 : 4
    guard first >= 0xc2, first <= 0xf4, byteCount - index >= count else { return 0 }
    for offset in 1..<count where self[index + offset] & 0xc0 != 0x80 { return 0 }
    let second = self[index + 1]
    // Overlong forms, surrogates, and beyond U+10FFFF.
    if first == 0xe0 && second < 0xa0 || first == 0xed && second > 0x9f { return 0 }
    if first == 0xf0 && second < 0x90 || first == 0xf4 && second > 0x8f { return 0 }
    return count
  }
}
