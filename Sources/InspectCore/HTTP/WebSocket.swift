/// The frames that one side of a WebSocket connection sends (RFC 6455 §5.2), put together to messages.
///
///      0               1               2               3
///     +-+-+-+-+-------+-+-------------+-------------------------------+
///     |F|R|R|R|opcode |M|Payload len  | Extended payload length       |
///     |I|S|S|S| (4)   |A|    (7)      |   (16 or 64 bits, if 126/127) |
///     |N|V|V|V|       |S|             |                               |
///     +-+-+-+-+-------+-+-------------+-------------------------------+
///     | Masking-key (32 bits, if MASK set) | Payload Data ...
///     +---------------------------------------------------------------+
struct WebSocketStream: ~Copyable {
  /// Bytes of a message that are kept.
  static var messageLimit: Int { 65_536 }
  private static var longestHeader: Int { 14 }

  private enum Opcode {
    static let continuation: UInt8 = 0, text: UInt8 = 1, binary: UInt8 = 2
  }

  /// How a message ended.
  enum Ending {
    case whole
    /// It is longer than what is kept.
    case cut
    /// An extension has coded it (RFC 7692).
    case coded
  }

  private var header = ByteBuffer(limit: WebSocketStream.longestHeader)
  private var message = ByteBuffer(limit: WebSocketStream.messageLimit)
  private var remaining = 0
  private var key: UInt32 = 0
  /// How many bytes of the frame came before.
  private var position = 0
  private var isControl = false
  private var isFinal = false
  private var isCoded = false
  private var isCut = false
  /// Frames no longer make sense, or bytes were lost.
  private(set) var isLost = false

  init() {}

  /// Calls `body` with each message of text or bytes that ends in `bytes`.
  mutating func consume(_ bytes: RawSpan, _ body: (RawSpan, Ending) -> Void) {
    var cursor = 0
    while cursor < bytes.byteCount, !isLost {
      if remaining > 0 {
        let count = min(remaining, bytes.byteCount - cursor)
        take(bytes.extracting(cursor..<cursor + count))
        cursor += count
        remaining -= count
        if remaining == 0 { endFrame(body) }
      } else {
        header.append(bytes[cursor])
        cursor += 1
        if header.count >= 2, header.count == headerByteCount { beginFrame(body) }
      }
    }
  }

  /// Bytes are missing: within a frame's payload the message is cut, else all is lost.
  mutating func gap(_ byteCount: Int) {
    guard byteCount < remaining else {
      isLost = true
      return
    }
    remaining -= byteCount
    position += byteCount
    isCut = true
  }

  private var headerByteCount: Int {
    let second = header.bytes[1]
    let extended =
      switch second & 0x7f {
      case 126: 2
      case 127: 8
      default: 0
      }
    return 2 + extended + (second & 0x80 != 0 ? 4 : 0)
  }

  private mutating func beginFrame(_ body: (RawSpan, Ending) -> Void) {
    let (first, second) = (header.bytes[0], header.bytes[1])
    let opcode = first & 0x0f
    isFinal = first & 0x80 != 0
    isControl = opcode & 0x08 != 0
    var offset = 2
    var length = UInt64(second & 0x7f)
    if length == 126 {
      length = UInt64(header.bytes.load(2, as: UInt16.self))
      offset = 4
    } else if length == 127 {
      length = header.bytes.load(2)
      offset = 10
    }
    let isMasked = second & 0x80 != 0
    key = isMasked ? header.bytes.load(offset) : 0
    header.removeAll()
    position = 0
    guard length <= 1 << 40, isControl || opcode <= Opcode.binary else {
      isLost = true
      return
    }
    if !isControl, opcode != Opcode.continuation {
      message.removeAll()
      isCut = false
      isCoded = first & 0x70 != 0
    }
    remaining = Int(length)
    if remaining == 0 { endFrame(body) }
  }

  private mutating func take(_ part: RawSpan) {
    defer { position += part.byteCount }
    guard !isControl else { return }
    for index in part.byteOffsets {
      let shift = UInt32(24 - 8 * ((position + index) & 3))
      let byte = part[index] ^ UInt8(truncatingIfNeeded: key >> shift)
      guard message.append(byte) else {
        isCut = true
        return
      }
    }
  }

  private mutating func endFrame(_ body: (RawSpan, Ending) -> Void) {
    guard isFinal, !isControl else { return }
    if !message.isEmpty { body(message.bytes, isCoded ? .coded : isCut ? .cut : .whole) }
    message.removeAll()
  }
}
