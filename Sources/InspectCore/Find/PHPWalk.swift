/// What PHP's `serialize` writes: `a:2:{s:4:"imei";s:15:"490154203237518";...}`, objects as well.
/// Names and values follow each other.
enum PHPSerialized {
  /// Whether an array or an object with members begins: `a:2:{s:`, `O:8:"stdClass":1:{s:`.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 12, bytes[1] == 0x3A, bytes[0] == 0x61 || bytes[0] == 0x4F else {
      return false
    }
    var reader = PHPReader(bytes)
    guard case .begin = reader.next() else { return false }
    switch reader.next() {
    case .value: return true
    case .begin, .end, .nothing: return false
    }
  }
}

private struct PHPReader: ~Escapable {
  enum Token {
    case begin
    case value(Range<Int>)
    case end
    /// The end, or what is none.
    case nothing
  }

  private let bytes: RawSpan
  private(set) var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Moves behind a token; where it is none, nothing moves.
  mutating func next() -> Token {
    guard position < bytes.byteCount else { return .nothing }
    if bytes[position] == 0x7D {
      position &+= 1
      return .end
    }
    var cursor = position &+ 2
    switch bytes[position] {
    case 0x4E where bytes.hasBytes("N;", at: position):
      position = cursor
      return .value(cursor..<cursor)
    case 0x62, 0x64, 0x69:
      guard bytes.hasBytes(":", at: position &+ 1) else { return .nothing }
      let limit = bytes.extracting(first: min(bytes.byteCount, cursor &+ 32))
      guard let end = limit.firstOffset(of: 0x3B, from: cursor) else { return .nothing }
      position = end &+ 1
      return .value(cursor..<end)
    case 0x73:
      guard let text = text(&cursor), cursor == bytes.byteCount || bytes[cursor] == 0x3B else {
        return .nothing
      }
      position = min(cursor &+ 1, bytes.byteCount)
      return .value(text)
    case 0x4F:
      guard text(&cursor) != nil, bytes.hasBytes(":", at: cursor) else { return .nothing }
      cursor &+= 1
      return begin(&cursor)
    case 0x61 where bytes.hasBytes(":", at: position &+ 1): return begin(&cursor)
    default: return .nothing
    }
  }

  private mutating func begin(_ cursor: inout Int) -> Token {
    guard number(&cursor) != nil, bytes.hasBytes("{", at: cursor) else { return .nothing }
    position = cursor &+ 1
    return .begin
  }

  /// A number and its colon.
  private func number(_ cursor: inout Int) -> Int? {
    var number = 0
    let start = cursor
    while cursor < bytes.byteCount, bytes[cursor].isASCIIDigit, cursor &- start < 9 {
      number = number &* 10 &+ Int(bytes[cursor] & 15)
      cursor &+= 1
    }
    guard cursor > start, bytes.hasBytes(":", at: cursor) else { return nil }
    cursor &+= 1
    return number
  }

  /// The text between quotes, cut off or whole.
  private func text(_ cursor: inout Int) -> Range<Int>? {
    guard let count = number(&cursor), bytes.hasBytes("\"", at: cursor) else { return nil }
    let start = cursor &+ 1
    let end = min(start &+ count, bytes.byteCount)
    if end < bytes.byteCount, bytes[end] != 0x22 { return nil }
    cursor = min(end &+ 1, bytes.byteCount)
    return start..<end
  }
}

extension Finder {
  /// Looks at the values of serialised arrays and objects by their names.
  mutating func walkPHP(_ bytes: RawSpan, at start: Int, depth: Int) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath("php:")
    let inside = path.count
    var siblings = Siblings()
    var reader = PHPReader(bytes)
    var name: Range<Int>?
    reading: while countNode() {
      switch reader.next() {
      case .begin:
        // Its name says nothing of what is inside.
        name = nil
        siblings.container &+= 1
      case .end:
        name = nil
        siblings.container &+= 1
      case .value(let value):
        guard let known = name else {
          name = value
          continue
        }
        name = nil
        let key = bytes.extracting(known)
        let meaning = self.meaning(of: key, searchesEnd: value.count >= Finder.shortest)
        appendToPath(key)
        let place = start &+ value.lowerBound
        visit(bytes.extracting(value), at: place, key: key, meaning: meaning, depth: depth)
        correlate(meaning, at: place, with: &siblings, key: key)
        path.truncate(to: inside)
      case .nothing: break reading
      }
    }
    path.truncate(to: outside)
    let rest = min(reader.position, bytes.byteCount)
    scanText(bytes.extracting(droppingFirst: rest), at: start &+ rest, meaning: .none)
  }
}
