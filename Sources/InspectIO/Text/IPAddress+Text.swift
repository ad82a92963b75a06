import InspectCore

extension IPAddress {
  /// Reads an address as people and logs write it: four decimal numbers, or RFC 4291 §2.2.
  ///
  /// Refused, because readers disagree on what they mean: leading zeros in IPv4 (octal or not),
  /// fewer than four numbers, a zone (`%eth0`), spaces. A mapped address (`::ffff:192.0.2.1`) is
  /// the IPv4 one.
  public init?(text: String) {
    var text = text
    guard let address = text.withUTF8({ IPAddress(text: $0.span.bytes) }) else { return nil }
    self = address
  }

  /// The same from ASCII bytes; nothing is allocated.
  public init?(text: RawSpan) {
    if text.firstOffset(of: UInt8(ascii: ":")) == nil {
      guard let address = dottedDecimal(text, from: 0) else { return nil }
      self.init(ipv4: address)
    } else {
      guard let address = colonHexadecimal(text) else { return nil }
      self.init(high: UInt64(address >> 64), low: UInt64(truncatingIfNeeded: address))
    }
  }

  /// The text, RFC 5952 for IPv6.
  public var text: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(39)
    write(into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the text (at most 39 bytes) to `bytes`.
  public func write(into bytes: inout [UInt8]) {
    guard !isIPv4 else {
      for index in 12..<16 {
        if index > 12 { bytes.append(UInt8(ascii: ".")) }
        writeDecimal(UInt16(byte(index)), into: &bytes)
      }
      return
    }
    // RFC 5952 §4.2: the longest run of two or more zero fields, the first of equals.
    var elided = 0..<0
    var run = 0
    for index in 0..<8 {
      run = field(index) == 0 ? run + 1 : 0
      if run >= 2, run > elided.count { elided = (index + 1 - run)..<(index + 1) }
    }
    var index = 0
    while index < 8 {
      if index == elided.lowerBound, !elided.isEmpty {
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: ":"))
        index = elided.upperBound
        continue
      }
      if index > 0, index != elided.upperBound { bytes.append(UInt8(ascii: ":")) }
      writeHexadecimal(field(index), into: &bytes)
      index += 1
    }
  }

  private func field(_ index: Int) -> UInt16 {
    UInt16(byte(2 * index)) << 8 | UInt16(byte(2 * index + 1))
  }
}

extension CIDR {
  /// Reads `10.0.0.0/8` or `2001:db8::/32`; an address alone is a network of one. Bits beyond the
  /// prefix are cleared.
  public init?(text: String) {
    var text = text
    guard let network = text.withUTF8({ CIDR(text: $0.span.bytes) }) else { return nil }
    self = network
  }

  /// The same from ASCII bytes; nothing is allocated.
  public init?(text: RawSpan) {
    let slash = text.firstOffset(of: UInt8(ascii: "/"))
    guard let address = IPAddress(text: text.extracting(first: slash ?? text.byteCount)) else {
      return nil
    }
    guard let slash else {
      self.init(address, prefixLength: address.isIPv4 ? 32 : 128)
      return
    }
    guard let (length, end) = decimal(text, from: slash + 1, limit: 128), end == text.byteCount
    else { return nil }
    // In `::ffff:10.0.0.0/104` the prefix counts the bits of the mapped form.
    let isMapped = address.isIPv4 && text.firstOffset(of: UInt8(ascii: ":")) != nil
    self.init(address, prefixLength: isMapped ? length - 96 : length)
  }

  /// The text, always with its prefix length.
  public var text: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(43)
    base.write(into: &bytes)
    bytes.append(UInt8(ascii: "/"))
    writeDecimal(UInt16(prefixLength), into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension CountryCode {
  /// Nil unless `text` is two capital ASCII letters.
  public init?(text: String) {
    var text = text
    guard let code = text.withUTF8({ CountryCode($0.span.bytes) }) else { return nil }
    self = code
  }

  /// The two letters.
  public var text: String { String(decoding: [first, second], as: UTF8.self) }
}

/// A decimal number without sign or leading zeros, and the offset behind it.
private func decimal(_ text: RawSpan, from start: Int, limit: Int) -> (value: Int, end: Int)? {
  var value = 0
  var end = start
  while end < text.byteCount, text[end].isASCIIDigit {
    value = value * 10 + Int(text[end] & 0x0f)
    end += 1
    guard value <= limit else { return nil }
  }
  guard end > start, end == start + 1 || text[start] != UInt8(ascii: "0") else { return nil }
  return (value, end)
}

/// The dotted-decimal address that the bytes from `start` to their end are.
private func dottedDecimal(_ text: RawSpan, from start: Int) -> UInt32? {
  var address: UInt32 = 0
  var cursor = start
  for index in 0..<4 {
    if index > 0 {
      guard cursor < text.byteCount, text[cursor] == UInt8(ascii: ".") else { return nil }
      cursor += 1
    }
    guard let (value, end) = decimal(text, from: cursor, limit: 255) else { return nil }
    address = address << 8 | UInt32(value)
    cursor = end
  }
  return cursor == text.byteCount ? address : nil
}

/// RFC 4291 §2.2: fields of up to four hexadecimal digits, `::` at most once, IPv4 at the end.
private func colonHexadecimal(_ text: RawSpan) -> UInt128? {
  var address: UInt128 = 0
  var count = 0
  /// How many fields stand before the `::`, and where it ends.
  var gap: Int?
  var cursor = 0
  if text.hasBytes("::") {
    gap = 0
    cursor = 2
  }
  while cursor < text.byteCount {
    guard count < 8 else { return nil }
    var value: UInt128 = 0
    let start = cursor
    while cursor < text.byteCount, cursor - start < 4, let digit = text[cursor].hexDigitValue {
      value = value << 4 | UInt128(digit)
      cursor += 1
    }
    if cursor < text.byteCount, text[cursor] == UInt8(ascii: ".") {
      guard count <= 6, let tail = dottedDecimal(text, from: start) else { return nil }
      address = address << 32 | UInt128(tail)
      count += 2
      break
    }
    guard cursor > start else { return nil }
    address = address << 16 | value
    count += 1
    guard cursor < text.byteCount else { break }
    guard text[cursor] == UInt8(ascii: ":"), cursor + 1 < text.byteCount else { return nil }
    cursor += 1
    if text[cursor] == UInt8(ascii: ":") {
      guard gap == nil else { return nil }
      gap = count
      cursor += 1
    }
  }
  guard let gap else { return count == 8 ? address : nil }
  // `::` stands for one field at least (RFC 4291 §2.2).
  guard count < 8 else { return nil }
  let tail = 16 * (count - gap)
  let low = address & ((1 << UInt128(tail)) - 1)
  let high = address >> UInt128(tail)
  return gap == 0 ? low : high << UInt128(128 - 16 * gap) | low
}

private func writeDecimal(_ value: UInt16, into bytes: inout [UInt8]) {
  if value >= 100 { bytes.append(0x30 + UInt8(value / 100)) }
  if value >= 10 { bytes.append(0x30 + UInt8(value / 10 % 10)) }
  bytes.append(0x30 + UInt8(value % 10))
}

private func writeHexadecimal(_ value: UInt16, into bytes: inout [UInt8]) {
  var shift: UInt16 = value >= 0x1000 ? 12 : value >= 0x100 ? 8 : value >= 0x10 ? 4 : 0
  while true {
    let digit = UInt8(truncatingIfNeeded: value >> shift) & 0x0f
    bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    guard shift > 0 else { return }
    shift -= 4
  }
}
