import Foundation
import InspectCore

/// Ethernet frames in memory, one after the other.
struct Trace: Sendable {
  struct Packet: Sendable {
    var range: Range<Int>
    var originalByteCount: Int
    var time: Timestamp
  }

  private(set) var bytes: [UInt8] = []
  private(set) var packets: [Packet] = []

  /// The enhanced packet blocks (draft-ietf-opsawg-pcapng) of one of the repository's captures,
  /// which are little-endian and have Ethernet frames with microseconds.
  init(capture name: String) throws {
    let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
    bytes = [UInt8](try Data(contentsOf: root.appending(path: "captures/\(name)")))
    var offset = 0
    while offset < bytes.count {
      if word(offset) == 6 {
        let start = offset + 28
        let microseconds = Int64(word(offset + 12)) << 32 | Int64(word(offset + 16))
        packets.append(
          Packet(
            range: start..<start + word(offset + 20), originalByteCount: word(offset + 24),
            time: Timestamp(nanoseconds: microseconds * 1000)))
      }
      offset += word(offset + 4)
    }
  }

  init() {}

  private func word(_ offset: Int) -> Int {
    Int(bytes.span.bytes.loadLittleEndian(offset, as: UInt32.self))
  }

  /// Appends a frame with an IPv4 packet.
  private mutating func append(
    _ transport: [UInt8], _ number: UInt8, from source: UInt32, to destination: UInt32
  ) {
    append(frame: [0x08, 0x00] + Trace.ipv4(transport, number, from: source, to: destination))
  }

  /// An IPv4 packet. The checksums are 0, as in captures of a sender that leaves them to its card.
  static func ipv4(
    _ transport: [UInt8], _ number: UInt8, from source: UInt32 = client,
    to destination: UInt32 = server
  ) -> [UInt8] {
    [0x45, 0] + octets(UInt16(20 + transport.count))
      + [0, 0, 0x40, 0, 64, number, 0, 0] + octets(source) + octets(destination) + transport
  }

  static func udp(from source: UInt16, to destination: UInt16, _ payload: [UInt8]) -> [UInt8] {
    octets(source) + octets(destination) + octets(UInt16(8 + payload.count)) + [0, 0] + payload
  }

  static let macs: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x10]

  /// Appends a frame, from its EtherType on, a microsecond after the last one.
  mutating func append(frame: [UInt8]) {
    let start = bytes.count
    bytes += Trace.macs
    bytes += frame
    packets.append(
      Packet(
        range: start..<bytes.count, originalByteCount: bytes.count - start,
        time: Timestamp(nanoseconds: Int64(packets.count) * 1000)))
  }

  /// Appends a datagram of the client that has this number.
  mutating func appendUDP(client: Int, payload: [UInt8]) {
    let datagram = Trace.udp(from: UInt16(1024 + client % 60000), to: 9999, payload)
    append(datagram, 17, from: Trace.client + UInt32(client / 60000), to: Trace.server)
  }

  /// Appends a segment of the client's TCP connection from that port.
  mutating func appendTCP(
    _ direction: Direction, port: UInt16, client: UInt16 = 40000, sequence: Int,
    acknowledgment: Int,
    flags: UInt8 = 0x10, payload: ArraySlice<UInt8> = []
  ) {
    let isRequest = direction == .toServer
    let ports =
      isRequest ? octets(client) + octets(port) : octets(port) + octets(client)
    let header =
      ports + octets(UInt32(sequence)) + octets(UInt32(acknowledgment))
      + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0]
    append(
      header + payload, 6, from: isRequest ? Trace.client : Trace.server,
      to: isRequest ? Trace.server : Trace.client)
  }

  static let client: UInt32 = 0xc0a8_0714
  static let server: UInt32 = 0xc000_0201

  /// How many bytes of packets there are.
  var byteCount: Int { packets.reduce(0) { $0 + $1.range.count } }
}

/// Big-endian.
func octets(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

private func octets(_ value: UInt32) -> [UInt8] {
  octets(UInt16(value >> 16)) + octets(UInt16(value & 0xffff))
}

extension Trace {
  /// How the segments of a stream come.
  enum Order {
    case inOrder
    /// Of each eight, the last first.
    case reversed
    /// Each begins in the middle of the one before.
    case overlapping
  }

  /// A connection to `port`, on which the server sends `stream` after `request`. The client
  /// acknowledges each 8 segments.
  static func connection(
    port: UInt16, request: String, stream: [UInt8], _ order: Order = .inOrder
  ) -> Trace {
    let segmentBytes = 1448
    let segmentsPerGroup = 8
    let request = Array(request.utf8)
    var trace = Trace()
    trace.appendTCP(.toServer, port: port, sequence: 0, acknowledgment: 0, flags: 0x02)
    trace.appendTCP(.toClient, port: port, sequence: 0, acknowledgment: 1, flags: 0x12)
    trace.appendTCP(.toServer, port: port, sequence: 1, acknowledgment: 1)
    trace.appendTCP(
      .toServer, port: port, sequence: 1, acknowledgment: 1, payload: request[...])
    let starts = Array(stride(from: 0, to: stream.count, by: segmentBytes))
    for group in stride(from: 0, to: starts.count, by: segmentsPerGroup) {
      let end = min(group + segmentsPerGroup, starts.count)
      let inOrder = Array(starts[group..<end])
      for start in order == .reversed ? inOrder.reversed() : inOrder {
        let first = order == .overlapping ? max(0, start - segmentBytes / 2) : start
        trace.appendTCP(
          .toClient, port: port, sequence: 1 + first, acknowledgment: 1 + request.count,
          payload: stream[first..<min(start + segmentBytes, stream.count)])
      }
      let received = min(end * segmentBytes, stream.count)
      trace.appendTCP(
        .toServer, port: port, sequence: 1 + request.count, acknowledgment: 1 + received)
    }
    return trace
  }

  /// So many connections, one after the other, on which the client sends `payload` in pieces.
  static func connections(_ count: Int, port: UInt16, _ payload: [UInt8], pieces: Int) -> Trace {
    var trace = Trace()
    let step = payload.count / pieces
    for number in 0..<count {
      let client = UInt16(1024 + number)
      trace.appendTCP(
        .toServer, port: port, client: client, sequence: 0, acknowledgment: 0, flags: 0x02)
      trace.appendTCP(
        .toClient, port: port, client: client, sequence: 0, acknowledgment: 1, flags: 0x12)
      for piece in 0..<pieces {
        let end = piece == pieces - 1 ? payload.count : (piece + 1) * step
        trace.appendTCP(
          .toServer, port: port, client: client, sequence: 1 + piece * step, acknowledgment: 1,
          payload: payload[piece * step..<end])
      }
    }
    return trace
  }

  /// A client's hello in a TLS record, with a server name and nothing else.
  static func clientHello(host: String) -> [UInt8] {
    let name = [0] + octets(UInt16(host.utf8.count)) + Array(host.utf8)
    let list = octets(UInt16(name.count)) + name
    let extensions = [0, 0] + octets(UInt16(list.count)) + list
    let body =
      [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0x13, 1, 1, 0]
      + octets(UInt16(extensions.count)) + extensions
    let message = [1, 0] + octets(UInt16(body.count)) + body
    return [22, 3, 1] + octets(UInt16(message.count)) + message
  }

  /// `packets` datagrams of so many clients that take turns.
  static func datagrams(_ packets: Int, clients: Int) -> Trace {
    var trace = Trace()
    let payload = [UInt8](repeating: 0xa5, count: 64)
    for number in 0..<packets { trace.appendUDP(client: number % clients, payload: payload) }
    return trace
  }
}
