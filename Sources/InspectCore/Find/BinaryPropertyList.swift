/// Apple's binary property list (CoreFoundation, CFBinaryPList.c): objects that refer to each other,
/// and a trailer that says where they are.
///
///     "bplist00"  objects  table of offsets  trailer:
///     6 unused · size of an offset · size of a reference · 8 count · 8 top object · 8 table
enum BinaryPropertyList: TranscribedFormat {
  static var label: StaticString { "bplist" }
  private static let trailerBytes = 32

  static func transcribe(_ encoded: RawSpan, into transcript: inout Transcript) -> Bool {
    guard encoded.byteCount >= 8 &+ trailerBytes, let reader = Reader(encoded) else { return false }
    return reader.object(reader.top, &transcript, depth: 0)
  }

  private struct Reader: ~Escapable {
    let bytes: RawSpan
    private let offsetBytes: Int
    private let referenceBytes: Int
    private let count: Int
    private let table: Int
    let top: Int

    @_lifetime(copy bytes)
    init?(_ bytes: RawSpan) {
      self.bytes = bytes
      let trailer = bytes.byteCount &- trailerBytes
      offsetBytes = Int(bytes[trailer &+ 6])
      referenceBytes = Int(bytes[trailer &+ 7])
      let numbers = (
        count: bytes.load(trailer &+ 8, as: UInt64.self),
        top: bytes.load(trailer &+ 16, as: UInt64.self),
        table: bytes.load(trailer &+ 24, as: UInt64.self)
      )
      guard offsetBytes >= 1, offsetBytes <= 8, referenceBytes >= 1, referenceBytes <= 8,
        numbers.count <= UInt64(bytes.byteCount), numbers.top < numbers.count,
        numbers.table < UInt64(bytes.byteCount)
      else { return nil }
      count = Int(numbers.count)
      top = Int(numbers.top)
      table = Int(numbers.table)
      guard table &+ count &* offsetBytes <= trailer else { return nil }
    }

    /// The number of `width` bytes at `offset`; nil when it does not lie within.
    private func number(_ offset: Int, _ width: Int) -> Int? {
      guard offset >= 0, width <= 8, offset <= bytes.byteCount &- width else { return nil }
      var value: UInt64 = 0
      for index in 0..<width { value = value << 8 | UInt64(bytes[offset &+ index]) }
      return Int(exactly: value)
    }

    /// Where an object is, the length in its first byte or behind it, and where its content begins.
    private func head(_ reference: Int) -> (start: Int, type: UInt8, count: Int, content: Int)? {
      guard reference < count,
        let start = number(table &+ reference &* offsetBytes, offsetBytes), start < table
      else { return nil }
      let type = bytes[start]
      guard type & 15 == 15, type >> 4 >= 4 else {
        return (start, type >> 4, Int(type & 15), start &+ 1)
      }
      guard start &+ 1 < bytes.byteCount, bytes[start &+ 1] >> 4 == 1 else { return nil }
      let width = 1 << Int(bytes[start &+ 1] & 15)
      guard width <= 8, let length = number(start &+ 2, width), length <= bytes.byteCount else {
        return nil
      }
      return (start, type >> 4, length, start &+ 2 &+ width)
    }

    func object(_ reference: Int, _ transcript: inout Transcript, depth: Int) -> Bool {
      guard depth < Transcript.deepest, transcript.countItem(), let head = head(reference) else {
        return false
      }
      switch head.type {
      case 0, 3, 8: transcript.literal()
      case 1, 2:
        // A number of 16 bytes begins with eight of zeros.
        guard head.count <= 4 else { return false }
        let width = min(1 << head.count, 8)
        let start = head.content &+ (1 << head.count) &- width
        guard start <= bytes.byteCount &- width else { return false }
        var bits: UInt64 = 0
        for index in 0..<width { bits = bits << 8 | UInt64(bytes[start &+ index]) }
        write(bits, width, isReal: head.type == 2, at: start, &transcript)
      case 4, 5, 7:
        guard head.content <= bytes.byteCount &- head.count else { return false }
        let end = head.content &+ head.count
        transcript.string(bytes.extracting(head.content..<end), at: head.content)
      case 6:
        guard head.content <= bytes.byteCount &- 2 &* head.count else { return false }
        let end = head.content &+ 2 &* head.count
        transcript.utf16String(bytes.extracting(head.content..<end), at: head.content)
      case 10, 12: return array(head.count, head.content, &transcript, depth)
      case 13: return dictionary(head.count, head.content, &transcript, depth)
      default: return false
      }
      return true
    }

    private func write(
      _ bits: UInt64, _ width: Int, isReal: Bool, at start: Int, _ transcript: inout Transcript
    ) {
      switch (isReal, width) {
      case (false, 8): transcript.number(Int64(bitPattern: bits), at: start)
      case (false, _): transcript.number(bits, at: start)
      case (true, 4):
        let number = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
        transcript.number(Double(number), digits: 7, at: start)
      case (true, _): transcript.number(Double(bitPattern: bits), digits: 15, at: start)
      }
    }

    private func array(
      _ count: Int, _ content: Int, _ transcript: inout Transcript, _ depth: Int
    ) -> Bool {
      transcript.open(isArray: true)
      for index in 0..<count {
        guard let reference = number(content &+ index &* referenceBytes, referenceBytes),
          object(reference, &transcript, depth: depth &+ 1)
        else { return false }
      }
      transcript.close(isArray: true)
      return true
    }

    private func dictionary(
      _ count: Int, _ content: Int, _ transcript: inout Transcript, _ depth: Int
    ) -> Bool {
      transcript.open(isArray: false)
      for index in 0..<count {
        guard let key = number(content &+ index &* referenceBytes, referenceBytes),
          let name = head(key), name.type == 5,
          name.content <= bytes.byteCount &- name.count,
          let reference = number(
            content &+ (count &+ index) &* referenceBytes, referenceBytes)
        else { return false }
        let end = name.content &+ name.count
        transcript.name(bytes.extracting(name.content..<end), at: name.content)
        guard object(reference, &transcript, depth: depth &+ 1) else { return false }
      }
      transcript.close(isArray: false)
      return true
    }
  }
}
