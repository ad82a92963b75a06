/// The identifiers of a device and of the network that it is in.
enum DeviceDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    switch leaf.meaning.group {
    case .mac, .bssid, .none, .other: return hardwareAddress(leaf)
    case .device: return hardwareAddress(leaf) ?? named(leaf, .advertisingID)
    case .androidID: return named(leaf, .androidID)
    case .advertisingID: return named(leaf, .advertisingID)
    case .serial: return serialNumber(leaf)
    case .ssid:
      // IEEE 802.11: 1 to 32 octets.
      guard leaf.value.byteCount <= 32, !leaf.value.isNullLike else { return nil }
      return Detection(.ssid, .medium, as: .verbatim)
    default: return nil
    }
  }

  /// What a value that nothing names could be: a UUID (RFC 9562), or 64, 128, 160 or 256 bits in
  /// hexadecimal digits. Anything has one; only one that goes to several recipients tells something.
  static func candidate(_ leaf: borrowing Leaf) -> IdentifierKind? {
    guard leaf.shape.otherLetters == 0, leaf.meaning.group == .none || leaf.meaning.group == .other
    else { return nil }
    let kind: IdentifierKind
    switch leaf.value.byteCount {
    case 36 where isUUID(leaf.value) && !leaf.value.isNullLike: kind = .advertisingID
    case 16 where isRandomHexadecimal(leaf) && !leaf.value.hasBytes("000"):
      // Of 64 random bits the first twelve are hardly zero; of a time since 1970 they are.
      kind = .androidID
    case 32 where isRandomHexadecimal(leaf), 40 where isRandomHexadecimal(leaf),
      64 where isRandomHexadecimal(leaf):
      kind = .advertisingID
    default: return nil
    }
    return isConstant(leaf.value) ? nil : kind
  }

  /// What everybody sends: a UUID that Bluetooth has assigned (Core Specification, Vol 3, Part B,
  /// 2.5.1), and the MD5, SHA-1 and SHA-256 of nothing.
  private static func isConstant(_ value: RawSpan) -> Bool {
    switch value.byteCount {
    case 36:
      value.extracting(droppingFirst: 8).equalsIgnoringCase("-0000-1000-8000-00805f9b34fb")
    case 32: value.equalsIgnoringCase("d41d8cd98f00b204e9800998ecf8427e")
    case 40: value.equalsIgnoringCase("da39a3ee5e6b4b0d3255bfef95601890afd80709")
    case 64:
      value.equalsIgnoringCase("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    default: false
    }
  }

  /// Whether a UUID may stand in a longer value that nothing names: `{...}`, `urn:uuid:...`, within a
  /// User-Agent or a sentence. With other signs it is most often of a request or a message.
  static func mayHoldUUID(_ leaf: borrowing Leaf) -> Bool {
    leaf.shape.separators >= 4 && leaf.value.byteCount > 36
      && leaf.shape.digits &+ leaf.shape.hexLetters >= 32
      && (leaf.meaning.group == .none || leaf.meaning.group == .other)
      && (leaf.value[0] == 0x7B || leaf.value.hasPrefixIgnoringCase("urn:uuid:")
        || leaf.value.firstOffset(of: 0x20) != nil || leaf.value.firstOffset(of: 0x2F) != nil)
  }

  /// The next one that stands alone, and is none that everybody sends.
  static func nextUUID(in value: RawSpan, from start: Int) -> Range<Int>? {
    var position = start &+ 8
    while let hyphen = value.firstOffset(of: 0x2D, from: position), hyphen &+ 28 <= value.byteCount
    {
      position = hyphen &+ 1
      let range = (hyphen &- 8)..<(hyphen &+ 28)
      let uuid = value.extracting(range)
      guard isUUID(uuid), !uuid.isNullLike, !isConstant(uuid),
        range.lowerBound == 0 || !isOfUUID(value[range.lowerBound &- 1]),
        range.upperBound == value.byteCount || !isOfUUID(value[range.upperBound])
      else { continue }
      return range
    }
    return nil
  }

  private static func isOfUUID(_ byte: UInt8) -> Bool { byte.isAlphanumeric || byte == 0x2D }

  private static func isRandomHexadecimal(_ leaf: borrowing Leaf) -> Bool {
    leaf.shape.isHexadecimal && leaf.shape.hexLetters >= 2 && leaf.shape.digits >= 2
  }

  /// An EUI-48 (RFC 9542): six octets with `:` or `-` between them, three groups with `.`, or bare
  /// digits, which only a name makes one.
  private static func hardwareAddress(_ leaf: borrowing Leaf) -> Detection? {
    let isKeyed = leaf.meaning.group == .mac || leaf.meaning.group == .bssid
    guard leaf.shape.otherLetters == 0, leaf.value.byteCount <= 17,
      let address = HardwareAddress(leaf.value), address.isOfOneInterface,
      isKeyed || address.hasSeparators
    else { return nil }
    let kind: IdentifierKind = leaf.meaning.group == .bssid ? .bssid : .macAddress
    let isDevices = leaf.meaning.group == .device && leaf.meaning.isStrong
    let confidence: Confidence =
      if isKeyed { address.hasSeparators ? .high : .medium } else { isDevices ? .medium : .low }
    return Detection(kind, confidence, as: .hexadecimal)
  }

  /// An Android ID has 64 bits, an advertising identifier is a UUID, an OAID either or longer: as
  /// any other thing may be. The name decides.
  private static func named(_ leaf: borrowing Leaf, _ kind: IdentifierKind) -> Detection? {
    let value = leaf.value
    guard leaf.shape.otherLetters == 0, value.byteCount >= 16, !value.isNullLike else { return nil }
    if value.byteCount == 36, isUUID(value) {
      // `did` may be the identifier of anything.
      let isSure = leaf.meaning.group != .device || leaf.meaning.isStrong
      return Detection(kind, isSure ? .medium : .low, as: .lowercase)
    }
    guard leaf.shape.isHexadecimal, leaf.shape.digits < value.byteCount else { return nil }
    switch value.byteCount {
    case 16 where leaf.meaning.group == .androidID || leaf.meaning.isStrong:
      let isAndroid = leaf.meaning.group == .device
      return Detection(isAndroid ? .androidID : kind, .medium, as: .hexadecimal)
    case 32 where leaf.meaning.isStrong, 40 where leaf.meaning.isStrong,
      64 where leaf.meaning.isStrong:
      return Detection(kind, .medium, as: .hexadecimal)
    default: return nil
    }
  }

  static func isUUID(_ value: RawSpan) -> Bool {
    guard value.byteCount == 36 else { return false }
    for index in value.byteOffsets {
      switch index {
      case 8, 13, 18, 23: guard value[index] == 0x2D else { return false }
      default: guard value[index].hexDigitValue != nil else { return false }
      }
    }
    return true
  }

  /// Vendors agree on nothing but that it is short and has digits.
  private static func serialNumber(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    guard value.byteCount >= 6, value.byteCount <= 32, !value.isNullLike else { return nil }
    for index in value.byteOffsets where !value[index].isAlphanumeric {
      guard value[index] == 0x2D || value[index] == 0x5F else { return nil }
    }
    guard leaf.shape.digits > 0 else { return nil }
    let isSure = leaf.meaning.isStrong || leaf.shape.letters > 0 && value.byteCount >= 8
    return Detection(.serialNumber, isSure && !isDated(leaf) ? .medium : .low, as: .verbatim)
  }

  /// Digits that begin with a date of this century number editions: of a zone of names (RFC 1912
  /// section 2.2: `2026030101`), of a file.
  private static func isDated(_ leaf: borrowing Leaf) -> Bool {
    let value = leaf.value
    guard leaf.shape.digits == value.byteCount, value.byteCount >= 8, value.byteCount <= 10,
      value.hasBytes("20")
    else { return false }
    let month = (value[4] &- 0x30) &* 10 &+ (value[5] &- 0x30)
    let day = (value[6] &- 0x30) &* 10 &+ (value[7] &- 0x30)
    return month >= 1 && month <= 12 && day >= 1 && day <= 31
  }
}

/// A hardware address in one of its spellings.
struct HardwareAddress {
  private var octets: UInt64 = 0
  let hasSeparators: Bool

  init(octets: UInt64) {
    self.octets = octets
    hasSeparators = false
  }

  init?(_ text: RawSpan) {
    let group: Int
    switch text.byteCount {
    case 17 where text[2] == 0x3A || text[2] == 0x2D: group = 2
    case 14 where text[4] == 0x2E: group = 4
    case 12: group = 12
    default: return nil
    }
    hasSeparators = group < 12
    for index in text.byteOffsets {
      if index % (group &+ 1) == group {
        guard text[index] == text[group] else { return nil }
      } else {
        guard let digit = text[index].hexDigitValue else { return nil }
        octets = octets << 4 | UInt64(digit)
      }
    }
  }

  /// Whether it can be one interface's: not zero, no group (bit 0x01 of the first octet), not
  /// Android's placeholder 02:00:00:00:00:00.
  var isOfOneInterface: Bool {
    octets != 0 && octets & 0x0100_0000_0000 == 0 && octets != 0x0200_0000_0000
  }
}
