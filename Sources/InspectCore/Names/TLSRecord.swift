/// A version of SSL or TLS, as a record or a hello says it.
public enum TLSVersion: Equatable, Sendable {
  case ssl2, ssl3, tls10, tls11, tls12, tls13
  /// A draft of RFC 8446, by its number.
  case tls13Draft(UInt8)
  /// Facebook's variant of a draft, by the draft's number.
  case facebookDraft(UInt8)
  case unknown(UInt16)

  public init(rawValue: UInt16) {
    switch rawValue {
    case 0x0002: self = .ssl2
    case 0x0300: self = .ssl3
    case 0x0301: self = .tls10
    case 0x0302: self = .tls11
    case 0x0303: self = .tls12
    case 0x0304: self = .tls13
    case 0x7f00...0x7fff: self = .tls13Draft(UInt8(rawValue & 0xff))
    case 0xfb00...0xfbff: self = .facebookDraft(UInt8(rawValue & 0xff))
    default: self = .unknown(rawValue)
    }
  }

  public var rawValue: UInt16 {
    switch self {
    case .ssl2: 0x0002
    case .ssl3: 0x0300
    case .tls10: 0x0301
    case .tls11: 0x0302
    case .tls12: 0x0303
    case .tls13: 0x0304
    case .tls13Draft(let number): 0x7f00 | UInt16(number)
    case .facebookDraft(let number): 0xfb00 | UInt16(number)
    case .unknown(let number): number
    }
  }

  /// Later versions have higher ranks; unknown ones, to which GREASE belongs, have none.
  var rank: Int? {
    switch self {
    case .ssl2: 0
    case .ssl3: 1
    case .tls10: 2
    case .tls11: 3
    case .tls12: 4
    case .tls13Draft(let number), .facebookDraft(let number): 5 + Int(number)
    case .tls13: 300
    case .unknown: nil
    }
  }

  /// From 1.3 on, all behind the server's hello is encrypted.
  var encryptsCertificates: Bool {
    switch self {
    case .tls13, .tls13Draft, .facebookDraft: true
    case .ssl2, .ssl3, .tls10, .tls11, .tls12, .unknown: false
    }
  }

  /// Appends the name: `TLS 1.2`, `TLS 1.3 draft-28`, `TLS 1.3 draft-26-fb`; hexadecimal digits when it has none.
  public func append(to buffer: inout ByteBuffer) {
    switch self {
    case .ssl2: buffer.append("SSLv2")
    case .ssl3: buffer.append("SSLv3")
    case .tls10: buffer.append("TLSv1")
    case .tls11: buffer.append("TLS 1.1")
    case .tls12: buffer.append("TLS 1.2")
    case .tls13: buffer.append("TLS 1.3")
    case .tls13Draft(let number):
      buffer.append("TLS 1.3 draft-")
      if number < 10 { buffer.append(UInt8(ascii: "0")) }
      buffer.append(decimal: UInt64(number))
    case .facebookDraft(let number):
      TLSVersion.tls13Draft(number).append(to: &buffer)
      buffer.append("-fb")
    case .unknown(let number):
      buffer.append("0x")
      buffer.append(hex: number)
    }
  }
}

/// What a record carries (RFC 8446 §B.1).
public enum TLSContentType: Equatable, Sendable {
  case changeCipherSpec, alert, handshake, applicationData, heartbeat
  case unknown(UInt8)

  public init(rawValue: UInt8) {
    switch rawValue {
    case 20: self = .changeCipherSpec
    case 21: self = .alert
    case 22: self = .handshake
    case 23: self = .applicationData
    case 24: self = .heartbeat
    default: self = .unknown(rawValue)
    }
  }
}

/// The header of a record (RFC 8446 §5.1, RFC 5246 §6.2.1).
///
///     +-------+---------------+---------------+
///     | type  |    version    |    length     | fragment ...
///     +-------+---------------+---------------+
struct TLSRecordHeader {
  static var byteCount: Int { 5 }
  /// 2^14 and what old versions may add (RFC 5246 §6.2.3).
  static var maximumLength: Int { 1 << 14 + 2048 }

  let type: TLSContentType
  let length: Int

  /// Nil when no record starts so. `bytes` holds at least five.
  init?(_ bytes: RawSpan) {
    type = TLSContentType(rawValue: bytes[0])
    length = Int(bytes.load(3, as: UInt16.self))
    if case .unknown = type { return nil }
    guard bytes[1] == 3, bytes[2] <= 4, length <= TLSRecordHeader.maximumLength
    else { return nil }
  }
}

/// Whether the first bytes of a direction are TLS, whatever the port.
public enum TLSRecognizer {
  public enum Answer: Sendable { case yes, no, needMore }

  /// A handshake that starts with a hello (or the server's request for one), an alert in clear text,
  /// or the hello of SSLv2. Eleven bytes are enough to know.
  ///
  /// Before the hello may stand what asks for it (`TLSPreamble`).
  public static func recognize(_ bytes: RawSpan) -> Answer {
    switch TLSPreamble.find(bytes) {
    case .none: recognizeHello(bytes)
    case .needMore: .needMore
    case .found(let count): recognizeHello(bytes.extracting(droppingFirst: count))
    }
  }

  private static func recognizeHello(_ bytes: RawSpan) -> Answer {
    guard bytes.byteCount > 0 else { return .needMore }
    switch bytes[0] {
    case 0x16: return recognizeHandshake(bytes)
    case 0x15: return recognizeAlert(bytes)
    case 0x80...: return recognizeSSL2(bytes)
    default: return .no
    }
  }

  /// Major version 3, minor at most 4, in the bytes that are there.
  private static func hasVersion(_ bytes: RawSpan) -> Bool {
    (bytes.byteCount < 2 || bytes[1] == 3) && (bytes.byteCount < 3 || bytes[2] <= 4)
  }

  private static func recognizeHandshake(_ bytes: RawSpan) -> Answer {
    guard hasVersion(bytes) else { return .no }
    guard bytes.byteCount > TLSRecordHeader.byteCount else { return .needMore }
    guard let header = TLSRecordHeader(bytes), header.length > 0 else { return .no }
    let message = bytes.extracting(droppingFirst: TLSRecordHeader.byteCount)
    guard message[0] <= 2 else { return .no }
    // A record may end within the head of the message.
    guard header.length >= 6 else { return .yes }
    guard message.byteCount >= 6 else {
      return message.byteCount < 2 || message[1] == 0 ? .needMore : .no
    }
    let length = message.load(0, as: UInt32.self) & 0xff_ffff
    if message[0] == 0 { return length == 0 ? .yes : .no }
    guard length >= 38, length <= 1 << 17 else { return .no }
    return message[4] == 3 || message[4] == 0x7f ? .yes : .no
  }

  private static func recognizeAlert(_ bytes: RawSpan) -> Answer {
    guard hasVersion(bytes) else { return .no }
    guard bytes.byteCount >= 7 else { return .needMore }
    let isInClear = bytes.load(3, as: UInt16.self) == 2
    return isInClear && (1...2).contains(bytes[5]) && bytes[6] <= 121 ? .yes : .no
  }

  private static func recognizeSSL2(_ bytes: RawSpan) -> Answer {
    guard bytes.byteCount < 3 || bytes[2] == 1 else { return .no }
    guard bytes.byteCount >= 11 else { return .needMore }
    return SSL2ClientHello(bytes.extracting(first: 11)) == nil ? .no : .yes
  }
}

/// The hello of SSLv2, also sent by clients that speak SSLv3 or TLS (RFC 5246 §E.2).
///
///     1 length(15)  1  version(2)  cipher length(2)  session id length(2)  challenge length(2) ...
struct SSL2ClientHello {
  let version: TLSVersion

  /// Nil when the fixed part of eleven bytes is not there or says what no hello says.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 11, bytes[0] & 0x80 != 0, bytes[2] == 1 else { return nil }
    let length = Int(bytes.load(0, as: UInt16.self) & 0x7fff)
    let ciphers = Int(bytes.load(5, as: UInt16.self))
    let session = Int(bytes.load(7, as: UInt16.self))
    let challenge = Int(bytes.load(9, as: UInt16.self))
    version = TLSVersion(rawValue: bytes.load(3))
    guard version.rank != nil, !version.encryptsCertificates, ciphers > 0, ciphers % 3 == 0,
      session == 0 || session == 16, (16...32).contains(challenge),
      length == 9 + ciphers + session + challenge
    else { return nil }
  }
}
