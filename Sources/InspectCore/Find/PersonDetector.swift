/// What names a person or lets one in: mail addresses and credentials.
enum PersonDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    switch leaf.meaning.group {
    case .password:
      guard leaf.value.byteCount <= 128, !leaf.value.isNullLike else { return nil }
      return Detection(.credentials, .medium, as: .verbatim)
    case .authorization:
      // RFC 7617: the user's name and password in base64.
      guard leaf.value.hasPrefixIgnoringCase("basic "), leaf.value.byteCount > 8 else {
        return nil
      }
      return Detection(.credentials, .high, as: .verbatim)
    case .email:
      guard isMailAddress(leaf.value) else { return nil }
      return Detection(.email, leaf.meaning.isStrong ? .high : .medium, as: .lowercase)
    default:
      return isMailAddress(leaf.value) ? Detection(.email, .low, as: .lowercase) : nil
    }
  }

  /// The usual subset of an addr-spec (RFC 5322 §3.4.1): a dot-atom, `@`, a name of two labels.
  private static func isMailAddress(_ value: RawSpan) -> Bool {
    guard value.byteCount >= 6, value.byteCount <= 254, let at = value.firstOffset(of: 0x40),
      at > 0, at <= 64
    else { return false }
    for index in 0..<at {
      switch value[index] {
      case 0x2E: guard index > 0, index &+ 1 < at, value[index &- 1] != 0x2E else { return false }
      case 0x2B, 0x2D, 0x5F, 0x25, 0x27: continue
      case let byte: guard byte.isAlphanumeric else { return false }
      }
    }
    var label = 0
    var dots = 0
    for index in (at &+ 1)..<value.byteCount {
      let byte = value[index]
      if byte == 0x2E {
        guard label > 0 else { return false }
        label = 0
        dots &+= 1
      } else {
        guard byte.isAlphanumeric || byte == 0x2D && label > 0 else { return false }
        label &+= 1
      }
    }
    return dots > 0 && label >= 2 && value[value.byteCount &- 1].isASCIILetter
  }
}
