import Crypto
import Glibc
import InspectCore

/// A folder of evidence: for each alert its event, the packets of the flows that it was seen in, and
/// the digests by which both can be checked.
///
///     DIR/manifest.jsonl            the run, then a line an alert; each names the digest of the
///                                   line before, so that none can be changed or left out unseen
///     DIR/0001-RULE/alert.json      the event, masked unless the run reveals
///     DIR/0001-RULE/packets.pcapng  the packets as captured: they hold the identifiers in clear
///
/// The folder is readable by its owner only.
public struct EvidenceBundle: ~Copyable {
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let path: String
    public let reason: String
    public var description: String { "\(path): \(reason)" }
  }

  /// What is kept of one alert's packets: beyond it the file ends, and the manifest says so.
  public static let packetBytesPerAlert = 64 << 20
  /// Bytes that wait for being written, for an alert.
  private static let buffered = 1 << 16

  /// An alert's packets, gathered and appended to their file.
  private struct Packets {
    let path: String
    var writer: PcapngWriter
    var digest = SHA256()
    var byteCount = 0
    var isCut = false
  }

  public let directory: String
  private var manifest: [UInt8] = []
  private var previous = String(repeating: "0", count: 64)
  private var alerts: [(alert: Alert, event: [UInt8], packets: Packets)] = []
  /// The alerts, by number, that a flow is evidence of.
  private var wanted: [UInt64: [Int]] = [:]

  /// Makes the folder; it must be new or empty, so that nothing of another run is in it.
  public init(directory: String) throws(Failure) {
    self.directory = directory
    if mkdir(directory, 0o700) != 0 {
      guard errno == EEXIST else { throw Failure(path: directory, reason: systemMessage(errno)) }
      guard try EvidenceBundle.isEmpty(directory) else {
        throw Failure(path: directory, reason: "the folder for evidence is not empty")
      }
    }
  }

  private static func isEmpty(_ path: String) throws(Failure) -> Bool {
    guard let folder = opendir(path) else {
      throw Failure(path: path, reason: systemMessage(errno))
    }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Itself and the folder above.
    return count <= 2
  }

  /// Takes an alert in, with the line of its event.
  public mutating func add(_ alert: Alert, event: [UInt8]) throws(Failure) {
    let number = alerts.count + 1
    let digits = String(number)
    let name =
      String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "-\(alert.rule.name)"
    let folder = "\(directory)/\(name)"
    guard mkdir(folder, 0o700) == 0 else {
      throw Failure(path: folder, reason: systemMessage(errno))
    }
    let packets = Packets(
      path: "\(folder)/packets.pcapng",
      writer: PcapngWriter(comment: "evidence of alert \(number), \(alert.rule.name)"))
    alerts.append((alert, event, packets))
    for flow in alert.flows { wanted[flow, default: []].append(number - 1) }
    try EvidenceBundle.write(event, to: "\(folder)/alert.json", flags: O_EXCL)
  }

  /// Whether there is nothing to gather packets for.
  public var isEmpty: Bool { wanted.isEmpty }

  /// Whether packets of the flow are evidence.
  public func wants(_ flow: UInt64) -> Bool { wanted[flow] != nil }

  /// Takes a packet in that belongs to `flow`, for its alerts from the number `since` on.
  public mutating func add(
    _ packet: borrowing CapturedPacket, flow: UInt64, since: Int = 0
  ) throws(Failure) {
    guard let numbers = wanted[flow] else { return }
    for number in numbers where number >= since {
      guard alerts[number].packets.byteCount < EvidenceBundle.packetBytesPerAlert else {
        alerts[number].packets.isCut = true
        continue
      }
      alerts[number].packets.writer.add(packet)
      if alerts[number].packets.writer.bytes.count >= EvidenceBundle.buffered {
        try flush(number)
      }
    }
  }

  private mutating func flush(_ number: Int) throws(Failure) {
    let bytes = alerts[number].packets.writer.take()
    alerts[number].packets.byteCount += bytes.count
    alerts[number].packets.digest.update(data: bytes)
    try EvidenceBundle.write(bytes, to: alerts[number].packets.path, flags: O_APPEND)
  }

  /// Writes what is left, and the manifest.
  public mutating func finish(_ run: RunDescription) throws(Failure) {
    var json = JSONWriter()
    json.beginObject()
    json.field("previous", previous)
    json.writeRun(run)
    json.endObject()
    record(json.bytes)
    for number in alerts.indices {
      try flush(number)
      let (alert, event, packets) = alerts[number]
      var json = JSONWriter()
      json.beginObject()
      json.field("previous", previous)
      json.field("alert", number + 1)
      json.field("rule", alert.rule.name)
      json.field("timestamp", alert.time)
      json.field("alert_sha256", Hexadecimal.text(SHA256.hash(data: event)))
      json.field("packets", packets.writer.packetCount)
      json.field("packets_bytes", packets.byteCount)
      json.field("packets_sha256", Hexadecimal.text(packets.digest.finalize()))
      if packets.isCut { json.field("packets_cut", true) }
      json.endObject()
      record(json.bytes)
    }
    try EvidenceBundle.write(manifest, to: "\(directory)/manifest.jsonl", flags: O_EXCL)
  }

  private mutating func record(_ line: [UInt8]) {
    manifest += line
    manifest.append(UInt8(ascii: "\n"))
    previous = Hexadecimal.text(SHA256.hash(data: line))
  }

  private static func write(_ bytes: [UInt8], to path: String, flags: Int32) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o600)
    guard descriptor >= 0 else { throw Failure(path: path, reason: systemMessage(errno)) }
    defer { close(descriptor) }
    try write(bytes[...], to: descriptor, path)
  }

  static func write(
    _ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String
  ) throws(Failure) {
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + start, $0.count - start)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Failure(path: path, reason: systemMessage(errno)) }
      start += count
    }
  }
}
