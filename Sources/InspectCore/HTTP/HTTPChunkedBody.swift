/// Where a chunked body is (RFC 9112 §7.1):
///
///     chunked-body = *chunk last-chunk trailer-section CRLF
///     chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
enum HTTPChunkedBody {
  case size(Int, digitCount: Int)
  /// After the digits of the size, up to the end of the line.
  case extensions(size: Int, byteCount: Int)
  case data(remaining: Int)
  case dataEnd(hasCR: Bool)
  case trailer(HTTPTrailer)

  static var start: HTTPChunkedBody { .size(0, digitCount: 0) }

  enum Step {
    case more(HTTPChunkedBody)
    case complete
    case damaged(HTTPAnomaly)
  }

  /// Reads one byte of a size. Leading zeros may be many, digits that matter are 15 at most.
  static func readSize(_ size: Int, digitCount: Int, _ byte: UInt8) -> Step {
    if let digit = byte.hexDigitValue {
      guard size >> 56 == 0 else { return .damaged(.chunkSizeInvalid) }
      return .more(.size(size << 4 | Int(digit), digitCount: min(digitCount + 1, 2)))
    }
    if digitCount == 0 {
      return byte.isASCIISpaceOrTab
        ? .more(.size(0, digitCount: 0)) : .damaged(.chunkSizeInvalid)
    }
    switch byte {
    case .lineFeed: return .more(afterLine(size: size))
    case UInt8(ascii: ";"), .space, 0x09, .carriageReturn:
      return .more(.extensions(size: size, byteCount: 1))
    default: return .damaged(.chunkSizeInvalid)
    }
  }

  static func afterLine(size: Int) -> HTTPChunkedBody {
    size == 0 ? .trailer(HTTPTrailer()) : .data(remaining: size)
  }

  static func readDataEnd(hasCR: Bool, _ byte: UInt8) -> Step {
    switch byte {
    case .lineFeed: .more(.start)
    case .carriageReturn where !hasCR: .more(.dataEnd(hasCR: true))
    default: .damaged(.chunkDataOverrun)
    }
  }
}

/// The lines between the last chunk and the empty line that ends the message.
struct HTTPTrailer {
  private var lineByteCount = 0
  private var beginsWithCR = false
  private(set) var byteCount = 0

  /// Takes `bytes`, which go up to and with an LF, or are all there is. True at the empty line.
  mutating func isEnded(by bytes: RawSpan, hasLineEnd: Bool) -> Bool {
    if lineByteCount == 0, !bytes.isEmpty { beginsWithCR = bytes[0] == .carriageReturn }
    lineByteCount = min(lineByteCount + bytes.byteCount, 3)
    byteCount &+= bytes.byteCount
    guard hasLineEnd else { return false }
    let isEmptyLine = lineByteCount == 1 || lineByteCount == 2 && beginsWithCR
    lineByteCount = 0
    return isEmptyLine
  }
}
