/// The containers around a value of a JSON text.
struct JSONNesting: ~Copyable {
  struct Frame {
    var isArray = false
    var container: UInt32 = 0
    /// The number of the element that is read now.
    var index: UInt32 = 0
    /// How long the path to the container is.
    var pathCount = 0
    /// Where the name of the member that is read now is.
    var name = JSONText.none
  }

  private var frames = InlineArray<64, Frame>(repeating: Frame())
  /// How many are around the innermost one, and itself.
  private(set) var count = 0
  private var containers: UInt32 = 0
  /// The innermost one; those around it are in `frames`.
  private(set) var top = Frame()

  /// With the path to what is in no container.
  init(pathCount: Int) { top.pathCount = pathCount }

  var isFull: Bool { count == frames.count }

  mutating func push(isArray: Bool, pathCount: Int) {
    guard count < frames.count else { return }
    containers &+= 1
    frames[count] = top
    // The elements of an array have the name that the array has.
    top = Frame(
      isArray: isArray, container: containers, pathCount: pathCount,
      name: isArray ? top.name : JSONText.none)
    count &+= 1
  }

  mutating func pop() {
    guard count > 0 else { return }
    count &-= 1
    // Through a span, because a copy of the whole array would be made to read one element.
    top = frames.span[count]
  }

  mutating func setName(_ name: JSONText) { if count > 0 { top.name = name } }

  mutating func nextElement() { if count > 0 { top.index &+= 1 } }
}

/// A name and a value that stand beside each other as two members of an object, in either order
/// (`{"key":"imei","value":"..."}`), or as an array of two.
struct JSONPair {
  /// The container that they are in.
  var container: UInt32 = 0
  /// The text that is the name of the other; empty when there is none.
  var name = JSONText.none
  /// The value that came before its name.
  var value = JSONText.none
  var isNumber = false

  static func isName(_ member: RawSpan) -> Bool {
    switch member.byteCount {
    case 1: member[0] | 0x20 == 0x6B
    case 3: member.equalsIgnoringCase("key")
    case 4: member.equalsIgnoringCase("name") || member.equalsIgnoringCase("type")
    case 5: member.equalsIgnoringCase("field") || member.equalsIgnoringCase("param")
    case 8: member.equalsIgnoringCase("property")
    case 9: member.equalsIgnoringCase("attribute") || member.equalsIgnoringCase("parameter")
    default: false
    }
  }

  static func isValue(_ member: RawSpan) -> Bool {
    switch member.byteCount {
    case 1: member[0] | 0x20 == 0x76
    case 2: member.equalsIgnoringCase("id")
    case 3: member.equalsIgnoringCase("val")
    case 5: member.equalsIgnoringCase("value")
    default: false
    }
  }
}

extension Finder {
  /// Looks at the values of a JSON text, or of several after each other. What is no JSON any more
  /// is looked at as text. `key` is the name that the text has; it is that of its own strings.
  mutating func walkJSON(
    _ bytes: RawSpan, at start: Int, key: RawSpan, depth: Int, label: StaticString = "json"
  ) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath(label)
    var reader = JSONReader(bytes)
    var nesting = JSONNesting(pathCount: path.count)
    var siblings = Siblings()
    var pair = JSONPair()
    var octets = OctetArray()
    // The path is that of the innermost container, and for a moment that of a value in it.
    defer { path.truncate(to: outside) }
    while true {
      let position = reader.position
      switch reader.next() {
      case .comma: nesting.nextElement()
      case .literal: continue
      case .containerEnd:
        if octets.container > 0, octets.container == nesting.top.container {
          noteOctets(&octets, at: start, key: bytes.extracting(nesting.top.name))
        }
        nesting.pop()
        path.truncate(to: nesting.top.pathCount)
        siblings.container = nesting.top.container
      case .name(let name):
        nesting.setName(name)
        noteName(bytes.extracting(name), hasEscapes: name.hasEscapes)
      case .string(let text):
        jsonValue(
          text, isNumber: false, nesting, &siblings, &pair, in: bytes, at: start, key, depth)
        path.truncate(to: nesting.top.pathCount)
      case .number(let text):
        if nesting.top.isArray { jsonOctet(text, nesting.top, &octets, in: bytes) }
        jsonValue(text, isNumber: true, nesting, &siblings, &pair, in: bytes, at: start, key, depth)
        path.truncate(to: nesting.top.pathCount)
      case .objectStart, .arrayStart:
        if nesting.isFull { facts.limits.insert(.nesting) }
        guard !nesting.isFull, countNode() else {
          return jsonRest(bytes, from: position, at: start, outside, label)
        }
        appendElement(of: nesting, in: bytes)
        nesting.push(isArray: bytes[reader.position &- 1] == 0x5B, pathCount: path.count)
        siblings.container = nesting.top.container
      case .end: return
      case .malformed: return jsonRest(bytes, from: position, at: start, outside, label)
      }
    }
  }

  /// Takes a number of an array under the name of a hardware address.
  private func jsonOctet(
    _ text: JSONText, _ frame: JSONNesting.Frame, _ octets: inout OctetArray, in bytes: RawSpan
  ) {
    if frame.index == 0 {
      let name = bytes.extracting(frame.name)
      switch keyNames.meaning(of: name, searchesEnd: true).group {
      case .mac: octets = OctetArray(.macAddress, in: frame.container, at: text.start)
      case .bssid: octets = OctetArray(.bssid, in: frame.container, at: text.start)
      default: octets = OctetArray()
      }
    }
    if octets.container == frame.container, octets.container > 0 {
      octets.append(bytes.extracting(text))
    }
  }

  private mutating func noteOctets(_ octets: inout OctetArray, at start: Int, key: RawSpan) {
    if let digits = octets.digits {
      let detection = Detection(octets.kind, .high, as: .hexadecimal)
      note(detection, digits.bytes, at: start &+ octets.start, key: key)
    }
    octets = OctetArray()
  }

  private mutating func jsonRest(
    _ bytes: RawSpan, from position: Int, at start: Int, _ outside: Int, _ label: StaticString
  ) {
    let rest = bytes.extracting(droppingFirst: position)
    path.truncate(to: outside)
    appendToPath(label)
    scanText(rest, at: start &+ position, meaning: .none)
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

  /// Whether a number right behind an address in its array is the strength of a signal:
  /// `["00:00:5e:00:53:01",-50]`.
  private func isSignal(
    _ text: JSONText, _ frame: JSONNesting.Frame, in bytes: RawSpan, at start: Int
  ) -> Bool {
    guard frame.isArray, frame.index == 1, text.count == 3 || text.count == 4,
      bytes[text.start] == 0x2D, let last = records.last,
      last.detection.kind == .macAddress || last.detection.kind == .bssid
    else { return false }
    return start &+ text.start &- last.offset <= 32
  }

  /// Most values of most texts end here: they are short, and their names say nothing.
  private mutating func jsonValue(
    _ text: JSONText, isNumber: Bool, _ nesting: borrowing JSONNesting,
    _ siblings: inout Siblings, _ pair: inout JSONPair, in bytes: RawSpan, at start: Int,
    _ key: RawSpan, _ depth: Int
  ) {
    var name = nesting.top.name
    if isNumber, isSignal(text, nesting.top, in: bytes, at: start) { facts.signalled &+= 1 }
    if pair.container != nesting.top.container { pair = JSONPair() }
    pair.container = nesting.top.container
    if let named = named(text, isNumber, nesting.top, &pair, in: bytes) {
      if named.isBefore {
        // The name came last: now it is known what the value is.
        let value = pair.value
        pair = JSONPair()
        appendElement(of: nesting, in: bytes)
        let place = Place(layer: start, start: value.start, count: value.count)
        return jsonLeaf(
          place, isNumber: named.isNumber, value.hasEscapes, &siblings, in: bytes,
          bytes.extracting(named.name), nil, depth)
      }
      name = named.name
    }
    let raw = name.count > 0 ? bytes.extracting(name) : key
    let meaning = self.meaning(of: raw, searchesEnd: text.count >= Finder.shortest)
    guard
      !meaning.promisesNothing || name.hasEscapes || watchesLeaves
        || Finder.isWorthALook(bytes.extracting(text))
    else { return }
    let place = Place(layer: start, start: text.start, count: text.count)
    appendElement(of: nesting, in: bytes)
    if name.hasEscapes, var buffer = takeBuffer() {
      _ = JSONEscapes.decode(raw, into: &buffer)
      jsonLeaf(
        place, isNumber: isNumber, text.hasEscapes, &siblings, in: bytes, buffer.bytes, nil, depth)
      giveBack(buffer)
    } else {
      jsonLeaf(
        place, isNumber: isNumber, text.hasEscapes, &siblings, in: bytes, raw, meaning, depth)
    }
    if isNumber, nesting.top.isArray {
      jsonCoordinate(nesting.top, place, &siblings, in: bytes, raw)
    }
  }

  /// The name that a value has by what stands beside it, or that the value before has by this one.
  private mutating func named(
    _ text: JSONText, _ isNumber: Bool, _ frame: JSONNesting.Frame, _ pair: inout JSONPair,
    in bytes: RawSpan
  ) -> (name: JSONText, isBefore: Bool, isNumber: Bool)? {
    if frame.isArray {
      if frame.index == 0, !isNumber {
        pair.name = tells(text, in: bytes, isLoose: false) ? text : JSONText.none
      } else if frame.index == 1, pair.name.count > 0 {
        return (pair.name, false, isNumber)
      }
      return nil
    }
    let member = bytes.extracting(frame.name)
    // A `key` is a name and nothing else; a `name` and a `type` may be those of a field.
    let isKey = member.byteCount != 4
    if !isNumber, JSONPair.isName(member),
      tells(text, in: bytes, isLoose: member.byteCount < 5, isKey: isKey)
    {
      if pair.value.count > 0 { return (text, true, pair.isNumber) }
      pair.name = text
    } else if JSONPair.isValue(member) {
      if pair.name.count > 0 { return (pair.name, false, isNumber) }
      pair.value = text
      pair.isNumber = isNumber
    }
    return nil
  }

  /// Whether a text is the name of something that its neighbour is. Passwords and the like, which
  /// anything can be, are not told by it: forms have fields of that type.
  private mutating func tells(
    _ text: JSONText, in bytes: RawSpan, isLoose: Bool, isKey: Bool = false
  ) -> Bool {
    guard text.count >= 2, text.count <= 40, !text.hasEscapes else { return false }
    let meaning = self.meaning(of: bytes.extracting(text), searchesEnd: true)
    guard meaning.isStrong || isKey else { return false }
    switch meaning.group {
    case .none, .other, .authorization, .signal: return false
    case .password: return isKey
    case .ssid, .serial, .geohash, .location, .cellArea: return isLoose
    default: return true
    }
  }

  /// The numbers of an array under the name of a place, longitude first as in GeoJSON (RFC 7946
  /// §3.1.1) and as in brackets in a text. Of what else is called a position there is much.
  private mutating func jsonCoordinate(
    _ frame: JSONNesting.Frame, _ place: Place, _ siblings: inout Siblings, in bytes: RawSpan,
    _ key: RawSpan
  ) {
    guard frame.index < 2, keyNames.meaning(of: key, searchesEnd: false).group == .location,
      !key.equalsIgnoringCase("position"), place.count >= 5
    else { return }
    let isLatitude = frame.index == 1
    half = ShortText(bytes.extracting(place.start..<(place.start &+ place.count)))
    let group: KeyMeaning.Group = isLatitude ? .latitude : .longitude
    correlate(
      KeyMeaning(group: group, isStrong: true), at: place.outside, with: &siblings, key: key)
  }

  private mutating func jsonLeaf(
    _ place: Place, isNumber: Bool, _ hasEscapes: Bool, _ siblings: inout Siblings,
    in bytes: RawSpan, _ key: RawSpan, _ known: KeyMeaning?, _ depth: Int
  ) {
    let value = bytes.extracting(place.start..<(place.start &+ place.count))
    let meaning =
      known ?? self.meaning(of: key, searchesEnd: value.byteCount >= Finder.shortest)
    if isNumber {
      if countNode() { leaf(value, at: place.outside, key: key, meaning: meaning) }
    } else if hasEscapes {
      descend(JSONEscapes.self, value, at: place.outside, key: key, depth: depth)
    } else {
      visit(value, at: place.outside, key: key, meaning: meaning, depth: depth)
    }
    correlate(meaning, at: place.outside, with: &siblings, key: key)
  }

  /// What the path says of the element that is read now: `json:device.ids[0]`.
  private mutating func appendElement(of nesting: borrowing JSONNesting, in bytes: RawSpan) {
    guard nesting.count > 0 else { return }
    let frame = nesting.top
    if nesting.count == 1 { path.append(0x3A) }
    if frame.isArray {
      path.append(0x5B)
      appendToPath(frame.index)
      path.append(0x5D)
    } else {
      if nesting.count > 1 { path.append(0x2E) }
      appendToPath(bytes.extracting(frame.name))
    }
  }
}

extension RawSpan {
  @_lifetime(copy self)
  fileprivate func extracting(_ text: JSONText) -> RawSpan {
    extracting(text.start..<(text.start &+ text.count))
  }
}
