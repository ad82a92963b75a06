/// Names and values: forms and queries (WHATWG URL §5), cookies (RFC 6265 §4.2), lines of
/// `name=value`.
enum Form {
  private static let longestName = 64
  private static let mostBlanks = 16

  /// Whether a name, `=` and a value begin at `start`, white space left aside. The padding of
  /// base64 is no value.
  static func begins(_ bytes: RawSpan, at start: Int) -> Bool {
    var index = start
    // Few: what is looked at again at each end of a line must not be long.
    while index < bytes.byteCount, index &- start < mostBlanks, bytes[index].isBlank { index &+= 1 }
    let name = index
    let end = min(bytes.byteCount, name &+ longestName &+ 1)
    guard let sign = bytes.extracting(first: end).firstOffset(of: 0x3D, from: name), sign > name,
      sign &+ 1 < bytes.byteCount, bytes[sign &+ 1] != 0x3D
    else { return false }
    while index < sign, isOfName(bytes[index]) { index &+= 1 }
    return index == sign
  }

  /// Letters, digits and `_ - . ~ % + * $ @ [ ] :`: a bit for each.
  @inline(__always)
  private static func isOfName(_ byte: UInt8) -> Bool {
    let bits: UInt64 = byte < 0x40 ? 0x07FF_6C30_0000_0000 : 0x47FF_FFFE_AFFF_FFFF
    return byte < 0x80 && bits &>> UInt64(byte & 63) & 1 == 1
  }

  /// Where the pair ends that begins at `start`: at `&`, or at `;` or the end of a line when
  /// another pair follows (base64 has line ends inside, a user agent semicolons).
  static func end(of bytes: RawSpan, from start: Int) -> Int {
    var index = start
    while let sign = ByteScan.firstOffset(of: 0x26, or: 0x3B, or: 0x0A, in: bytes, from: index) {
      if bytes[sign] == 0x26 || begins(bytes, at: sign &+ 1) { return sign }
      index = sign &+ 1
    }
    return bytes.byteCount
  }
}

extension Finder {
  /// Looks at the pairs of a form; `depth` counts the form.
  mutating func walkForm(_ bytes: RawSpan, at start: Int, label: StaticString, depth: Int) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath(label)
    path.append(":")
    let inside = path.count
    var siblings = Siblings()
    var position = 0
    while position < bytes.byteCount {
      guard countNode() else { break }
      let end = Form.end(of: bytes, from: position)
      while position < end, bytes[position].isBlank { position &+= 1 }
      let pair = bytes.extracting(position..<end)
      let equals = pair.firstOffset(of: 0x3D) ?? pair.byteCount
      let name = pair.extracting(first: equals)
      let value = min(equals &+ 1, pair.byteCount)
      let place = Place(layer: start, start: position &+ value, count: pair.byteCount &- value)
      formField(name, place, in: bytes, siblings: &siblings, depth: depth)
      path.truncate(to: inside)
      position = end &+ 1
    }
    path.truncate(to: outside)
  }

  /// Decodes the name when it has to be; then the value is looked at.
  private mutating func formField(
    _ name: RawSpan, _ place: Place, in bytes: RawSpan, siblings: inout Siblings, depth: Int
  ) {
    if FormEncoding.isPlausible(name), var buffer = takeBuffer() {
      _ = FormEncoding.decode(name, into: &buffer)
      formValue(buffer.bytes, place, in: bytes, siblings: &siblings, depth: depth)
      giveBack(buffer)
    } else {
      formValue(name, place, in: bytes, siblings: &siblings, depth: depth)
    }
  }

  private mutating func formValue(
    _ name: RawSpan, _ place: Place, in bytes: RawSpan, siblings: inout Siblings, depth: Int
  ) {
    let value = bytes.extracting(place.start..<(place.start &+ place.count))
    let meaning = self.meaning(of: name, searchesEnd: place.count >= Finder.shortest)
    guard !meaning.promisesNothing || Finder.isWorthALook(value) || watchesLeaves else { return }
    appendToPath(name)
    // Base64 that nobody escaped has `+` for itself, not for a space; `%` is none of its symbols.
    let isEscaped = FormEncoding.isPlausible(value)
    if isEscaped, value.firstOffset(of: 0x2B) == nil || !Base64.isPlausible(value) {
      descend(FormEncoding.self, value, at: place.outside, key: name, depth: depth)
    } else {
      visit(value, at: place.outside, key: name, meaning: meaning, depth: depth)
    }
    correlate(meaning, at: place.outside, with: &siblings, key: name)
  }

  /// Looks at a request target or URL: the segments of its path, each with the one before it as its
  /// name (`/imei/490154203237518`), then its query.
  mutating func walkURL(_ bytes: RawSpan, at start: Int, depth: Int) {
    let isDeepEnough = depth < limits.depth
    if !isDeepEnough { facts.limits.insert(.depth) }
    guard isDeepEnough, countNode() else { return }
    let fragment = bytes.firstOffset(of: 0x23) ?? bytes.byteCount
    let question = bytes.extracting(first: fragment).firstOffset(of: 0x3F) ?? fragment
    let path = endOfAuthority(bytes.extracting(first: question), at: start, depth: depth &+ 1)
    walkSegments(
      bytes.extracting(path..<question), at: start &+ path, depth: depth &+ 1)
    guard question < fragment else { return }
    walkForm(
      bytes.extracting((question &+ 1)..<fragment), at: start &+ question &+ 1, label: "query",
      depth: depth &+ 1)
  }

  /// Where the path of an absolute URL begins; its user and its host are looked at.
  private mutating func endOfAuthority(_ url: RawSpan, at start: Int, depth: Int) -> Int {
    guard let colon = url.firstOffset(of: 0x3A), colon > 0, colon <= 16,
      url.hasBytes("://", at: colon)
    else { return 0 }
    let first = colon &+ 3
    let end = url.firstOffset(of: 0x2F, from: first) ?? url.byteCount
    let authority = url.extracting(first..<end)
    userInformation(authority, at: start &+ first)
    let host = authority.firstOffset(of: 0x40).map { $0 &+ 1 } ?? 0
    let outside = path.count
    appendToPath("host")
    walkLabels(authority.extracting(droppingFirst: host), at: start &+ first &+ host, depth: depth)
    path.truncate(to: outside)
    return end
  }

  /// The parts between slashes, each with the one before it as its name.
  mutating func walkSegments(_ bytes: RawSpan, at start: Int, depth: Int) {
    let outside = path.count
    var previous = 0..<0
    var position = 0
    var number: UInt32 = 0
    while position < bytes.byteCount {
      let end = bytes.firstOffset(of: 0x2F, from: position) ?? bytes.byteCount
      if end > position {
        let key = bytes.extracting(previous)
        let segment = bytes.extracting(position..<end)
        let meaning = self.meaning(of: key, searchesEnd: segment.byteCount >= Finder.shortest)
          .inPath(of: segment)
        if !meaning.promisesNothing || watchesLeaves || Finder.isWorthALook(segment) {
          appendToPath("path[")
          appendToPath(number)
          path.append("]")
          visit(segment, at: start &+ position, key: key, meaning: meaning, depth: depth)
          path.truncate(to: outside)
        }
        previous = position..<end
        number &+= 1
      }
      position = end &+ 1
    }
  }
}

extension Finder {
  /// Looks at the labels of a host name, each with the one before it as its name.
  mutating func walkLabels(_ bytes: RawSpan, at start: Int, depth: Int) {
    var previous = 0..<0
    var position = 0
    while position < bytes.byteCount {
      let end = bytes.firstOffset(of: 0x2E, from: position) ?? bytes.byteCount
      let label = bytes.extracting(position..<end)
      let key = bytes.extracting(previous)
      let meaning = self.meaning(of: key, searchesEnd: label.byteCount >= Finder.shortest)
      if !meaning.promisesNothing || Finder.isWorthALook(label) {
        visit(label, at: start &+ position, key: key, meaning: meaning, depth: depth)
      }
      previous = position..<end
      position = end &+ 1
    }
  }
}
