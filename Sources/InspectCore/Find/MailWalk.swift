/// Mails (RFC 5322, RFC 2045): fields, an empty line, and content.
extension Finder {
  /// Looks at a mail's fields and content; without fields, at all of it. `depth` layers are around.
  mutating func walkMail(_ bytes: RawSpan, at start: Int, key: RawSpan, depth: Int = 0) {
    facts.layers = max(facts.layers, depth &+ 1)
    let head = Multipart.endOfHead(bytes)
    guard head > 0 else { return visit(bytes, at: start, key: key, depth: depth) }
    var fields = PartFields()
    let outside = path.count
    appendToPath("mail")
    let inside = path.count
    isInMail = true
    walkFields(
      bytes.extracting(first: head), at: start, &fields, isMail: true, depth: depth &+ 1)
    path.truncate(to: inside)
    path.append(":body")
    walkContent(bytes, from: head, at: start, fields, key: RawSpan(), depth: depth &+ 1)
    path.truncate(to: outside)
    isInMail = false
  }

  /// Whether what an API was given is a mail to be sent. One within another is enclosed in it: who
  /// is named there is not written to.
  func isMail(_ bytes: RawSpan, depth: Int) -> Bool {
    !isInMail && depth < limits.depth && MailHead.begins(bytes)
  }

  mutating func mailField(_ name: RawSpan, _ value: RawSpan, at start: Int, depth: Int) {
    let outside = path.count
    path.append(0x3A)
    appendToPath(name)
    if EncodedWords.isPlausible(value) {
      descend(EncodedWords.self, value, at: start, key: name, depth: depth &+ 1)
    } else {
      visit(value, at: start, key: name, depth: depth)
    }
    path.truncate(to: outside)
  }
}

/// The fields of a mail (RFC 5322 §3.6) where nothing says that they are one.
enum MailHead {
  /// Whether `bytes` begin with fields, of which one names a recipient, and an empty line follows.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 16, endOfName(bytes) != nil else { return false }
    let head = bytes.extracting(first: Multipart.endOfHead(bytes))
    var position = 0
    var fields = 0
    var hasRecipient = false
    while position < head.byteCount {
      let end = ByteScan.firstOffset(of: 0x0A, in: head, from: position) ?? head.byteCount
      let line = head.extracting(position..<end)
      position = end &+ 1
      // The empty line, and what goes on.
      if line.isEmpty || line[0].isBlank { continue }
      guard let colon = endOfName(line) else { return false }
      let name = line.extracting(first: colon)
      if isRecipient(name) { hasRecipient = true }
      if isUsual(name) { fields &+= 1 }
    }
    return hasRecipient && fields >= 2
  }

  private static func endOfName(_ line: RawSpan) -> Int? {
    for index in 0..<min(line.byteCount, 64) where !line[index].isAlphanumeric {
      if line[index] == 0x3A { return index > 1 ? index : nil }
      guard line[index] == 0x2D else { return nil }
    }
    return nil
  }

  private static func isRecipient(_ name: RawSpan) -> Bool {
    name.equalsIgnoringCase("to") || name.equalsIgnoringCase("cc")
      || name.equalsIgnoringCase("bcc")
  }

  private static func isUsual(_ name: RawSpan) -> Bool {
    isRecipient(name) || name.equalsIgnoringCase("from") || name.equalsIgnoringCase("subject")
      || name.equalsIgnoringCase("date") || name.equalsIgnoringCase("mime-version")
      || name.equalsIgnoringCase("message-id") || name.equalsIgnoringCase("content-type")
  }
}
