/// A binary format that is written out as JSON and then looked at as JSON is.
///
/// So objects, names, neighbours and nested layers mean the same everywhere, and a format is nothing
/// but a walk over its own bytes.
protocol TranscribedFormat {
  /// What a path says of it: `msgpack:device.imei`.
  static var label: StaticString { get }

  /// Writes all of `encoded`; false when it is not the format after all.
  static func transcribe(_ encoded: RawSpan, into transcript: inout Transcript) -> Bool
}

/// JSON text, and where each value of it comes from.
struct Transcript: ~Copyable {
  /// Containers in each other.
  static var deepest: Int { 32 }
  private static let mostItems = 1 << 16

  var text: ByteBuffer
  /// Pairs of little-endian numbers of 32 bits: a place in `text`, and the one in the source that
  /// it is from; in ascending order.
  var map: ByteBuffer
  private var needsComma = false
  private var items = 0

  init(text: consuming ByteBuffer, map: consuming ByteBuffer) {
    self.text = text
    self.map = map
  }

  /// False when a message has more values than one may have: references can multiply them.
  mutating func countItem() -> Bool {
    items &+= 1
    return items <= Transcript.mostItems && !text.isFull
  }

  mutating func open(isArray: Bool) {
    comma()
    text.append(isArray ? 0x5B : 0x7B)
    needsComma = false
  }

  mutating func close(isArray: Bool) {
    text.append(isArray ? 0x5D : 0x7D)
    needsComma = true
  }

  mutating func name(_ name: RawSpan, at offset: Int) {
    comma()
    text.append(0x22)
    escaped(name, at: offset)
    text.append("\":")
    needsComma = false
  }

  mutating func name(_ number: UInt64) {
    comma()
    text.append(0x22)
    text.append(decimal: number)
    text.append("\":")
    needsComma = false
  }

  mutating func string(_ value: RawSpan, at offset: Int) {
    comma()
    text.append(0x22)
    escaped(value, at: offset)
    text.append(0x22)
    needsComma = true
  }

  /// A string in UTF-16, big-endian.
  mutating func utf16String(_ value: RawSpan, at offset: Int) {
    comma()
    text.append(0x22)
    mark(offset)
    var index = 0
    while index < value.byteCount {
      let (scalar, count) = UTF16.character(value, at: index, isLittle: false)
      if scalar == 0x22 || scalar == 0x5C { text.append(0x5C) }
      text.append(scalar: scalar)
      index &+= count
    }
    text.append(0x22)
    needsComma = true
  }

  mutating func number(_ value: UInt64, isNegative: Bool = false, at offset: Int) {
    comma()
    mark(offset)
    if isNegative { text.append(0x2D) }
    text.append(decimal: value)
    needsComma = true
  }

  mutating func number(_ value: Int64, at offset: Int) {
    number(value.magnitude, isNegative: value < 0, at: offset)
  }

  /// With seven decimals where it is small enough to be a coordinate; `digits` are those that its
  /// type has.
  mutating func number(_ value: Double, digits: Int, at offset: Int) {
    guard value.isFinite, value.magnitude < 1e15 else { return literal() }
    comma()
    mark(offset)
    if value < 0 { text.append(0x2D) }
    let magnitude = value.magnitude
    var whole = UInt64(magnitude)
    let decimals = magnitude >= 1000 ? 0 : magnitude >= 100 ? digits &- 3 : digits &- 2
    var unit: UInt64 = 1
    for _ in 0..<max(min(decimals, 7), 0) { unit &*= 10 }
    var fraction = UInt64((magnitude - Double(whole)) * Double(unit) + 0.5)
    if fraction >= unit {
      whole &+= 1
      fraction = 0
    }
    text.append(decimal: whole)
    if fraction > 0 {
      while fraction % 10 == 0 {
        fraction /= 10
        unit /= 10
      }
      text.append(0x2E)
      while unit > 1 {
        unit /= 10
        text.append(UInt8(truncatingIfNeeded: 0x30 &+ fraction / unit % 10))
      }
    }
    needsComma = true
  }

  mutating func literal() {
    comma()
    text.append("null")
    needsComma = true
  }

  private mutating func comma() { if needsComma { text.append(0x2C) } }

  private mutating func mark(_ offset: Int) {
    append32(text.count)
    append32(offset)
  }

  private mutating func append32(_ value: Int) {
    var rest = UInt32(truncatingIfNeeded: value)
    for _ in 0..<4 {
      map.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// Marks each run without escapes, so that every byte of it has its own place.
  private mutating func escaped(_ value: RawSpan, at offset: Int) {
    var start = 0
    while start < value.byteCount {
      let end = ByteScan.firstOffset(of: 0x22, or: 0x5C, in: value, from: start) ?? value.byteCount
      mark(offset &+ start)
      text.append(value.extracting(start..<end))
      guard end < value.byteCount else { return }
      text.append(0x5C)
      mark(offset &+ end)
      text.append(value[end])
      start = end &+ 1
    }
  }

  /// Where the byte at `place` of the text is from.
  static func source(of place: Int, in map: RawSpan) -> Int {
    var low = 0
    var high = map.byteCount / 8
    while low < high {
      let middle = (low &+ high) / 2
      if Int(map.loadLittleEndian(8 &* middle, as: UInt32.self)) <= place {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    guard low > 0 else { return 0 }
    let start = Int(map.loadLittleEndian(8 &* (low &- 1), as: UInt32.self))
    return Int(map.loadLittleEndian(8 &* (low &- 1) &+ 4, as: UInt32.self)) &+ place &- start
  }
}

extension Finder {
  /// Looks at a layer of a binary format; false when it is none, and nothing was looked at.
  mutating func walk<Format: TranscribedFormat>(
    _ format: Format.Type, _ encoded: RawSpan, at start: Int, key: RawSpan, depth: Int
  ) -> Bool {
    let budget = limits.decodedBytes &- facts.decodedBytes
    guard encoded.byteCount <= budget else {
      facts.limits.insert(.decodedBytes)
      return false
    }
    guard let text = takeBuffer() else { return false }
    guard let map = takeBuffer() else {
      giveBack(text)
      return false
    }
    var transcript = Transcript(text: text, map: map)
    let isFormat = Format.transcribe(encoded, into: &transcript)
    if isFormat {
      facts.decodedBytes &+= transcript.text.count
      if transcript.text.isFull || transcript.map.isFull { facts.limits.insert(.decodedBytes) }
      read(transcript, Format.label, of: encoded, at: start, key: key, depth: depth)
    }
    giveBack(transcript)
    return isFormat
  }

  private mutating func read(
    _ transcript: borrowing Transcript, _ label: StaticString, of encoded: RawSpan, at start: Int,
    key: RawSpan, depth: Int
  ) {
    let first = (records: records.count, pending: pending.count)
    // Numbers are text only here.
    let watched = watch(transcript.text.bytes)
    walkJSON(transcript.text.bytes, at: 0, key: key, depth: depth, label: label)
    endWatch(watched, transcript.text.bytes)
    let map = transcript.map.bytes
    let last = max(encoded.byteCount &- 1, 0)
    for index in first.records..<records.count {
      let source = Transcript.source(of: records[index].offset, in: map)
      records[index].offset = start &+ min(source, last)
    }
    for index in first.pending..<pending.count {
      let source = Transcript.source(of: pending[index].offset, in: map)
      pending[index].offset = start &+ min(source, last)
    }
  }

  private mutating func giveBack(_ transcript: consuming Transcript) {
    let transcript = transcript
    giveBack(transcript.map)
    giveBack(transcript.text)
  }
}
