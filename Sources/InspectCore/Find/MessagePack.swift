/// MessagePack (github.com/msgpack/msgpack, spec.md):
///
///     00…7F fixint   80…8F fixmap   90…9F fixarray   A0…BF fixstr   C0 nil   C2 C3 bool
///     C4…C6 bin   C7…C9 ext   CA CB float   CC…CF uint   D0…D3 int   D4…D8 fixext
///     D9…DB str   DC DD array   DE DF map   E0…FF negative fixint
enum MessagePack: TranscribedFormat {
  static var label: StaticString { "msgpack" }

  /// Whether the first bytes are a map with a text for its first name, or an array of something.
  static func mayBegin(_ prefix: RawSpan) -> Bool {
    switch prefix[0] {
    case 0x81...0x8F: return beginsString(prefix, at: 1)
    case 0xDE: return beginsString(prefix, at: 3)
    case 0xDF: return beginsString(prefix, at: 5)
    case 0x91...0x9F: return beginsContainer(prefix[1]) || beginsString(prefix, at: 1)
    default: return false
    }
  }

  private static func beginsString(_ bytes: RawSpan, at index: Int) -> Bool {
    guard index &+ 2 < bytes.byteCount else { return false }
    switch bytes[index] {
    case 0xA1...0xBF: return bytes[index &+ 1] &- 0x20 < 0x5F
    case 0xD9: return bytes[index &+ 2] &- 0x20 < 0x5F
    default: return false
    }
  }

  private static func beginsContainer(_ byte: UInt8) -> Bool {
    byte &- 0x81 < 0x1F || byte == 0xDE || byte == 0xDC
  }

  static func transcribe(_ encoded: RawSpan, into transcript: inout Transcript) -> Bool {
    var reader = Reader(encoded)
    return reader.value(&transcript, depth: 0) && reader.position == encoded.byteCount
  }

  private struct Reader: ~Escapable {
    let bytes: RawSpan
    var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    mutating func value(_ transcript: inout Transcript, depth: Int) -> Bool {
      guard depth < Transcript.deepest, position < bytes.byteCount, transcript.countItem() else {
        return false
      }
      let start = position
      let type = bytes[position]
      position &+= 1
      switch type {
      case 0x00...0x7F: transcript.number(UInt64(type), at: start)
      case 0x80...0x8F: return map(Int(type & 15), &transcript, depth)
      case 0x90...0x9F: return array(Int(type & 15), &transcript, depth)
      case 0xA0...0xBF: return string(Int(type & 31), &transcript)
      case 0xC0, 0xC2, 0xC3: transcript.literal()
      case 0xC4, 0xD9: return length(1) { reader, count in reader.string(count, &transcript) }
      case 0xC5, 0xDA: return length(2) { reader, count in reader.string(count, &transcript) }
      case 0xC6, 0xDB: return length(4) { reader, count in reader.string(count, &transcript) }
      case 0xC7: return length(1) { reader, count in reader.skip(count &+ 1, &transcript) }
      case 0xC8: return length(2) { reader, count in reader.skip(count &+ 1, &transcript) }
      case 0xC9: return length(4) { reader, count in reader.skip(count &+ 1, &transcript) }
      case 0xD4...0xD8: return skip(1 &+ 1 << Int(type &- 0xD4), &transcript)
      case 0xDC: return length(2) { reader, count in reader.array(count, &transcript, depth) }
      case 0xDD: return length(4) { reader, count in reader.array(count, &transcript, depth) }
      case 0xDE: return length(2) { reader, count in reader.map(count, &transcript, depth) }
      case 0xDF: return length(4) { reader, count in reader.map(count, &transcript, depth) }
      case 0xE0...0xFF: transcript.number(Int64(Int8(bitPattern: type)), at: start)
      case 0xCA...0xD3: return number(type, &transcript)
      default: return false
      }
      return true
    }

    /// Reads an unsigned number of `width` bytes and goes on with it.
    private mutating func length(
      _ width: Int, _ body: (inout Reader, Int) -> Bool
    ) -> Bool {
      guard let count = unsigned(width), count <= UInt64(bytes.byteCount) else { return false }
      return body(&self, Int(count))
    }

    private mutating func unsigned(_ width: Int) -> UInt64? {
      guard bytes.byteCount &- position >= width else { return nil }
      var value: UInt64 = 0
      for _ in 0..<width {
        value = value << 8 | UInt64(bytes[position])
        position &+= 1
      }
      return value
    }

    private mutating func number(_ type: UInt8, _ transcript: inout Transcript) -> Bool {
      let start = position
      let width = type == 0xCA ? 4 : type == 0xCB ? 8 : 1 << Int(type & 3)
      guard let bits = unsigned(width) else { return false }
      switch type {
      case 0xCA:
        let number = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
        transcript.number(Double(number), digits: 7, at: start)
      case 0xCB: transcript.number(Double(bitPattern: bits), digits: 15, at: start)
      case 0xCC...0xCF: transcript.number(bits, at: start)
      default:
        let shift = UInt64(64 &- 8 &* width)
        transcript.number(Int64(bitPattern: bits << shift) >> Int64(shift), at: start)
      }
      return true
    }

    private mutating func string(_ count: Int, _ transcript: inout Transcript) -> Bool {
      guard bytes.byteCount &- position >= count else { return false }
      transcript.string(bytes.extracting(position..<(position &+ count)), at: position)
      position &+= count
      return true
    }

    private mutating func skip(_ count: Int, _ transcript: inout Transcript) -> Bool {
      guard bytes.byteCount &- position >= count else { return false }
      position &+= count
      transcript.literal()
      return true
    }

    private mutating func array(
      _ count: Int, _ transcript: inout Transcript, _ depth: Int
    ) -> Bool {
      transcript.open(isArray: true)
      for _ in 0..<count {
        guard value(&transcript, depth: depth &+ 1) else { return false }
      }
      transcript.close(isArray: true)
      return true
    }

    private mutating func map(_ count: Int, _ transcript: inout Transcript, _ depth: Int) -> Bool {
      transcript.open(isArray: false)
      for _ in 0..<count {
        guard name(&transcript), value(&transcript, depth: depth &+ 1) else { return false }
      }
      transcript.close(isArray: false)
      return true
    }

    /// A name is a string or a number.
    private mutating func name(_ transcript: inout Transcript) -> Bool {
      guard position < bytes.byteCount else { return false }
      let type = bytes[position]
      position &+= 1
      let count: Int
      switch type {
      case 0x00...0x7F:
        transcript.name(UInt64(type))
        return true
      case 0xA0...0xBF: count = Int(type & 31)
      case 0xD9:
        guard let length = unsigned(1) else { return false }
        count = Int(length)
      default: return false
      }
      guard bytes.byteCount &- position >= count else { return false }
      transcript.name(bytes.extracting(position..<(position &+ count)), at: position)
      position &+= count
      return true
    }
  }
}
