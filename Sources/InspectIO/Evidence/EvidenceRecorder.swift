import Glibc
import InspectCore
import Logging

/// The evidence of a run, gathered as its source allows: a saved capture is read once more for the
/// packets of the flows that alerts are about; a live one keeps its latest packets until it is known
/// what they are evidence of.
public struct EvidenceRecorder: ~Copyable {
  /// A packet that may become evidence.
  private struct Kept {
    let flow: UInt64
    let bytes: [UInt8]
    let timestamp: Timestamp
    let originalByteCount: Int
    let linkType: LinkType
  }

  /// Bytes of the latest packets that a live run keeps.
  public static let keptByteCount = 32 << 20

  private var bundle: EvidenceBundle
  private var told = 0
  // A queue: what is before `oldest` was dropped.
  private var kept: [Kept] = []
  private var oldest = 0
  private var keptBytes = 0

  /// Makes the folder, which must be new or empty.
  public init(directory: String) throws(EvidenceBundle.Failure) {
    bundle = try EvidenceBundle(directory: directory)
  }

  // MARK: Live

  /// Takes the packet in that `run` has just inspected.
  public mutating func add(
    _ packet: borrowing CapturedPacket, of run: borrowing Inspection
  ) throws(EvidenceBundle.Failure) {
    let flow = run.latestFlow
    guard flow != 0 else { return }
    if bundle.wants(flow) {
      try bundle.add(packet, flow: flow)
    } else {
      keep(packet, flow)
    }
    try takeAlerts(of: run)
  }

  private mutating func keep(_ packet: borrowing CapturedPacket, _ flow: UInt64) {
    var bytes: [UInt8] = []
    packet.bytes.withUnsafeBytes { bytes.append(contentsOf: $0) }
    keptBytes += bytes.count
    kept.append(
      Kept(
        flow: flow, bytes: bytes, timestamp: packet.timestamp,
        originalByteCount: packet.originalByteCount, linkType: packet.linkType))
    while keptBytes > EvidenceRecorder.keptByteCount {
      keptBytes -= kept[oldest].bytes.count
      oldest += 1
    }
    if oldest > 4096, oldest * 2 > kept.count {
      kept.removeFirst(oldest)
      oldest = 0
    }
  }

  /// Takes new alerts in, and what was kept of their flows.
  private mutating func takeAlerts(
    of run: borrowing Inspection
  ) throws(EvidenceBundle.Failure) {
    let alerts = run.alerts
    guard told < alerts.count else { return }
    let before = told
    while told < alerts.count {
      try bundle.add(alerts[told], event: run.reportLines[told])
      told += 1
    }
    let flows = Set(alerts[before...].flatMap(\.flows))
    for place in oldest..<kept.count where flows.contains(kept[place].flow) {
      let packet = kept[place]
      try bundle.add(
        CapturedPacket(
          bytes: packet.bytes.span.bytes, timestamp: packet.timestamp,
          originalByteCount: packet.originalByteCount, linkType: packet.linkType),
        flow: packet.flow, since: before)
    }
  }

  // MARK: Saved captures

  /// Reads the captures once more, as `run` did with these options.
  public mutating func read(
    _ captures: [String], as run: borrowing Inspection, _ options: InspectionOptions,
    logger: Logger
  ) throws(EvidenceBundle.Failure) {
    try takeAlerts(of: run)
    guard !bundle.isEmpty else { return }
    // The flows are the same in every run over the same packets.
    var options = options
    options.evePath = nil
    options.unlockLogs = []
    options.reportPath = nil
    options.evidencePath = nil
    options.watchLists = []
    options.watchKeyPath = nil
    var timeline: CaptureTimeline
    do throws(CaptureError) {
      timeline = try CaptureTimeline(captures)
    } catch {
      throw EvidenceBundle.Failure(path: bundle.directory, reason: "\(error)")
    }
    var second: Inspection
    do throws(Inspection.Failure) {
      second = try Inspection(
        options, files: captures, captured: nil, raisesAtOnce: false, logger: logger)
    } catch {
      throw EvidenceBundle.Failure(path: bundle.directory, reason: error.description)
    }
    while timeline.advance(), !Interruption.isRequested {
      guard second.inspect(timeline.packet, source: timeline.source) else { continue }
      try bundle.add(timeline.packet, flow: second.latestFlow)
    }
  }

  /// Ends with the manifest.
  public mutating func finish(_ run: borrowing Inspection) throws(EvidenceBundle.Failure) {
    try takeAlerts(of: run)
    try bundle.finish(run.description)
  }

  /// Copies standard input, which cannot be read twice, into the folder, and says where.
  public func spool() throws(EvidenceBundle.Failure) -> String {
    let path = "\(bundle.directory)/standard-input"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw EvidenceBundle.Failure(path: path, reason: systemMessage(errno))
    }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while !Interruption.isRequested {
      let count = buffer.withUnsafeMutableBytes {
        Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw EvidenceBundle.Failure(path: "standard input", reason: systemMessage(errno))
      }
      if count == 0 { break }
      try EvidenceBundle.write(buffer[..<count], to: descriptor, path)
    }
    return path
  }
}
