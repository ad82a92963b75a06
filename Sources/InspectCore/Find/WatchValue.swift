/// What a watched value is to its owner.
public enum WatchClass: UInt8, CaseIterable, Sendable {
  case ordinary
  /// It must never leave.
  case protected
  /// A recipient who withdrew consent to be contacted.
  case withdrawn

  /// The name in a list's fourth column.
  public var name: StaticString {
    switch self {
    case .ordinary: ""
    case .protected: "protected"
    case .withdrawn: "withdrawn"
    }
  }
}

/// In which form a watched value was found.
public enum WatchForm: UInt8, Equatable, Sendable {
  /// As it is, whatever its case and separators.
  case plain
  case base64, hexadecimal
  /// Two digits a byte, low nibble first (3GPP TS 24.008 §10.5.1.4) or high nibble first.
  case bcd
  case md5, sha1, sha256
  case base64MD5, base64SHA1, base64SHA256
  /// The list has only its HMAC.
  case hmac

  /// What a path says of it.
  var label: StaticString {
    switch self {
    case .plain, .hmac: ""
    case .base64: "base64"
    case .hexadecimal: "hex"
    case .bcd: "bcd"
    case .md5: "md5"
    case .sha1: "sha1"
    case .sha256: "sha256"
    case .base64MD5: "base64 > md5"
    case .base64SHA1: "base64 > sha1"
    case .base64SHA256: "base64 > sha256"
    }
  }
}

/// Why a value cannot be watched.
public enum WatchRefusal: Error, Equatable, Sendable {
  case empty, tooShort, tooLong
  case notDigits, digitCount
  case notHexadecimal, hexadecimalCount
  case notMailAddress, notAlphanumeric
  /// A latitude without its longitude, as where a comma was taken for the end of a cell.
  case halfLocation
  /// The list is full.
  case full

  public var reason: StaticString {
    switch self {
    case .empty: "the value is empty"
    case .tooShort: "the value is too short to be told from chance (three characters at least)"
    case .tooLong: "the value is longer than 128 bytes"
    case .notDigits: "the value has something else than digits and separators"
    case .digitCount: "the value has too few or too many digits for its kind"
    case .notHexadecimal: "the value has something else than hexadecimal digits and separators"
    case .hexadecimalCount: "the value has too few or too many digits for its kind"
    case .notMailAddress: "the value is no mail address"
    case .notAlphanumeric: "the value has something else than letters, digits and separators"
    case .halfLocation:
      "a location is two numbers in one cell: latitude and longitude, in quotes"
    case .full: "the list is full"
    }
  }
}

/// How values of a kind are written, and so how one is known again.
enum WatchStyle {
  case digits, hexadecimal, alphanumeric
  /// Its punctuation belongs to it.
  case exact

  init(_ kind: IdentifierKind) {
    switch kind {
    case .imei, .imeisv, .imsi, .iccid, .phoneNumber, .cellID, .paymentCard: self = .digits
    case .nationalIDDenmark, .nationalIDNorway, .nationalIDSweden: self = .digits
    case .meid, .macAddress, .bssid, .androidID, .advertisingID: self = .hexadecimal
    case .iban, .serialNumber: self = .alphanumeric
    case .ssid, .email, .nationalIDFinland, .location, .credentials, .text: self = .exact
    }
  }

  /// Whether `byte` may stand between two characters of such a value.
  func allows(separator byte: UInt8) -> Bool {
    switch self {
    case .digits:
      byte == 0x20 || byte == 0x2D || byte == 0x2E || byte == 0x2F || byte == 0x28 || byte == 0x29
        || byte == 0 || byte == 0xA0
    case .hexadecimal: byte == 0x3A || byte == 0x2D || byte == 0x2E || byte == 0x20 || byte == 0
    case .alphanumeric: byte == 0x20 || byte == 0x2D || byte == 0
    case .exact: true
    }
  }
}

/// A value of a list in the form in which equal values are equal bytes, and what may be left out of
/// it on the wire.
struct WatchCanonical {
  /// For `exact` kinds the value in lower case, else its digits and letters in lower case.
  var bytes: [UInt8]
  /// How many characters in front a national form leaves out: the country's calling code.
  var prefix = 0
  /// How many characters at the end a shorter form leaves out: a check digit.
  var suffix = 0

  /// The longest value, in bytes.
  static var longest: Int { 128 }

  init(_ value: [UInt8], _ kind: IdentifierKind) throws(WatchRefusal) {
    guard !value.isEmpty else { throw .empty }
    guard value.count <= WatchCanonical.longest else { throw .tooLong }
    let style = WatchStyle(kind)
    bytes = []
    bytes.reserveCapacity(value.count)
    for byte in value {
      if style == .exact {
        bytes.append(byte.lowercasedASCII)
      } else if byte.isAlphanumeric {
        bytes.append(byte.lowercasedASCII)
      } else if !style.allows(separator: byte), byte != 0x2B {
        throw style == .digits
          ? .notDigits : style == .hexadecimal ? .notHexadecimal : .notAlphanumeric
      }
    }
    switch style {
    case .digits: try checkDigits(kind, value)
    case .hexadecimal: try checkHexadecimal(kind)
    case .alphanumeric: guard bytes.count >= 4 else { throw .tooShort }
    case .exact:
      guard bytes.count >= 3 else { throw .tooShort }
      if kind == .email {
        let at = bytes.firstIndex(of: 0x40)
        guard let at, at > 0, at < bytes.count - 3 else { throw .notMailAddress }
      }
      if kind == .location, !bytes.contains(where: { !WatchCanonical.isOfNumber($0) }) {
        throw .halfLocation
      }
    }
  }

  private static func isOfNumber(_ byte: UInt8) -> Bool {
    byte.isASCIIDigit || byte == 0x2E || byte == 0x2D || byte == 0x2B || byte == 0x20
  }

  private mutating func checkDigits(
    _ kind: IdentifierKind, _ value: [UInt8]
  ) throws(WatchRefusal) {
    // An ICCID of 19 digits has a filler.
    if kind == .iccid, bytes.last == 0x66 { bytes.removeLast() }
    for byte in bytes where !byte.isASCIIDigit { throw .notDigits }
    let counts: ClosedRange<Int> =
      switch kind {
      case .imei: 14...15
      case .imeisv: 16...16
      case .imsi: 14...15
      case .iccid: 18...20
      case .phoneNumber: 5...17
      case .cellID: 4...11
      case .paymentCard: 13...19
      case .nationalIDNorway: 11...11
      case .nationalIDDenmark: 10...10
      default: 10...12
      }
    switch kind {
    case .phoneNumber: checkPhoneNumber(value)
    case .imei where bytes.count == 15: suffix = 1
    case .imeisv: suffix = 2
    case .iccid where bytes.count == 20: suffix = 1
    // Without the century.
    case .nationalIDSweden where bytes.count == 12: prefix = 2
    default: break
    }
    guard counts.contains(bytes.count) else { throw .digitCount }
  }

  private mutating func checkPhoneNumber(_ value: [UInt8]) {
    let isInternational =
      value.first == 0x2B
      || bytes.count > 2 && bytes[0] == 0x30
        && bytes[1] == 0x30
    if isInternational {
      while bytes.first == 0x30 { bytes.removeFirst() }
      let code = CallingCode.digitCount(bytes)
      // Shorter national numbers would be found in anything.
      if bytes.count - code >= 7 { prefix = code }
    } else if bytes.first == 0x30, bytes.count >= 8 {
      bytes.removeFirst()
    }
  }

  private func checkHexadecimal(_ kind: IdentifierKind) throws(WatchRefusal) {
    for byte in bytes where byte.hexDigitValue == nil { throw .notHexadecimal }
    let counts: ClosedRange<Int> =
      switch kind {
      case .macAddress, .bssid: 12...12
      case .meid: 14...18
      case .androidID: 14...16
      default: 16...64
      }
    guard counts.contains(bytes.count) else { throw .hexadecimalCount }
  }
}

/// The calling codes of countries (ITU-T E.164).
enum CallingCode {
  /// How many digits of an international number are the country's code.
  static func digitCount(_ number: [UInt8]) -> Int {
    guard number.count >= 2 else { return 0 }
    let first = number[0] &- 0x30
    let second = number[1] &- 0x30
    switch (first, second) {
    case (1, _), (7, _): return 1
    case (2, 0), (2, 7), (3, 0...4), (3, 6), (3, 9), (4, 0), (4, 1), (4, 3...9): return 2
    case (5, 1...8), (6, 0...6), (8, 1), (8, 2), (8, 4), (8, 6), (9, 0...5), (9, 8): return 2
    default: return 3
    }
  }
}

/// The texts whose digests stand for a value on the wire, the usual ones first.
enum WatchVariants {
  /// Each as it is; then all once more with a line feed, which shells and careless code leave there.
  static func texts(_ value: [UInt8], _ kind: IdentifierKind, _ canonical: WatchCanonical)
    -> [[UInt8]]
  {
    var texts: [[UInt8]] = []
    func add(_ text: [UInt8]) {
      if !text.isEmpty, !texts.contains(text) { texts.append(text) }
    }
    let bytes = canonical.bytes
    switch WatchStyle(kind) {
    case .digits:
      add(bytes)
      if kind == .phoneNumber, canonical.prefix > 0 {
        add([0x2B] + bytes)
        add([0x30, 0x30] + bytes)
        add(Array(bytes[canonical.prefix...]))
        add([0x30] + bytes[canonical.prefix...])
      } else if kind == .phoneNumber {
        add([0x30] + bytes)
      } else if canonical.prefix > 0 {
        add(Array(bytes[canonical.prefix...]))
      }
      if canonical.suffix > 0 { add(Array(bytes.dropLast(canonical.suffix))) }
      add(value)
    case .hexadecimal:
      let isAddress = bytes.count == 12
      if isAddress {
        let colons = grouped(bytes, by: 0x3A)
        let hyphens = grouped(bytes, by: 0x2D)
        for text in [colons, bytes, hyphens] {
          add(upper(text))
          add(text)
        }
      } else if bytes.count == 32 {
        let uuid = uuid(bytes)
        for text in [uuid, bytes] {
          add(text)
          add(upper(text))
        }
      } else {
        add(bytes)
        add(upper(bytes))
      }
      add(value)
    case .alphanumeric:
      add(value)
      add(upper(bytes))
      add(bytes)
    case .exact:
      add(value)
      add(bytes)
      add(upper(bytes))
      // Without what stands between its words.
      if kind == .text || kind == .ssid || kind == .nationalIDFinland {
        let joined = value.filter { $0 != 0x20 && $0 != 0x2D && $0 != 0x3A }
        add(joined)
        add(joined.map { $0.lowercasedASCII })
        add(upper(joined))
      }
    }
    return texts + texts.map { $0 + [0x0A] }
  }

  private static func upper(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 }
  }

  private static func grouped(_ digits: [UInt8], by separator: UInt8) -> [UInt8] {
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      if index > 0, index.isMultiple(of: 2) { text.append(separator) }
      text.append(digit)
    }
    return text
  }

  /// 8-4-4-4-12 (RFC 9562 §4).
  private static func uuid(_ digits: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      if index == 8 || index == 12 || index == 16 || index == 20 { text.append(0x2D) }
      text.append(digit)
    }
    return text
  }
}
