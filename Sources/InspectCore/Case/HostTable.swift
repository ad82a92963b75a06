/// Host names, each once; a name becomes a small number.
struct HostTable: ~Copyable {
  /// Longer names are no host names (RFC 1035 §2.3.4).
  static var longest: Int { 255 }

  private var names: [[UInt8]] = []
  private var index: HashIndex
  private let function: SipHash13
  /// Names that found no room.
  private(set) var refused: UInt64 = 0

  init(capacity: Int, function: SipHash13) {
    index = HashIndex(capacity: capacity)
    self.function = function
  }

  var count: Int { names.count }

  subscript(number: UInt32) -> [UInt8] { names[Int(number)] }

  /// The number of a name in lower case and without a last dot; nil when it is none or finds no room.
  mutating func number(of name: RawSpan) -> UInt32? {
    var name = name
    if name.byteCount > 1, name[name.byteCount - 1] == UInt8(ascii: ".") {
      name = name.extracting(first: name.byteCount - 1)
    }
    guard !name.isEmpty, name.byteCount <= HostTable.longest else { return nil }
    var folded = InlineArray<256, UInt8>(repeating: 0)
    for offset in name.byteOffsets { folded[offset] = name[offset].lowercasedASCII }
    let text = folded.span.extracting(first: name.byteCount)
    // Bytes have no padding that would be read.
    let bytes = unsafe text.bytes
    let hash = UInt32(truncatingIfNeeded: function.hash(bytes))
    if let known = index.find(hash, where: { names[Int($0)].matches(bytes) }) {
      return known
    }
    guard index.insert(hash, element: UInt32(names.count)) else {
      refused &+= 1
      return nil
    }
    names.append([UInt8](text))
    return UInt32(names.count - 1)
  }
}

extension [UInt8] {
  func matches(_ other: RawSpan) -> Bool {
    guard count == other.byteCount else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  init(_ span: Span<UInt8>) {
    self.init(capacity: span.count) { output in
      for index in span.indices { output.append(span[index]) }
    }
  }

  init(_ span: RawSpan) {
    self.init(capacity: span.byteCount) { output in
      for index in span.byteOffsets { output.append(span[index]) }
    }
  }
}
