/// A version of QUIC, as a long header says it (IANA, "QUIC Versions").
public enum QUICVersion: Equatable, Sendable {
  /// RFC 9000.
  case one
  /// RFC 9369.
  case two
  /// A draft of RFC 9000, by its number.
  case draft(UInt8)
  /// A draft of RFC 9369 (to -04).
  case draftOfTwo
  /// Facebook's mvfst, built on drafts; its own number in the lowest byte.
  case mvfst(UInt8)
  /// Google's own protocol (`Q043`), by its number.
  case google(UInt8)
  /// Google's with TLS (`T051`), by its number.
  case googleTLS(UInt8)
  /// Reserved to provoke a negotiation (RFC 9000 §15): 0x?a?a?a?a.
  case reserved(UInt32)
  /// No version: a Version Negotiation packet (RFC 9000 §17.2.1).
  case negotiation
  case unknown(UInt32)

  public init(rawValue: UInt32) {
    let low = UInt8(truncatingIfNeeded: rawValue)
    switch rawValue {
    case 0: self = .negotiation
    case 1: self = .one
    case 0x6b33_43cf: self = .two
    case 0x709a_50c4: self = .draftOfTwo
    case 0xff00_0000...0xff00_00ff: self = .draft(low)
    case 0xface_b000...0xface_b0ff: self = .mvfst(low)
    case _ where rawValue & 0x0f0f_0f0f == 0x0a0a_0a0a: self = .reserved(rawValue)
    default:
      let (tens, ones) = (rawValue >> 8 & 0xff &- 0x30, rawValue & 0xff &- 0x30)
      let number = UInt8(truncatingIfNeeded: tens &* 10 &+ ones)
      let family = tens < 10 && ones < 10 ? rawValue >> 16 : 0
      switch family {
      case 0x5130: self = .google(number)
      case 0x5430: self = .googleTLS(number)
      default: self = .unknown(rawValue)
      }
    }
  }

  public var rawValue: UInt32 {
    switch self {
    case .one: 1
    case .two: 0x6b33_43cf
    case .draft(let number): 0xff00_0000 | UInt32(number)
    case .draftOfTwo: 0x709a_50c4
    case .mvfst(let number): 0xface_b000 | UInt32(number)
    case .google(let number): QUICVersion.letter(0x5130, number)
    case .googleTLS(let number): QUICVersion.letter(0x5430, number)
    case .reserved(let number), .unknown(let number): number
    case .negotiation: 0
    }
  }

  /// A letter, 0, and the two digits of a number below 100, in ASCII.
  private static func letter(_ family: UInt32, _ number: UInt8) -> UInt32 {
    family << 16 | (0x30 + UInt32(number / 10)) << 8 | (0x30 + UInt32(number % 10))
  }

  /// Appends the name: `1`, `v2`, `draft-29`, `Q046`; hexadecimal digits when it has none.
  public func append(to buffer: inout ByteBuffer) {
    switch self {
    case .one: buffer.append("1")
    case .two: buffer.append("v2")
    case .draft(let number):
      buffer.append("draft-")
      if number < 10 { buffer.append(UInt8(ascii: "0")) }
      buffer.append(decimal: UInt64(number))
    case .google, .googleTLS:
      for shift: UInt32 in [24, 16, 8, 0] {
        buffer.append(UInt8(truncatingIfNeeded: rawValue >> shift))
      }
    case .draftOfTwo, .mvfst, .reserved, .negotiation, .unknown:
      buffer.append("0x")
      buffer.append(hex: UInt16(truncatingIfNeeded: rawValue >> 16))
      buffer.append(hex: UInt16(truncatingIfNeeded: rawValue))
    }
  }

  /// How Initial packets of this version are protected; nil when they are not, or nobody knows.
  var protection: InitialProtection? {
    switch self {
    case .one: .one
    case .two: .two
    case .draftOfTwo: .draftOfTwo
    case .draft(22), .mvfst(1): .draft22
    case .draft(23...28), .mvfst(2), .mvfst(14): .draft23
    // Who provokes a negotiation speaks one of the later versions; nothing says which.
    case .draft(29...32), .reserved: .draft29
    case .draft(33...34), .mvfst: .one
    case .google(50): .q050
    case .googleTLS(50): .t050
    case .googleTLS(51): .t051
    case .draft, .google, .googleTLS, .negotiation, .unknown: nil
    }
  }

  /// Another way to try when `protection` fails.
  var otherProtection: InitialProtection? {
    switch self {
    case .reserved: .one
    case .mvfst: .draft29
    case .one, .two, .draft, .draftOfTwo, .google, .googleTLS, .negotiation, .unknown: nil
    }
  }
}

/// What the keys of Initial packets are derived with (RFC 9001 §5.2): each version has a salt of its
/// own, and the later ones other labels.
enum InitialProtection: UInt8, Sendable {
  case one, two, draftOfTwo, draft22, draft23, draft29, q050, t050, t051

  typealias Salt = InlineArray<20, UInt8>

  var salt: Salt {
    switch self {
    // RFC 9001 §5.2; the drafts from 33 on.
    case .one:
      [
        0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c,
        0xad, 0xcc, 0xbb, 0x7f, 0x0a,
      ]
    // RFC 9369 §3.3.1.
    case .two:
      [
        0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d,
        0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
      ]
    // draft-ietf-quic-v2-01 §3.3.
    case .draftOfTwo:
      [
        0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d, 0x62, 0xca, 0x57, 0x04, 0x06,
        0xea, 0x7a, 0xe3, 0xe5, 0xd3,
      ]
    // draft-ietf-quic-tls-22 §5.2, -23 to -28, -29 to -32.
    case .draft22:
      [
        0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e,
        0xbd, 0x7a, 0x02, 0x64, 0x4a,
      ]
    case .draft23:
      [
        0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63,
        0x65, 0xbe, 0xf9, 0xf5, 0x02,
      ]
    case .draft29:
      [
        0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11,
        0xe0, 0x43, 0x90, 0xa8, 0x99,
      ]
    // Chromium, quic/core/crypto/crypto_utils.cc.
    case .q050:
      [
        0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7,
        0xf0, 0xd3, 0xb5, 0x6b, 0x45,
      ]
    case .t050:
      [
        0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36,
        0x7c, 0x60, 0x48, 0x83, 0x10,
      ]
    case .t051:
      [
        0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8,
        0xcc, 0xda, 0x6e, 0x03, 0x3d,
      ]
    }
  }

  /// Whether the labels are those of version 2 (RFC 9369 §3.3.2).
  var usesLabelsOfTwo: Bool { self == .two || self == .draftOfTwo }
}
