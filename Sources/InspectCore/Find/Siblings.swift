/// A short value, copied out of its layer. A longer one is empty: it is no half of anything.
struct ShortText {
  private var storage = InlineArray<40, UInt8>(repeating: 0)
  private(set) var count = 0

  init() {}

  init(_ text: RawSpan) {
    guard text.byteCount <= storage.count else { return }
    for index in text.byteOffsets { storage[index] = text[index] }
    count = text.byteCount
  }

  var bytes: RawSpan {
    @_lifetime(borrow self) get { unsafe storage.span.bytes.extracting(first: count) }
  }
}

/// The last values of a layer whose names say that they belong to another: a small window, so that
/// a latitude finds its longitude.
struct Siblings {
  struct Entry {
    var group = KeyMeaning.Group.none
    /// The object that the value is in.
    var container: UInt32 = 0
    /// Where it is in the layer around.
    var start = 0
    var text = ShortText()
  }

  private var entries = InlineArray<8, Entry>(repeating: Entry())
  private var next = 0
  /// The object that is read now.
  var container: UInt32 = 0

  mutating func insert(_ group: KeyMeaning.Group, _ text: ShortText, at start: Int) {
    entries[next] = Entry(group: group, container: container, start: start, text: text)
    next = (next &+ 1) % entries.count
  }

  /// The latest value of that meaning in the object that is read now.
  func last(_ group: KeyMeaning.Group) -> Entry? {
    for step in 1...entries.count {
      let entry = entries[(next &- step &+ entries.count) % entries.count]
      if entry.group == group, entry.container == container { return entry }
    }
    return nil
  }
}

extension Finder {
  /// Looks at the value that was just visited, which begins at `start` of the layer around, together
  /// with what stood before it in the same object.
  mutating func correlate(
    _ meaning: KeyMeaning, at start: Int, with siblings: inout Siblings, key: RawSpan
  ) {
    if meaning.group == .signal { facts.signals &+= 1 }
    guard meaning.isHalf, half.count > 0 else { return }
    let value = half
    half = ShortText()
    switch meaning.group {
    case .latitude, .longitude:
      let isLatitude = meaning.group == .latitude
      siblings.insert(meaning.group, value, at: start)
      guard let other = siblings.last(isLatitude ? .longitude : .latitude) else { return }
      notePlace(
        latitude: isLatitude ? value : other.text, longitude: isLatitude ? other.text : value,
        at: min(start, other.start), key: key)
    case .cellID:
      siblings.insert(.cellID, value, at: start)
      if siblings.last(.cellArea) != nil { noteCell(value, at: start, key: key) }
    case .cellArea:
      // The area may follow its cell: noted once, with the first area.
      let isFirst = siblings.last(.cellArea) == nil
      siblings.insert(.cellArea, value, at: start)
      guard isFirst, let cell = siblings.last(.cellID) else { return }
      noteCell(cell.text, at: cell.start, key: key)
    default: return
    }
  }

  private mutating func notePlace(
    latitude: ShortText, longitude: ShortText, at start: Int, key: RawSpan
  ) {
    let first = latitude.bytes.trimmingWhitespace
    let second = longitude.bytes.trimmingWhitespace
    guard let detection = LocationDetector.detect(latitude: first, longitude: second) else {
      return
    }
    note(detection, first, and: second, at: start, key: key)
  }

  private mutating func noteCell(_ cell: ShortText, at start: Int, key: RawSpan) {
    guard let detection = TelephonyDetector.cell(cell.bytes) else { return }
    note(detection, cell.bytes, at: start, key: key)
  }

  /// Notes that a message has a list of access points, which is a place: two or more BSSIDs, or
  /// hardware addresses each beside the strength of its signal, by its name or right behind. The values
  /// are the first two.
  mutating func noteAccessPoints() {
    var first: FindingRecord?
    for record in records {
      switch record.detection.kind {
      case .bssid: break
      case .macAddress where facts.signals >= 2 && record.detection.confidence > .low: break
      case .macAddress where facts.signalled >= 2: break
      default: continue
      }
      guard let known = first else {
        first = record
        continue
      }
      guard !normalized(record).equals(normalized(known)) else { continue }
      return notePair(known, record)
    }
  }
}

/// Where a value is: in the bytes of its layer, which begin at `layer` of the layer around.
struct Place {
  var layer: Int
  var start: Int
  var count: Int

  var outside: Int { layer &+ start }
}
