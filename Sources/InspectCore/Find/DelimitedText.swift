/// Comma-separated values (RFC 4180), also with `;`, tabs or `|`, whose first line names the columns:
///
///     imei,lat,lon
///     490154203237518,55.676098,12.568337
///
/// The line of names may be the second one, as in logs that begin with their program's name.
struct DelimitedText {
  private static let mostColumns = 64
  private static let longestLine = 4096
  private static let longestName = 64
  private static let shortest = 12

  let separator: UInt8
  /// Where the line of names begins, and the first row.
  let header: Int
  let rows: Int
  /// A name and its value in each row, instead of a name for each column.
  let isOfPairs: Bool

  /// Nil when `bytes` do not begin with names of which one is known, and a row of as many values.
  init?(_ bytes: RawSpan, _ names: borrowing KeyNames) {
    guard bytes.byteCount >= DelimitedText.shortest, DelimitedText.mayBegin(bytes[0]) else {
      return nil
    }
    var start = 0
    for _ in 0..<2 {
      let probe = bytes.extracting(start..<min(start &+ DelimitedText.longestLine, bytes.byteCount))
      guard let lineFeed = probe.firstOffset(of: 0x0A) else { return nil }
      let separator = DelimitedText.separator(of: probe.extracting(first: lineFeed))
      if let found = DelimitedText.columns(probe, separator, names) {
        self.separator = separator
        header = start
        rows = start &+ lineFeed &+ 1
        isOfPairs = found.isOfPairs
        return
      }
      start &+= lineFeed &+ 1
    }
    return nil
  }

  private static func mayBegin(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte == 0x22 || byte == 0x23 || byte == 0x5F || byte >= 0x80
  }

  /// The most frequent of the four.
  private static func separator(of line: RawSpan) -> UInt8 {
    var best: (separator: UInt8, count: Int) = (0x2C, 0)
    for candidate: UInt8 in [0x2C, 0x3B, 0x09, 0x7C] {
      var count = 0
      var position = 0
      while let found = line.firstOffset(of: candidate, from: position) {
        count &+= 1
        position = found &+ 1
      }
      if count > best.count { best = (candidate, count) }
    }
    return best.separator
  }

  /// Looks at the line of names, and at the first row.
  private static func columns(
    _ probe: RawSpan, _ separator: UInt8, _ names: borrowing KeyNames
  ) -> (isOfPairs: Bool, count: Int)? {
    var reader = DelimitedReader(probe, separator)
    var columns = 0
    var isKnown = false
    var hasName = false
    var hasValue = false
    while columns < mostColumns, let cell = reader.next() {
      let name = probe.extracting(cell.start..<(cell.start &+ cell.count)).trimmingWhitespace
      guard isName(name) else { return nil }
      let meaning = names.meaning(of: name, searchesEnd: true)
      columns &+= 1
      if meaning != .none { isKnown = true }
      if columns == 1 { hasName = JSONPair.isName(name) }
      if columns == 2 { hasValue = JSONPair.isValue(name) }
      guard cell.endsRow else { continue }
      let isOfPairs = hasName && hasValue && columns == 2
      // A line with a colon or a space is no name of an only column.
      let isColumn =
        columns > 1
        || meaning.isStrong && meaning.group != .other
          && name.firstOffset(ofEither: 0x20, or: 0x3A, from: 0) == nil
      guard isOfPairs || isKnown && isColumn else { return nil }
      return cells(ofNextRow: &reader) == columns ? (isOfPairs, columns) : nil
    }
    return nil
  }

  private static func cells(ofNextRow reader: inout DelimitedReader) -> Int {
    var count = 0
    while count <= mostColumns, let cell = reader.next() {
      count &+= 1
      if cell.endsRow { break }
    }
    return count
  }

  /// Whether a cell may name a column: it has a letter, and no sign of anything else.
  private static func isName(_ text: RawSpan) -> Bool {
    guard text.byteCount > 0, text.byteCount <= longestName else { return false }
    var hasLetter = false
    for index in text.byteOffsets {
      switch text[index] {
      case 0x41...0x5A, 0x61...0x7A, 0x80...: hasLetter = true
      case 0x30...0x39, 0x20, 0x23, 0x25, 0x28, 0x29, 0x2D, 0x2E, 0x2F, 0x3A, 0x5B, 0x5D, 0x5F:
        break
      default: return false
      }
    }
    return hasLetter
  }
}

/// Reads cell after cell. Quoted ones may have separators, ends of lines and doubled quotes inside.
struct DelimitedReader: ~Escapable {
  struct Cell {
    /// Without its quotes.
    var start: Int
    var count: Int
    var hasDoubledQuotes = false
    var endsRow: Bool
  }

  private let bytes: RawSpan
  private let separator: UInt8
  private(set) var position = 0
  /// A separator was the last byte: an empty cell follows.
  private var isOpen = false

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, _ separator: UInt8, from position: Int = 0) {
    self.bytes = bytes
    self.separator = separator
    self.position = position
  }

  /// Nil at the end.
  mutating func next() -> Cell? {
    guard position < bytes.byteCount else {
      guard isOpen else { return nil }
      isOpen = false
      return Cell(start: bytes.byteCount, count: 0, endsRow: true)
    }
    var cell = Cell(start: position, count: 0, endsRow: true)
    var end = position
    if bytes[position] == 0x22 {
      cell.start &+= 1
      end = endOfQuoted(&cell)
    }
    let sign = ByteScan.firstOffset(of: separator, or: 0x0A, in: bytes, from: end)
    let next = sign ?? bytes.byteCount
    if cell.start == position {
      end = next
      cell.count = end &- cell.start
    }
    position = sign.map { $0 &+ 1 } ?? bytes.byteCount
    if let sign { cell.endsRow = bytes[sign] == 0x0A }
    isOpen = !cell.endsRow
    if cell.count > 0, bytes[cell.start &+ cell.count &- 1] == 0x0D { cell.count &-= 1 }
    return cell
  }

  /// Sets how long a quoted cell is; returns what is behind its quotes.
  private func endOfQuoted(_ cell: inout Cell) -> Int {
    var index = cell.start
    while let quote = bytes.firstOffset(of: 0x22, from: index) {
      guard quote &+ 1 < bytes.byteCount, bytes[quote &+ 1] == 0x22 else {
        cell.count = quote &- cell.start
        return quote &+ 1
      }
      cell.hasDoubledQuotes = true
      index = quote &+ 2
    }
    // Cut off: what is here of the cell is a value all the same.
    cell.count = bytes.byteCount &- cell.start
    return bytes.byteCount
  }
}

/// The quotes in a quoted cell, each of which stands for one.
enum DoubledQuotes: ByteCoding {
  static var label: StaticString { "" }

  static func isPlausible(_ encoded: RawSpan) -> Bool { encoded.firstOffset(of: 0x22) != nil }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index < encoded.byteCount {
      decoded.append(encoded[index])
      index &+= isDoubled(encoded, at: index) ? 2 : 1
    }
    return index
  }

  /// Counts in decoded bytes.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    while cursor.units < offset, cursor.encoded < encoded.byteCount {
      cursor.encoded &+= isDoubled(encoded, at: cursor.encoded) ? 2 : 1
      cursor.units &+= 1
    }
  }

  private static func isDoubled(_ encoded: RawSpan, at index: Int) -> Bool {
    encoded[index] == 0x22 && index &+ 1 < encoded.byteCount && encoded[index &+ 1] == 0x22
  }
}

extension Finder {
  /// Looks at the rows of a table, each value with its column's name and its row's neighbours:
  /// `csv:[0].imei`.
  mutating func walkDelimited(
    _ bytes: RawSpan, _ table: DelimitedText, at start: Int, depth: Int
  ) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath("csv:[")
    let inside = path.count
    var columns = InlineArray<64, (start: Int, count: Int)>(repeating: (0, 0))
    var names = DelimitedReader(bytes, table.separator, from: table.header)
    var width = 0
    while width < columns.count, let cell = names.next() {
      columns[width] = (cell.start, cell.count)
      width &+= 1
      if cell.endsRow { break }
    }
    var reader = DelimitedReader(bytes, table.separator, from: table.rows)
    var siblings = Siblings()
    var row: UInt32 = 0
    var column = 0
    var name = 0..<0
    while let cell = reader.next(), countNode() {
      if table.isOfPairs {
        // Rows are neighbours of each other.
        if column == 0 { name = cell.start..<(cell.start &+ cell.count) }
      } else {
        siblings.container = row
        let known = columns.span[min(column, columns.count &- 1)]
        name = column < width ? known.start..<(known.start &+ known.count) : 0..<0
      }
      if !table.isOfPairs || column == 1 {
        appendToPath(row)
        path.append("].")
        tableCell(cell, bytes.extracting(name), &siblings, in: bytes, at: start, depth)
        path.truncate(to: inside)
      }
      column &+= 1
      if cell.endsRow {
        column = 0
        row &+= 1
      }
    }
    path.truncate(to: outside)
  }

  private mutating func tableCell(
    _ cell: DelimitedReader.Cell, _ name: RawSpan, _ siblings: inout Siblings, in bytes: RawSpan,
    at start: Int, _ depth: Int
  ) {
    let value = bytes.extracting(cell.start..<(cell.start &+ cell.count))
    let name = name.trimmingWhitespace
    let meaning = self.meaning(of: name, searchesEnd: cell.count >= Finder.shortest)
    guard !meaning.promisesNothing || Finder.isWorthALook(value) || watchesLeaves else { return }
    appendToPath(name)
    if cell.hasDoubledQuotes {
      descend(DoubledQuotes.self, value, at: start &+ cell.start, key: name, depth: depth)
    } else {
      visit(value, at: start &+ cell.start, key: name, meaning: meaning, depth: depth)
    }
    correlate(meaning, at: start &+ cell.start, with: &siblings, key: name)
  }
}
