/// JSON inside of a text (`callback({...})`, a line of a log), and names with values in its lines:
/// `ssid: HomeNet`, `INFO start serial=R58M12ABCDE lat=55.676098`.
///
/// What has a structure of its own is found in a text anyhow; this is for what only its name makes
/// something.
extension Finder {
  private static let longestName = 32

  /// Looks at a text in which JSON begins at `object`.
  mutating func walkEmbedded(
    _ text: RawSpan, from object: Int, at start: Int, key: RawSpan, depth: Int
  ) {
    var position = 0
    var next: Int? = object
    while let begin = next, countNode() {
      scanMixed(text.extracting(position..<begin), at: start &+ position)
      position = JSONReader.end(of: text, from: begin)
      walkJSON(
        text.extracting(begin..<position), at: start &+ begin, key: key, depth: depth)
      next = JSONReader.object(in: text, from: position)
    }
    scanMixed(text.extracting(droppingFirst: position), at: start &+ position)
  }

  private mutating func scanMixed(_ text: RawSpan, at start: Int) {
    walkPairs(text, at: start)
    scanText(text, at: start, meaning: .none)
  }

  /// Looks at what stands behind names that are known.
  mutating func walkPairs(_ text: RawSpan, at start: Int) {
    guard text.byteCount >= 8 else { return }
    var siblings = Siblings()
    var position = 0
    let outside = path.count
    while let sign = ByteScan.firstOffset(of: 0x3D, or: 0x3A, in: text, from: position) {
      position = sign &+ 1
      guard let name = TextPair.name(in: text, before: sign), name.count <= Finder.longestName
      else { continue }
      let key = text.extracting(name)
      let meaning = self.meaning(of: key, searchesEnd: true)
      guard !meaning.promisesNothing, !TextPair.isFoundAnyhow(meaning.group),
        let value = TextPair.value(in: text, of: name, sign, mayHaveSpaces: meaning.group == .ssid),
        countNode()
      else { continue }
      let isSecret = meaning.group == .password
      guard !isSecret || TextPair.mayBeSecret(text.extracting(value), meaning, name, in: text)
      else { continue }
      appendToPath("text:")
      appendToPath(key)
      leaf(text.extracting(value), at: start &+ value.lowerBound, key: key, meaning: meaning)
      correlate(meaning, at: start &+ value.lowerBound, with: &siblings, key: key)
      path.truncate(to: outside)
      position = max(position, value.upperBound)
    }
  }

  /// Whether a finding of this kind is noted at this place.
  func hasNoted(_ kind: IdentifierKind, at start: Int) -> Bool {
    for record in records.suffix(16) where record.offset == start && record.detection.kind == kind {
      return true
    }
    return false
  }
}

/// A name and a value in a text.
enum TextPair {
  private static let longestValue = 128

  /// What is known in a text by its structure, together with the name before it.
  static func isFoundAnyhow(_ group: KeyMeaning.Group) -> Bool {
    switch group {
    case .imei, .imeisv, .imsi, .iccid, .email, .iban: true
    default: false
    }
  }

  /// The word before a sign, when it begins a line or stands behind a space or a comma.
  static func name(in text: RawSpan, before sign: Int) -> Range<Int>? {
    var end = sign
    while end > 0, text[end &- 1] == 0x20 || isQuote(text[end &- 1]) { end &-= 1 }
    // Android's properties: `[ro.serialno]: [...]`.
    if end > 0, text[end &- 1] == 0x5D { end &-= 1 }
    var first = end
    while first > 0, end &- first <= 33, isOfName(text[first &- 1]) { first &-= 1 }
    guard end &- first >= 2, end &- first <= 32 else { return nil }
    guard first > 0 else { return first..<end }
    switch text[first &- 1] {
    case 0x0A, 0x0D, 0x09, 0x20, 0x22, 0x27, 0x2C, 0x3B, 0x28, 0x5B, 0x7B, 0x7C: return first..<end
    default: return nil
    }
  }

  /// Behind a colon that begins a line all of the line, else a word, or what is before the next name
  /// where `mayHaveSpaces`; quotes are left out.
  static func value(
    in text: RawSpan, of name: Range<Int>, _ sign: Int, mayHaveSpaces: Bool = false
  ) -> Range<Int>? {
    var first = sign &+ 1
    let isColon = text[sign] == 0x3A
    while first < text.byteCount, text[first] == 0x20 || text[first] == 0x09 { first &+= 1 }
    guard first < text.byteCount else { return nil }
    // Without a space a colon is part of an address, a time, a URL.
    if isColon, first == sign &+ 1, !isQuote(text[first]) { return nil }
    let limit = min(text.byteCount, first &+ longestValue)
    var end = first
    let isProperty = text[first] == 0x5B && text[name.upperBound] == 0x5D
    if isQuote(text[first]) || isProperty {
      let quote = isProperty ? 0x5D : text[first]
      first &+= 1
      end = first
      while end < limit, text[end] != quote, text[end] != 0x0A { end &+= 1 }
    } else if beginsLine(name, in: text) {
      while end < limit, text[end] != 0x0A, text[end] != 0x0D { end &+= 1 }
    } else {
      while end < limit, !endsWord(in: text, at: end) { end &+= 1 }
      if mayHaveSpaces, let next = endBeforeName(in: text, from: end, limit) { end = next }
    }
    while end > first, text[end &- 1] == 0x20 { end &-= 1 }
    return end > first ? first..<end : nil
  }

  /// Where a value of several words ends: before the next name with its sign, and a comma or
  /// semicolon in front of that. Nil where none follows in the line: what goes on is a sentence then.
  private static func endBeforeName(in text: RawSpan, from start: Int, _ limit: Int) -> Int? {
    var index = start
    while index < limit {
      switch text[index] {
      case 0x0A, 0x0D, 0x22, 0x7B, 0x7D: return nil
      case 0x3A, 0x3D:
        // A colon in a time or an address is no sign of a name.
        guard let name = name(in: text, before: index), name.lowerBound > start,
          text[index] == 0x3D || index &+ 1 < text.byteCount && text[index &+ 1] == 0x20
        else { return nil }
        var end = name.lowerBound
        while end > start, isBetween(text[end &- 1]) { end &-= 1 }
        return end
      default: index &+= 1
      }
    }
    return nil
  }

  private static func isBetween(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x2C || byte == 0x3B || byte == 0x7C
  }

  /// A password stands alone in its line: programs and sentences have that name in them, too.
  static func mayBeSecret(
    _ value: RawSpan, _ meaning: KeyMeaning, _ name: Range<Int>, in text: RawSpan
  ) -> Bool {
    guard meaning.isStrong, beginsLine(name, in: text), value.byteCount <= 64 else { return false }
    for index in value.byteOffsets {
      switch value[index] {
      case 0x20, 0x28, 0x29, 0x3B, 0x3C, 0x3E, 0x7B, 0x7D: return false
      default: continue
      }
    }
    return true
  }

  private static func beginsLine(_ name: Range<Int>, in text: RawSpan) -> Bool {
    var first = name.lowerBound
    while first > 0,
      text[first &- 1] == 0x20 || text[first &- 1] == 0x09
        || text[first &- 1] == 0x2D || isQuote(text[first &- 1])
    {
      first &-= 1
    }
    return first == 0 || text[first &- 1] == 0x0A
  }

  /// A comma before a digit or a sign is within a pair of coordinates.
  private static func endsWord(in text: RawSpan, at place: Int) -> Bool {
    switch text[place] {
    case 0x09, 0x0A, 0x0D, 0x20, 0x26, 0x29, 0x3B, 0x5D, 0x7C, 0x7D, 0x22, 0x27: return true
    case 0x2C:
      guard place &+ 1 < text.byteCount else { return true }
      return !text[place &+ 1].isASCIIDigit && text[place &+ 1] != 0x2D
    default: return false
    }
  }

  private static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }

  private static func isOfName(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || byte == 0x5F || byte == 0x2D || byte == 0x2E
  }
}

extension JSONReader {
  /// Where an object with members begins in a text.
  static func object(in text: RawSpan, from start: Int = 0) -> Int? {
    var position = start
    while let brace = text.firstOffset(of: 0x7B, from: position) {
      var index = brace &+ 1
      while index < text.byteCount, index &- brace < 64, text[index].isBlank { index &+= 1 }
      guard index < text.byteCount else { return nil }
      if text[index] == 0x22 { return brace }
      position = max(index, brace &+ 1)
    }
    return nil
  }

  /// Where the object ends that begins at `start`; the end when it is cut off.
  static func end(of text: RawSpan, from start: Int) -> Int {
    var reader = JSONReader(text.extracting(droppingFirst: start))
    var containers = 0
    while true {
      switch reader.next() {
      case .objectStart, .arrayStart: containers &+= 1
      case .containerEnd:
        containers &-= 1
        if containers <= 0 { return start &+ reader.position }
      case .comma, .name, .string, .number, .literal: continue
      case .end: return text.byteCount
      case .malformed: return start &+ max(reader.position, 1)
      }
    }
  }
}
