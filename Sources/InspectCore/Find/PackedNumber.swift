/// A number in binary, two digits a byte with the low half first (TBCD, 3GPP TS 29.002 §17.7.8; SIM
/// files, TS 31.102 §4.2.2), that a name tells to be an identifier: its bytes in hexadecimal, or in
/// base64.
///
///     imei   94 10 45 02 23 73 15 F8    the filler F where the number of digits is odd
///     imsi   08 09 10 10 10 32 54 76 98    the length, and a half byte of type before the digits
struct PackedNumber {
  let digits: Digits
  let detection: Detection

  init?(_ leaf: borrowing Leaf) {
    let kind = leaf.meaning.group
    guard kind == .imei || kind == .imsi || kind == .iccid || kind == .imeisv || kind == .meid,
      leaf.meaning.digest == .none
    else { return nil }
    var bytes = InlineArray<12, UInt8>(repeating: 0)
    guard let count = PackedNumber.bytes(leaf, into: &bytes),
      let digits = PackedNumber.digits(unsafe bytes.span.bytes.extracting(first: count))
    else { return nil }
    guard let detection = PackedNumber.detect(digits, kind) else { return nil }
    self.digits = digits
    self.detection = detection
  }

  /// Eight to ten bytes.
  private static func bytes(
    _ leaf: borrowing Leaf, into bytes: inout InlineArray<12, UInt8>
  ) -> Int? {
    let value = leaf.value
    if leaf.shape.isHexadecimal {
      guard value.byteCount % 2 == 0, value.byteCount >= 16, value.byteCount <= 20 else {
        return nil
      }
      for index in 0..<(value.byteCount / 2) {
        guard let high = value[2 &* index].hexDigitValue,
          let low = value[2 &* index &+ 1].hexDigitValue
        else { return nil }
        bytes[index] = high << 4 | low
      }
      return value.byteCount / 2
    }
    guard value.byteCount >= 11, value.byteCount <= 16, leaf.shape.otherLetters > 0,
      let count = Base64.decode(short: value, into: &bytes), count >= 8, count <= 10
    else { return nil }
    return count
  }

  private static func digits(_ bytes: RawSpan) -> Digits? {
    var start = 0
    if Int(bytes[0]) == bytes.byteCount &- 1 { start = 1 }
    var digits = Digits()
    for index in start..<bytes.byteCount {
      let (low, high) = (bytes[index] & 15, bytes[index] >> 4)
      // The first half byte of an identity behind its length says what it is.
      if start == 0 || index > start {
        guard low <= 9, digits.append(0x30 &+ low) else { return nil }
      }
      if high == 15, index &+ 1 == bytes.byteCount { break }
      guard high <= 9, digits.append(0x30 &+ high) else { return nil }
    }
    return digits
  }

  private static func detect(_ digits: borrowing Digits, _ kind: KeyMeaning.Group) -> Detection? {
    switch (digits.count, kind) {
    case (15, .imei), (15, .imeisv), (15, .meid):
      guard Luhn.isValid(digits.bytes), !digits.areAllEqual else { return nil }
      return Detection(.imei, .high, as: .digits, label: "bcd")
    case (14...15, .imsi):
      guard MobileCountryCode.begins(digits.bytes) else { return nil }
      return Detection(.imsi, .high, as: .digits, label: "bcd")
    case (19...20, .iccid):
      guard digits.bytes.hasBytes("89") else { return nil }
      return Detection(.iccid, .high, as: .digits, label: "bcd")
    default: return nil
    }
  }
}

extension Finder {
  mutating func note(_ packed: PackedNumber, at start: Int, key: RawSpan) {
    note(packed.detection, packed.digits.bytes, at: start, key: key)
  }
}
