import Testing

@testable import InspectCore

@Suite struct InternetChecksumTests {
  private func isValid(_ bytes: [UInt8]) -> Bool {
    var checksum = InternetChecksum()
    checksum.add(bytes.span.bytes)
    return checksum.isValid
  }

  /// The sum as RFC 1071 writes it.
  private func plainSum(_ bytes: [UInt8]) -> Int {
    var sum = 0
    for (offset, byte) in bytes.enumerated() { sum += Int(byte) << (offset % 2 == 0 ? 8 : 0) }
    while sum > 0xffff { sum = (sum >> 16) + (sum & 0xffff) }
    return sum
  }

  /// The example of RFC 1071 §3, with its checksum behind it.
  @Test func theExampleOfTheRFC() {
    #expect(isValid([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0x22, 0x0d]))
    #expect(!isValid([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0x22, 0x0e]))
  }

  /// An IPv4 header as it is sent; every bit of it counts.
  @Test func everyBitOfAHeaderCounts() throws {
    let header: [UInt8] = [
      0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00,
      0x01, 0xc0, 0xa8, 0x00, 0xc7,
    ]
    #expect(isValid(header))
    let valid = try IPv4Packet(header.span.bytes).hasValidChecksum
    #expect(valid)
    for bit in 0..<header.count * 8 {
      var damaged = header
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(!isValid(damaged))
    }
  }

  /// Words, half words and a last byte, at every length, beside the sum as the RFC writes it.
  @Test func everyLengthAgreesWithThePlainSum() {
    var random = HTTPRandom(state: 1071)
    for count in 0...70 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let rest = UInt16(0xffff - plainSum(bytes))
      var checksum = InternetChecksum()
      checksum.add(UInt32(rest))
      checksum.add(bytes.span.bytes)
      #expect(checksum.isValid)
    }
  }

  // MARK: Transports

  private static let source = IPAddress(ipv4: 0xc000_0201)
  private static let destination = IPAddress(ipv4: 0xc633_6402)

  private func isIntact(_ payload: [UInt8], _ protocolNumber: UInt8) -> Bool {
    PacketDecoder.Datagram(
      source: Self.source, destination: Self.destination, protocolNumber: protocolNumber,
      payload: payload.span.bytes, cutByteCount: 0
    ).hasValidChecksum
  }

  /// The payload with the checksum that belongs at `offset`.
  private func completed(_ payload: [UInt8], at offset: Int, _ protocolNumber: UInt8) -> [UInt8] {
    var covered = payload
    if protocolNumber != 1 {
      covered += [192, 0, 2, 1, 198, 51, 100, 2, 0, protocolNumber, 0, UInt8(payload.count)]
      // The pseudo header comes first on the wire, but a sum has no order: only an odd end has.
      if payload.count % 2 == 1 { covered.insert(0, at: payload.count) }
    }
    let value = 0xffff - plainSum(covered)
    var bytes = payload
    bytes[offset] = UInt8(value >> 8)
    bytes[offset + 1] = UInt8(value & 0xff)
    return bytes
  }

  @Test func datagramsOfEachTransport() {
    let segment = TCPBytes.segment(
      sequenceNumber: 1, acknowledgmentNumber: 2, flags: 0x18, window: 9, options: [],
      payload: Array("data".utf8))
    let datagram: [UInt8] = [0x14, 0xe9, 0, 53, 0, 11, 0, 0, 1, 2, 3]
    let message: [UInt8] = [8, 0, 0, 0, 0, 1, 0, 2, 9]
    let cases: [([UInt8], Int, UInt8)] = [
      (segment, 16, 6), (datagram, 6, 17), (message, 2, 1), (message, 2, 58),
    ]
    for (payload, offset, protocolNumber) in cases {
      var bytes = completed(payload, at: offset, protocolNumber)
      #expect(isIntact(bytes, protocolNumber))
      bytes[bytes.count - 1] ^= 1
      #expect(!isIntact(bytes, protocolNumber))
    }
    // None was computed (RFC 768), or nobody knows how.
    #expect(isIntact(datagram, 17))
    #expect(isIntact(segment, 132))
    // Bytes behind a datagram are padding and not covered.
    #expect(isIntact(completed(datagram, at: 6, 17) + [7, 7], 17))
  }

  /// What the capture cut cannot be verified.
  @Test func cutPacketsAreBelieved() {
    let datagram: [UInt8] = [0x14, 0xe9, 0, 53, 0, 200, 0xab, 0xcd, 1, 2, 3]
    #expect(isIntact(datagram, 17))
  }
}
