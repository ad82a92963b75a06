import Glibc
import InspectCore

/// A packet as a capture has it, lent until the next is read.
public struct CapturedPacket: ~Escapable {
  public let bytes: RawSpan
  public let timestamp: Timestamp
  /// What the packet had on the wire; `bytes` has less when the snap length cut it.
  public let originalByteCount: Int
  public let linkType: LinkType

  @_lifetime(copy bytes)
  public init(bytes: RawSpan, timestamp: Timestamp, originalByteCount: Int, linkType: LinkType) {
    self.bytes = bytes
    self.timestamp = timestamp
    self.originalByteCount = originalByteCount
    self.linkType = linkType
  }
}

/// Where a packet lies in memory. Who has one sees to it that the memory stays.
struct PacketPlace: @unchecked Sendable {
  let start: UnsafeRawPointer
  let byteCount: Int
  let timestamp: Timestamp
  let originalByteCount: Int
  let linkType: LinkType
}

extension CapturedPacket {
  @_lifetime(immortal)
  init(at place: PacketPlace) {
    bytes = unsafe _overrideLifetime(
      RawSpan(_unsafeStart: place.start, byteCount: place.byteCount), copying: ())
    timestamp = place.timestamp
    originalByteCount = place.originalByteCount
    linkType = place.linkType
  }
}

/// A saved capture: pcap (micro- or nanoseconds, either byte order) or pcapng, plain or gzip.
///
/// After damage it goes on from the next place where records make sense again; `damage` says what
/// was wrong first.
public struct CaptureFile: ~Copyable {
  /// Where the current packet lies in the window, and what its record says.
  struct Record {
    var headerByteCount = 0
    var capturedByteCount = 0
    /// The whole record, from the position on.
    var byteCount = 0
    var originalByteCount = 0
    var timestamp = Timestamp(nanoseconds: 0)
    var linkType = LinkType.null
  }

  enum Format {
    case pcap(PcapFormat)
    case pcapng(PcapngFormat)
  }

  var window: ByteWindow
  private var format: Format
  private var record = Record()
  /// The first damage, if any.
  public private(set) var damage: CaptureError?

  /// Opens a capture; `-` is standard input.
  public init(_ path: String) throws(CaptureError) {
    var window = try ByteWindow(path)
    guard try window.require(1) else { throw window.error(.empty) }
    guard try window.require(4) else { throw window.error(.notACapture) }
    if try PcapngFormat.begins(&window) {
      format = .pcapng(PcapngFormat())
    } else if let pcap = try PcapFormat(&window) {
      format = .pcap(pcap)
    } else {
      throw window.error(.notACapture)
    }
    self.window = window
  }

  public var path: String { window.file }

  /// How much was read, from 0 to 1, where that can be known.
  public var progress: Double? { window.progress }

  /// The current packet's time.
  public var timestamp: Timestamp { record.timestamp }

  /// The current packet; meaningful after `advance` said true.
  public var packet: CapturedPacket {
    @_lifetime(borrow self) get {
      let packet = CapturedPacket(at: place)
      return unsafe _overrideLifetime(packet, borrowing: self)
    }
  }

  /// Where the current packet lies until the next `advance`.
  var place: PacketPlace {
    PacketPlace(
      start: window.start + record.headerByteCount, byteCount: record.capturedByteCount,
      timestamp: record.timestamp, originalByteCount: record.originalByteCount,
      linkType: record.linkType)
  }

  /// What the window sees through.
  var memory: WindowMemory { window.memory }

  /// Goes to the next packet; false at the end. Damage does not throw: it is remembered, and
  /// reading goes on behind it. What throws cannot be read further.
  public mutating func advance() -> Bool {
    if advanceAtHand() { return true }
    window.skip(record.byteCount)
    record.byteCount = 0
    return search()
  }

  /// Goes to the next packet if that is whole in the window, and nothing is wrong with it, so that
  /// nothing need be read.
  @inline(__always)
  mutating func advanceAtHand() -> Bool {
    guard let next = nextAtHand else { return false }
    window.skip(record.byteCount)
    record = next
    return true
  }

  @inline(__always)
  private var nextAtHand: Record? {
    let bytes = window.bytes.extracting(droppingFirst: record.byteCount)
    switch format {
    case .pcap(let pcap): return pcap.record(bytes)
    case .pcapng(let pcapng): return pcapng.record(bytes)
    }
  }

  private mutating func search() -> Bool {
    while true {
      do throws(CaptureError) {
        switch format {
        case .pcap(let pcap):
          return try pcap.next(&window, &record)
        case .pcapng(var pcapng):
          defer { format = .pcapng(pcapng) }
          return try pcapng.next(&window, &record)
        }
      } catch {
        if damage == nil { damage = error }
        guard case .damaged = error.reason, resynchronise() else { return false }
      }
    }
  }

  /// Finds the next place where records make sense; false when there is none.
  private mutating func resynchronise() -> Bool {
    do throws(CaptureError) {
      switch format {
      case .pcap(let pcap): return try pcap.resynchronise(&window, after: record.timestamp)
      case .pcapng(let pcapng): return try pcapng.resynchronise(&window)
      }
    } catch {
      return false
    }
  }
}
