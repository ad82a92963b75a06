/// Bodies of several parts (RFC 2046 §5.1), of which each has fields of its own: forms with files
/// (RFC 7578) and mails.
enum Multipart {
  /// RFC 2046 §5.1.1 allows 70.
  private static let longestBoundary = 200
  private static let longestHead = 16_384

  /// The delimiter, `--` included, when `bytes` begin with one and a part's fields follow.
  static func boundary(of bytes: RawSpan) -> Range<Int>? {
    guard bytes.hasBytes("--") else { return nil }
    let probe = bytes.extracting(first: min(bytes.byteCount, longestBoundary))
    guard let feed = probe.firstOffset(of: 0x0A), feed > 3 else { return nil }
    let end = probe[feed &- 1] == 0x0D ? feed &- 1 : feed
    let fields = bytes.extracting(droppingFirst: feed &+ 1)
    return end > 2 && fields.hasPrefixIgnoringCase("content-") ? 0..<end : nil
  }

  /// Where the next delimiter line begins, at or after `start`: its line end belongs to it.
  static func delimiter(
    _ boundary: RawSpan, in bytes: RawSpan, from start: Int
  ) -> (content: Int, next: Int)? {
    var index = start
    while true {
      if index == 0 || bytes[index &- 1] == 0x0A, index < bytes.byteCount,
        bytes.extracting(droppingFirst: index).hasPrefix(boundary)
      {
        var content = index
        if content > start, bytes[content &- 1] == 0x0A { content &-= 1 }
        if content > start, bytes[content &- 1] == 0x0D { content &-= 1 }
        return (content, index &+ boundary.byteCount)
      }
      guard let feed = ByteScan.firstOffset(of: 0x0A, in: bytes, from: index),
        feed &+ 1 < bytes.byteCount
      else { return nil }
      index = feed &+ 1
    }
  }

  /// Where the fields of a part end and its content begins: behind an empty line.
  static func endOfHead(_ bytes: RawSpan) -> Int {
    var index = 0
    while index < min(bytes.byteCount, longestHead) {
      if bytes[index] == 0x0A { return index &+ 1 }
      if bytes.hasBytes("\r\n", at: index) { return index &+ 2 }
      guard let feed = ByteScan.firstOffset(of: 0x0A, in: bytes, from: index) else { break }
      index = feed &+ 1
    }
    return 0
  }
}

/// What the fields of a part say of its content (RFC 2045, RFC 2183).
struct PartFields {
  enum Transfer { case identity, base64, quotedPrintable }

  var name = 0..<0
  var fileName = 0..<0
  var boundary = 0..<0
  var transfer = Transfer.identity
  /// Whether it is a mail (RFC 2046 §5.2.1).
  var isMail = false

  /// Takes what it needs of a field; ranges count from `start` of the field's value.
  mutating func read(_ name: RawSpan, _ value: RawSpan, at start: Int) {
    if name.equalsIgnoringCase("content-disposition") {
      self.name = PartFields.parameter("name=", of: value, at: start)
      fileName = PartFields.parameter("filename=", of: value, at: start)
    } else if name.equalsIgnoringCase("content-type") {
      let type = value.trimmingWhitespace
      if type.hasPrefixIgnoringCase("multipart/") {
        boundary = PartFields.parameter("boundary=", of: value, at: start)
      }
      isMail = type.hasPrefixIgnoringCase("message/rfc822")
    } else if name.equalsIgnoringCase("content-transfer-encoding") {
      let (start, end) = value.trimmed
      let text = value.extracting(start..<end)
      if text.equalsIgnoringCase("base64") { transfer = .base64 }
      if text.equalsIgnoringCase("quoted-printable") { transfer = .quotedPrintable }
    }
  }

  /// The value of a parameter, without quotes.
  private static func parameter(
    _ name: StaticString, of value: RawSpan, at start: Int
  ) -> Range<Int> {
    var index = 0
    while let semicolon = value.firstOffset(of: 0x3B, from: index) {
      index = semicolon &+ 1
      while index < value.byteCount, value[index].isBlank { index &+= 1 }
      guard value.extracting(droppingFirst: index).hasPrefixIgnoringCase(name) else { continue }
      var first = index &+ name.utf8CodeUnitCount
      var end: Int
      if first < value.byteCount, value[first] == 0x22 {
        first &+= 1
        end = value.firstOffset(of: 0x22, from: first) ?? value.byteCount
      } else {
        end = first
        while end < value.byteCount, value[end] != 0x3B, !value[end].isBlank { end &+= 1 }
      }
      return (start &+ first)..<(start &+ end)
    }
    return 0..<0
  }
}

extension Finder {
  /// Looks at the parts of a body; `depth` counts it.
  mutating func walkMultipart(
    _ bytes: RawSpan, boundary: RawSpan, at start: Int, depth: Int
  ) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath("multipart")
    let inside = path.count
    var siblings = Siblings()
    guard var position = Multipart.delimiter(boundary, in: bytes, from: 0)?.next else {
      path.truncate(to: outside)
      return scanText(bytes, at: start, meaning: .none)
    }
    while position < bytes.byteCount, countNode() {
      // `--` behind the delimiter: the last one.
      if bytes.hasBytes("--", at: position) { break }
      guard let feed = ByteScan.firstOffset(of: 0x0A, in: bytes, from: position) else { break }
      let next = Multipart.delimiter(boundary, in: bytes, from: feed &+ 1)
      let end = next?.content ?? bytes.byteCount
      let part = bytes.extracting((feed &+ 1)..<max(end, feed &+ 1))
      walkPart(part, at: start &+ feed &+ 1, &siblings, depth: depth)
      path.truncate(to: inside)
      guard let next else { break }
      position = next.next
    }
    path.truncate(to: outside)
  }

  private mutating func walkPart(
    _ part: RawSpan, at start: Int, _ siblings: inout Siblings, depth: Int
  ) {
    var fields = PartFields()
    let head = Multipart.endOfHead(part)
    walkFields(part.extracting(first: head), at: start, &fields, isMail: false, depth: depth)
    let name = part.extracting(fields.name)
    path.append(0x3A)
    appendToPath(name)
    if !fields.fileName.isEmpty {
      let inside = path.count
      appendToPath("filename")
      visit(
        part.extracting(fields.fileName), at: start &+ fields.fileName.lowerBound, key: RawSpan(),
        depth: depth)
      path.truncate(to: inside)
    }
    let meaning = keyNames.meaning(of: name, searchesEnd: false)
    walkContent(part, from: head, at: start, fields, key: name, depth: depth)
    correlate(meaning, at: start &+ head, with: &siblings, key: name)
  }

  /// The content behind the fields: undone, and again of several parts when they say so.
  mutating func walkContent(
    _ part: RawSpan, from head: Int, at start: Int, _ fields: PartFields, key: RawSpan, depth: Int
  ) {
    let content = part.extracting(droppingFirst: head)
    let place = start &+ head
    guard content.byteCount > 0 else { return }
    if !fields.boundary.isEmpty, depth < limits.depth, var buffer = takeBuffer() {
      buffer.append("--")
      buffer.append(part.extracting(fields.boundary))
      walkMultipart(content, boundary: buffer.bytes, at: place, depth: depth &+ 1)
      giveBack(buffer)
      return
    }
    switch fields.transfer {
    case .identity where fields.isMail && isMail(content, depth: depth):
      walkMail(content, at: place, key: key, depth: depth)
    case .identity: visit(content, at: place, key: key, depth: depth)
    case .base64: descend(Base64.self, content, at: place, key: key, depth: depth &+ 1)
    case .quotedPrintable:
      descend(QuotedPrintable.self, content, at: place, key: key, depth: depth &+ 1)
    }
  }

  /// Reads fields (RFC 5322 §2.2), folded ones too; those of a mail are looked at.
  mutating func walkFields(
    _ head: RawSpan, at start: Int, _ fields: inout PartFields, isMail: Bool, depth: Int
  ) {
    var position = 0
    while position < head.byteCount, countNode() {
      var end = ByteScan.firstOffset(of: 0x0A, in: head, from: position) ?? head.byteCount
      while end &+ 1 < head.byteCount, head[end &+ 1].isASCIISpaceOrTab {
        end = ByteScan.firstOffset(of: 0x0A, in: head, from: end &+ 1) ?? head.byteCount
      }
      let line = head.extracting(position..<end)
      if let colon = line.firstOffset(of: 0x3A), colon > 0, colon < 128 {
        let value = line.extracting(droppingFirst: colon &+ 1)
        let name = line.extracting(first: colon)
        fields.read(name, value, at: position &+ colon &+ 1)
        if isMail { mailField(name, value, at: start &+ position &+ colon &+ 1, depth: depth) }
      }
      position = end &+ 1
    }
  }
}
