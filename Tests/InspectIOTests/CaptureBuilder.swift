import Foundation
import InspectCore
import Testing

@testable import InspectIO

/// Writes captures for tests, in either byte order.
struct CaptureBuilder {
  var bytes: [UInt8] = []
  var isLittleEndian = true

  mutating func append(_ value: some FixedWidthInteger) {
    let ordered = isLittleEndian ? value.littleEndian : value.bigEndian
    withUnsafeBytes(of: ordered) { bytes += $0 }
  }

  // MARK: pcap

  mutating func pcapHeader(
    magic: UInt32 = 0xa1b2_c3d4, snapLength: UInt32 = 262_144, linkType: UInt32 = 1
  ) {
    append(magic)
    append(UInt16(2))
    append(UInt16(4))
    append(UInt64(0))
    append(snapLength)
    append(linkType)
  }

  mutating func pcapRecord(
    _ data: [UInt8], seconds: UInt32 = 1_700_000_000, fraction: UInt32 = 0,
    captured: UInt32? = nil, original: UInt32? = nil, extra: Int = 0
  ) {
    append(seconds)
    append(fraction)
    append(captured ?? UInt32(data.count))
    append(original ?? UInt32(data.count))
    bytes += [UInt8](repeating: 0xee, count: extra) + data
  }

  // MARK: pcapng

  /// A block of any type; `length` and `trailer` say what the block claims where that is wrong.
  mutating func block(
    _ type: UInt32, length: UInt32? = nil, trailer: UInt32? = nil, body: (inout Self) -> Void
  ) {
    var inner = CaptureBuilder(isLittleEndian: isLittleEndian)
    body(&inner)
    while inner.bytes.count % 4 != 0 { inner.bytes.append(0) }
    let count = UInt32(inner.bytes.count + 12)
    append(type)
    append(length ?? count)
    bytes += inner.bytes
    append(trailer ?? length ?? count)
  }

  mutating func section() {
    block(0x0a0d_0d0a) {
      $0.append(UInt32(0x1a2b_3c4d))
      $0.append(UInt16(1))
      $0.append(UInt16(0))
      $0.append(Int64(-1))
    }
  }

  mutating func interface(
    linkType: UInt16 = 1, snapLength: UInt32 = 0, resolution: UInt8? = nil, offset: Int64? = nil
  ) {
    block(1) {
      $0.append(linkType)
      $0.append(UInt16(0))
      $0.append(snapLength)
      // A name first: options that are not needed are passed.
      $0.option(2, Array("eth0".utf8))
      if let resolution { $0.option(9, [resolution]) }
      if let offset {
        $0.append(UInt16(14))
        $0.append(UInt16(8))
        $0.append(offset)
      }
      $0.option(0, [])
    }
  }

  mutating func option(_ code: UInt16, _ value: [UInt8]) {
    append(code)
    append(UInt16(value.count))
    bytes += value
    while bytes.count % 4 != 0 { bytes.append(0) }
  }

  mutating func enhancedPacket(
    _ data: [UInt8], ticks: UInt64 = 1_700_000_000_000_000, interface: UInt32 = 0,
    captured: UInt32? = nil, original: UInt32? = nil
  ) {
    block(6) {
      $0.append(interface)
      $0.append(UInt32(ticks >> 32))
      $0.append(UInt32(truncatingIfNeeded: ticks))
      $0.append(captured ?? UInt32(data.count))
      $0.append(original ?? UInt32(data.count))
      $0.bytes += data
    }
  }

  mutating func simplePacket(_ data: [UInt8], original: UInt32? = nil) {
    block(3) {
      $0.append(original ?? UInt32(data.count))
      $0.bytes += data
    }
  }
}

/// What a reader says of a file: a line a packet, and the damage.
struct CaptureReading: Equatable {
  var packets: [String] = []
  var error: String?

  /// Reads the file at `path`; the path's folder is left out of messages.
  init(_ path: String) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    do throws(CaptureError) {
      var file = try CaptureFile(path)
      while file.advance() {
        let packet = file.packet
        let bytes = packet.bytes.byteOffsets.map { packet.bytes[$0] }
        packets.append(
          "\(packet.timestamp.nanoseconds) \(packet.linkType) \(packet.originalByteCount) "
            + String(decoding: bytes, as: UTF8.self))
        // A reader that does not move would never end.
        guard packets.count < 10_000 else { break }
      }
      error = file.damage.map { "\($0)" }
    } catch {
      self.error = "\(error)"
    }
    if let message = error, message.hasPrefix(path) {
      error = name + message.dropFirst(path.count)
    }
  }
}

/// A gzip member (RFC 1952) of stored blocks.
enum Gzip {
  static func pack(_ bytes: [UInt8]) -> [UInt8] {
    var builder = CaptureBuilder()
    builder.bytes = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
      let part = rest.prefix(60_000)
      rest = rest.dropFirst(part.count)
      builder.bytes.append(rest.isEmpty ? 1 : 0)
      builder.append(UInt16(part.count))
      builder.append(~UInt16(part.count))
      builder.bytes += part
    } while !rest.isEmpty
    builder.append(checksum(bytes))
    builder.append(UInt32(truncatingIfNeeded: bytes.count))
    return builder.bytes
  }

  /// CRC-32 (RFC 1952 §8).
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var register = UInt32.max
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 { register = register & 1 == 0 ? register >> 1 : register >> 1 ^ 0xedb8_8320 }
    }
    return ~register
  }
}

/// Writes into a named pipe while another reads.
final class PipeWriter: Sendable {
  private let done = DispatchSemaphore(value: 0)

  init(_ path: String, _ bytes: [UInt8]) {
    Thread.detachNewThread { [done] in
      if let file = FileHandle(forWritingAtPath: path) {
        try? file.write(contentsOf: Data(bytes))
        try? file.close()
      }
      done.signal()
    }
  }

  func wait() { done.wait() }
}
