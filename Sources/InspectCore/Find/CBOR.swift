/// CBOR (RFC 8949 §3): three bits of a type and five of a length or value.
///
///     0 unsigned   1 negative   2 bytes   3 text   4 array   5 map   6 tag   7 float, simple, break
enum CBOR: TranscribedFormat {
  static var label: StaticString { "cbor" }
  private static let breakCode: UInt8 = 0xFF

  /// Whether the first bytes are a map with a text for its first name, an array of maps, or the tag
  /// that says that it is CBOR (§3.4.6).
  static func mayBegin(_ prefix: RawSpan) -> Bool {
    if prefix[0] == 0xD9, prefix[1] == 0xD9, prefix[2] == 0xF7 { return true }
    switch prefix[0] {
    case 0xA1...0xB7, 0xBF: return beginsText(prefix, at: 1)
    case 0xB8: return beginsText(prefix, at: 2)
    case 0xB9: return beginsText(prefix, at: 3)
    case 0x81...0x97, 0x9F: return prefix[1] >> 5 == 5 || beginsText(prefix, at: 1)
    default: return false
    }
  }

  private static func beginsText(_ bytes: RawSpan, at index: Int) -> Bool {
    guard index &+ 2 < bytes.byteCount else { return false }
    switch bytes[index] {
    case 0x61...0x77: return bytes[index &+ 1] &- 0x20 < 0x5F
    case 0x78: return bytes[index &+ 2] &- 0x20 < 0x5F
    default: return false
    }
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

    /// Type, argument, and whether the length is open until a break.
    private mutating func head() -> (type: UInt8, argument: UInt64, isOpen: Bool)? {
      guard position < bytes.byteCount else { return nil }
      let initial = bytes[position]
      position &+= 1
      let low = initial & 31
      if low < 24 { return (initial >> 5, UInt64(low), false) }
      if low == 31 { return (initial >> 5, 0, true) }
      guard low < 28 else { return nil }
      let width = 1 << Int(low &- 24)
      guard bytes.byteCount &- position >= width else { return nil }
      var value: UInt64 = 0
      for _ in 0..<width {
        value = value << 8 | UInt64(bytes[position])
        position &+= 1
      }
      return (initial >> 5, value, false)
    }

    mutating func value(_ transcript: inout Transcript, depth: Int) -> Bool {
      guard depth < Transcript.deepest, transcript.countItem() else { return false }
      let start = position
      guard let head = head() else { return false }
      switch head.type {
      case 0: transcript.number(head.argument, at: start)
      case 1:
        guard head.argument < UInt64.max else { return false }
        transcript.number(head.argument &+ 1, isNegative: true, at: start)
      case 2, 3:
        if head.isOpen { return chunks(head.type, &transcript) }
        return string(head.argument, &transcript)
      case 4: return container(head, &transcript, depth, isArray: true)
      case 5: return container(head, &transcript, depth, isArray: false)
      case 6: return value(&transcript, depth: depth &+ 1)
      default: return simple(bytes[start], head.argument, &transcript, at: start)
      }
      return true
    }

    private mutating func string(_ count: UInt64, _ transcript: inout Transcript) -> Bool {
      guard count <= UInt64(bytes.byteCount &- position) else { return false }
      let end = position &+ Int(count)
      transcript.string(bytes.extracting(position..<end), at: position)
      position = end
      return true
    }

    /// A string in pieces is written as an array of them.
    private mutating func chunks(_ type: UInt8, _ transcript: inout Transcript) -> Bool {
      transcript.open(isArray: true)
      while position < bytes.byteCount, bytes[position] != CBOR.breakCode {
        guard let head = head(), head.type == type, !head.isOpen, transcript.countItem(),
          string(head.argument, &transcript)
        else { return false }
      }
      position &+= 1
      transcript.close(isArray: true)
      return position <= bytes.byteCount
    }

    private mutating func container(
      _ head: (type: UInt8, argument: UInt64, isOpen: Bool), _ transcript: inout Transcript,
      _ depth: Int, isArray: Bool
    ) -> Bool {
      guard head.argument <= UInt64(bytes.byteCount) else { return false }
      transcript.open(isArray: isArray)
      var count: UInt64 = 0
      while head.isOpen || count < head.argument {
        if head.isOpen, position < bytes.byteCount, bytes[position] == CBOR.breakCode {
          position &+= 1
          break
        }
        guard isArray || name(&transcript), value(&transcript, depth: depth &+ 1) else {
          return false
        }
        count &+= 1
      }
      transcript.close(isArray: isArray)
      return true
    }

    /// A name is a text, bytes, or a number.
    private mutating func name(_ transcript: inout Transcript) -> Bool {
      guard let head = head(), !head.isOpen else { return false }
      switch head.type {
      case 0, 1:
        transcript.name(head.argument)
        return true
      case 2, 3:
        guard head.argument <= UInt64(bytes.byteCount &- position) else { return false }
        let end = position &+ Int(head.argument)
        transcript.name(bytes.extracting(position..<end), at: position)
        position = end
        return true
      default: return false
      }
    }

    private func simple(
      _ initial: UInt8, _ argument: UInt64, _ transcript: inout Transcript, at start: Int
    ) -> Bool {
      switch initial & 31 {
      case 25: transcript.number(half(argument), digits: 4, at: start)
      case 26:
        let number = Float(bitPattern: UInt32(truncatingIfNeeded: argument))
        transcript.number(Double(number), digits: 7, at: start)
      case 27: transcript.number(Double(bitPattern: argument), digits: 15, at: start)
      case 31: return false
      default: transcript.literal()
      }
      return true
    }

    /// A number of 16 bits (IEEE 754 binary16).
    private func half(_ bits: UInt64) -> Double {
      let exponent = Int(bits >> 10 & 31)
      let mantissa = Double(bits & 0x3FF)
      var value: Double = exponent == 0 ? mantissa / 1024 / 16384 : 1 + mantissa / 1024
      var power = exponent &- 15
      if exponent == 31 { return .infinity }
      if exponent > 0 {
        while power > 0 {
          value *= 2
          power &-= 1
        }
        while power < 0 {
          value /= 2
          power &+= 1
        }
      }
      return bits >> 15 & 1 == 1 ? -value : value
    }
  }
}
