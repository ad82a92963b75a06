/// What a frame is for (RFC 9113 §6).
enum HTTP2FrameType: Equatable {
  case data, headers, priority, rstStream, settings, pushPromise, ping, goAway, windowUpdate
  case continuation
  case unknown(UInt8)

  init(rawValue: UInt8) {
    switch rawValue {
    case 0: self = .data
    case 1: self = .headers
    case 2: self = .priority
    case 3: self = .rstStream
    case 4: self = .settings
    case 5: self = .pushPromise
    case 6: self = .ping
    case 7: self = .goAway
    case 8: self = .windowUpdate
    case 9: self = .continuation
    default: self = .unknown(rawValue)
    }
  }
}

/// The header of a frame (RFC 9113 §4.1).
///
///      0               1               2               3
///     +-----------------------------------------------+
///     |                   Length (24)                 |
///     +---------------+---------------+---------------+
///     |   Type (8)    |   Flags (8)   |
///     +-+-------------+---------------+-------------------------------+
///     |R|                 Stream Identifier (31)                      |
///     +=+=============================================================+
struct HTTP2FrameHeader {
  static var byteCount: Int { 9 }

  enum Flag {
    static let endStream: UInt8 = 0x01, endHeaders: UInt8 = 0x04
    static let padded: UInt8 = 0x08, priority: UInt8 = 0x20
  }

  let length: Int
  let type: HTTP2FrameType
  let flags: UInt8
  let stream: UInt32

  /// Nil when there are fewer than nine bytes.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= HTTP2FrameHeader.byteCount else { return nil }
    length = Int(bytes.load(0, as: UInt32.self) >> 8)
    type = HTTP2FrameType(rawValue: bytes[3])
    flags = bytes[4]
    stream = bytes.load(5, as: UInt32.self) & 0x7fff_ffff
  }

  func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

  /// Whether length and stream are what the type asks for.
  var isPossible: Bool {
    switch type {
    case .data, .headers, .pushPromise, .continuation: stream != 0
    case .priority: stream != 0 && length == 5
    case .rstStream: stream != 0 && length == 4
    case .settings: stream == 0 && length % 6 == 0
    case .ping: stream == 0 && length == 8
    case .goAway: stream == 0 && length >= 8
    case .windowUpdate: length == 4
    case .unknown: true
    }
  }

  /// Whether nothing about it is strange: what a frame in the middle of a connection must be.
  var isCertain: Bool {
    let known: UInt8 =
      switch type {
      case .data: 0x09
      case .headers: 0x2d
      case .settings, .ping: 0x01
      case .pushPromise: 0x0c
      case .continuation: 0x04
      case .priority, .rstStream, .goAway, .windowUpdate: 0
      case .unknown: 0
      }
    if case .unknown = type { return false }
    return isPossible && flags & ~known == 0 && length <= 1 << 20
  }
}

/// Tells HTTP/2 by the first bytes of a direction, whatever the port.
enum HTTP2Recognizer {
  enum Answer {
    case no, needMore, client, server
  }

  /// What a client begins with (RFC 9113 §3.4).
  static var preface: StaticString { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }
  static var prefaceByteCount: Int { 24 }
  /// A server's first frame; more settings than this nobody sends.
  private static var settingsLimit: Int { 6 * 32 }

  static func recognize(_ bytes: RawSpan) -> Answer {
    if bytes.byteCount >= prefaceByteCount {
      if bytes.hasBytes(preface) { return .client }
    } else if bytes.isPrefix(of: preface) {
      return .needMore
    }
    // The server's SETTINGS: a length in one byte, type 4, no flags, stream 0.
    for index in 0..<min(bytes.byteCount, HTTP2FrameHeader.byteCount) {
      let expected: UInt8? =
        switch index {
        case 2: nil
        case 3: 4
        default: 0
        }
      if let expected, bytes[index] != expected { return .no }
    }
    guard let header = HTTP2FrameHeader(bytes) else { return .needMore }
    guard header.isCertain, header.length <= settingsLimit else { return .no }
    let end = HTTP2FrameHeader.byteCount + header.length
    guard bytes.byteCount >= end else { return .needMore }
    for offset in stride(from: HTTP2FrameHeader.byteCount, to: end, by: 6) {
      // Registered settings are few; a GREASE one has 0x?a?a (RFC 8701 style).
      let identifier: UInt16 = bytes.load(offset)
      guard identifier > 0, identifier <= 0x10 || identifier & 0x0f0f == 0x0a0a else { return .no }
    }
    return .server
  }

  /// Whether bytes from the middle of a connection are frames, one after the other, to their end:
  /// at least one whole, and none strange.
  static func areFrames(_ bytes: RawSpan) -> Bool {
    var offset = 0
    var whole = 0
    while let header = HTTP2FrameHeader(bytes.extracting(droppingFirst: offset)) {
      guard header.isCertain else { return false }
      let end = offset + HTTP2FrameHeader.byteCount + header.length
      guard end <= bytes.byteCount else { return whole > 0 }
      whole += 1
      offset = end
    }
    return whole > 0 && offset == bytes.byteCount
  }
}
