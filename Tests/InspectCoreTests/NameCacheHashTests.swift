import InspectCore
import Testing

@Suite struct NameCacheHashTests {
  private static let key0: UInt64 = 0x0706_0504_0302_0100
  private static let key1: UInt64 = 0x0f0e_0d0c_0b0a_0908

  /// Key 00 01 .. 0f, message 00 01 .. as OpenSSL 3.0's SIPHASH with 1 and 3 rounds hashes it.
  @Test(
    arguments: [
      (0, 0xabac_0158_050f_c4dc), (1, 0xc9f4_9bf3_7d57_ca93), (2, 0x82cb_9b02_4dc7_d44d),
      (8, 0x3690_9511_8d29_9a8e), (15, 0xd320_d86d_2a51_9956), (16, 0xcc4f_dd1a_7d90_8b66),
    ] as [(Int, UInt64)])
  func sipHash13(_ count: Int, _ expected: UInt64) {
    let message = (0..<count).map { UInt8($0) }
    let hash = SipHash13(key0: Self.key0, key1: Self.key1)
    #expect(hash.hash(message.span.bytes) == expected)
  }
}
