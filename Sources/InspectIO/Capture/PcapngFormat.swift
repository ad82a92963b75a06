import InspectCore

/// The capture file format of blocks (draft-ietf-opsawg-pcapng).
///
///     block    Type 4, Length 4, Body, Length 4 again
struct PcapngFormat {
  private enum Block {
    static let sectionHeader: UInt32 = 0x0a0d_0d0a
    static let interfaceDescription: UInt32 = 1
    static let packet: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
  }

  /// An interface of the section (§4.2).
  private struct Interface {
    var linkType: LinkType
    var snapLength: Int
    var ticksPerSecond: UInt64 = 1_000_000
    var offsetSeconds: Int64 = 0
  }

  private static let byteOrderMagic: UInt32 = 0x1a2b_3c4d
  /// A block that claims more is damage.
  private static let largestBlock = 64 << 20
  private static let mostInterfaces = 65_536

  private var isLittleEndian = true
  private var interfaces: [Interface] = []

  /// Whether the window is at a section header block.
  static func begins(_ window: inout ByteWindow) throws(CaptureError) -> Bool {
    guard window.bytes.load(0, as: UInt32.self) == Block.sectionHeader else { return false }
    guard try window.require(12) else { throw window.error(.truncated) }
    let magic: UInt32 = window.bytes.load(8)
    return magic == byteOrderMagic || magic == byteOrderMagic.byteSwapped
  }

  /// Goes to the next packet; blocks that are none are read or skipped.
  mutating func next(
    _ window: inout ByteWindow, _ record: inout CaptureFile.Record
  ) throws(CaptureError) -> Bool {
    while true {
      guard try window.require(12) else {
        if window.bytes.isEmpty { return false }
        throw window.error(.truncated)
      }
      // The type of a section header reads the same in both byte orders (§4.1).
      if window.bytes.load(0, as: UInt32.self) == Block.sectionHeader {
        try beginSection(window)
      }
      let type = window.bytes.word(0, isLittleEndian)
      let byteCount = Int(window.bytes.word(4, isLittleEndian))
      guard byteCount >= 12, byteCount % 4 == 0, byteCount <= PcapngFormat.largestBlock else {
        throw window.error(.damaged("a block of \(byteCount) bytes"))
      }
      guard try window.require(byteCount) else { throw window.error(.truncated) }
      guard Int(window.bytes.word(byteCount - 4, isLittleEndian)) == byteCount else {
        throw window.error(.damaged("a block whose two lengths differ"))
      }
      record.byteCount = byteCount
      switch type {
      case Block.interfaceDescription:
        try describeInterface(window, byteCount)
      case Block.enhancedPacket, Block.packet:
        try readPacket(window, isEnhanced: type == Block.enhancedPacket, &record)
        return true
      case Block.simplePacket:
        try readSimplePacket(window, &record)
        return true
      default:
        break
      }
      window.skip(byteCount)
      record.byteCount = 0
    }
  }

  /// The packet of an enhanced packet block at the beginning, if that is whole, at hand and in order:
  /// the way of nearly all.
  func record(_ bytes: RawSpan) -> CaptureFile.Record? {
    guard bytes.byteCount >= 32, bytes.word(0, isLittleEndian) == Block.enhancedPacket else {
      return nil
    }
    let byteCount = Int(bytes.word(4, isLittleEndian))
    guard byteCount >= 32, byteCount % 4 == 0,
      byteCount
        <= min(
          bytes.byteCount, PcapngFormat.largestBlock),
      Int(bytes.word(byteCount - 4, isLittleEndian)) == byteCount
    else { return nil }
    let number = Int(bytes.word(8, isLittleEndian))
    guard number < interfaces.count, Int(bytes.word(20, isLittleEndian)) <= byteCount - 32 else {
      return nil
    }
    return packet(bytes, byteCount, interfaces[number])
  }

  /// The packet of a packet block, which has been looked at.
  private func packet(
    _ block: RawSpan, _ byteCount: Int, _ interface: Interface
  ) -> CaptureFile.Record {
    let captured = Int(block.word(20, isLittleEndian))
    let ticks =
      UInt64(block.word(12, isLittleEndian)) << 32 | UInt64(block.word(16, isLittleEndian))
    return CaptureFile.Record(
      headerByteCount: 28, capturedByteCount: captured, byteCount: byteCount,
      originalByteCount: max(captured, Int(block.word(24, isLittleEndian))),
      timestamp: PcapngFormat.timestamp(ticks, interface), linkType: interface.linkType)
  }

  private mutating func beginSection(_ window: borrowing ByteWindow) throws(CaptureError) {
    switch window.bytes.load(8, as: UInt32.self) {
    case PcapngFormat.byteOrderMagic: isLittleEndian = false
    case PcapngFormat.byteOrderMagic.byteSwapped: isLittleEndian = true
    default: throw window.error(.damaged("a section header without a byte order"))
    }
    interfaces.removeAll()
  }

  private mutating func describeInterface(
    _ window: borrowing ByteWindow, _ byteCount: Int
  ) throws(CaptureError) {
    guard byteCount >= 20 else { throw window.error(.damaged("an interface block too short")) }
    guard interfaces.count < PcapngFormat.mostInterfaces else {
      throw window.error(.damaged("too many interfaces"))
    }
    let block = window.bytes.extracting(first: byteCount)
    var interface = Interface(
      linkType: LinkType(rawValue: UInt32(block.halfWord(8, isLittleEndian))),
      snapLength: Int(block.word(12, isLittleEndian)))
    var options = block.extracting(16..<(byteCount - 4))
    while options.byteCount >= 4 {
      let code = options.halfWord(0, isLittleEndian)
      let length = Int(options.halfWord(2, isLittleEndian))
      guard code != 0, 4 + length <= options.byteCount else { break }
      let value = options.extracting(4..<(4 + length))
      if code == 9, length == 1 { interface.ticksPerSecond = PcapngFormat.resolution(value[0]) }
      if code == 14, length == 8 {
        interface.offsetSeconds =
          isLittleEndian
          ? value.loadLittleEndian(0, as: Int64.self) : value.load(0, as: Int64.self)
      }
      options = options.extracting(droppingFirst: min(options.byteCount, 4 + (length + 3) & ~3))
    }
    interfaces.append(interface)
  }

  /// Ticks per second from `if_tsresol`: a power of ten, or of two with the high bit (§4.2).
  private static func resolution(_ value: UInt8) -> UInt64 {
    let exponent = Int(value & 0x7f)
    if value & 0x80 != 0 { return exponent < 64 ? 1 << UInt64(exponent) : 1 << 63 }
    var ticks: UInt64 = 1
    for _ in 0..<min(exponent, 19) { ticks *= 10 }
    return ticks
  }

  private func readPacket(
    _ window: borrowing ByteWindow, isEnhanced: Bool, _ record: inout CaptureFile.Record
  ) throws(CaptureError) {
    guard record.byteCount >= 32 else { throw window.error(.damaged("a packet block too short")) }
    let block = window.bytes.extracting(first: record.byteCount)
    // The obsolete packet block has a 16-bit interface and a drop count where this has 32 bits.
    let number =
      isEnhanced
      ? Int(block.word(8, isLittleEndian)) : Int(block.halfWord(8, isLittleEndian))
    guard number < interfaces.count else {
      throw window.error(.damaged("a packet of interface \(number), which is not described"))
    }
    let captured = Int(block.word(20, isLittleEndian))
    guard captured <= record.byteCount - 32 else {
      throw window.error(.damaged("a packet longer than its block"))
    }
    record = packet(block, record.byteCount, interfaces[number])
  }

  /// A simple packet block has no time (§4.4): it keeps that of the packet before.
  private func readSimplePacket(
    _ window: borrowing ByteWindow, _ record: inout CaptureFile.Record
  ) throws(CaptureError) {
    guard record.byteCount >= 16, let interface = interfaces.first else {
      throw window.error(.damaged("a simple packet block without an interface"))
    }
    let original = Int(window.bytes.word(8, isLittleEndian))
    var captured = min(original, record.byteCount - 16)
    if interface.snapLength > 0 { captured = min(captured, interface.snapLength) }
    record.headerByteCount = 12
    record.capturedByteCount = captured
    record.originalByteCount = max(captured, original)
    record.linkType = interface.linkType
  }

  private static func timestamp(_ ticks: UInt64, _ interface: Interface) -> Timestamp {
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: interface.ticksPerSecond)
    let fraction = rest.multipliedFullWidth(by: 1_000_000_000)
    let nanoseconds = interface.ticksPerSecond.dividingFullWidth(fraction).quotient
    let whole = Int64(clamping: seconds).addingReportingOverflow(interface.offsetSeconds)
    guard !whole.overflow else { return Timestamp(nanoseconds: .max) }
    let scaled = whole.partialValue.multipliedReportingOverflow(by: 1_000_000_000)
    guard !scaled.overflow else { return Timestamp(nanoseconds: .max) }
    return Timestamp(nanoseconds: scaled.partialValue).advanced(
      byNanoseconds: Int64(nanoseconds))
  }

  /// Goes to the next place where a block makes sense. Blocks lie at multiples of four.
  func resynchronise(_ window: inout ByteWindow) throws(CaptureError) -> Bool {
    let misplaced = Int(window.offset % 4)
    if misplaced != 0, try window.require(4 - misplaced) { window.skip(4 - misplaced) }
    for _ in 0..<(PcapFormat.searchByteCount / 4) {
      guard try window.require(16) else { return false }
      window.skip(4)
      if try isPlausibleBlock(&window) { return true }
    }
    return false
  }

  private func isPlausibleBlock(_ window: inout ByteWindow) throws(CaptureError) -> Bool {
    if window.bytes.load(0, as: UInt32.self) == Block.sectionHeader {
      return try PcapngFormat.begins(&window)
    }
    let type = window.bytes.word(0, isLittleEndian)
    let byteCount = Int(window.bytes.word(4, isLittleEndian))
    guard type > 0, type < 16, byteCount >= 16, byteCount % 4 == 0, byteCount <= 1 << 20,
      try window.require(byteCount)
    else { return false }
    return Int(window.bytes.word(byteCount - 4, isLittleEndian)) == byteCount
  }
}
