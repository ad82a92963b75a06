import Foundation
import InspectCore
import Testing

@testable import InspectIO

/// Several users see the same packets, in their order, each batch as long as it likes.
@Suite struct CaptureReaderTests {
  /// A packet of so many bytes, all of them `number`.
  private static func capture(_ sizes: [Int], from start: Int = 0) -> [UInt8] {
    var builder = CaptureBuilder()
    builder.pcapHeader()
    for (number, size) in sizes.enumerated() {
      builder.pcapRecord(
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size),
        seconds: UInt32(1_700_000_000 + start + 2 * number))
    }
    return builder.bytes
  }

  private static let sizes = (0..<9000).map { $0 * 37 % 1500 } + [200_000, 3, 130_000, 70_000]

  /// Says what is in a packet, where all of its bytes are alike.
  private static func describe(_ entry: PacketBatch.Entry) -> String {
    let packet = entry.packet
    let bytes = packet.bytes
    let first = bytes.isEmpty ? 0 : bytes[0]
    let isUniform = (0..<bytes.byteCount).allSatisfy { bytes[$0] == first }
    return "\(entry.source) \(packet.timestamp.nanoseconds) \(bytes.byteCount) "
      + (isUniform ? "\(first)" : "mixed")
  }

  private static func expected(_ sizes: [Int], source: Int = 0, from start: Int = 0) -> [String] {
    sizes.enumerated().map { number, size in
      "\(source) \(1_700_000_000 + start + 2 * number)000000000 \(size) "
        + "\(size == 0 ? 0 : number & 0xff)"
    }
  }

  /// What a user sees who looks at each batch after `pause` microseconds.
  private static func read(_ reader: CaptureReader, pause: UInt32) -> [String] {
    var seen: [String] = []
    var number = 0
    while let batch = reader.batch(number) {
      if pause > 0 { usleep(pause * UInt32(number % 3)) }
      seen += (0..<batch.count).map { describe(batch[$0]) }
      reader.leave(number)
      number += 1
    }
    return seen
  }

  private final class Seen: @unchecked Sendable { var lines: [String] = [] }

  @Test(arguments: [1, 2, 3]) func allSeeAllPackets(_ users: Int) throws {
    let folder = try GeoFolder()
    let path = try folder.write(Self.capture(Self.sizes), as: "a.pcap")
    let reader = try CaptureReader([path])
    #expect(reader.firstTimestamp?.nanoseconds == 1_700_000_000_000_000_000)
    reader.begin(users: users, filter: nil, sharesByFlow: true)
    let seen = (1..<users).map { _ in Seen() }
    let threads = seen.map { seen in
      WorkerThread { seen.lines = Self.read(reader, pause: 50) }
    }
    let own = Self.read(reader, pause: 0)
    for thread in threads { thread?.join() }
    #expect(own == Self.expected(Self.sizes))
    for other in seen { #expect(other.lines == own) }
    #expect(!reader.hasMore)
    #expect(reader.progress == 1)
    #expect(reader.damages.isEmpty)
  }

  @Test func severalCapturesAreOneTimeline() throws {
    let folder = try GeoFolder()
    let sizes = [Int](Self.sizes.prefix(3000))
    let paths = [
      try folder.write(Self.capture(sizes), as: "a.pcap"),
      try folder.write(Self.capture(sizes, from: 1), as: "b.pcap"),
    ]
    let reader = try CaptureReader(paths)
    let seen = Self.read(reader, pause: 0)
    let both = zip(Self.expected(sizes), Self.expected(sizes, source: 1, from: 1))
    #expect(seen == both.flatMap { [$0, $1] })
  }

  /// A batch stays as it is while others are read behind it.
  @Test func aBatchStaysUntilAllHaveLeft() throws {
    let folder = try GeoFolder()
    let path = try folder.write(Self.capture(Self.sizes), as: "a.pcap")
    let reader = try CaptureReader([path])
    // The second never leaves the first batch.
    reader.begin(users: 2, filter: nil, sharesByFlow: false)
    let first = try #require(reader.batch(0))
    let before = (0..<first.count).map { Self.describe(first[$0]) }
    reader.leave(0)
    for number in 1..<10 {
      _ = try #require(reader.batch(number))
      reader.leave(number)
    }
    #expect((0..<first.count).map { Self.describe(first[$0]) } == before)
    #expect(before == Array(Self.expected(Self.sizes).prefix(before.count)))
  }

  @Test func afterTheStopNothingMoreIsRead() throws {
    let folder = try GeoFolder()
    let path = try folder.write(Self.capture(Self.sizes), as: "a.pcap")
    let reader = try CaptureReader([path])
    reader.begin(users: 2, filter: nil, sharesByFlow: true)
    _ = try #require(reader.batch(0))
    _ = try #require(reader.batch(1))
    reader.stop()
    #expect(reader.batch(2) == nil)
    // The other still sees what was read.
    #expect(reader.batch(0) != nil)
    #expect(reader.batch(1) != nil)
    #expect(reader.batch(2) == nil)
    #expect(reader.hasMore)
  }

  @Test func whatTheFilterStopsIsInNoBatch() throws {
    let folder = try GeoFolder()
    let path = try folder.write(Self.capture([10, 1000, 20, 900, 30]), as: "a.pcap")
    let reader = try CaptureReader([path])
    reader.begin(users: 1, filter: try PacketFilter("greater 500"), sharesByFlow: true)
    let all = Self.expected([10, 1000, 20, 900, 30])
    #expect(Self.read(reader, pause: 0) == [all[1], all[3]])
  }

  @Test func aCaptureWithoutPacketsHasNoBatch() throws {
    let folder = try GeoFolder()
    let reader = try CaptureReader([try folder.write(Self.capture([]), as: "a.pcap")])
    #expect(reader.firstTimestamp == nil)
    #expect(reader.batch(0) == nil)
    #expect(!reader.hasMore)
  }

  @Test func damageIsTold() throws {
    let folder = try GeoFolder()
    let whole = Self.capture([10, 20])
    let reader = try CaptureReader([try folder.write(Array(whole.dropLast()), as: "a.pcap")])
    #expect(Self.read(reader, pause: 0) == Self.expected([10]))
    #expect(reader.damages.count == 1)
  }
}
