/// A Protocol Buffers message (protobuf.dev, "Encoding"), read without its description: fields have
/// numbers for names.
///
///     tag = field number << 3 | wire type, a varint
///     0 varint   1 eight bytes   2 length and bytes   5 four bytes
///
/// Nearly any bytes are a message of some kind. One is believed when all of it is fields, and a text
/// is among them.
enum ProtobufMessage: TranscribedFormat {
  static var label: StaticString { "protobuf" }
  private static let deepest = 8
  private static let largestField: UInt64 = 1 << 16
  private static let leastText = 4

  private struct Field {
    var number: UInt64
    var wireType: UInt8
    /// Of the value, behind the length.
    var value: Range<Int>
    /// Of a varint.
    var varint: UInt64
  }

  /// Whether the first bytes are a field that lies within `total` bytes.
  static func mayBegin(_ prefix: RawSpan, total: Int) -> Bool {
    guard let tag = varint(prefix, at: 0), tag.value >> 3 >= 1, tag.value >> 3 <= 1024 else {
      return false
    }
    switch tag.value & 7 {
    case 0: return varint(prefix, at: tag.end) != nil
    case 1: return total >= tag.end &+ 8
    case 5: return total >= tag.end &+ 4
    case 2:
      guard let length = varint(prefix, at: tag.end) else { return false }
      return length.value <= UInt64(max(total &- length.end, 0))
    default: return false
    }
  }

  static func transcribe(_ encoded: RawSpan, into transcript: inout Transcript) -> Bool {
    var texts = 0
    guard isMessage(encoded, depth: 0, &texts), texts > 0 else { return false }
    write(encoded, at: 0, depth: 0, into: &transcript)
    return true
  }

  private static func varint(_ bytes: RawSpan, at start: Int) -> (value: UInt64, end: Int)? {
    var value: UInt64 = 0
    var index = start
    while index < bytes.byteCount, index &- start < 10 {
      value |= UInt64(bytes[index] & 0x7F) << UInt64(7 &* (index &- start))
      index &+= 1
      if bytes[index &- 1] < 0x80 { return (value, index) }
    }
    return nil
  }

  private static func field(_ bytes: RawSpan, at start: Int) -> Field? {
    guard let tag = varint(bytes, at: start), tag.value >> 3 >= 1,
      tag.value >> 3 <= largestField
    else { return nil }
    var field = Field(
      number: tag.value >> 3, wireType: UInt8(tag.value & 7), value: tag.end..<tag.end, varint: 0)
    switch field.wireType {
    case 0:
      guard let value = varint(bytes, at: tag.end) else { return nil }
      field.varint = value.value
      field.value = tag.end..<value.end
    case 1: field.value = tag.end..<(tag.end &+ 8)
    case 5: field.value = tag.end..<(tag.end &+ 4)
    case 2:
      guard let length = varint(bytes, at: tag.end), length.value <= UInt64(bytes.byteCount) else {
        return nil
      }
      field.value = length.end..<(length.end &+ Int(length.value))
    default: return nil
    }
    return field.value.upperBound <= bytes.byteCount ? field : nil
  }

  private static func isMessage(_ bytes: RawSpan, depth: Int, _ texts: inout Int) -> Bool {
    guard bytes.byteCount >= 2, depth < deepest else { return false }
    var position = 0
    while position < bytes.byteCount {
      guard let field = field(bytes, at: position) else { return false }
      position = field.value.upperBound
      guard field.wireType == 2 else { continue }
      let value = bytes.extracting(field.value)
      if isText(value) {
        if value.byteCount >= leastText { texts &+= 1 }
      } else {
        var inner = 0
        if isMessage(value, depth: depth &+ 1, &inner) { texts &+= inner }
      }
    }
    return true
  }

  private static func isText(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return true }
    if ByteScan.isPrintable(bytes) { return true }
    var judge = TextJudge()
    for index in bytes.byteOffsets where !judge.accept(bytes[index]) { return false }
    // A string of a line feed and what its length happens to be is a message.
    return bytes[0] != 0x0A
  }

  private static func write(
    _ bytes: RawSpan, at start: Int, depth: Int, into transcript: inout Transcript
  ) {
    transcript.open(isArray: false)
    var position = 0
    // The map whose entries are being written; 0 for none.
    var map: UInt64 = 0
    while position < bytes.byteCount, let field = field(bytes, at: position),
      transcript.countItem()
    {
      position = field.value.upperBound
      let value = bytes.extracting(field.value)
      let entry = field.wireType == 2 && depth &+ 1 < deepest ? entry(value) : nil
      if map != 0, entry == nil || map != field.number {
        transcript.close(isArray: false)
        map = 0
      }
      guard let entry else {
        transcript.name(field.number)
        write(field, of: bytes, at: start, depth: depth, into: &transcript)
        continue
      }
      if map == 0 {
        transcript.name(field.number)
        transcript.open(isArray: false)
        map = field.number
      }
      let offset = start &+ field.value.lowerBound
      transcript.name(value.extracting(entry.name), at: offset &+ entry.name.lowerBound)
      write(entry.value, of: value, at: offset, depth: depth &+ 1, into: &transcript)
    }
    if map != 0 { transcript.close(isArray: false) }
    transcript.close(isArray: false)
  }

  private static func write(
    _ field: Field, of bytes: RawSpan, at start: Int, depth: Int,
    into transcript: inout Transcript
  ) {
    let offset = start &+ field.value.lowerBound
    let value = bytes.extracting(field.value)
    switch field.wireType {
    case 0: transcript.number(field.varint, at: offset)
    case 1:
      let bits = value.loadLittleEndian(0, as: UInt64.self)
      let number = Double(bitPattern: bits)
      // Small integers are tiny as a number with a point, and large ones are none of a coordinate.
      if number.magnitude >= 1e-6, number.magnitude <= 1e6 {
        transcript.number(number, digits: 15, at: offset)
      } else {
        transcript.number(bits, at: offset)
      }
    case 5:
      let bits = value.loadLittleEndian(0, as: UInt32.self)
      let number = Float(bitPattern: bits)
      if number.magnitude >= 1e-4, number.magnitude <= 1e6 {
        transcript.number(Double(number), digits: 7, at: offset)
      } else {
        transcript.number(UInt64(bits), at: offset)
      }
    default:
      var texts = 0
      if isText(value) || !isMessage(value, depth: depth &+ 1, &texts) {
        transcript.string(value, at: offset)
      } else {
        write(value, at: offset, depth: depth &+ 1, into: &transcript)
      }
    }
  }

  /// An entry of a map: a message of a key, which is a name, and a value.
  private static func entry(_ bytes: RawSpan) -> (name: Range<Int>, value: Field)? {
    guard !isText(bytes), let key = field(bytes, at: 0), key.number == 1, key.wireType == 2,
      key.value.count >= 2, key.value.count <= 64,
      let value = field(bytes, at: key.value.upperBound), value.number == 2,
      value.value.upperBound == bytes.byteCount
    else { return nil }
    for index in key.value {
      let byte = bytes[index]
      guard byte.isAlphanumeric || byte == 0x5F || byte == 0x2D || byte == 0x2E else { return nil }
    }
    return (key.value, value)
  }
}
