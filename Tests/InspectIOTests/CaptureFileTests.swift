import Glibc
import InspectCore
import Testing

@testable import InspectIO

/// Files of every form, good and bad, and what is said of them.
@Suite struct CaptureFileTests {
  private func read(_ bytes: [UInt8], as name: String = "test.pcap") throws -> CaptureReading {
    let folder = try GeoFolder()
    return CaptureReading(try folder.write(bytes, as: name))
  }

  private static let first = Array("first!".utf8)
  private static let second = Array("the second".utf8)

  // MARK: pcap

  private static func pcap(
    littleEndian: Bool = true, magic: UInt32 = 0xa1b2_c3d4, extra: Int = 0
  ) -> [UInt8] {
    var builder = CaptureBuilder(isLittleEndian: littleEndian)
    builder.pcapHeader(magic: magic)
    builder.pcapRecord(first, fraction: 123_456, extra: extra)
    builder.pcapRecord(second, fraction: 999_999, original: 1500, extra: extra)
    return builder.bytes
  }

  @Test(arguments: [true, false])
  func microsecondsInEitherByteOrder(_ littleEndian: Bool) throws {
    let reading = try read(Self.pcap(littleEndian: littleEndian))
    #expect(
      reading.packets == [
        "1700000000123456000 ethernet 6 first!", "1700000000999999000 ethernet 1500 the second",
      ])
    #expect(reading.error == nil)
  }

  @Test(arguments: [true, false])
  func nanosecondsInEitherByteOrder(_ littleEndian: Bool) throws {
    let reading = try read(Self.pcap(littleEndian: littleEndian, magic: 0xa1b2_3c4d))
    #expect(
      reading.packets == [
        "1700000000000123456 ethernet 6 first!", "1700000000000999999 ethernet 1500 the second",
      ])
    #expect(reading.error == nil)
  }

  /// Kuznetzov's variant has eight more bytes in a record's header.
  @Test(arguments: [true, false])
  func longerRecordHeaders(_ littleEndian: Bool) throws {
    let reading = try read(Self.pcap(littleEndian: littleEndian, magic: 0xa1b2_cd34, extra: 8))
    #expect(reading.packets.count == 2)
    #expect(reading.packets.first == "1700000000123456000 ethernet 6 first!")
    #expect(reading.error == nil)
  }

  @Test func theUpperBitsOfTheLinkTypeAreNone() throws {
    var builder = CaptureBuilder()
    builder.pcapHeader(linkType: 0xf400_0000 | 113)
    builder.pcapRecord(Self.first)
    let reading = try read(builder.bytes)
    #expect(reading.packets == ["1700000000000000000 linuxCooked 6 first!"])
  }

  @Test func anUnknownLinkTypeIsKept() throws {
    var builder = CaptureBuilder()
    builder.pcapHeader(linkType: 147)
    builder.pcapRecord(Self.first)
    let reading = try read(builder.bytes)
    #expect(reading.packets == ["1700000000000000000 unknown(147) 6 first!"])
    #expect(reading.error == nil)
  }

  @Test func aRecordWithoutDataIsAPacket() throws {
    var builder = CaptureBuilder()
    builder.pcapHeader()
    builder.pcapRecord([], original: 60)
    builder.pcapRecord(Self.first)
    let reading = try read(builder.bytes)
    #expect(reading.packets.count == 2)
    #expect(reading.error == nil)
  }

  /// Every prefix gives what it has, and says where it ends.
  @Test func everyPrefixOfAPcap() throws {
    let whole = Self.pcap()
    let ends = [24, 24 + 16 + 6, whole.count]
    for count in 0...whole.count {
      let reading = try read(Array(whole.prefix(count)))
      let packets = ends.dropFirst().filter { $0 <= count }.count
      #expect(reading.packets.count == packets, "\(count) bytes")
      let expected: String? =
        switch count {
        case 0: "test.pcap: is empty"
        case 1..<4: "test.pcap: is neither pcap nor pcapng (offset 0)"
        case 4..<24: "test.pcap: ends inside a record at offset 0"
        case _ where ends.contains(count): nil
        default: "test.pcap: ends inside a record at offset \(ends.last { $0 < count }!)"
        }
      #expect(reading.error == expected, "\(count) bytes")
    }
  }

  /// After damage it goes on where records make sense again, and what was found is kept.
  @Test func aHugeRecordIsDamageAndReadingGoesOn() throws {
    var builder = CaptureBuilder()
    builder.pcapHeader()
    builder.pcapRecord(Self.first)
    builder.pcapRecord([], captured: 0xffff_fff0)
    for _ in 0..<3 { builder.pcapRecord(Self.second, seconds: 1_700_000_001) }
    let reading = try read(builder.bytes)
    #expect(reading.packets.count == 4)
    #expect(reading.packets.last == "1700000001000000000 ethernet 10 the second")
    #expect(reading.error == "test.pcap: damaged at offset 46: a record of 4294967280 bytes")
  }

  @Test func zerosInTheMiddleArePassed() throws {
    var builder = CaptureBuilder()
    builder.pcapHeader()
    builder.pcapRecord(Self.first)
    builder.bytes += [UInt8](repeating: 0xff, count: 333)
    for _ in 0..<3 { builder.pcapRecord(Self.second, seconds: 1_700_000_001) }
    let reading = try read(builder.bytes)
    #expect(reading.packets.count == 4)
    #expect(reading.error?.hasPrefix("test.pcap: damaged at offset 46: ") == true)
  }

  @Test func anythingBehindThePcapMayBeNoise() throws {
    var random = SeededNumbers(state: 7)
    for _ in 0..<50 {
      let noise = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) }
      let reading = try read(Self.pcap() + noise)
      #expect(reading.packets.count >= 2)
      #expect(reading.error != nil)
    }
  }

  // MARK: pcapng

  private static func pcapng(littleEndian: Bool = true) -> (bytes: [UInt8], ends: [Int]) {
    var builder = CaptureBuilder(isLittleEndian: littleEndian)
    var ends: [Int] = []
    builder.section()
    ends.append(builder.bytes.count)
    builder.interface()
    ends.append(builder.bytes.count)
    builder.enhancedPacket(first)
    ends.append(builder.bytes.count)
    builder.enhancedPacket(second, ticks: 1_700_000_001_000_001, original: 1500)
    ends.append(builder.bytes.count)
    return (builder.bytes, ends)
  }

  @Test(arguments: [true, false])
  func blocksInEitherByteOrder(_ littleEndian: Bool) throws {
    let reading = try read(Self.pcapng(littleEndian: littleEndian).bytes, as: "test.pcapng")
    #expect(
      reading.packets == [
        "1700000000000000000 ethernet 6 first!", "1700000001000001000 ethernet 1500 the second",
      ])
    #expect(reading.error == nil)
  }

  @Test func everyPrefixOfAPcapng() throws {
    let (whole, ends) = Self.pcapng()
    for count in 0...whole.count {
      let reading = try read(Array(whole.prefix(count)), as: "test.pcapng")
      let packets = ends.dropFirst(2).filter { $0 <= count }.count
      #expect(reading.packets.count == packets, "\(count) bytes")
      let expected: String? =
        switch count {
        case 0: "test.pcapng: is empty"
        case 1..<4: "test.pcapng: is neither pcap nor pcapng (offset 0)"
        case 4..<12: "test.pcapng: ends inside a record at offset 0"
        case _ where ends.contains(count): nil
        default: "test.pcapng: ends inside a record at offset \(ends.last { $0 < count } ?? 0)"
        }
      #expect(reading.error == expected, "\(count) bytes")
    }
  }

  /// Ticks of each resolution (`if_tsresol`) for the same moment.
  @Test(
    arguments: [
      (0, 1_700_000_000, 1_700_000_000_000_000_000),
      (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
      (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
      (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
      (0x80, 1_700_000_000, 1_700_000_000_000_000_000),
      (0x8a, 1_700_000_000 << 10 | 512, 1_700_000_000_500_000_000),
      (0xa0, 1_700_000_000 << 32 | 1 << 31, 1_700_000_000_500_000_000),
    ] as [(UInt8, UInt64, Int64)])
  func resolutions(_ resolution: UInt8, _ ticks: UInt64, _ expected: Int64) throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface(resolution: resolution)
    builder.enhancedPacket(Self.first, ticks: ticks)
    let reading = try read(builder.bytes)
    #expect(reading.packets == ["\(expected) ethernet 6 first!"])
  }

  /// No resolution makes a time trap, and none takes long.
  @Test func everyResolutionAndAnyTicks() throws {
    for resolution in UInt8.min ... .max {
      var builder = CaptureBuilder()
      builder.section()
      builder.interface(resolution: resolution, offset: resolution % 2 == 0 ? .max : .min)
      for ticks: UInt64 in [0, 1, 1 << 32, .max] {
        builder.enhancedPacket(Self.first, ticks: ticks)
      }
      let reading = try read(builder.bytes)
      #expect(reading.packets.count == 4)
      #expect(reading.error == nil)
    }
  }

  @Test func offsetsAreAddedInSeconds() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface(offset: 1_700_000_000)
    builder.interface(offset: -10)
    builder.enhancedPacket(Self.first, ticks: 5_000_000)
    builder.enhancedPacket(Self.first, ticks: 15_000_000, interface: 1)
    let reading = try read(builder.bytes)
    #expect(
      reading.packets == [
        "1700000005000000000 ethernet 6 first!", "5000000000 ethernet 6 first!",
      ])
  }

  @Test func interfacesHaveTheirOwnTypesAndClocks() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface()
    builder.interface(linkType: 101, resolution: 9)
    builder.enhancedPacket(Self.first, ticks: 1_700_000_000_000_000_001, interface: 1)
    builder.enhancedPacket(Self.second)
    let reading = try read(builder.bytes)
    #expect(
      reading.packets == [
        "1700000000000000001 raw 6 first!", "1700000000000000000 ethernet 10 the second",
      ])
  }

  /// Each section has its own byte order and interfaces.
  @Test func severalSections() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface()
    builder.enhancedPacket(Self.first)
    var other = CaptureBuilder(isLittleEndian: false)
    other.section()
    other.interface(linkType: 113)
    other.enhancedPacket(Self.second)
    let reading = try read(builder.bytes + other.bytes)
    #expect(
      reading.packets == [
        "1700000000000000000 ethernet 6 first!", "1700000000000000000 linuxCooked 10 the second",
      ])
    #expect(reading.error == nil)
  }

  @Test func unknownBlocksAreSkipped() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.block(0x8000_0bad) { $0.bytes += [1, 2, 3, 4, 5] }
    builder.interface()
    builder.block(4) { $0.append(UInt32(0)) }
    builder.block(0x0000_f00d) { _ in }
    builder.enhancedPacket(Self.first)
    let reading = try read(builder.bytes)
    #expect(reading.packets == ["1700000000000000000 ethernet 6 first!"])
    #expect(reading.error == nil)
  }

  /// A Simple Packet Block is of the first interface, with the time of the packet before.
  @Test func simplePackets() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface(snapLength: 4)
    builder.simplePacket(Self.first)
    builder.enhancedPacket(Self.second)
    builder.simplePacket(Array("1234".utf8), original: 99)
    let reading = try read(builder.bytes)
    #expect(
      reading.packets == [
        "0 ethernet 6 firs", "1700000000000000000 ethernet 10 the second",
        "1700000000000000000 ethernet 99 1234",
      ])
    #expect(reading.error == nil)
  }

  /// The obsolete Packet Block: 16 bits of interface, then a count of drops.
  @Test func obsoletePacketBlocks() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface()
    builder.block(2) {
      $0.append(UInt16(0))
      $0.append(UInt16(0xffff))
      $0.append(UInt32(1_700_000_000_000_000 >> 32))
      $0.append(UInt32(truncatingIfNeeded: 1_700_000_000_000_000))
      $0.append(UInt32(6))
      $0.append(UInt32(6))
      $0.bytes += Self.first
    }
    let reading = try read(builder.bytes)
    #expect(reading.packets == ["1700000000000000000 ethernet 6 first!"])
  }

  // MARK: Damaged pcapng

  /// What is wrong with a block; its text is what is said of it.
  enum Damage: String, CaseIterable, Sendable {
    case tooFew = "a block of 7 bytes"
    case tooFewForItself = "a block of 8 bytes"
    case tooMany = "a block of 4294967292 bytes"
    case otherTrailer = "a block whose two lengths differ"
    case shortPacket = "a packet block too short"
    case longPacket = "a packet longer than its block"
    case strangeInterface = "a packet of interface 9, which is not described"
    case shortInterface = "an interface block too short"
    case noByteOrder = "a section header without a byte order"

    func write(to builder: inout CaptureBuilder) {
      switch self {
      case .tooFew: builder.block(6, length: 7) { _ in }
      case .tooFewForItself: builder.block(6, length: 8) { _ in }
      case .tooMany: builder.block(6, length: 0xffff_fffc) { _ in }
      case .otherTrailer: builder.block(6, trailer: 40) { _ in }
      case .shortPacket: builder.block(6) { $0.append(UInt32(0)) }
      case .longPacket: builder.enhancedPacket(first, captured: 0xffff_ffff)
      case .strangeInterface: builder.enhancedPacket(first, interface: 9)
      case .shortInterface: builder.block(1) { $0.append(UInt16(1)) }
      case .noByteOrder: builder.block(0x0a0d_0d0a) { $0.append(UInt64(7)) }
      }
    }
  }

  /// It is said, and reading goes on behind it.
  @Test(arguments: Damage.allCases)
  func damageIsSaidAndPassed(_ damage: Damage) throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.interface()
    builder.enhancedPacket(Self.first)
    let offset = builder.bytes.count
    damage.write(to: &builder)
    for _ in 0..<3 { builder.enhancedPacket(Self.second) }
    let reading = try read(builder.bytes)
    #expect(reading.error == "test.pcap: damaged at offset \(offset): \(damage.rawValue)")
    #expect(reading.packets.first == "1700000000000000000 ethernet 6 first!")
    #expect(reading.packets.count == 4)
  }

  @Test func aSimplePacketNeedsAnInterface() throws {
    var builder = CaptureBuilder()
    builder.section()
    builder.simplePacket(Self.first)
    let reading = try read(builder.bytes)
    #expect(
      reading.error
        == "test.pcap: damaged at offset 28: a simple packet block without an interface")
  }

  /// Every byte of a capture may be anything: there is an end, and no trap.
  @Test func everyByteMayBeAnything() throws {
    let folder = try GeoFolder()
    for whole in [Self.pcapng().bytes, Self.pcap(), Self.pcapng(littleEndian: false).bytes] {
      for offset in whole.indices {
        for value: UInt8 in [0, 0x7f, 0xff] {
          var bytes = whole
          bytes[offset] = value
          let reading = CaptureReading(try folder.write(bytes, as: "test.pcap"))
          #expect(reading.packets.count <= 2)
        }
      }
    }
  }

  // MARK: Other files

  @Test func emptyFilesTextAndFolders() throws {
    let folder = try GeoFolder()
    let text = try folder.write(
      Array("This is no capture, whatever it is.\n".utf8), as: "notes.txt")
    let empty = try folder.write([], as: "empty.pcap")
    #expect(CaptureReading(text).error == "notes.txt: is neither pcap nor pcapng (offset 0)")
    #expect(CaptureReading(empty).error == "empty.pcap: is empty")
    let name = folder.path.split(separator: "/").last.map(String.init) ?? ""
    #expect(CaptureReading(folder.path).error == "\(name): is a directory, not a capture")
    #expect(
      CaptureReading("\(folder.path)/missing.pcap").error
        == "missing.pcap: cannot be opened: No such file or directory")
  }

  /// One bad capture among others does not keep those from being read.
  @Test func aTimelineGoesOnWithoutWhatCannotBeOpened() throws {
    let folder = try GeoFolder()
    let good = try folder.write(Self.pcap(), as: "good.pcap")
    let empty = try folder.write([], as: "empty.pcap")
    let missing = "\(folder.path)/missing.pcap"
    var timeline = try CaptureTimeline([missing, good, empty])
    var packets = 0
    while timeline.advance() {
      packets += 1
      #expect(timeline.source == 1)
    }
    let damages = timeline.damages.map { "\($0)" }
    #expect(packets == 2)
    #expect(damages.count == 2)
    let reasons = [
      "missing.pcap: cannot be opened: No such file or directory",
      "empty.pcap: is empty",
    ]
    #expect(zip(damages, reasons).allSatisfy { $0.hasSuffix("/\($1)") })
    #expect(throws: CaptureError.self) { _ = try CaptureTimeline([missing, empty]) }
  }

  // MARK: gzip and pipes

  @Test func compressedCaptures() throws {
    let whole = Self.pcap()
    let packed = Gzip.pack(whole)
    let reading = try read(packed, as: "test.pcap.gz")
    #expect(reading.packets.count == 2)
    #expect(reading.error == nil)
    // Several members are one file (RFC 1952 §2.2).
    let members = Gzip.pack(Array(whole[..<30])) + Gzip.pack(Array(whole[30...]))
    #expect(try read(members, as: "test.pcap.gz") == reading)
  }

  /// A gzip file that was cut: what can be unpacked is read, and the end is said.
  @Test func everyPrefixOfACompressedCapture() throws {
    let packed = Gzip.pack(Self.pcap())
    for count in 2..<packed.count {
      let reading = try read(Array(packed.prefix(count)), as: "test.pcap.gz")
      #expect(reading.error?.hasPrefix("test.pcap.gz: ") == true, "\(count) bytes")
      #expect(reading.packets.count <= 2)
    }
  }

  @Test func damagedCompressedData() throws {
    var packed = Gzip.pack(Self.pcap())
    for offset in 10..<packed.count - 8 { packed[offset] = 0xff }
    let reading = try read(packed, as: "test.pcap.gz")
    #expect(reading.error == "test.pcap.gz: damaged at offset 0: the gzip data is broken")
  }

  /// A long file through the window that moves: every packet as from a mapping.
  @Test func streamsAreReadAsFilesAre() throws {
    var builder = CaptureBuilder()
    builder.pcapHeader()
    for number in 0..<3000 {
      builder.pcapRecord(
        [UInt8](repeating: UInt8(ascii: "a") + UInt8(number % 26), count: 1000 + number % 7),
        seconds: 1_700_000_000 + UInt32(number))
    }
    let folder = try GeoFolder()
    let plain = CaptureReading(try folder.write(builder.bytes, as: "test.pcap"))
    let packed = CaptureReading(try folder.write(Gzip.pack(builder.bytes), as: "test.pcap"))
    #expect(plain.packets.count == 3000)
    #expect(plain == packed)
    #expect(plain.error == nil)
    let pipe = "\(folder.path)/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let writer = PipeWriter(pipe, builder.bytes)
    let piped = CaptureReading(pipe)
    writer.wait()
    #expect(piped == plain)
  }
}

/// SplitMix64 (Steele et al. 2014): the same numbers each time.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
