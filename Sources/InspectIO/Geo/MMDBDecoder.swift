import InspectCore

/// Reads values of a MaxMind DB data section (format 2.0, "Output Data Section").
///
/// Every value is a control byte, more size bytes, and the payload:
///
///     +-+-+-+-+-+-+-+-+
///     | type|   size  |   type 0: the type is 7 + the next byte; size 29, 30, 31: 1, 2, 3 more
///     +-+-+-+-+-+-+-+-+   bytes; type 1 (pointer): two bits of size class, three of the value
///
/// libmaxminddb finds the record, this reads it: in one pass instead of a search per key, and with
/// bounds that a hostile file cannot exceed (`maximumDepth`, `budget`). libmaxminddb before 1.14
/// decodes as many values as the file makes of a few bytes, with pointers to what has pointers.
struct MMDBDecoder: ~Escapable {
  enum Kind: UInt8 {
    case pointer = 1
    case string, double, bytes, uint16, uint32, map, int32, uint64, uint128, array
    case container, endMarker, boolean, float
  }

  /// A value, at rest: `payload` is where its bytes or its first element are.
  struct Item {
    let kind: Kind
    /// Bytes; for a map its pairs, for an array its elements, for a boolean its value.
    let size: Int
    let payload: Int
    /// Behind the value as it stands; nil for a map or array in place, which must be walked.
    let next: Int?
  }

  /// Where a walk through a map is.
  struct Cursor {
    fileprivate(set) var remaining: Int
    fileprivate var offset: Int

    /// Nil unless `item` is a map.
    init?(_ item: Item) {
      guard item.kind == .map else { return nil }
      remaining = item.size
      offset = item.payload
    }
  }

  static let maximumDepth = 16

  let section: RawSpan
  /// How many values may still be read.
  private var budget: Int

  @_lifetime(copy section)
  init(_ section: RawSpan, budget: Int = 4096) {
    self.section = section
    self.budget = budget
  }

  /// The value at `offset`, one pointer followed; nil when it is damaged or the budget is spent.
  mutating func item(at offset: Int) -> Item? {
    guard let item = direct(at: offset) else { return nil }
    guard item.kind == .pointer else { return item }
    // A pointer to a pointer is invalid.
    guard let target = direct(at: item.payload), target.kind != .pointer else { return nil }
    return Item(kind: target.kind, size: target.size, payload: target.payload, next: item.next)
  }

  /// The offset behind `item`.
  mutating func end(of item: Item, depth: Int = 0) -> Int? {
    if let next = item.next { return next }
    guard depth < MMDBDecoder.maximumDepth else { return nil }
    var cursor = item.payload
    for _ in 0..<(item.kind == .map ? 2 * item.size : item.size) {
      guard let element = direct(at: cursor), let next = end(of: element, depth: depth + 1) else {
        return nil
      }
      cursor = next
    }
    return cursor
  }

  /// Whether `item` and all that it leads to, through pointers too, are within the bounds.
  mutating func isBounded(_ item: Item, depth: Int = 0) -> Bool {
    guard item.kind == .map || item.kind == .array else { return true }
    guard depth < MMDBDecoder.maximumDepth else { return false }
    var cursor = item.payload
    for _ in 0..<(item.kind == .map ? 2 * item.size : item.size) {
      guard let element = self.item(at: cursor), isBounded(element, depth: depth + 1),
        let next = end(of: element, depth: depth + 1)
      else { return false }
      cursor = next
    }
    return true
  }

  /// The next pair of a map; nil behind the last one, or where it is damaged.
  mutating func next(_ cursor: inout Cursor) -> (key: Item, value: Item)? {
    guard cursor.remaining > 0, let key = item(at: cursor.offset), key.kind == .string,
      let start = key.next, let value = item(at: start), let end = end(of: value)
    else { return nil }
    cursor.remaining -= 1
    cursor.offset = end
    return (key, value)
  }

  /// The bytes of a string.
  @_lifetime(copy self)
  func bytes(_ item: Item) -> RawSpan {
    section.extracting(item.payload..<item.payload + item.size)
  }

  func string(_ item: Item) -> String? {
    guard item.kind == .string else { return nil }
    return bytes(item).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  func unsigned(_ item: Item) -> UInt64? {
    switch item.kind {
    case .uint16, .uint32, .uint64:
      guard item.size <= 8 else { return nil }
      var value: UInt64 = 0
      for index in 0..<item.size { value = value << 8 | UInt64(section[item.payload + index]) }
      return value
    default: return nil
    }
  }

  private mutating func direct(at offset: Int) -> Item? {
    guard budget > 0, offset >= 0, offset < section.byteCount else { return nil }
    budget -= 1
    let control = section[offset]
    var cursor = offset + 1
    var type = control >> 5
    if type == Kind.pointer.rawValue { return pointer(control, at: cursor) }
    if type == 0 {
      guard cursor < section.byteCount, 1...8 ~= section[cursor] else { return nil }
      type = 7 + section[cursor]
      cursor += 1
    }
    guard let kind = Kind(rawValue: type) else { return nil }
    var size = Int(control & 0x1f)
    if size >= 29 {
      let count = size - 28
      guard section.byteCount - cursor >= count else { return nil }
      let bias = count == 1 ? 29 : count == 2 ? 285 : 65_821
      size = bias + number(at: cursor, count: count)
      cursor += count
    }
    switch kind {
    case .map, .array: return Item(kind: kind, size: size, payload: cursor, next: nil)
    case .boolean: return Item(kind: kind, size: size, payload: cursor, next: cursor)
    default:
      guard section.byteCount - cursor >= size else { return nil }
      return Item(kind: kind, size: size, payload: cursor, next: cursor + size)
    }
  }

  private func pointer(_ control: UInt8, at cursor: Int) -> Item? {
    let count = Int(control >> 3 & 3) + 1
    guard section.byteCount - cursor >= count else { return nil }
    let high = count == 4 ? 0 : Int(control & 7) << (8 * count)
    let bias = count == 2 ? 2048 : count == 3 ? 526_336 : 0
    let target = high + number(at: cursor, count: count) + bias
    return Item(kind: .pointer, size: 0, payload: target, next: cursor + count)
  }

  private func number(at offset: Int, count: Int) -> Int {
    var value = 0
    for index in 0..<count { value = value << 8 | Int(section[offset + index]) }
    return value
  }
}

/// What a MaxMind DB file says about itself (format 2.0, "Database Metadata").
struct MMDBMetadata {
  var nodeCount: UInt64?
  var recordSize: UInt64?
  var ipVersion: UInt64?
  var majorVersion: UInt64?
  var buildEpoch: UInt64 = 0
  var databaseType = ""
  var description = ""

  /// The longest that metadata may be, with its marker.
  static let maximumByteCount = 128 * 1024

  /// Where metadata starts in the end of a file: behind the last marker.
  static func start(in tail: RawSpan) -> Int? {
    let marker: [UInt8] = [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
    guard tail.byteCount >= marker.count else { return nil }
    for start in stride(from: tail.byteCount - marker.count, through: 0, by: -1)
    where tail.extracting(start..<start + marker.count).equals(marker.span.bytes) {
      return start + marker.count
    }
    return nil
  }

  /// Nil when the map cannot be walked to its end, within the decoder's bounds.
  init?(_ section: RawSpan) {
    // libmaxminddb will decode all of it.
    var scout = MMDBDecoder(section)
    guard let whole = scout.item(at: 0), scout.isBounded(whole) else { return nil }
    var decoder = MMDBDecoder(section)
    guard let map = decoder.item(at: 0), var cursor = MMDBDecoder.Cursor(map) else { return nil }
    while let (key, value) = decoder.next(&cursor) { take(decoder.bytes(key), value, &decoder) }
    guard cursor.remaining == 0 else { return nil }
  }

  private mutating func take(
    _ key: RawSpan, _ value: MMDBDecoder.Item, _ decoder: inout MMDBDecoder
  ) {
    if key.equals("node_count") {
      nodeCount = decoder.unsigned(value)
    } else if key.equals("record_size") {
      recordSize = decoder.unsigned(value)
    } else if key.equals("ip_version") {
      ipVersion = decoder.unsigned(value)
    } else if key.equals("binary_format_major_version") {
      majorVersion = decoder.unsigned(value)
    } else if key.equals("build_epoch") {
      buildEpoch = decoder.unsigned(value) ?? 0
    } else if key.equals("database_type") {
      databaseType = decoder.string(value) ?? ""
    } else if key.equals("description") {
      description = MMDBMetadata.english(value, &decoder)
    }
  }

  /// The English text of a map from languages to texts, or its first one.
  private static func english(_ map: MMDBDecoder.Item, _ decoder: inout MMDBDecoder) -> String {
    guard var cursor = MMDBDecoder.Cursor(map) else { return "" }
    var first: String?
    while let (key, value) = decoder.next(&cursor) {
      guard let text = decoder.string(value) else { continue }
      if decoder.bytes(key).equals("en") { return text }
      first = first ?? text
    }
    return first ?? ""
  }
}

extension RawSpan {
  /// Whether the bytes are those of `text` (ASCII) and no more.
  func equals(_ text: StaticString) -> Bool {
    byteCount == text.utf8CodeUnitCount && hasBytes(text)
  }
}
