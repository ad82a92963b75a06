/// The containers around a value of a JSON text.
struct JSONNesting: ~Copyable {
  struct Frame {
    var isArray = false
    var container: UInt32 = 0
    /// The number of the element that is read now.
    var index: UInt32 = 0
    /// Where the name of the member that is read now is.
    var name = JSONText(start: 0, count: 0, hasEscapes: false)
  }

  private var frames = InlineArray<64, Frame>(repeating: Frame())
  private(set) var count = 0
  private var containers: UInt32 = 0
  /// What a path says of the text.
  let label: StaticString

  init(label: StaticString) { self.label = label }

  var top: Frame { count > 0 ? frames[count &- 1] : Frame() }

  /// False when there are too many in each other.
  mutating func push(isArray: Bool) -> Bool {
    guard count < frames.count else { return false }
    containers &+= 1
    // The elements of an array have the name that the array has.
    frames[count] = Frame(
      isArray: isArray, container: containers,
      name: isArray ? top.name : JSONText(start: 0, count: 0, hasEscapes: false))
    count &+= 1
    return true
  }

  mutating func pop() { count = max(count &- 1, 0) }

  mutating func setName(_ name: JSONText) {
    if count > 0 { frames[count &- 1].name = name }
  }

  mutating func nextElement() {
    if count > 0 { frames[count &- 1].index &+= 1 }
  }

  subscript(index: Int) -> Frame { frames[index] }
}

extension Finder {
  /// Looks at the values of a JSON text, or of several after each other. What is no JSON any more
  /// is looked at as text. `key` is the name that the text has; it is that of its own strings.
  mutating func walkJSON(
    _ bytes: RawSpan, at start: Int, key: RawSpan, depth: Int, label: StaticString = "json"
  ) {
    facts.layers = max(facts.layers, depth)
    var reader = JSONReader(bytes)
    var nesting = JSONNesting(label: label)
    var siblings = Siblings()
    while true {
      let position = reader.position
      switch reader.next() {
      case .comma: nesting.nextElement()
      case .literal: continue
      case .containerEnd:
        nesting.pop()
        siblings.container = nesting.top.container
      case .name(let name):
        nesting.setName(name)
        noteName(bytes.extracting(name), hasEscapes: name.hasEscapes)
      case .string(let text):
        jsonValue(text, isNumber: false, nesting, &siblings, in: bytes, at: start, key, depth)
      case .number(let text):
        jsonValue(text, isNumber: true, nesting, &siblings, in: bytes, at: start, key, depth)
      case .objectStart, .arrayStart:
        let isNested = nesting.push(isArray: bytes[reader.position &- 1] == 0x5B)
        if !isNested { facts.limits.insert(.nesting) }
        guard isNested, countNode() else {
          return jsonRest(bytes, from: position, at: start, label)
        }
        siblings.container = nesting.top.container
      case .end: return
      case .malformed: return jsonRest(bytes, from: position, at: start, label)
      }
    }
  }

  private mutating func jsonRest(
    _ bytes: RawSpan, from position: Int, at start: Int, _ label: StaticString
  ) {
    let rest = bytes.extracting(droppingFirst: position)
    let outside = path.count
    appendToPath(label)
    scanText(rest, at: start &+ position, meaning: .none)
    path.truncate(to: outside)
  }

  private mutating func noteName(_ name: RawSpan, hasEscapes: Bool) {
    if hasEscapes, var buffer = takeBuffer() {
      _ = JSONEscapes.decode(name, into: &buffer)
      noteName(buffer.bytes, hasEscapes: false)
      giveBack(buffer)
    } else {
      facts.selfRegistrationKeys.insert(name)
      if base64Depth > 0 { facts.encodedSelfRegistrationKeys.insert(name) }
    }
  }

  /// Most values of most texts end here: they are short, and their names say nothing.
  private mutating func jsonValue(
    _ text: JSONText, isNumber: Bool, _ nesting: borrowing JSONNesting,
    _ siblings: inout Siblings, in bytes: RawSpan, at start: Int, _ key: RawSpan, _ depth: Int
  ) {
    let name = nesting.top.name
    let isLong =
      text.count >= Finder.shortest
      || !isNumber && Finder.isWorthALook(bytes.extracting(text))
    let raw = name.count > 0 ? bytes.extracting(name) : key
    guard
      isLong || name.hasEscapes || keyNames.meaning(of: raw, searchesEnd: false) != .none
        || watchesLeaves
    else { return }
    let place = Place(layer: start, start: text.start, count: text.count)
    let outside = path.count
    appendToPath(nesting, in: bytes)
    if name.hasEscapes, var buffer = takeBuffer() {
      _ = JSONEscapes.decode(raw, into: &buffer)
      jsonLeaf(
        place, isNumber: isNumber, text.hasEscapes, &siblings, in: bytes, buffer.bytes, depth)
      giveBack(buffer)
    } else {
      jsonLeaf(place, isNumber: isNumber, text.hasEscapes, &siblings, in: bytes, raw, depth)
    }
    path.truncate(to: outside)
  }

  private mutating func jsonLeaf(
    _ place: Place, isNumber: Bool, _ hasEscapes: Bool, _ siblings: inout Siblings,
    in bytes: RawSpan, _ key: RawSpan, _ depth: Int
  ) {
    let value = bytes.extracting(place.start..<(place.start &+ place.count))
    if isNumber {
      if countNode() { leaf(value, at: place.outside, key: key) }
    } else if hasEscapes {
      descend(JSONEscapes.self, value, at: place.outside, key: key, depth: depth)
    } else {
      visit(value, at: place.outside, key: key, depth: depth)
    }
    let meaning = keyNames.meaning(of: key, searchesEnd: false)
    correlate(meaning, at: place.outside, with: &siblings, key: key)
  }

  /// `json:device.ids[0]`.
  private mutating func appendToPath(_ nesting: borrowing JSONNesting, in bytes: RawSpan) {
    appendToPath(nesting.label)
    var isFirst = true
    for index in 0..<nesting.count {
      let frame = nesting[index]
      if isFirst { path.append(":") }
      if frame.isArray {
        path.append("[")
        appendToPath(frame.index)
        path.append("]")
      } else {
        if !isFirst { path.append(".") }
        appendToPath(bytes.extracting(frame.name))
      }
      isFirst = false
    }
  }
}

extension RawSpan {
  @_lifetime(copy self)
  fileprivate func extracting(_ text: JSONText) -> RawSpan {
    extracting(text.start..<(text.start &+ text.count))
  }
}
