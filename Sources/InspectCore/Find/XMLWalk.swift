/// The elements around a text: how long the path was before each, and where its name is.
private struct XMLNesting: ~Copyable {
  struct Frame {
    var pathCount = 0
    var name = 0..<0
    /// An attribute that names what is inside: `<string name="imei">`.
    var title = 0..<0
    var number: UInt32 = 0
  }

  private var frames = InlineArray<64, Frame>(repeating: Frame())
  /// How many are around the innermost one, and itself.
  private(set) var count = 0
  private var opened: UInt32 = 0
  /// The innermost one; those around it are in `frames`.
  private(set) var top = Frame()
  /// The number of the one around it: siblings are in the same element.
  private(set) var parent: UInt32 = 0

  /// False when there are too many in each other.
  mutating func push(_ name: Range<Int>, pathCount: Int) -> Bool {
    guard count < frames.count else { return false }
    opened &+= 1
    frames[count] = top
    parent = top.number
    top = Frame(pathCount: pathCount, name: name, number: opened)
    count &+= 1
    return true
  }

  /// How long the path was before the element that ends.
  mutating func pop() -> Int {
    guard count > 0 else { return 0 }
    let pathCount = top.pathCount
    count &-= 1
    // Through a span, because a copy of the whole array would be made to read one element.
    top = frames.span[count]
    parent = count > 0 ? frames.span[count &- 1].number : 0
    return pathCount
  }

  mutating func setTitle(_ title: Range<Int>) { if count > 0 { top.title = title } }
}

extension Finder {
  /// Looks at the attributes and texts of an XML text. Elements and attributes are names; so is what
  /// an attribute `name` or `key` says (`<string name="imei">`), the text of the element `key` before
  /// it (property lists), and of `name` before `value` (XML-RPC, whose values have types inside:
  /// `<name>imei</name><value><string>...`).
  mutating func walkXML(_ bytes: RawSpan, at start: Int, depth: Int) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath("xml")
    let root = path.count
    var reader = XMLReader(bytes)
    var nesting = XMLNesting()
    var siblings = Siblings()
    // The text of the last element `key` or `name`, for the element after it.
    var title = 0..<0
    var name = 0..<0
    reading: while true {
      let position = reader.position
      switch reader.next() {
      case .start(let element):
        let isValue = bytes.extracting(element).equalsIgnoringCase("value")
        if isValue, title.isEmpty, tellsOfValue(bytes.extracting(name)) { title = name }
        if !isValue, title.isEmpty, bytes.extracting(nesting.top.name).equalsIgnoringCase("value") {
          title = nesting.top.title
        }
        name = 0..<0
        guard countNode(), nesting.push(element, pathCount: path.count) else {
          facts.limits.insert(.nesting)
          scanText(
            bytes.extracting(droppingFirst: position), at: start &+ position, meaning: .none)
          break reading
        }
        path.append(path.count == root ? 0x3A : 0x2E)
        appendToPath(bytes.extracting(element))
        nesting.setTitle(title)
        title = 0..<0
      case .attribute(let name, let value):
        siblings.container = nesting.top.number
        xmlAttribute(name, value, &nesting, &siblings, in: bytes, at: start, depth)
      case .emptyEnd, .end:
        if nesting.count > 0 { path.truncate(to: nesting.pop()) }
      case .text(let range, let isVerbatim):
        let frame = nesting.top
        if bytes.extracting(frame.name).equalsIgnoringCase("key") { title = range }
        if bytes.extracting(frame.name).equalsIgnoringCase("name") { name = range }
        siblings.container = nesting.parent
        let key = frame.title.isEmpty ? frame.name : frame.title
        xmlValue(key, range, isVerbatim, &siblings, in: bytes, at: start, depth)
      case .over: break reading
      }
    }
    path.truncate(to: outside)
  }

  /// Whether the text of `name` says what the `value` beside it is. A password is not told by it, as in
  /// JSON: forms have fields of that name.
  private mutating func tellsOfValue(_ name: RawSpan) -> Bool {
    guard name.byteCount >= 2, name.byteCount <= 40 else { return false }
    let meaning = self.meaning(of: name, searchesEnd: true)
    guard meaning.isStrong else { return false }
    switch meaning.group {
    case .none, .password, .authorization, .signal: return false
    default: return true
    }
  }

  private mutating func xmlAttribute(
    _ name: Range<Int>, _ value: Range<Int>, _ nesting: inout XMLNesting,
    _ siblings: inout Siblings, in bytes: RawSpan, at start: Int, _ depth: Int
  ) {
    let text = bytes.extracting(name)
    if text.equalsIgnoringCase("name") || text.equalsIgnoringCase("key") { nesting.setTitle(value) }
    let title = nesting.top.title
    let isTitled = text.equalsIgnoringCase("value") && !title.isEmpty
    let outside = path.count
    path.append(0x40)
    appendToPath(text)
    xmlValue(isTitled ? title : name, value, false, &siblings, in: bytes, at: start, depth)
    path.truncate(to: outside)
  }

  private mutating func xmlValue(
    _ name: Range<Int>, _ range: Range<Int>, _ isVerbatim: Bool, _ siblings: inout Siblings,
    in bytes: RawSpan, at start: Int, _ depth: Int
  ) {
    let key = bytes.extracting(name).withoutPrefix
    let value = bytes.extracting(range)
    let meaning = self.meaning(of: key, searchesEnd: range.count >= Finder.shortest)
    guard !meaning.promisesNothing || Finder.isWorthALook(value) || watchesLeaves else { return }
    let place = Place(layer: start, start: range.lowerBound, count: range.count)
    if !isVerbatim, XMLEntities.isPlausible(value) {
      descend(XMLEntities.self, value, at: place.outside, key: key, depth: depth)
    } else {
      visit(value, at: place.outside, key: key, meaning: meaning, depth: depth)
    }
    correlate(meaning, at: place.outside, with: &siblings, key: key)
  }
}

extension RawSpan {
  /// The name without that of its namespace: `wsse:Password`.
  fileprivate var withoutPrefix: RawSpan {
    @_lifetime(copy self) get {
      guard let colon = firstOffset(of: 0x3A), colon &+ 1 < byteCount else { return self }
      return extracting(droppingFirst: colon &+ 1)
    }
  }
}
