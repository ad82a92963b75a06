/// The lines of a text, without their ends (LF or CRLF), numbered from 1.
struct Lines {
  struct Line {
    let number: Int
    let text: ArraySlice<UInt8>
  }

  private var rest: ArraySlice<UInt8>
  private var number = 0

  init(_ text: ArraySlice<UInt8>) { rest = text }

  mutating func next() -> Line? {
    guard !rest.isEmpty else { return nil }
    number += 1
    let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
    var text = rest[..<end]
    if text.last == UInt8(ascii: "\r") { text.removeLast() }
    rest = rest[end...].dropFirst()
    return Line(number: number, text: text)
  }

  /// The next line that is neither blank nor a comment (`#`), without spaces around it.
  mutating func nextSignificant() -> Line? {
    while let line = next() {
      let text = line.text.trimmed
      if let first = text.first, first != UInt8(ascii: "#") {
        return Line(number: line.number, text: text)
      }
    }
    return nil
  }
}

/// Comma-separated values (RFC 4180), also with other separators; comments and blank lines between
/// the records are skipped.
struct CSV {
  /// The most cells of a record.
  static let cellLimit = 256
  /// The most bytes between two quotation marks: a mark that is never closed is named near its line.
  static let quotedLimit = 1 << 16

  struct Record {
    let line: Int
    var cells: [ArraySlice<UInt8>]
  }

  private let text: ArraySlice<UInt8>
  private let separator: UInt8
  private var position: Int
  private var line = 1
  /// Where the record begins that is being read.
  private var start: Int

  init(_ text: ArraySlice<UInt8>, separator: UInt8) {
    self.text = text
    self.separator = separator
    position = text.startIndex
    start = position
  }

  /// The next record, its cells without spaces around them; nil at the end.
  /// - Throws: the line where the record begins, and what is wrong with it.
  mutating func next() throws(CSVError) -> Record? {
    skipBlankLines()
    guard position < text.endIndex else { return nil }
    var record = Record(line: line, cells: [])
    start = position
    while true {
      let quoted = try quotedCell(record.line)
      let cell = position
      while position < text.endIndex, text[position] != separator,
        text[position] != UInt8(ascii: "\n")
      {
        position += 1
      }
      record.cells.append(quoted ?? text[cell..<position].trimmed)
      let isLast = position == text.endIndex || text[position] == UInt8(ascii: "\n")
      position = min(position + 1, text.endIndex)
      if isLast {
        line += 1
        return record
      }
      guard record.cells.count < CSV.cellLimit else {
        throw CSVError(
          line: record.line, expected: "at most \(CSV.cellLimit) columns", found: text[start...])
      }
    }
  }

  private mutating func skipBlankLines() {
    while position < text.endIndex {
      let end = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
      let content = text[position..<end].trimmed
      if let first = content.first, first != UInt8(ascii: "#") { return }
      position = min(end + 1, text.endIndex)
      line += 1
    }
  }

  /// The content of a cell that begins with a quotation mark, doubled ones undone.
  private mutating func quotedCell(_ recordLine: Int) throws(CSVError) -> ArraySlice<UInt8>? {
    let mark = UInt8(ascii: "\"")
    guard position < text.endIndex, text[position] == mark else { return nil }
    position += 1
    var content: [UInt8] = []
    while position < text.endIndex, content.count < CSV.quotedLimit {
      let byte = text[position]
      position += 1
      if byte == mark {
        guard position < text.endIndex, text[position] == mark else { return content[...].trimmed }
        position += 1
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      content.append(byte)
    }
    throw CSVError(
      line: recordLine, expected: "a closing quotation mark", found: text[start...])
  }

  /// Appends a cell, quoted where that is needed.
  static func append(_ cell: String, to bytes: inout [UInt8]) {
    let special = Array(",\"\r\n#".utf8)
    guard cell.utf8.contains(where: special.contains) else {
      bytes.append(contentsOf: cell.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in cell.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// A record that is no CSV.
struct CSVError: Error {
  let line: Int
  let expected: String
  /// What the record begins with.
  let found: ArraySlice<UInt8>
}

/// A JSON object (RFC 8259) on one line, of which only the plain members are kept.
struct JSONMembers {
  /// How deep what is skipped may be nested.
  static let depthLimit = 32
  /// The most members of the object.
  static let memberLimit = 256

  enum Value: Equatable {
    case string(ArraySlice<UInt8>)
    /// As it is written, so that no digit is lost.
    case number(ArraySlice<UInt8>)
    case other
  }

  private(set) var members: [(name: ArraySlice<UInt8>, value: Value)] = []
  private var rest: ArraySlice<UInt8>

  /// Nil if `text` is anything else than one object.
  init?(_ text: ArraySlice<UInt8>) {
    rest = text
    guard token("{") else { return nil }
    if !token("}") {
      repeat {
        guard members.count < JSONMembers.memberLimit, let name = string(), token(":"),
          let value = value(depth: 0)
        else { return nil }
        members.append((name, value))
      } while token(",")
      guard token("}") else { return nil }
    }
    skipSpaces()
    guard rest.isEmpty else { return nil }
  }

  subscript(name: String) -> Value? { members.first { $0.name.elementsEqual(name.utf8) }?.value }

  private mutating func skipSpaces() {
    while let byte = rest.first, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      rest.removeFirst()
    }
  }

  private mutating func token(_ scalar: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard rest.first == UInt8(ascii: scalar) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func value(depth: Int) -> Value? {
    skipSpaces()
    switch rest.first {
    case UInt8(ascii: "\""): return string().map(Value.string)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      return depth < JSONMembers.depthLimit && skipNested(depth: depth) ? .other : nil
    case .some(let byte) where byte.isDigit || byte == UInt8(ascii: "-"):
      let number = rest.prefix { $0.isDigit || "+-.eE".utf8.contains($0) }
      rest = rest.dropFirst(number.count)
      return .number(number)
    default:
      for word in ["true", "false", "null"] where rest.starts(with: word.utf8) {
        rest = rest.dropFirst(word.utf8.count)
        return .other
      }
      return nil
    }
  }

  private mutating func skipNested(depth: Int) -> Bool {
    let isObject = token("{")
    if !isObject, !token("[") { return false }
    let end: Unicode.Scalar = isObject ? "}" : "]"
    if token(end) { return true }
    repeat {
      if isObject {
        guard string() != nil, token(":") else { return false }
      }
      guard value(depth: depth + 1) != nil else { return false }
    } while token(",")
    return token(end)
  }

  private mutating func string() -> ArraySlice<UInt8>? {
    guard token("\"") else { return nil }
    var content: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return content[...]
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        content.append(contentsOf: String(scalar).utf8)
      case 0..<0x20: return nil
      default: content.append(byte)
      }
    }
    return nil
  }

  /// What follows a backslash. A lone surrogate becomes U+FFFD.
  private mutating func escape() -> Unicode.Scalar? {
    switch rest.popFirst() {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "u"):
      guard let high = hexadecimal() else { return nil }
      guard (0xD800..<0xDC00).contains(high), rest.starts(with: "\\u".utf8) else {
        return Unicode.Scalar(high) ?? "\u{FFFD}"
      }
      rest = rest.dropFirst(2)
      guard let low = hexadecimal() else { return nil }
      guard (0xDC00..<0xE000).contains(low) else { return "\u{FFFD}" }
      return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    case .some(let byte) where "\"\\/".utf8.contains(byte): return Unicode.Scalar(byte)
    default: return nil
    }
  }

  private mutating func hexadecimal() -> UInt32? {
    let digits = rest.prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit })
    else { return nil }
    rest = rest.dropFirst(4)
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}

extension ArraySlice<UInt8> {
  /// Without spaces, tabs and CR at both ends.
  var trimmed: ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    var rest = self
    while let first = rest.first, isSpace(first) { rest.removeFirst() }
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }

  var text: String { String(decoding: self, as: UTF8.self) }

  /// Where `pattern` first begins; nil if it does not occur.
  func range(of pattern: StaticString) -> Range<Int>? {
    pattern.withUTF8Buffer { pattern in
      guard let first = pattern.first, count >= pattern.count else { return nil }
      var start = startIndex
      let last = endIndex - pattern.count
      while start <= last {
        if self[start] == first, self[start..<start + pattern.count].elementsEqual(pattern) {
          return start..<start + pattern.count
        }
        start += 1
      }
      return nil
    }
  }
}
