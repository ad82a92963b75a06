import InspectCore

/// A value of a MaxMind DB data section. Maps keep the order they are written in.
public enum MMDBValue: Hashable, Sendable {
  case string(String)
  case uint16(UInt16)
  case uint32(UInt32)
  case uint64(UInt64)
  case boolean(Bool)
  case array([MMDBValue])
  case map([Pair])

  public struct Pair: Hashable, Sendable {
    public let key: String
    public let value: MMDBValue
  }
}

extension MMDBValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(arrayLiteral elements: MMDBValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, MMDBValue)...) {
    self = .map(elements.map { Pair(key: $0.0, value: $0.1) })
  }
}

/// Makes a MaxMind DB file (format 2.0, https://maxmind.github.io/MaxMind-DB/).
///
/// Same insertions, same bytes: nothing depends on a clock or on the order of a hash table. IPv4
/// lies in `::/96`; `::ffff:0:0/96`, `2001::/32` (Teredo) and `2002::/16` (6to4) lead there too, as
/// in MaxMind's own writer, and what was inserted into those three is dropped.
public struct MMDBWriter {
  /// A record of the data section, to be inserted for many networks.
  public struct Record: Hashable, Sendable { fileprivate let offset: UInt32 }

  public struct Metadata: Sendable {
    public var databaseType: String
    /// When the data was made, in seconds since 1970-01-01 UTC.
    public var buildEpoch: UInt64
    /// In English.
    public var description: String

    public init(databaseType: String, buildEpoch: UInt64, description: String) {
      self.databaseType = databaseType
      self.buildEpoch = buildEpoch
      self.description = description
    }
  }

  /// Two records of a node: another node, `empty`, or the offset of data with `isData` set.
  private struct Node {
    var zero = MMDBWriter.empty
    var one = MMDBWriter.empty

    subscript(bit: Bool) -> UInt32 {
      get { bit ? one : zero }
      set { if bit { one = newValue } else { zero = newValue } }
    }
  }

  private static let empty = UInt32.max
  private static let isData: UInt32 = 1 << 31
  /// How many bits lead to the IPv4 addresses.
  private static let ipv4Depth = 96

  /// The narrowest records that are used: 24, 28 or 32 bits; wider ones where they are needed.
  var minimumRecordSize = 24
  private var nodes = [Node()]
  private var data = MMDBEncoder()

  public init() {}

  /// Stores a record's data, once however often it comes.
  public mutating func record(_ value: MMDBValue) -> Record {
    Record(offset: UInt32(truncatingIfNeeded: data.offset(of: value)))
  }

  /// Gives all addresses of `network` this record, whatever they had.
  public mutating func insert(_ network: CIDR, _ record: Record) {
    let key =
      network.isIPv4
      ? UInt128(network.base.ipv4) : UInt128(network.base.high) << 64 | UInt128(network.base.low)
    let depth = network.prefixLength + (network.isIPv4 ? MMDBWriter.ipv4Depth : 0)
    set(key, depth, record.offset | MMDBWriter.isData)
  }

  /// Gives the addresses from `first` through `last` this record. Both must be of the same family.
  public mutating func insert(from first: IPAddress, through last: IPAddress, _ record: Record) {
    for network in CIDR.covering(from: first, through: last) { insert(network, record) }
  }

  /// The file's bytes, and how many nodes its tree has.
  public mutating func finish(
    _ metadata: Metadata
  ) throws(GeoError) -> (bytes: [UInt8], nodeCount: Int) {
    let ipv4 = self[0, MMDBWriter.ipv4Depth]
    set(0xffff << 32, 96, ipv4)
    set(0x2001 << 112, 32, ipv4)
    set(0x2002 << 112, 16, ipv4)
    let order = traversal()
    let highest = order.nodes.count + 16 + data.bytes.count
    guard nodes.count < Int(MMDBWriter.isData), data.bytes.count < Int(MMDBWriter.isData),
      highest <= Int(UInt32.max)
    else { throw .tooLarge(reason: "\(order.nodes.count) nodes, \(data.bytes.count) bytes") }
    let recordSize = max(minimumRecordSize, highest < 1 << 24 ? 24 : highest < 1 << 28 ? 28 : 32)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(order.nodes.count * recordSize / 4 + data.bytes.count + 2048)
    for index in order.nodes {
      let node = nodes[Int(index)]
      let left = pointer(node.zero, order)
      let right = pointer(node.one, order)
      MMDBWriter.append(left, right, recordSize, to: &bytes)
    }
    bytes.append(contentsOf: repeatElement(0, count: 16))
    bytes.append(contentsOf: data.bytes)
    bytes.append(contentsOf: [0xab, 0xcd, 0xef])
    bytes.append(contentsOf: "MaxMind.com".utf8)
    var encoder = MMDBEncoder()
    _ = encoder.offset(of: metadata.value(nodeCount: order.nodes.count, recordSize: recordSize))
    bytes.append(contentsOf: encoder.bytes)
    return (bytes, order.nodes.count)
  }

  /// What stands at the first `depth` bits of `key`.
  private subscript(key: UInt128, depth: Int) -> UInt32 {
    var record: UInt32 = 0
    for level in 0..<depth where record & MMDBWriter.isData == 0 {
      record = nodes[Int(record)][MMDBWriter.bit(key, level)]
    }
    return record
  }

  private mutating func set(_ key: UInt128, _ depth: Int, _ record: UInt32) {
    guard depth > 0 else {
      nodes[0] = Node(zero: record, one: record)
      return
    }
    var index = 0
    for level in 0..<depth - 1 {
      let bit = MMDBWriter.bit(key, level)
      let child = nodes[index][bit]
      if child & MMDBWriter.isData == 0 {
        index = Int(child)
      } else {
        // `empty` or data: both halves have it until one of them changes.
        nodes.append(Node(zero: child, one: child))
        nodes[index][bit] = UInt32(truncatingIfNeeded: nodes.count - 1)
        index = nodes.count - 1
      }
    }
    nodes[index][MMDBWriter.bit(key, depth - 1)] = record
  }

  private static func bit(_ key: UInt128, _ level: Int) -> Bool {
    key >> UInt128(127 - level) & 1 != 0
  }

  /// The nodes that can be reached, parents first, and each node's number in that order.
  private func traversal() -> (nodes: [UInt32], numbers: [UInt32]) {
    var numbers = Array(repeating: UInt32.max, count: nodes.count)
    var order: [UInt32] = []
    order.reserveCapacity(nodes.count)
    var stack: [UInt32] = [0]
    while let index = stack.popLast() {
      // IPv4 is reached four times.
      guard numbers[Int(index)] == .max else { continue }
      numbers[Int(index)] = UInt32(truncatingIfNeeded: order.count)
      order.append(index)
      let node = nodes[Int(index)]
      if node.one & MMDBWriter.isData == 0 { stack.append(node.one) }
      if node.zero & MMDBWriter.isData == 0 { stack.append(node.zero) }
    }
    return (order, numbers)
  }

  private func pointer(_ record: UInt32, _ order: (nodes: [UInt32], numbers: [UInt32])) -> UInt32 {
    if record == MMDBWriter.empty { return UInt32(order.nodes.count) }
    if record & MMDBWriter.isData == 0 { return order.numbers[Int(record)] }
    return UInt32(order.nodes.count) + 16 + (record & ~MMDBWriter.isData)
  }

  private static func append(
    _ left: UInt32, _ right: UInt32, _ recordSize: Int, to bytes: inout [UInt8]
  ) {
    if recordSize == 32 { bytes.append(UInt8(truncatingIfNeeded: left >> 24)) }
    for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: left >> shift)) }
    if recordSize == 28 {
      bytes.append(UInt8(truncatingIfNeeded: (left >> 24) << 4 | right >> 24))
    } else if recordSize == 32 {
      bytes.append(UInt8(truncatingIfNeeded: right >> 24))
    }
    for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: right >> shift)) }
  }
}

extension MMDBWriter.Metadata {
  fileprivate func value(nodeCount: Int, recordSize: Int) -> MMDBValue {
    [
      "binary_format_major_version": .uint16(2),
      "binary_format_minor_version": .uint16(0),
      "build_epoch": .uint64(buildEpoch),
      "database_type": .string(databaseType),
      "description": ["en": .string(description)],
      "ip_version": .uint16(6),
      "languages": ["en"],
      "node_count": .uint32(UInt32(truncatingIfNeeded: nodeCount)),
      "record_size": .uint16(UInt16(recordSize)),
    ]
  }
}

extension CIDR {
  /// The fewest networks that are exactly the addresses from `first` through `last`; none when they
  /// are of different families or in the wrong order.
  static func covering(from first: IPAddress, through last: IPAddress) -> [CIDR] {
    guard first.isIPv4 == last.isIPv4, first <= last else { return [] }
    let bits = first.isIPv4 ? 32 : 128
    let end = UInt128(last.high) << 64 | UInt128(last.low)
    var start = UInt128(first.high) << 64 | UInt128(first.low)
    var networks: [CIDR] = []
    while true {
      // As large as the start's alignment and what is left allow.
      var hostBits = min(start.trailingZeroBitCount, bits)
      while hostBits > 0, start | (UInt128.max >> UInt128(128 - hostBits)) > end { hostBits -= 1 }
      let base = IPAddress(high: UInt64(start >> 64), low: UInt64(truncatingIfNeeded: start))
      if let network = CIDR(base, prefixLength: bits - hostBits) { networks.append(network) }
      let lastOfNetwork = hostBits == 0 ? start : start | UInt128.max >> UInt128(128 - hostBits)
      guard lastOfNetwork < end else { return networks }
      start = lastOfNetwork + 1
    }
  }
}

/// A data section that grows; what was written before is pointed to.
struct MMDBEncoder {
  private(set) var bytes: [UInt8] = []
  private var offsets: [MMDBValue: Int] = [:]

  /// Where `value` is; written when it is new.
  mutating func offset(of value: MMDBValue) -> Int {
    if let known = offsets[value] { return known }
    let offset = bytes.count
    write(value)
    offsets[value] = offset
    return offset
  }

  /// Writes a value inside another one: a pointer where that is shorter.
  private mutating func append(_ value: MMDBValue) {
    guard let leastByteCount = value.leastByteCount else {
      write(value)
      return
    }
    if let known = offsets[value], MMDBEncoder.pointerByteCount(known) < leastByteCount {
      writePointer(known)
    } else {
      if offsets[value] == nil { offsets[value] = bytes.count }
      write(value)
    }
  }

  private mutating func write(_ value: MMDBValue) {
    switch value {
    case .string(let text):
      writeControl(.string, text.utf8.count)
      bytes.append(contentsOf: text.utf8)
    case .uint16(let number): write(.uint16, UInt64(number))
    case .uint32(let number): write(.uint32, UInt64(number))
    case .uint64(let number): write(.uint64, number)
    case .boolean(let truth): writeControl(.boolean, truth ? 1 : 0)
    case .array(let elements):
      writeControl(.array, elements.count)
      for element in elements { append(element) }
    case .map(let pairs):
      writeControl(.map, pairs.count)
      for pair in pairs {
        append(.string(pair.key))
        append(pair.value)
      }
    }
  }

  /// Leading zero bytes of a number are left out.
  private mutating func write(_ kind: MMDBDecoder.Kind, _ number: UInt64) {
    let count = (71 - number.leadingZeroBitCount) / 8
    writeControl(kind, count)
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index)))
    }
  }

  private mutating func writeControl(_ kind: MMDBDecoder.Kind, _ size: Int) {
    let type = kind.rawValue > 7 ? 0 : kind.rawValue << 5
    let (short, rest, count) =
      size < 29
      ? (size, 0, 0)
      : size < 285
        ? (29, size - 29, 1) : size < 65_821 ? (30, size - 285, 2) : (31, size - 65_821, 3)
    bytes.append(type | UInt8(short))
    if kind.rawValue > 7 { bytes.append(kind.rawValue - 7) }
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: rest >> (8 * index)))
    }
  }

  private static func pointerByteCount(_ target: Int) -> Int {
    target < 2048 ? 2 : target < 526_336 ? 3 : target < 134_744_064 ? 4 : 5
  }

  private mutating func writePointer(_ target: Int) {
    let count = MMDBEncoder.pointerByteCount(target) - 1
    let value = target - [0, 2048, 526_336, 0][count - 1]
    let high = count == 4 ? 0 : UInt8(truncatingIfNeeded: value >> (8 * count))
    bytes.append(0x20 | UInt8(count - 1) << 3 | high)
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index)))
    }
  }
}

extension MMDBValue {
  /// The least bytes it takes where it stands; nil when a pointer to it never pays.
  fileprivate var leastByteCount: Int? {
    switch self {
    case .string(let text): 1 + text.utf8.count
    case .map(let pairs): 1 + 4 * pairs.count
    case .uint16, .uint32, .uint64, .boolean, .array: nil
    }
  }
}
