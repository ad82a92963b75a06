import CPcap
import Glibc
import InspectCore

/// An interface, captured through libpcap until it is stopped.
public struct LiveCapture: ~Copyable {
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let interface: String
    public let reason: String
    public var description: String { "interface \(interface): \(reason)" }
  }

  /// What became of packets before they reached us.
  public struct Drops: Sendable {
    public var received: UInt64 = 0
    public var droppedByKernel: UInt64 = 0
    public var droppedByInterface: UInt64 = 0
  }

  public enum Step: Sendable {
    case packet
    /// Nothing came within the read time-out.
    case idle
    case end
  }

  /// How long packets may wait in the kernel, in milliseconds.
  private static let readTimeout: Int32 = 100
  private static let bufferByteCount: Int32 = 16 << 20

  public let interface: String
  private let handle: OpaquePointer
  private let linkType: LinkType
  private let nanosecondsPerTick: Int64
  private var header: UnsafeMutablePointer<pcap_pkthdr>?
  private var start: UnsafePointer<UInt8>?

  /// Opens the interface, promiscuous, with an optional filter in the syntax of pcap-filter(7).
  public init(interface: String, filter: String?, snapLength: Int32 = 262_144) throws(Failure) {
    let handle = try LiveCapture.open(interface, filter, snapLength)
    self.interface = interface
    self.handle = handle
    linkType = LinkType(rawValue: UInt32(bitPattern: pcap_datalink(handle)))
    nanosecondsPerTick = pcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000
  }

  deinit { pcap_close(handle) }

  private static func open(
    _ interface: String, _ filter: String?, _ snapLength: Int32
  ) throws(Failure) -> OpaquePointer {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = pcap_create(interface, &message) else {
      throw Failure(interface: interface, reason: text(message))
    }
    pcap_set_snaplen(handle, snapLength)
    pcap_set_promisc(handle, 1)
    pcap_set_timeout(handle, readTimeout)
    pcap_set_buffer_size(handle, bufferByteCount)
    pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
    let status = pcap_activate(handle)
    guard status >= 0 else {
      let detail = String(cString: pcap_geterr(handle))
      let meaning = String(cString: pcap_statustostr(status))
      pcap_close(handle)
      throw Failure(interface: interface, reason: detail.isEmpty ? meaning : detail)
    }
    if let filter {
      var program = bpf_program()
      guard pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0,
        pcap_setfilter(handle, &program) == 0
      else {
        let reason = "filter '\(filter)': \(String(cString: pcap_geterr(handle)))"
        pcap_close(handle)
        throw Failure(interface: interface, reason: reason)
      }
      pcap_freecode(&program)
    }
    return handle
  }

  private static func text(_ message: [CChar]) -> String {
    message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  /// Waits a moment for the next packet.
  public mutating func next() throws(Failure) -> Step {
    switch pcap_next_ex(handle, &header, &start) {
    case 1: return .packet
    case 0: return .idle
    case PCAP_ERROR_BREAK: return .end
    default:
      // A signal that asks us to stop is no failure.
      if Interruption.isRequested { return .idle }
      throw Failure(interface: interface, reason: String(cString: pcap_geterr(handle)))
    }
  }

  /// The packet of the last `next`, which said that there is one; good until the next call.
  public var packet: CapturedPacket {
    @_lifetime(borrow self) get {
      guard let header = header?.pointee, let start else {
        return CapturedPacket(
          bytes: RawSpan(), timestamp: Timestamp(nanoseconds: 0), originalByteCount: 0,
          linkType: linkType)
      }
      let nanoseconds =
        Int64(header.ts.tv_sec) * 1_000_000_000 + Int64(header.ts.tv_usec) * nanosecondsPerTick
      let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: Int(header.caplen))
      let packet = CapturedPacket(
        bytes: bytes, timestamp: Timestamp(nanoseconds: nanoseconds),
        originalByteCount: Int(header.len), linkType: linkType)
      return unsafe _overrideLifetime(packet, borrowing: self)
    }
  }

  public var drops: Drops {
    var statistics = pcap_stat()
    guard pcap_stats(handle, &statistics) == 0 else { return Drops() }
    return Drops(
      received: UInt64(statistics.ps_recv), droppedByKernel: UInt64(statistics.ps_drop),
      droppedByInterface: UInt64(statistics.ps_ifdrop))
  }
}
