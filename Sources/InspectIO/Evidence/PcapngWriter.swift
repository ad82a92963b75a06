import InspectCore

/// Makes a pcapng file (draft-ietf-opsawg-pcapng): one section, little-endian, times in nanoseconds,
/// an interface for each link type.
struct PcapngWriter {
  private(set) var bytes: [UInt8] = []
  private var linkTypes: [UInt32] = []
  private(set) var packetCount = 0

  /// `comment` says where the packets are from.
  init(comment: String) {
    block(0x0a0d_0d0a) { body in
      PcapngWriter.append(UInt32(0x1a2b_3c4d), to: &body)
      PcapngWriter.append(UInt16(1), to: &body)
      PcapngWriter.append(UInt16(0), to: &body)
      // The section's length is not given.
      PcapngWriter.append(UInt64.max, to: &body)
      PcapngWriter.option(1, Array(comment.utf8), to: &body)
      PcapngWriter.option(4, Array("inspectd \(Version.text)".utf8), to: &body)
      PcapngWriter.option(0, [], to: &body)
    }
  }

  /// What was made since the last call.
  mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  mutating func add(_ packet: borrowing CapturedPacket) {
    let interface = interface(packet.linkType.rawValue)
    let time = UInt64(bitPattern: packet.timestamp.nanoseconds)
    let captured = packet.bytes
    let original = UInt32(clamping: packet.originalByteCount)
    block(6) { body in
      PcapngWriter.append(UInt32(interface), to: &body)
      PcapngWriter.append(UInt32(truncatingIfNeeded: time >> 32), to: &body)
      PcapngWriter.append(UInt32(truncatingIfNeeded: time), to: &body)
      PcapngWriter.append(UInt32(clamping: captured.byteCount), to: &body)
      PcapngWriter.append(original, to: &body)
      captured.withUnsafeBytes { body.append(contentsOf: $0) }
      while body.count % 4 != 0 { body.append(0) }
    }
    packetCount += 1
  }

  private mutating func interface(_ linkType: UInt32) -> Int {
    if let known = linkTypes.firstIndex(of: linkType) { return known }
    linkTypes.append(linkType)
    block(1) { body in
      PcapngWriter.append(UInt16(truncatingIfNeeded: linkType), to: &body)
      PcapngWriter.append(UInt16(0), to: &body)
      // No snap length of our own.
      PcapngWriter.append(UInt32(0), to: &body)
      // Times are 10^-9 s.
      PcapngWriter.option(9, [9], to: &body)
      PcapngWriter.option(0, [], to: &body)
    }
    return linkTypes.count - 1
  }

  private mutating func block(_ type: UInt32, _ write: (inout [UInt8]) -> Void) {
    var body: [UInt8] = []
    write(&body)
    let length = UInt32(body.count + 12)
    PcapngWriter.append(type, to: &bytes)
    PcapngWriter.append(length, to: &bytes)
    bytes += body
    PcapngWriter.append(length, to: &bytes)
  }

  private static func option(_ code: UInt16, _ value: [UInt8], to body: inout [UInt8]) {
    append(code, to: &body)
    append(UInt16(truncatingIfNeeded: value.count), to: &body)
    body += value
    while body.count % 4 != 0 { body.append(0) }
  }

  private static func append<Integer: FixedWidthInteger>(_ value: Integer, to bytes: inout [UInt8])
  {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
