/// Where a value is: in the bytes of its layer, which begin at `layer` of the layer around.
struct Place {
  var layer: Int
  var start: Int
  var count: Int

  var outside: Int { layer &+ start }
}

/// The last values of a layer whose names say that they belong to another: a small window, so that
/// a latitude finds its longitude.
struct Siblings {
  struct Entry {
    var group = KeyMeaning.Group.none
    /// The object that the value is in.
    var container: UInt32 = 0
    var start = 0
    var count = 0
  }

  private var entries = InlineArray<8, Entry>(repeating: Entry())
  private var next = 0
  /// The object that is read now.
  var container: UInt32 = 0

  mutating func insert(_ group: KeyMeaning.Group, _ place: Place) {
    entries[next] = Entry(
      group: group, container: container, start: place.start, count: place.count)
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
  /// Looks at a value together with what stood before it in the same object.
  mutating func correlate(
    _ meaning: KeyMeaning, _ place: Place, in bytes: RawSpan, with siblings: inout Siblings,
    key: RawSpan
  ) {
    switch meaning.group {
    case .latitude, .longitude:
      let isLatitude = meaning.group == .latitude
      siblings.insert(meaning.group, place)
      guard let other = siblings.last(isLatitude ? .longitude : .latitude) else { return }
      let value = bytes.extracting(place.start..<(place.start &+ place.count)).trimmingWhitespace
      let partner = bytes.extracting(other.start..<(other.start &+ other.count))
        .trimmingWhitespace
      let start = place.layer &+ min(place.start, other.start)
      let first = isLatitude ? value : partner
      let second = isLatitude ? partner : value
      if let detection = LocationDetector.detect(latitude: first, longitude: second) {
        note(detection, first, and: second, at: start, key: key)
      }
    case .cellID where !meaning.isStrong:
      siblings.insert(.cellID, place)
      if siblings.last(.cellArea) != nil { noteCell(place, in: bytes, key: key) }
    case .cellArea:
      // The area may follow its cell: noted once, with the first area.
      let isFirst = siblings.last(.cellArea) == nil
      siblings.insert(.cellArea, place)
      guard isFirst, let cell = siblings.last(.cellID) else { return }
      noteCell(
        Place(layer: place.layer, start: cell.start, count: cell.count), in: bytes, key: key)
    default: return
    }
  }

  private mutating func noteCell(_ place: Place, in bytes: RawSpan, key: RawSpan) {
    let value = bytes.extracting(place.start..<(place.start &+ place.count))
    guard let detection = TelephonyDetector.cell(value) else { return }
    note(detection, value, at: place.outside, key: key)
  }
}
