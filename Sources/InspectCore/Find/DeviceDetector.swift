/// The identifiers of a device and of the network that it is in.
enum DeviceDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    switch leaf.meaning.group {
    case .mac, .bssid, .none, .device: return hardwareAddress(leaf) ?? uuid(leaf)
    case .androidID: return androidID(leaf.value) ?? uuid(leaf)
    case .advertisingID: return uuid(leaf)
    case .serial: return serialNumber(leaf)
    case .ssid:
      // IEEE 802.11: 1 to 32 octets.
      guard leaf.value.byteCount <= 32, !leaf.value.isNullLike else { return nil }
      return Detection(.ssid, .medium, as: .verbatim)
    default: return nil
    }
  }

  /// An EUI-48 (RFC 9542): six octets with `:` or `-` between them, three groups with `.`, or bare
  /// digits, which only a name makes one.
  private static func hardwareAddress(_ leaf: borrowing Leaf) -> Detection? {
    let isKeyed = leaf.meaning.group == .mac || leaf.meaning.group == .bssid
    guard let address = HardwareAddress(leaf.value), address.isOfOneInterface,
      isKeyed || address.hasSeparators
    else { return nil }
    let kind: IdentifierKind = leaf.meaning.group == .bssid ? .bssid : .macAddress
    let confidence: Confidence =
      if !isKeyed { .low } else { address.hasSeparators ? .high : .medium }
    return Detection(kind, confidence, as: .hexadecimal)
  }

  /// 64 bits in lower-case hexadecimal digits.
  private static func androidID(_ value: RawSpan) -> Detection? {
    guard value.byteCount == 16, !value.isNullLike, isLowercaseHexadecimal(value) else {
      return nil
    }
    return Detection(.androidID, .medium, as: .hexadecimal)
  }

  /// An advertising identifier is a UUID (RFC 9562), as any other thing may be: the name decides.
  private static func uuid(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    let isKeyed = leaf.meaning.group == .advertisingID
    guard isKeyed || leaf.meaning.group == .device, value.byteCount == 36, !value.isNullLike
    else { return nil }
    for index in value.byteOffsets {
      switch index {
      case 8, 13, 18, 23: guard value[index] == 0x2D else { return nil }
      default: guard value[index].hexDigitValue != nil else { return nil }
      }
    }
    return Detection(.advertisingID, isKeyed ? .medium : .low, as: .lowercase)
  }

  /// Vendors agree on nothing but that it is short and has digits.
  private static func serialNumber(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    guard value.byteCount >= 6, value.byteCount <= 32, !value.isNullLike else { return nil }
    var digits = 0
    var letters = 0
    for index in value.byteOffsets {
      let byte = value[index]
      if byte.isASCIIDigit {
        digits &+= 1
      } else if byte.isASCIILetter {
        letters &+= 1
      } else if byte != 0x2D && byte != 0x5F {
        return nil
      }
    }
    guard digits > 0 else { return nil }
    let isSure = leaf.meaning.isStrong || letters > 0 && value.byteCount >= 8
    return Detection(.serialNumber, isSure ? .medium : .low, as: .verbatim)
  }

  private static func isLowercaseHexadecimal(_ value: RawSpan) -> Bool {
    for index in value.byteOffsets {
      guard value[index].isASCIIDigit || value[index] &- 0x61 < 6 else { return false }
    }
    return true
  }
}

/// A hardware address in one of its spellings.
struct HardwareAddress {
  private var octets: UInt64 = 0
  let hasSeparators: Bool

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
