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
  private var nameMemo = NameMemo()
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
  /// Whether a mail is around what is read now.
  var isInMail = false
  /// Who looks for watched values; nil without a list.
  var watcher: Watcher?
  let watchIndex: WatchIndex?
  /// What the search for watched values has done.
  public internal(set) var watchCounters = WatchCounters()
  /// Whether a watched value is somewhere in the layer that is read.
  var isWatchHot = false
  /// Whether the lists have values that only a whole leaf can be.
  let watchesAllLeaves: Bool
  /// Compressed layers that wait, and their bytes.
  var pending: [CompressedLayer] = []
  var compressed: ByteBuffer
  var guesses = 0
  /// How many of `records` are candidates.
  private var candidates = 0
  /// Fields of heads that had nothing.
  private var silent = SilentFields()
  /// The last leaf whose name says that another belongs to it, as it was decoded.
  var half = ShortText()

  public init(limits: FinderLimits = FinderLimits(), watching index: WatchIndex? = nil) {
    self.limits = limits
    watchIndex = index
    watcher = index.map { Watcher($0) }
    watchesAllLeaves = index.map { !$0.leaves.isEmpty || !$0.codes.isEmpty } ?? false
    path = ByteBuffer(limit: max(limits.pathBytes, 0))
    // A finding's path, name, value and normalised value.
    let bytesOfFinding = 2 &* (max(limits.pathBytes, 0) &+ max(limits.valueBytes, 0))
    let notices =
      max(limits.findings, 0) &+ max(limits.compressedLayers, 0) &+ max(limits.candidates, 0)
    notes = ByteBuffer(limit: notices &* bytesOfFinding)
    records.reserveCapacity(max(limits.findings, 0) &+ max(limits.candidates, 0))
    pending.reserveCapacity(max(limits.compressedLayers, 0))
    compressed = ByteBuffer(limit: max(limits.decodedBytes, 0))
    // In each layer: what it decodes to, where it came from, a string of it without escapes, a name.
    let capacity = 4 &* (max(limits.depth, 0) &+ 1)
    buffers = Slab(capacity: capacity)
    for _ in 0..<capacity { _ = buffers.insert(ByteBuffer(limit: max(limits.decodedBytes, 0))) }
  }

  /// Inspects a part of a message and gives what it finds to `sink`. Takes time that is linear in
  /// `bytes`; what is beyond a limit is not seen, and counted.
  ///
  /// - Parameters:
  ///   - bytes: the part, reassembled, without transfer and content codings.
  ///   - key: the name that stands beside it, for example of the header field; may be empty.
  ///   - decoder: undoes the compressed layers inside.
  public mutating func inspect<Sink: FindingSink & ~Copyable, Decoder: ContentDecoder & ~Copyable>(
    _ bytes: RawSpan, part: MessagePart, key: RawSpan, decoder: inout Decoder,
    into sink: inout Sink
  ) -> MessageFacts {
    inspect(bytes, part: part, key: key, awaited: .none, decoder: &decoder, into: &sink)
  }

  /// The same of a message whose first line may be a response of a log-in, or of a piece that begins
  /// at `base` of its part.
  mutating func inspect<Sink: FindingSink & ~Copyable, Decoder: ContentDecoder & ~Copyable>(
    _ bytes: RawSpan, part: MessagePart, key: RawSpan, awaited: SASLResponse, from base: Int = 0,
    decoder: inout Decoder, into sink: inout Sink
  ) -> MessageFacts {
    let isField = part == .httpRequestHeader || part == .httpRequestCookie
    if isField, let work = silent.work(key, bytes) {
      facts = work.facts
      watchCounters.hmacs &+= work.hmacs
      counters.count(facts, bytes: bytes.byteCount)
      return facts
    }
    let before = watchCounters
    read(bytes, part: part, key: key, awaited: awaited)
    openCompressedLayers(with: &decoder)
    give(to: &sink, part: part, from: base, byteCount: bytes.byteCount)
    if isField, records.isEmpty, facts.saysNothing,
      watchCounters.hmacLimits == before.hmacLimits
    {
      let hmacs = watchCounters.hmacs &- before.hmacs
      silent.insert(key, bytes, SilentFields.Work(facts: facts, hmacs: hmacs))
    }
    return facts
  }

  /// The same without anybody who undoes compressed layers: they are counted.
  public mutating func inspect<Sink: FindingSink & ~Copyable>(
    _ bytes: RawSpan, part: MessagePart, key: RawSpan, into sink: inout Sink
  ) -> MessageFacts {
    read(bytes, part: part, key: key, awaited: .none)
    facts.undecodedLayers = pending.count
    give(to: &sink, part: part, from: 0, byteCount: bytes.byteCount)
    return facts
  }

  private mutating func read(
    _ bytes: RawSpan, part: MessagePart, key: RawSpan, awaited: SASLResponse
  ) {
    facts = MessageFacts()
    path.removeAll()
    notes.removeAll()
    records.clear()
    pending.clear()
    candidates = 0
    compressed.shrink(to: limits.keptBytes)
    lowRecords = 0
    guesses = 0
    half = ShortText()
    watcher?.begin()
    let watched = watch(part: bytes, part)
    switch part {
    case .httpURL, .coapURI: walkURL(bytes, at: 0, depth: 0)
    case .smtpLogin: walkLogin(bytes, at: 0, awaited: awaited)
    case .tcpPayload where awaited != .none || LoginLine.begins(bytes):
      walkLogin(bytes, at: 0, awaited: awaited)
    case .tcpPayload where MQTTPacket.begins(bytes), .webSocket where MQTTPacket.begins(bytes):
      walkMQTT(bytes, at: 0, depth: 1)
    case .tcpPayload where TrackerMessage.begins(bytes),
      .udpPayload where TrackerMessage.begins(bytes):
      walkTracker(bytes, at: 0)
    case .tcpPayload, .udpPayload:
      visit(bytes, at: 0, key: key, depth: 0)
      scanTracker(bytes, at: 0)
    case .httpRequestCookie: walkForm(bytes, at: 0, label: "cookie", depth: 1)
    case .smtpMessage: walkMail(bytes, at: 0, key: key)
    case .httpRequestBody where isMail(bytes, depth: 0): walkMail(bytes, at: 0, key: key)
    case .dnsName: walkLabels(bytes, at: 0, depth: 0)
    default: visit(bytes, at: 0, key: key, depth: 0)
    }
    endWatch(watched, bytes)
  }

  private mutating func give<Sink: FindingSink & ~Copyable>(
    to sink: inout Sink, part: MessagePart, from base: Int, byteCount: Int
  ) {
    noteAccessPoints()
    facts.findings = records.count &- candidates
    for record in records {
      if record.isCandidate {
        sink.candidate(Finding(record, part: part, from: base, in: notes.bytes))
      } else {
        sink.found(Finding(record, part: part, from: base, in: notes.bytes))
      }
    }
    counters.count(facts, bytes: byteCount)
  }

  // MARK: Layers

  /// Looks at a value that begins at `start` of the layer around it, `depth` layers deep. `meaning`
  /// is that of `key`, where it was looked up.
  mutating func visit(
    _ raw: RawSpan, at start: Int, key: RawSpan, meaning: KeyMeaning? = nil, depth: Int
  ) {
    var (blank, end) = raw.trimmed
    if blank < end, raw[blank] == 0xEF, raw.hasBytes("\u{FEFF}", at: blank) { blank &+= 3 }
    guard blank < end, countNode() else { return }
    facts.layers = max(facts.layers, depth)
    facts.examinedBytes &+= raw.byteCount
    if raw.beginsBinary, visitBinary(raw, at: start, key: key, depth: depth) { return }
    let value = raw.extracting(blank..<end)
    let start = start &+ blank
    // What is of words opens no further. Where the name was looked up and says nothing, the value was
    // looked at as well.
    if meaning?.promisesNothing != true, value.byteCount >= Finder.shortest,
      value.byteCount <= Leaf.longest, Glance(at: value).isOfWords
    {
      return leaf(value, at: start, key: key, meaning: meaning)
    }
    if depth < limits.depth, let table = DelimitedText(value, keyNames) {
      return walkDelimited(value, table, at: start, depth: depth &+ 1)
    }
    let encoding = Encoding(of: value)
    guard encoding == .plain || depth < limits.depth else {
      facts.limits.insert(.depth)
      return leaf(value, at: start, key: key, meaning: meaning)
    }
    let inner = depth &+ 1
    switch encoding {
    case .plain:
      if depth < limits.depth, let object = JSONReader.object(in: value) {
        return walkEmbedded(value, from: object, at: start, key: key, depth: inner)
      }
      leaf(value, at: start, key: key, meaning: meaning)
    case .json: walkJSON(value, at: start, key: key, depth: inner)
    case .xml: walkXML(value, at: start, depth: inner)
    case .php: walkPHP(value, at: start, depth: inner)
    case .multipart:
      let boundary = value.extracting(Multipart.boundary(of: value) ?? 0..<0)
      walkMultipart(value, boundary: boundary, at: start, depth: inner)
    case .url: walkURL(value, at: start, depth: depth)
    case .form: walkForm(value, at: start, label: "form", depth: inner)
    case .dataURI: walkDataURI(value, at: start, key: key, depth: inner)
    case .webToken: walkWebToken(value, at: start, depth: inner)
    case .base64, .base64OfBinary:
      base64Depth &+= 1
      descend(
        Base64.self, value, at: start, key: key, depth: inner,
        isBinary: encoding == .base64OfBinary)
      base64Depth &-= 1
    case .percent: descend(PercentEncoding.self, value, at: start, key: key, depth: inner)
    case .hexadecimal, .hexadecimalOfBinary:
      descend(
        Hexadecimal.self, value, at: start, key: key, depth: inner,
        isBinary: encoding == .hexadecimalOfBinary)
    case .hexadecimalPairs:
      descend(HexadecimalPairs.self, value, at: start, key: key, depth: inner)
    }
  }

  /// Looks at bytes that are no text; false when they are nothing known.
  private mutating func visitBinary(
    _ bytes: RawSpan, at start: Int, key: RawSpan, depth: Int
  ) -> Bool {
    let probe = bytes.extracting(first: min(bytes.byteCount, 64))
    guard let encoding = BinaryEncoding(of: probe, total: bytes.byteCount) else {
      return guess(bytes, at: start, key: key, depth: depth)
    }
    guard depth < limits.depth else {
      facts.limits.insert(.depth)
      return false
    }
    let inner = depth &+ 1
    switch encoding {
    case .gzip, .zlib, .deflate:
      return postpone(bytes, encoding, at: start, key: key, depth: inner)
    case .utf16LittleEndian:
      descend(UTF16LittleEndian.self, bytes, at: start, key: key, depth: inner)
      return true
    case .utf16BigEndian:
      descend(UTF16BigEndian.self, bytes, at: start, key: key, depth: inner)
      return true
    case .propertyList:
      return walk(BinaryPropertyList.self, bytes, at: start, key: key, depth: inner)
    case .grpc:
      // A length-prefixed message (gRPC over HTTP/2), not compressed.
      let outside = path.count
      appendToPath("grpc")
      visit(bytes.extracting(droppingFirst: 5), at: start &+ 5, key: key, depth: inner)
      path.truncate(to: outside)
      return true
    case .protobuf:
      return walk(ProtobufMessage.self, bytes, at: start, key: key, depth: inner)
        || CBOR.mayBegin(probe) && walk(CBOR.self, bytes, at: start, key: key, depth: inner)
        || MessagePack.mayBegin(probe)
          && walk(MessagePack.self, bytes, at: start, key: key, depth: inner)
        || guess(bytes, at: start, key: key, depth: depth)
    case .messagePack, .cbor:
      return walk(MessagePack.self, bytes, at: start, key: key, depth: inner)
        || walk(CBOR.self, bytes, at: start, key: key, depth: inner)
        || guess(bytes, at: start, key: key, depth: depth)
    }
  }

  /// Keeps bytes that nothing explains: a deflate stream has no mark. False, because they are looked
  /// at as they are, too.
  private mutating func guess(
    _ bytes: RawSpan, at start: Int, key: RawSpan, depth: Int
  ) -> Bool {
    if bytes.byteCount >= (depth > 0 ? 36 : 64), depth < limits.depth,
      BinaryEncoding.mayBeDeflate(bytes)
    {
      _ = postpone(bytes, .deflate, at: start, key: key, depth: depth &+ 1)
    }
    return false
  }

  /// Decodes a layer, looks at what is inside, and traces what was found back to `encoded`. With
  /// `isBinary` it is one only when a binary format is inside.
  mutating func descend<Coding: ByteCoding>(
    _ coding: Coding.Type, _ encoded: RawSpan, at start: Int, key: RawSpan, depth: Int,
    isBinary: Bool = false
  ) {
    let budget = min(encoded.byteCount, limits.decodedBytes &- facts.decodedBytes)
    if budget < encoded.byteCount { facts.limits.insert(.decodedBytes) }
    guard budget > 0, var buffer = takeBuffer() else {
      return leaf(encoded, at: start, key: key)
    }
    let consumed = Coding.decode(encoded.extracting(first: budget), into: &buffer)
    facts.decodedBytes &+= buffer.count
    if consumed == 0 {
      leaf(encoded, at: start, key: key)
    } else {
      let outside = (path: path.count, records: records.count, pending: pending.count)
      appendToPath(Coding.label)
      let watched = watch(buffer.bytes)
      var isLayer = true
      if isBinary {
        isLayer = visitBinary(buffer.bytes, at: 0, key: key, depth: depth)
      } else if Coding.carriesMail, isMail(buffer.bytes, depth: depth) {
        walkMail(buffer.bytes, at: 0, key: key, depth: depth)
      } else {
        visit(buffer.bytes, at: 0, key: key, depth: depth)
      }
      endWatch(watched, buffer.bytes)
      path.truncate(to: outside.path)
      trace(coding, from: outside.records, outside.pending, in: encoded, at: start)
      if isLayer {
        let rest = encoded.extracting(consumed..<budget)
        scanText(rest, at: start &+ consumed, meaning: .none)
      } else {
        leaf(encoded, at: start, key: key)
      }
    }
    giveBack(buffer)
  }

  /// In ascending order of their places, so that one pass over `encoded` finds all: there are few.
  mutating func trace<Coding: ByteCoding>(
    _ coding: Coding.Type, from first: Int, _ firstPending: Int, in encoded: RawSpan, at start: Int
  ) {
    var cursor = CodingCursor()
    var passed = -1
    while true {
      var next = Int.max
      for index in first..<records.count where records[index].offset > passed {
        next = min(next, records[index].offset)
      }
      for index in firstPending..<pending.count where pending[index].offset > passed {
        next = min(next, pending[index].offset)
      }
      guard next < Int.max else { break }
      passed = next
      Coding.seek(&cursor, to: next, in: encoded)
      let outside = -2 &- (start &+ cursor.encoded)
      for index in first..<records.count where records[index].offset == next {
        records[index].offset = outside
      }
      for index in firstPending..<pending.count where pending[index].offset == next {
        pending[index].offset = outside
      }
    }
    // Those that were found are negative until all are.
    for index in first..<records.count where records[index].offset < 0 {
      records[index].offset = -2 &- records[index].offset
    }
    for index in firstPending..<pending.count where pending[index].offset < 0 {
      pending[index].offset = -2 &- pending[index].offset
    }
  }

  /// What a name means (`KeyNames`).
  mutating func meaning(of name: RawSpan, searchesEnd: Bool) -> KeyMeaning {
    // A coordinate is short: `homeLatitude=55.6761`.
    let count = name.byteCount
    let endsAsCoordinate =
      count > 8 && name[count &- 1] | 0x20 == 0x65 && name[count &- 2] | 0x20 == 0x64
    return nameMemo.meaning(of: name, searchesEnd: searchesEnd || endsAsCoordinate, keyNames)
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
  mutating func leaf(
    _ value: RawSpan, at start: Int, key: RawSpan, meaning known: KeyMeaning? = nil
  ) {
    if facts.phoneTime == nil { facts.phoneTime = PhoneTime(value, key: key) }
    let meaning =
      known ?? self.meaning(of: key, searchesEnd: value.byteCount >= Finder.shortest)
    if meaning.isHalf { half = ShortText(value) }
    if watchesLeaves, let hit = watched(value, at: start, key: key, meaning) {
      let known =
        value.byteCount <= Leaf.longest ? detect(Leaf(value, meaning: meaning)) : nil
      guard let detection = watchedDetection(hit, instead: known) else { return }
      return note(detection, value, at: start, key: key)
    }
    if meaning.group == .authorization, value.byteCount <= 8192 {
      return authorization(value, at: start, key: key)
    }
    if let list = AccessPointList(value) {
      // An access point is heard within about 100 m.
      return note(
        Detection(.location, .medium, as: .verbatim, precision: 100), value.extracting(list.first),
        and: value.extracting(list.second), at: start, key: key)
    }
    if value.byteCount <= Leaf.longest {
      let leaf = Leaf(value, meaning: meaning)
      if meaning.promisesNothing, leaf.isDull {
        // Only a name in it could make a part of it something.
        if value.firstOffset(of: 0x3D) != nil { walkPairs(value, at: start) }
        return
      }
      if let packed = PackedNumber(leaf) { return note(packed, at: start, key: key) }
      if leaf.shape.hasAt, let imsi = NetworkAccessIdentifier.imsi(in: value) {
        return note(
          Detection(.imsi, .high, as: .digits), value.extracting(imsi),
          at: start &+ imsi.lowerBound, key: key, suffix: "nai")
      }
      if let detection = detect(leaf) { return note(detection, value, at: start, key: key) }
      if let kind = DeviceDetector.candidate(leaf) {
        return noteCandidate(kind, value, at: start, key: key)
      }
      if DeviceDetector.mayHoldUUID(leaf) { noteUUIDs(in: value, at: start, key: key) }
      if !meaning.isDecisive { walkPairs(value, at: start) }
      scanText(value, at: start, meaning: meaning, shape: leaf.shape)
    } else {
      walkPairs(value, at: start)
      scanText(value, at: start, meaning: meaning)
    }
  }

  /// Shorter values are looked at only for a name that is wholly known, or for an `@`.
  static var shortest: Int { 10 }

  /// Whether a value whose name says nothing can be anything: words with few digits cannot.
  static func isWorthALook(_ value: RawSpan) -> Bool {
    guard value.byteCount >= shortest else {
      return value.byteCount >= 6 && value.firstOffset(of: 0x40) != nil
    }
    return value.byteCount > Leaf.longest || !Glance(at: value).isOfWords
  }

  func detect(_ leaf: borrowing Leaf) -> Detection? {
    if let hashed = HashedIdentifier.detect(leaf) { return hashed }
    guard leaf.meaning.digest == .none else { return nil }
    if leaf.shape.digits >= 8 || leaf.meaning.group != .none {
      if let number = TelephonyDetector.detect(leaf) ?? NationalIdentity.detect(leaf) {
        return number
      }
      if let number = MoneyDetector.detect(leaf) ?? PhoneNumber.detect(leaf) { return number }
    }
    return DeviceDetector.detect(leaf) ?? LocationDetector.detect(leaf)
      ?? PersonDetector.detect(leaf)
  }

  /// Notes a finding. `second` is the other half of a pair; `suffix` is a last element of its path.
  mutating func note(
    _ detection: Detection, _ value: RawSpan, and second: RawSpan = RawSpan(), at start: Int,
    key: RawSpan, suffix: StaticString = ""
  ) {
    let isLow = detection.confidence == .low
    guard records.count &- candidates < limits.findings, !isLow || lowRecords < limits.findings / 4
    else {
      facts.limits.insert(.findings)
      return
    }
    if isLow { lowRecords &+= 1 }
    records.append(record(detection, value, and: second, at: start, key: key, suffix: suffix))
  }

  /// Notes a value that may be an identifier, if it is seen elsewhere again.
  private mutating func noteCandidate(
    _ kind: IdentifierKind, _ value: RawSpan, at start: Int, key: RawSpan,
    suffix: StaticString = ""
  ) {
    // A page's address is told to everybody whom the page calls.
    guard candidates < limits.candidates, !key.equalsIgnoringCase("referer") else { return }
    let detection = Detection(kind, .low, as: .lowercase)
    candidates &+= 1
    records.append(record(detection, value, at: start, key: key, suffix: suffix))
    records[records.count &- 1].isCandidate = true
  }

  private mutating func noteUUIDs(in value: RawSpan, at start: Int, key: RawSpan) {
    var position = 0
    while let range = DeviceDetector.nextUUID(in: value, from: position) {
      noteCandidate(
        .advertisingID, value.extracting(range), at: start &+ range.lowerBound, key: key,
        suffix: "text")
      position = range.upperBound
    }
  }

  private mutating func record(
    _ detection: Detection, _ value: RawSpan, and second: RawSpan = RawSpan(), at start: Int,
    key: RawSpan, suffix: StaticString = ""
  ) -> FindingRecord {
    let outside = path.count
    appendToPath(suffix)
    appendToPath(detection.label)
    let (pathRange, keyRange) = notePlace(key)
    path.truncate(to: outside)
    let valueStart = notes.count
    appendValue(value, and: second, as: .verbatim)
    let normalizedStart = notes.count
    if !Finder.appendCanonical(of: detection.watched, watchIndex, to: &notes) {
      appendValue(value, and: second, as: detection.normalization)
    }
    return FindingRecord(
      detection: detection, offset: start, path: pathRange, key: keyRange,
      value: valueStart..<normalizedStart, normalized: normalizedStart..<notes.count)
  }

  /// Notes the path as it is now, and a name.
  mutating func notePlace(_ key: RawSpan) -> (path: Range<Int>, key: Range<Int>) {
    let pathStart = notes.count
    Finder.copy(path, to: &notes)
    let keyStart = notes.count
    notes.append(key.extracting(first: min(key.byteCount, limits.pathBytes)))
    return (pathStart..<keyStart, keyStart..<notes.count)
  }

  /// Makes a noted path the path again.
  mutating func recallPath(_ range: Range<Int>) {
    path.removeAll()
    Finder.copy(notes, range, to: &path)
  }

  func recall(_ range: Range<Int>, into buffer: inout ByteBuffer) {
    buffer.append(notes.bytes.extracting(range))
  }

  private static func copy(
    _ notes: borrowing ByteBuffer, _ range: Range<Int>, to path: inout ByteBuffer
  ) {
    path.append(notes.bytes.extracting(range))
  }

  /// Notes a place that two findings make together, where the first is.
  mutating func notePair(_ first: FindingRecord, _ second: FindingRecord) {
    guard records.count &- candidates < limits.findings else {
      facts.limits.insert(.findings)
      return
    }
    let start = notes.count
    Finder.append(first.normalized, and: second.normalized, to: &notes)
    // An access point is heard within about 100 m.
    var pair = first
    pair.detection = Detection(.location, .medium, as: .verbatim, precision: 100)
    pair.value = start..<notes.count
    pair.normalized = pair.value
    records.append(pair)
  }

  private static func append(
    _ first: Range<Int>, and second: Range<Int>, to notes: inout ByteBuffer
  ) {
    for index in first {
      let byte = notes.bytes[index]
      notes.append(byte)
    }
    notes.append(0x2C)
    for index in second {
      let byte = notes.bytes[index]
      notes.append(byte)
    }
  }

  /// The normalised value of a finding.
  @_lifetime(borrow self)
  func normalized(_ record: FindingRecord) -> RawSpan {
    notes.bytes.extracting(record.normalized)
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
    if normalization == .verbatim {
      notes.append(value)
      return
    }
    for index in value.byteOffsets {
      let byte = value[index]
      switch normalization {
      case .verbatim: notes.append(byte)
      case .digits: if byte.isASCIIDigit { notes.append(byte) }
      case .hexadecimal: if byte.hexDigitValue != nil { notes.append(byte.lowercasedASCII) }
      case .lowercase: notes.append(byte.lowercasedASCII)
      case .lowercaseAlphanumeric:
        if byte.isAlphanumeric { notes.append(byte.lowercasedASCII) }
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
    if ByteScan.isPrintable(name) {
      path.append(name)
      index = name.byteCount
    }
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
    guard number > 9 else {
      path.append(UInt8(truncatingIfNeeded: 0x30 &+ number))
      return
    }
    var divisor: UInt32 = 1
    while number / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      path.append(UInt8(truncatingIfNeeded: 0x30 &+ number / divisor % 10))
      divisor /= 10
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
