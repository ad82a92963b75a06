/// Finds personal data in a message, through every layer that it hides in, and says where it was.
///
/// It *decodes outward*: a value that looks like a layer (JSON, a form, base64, ...) is opened and
/// what is inside is looked at in the same way; what opens no further is a leaf, and detectors look
/// at it with its name. Plain leaves are views into the message; only layers that decode use
/// memory, which is kept for the next message. Findings are noted while the message is read and
/// given to the sink at its end: then their offsets have been traced back through all layers.
public struct Finder: ~Copyable {
  public let limits: FinderLimits
  public internal(set) var counters = FinderCounters()

  let keyNames = KeyNames()
  /// The layers around what is read now.
  var path: ByteBuffer
  /// The bytes of the findings of this message.
  private var notes: ByteBuffer
  var records: [FindingRecord] = []
  private var lowRecords = 0
  /// What layers decode into. A buffer in use is with the function that reads it; the rest, of
  /// which the place is the depth, is here.
  private var buffers: Slab<ByteBuffer>
  private var buffersInUse = 0
  var facts = MessageFacts()
  /// How many of the layers around are base64.
  var base64Depth = 0
  /// Who looks for watched values; nil without a list.
  var watcher: Watcher?
  let watchIndex: WatchIndex?
  /// What the search for watched values has done.
  public internal(set) var watchCounters = WatchCounters()
  /// Whether a watched value is somewhere in the layer that is read.
  var isWatchHot = false
  /// Whether the lists have values that only a whole leaf can be.
  let watchesAllLeaves: Bool

  public init(limits: FinderLimits = FinderLimits(), watching index: WatchIndex? = nil) {
    self.limits = limits
    watchIndex = index
    watcher = index.map { Watcher($0) }
    watchesAllLeaves = index.map { !$0.leaves.isEmpty || !$0.codes.isEmpty } ?? false
    path = ByteBuffer(limit: max(limits.pathBytes, 0))
    // A finding's path, name, value and normalised value.
    let bytesOfFinding = 2 &* (max(limits.pathBytes, 0) &+ max(limits.valueBytes, 0))
    notes = ByteBuffer(limit: max(limits.findings, 0) &* bytesOfFinding)
    records.reserveCapacity(max(limits.findings, 0))
    // In each layer: what it decodes to, a string of it without escapes, and a name.
    let capacity = 3 &* (max(limits.depth, 0) &+ 1)
    buffers = Slab(capacity: capacity)
    for _ in 0..<capacity { _ = buffers.insert(ByteBuffer(limit: max(limits.decodedBytes, 0))) }
  }

  /// Inspects a part of a message and gives what it finds to `sink`. Takes time that is linear in
  /// `bytes`; what is beyond a limit is not seen, and counted.
  ///
  /// - Parameters:
  ///   - bytes: the part, reassembled, without transfer and content codings.
  ///   - key: the name that stands beside it, for example of the header field; may be empty.
  public mutating func inspect<Sink: FindingSink & ~Copyable>(
    _ bytes: RawSpan, part: MessagePart, key: RawSpan, into sink: inout Sink
  ) -> MessageFacts {
    facts = MessageFacts()
    path.removeAll()
    notes.removeAll()
    records.removeAll(keepingCapacity: true)
    lowRecords = 0
    watcher?.begin()
    let watched = watch(bytes)
    switch part {
    case .httpURL: walkURL(bytes, at: 0, depth: 0)
    case .httpRequestCookie: walkForm(bytes, at: 0, label: "cookie", depth: 1)
    default: visit(bytes, at: 0, key: key, depth: 0)
    }
    endWatch(watched, bytes)
    facts.findings = records.count
    for record in records { sink.found(Finding(record, part: part, in: notes.bytes)) }
    counters.count(facts, bytes: bytes.byteCount)
    return facts
  }

  // MARK: Layers

  /// Looks at a value that begins at `start` of the layer around it, `depth` layers deep.
  mutating func visit(_ raw: RawSpan, at start: Int, key: RawSpan, depth: Int) {
    let (blank, end) = raw.trimmed
    guard blank < end, countNode() else { return }
    let value = raw.extracting(blank..<end)
    let start = start &+ blank
    facts.layers = max(facts.layers, depth)
    let encoding = Encoding(of: value)
    guard encoding == .plain || depth < limits.depth else {
      facts.limits.insert(.depth)
      return leaf(value, at: start, key: key)
    }
    let inner = depth &+ 1
    switch encoding {
    case .plain: leaf(value, at: start, key: key)
    case .json: walkJSON(value, at: start, key: key, depth: inner)
    case .url: walkURL(value, at: start, depth: depth)
    case .form: walkForm(value, at: start, label: "form", depth: inner)
    case .base64:
      base64Depth &+= 1
      descend(Base64.self, value, at: start, key: key, depth: inner)
      base64Depth &-= 1
    case .percent: descend(PercentEncoding.self, value, at: start, key: key, depth: inner)
    case .hexadecimal: descend(Hexadecimal.self, value, at: start, key: key, depth: inner)
    }
  }

  /// Decodes a layer, looks at what is inside, and traces what was found back to `encoded`.
  mutating func descend<Coding: ByteCoding>(
    _ coding: Coding.Type, _ encoded: RawSpan, at start: Int, key: RawSpan, depth: Int
  ) {
    let budget = min(encoded.byteCount, limits.decodedBytes &- facts.decodedBytes)
    if budget < encoded.byteCount { facts.limits.insert(.decodedBytes) }
    guard budget > 0, var buffer = takeBuffer() else {
      return leaf(encoded, at: start, key: key)
    }
    let consumed = Coding.decode(encoded.extracting(first: budget), into: &buffer)
    if consumed == 0 {
      leaf(encoded, at: start, key: key)
    } else {
      facts.decodedBytes &+= buffer.count
      let outside = (path: path.count, records: records.count)
      appendToPath(Coding.label)
      let watched = watch(buffer.bytes)
      visit(buffer.bytes, at: 0, key: key, depth: depth)
      endWatch(watched, buffer.bytes)
      path.truncate(to: outside.path)
      trace(coding, from: outside.records, in: encoded, at: start)
      let rest = encoded.extracting(consumed..<budget)
      scanText(rest, at: start &+ consumed, meaning: .none)
    }
    giveBack(buffer)
  }

  private mutating func trace<Coding: ByteCoding>(
    _ coding: Coding.Type, from first: Int, in encoded: RawSpan, at start: Int
  ) {
    var cursor = CodingCursor()
    var last = 0
    for index in first..<records.count {
      let offset = records[index].offset
      if offset < last { cursor = CodingCursor() }
      last = offset
      Coding.seek(&cursor, to: offset, in: encoded)
      records[index].offset = start &+ cursor.encoded
    }
  }

  /// False when the message has had its share.
  mutating func countNode() -> Bool {
    guard facts.nodes < limits.nodes else {
      facts.limits.insert(.nodes)
      return false
    }
    facts.nodes &+= 1
    return true
  }

  mutating func takeBuffer() -> ByteBuffer? {
    guard buffersInUse < buffers.capacity else {
      facts.limits.insert(.depth)
      return nil
    }
    let buffer = buffers.remove(UInt32(buffersInUse))
    buffersInUse &+= 1
    return buffer
  }

  mutating func giveBack(_ buffer: consuming ByteBuffer) {
    var buffer = buffer
    // A slab gives its last place out first: each buffer returns to where it was.
    buffer.shrink(to: limits.keptBytes)
    _ = buffers.insert(buffer)
    buffersInUse &-= 1
  }

  // MARK: Leaves

  /// Shows a value that opens no further to the detectors.
  mutating func leaf(_ value: RawSpan, at start: Int, key: RawSpan) {
    if facts.phoneTime == nil { facts.phoneTime = PhoneTime(value, key: key) }
    let meaning = keyNames.meaning(of: key, searchesEnd: value.byteCount >= Finder.shortest)
    if watchesLeaves, let hit = watched(value, at: start, key: key, meaning) {
      let known = value.byteCount <= 254 ? detect(Leaf(value, meaning: meaning)) : nil
      guard let detection = watchedDetection(hit, instead: known) else { return }
      note(detection, value, at: start, key: key)
    } else if value.byteCount <= 254, let detection = detect(Leaf(value, meaning: meaning)) {
      note(detection, value, at: start, key: key)
    } else {
      scanText(value, at: start, meaning: meaning)
    }
  }

  /// Shorter values are looked at only for a name that is wholly known.
  static var shortest: Int { 12 }

  func detect(_ leaf: borrowing Leaf) -> Detection? {
    TelephonyDetector.detect(leaf) ?? DeviceDetector.detect(leaf) ?? LocationDetector.detect(leaf)
      ?? PersonDetector.detect(leaf)
  }

  /// Notes a finding. `second` is the other half of a pair; `suffix` is a last element of its path.
  mutating func note(
    _ detection: Detection, _ value: RawSpan, and second: RawSpan = RawSpan(), at start: Int,
    key: RawSpan, suffix: StaticString = ""
  ) {
    let isLow = detection.confidence == .low
    guard records.count < limits.findings, !isLow || lowRecords < limits.findings / 4 else {
      facts.limits.insert(.findings)
      return
    }
    if isLow { lowRecords &+= 1 }
    let outside = path.count
    if suffix.utf8CodeUnitCount > 0 { appendToPath(suffix) }
    let pathStart = notes.count
    Finder.copy(path, to: &notes)
    path.truncate(to: outside)
    let keyStart = notes.count
    notes.append(key.extracting(first: min(key.byteCount, limits.pathBytes)))
    let valueStart = notes.count
    appendValue(value, and: second, as: .verbatim)
    let normalizedStart = notes.count
    if !Finder.appendCanonical(of: detection.watched, watchIndex, to: &notes) {
      appendValue(value, and: second, as: detection.normalization)
    }
    records.append(
      FindingRecord(
        detection: detection, offset: start, path: pathStart..<keyStart,
        key: keyStart..<valueStart, value: valueStart..<normalizedStart,
        normalized: normalizedStart..<notes.count))
  }

  private static func copy(_ source: borrowing ByteBuffer, to notes: inout ByteBuffer) {
    notes.append(source.bytes)
  }

  private mutating func appendValue(
    _ value: RawSpan, and second: RawSpan, as normalization: Detection.Normalization
  ) {
    let end = notes.count &+ limits.valueBytes
    appendNormalized(value, as: normalization)
    if second.byteCount > 0 {
      notes.append(0x2C)
      appendNormalized(second, as: normalization)
    }
    notes.truncate(to: end)
  }

  private mutating func appendNormalized(
    _ value: RawSpan, as normalization: Detection.Normalization
  ) {
    let value = value.extracting(first: min(value.byteCount, limits.valueBytes))
    for index in value.byteOffsets {
      let byte = value[index]
      switch normalization {
      case .verbatim: notes.append(byte)
      case .digits: if byte.isASCIIDigit { notes.append(byte) }
      case .hexadecimal: if byte.hexDigitValue != nil { notes.append(byte.lowercasedASCII) }
      case .lowercase: notes.append(byte.lowercasedASCII)
      }
    }
  }

  // MARK: Path

  /// Begins an element of the path; nothing for a label that is empty.
  mutating func appendToPath(_ label: StaticString) {
    guard label.utf8CodeUnitCount > 0 else { return }
    if !path.isEmpty { path.append(" > ") }
    path.append(label)
    if path.isFull { facts.limits.insert(.path) }
  }

  /// Adds a sender's text to the path: control characters and what is not UTF-8 become `?`.
  mutating func appendToPath(_ name: RawSpan) {
    var index = 0
    while index < name.byteCount {
      let count = name.characterCount(at: index)
      if count == 0 {
        path.append(0x3F)
      } else if path.append(name.extracting(index..<(index &+ count))) < count {
        break
      }
      index &+= max(count, 1)
    }
    if path.isFull { facts.limits.insert(.path) }
  }

  mutating func appendToPath(_ number: UInt32) {
    var divisor: UInt32 = 1
    while number / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      path.append(UInt8(truncatingIfNeeded: 0x30 &+ number / divisor % 10))
      divisor /= 10
    }
  }
}

/// What a value looks like from its first bytes.
enum Encoding: Equatable {
  case plain, json, url, base64, form, percent, hexadecimal

  init(of value: RawSpan) {
    let count = value.byteCount
    if count < 8 {
      self = .plain
    } else if JSONReader.begins(value) || value[0] == 0x22 && value[count &- 1] == 0x22 {
      self = .json
    } else if value.hasPrefixIgnoringCase("http://") || value.hasPrefixIgnoringCase("https://") {
      self = .url
    } else if Hexadecimal.isPlausible(value) {
      // Before base64, of which hexadecimal digits are symbols.
      self = .hexadecimal
    } else if Base64.isPlausible(value) {
      self = .base64
    } else if Form.begins(value, at: 0) {
      self = .form
    } else if PercentEncoding.isPlausible(value) {
      self = .percent
    } else {
      self = .plain
    }
  }
}

extension RawSpan {
  /// How many bytes the printable UTF-8 character at `index` has; 0 when there is none.
  func characterCount(at index: Int) -> Int {
    var judge = TextJudge()
    guard self[index] >= 0x20 else { return 0 }
    let lead = self[index]
    let count = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard index &+ count <= byteCount else { return 0 }
    for offset in 0..<count where !judge.accept(self[index &+ offset]) { return 0 }
    return count
  }
}
