import Testing

@testable import InspectCore

/// The reference implementation's vectors: key 00 01 .. 0f, input 00 01 02 .. of each length.
@Suite struct SipHashTests {
  private func hash(_ count: Int, rounds: Int, finalRounds: Int) -> UInt64 {
    let input = (0..<count).map { UInt8($0) }
    var state = SipHash13.State(
      key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908, finalRounds: finalRounds,
      rounds: rounds)
    state.add(input.span.bytes)
    return state.finish()
  }

  /// `vectors_sip64` of the reference implementation, SipHash-2-4.
  @Test(
    arguments: [
      (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (7, 0xab02_00f5_8b01_d137),
      (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5),
    ] as [(Int, UInt64)])
  func theReferenceVectors(_ count: Int, _ expected: UInt64) {
    #expect(hash(count, rounds: 2, finalRounds: 4) == expected)
  }

  @Test func keysAndWordsMatter() {
    var first = SipHash13(key0: 1, key1: 2).begin()
    var second = SipHash13(key0: 1, key1: 3).begin()
    first.add(5)
    second.add(5)
    #expect(first.finish() != second.finish())
  }
}
