/// The hash of an identifier under a name that says what was hashed: `imei_md5`, OpenRTB's
/// `didsha1` and `dpidmd5`.
///
/// Without a salt it is as good as the identifier: of IMEIs there are too few to hide in.
enum HashedIdentifier {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    let named = leaf.meaning.digest
    guard named != .none || hashesPlainly(leaf.meaning), let kind = kind(of: leaf.meaning.group),
      !leaf.value.isNullLike, let digest = digest(leaf),
      named == .none || named == .some || named == digest
    else { return nil }
    return Detection(
      kind, .medium, as: leaf.shape.isHexadecimal ? .hexadecimal : .verbatim, label: digest.label)
  }

  /// The function, by how long its result is: in hexadecimal, or in base64 under a name that says so.
  private static func digest(_ leaf: borrowing Leaf) -> KeyMeaning.Digest? {
    if leaf.shape.isHexadecimal {
      // Digits alone are a number: an EID has 32 of them.
      guard leaf.shape.hexLetters > 0 else { return nil }
      switch leaf.value.byteCount {
      case 32: return .md5
      case 40: return .sha1
      case 64: return .sha256
      default: return nil
      }
    }
    guard leaf.meaning.digest != .none else { return nil }
    let last = leaf.value.byteCount &- 1
    guard last > 0, leaf.value[last] == 0x3D else { return nil }
    switch leaf.value.byteCount {
    case 24 where leaf.value[last &- 1] == 0x3D: return .md5
    case 28: return .sha1
    case 44: return .sha256
    default: return nil
    }
  }

  /// Names under which nothing else has a hash's length: an Android ID may have 32 digits itself.
  private static func hashesPlainly(_ meaning: KeyMeaning) -> Bool {
    switch meaning.group {
    case .imei, .imsi, .iccid, .mac, .email, .phone: true
    default: false
    }
  }

  private static func kind(of group: KeyMeaning.Group) -> IdentifierKind? {
    switch group {
    case .imei, .device: .imei
    case .meid: .meid
    case .imsi: .imsi
    case .iccid: .iccid
    case .androidID: .androidID
    case .advertisingID: .advertisingID
    case .mac: .macAddress
    case .bssid: .bssid
    case .serial: .serialNumber
    case .phone: .phoneNumber
    case .email: .email
    case .nationalDenmark: .nationalIDDenmark
    case .nationalNorway: .nationalIDNorway
    case .nationalSweden: .nationalIDSweden
    case .nationalFinland: .nationalIDFinland
    default: nil
    }
  }
}
