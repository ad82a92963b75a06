/// Mails (RFC 5322, RFC 2045): fields, an empty line, and content.
extension Finder {
  /// Looks at a mail's fields and content; without fields, at all of it.
  mutating func walkMail(_ bytes: RawSpan, at start: Int, key: RawSpan) {
    facts.layers = max(facts.layers, 1)
    let head = Multipart.endOfHead(bytes)
    guard head > 0 else { return visit(bytes, at: start, key: key, depth: 0) }
    var fields = PartFields()
    path.append("mail")
    let inside = path.count
    walkFields(bytes.extracting(first: head), at: start, &fields, isMail: true, depth: 1)
    path.truncate(to: inside)
    path.append(":body")
    walkContent(bytes, from: head, at: start, fields, key: RawSpan(), depth: 1)
    path.removeAll()
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
