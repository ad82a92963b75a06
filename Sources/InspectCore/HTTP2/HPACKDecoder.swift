/// Why a header block is not one.
enum HPACKError: Error, Equatable {
  case truncated, integerTooLarge, noSuchField, badString, tableTooLarge
}

/// A field as it was sent, in an `HPACKFieldList`.
struct HPACKField {
  var name: Range<Int>
  var value: Range<Int>
  /// False when it refers to a field that was added before we saw the connection, or in a loss.
  var isKnown = true
}

/// The fields of one header block.
struct HPACKFieldList: ~Copyable {
  /// Fields that are kept, and bytes of all of them: what is beyond is counted and left out.
  static var fieldLimit: Int { 256 }
  static var byteLimit: Int { 65_536 }

  private(set) var bytes = ByteBuffer(limit: HPACKFieldList.byteLimit)
  private(set) var fields: [HPACKField] = []
  /// There were more.
  private(set) var isCut = false

  mutating func removeAll() {
    bytes.removeAll()
    fields.removeAll(keepingCapacity: true)
    isCut = false
  }

  mutating func append(_ name: RawSpan, _ value: RawSpan, isKnown: Bool) {
    guard fields.count < HPACKFieldList.fieldLimit,
      bytes.count + name.byteCount + value.byteCount <= bytes.limit
    else {
      isCut = true
      return
    }
    let start = bytes.count
    bytes.append(name)
    bytes.append(value)
    let middle = start + name.byteCount
    fields.append(HPACKField(name: start..<middle, value: middle..<bytes.count, isKnown: isKnown))
  }
}

/// Header compression for HTTP/2, the decoder of one direction (RFC 7541).
///
/// An observer may have missed what was added to the table before: then `isPartial` is set, and a
/// field that cannot be known is given as such instead of being an error. Those added since are
/// right, because indices count from the newest.
struct HPACKDecoder: ~Copyable {
  private var table = HPACKDynamicTable()
  private var string = ByteBuffer(limit: 2 * HPACKDecoder.blockByteLimit)
  private(set) var isPartial = false
  /// Fields that referred to what was not seen.
  private(set) var unknownFields: UInt64 = 0

  /// The longest header block that can be given.
  static var blockByteLimit: Int { 65_536 }

  var tableByteCount: Int { table.byteCount }
  var tableFieldCount: Int { table.count }

  /// Something of the stream was missed: what is in the table cannot be trusted.
  mutating func lose() {
    table.removeAll()
    isPartial = true
  }

  /// Decodes a whole header block and appends its fields to `list`. After an error the state of the
  /// table is unknown, and taken as lost.
  mutating func decode(
    _ block: RawSpan, _ huffman: borrowing HPACKHuffman, into list: inout HPACKFieldList
  ) throws(HPACKError) {
    do throws(HPACKError) {
      var cursor = 0
      while cursor < block.byteCount { try field(block, &cursor, huffman, &list) }
    } catch {
      lose()
      throw error
    }
  }

  private mutating func field(
    _ block: RawSpan, _ cursor: inout Int, _ huffman: borrowing HPACKHuffman,
    _ list: inout HPACKFieldList
  ) throws(HPACKError) {
    let first = block[cursor]
    if first & 0x80 != 0 {
      // Indexed (§6.1).
      let index = try HPACKDecoder.integer(block, &cursor, prefix: 7)
      return try indexed(index, &list)
    }
    if first & 0xe0 == 0x20 {
      // Size update (§6.3).
      let size = try HPACKDecoder.integer(block, &cursor, prefix: 5)
      guard size <= HPACKDynamicTable.byteLimit else { throw .tableTooLarge }
      table.resize(to: size)
      return
    }
    let isAdded = first & 0x40 != 0
    let index = try HPACKDecoder.integer(block, &cursor, prefix: isAdded ? 6 : 4)
    string.removeAll()
    var isKnown = true
    if index == 0 {
      try literal(block, &cursor, huffman)
    } else {
      isKnown = try appendName(index)
    }
    let nameByteCount = string.count
    try literal(block, &cursor, huffman)
    if isAdded { HPACKDecoder.add(string, nameByteCount, to: &table) }
    list.append(
      string.bytes.extracting(first: nameByteCount),
      string.bytes.extracting(droppingFirst: nameByteCount), isKnown: isKnown)
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func add(
    _ string: borrowing ByteBuffer, _ nameByteCount: Int, to table: inout HPACKDynamicTable
  ) {
    let all = string.bytes
    table.insert(
      all.extracting(first: nameByteCount), all.extracting(droppingFirst: nameByteCount))
  }

  private static func append(
    nameOf age: Int, _ table: borrowing HPACKDynamicTable, to string: inout ByteBuffer
  ) {
    string.append(table.name(age))
  }

  private mutating func indexed(
    _ index: Int, _ list: inout HPACKFieldList
  ) throws(HPACKError) {
    guard index > 0 else { throw .noSuchField }
    if index <= HPACKStaticTable.count {
      let field = HPACKStaticTable.field(index)
      string.removeAll()
      string.append(field.name)
      let nameByteCount = string.count
      string.append(field.value)
      let all = string.bytes
      list.append(
        all.extracting(first: nameByteCount), all.extracting(droppingFirst: nameByteCount),
        isKnown: true)
      return
    }
    let age = index - HPACKStaticTable.count - 1
    if age < table.count {
      // An unknown name was added without its bytes.
      let isKnown = !table.name(age).isEmpty
      list.append(table.name(age), table.value(age), isKnown: isKnown)
      return
    }
    guard isPartial else { throw .noSuchField }
    unknownFields &+= 1
    list.append(RawSpan(), RawSpan(), isKnown: false)
  }

  /// Appends the name of an index to `string`; false when it cannot be known.
  private mutating func appendName(_ index: Int) throws(HPACKError) -> Bool {
    if index <= HPACKStaticTable.count {
      string.append(HPACKStaticTable.field(index).name)
      return true
    }
    let age = index - HPACKStaticTable.count - 1
    if age < table.count {
      HPACKDecoder.append(nameOf: age, table, to: &string)
      return !table.name(age).isEmpty
    }
    guard isPartial else { throw .noSuchField }
    unknownFields &+= 1
    return false
  }

  /// Appends a string literal (§5.2) to `string`.
  private mutating func literal(
    _ block: RawSpan, _ cursor: inout Int, _ huffman: borrowing HPACKHuffman
  ) throws(HPACKError) {
    guard cursor < block.byteCount else { throw .truncated }
    let isCoded = block[cursor] & 0x80 != 0
    let count = try HPACKDecoder.integer(block, &cursor, prefix: 7)
    guard count <= block.byteCount - cursor else { throw .truncated }
    let bytes = block.extracting(cursor..<cursor + count)
    cursor += count
    if isCoded {
      guard huffman.decode(bytes, into: &string) else { throw .badString }
    } else {
      string.append(bytes)
    }
  }

  /// An integer whose first byte has `prefix` bits for it (§5.1); at most 2^31 - 1.
  static func integer(
    _ block: RawSpan, _ cursor: inout Int, prefix: UInt8
  ) throws(HPACKError) -> Int {
    let mask: UInt8 = 1 << prefix - 1
    var value = Int(block[cursor] & mask)
    cursor += 1
    guard value == Int(mask) else { return value }
    var shift = 0
    while true {
      guard cursor < block.byteCount else { throw .truncated }
      let byte = block[cursor]
      cursor += 1
      // Four bytes of seven bits go to 2^28: enough, and any number of zero bytes is not.
      guard shift <= 28 else { throw .integerTooLarge }
      value += Int(byte & 0x7f) << shift
      guard value <= Int(Int32.max) else { throw .integerTooLarge }
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
  }
}
