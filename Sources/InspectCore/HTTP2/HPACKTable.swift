/// The fields that both sides know from the start (RFC 7541 Appendix A).
enum HPACKStaticTable {
  static var count: Int { 61 }

  /// The field of an index from 1 to `count`.
  static func field(_ index: Int) -> (name: StaticString, value: StaticString) {
    switch index {
    case 1: (":authority", "")
    case 2: (":method", "GET")
    case 3: (":method", "POST")
    case 4: (":path", "/")
    case 5: (":path", "/index.html")
    case 6: (":scheme", "http")
    case 7: (":scheme", "https")
    case 8: (":status", "200")
    case 9: (":status", "204")
    case 10: (":status", "206")
    case 11: (":status", "304")
    case 12: (":status", "400")
    case 13: (":status", "404")
    case 14: (":status", "500")
    case 15: ("accept-charset", "")
    case 16: ("accept-encoding", "gzip, deflate")
    case 17: ("accept-language", "")
    case 18: ("accept-ranges", "")
    case 19: ("accept", "")
    case 20: ("access-control-allow-origin", "")
    case 21: ("age", "")
    case 22: ("allow", "")
    case 23: ("authorization", "")
    case 24: ("cache-control", "")
    case 25: ("content-disposition", "")
    case 26: ("content-encoding", "")
    case 27: ("content-language", "")
    case 28: ("content-length", "")
    case 29: ("content-location", "")
    case 30: ("content-range", "")
    case 31: ("content-type", "")
    case 32: ("cookie", "")
    case 33: ("date", "")
    case 34: ("etag", "")
    case 35: ("expect", "")
    case 36: ("expires", "")
    case 37: ("from", "")
    case 38: ("host", "")
    case 39: ("if-match", "")
    case 40: ("if-modified-since", "")
    case 41: ("if-none-match", "")
    case 42: ("if-range", "")
    case 43: ("if-unmodified-since", "")
    case 44: ("last-modified", "")
    case 45: ("link", "")
    case 46: ("location", "")
    case 47: ("max-forwards", "")
    case 48: ("proxy-authenticate", "")
    case 49: ("proxy-authorization", "")
    case 50: ("range", "")
    case 51: ("referer", "")
    case 52: ("refresh", "")
    case 53: ("retry-after", "")
    case 54: ("server", "")
    case 55: ("set-cookie", "")
    case 56: ("strict-transport-security", "")
    case 57: ("transfer-encoding", "")
    case 58: ("user-agent", "")
    case 59: ("vary", "")
    case 60: ("via", "")
    case 61: ("www-authenticate", "")
    default: ("", "")
    }
  }
}

/// The fields that one side has added, newest first (RFC 7541 §2.3.2).
///
/// Its bytes lie one after the other, the oldest first; those of fields that are gone are dropped
/// when the room is needed.
struct HPACKDynamicTable: ~Copyable {
  /// What a field counts beside its bytes (RFC 7541 §4.1).
  static var fieldOverhead: Int { 32 }
  static var initialByteCount: Int { 4096 }
  /// The largest table that is kept: what browsers announce.
  static var byteLimit: Int { 65_536 }

  private struct Field {
    var start: Int
    var nameByteCount: Int
    var valueByteCount: Int

    var size: Int { nameByteCount + valueByteCount + HPACKDynamicTable.fieldOverhead }
  }

  private var bytes = ByteBuffer(limit: 2 * HPACKDynamicTable.byteLimit)
  /// Oldest first; those before `first` are gone.
  private var fields: [Field] = []
  private var first = 0
  /// As §4.1 counts it.
  private(set) var byteCount = 0
  private(set) var maximumByteCount = HPACKDynamicTable.initialByteCount

  var count: Int { fields.count - first }

  /// The name of the field that was added `age` fields ago; 0 is the newest. The caller has seen that
  /// it is there.
  @_lifetime(borrow self)
  func name(_ age: Int) -> RawSpan {
    let field = fields[fields.count - 1 - age]
    return bytes.bytes.extracting(field.start..<field.start + field.nameByteCount)
  }

  @_lifetime(borrow self)
  func value(_ age: Int) -> RawSpan {
    let field = fields[fields.count - 1 - age]
    let start = field.start + field.nameByteCount
    return bytes.bytes.extracting(start..<start + field.valueByteCount)
  }

  /// Adds a field; older ones make room for it. One that is larger than the table empties it (§4.4).
  mutating func insert(_ name: RawSpan, _ value: RawSpan) {
    let size = name.byteCount + value.byteCount + HPACKDynamicTable.fieldOverhead
    evict(to: maximumByteCount - size)
    guard size <= maximumByteCount else { return }
    if bytes.count + name.byteCount + value.byteCount > bytes.limit { compact() }
    fields.append(
      Field(
        start: bytes.count, nameByteCount: name.byteCount, valueByteCount: value.byteCount))
    bytes.append(name)
    bytes.append(value)
    byteCount += size
  }

  /// A size update of the encoder (§6.3), which is at most `byteLimit`.
  mutating func resize(to newByteCount: Int) {
    maximumByteCount = newByteCount
    evict(to: newByteCount)
  }

  mutating func removeAll() {
    fields.removeAll(keepingCapacity: true)
    first = 0
    bytes.removeAll()
    byteCount = 0
  }

  private mutating func evict(to target: Int) {
    while byteCount > max(target, 0), first < fields.count {
      byteCount -= fields[first].size
      first += 1
    }
    if first == fields.count {
      removeAll()
    } else if first > 64, first > fields.count / 2 {
      fields.removeSubrange(0..<first)
      first = 0
    }
  }

  /// Drops the bytes of fields that are gone.
  private mutating func compact() {
    let dropped = first < fields.count ? fields[first].start : bytes.count
    bytes.removeFirst(dropped)
    for index in first..<fields.count { fields[index].start -= dropped }
  }
}
