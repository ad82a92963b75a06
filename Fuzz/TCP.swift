@testable import InspectCore

/// Segments of a connection, one stream of known bytes in each direction. Whatever the order, cuts,
/// repetitions, losses, flags and lies about numbers: a byte that is handed on is the stream's at its
/// place, unless the input itself contradicts the stream; bounds hold; in the end nothing is held.
let fuzzTCP: @Sendable (RawSpan) -> Void = { input in
  var input = input
  var limits = TCPReassembly.Limits()
  limits.bytes = 8 * SegmentPool.blockByteCount
  limits.segmentsPerDirection = 6
  limits.memories = 2
  let isHonest = input.takeByte() & 1 == 0
  var reassembly = TCPReassembly(limits: limits, key: 0x1357_9bdf_0246_8ace)
  var flow = StreamModel.flow()
  var model = StreamModel(isHonest: isHonest)
  var time = Timestamp(nanoseconds: 0)
  while !input.isEmpty {
    let control = input.takeByte()
    let direction: Direction = control & 1 == 0 ? .toServer : .toClient
    let offset = input.takeWord()
    let count = input.takeByte() << (control & 2)
    var flags = UInt8(0x10)
    switch control >> 5 {
    case 0: flags = 0x11
    case 1: flags = isHonest ? 0x10 : UInt8(input.takeByte())
    default: break
    }
    if control & 4 != 0 { time = time.advanced(byNanoseconds: 700_000_000) }
    var payload = (0..<count).map { StreamModel.byte(offset + $0, direction) }
    if !isHonest, control & 8 != 0, count > 0 { payload[0] ^= 0xff }
    // An honest sender's FIN stands at the end of the stream.
    if isHonest, flags & 1 != 0 { flags = offset + count == StreamModel.length ? 0x11 : 0x10 }
    if isHonest, offset + count > StreamModel.length { continue }
    let acknowledged = input.takeWord()
    var sequenceNumber = StreamModel.initial &+ UInt32(offset)
    if !isHonest, control & 16 != 0 { sequenceNumber &+= UInt32(input.takeByte()) << 24 }
    let bytes = StreamModel.segment(
      sequenceNumber, StreamModel.initial &+ UInt32(acknowledged), flags, payload)
    guard let segment = try? TCPSegment(bytes.span.bytes) else { fail("not a segment") }
    _ = reassembly.process(
      segment, cutByteCount: 0, direction, of: &flow, at: time, into: &model)
    require(reassembly.heldCount <= 8, "more is held than there is room for")
    require(flow.tcp.toServer.heldCount <= 6 && flow.tcp.toClient.heldCount <= 6, "held segments")
    require(reassembly.memoryCount <= 2, "more is remembered than there is room for")
  }
  reassembly.finish(&flow, time, &model)
  require(reassembly.heldCount == 0, "something is held after the end")
  require(reassembly.memoryCount == 0, "something is remembered after the end")
  require(model.ends == 2, "each direction ends once")
}

private struct StreamModel: StreamConsumer {
  static let initial: UInt32 = .max - 1000
  static let length = 40_000
  var isHonest: Bool
  var ends = 0
  private var positions: [Direction: Int] = [:]

  init(isHonest: Bool) { self.isHonest = isHonest }

  static func byte(_ offset: Int, _ direction: Direction) -> UInt8 {
    UInt8(truncatingIfNeeded: (offset &* 0x9e37_79b1) >> 13) ^ direction.rawValue
  }

  mutating func received(
    _ bytes: RawSpan, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    require(!bytes.isEmpty, "no bytes were handed on")
    let half = flow.tcp[direction]
    let end = Int(half.next &- StreamModel.initial)
    let start = end - bytes.byteCount
    if let position = positions[direction] {
      require(!isHonest || start == position, "bytes of \(start) at \(position)")
    }
    positions[direction] = end
    guard isHonest else { return }
    for index in bytes.byteOffsets {
      require(
        bytes[index] == StreamModel.byte(start + index, direction),
        "another byte at \(start + index)")
    }
  }

  mutating func lost(
    _ byteCount: Int, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    require(byteCount > 0, "nothing was lost")
    let end = Int(flow.tcp[direction].next &- StreamModel.initial)
    if isHonest, let position = positions[direction] {
      require(position + byteCount == end, "a loss at another place")
    }
    positions[direction] = end
  }

  mutating func ended(_ direction: Direction, of flow: inout Flow, at time: Timestamp) {
    ends += 1
  }

  mutating func irregular(_ anomaly: Anomaly, of flow: inout Flow, at time: Timestamp) {
    require(
      !isHonest || anomaly != .overlapWithDifferentData, "an honest sender contradicts itself")
  }

  static func flow() -> Flow {
    let client = Endpoint(address: IPAddress(ipv4: 1), port: 1)
    let server = Endpoint(address: IPAddress(ipv4: 2), port: 2)
    return Flow(
      key: FlowKey(
        source: client, destination: server, protocolNumber: 6, vlans: VLANStack(),
        tunnelDepth: 0),
      context: FlowContext(
        client: client, server: server, clientMAC: .none, serverMAC: .none, protocolNumber: 6,
        tunnelDepth: 0, vlans: VLANStack(), source: 0, start: Timestamp(nanoseconds: 0)),
      hash: 0, list: .tcpNew)
  }

  static func segment(
    _ sequenceNumber: UInt32, _ acknowledgmentNumber: UInt32, _ flags: UInt8, _ payload: [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = [0, 1, 0, 2]
    for word in [sequenceNumber, acknowledgmentNumber] {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }
    return bytes + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0] + payload
  }
}
