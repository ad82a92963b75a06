import InspectCore

/// An IPFire Location database, version 1 (`location.db`; libloc, `src/libloc/format.h`). Numbers
/// are big-endian.
///
///     offset  bytes  field
///          0      7  magic "LOCDBXX"
///          7      1  version
///          8      8  created at, seconds since 1970-01-01 UTC
///         16     12  vendor, description, license: offsets in the string pool
///         28      8  autonomous systems: offset, length (number 4, name 4)
///         36      8  networks (country 2, unused 2, number 4, flags 2, unused 2)
///         44      8  tree nodes (zero 4, one 4, network 4)
///         52      8  countries
///         60      8  string pool (texts that end with a zero byte)
///
/// A node without a network has `0xffffffff` there, one without a child has 0. The longest prefix
/// that has a network decides. IPv4 lies in `::ffff:0:0/96`.
struct LocationDatabase: ~Escapable {
  private enum Offset {
    static let version = 7, createdAt = 8, systems = 28, networks = 36, nodes = 44, pool = 60
    static let header = 68
  }
  private enum Stride { static let system = 8, network = 12, node = 12 }
  private static let anycast: UInt16 = 1 << 2
  private static let none = UInt32.max
  /// The longest name that is taken; names in use have up to 100 bytes.
  static let maximumNameByteCount = 256

  /// When the database was made, in seconds since 1970-01-01 UTC.
  let createdAt: UInt64
  private let systems: RawSpan
  private let networks: RawSpan
  private let nodes: RawSpan
  private let pool: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, file: String) throws(GeoError) {
    guard bytes.hasBytes("LOCDBXX"), bytes.byteCount > Offset.version else {
      throw .notADatabase(file: file, reason: "no IPFire Location magic")
    }
    guard bytes[Offset.version] == 1 else {
      throw .damaged(file: file, reason: "unknown version \(bytes[Offset.version])")
    }
    guard bytes.byteCount >= Offset.header else {
      throw .damaged(file: file, reason: "cut in its header")
    }
    createdAt = bytes.load(Offset.createdAt, as: UInt64.self)
    systems = try LocationDatabase.section(bytes, Offset.systems, file)
    networks = try LocationDatabase.section(bytes, Offset.networks, file)
    nodes = try LocationDatabase.section(bytes, Offset.nodes, file)
    pool = try LocationDatabase.section(bytes, Offset.pool, file)
  }

  @_lifetime(copy bytes)
  private static func section(
    _ bytes: RawSpan, _ field: Int, _ file: String
  ) throws(GeoError) -> RawSpan {
    let start = Int(bytes.load(field, as: UInt32.self))
    let length = Int(bytes.load(field + 4, as: UInt32.self))
    guard start + length <= bytes.byteCount else {
      throw .damaged(file: file, reason: "\(start + length - bytes.byteCount) bytes are missing")
    }
    return bytes.extracting(start..<start + length)
  }

  /// The name of an autonomous system (they are in ascending order); nil when it has none.
  func name(of asn: UInt32) -> String? {
    var low = 0
    var high = systems.byteCount / Stride.system
    while low < high {
      let middle = (low + high) / 2
      let number = systems.load(middle * Stride.system, as: UInt32.self)
      if number == asn {
        return text(at: Int(systems.load(middle * Stride.system + 4, as: UInt32.self)))
      }
      if number < asn { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private func text(at start: Int) -> String? {
    guard start < pool.byteCount else { return nil }
    let text = pool.extracting(droppingFirst: start)
      .extracting(first: LocationDatabase.maximumNameByteCount + 1)
    guard let end = text.firstOffset(of: 0), end > 0 else { return nil }
    return text.extracting(first: end).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// A half of a node that is still to be visited; no node there means that all of it inherits.
  private struct Visit {
    var node: Int?
    var key: UInt128 = 0
    var depth = 0
    var value = GeoValue()
  }

  /// All networks, each address with the longest prefix's values.
  func steps(file: String) throws(GeoError) -> GeoSteps {
    var steps = GeoSteps()
    let nodeCount = nodes.byteCount / Stride.node
    guard nodeCount > 0 else { return steps }
    // A tree has each node once: more visits mean that nodes lead back.
    var visits = 0
    var stack = [Visit(node: 0)]
    while let visit = stack.popLast() {
      guard let node = visit.node else {
        LocationDatabase.append(visit, to: &steps)
        continue
      }
      visits += 1
      guard visits <= nodeCount, node < nodeCount, visit.depth <= 128 else {
        throw .damaged(file: file, reason: "its network tree is no tree")
      }
      let offset = node * Stride.node
      var here = visit
      here.node = nil
      here.value = try value(at: offset, file) ?? visit.value
      let zero = Int(nodes.load(offset, as: UInt32.self))
      let one = Int(nodes.load(offset + 4, as: UInt32.self))
      guard visit.depth < 128, zero != 0 || one != 0 else {
        stack.append(here)
        continue
      }
      here.depth += 1
      var second = here
      second.key |= UInt128(1) << UInt128(128 - here.depth)
      second.node = one == 0 ? nil : one
      stack.append(second)
      here.node = zero == 0 ? nil : zero
      stack.append(here)
    }
    return steps
  }

  /// The network of the node at `offset`; nil when it has none.
  private func value(at offset: Int, _ file: String) throws(GeoError) -> GeoValue? {
    let index = nodes.load(offset + 8, as: UInt32.self)
    guard index != LocationDatabase.none else { return nil }
    let network = Int(index) * Stride.network
    guard network + Stride.network <= networks.byteCount else {
      throw .damaged(file: file, reason: "a node names a network that is not there")
    }
    return GeoValue(
      country: CountryCode(networks[network], networks[network + 1]),
      isAnycast: networks.load(network + 8, as: UInt16.self) & LocationDatabase.anycast != 0,
      asn: networks.load(network + 4, as: UInt32.self))
  }

  private static func append(_ visit: Visit, to steps: inout GeoSteps) {
    guard visit.value != GeoValue() else { return }
    let last = visit.key | (visit.depth == 0 ? .max : (1 << UInt128(128 - visit.depth)) - 1)
    // The walk is in ascending order, hence this cannot be refused.
    _ = steps.append(
      from: IPAddress(high: UInt64(visit.key >> 64), low: UInt64(truncatingIfNeeded: visit.key)),
      through: IPAddress(high: UInt64(last >> 64), low: UInt64(truncatingIfNeeded: last)),
      visit.value)
  }
}
