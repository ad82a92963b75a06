import Testing

@testable import InspectCore

/// Segments in every order, and what the consumer is told.
@Suite struct TCPReassemblyTests {
  @Test func inOrderBytesAreLentAtOnce() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send("def", at: 3)
    script.send("xyz", at: 0, .toClient, acknowledging: 6)
    let (lines, held) = (script.lines, script.reassembly.heldCount)
    #expect(lines == ["> 'abcdef'", "< 'xyz'"])
    #expect(held == 0)
  }

  @Test func outOfOrderBytesWaitForTheirTurn() {
    var script = StreamScript()
    script.handshake()
    script.send("ghi", at: 6)
    script.send("def", at: 3)
    var lines = script.lines
    #expect(lines == [])
    script.send("abc", at: 0)
    lines = script.lines
    #expect(lines == ["> 'abcdefghi'"])
    let (held, gaps) = (script.reassembly.heldCount, script.counters.gaps)
    #expect(held == 0)
    #expect(gaps == 0)
  }

  @Test func retransmissionsAreHandedOnOnce() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send("abc", at: 0)
    script.send("def", at: 3)
    script.send("abcdef", at: 0)
    script.send("efgh", at: 4)
    script.finish()
    let (lines, retransmitted) = (script.lines, script.counters.retransmitted)
    #expect(lines == ["> 'abcdefgh'", "> end", "< end"])
    #expect(retransmitted == 3)
  }

  @Test func overlapsWithWhatIsHeldAreHandedOnOnce() {
    var script = StreamScript()
    script.handshake()
    script.send("cdef", at: 2)
    script.send("efghij", at: 4)
    script.send("bcd", at: 1)
    script.send("ijkl", at: 8)
    script.send("ab", at: 0)
    script.finish()
    let (text, conflicting) = (script.text, script.counters.conflicting)
    #expect(text == "abcdefghijkl")
    #expect(conflicting == 0)
  }

  /// One segment covers all that is held and what lies between.
  @Test func aLongSegmentFillsSeveralHoles() {
    var script = StreamScript()
    script.handshake()
    script.send("c", at: 2)
    script.send("e", at: 4)
    script.send("g", at: 6)
    script.send("abcdefghi", at: 0)
    let (text, held) = (script.text, script.reassembly.heldCount)
    #expect(text == "abcdefghi")
    #expect(held == 0)
  }

  @Test func aHeldSegmentLongerThanABlockIsWhole() {
    var script = StreamScript()
    script.handshake()
    let long = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    script.send(long, at: 1)
    script.send([9], at: 0)
    let bytes = script.recorder.bytes[.toServer]
    #expect(bytes == [9] + long)
  }

  // MARK: Conflicts

  @Test func conflictingDataIsToldAndTheFirstWins() {
    var script = StreamScript()
    script.handshake()
    script.send("GET /first HTTP/1.1", at: 0)
    script.send("GET /other HTTP/1.1", at: 0)
    script.send("!", at: 19)
    script.finish()
    let (lines, conflicting) = (script.lines, script.counters.conflicting)
    #expect(
      lines == [
        "> 'GET /first HTTP/1.1'", "! stream.reassembly_overlap_different_data", "> '!'", "> end",
        "< end",
      ])
    #expect(conflicting == 1)
  }

  @Test func conflictWithWhatIsHeldIsTold() {
    var script = StreamScript()
    script.handshake()
    script.send("cdef", at: 2)
    script.send("cdEF", at: 2)
    script.send("ab", at: 0)
    let lines = script.lines
    #expect(lines == ["! stream.reassembly_overlap_different_data", "> 'abcdef'"])
  }

  /// The segment that fills the hole contradicts what is held behind it.
  @Test func conflictOfAFillingSegmentIsTold() {
    var script = StreamScript()
    script.handshake()
    script.send("def", at: 3)
    script.send("abcXYZ", at: 0)
    let lines = script.lines
    #expect(lines == ["! stream.reassembly_overlap_different_data", "> 'abcdef'"])
  }

  /// The part that is new is handed on even when the rest contradicts.
  @Test func conflictInAnOverlapKeepsTheNewPart() {
    var script = StreamScript()
    script.handshake()
    script.send("0123456789abcdefghij", at: 0)
    script.send("XXXXXXXXXXXXXXXXXXXXklm", at: 0)
    let lines = script.lines
    #expect(
      lines == [
        "> '0123456789abcdefghij'", "! stream.reassembly_overlap_different_data", "> 'klm'",
      ])
  }

  @Test func agreeingRetransmissionsOfEveryCutAreNoConflict() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 5) }
    var script = StreamScript()
    script.handshake()
    script.send(Array(bytes[..<77]), at: 0)
    script.send(Array(bytes[77..<160]), at: 77)
    script.send(Array(bytes[160...]), at: 160)
    for start in stride(from: 0, to: 300, by: 7) {
      for end in stride(from: start + 1, through: 300, by: 13) {
        script.send(Array(bytes[start..<end]), at: start)
      }
    }
    let conflicting = script.counters.conflicting
    #expect(conflicting == 0)
  }

  /// A keep-alive is one byte of anything, one before the next (RFC 9293 §3.8.4).
  @Test func keepAlivesAreNoConflict() {
    var script = StreamScript()
    script.handshake()
    script.send("abcdefgh", at: 0)
    script.send([0], at: 7)
    script.send([], at: 7)
    script.send("ijk", at: 8)
    let lines = script.lines
    #expect(lines == ["> 'abcdefghijk'"])
  }

  // MARK: Holes

  @Test func aHoleThatWasAcknowledgedIsGivenUpAfterAMoment() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send("ghi", at: 6)
    script.acknowledge(9)
    var lines = script.lines
    #expect(lines == ["> 'abc'"])
    script.wait(seconds: 1.5)
    script.send("jkl", at: 9)
    lines = script.lines
    #expect(lines == ["> 'abc'", "> lost 3", "> 'ghijkl'"])
    let (gaps, lost) = (script.counters.gaps, script.counters.lostBytes)
    #expect(gaps == 1)
    #expect(lost == 3)
  }

  @Test func aHoleThatWasNotAcknowledgedWaitsForARetransmission() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send("ghi", at: 6)
    script.acknowledge(3)
    script.wait(seconds: 20)
    script.send("jkl", at: 9)
    var lines = script.lines
    #expect(lines == ["> 'abc'"])
    script.send("def", at: 3)
    lines = script.lines
    #expect(lines == ["> 'abcdefghijkl'"])
  }

  @Test func aHoleIsGivenUpAfterHalfAMinute() {
    var script = StreamScript()
    script.handshake()
    script.send("def", at: 3)
    script.wait(seconds: 31)
    script.send("ghi", at: 6)
    let lines = script.lines
    #expect(lines == ["> lost 3", "> 'defghi'"])
  }

  @Test func theEndHandsOnWhatIsHeldWithItsHoles() {
    var script = StreamScript()
    script.handshake()
    script.send("c", at: 2)
    script.send("e", at: 4)
    script.finish()
    let lines = script.lines
    #expect(lines == ["> lost 2", "> 'c'", "> lost 1", "> 'e'", "> end", "< end"])
  }

  @Test func bytesThatTheCaptureCutAreLost() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0, cut: 5)
    script.send("ijk", at: 8)
    let lines = script.lines
    #expect(lines == ["> 'abc'", "> lost 5", "> 'ijk'"])
  }

  @Test func bytesThatTheCaptureCutOutOfOrderAreLost() {
    var script = StreamScript()
    script.handshake()
    script.send("def", at: 3, cut: 2)
    script.send("abc", at: 0, cut: 0)
    script.send("ijk", at: 8)
    script.finish()
    let lines = script.lines
    #expect(lines == ["> 'abcdef'", "> lost 2", "> 'ijk'", "> end", "< end"])
  }

  // MARK: Numbers

  @Test func sequenceNumbersWrap() {
    var script = StreamScript()
    script.first[.toServer] = .max - 3
    script.handshake()
    script.send("ghi", at: 6)
    script.send("abc", at: 0)
    script.send("def", at: 3)
    script.send("cdefgh", at: 2)
    script.send("j", at: 9, flags: 0x11)
    let lines = script.lines
    #expect(lines == ["> 'abcdefghij'", "> end"])
  }

  @Test func aStreamMayBeLongerThanTheNumbers() {
    var script = StreamScript()
    script.first[.toServer] = 0
    var offset = 0
    let block = [UInt8](repeating: 0x61, count: 1000)
    // Leap through the circle twice; each leap is a hole that the end of the flow gives up.
    for _ in 0..<1200 {
      script.send(block, at: offset)
      offset += 7_000_000 + block.count
      script.wait(seconds: 31)
    }
    script.finish()
    let received = script.recorder.bytes[.toServer]?.count ?? 0
    #expect(offset > 1 << 32)
    #expect(received == 1200 * 1000)
  }

  // MARK: In the middle

  @Test func aCaptureMayBeginInTheMiddle() {
    var script = StreamScript()
    script.send("def", at: 3)
    script.send("ghi", at: 6)
    script.send("xyz", at: 100, .toClient)
    let lines = script.lines
    #expect(lines == ["> 'defghi'", "< 'xyz'"])
  }

  /// An acknowledgment without data may be a keep-alive, one byte behind.
  @Test func aBareAcknowledgmentDoesNotBeginAStream() {
    var script = StreamScript()
    script.send([], at: 2)
    script.send("def", at: 3)
    let lines = script.lines
    #expect(lines == ["> 'def'"])
  }

  @Test func aSynAckSaysWhereTheOtherSideBegins() {
    var script = StreamScript()
    script.send([], at: -1, .toClient, flags: 0x12)
    script.send("def", at: 3)
    script.send("abc", at: 0)
    let lines = script.lines
    #expect(lines == ["> 'abcdef'"])
  }

  /// A capture of several queues may have them out of order.
  @Test func dataMayComeBeforeItsSyn() {
    var script = StreamScript()
    script.send("abc", at: 0)
    script.send([], at: -1, flags: 0x02)
    script.send([], at: -1, .toClient, flags: 0x12)
    script.send("def", at: 3)
    let (lines, state) = (script.lines, script.flow.state)
    #expect(lines == ["> 'abcdef'"])
    #expect(state == .established)
  }

  @Test func someSegmentsFarAwayMeanThatWeAreInTheWrongPlace() {
    for there in [100_000_000, -100_000_000] {
      var script = StreamScript()
      script.send("abc", at: 0)
      for index in 0..<4 { script.send("xyz", at: there + index * 3) }
      let (text, strays) = (script.text, script.counters.outOfWindow)
      #expect(text == "abcxyzxyz")
      #expect(strays == 3)
    }
  }

  @Test func oneSegmentFarAwayIsIgnored() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send("EVIL", at: 5_000_000)
    script.send("def", at: 3)
    script.finish()
    let lines = script.lines
    #expect(
      lines == ["> 'abc'", "! stream.est_packet_out_of_window", "> 'def'", "> end", "< end"])
  }
}
