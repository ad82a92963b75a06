import InspectCore

/// The classic capture file format (draft-ietf-opsawg-pcap).
///
///     file     Magic 4, Major 2, Minor 2, Reserved 8, Snap Length 4, Link Type 4
///     record   Seconds 4, Micro- or Nanoseconds 4, Captured Length 4, Original Length 4, Data
struct PcapFormat {
  private static let headerByteCount = 24
  private static let recordHeaderByteCount = 16
  /// libpcap's largest snap length; a record that claims more is damage.
  static let largestPacket = 262_144
  /// How far behind damage another record is looked for.
  static let searchByteCount = 64 << 20

  private let isLittleEndian: Bool
  private let nanosecondsPerTick: Int64
  private let linkType: LinkType
  private let largestRecord: Int
  /// Kuznetzov's variant has eight more bytes in each record's header.
  private let recordHeaderByteCount: Int

  /// Reads the file header; nil when it is another format.
  init?(_ window: inout ByteWindow) throws(CaptureError) {
    let magic: UInt32 = window.bytes.load(0)
    switch magic {
    case 0xa1b2_c3d4, 0xa1b2_cd34, 0xa1b2_3c4d: isLittleEndian = false
    case 0xd4c3_b2a1, 0x34cd_b2a1, 0x4d3c_b2a1: isLittleEndian = true
    default: return nil
    }
    let value = isLittleEndian ? magic.byteSwapped : magic
    nanosecondsPerTick = value == 0xa1b2_3c4d ? 1 : 1000
    recordHeaderByteCount = PcapFormat.recordHeaderByteCount + (value == 0xa1b2_cd34 ? 8 : 0)
    guard try window.require(PcapFormat.headerByteCount) else { throw window.error(.truncated) }
    let snapLength = Int(window.bytes.word(16, isLittleEndian))
    largestRecord = max(PcapFormat.largestPacket, min(snapLength, 16 << 20))
    // The upper bits hold the length of a check sequence.
    linkType = LinkType(rawValue: window.bytes.word(20, isLittleEndian) & 0x03ff_ffff)
    window.skip(PcapFormat.headerByteCount)
  }

  /// The record at the beginning if it is whole and at hand: the way of nearly all.
  @inline(__always)
  func record(_ bytes: RawSpan) -> CaptureFile.Record? {
    guard bytes.byteCount >= recordHeaderByteCount else { return nil }
    let captured = Int(bytes.word(8, isLittleEndian))
    guard captured <= largestRecord, bytes.byteCount - recordHeaderByteCount >= captured else {
      return nil
    }
    return CaptureFile.Record(
      headerByteCount: recordHeaderByteCount, capturedByteCount: captured,
      byteCount: recordHeaderByteCount + captured,
      originalByteCount: max(captured, Int(bytes.word(12, isLittleEndian))),
      timestamp: timestamp(bytes), linkType: linkType)
  }

  func next(
    _ window: inout ByteWindow, _ record: inout CaptureFile.Record
  ) throws(CaptureError) -> Bool {
    guard try window.require(recordHeaderByteCount) else {
      if window.bytes.isEmpty { return false }
      throw window.error(.truncated)
    }
    let captured = Int(window.bytes.word(8, isLittleEndian))
    guard captured <= largestRecord else {
      throw window.error(.damaged("a record of \(captured) bytes"))
    }
    guard try window.require(recordHeaderByteCount + captured) else {
      throw window.error(.truncated)
    }
    guard let next = self.record(window.bytes) else { return false }
    record = next
    return true
  }

  @inline(__always)
  private func timestamp(_ header: RawSpan) -> Timestamp {
    let seconds = Int64(header.word(0, isLittleEndian))
    let fraction = Int64(header.word(4, isLittleEndian))
    return Timestamp(nanoseconds: seconds * 1_000_000_000 + fraction * nanosecondsPerTick)
  }

  /// Goes to the next place where two records follow each other sensibly.
  func resynchronise(
    _ window: inout ByteWindow, after last: Timestamp
  ) throws(CaptureError) -> Bool {
    for _ in 0..<PcapFormat.searchByteCount {
      guard try window.require(1 + recordHeaderByteCount) else { return false }
      window.skip(1)
      guard let byteCount = plausibleRecord(window.bytes, 0, last) else { continue }
      guard try window.require(byteCount + recordHeaderByteCount) else {
        // The last record of the file has none behind it.
        if window.bytes.byteCount == byteCount { return true }
        continue
      }
      if plausibleRecord(window.bytes, byteCount, last) != nil { return true }
    }
    return false
  }

  /// The length of the record at `start` if its header makes sense: within a day of the last.
  private func plausibleRecord(_ bytes: RawSpan, _ start: Int, _ last: Timestamp) -> Int? {
    let header = bytes.extracting(start..<(start + recordHeaderByteCount))
    let captured = Int(header.word(8, isLittleEndian))
    let original = Int(header.word(12, isLittleEndian))
    let fraction = Int64(header.word(4, isLittleEndian)) * nanosecondsPerTick
    guard captured > 0, captured <= largestRecord, original >= captured, original <= 1 << 20,
      fraction < 1_000_000_000
    else { return nil }
    if last.nanoseconds != 0 {
      guard abs(timestamp(header).seconds(since: last)) < 86_400 else { return nil }
    }
    return recordHeaderByteCount + captured
  }
}

extension RawSpan {
  /// A 32-bit word in the file's byte order.
  @inline(__always)
  func word(_ offset: Int, _ isLittleEndian: Bool) -> UInt32 {
    isLittleEndian ? loadLittleEndian(offset) : load(offset)
  }

  func halfWord(_ offset: Int, _ isLittleEndian: Bool) -> UInt16 {
    isLittleEndian ? loadLittleEndian(offset) : load(offset)
  }
}
