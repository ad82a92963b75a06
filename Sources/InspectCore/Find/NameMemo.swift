/// What names meant that were looked up before: objects of an array have the same names, and so have
/// the requests of a client.
///
/// Names of up to 16 bytes, which the first and the last eight of them tell wholly. A small table
/// without chains: the latest name of a place is there.
struct NameMemo: ~Copyable {
  private struct Entry {
    var first: UInt64 = 0
    var last: UInt64 = 0
    /// How many bytes, and whether the end was searched; 0 for no name.
    var tag: UInt64 = 0
    var meaning = KeyMeaning.none
  }

  private static let places = 128
  private static let longest = 16

  private var entries = [Entry](repeating: Entry(), count: places)

  init() {}

  /// The meaning of `name` by `names`, see there.
  mutating func meaning(
    of name: RawSpan, searchesEnd: Bool, _ names: borrowing KeyNames
  ) -> KeyMeaning {
    let count = name.byteCount
    guard count > 0 else { return .none }
    guard count <= NameMemo.longest else {
      return names.meaning(of: name, searchesEnd: searchesEnd)
    }
    let first: UInt64
    let last: UInt64
    if count >= 8 {
      first = name.loadLittleEndian(0, as: UInt64.self)
      last = name.loadLittleEndian(count &- 8, as: UInt64.self)
    } else if count >= 4 {
      first = UInt64(name.loadLittleEndian(0, as: UInt32.self))
      last = UInt64(name.loadLittleEndian(count &- 4, as: UInt32.self))
    } else {
      first = UInt64(name[0])
      last = UInt64(name[count / 2]) << 8 | UInt64(name[count &- 1])
    }
    let tag = UInt64(count) << 1 | (searchesEnd ? 1 : 0)
    let hash = (first ^ last &* 0x9E37_79B9_7F4A_7C15 ^ tag << 56) &* 0x9E37_79B9_7F4A_7C15
    let place = Int(hash >> 57)
    let entry = entries[place]
    if entry.first == first, entry.last == last, entry.tag == tag { return entry.meaning }
    let meaning = names.meaning(of: name, searchesEnd: searchesEnd)
    entries[place] = Entry(first: first, last: last, tag: tag, meaning: meaning)
    return meaning
  }
}
