import Testing

@testable import InspectCore

/// Writes down what a stream's consumer is told. Bytes that follow each other are one line, so that
/// the lines do not depend on the segments.
struct StreamRecorder: StreamConsumer {
  private(set) var lines: [String] = []
  private(set) var bytes: [Direction: [UInt8]] = [:]
  /// After so many bytes nobody reads any more.
  var wanted = Int.max

  mutating func received(
    _ bytes: RawSpan, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    let new = bytes.byteOffsets.map { bytes[$0] }
    #expect(!new.isEmpty)
    self.bytes[direction, default: []] += new
    let text = String(decoding: new, as: UTF8.self)
    let sign = sign(direction)
    if let last = lines.last, last.hasPrefix("\(sign) '") {
      lines[lines.count - 1] = last.dropLast() + "\(text)'"
    } else {
      lines.append("\(sign) '\(text)'")
    }
    if self.bytes[direction]!.count >= wanted { flow.tcp[direction].isWanted = false }
  }

  mutating func lost(
    _ byteCount: Int, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    #expect(byteCount > 0)
    lines.append("\(sign(direction)) lost \(byteCount)")
  }

  mutating func ended(_ direction: Direction, of flow: inout Flow, at time: Timestamp) {
    #expect(!lines.contains("\(sign(direction)) end"), "told twice")
    lines.append("\(sign(direction)) end")
  }

  mutating func irregular(_ anomaly: Anomaly, of flow: inout Flow, at time: Timestamp) {
    lines.append("! \(anomaly.event)")
  }

  private func sign(_ direction: Direction) -> String { direction == .toServer ? ">" : "<" }
}

/// A TCP connection that a test sends segments on. Sequence numbers are counted from each side's
/// first byte.
struct StreamScript: ~Copyable {
  var reassembly: TCPReassembly
  var flow = StreamScript.flow()
  var recorder = StreamRecorder()
  /// The sequence number of the first byte of each direction.
  var first: [Direction: UInt32] = [.toServer: 1001, .toClient: 5001]
  var now = Timestamp(nanoseconds: 1_000_000_000)
  /// What the last segment's control bits counted for.
  private(set) var accepted = TCPFlags(rawValue: 0)

  init(limits: TCPReassembly.Limits = TCPReassembly.Limits()) {
    reassembly = TCPReassembly(limits: limits, key: 0x1234_5678_9abc_def1)
  }

  static func flow(port: UInt16 = 49152, at time: Timestamp = Timestamp(nanoseconds: 0)) -> Flow {
    let client = Endpoint(address: IPAddress(ipv4: 0xc0a8_0714), port: port)
    let server = Endpoint(address: IPAddress(ipv4: 0xc000_0201), port: 80)
    let key = FlowKey(
      source: client, destination: server, protocolNumber: 6, vlans: VLANStack(), tunnelDepth: 0)
    let context = FlowContext(
      client: client, server: server, clientMAC: .none, serverMAC: .none, protocolNumber: 6,
      tunnelDepth: 0, vlans: VLANStack(), source: 0, start: time)
    return Flow(key: key, context: context, hash: 0, list: .tcpNew)
  }

  /// Sends bytes that belong at `offset` of a direction's stream.
  mutating func send(
    _ bytes: [UInt8], at offset: Int, _ direction: Direction = .toServer, flags: UInt8 = 0x10,
    acknowledging: Int = 0, window: UInt16 = 65_535, options: [UInt8] = [], cut: Int = 0
  ) {
    let sequenceNumber = first[direction]! &+ UInt32(truncatingIfNeeded: offset)
    let acknowledged = first[direction.opposite]! &+ UInt32(truncatingIfNeeded: acknowledging)
    let segment = TCPBytes.segment(
      sequenceNumber: sequenceNumber, acknowledgmentNumber: acknowledged, flags: flags,
      window: window, options: options, payload: bytes)
    guard let view = try? TCPSegment(segment.span.bytes) else {
      Issue.record("not a segment")
      return
    }
    accepted = reassembly.process(
      view, cutByteCount: cut, direction, of: &flow, at: now, into: &recorder)
    flow.note(view.flags, accepted, direction)
  }

  mutating func send(
    _ text: String, at offset: Int, _ direction: Direction = .toServer, flags: UInt8 = 0x10,
    acknowledging: Int = 0, window: UInt16 = 65_535, cut: Int = 0
  ) {
    send(
      Array(text.utf8), at: offset, direction, flags: flags, acknowledging: acknowledging,
      window: window, cut: cut)
  }

  /// An acknowledgment without data of what the other side sent.
  mutating func acknowledge(
    _ count: Int, _ direction: Direction = .toClient, at offset: Int = 0, window: UInt16 = 65_535
  ) {
    send([], at: offset, direction, acknowledging: count, window: window)
  }

  mutating func handshake() {
    send([], at: -1, flags: 0x02)
    send([], at: -1, .toClient, flags: 0x12)
    acknowledge(0, .toServer)
  }

  mutating func wait(seconds: Double) {
    now = now.advanced(byNanoseconds: Int64(seconds * 1e9))
  }

  /// Ends the connection, after which nothing may be held.
  mutating func finish() {
    reassembly.finish(&flow, now, &recorder)
    let (held, remembered) = (reassembly.heldCount, reassembly.memoryCount)
    #expect(held == 0)
    #expect(remembered == 0)
  }

  var lines: [String] { recorder.lines }
  var text: String { String(decoding: recorder.bytes[.toServer] ?? [], as: UTF8.self) }
  var counters: TCPReassembly.Counters { reassembly.counters }
}

enum TCPBytes {
  static func segment(
    sequenceNumber: UInt32, acknowledgmentNumber: UInt32, flags: UInt8, window: UInt16,
    options: [UInt8], payload: [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    append(UInt16(49152), to: &bytes)
    append(UInt16(80), to: &bytes)
    append(sequenceNumber, to: &bytes)
    append(acknowledgmentNumber, to: &bytes)
    bytes += [UInt8((20 + options.count) / 4) << 4, flags]
    append(window, to: &bytes)
    append(UInt32(0), to: &bytes)
    return bytes + options + payload
  }

  static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
  }
}
