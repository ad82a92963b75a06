import Testing

@testable import InspectCore

/// Handshakes, ends, windows: what a peer believes and what it does not.
@Suite struct TCPStateTests {
  static let fin: UInt8 = 0x11
  static let rst: UInt8 = 0x04

  // MARK: The beginning

  @Test func simultaneousOpenIsAnOpen() {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02)
    script.send([], at: -1, .toClient, flags: 0x02)
    script.send([], at: -1, flags: 0x12)
    script.send([], at: -1, .toClient, flags: 0x12)
    script.send("abc", at: 0)
    script.send("xyz", at: 0, .toClient)
    let (lines, state) = (script.lines, script.flow.state)
    #expect(lines == ["> 'abc'", "< 'xyz'"])
    #expect(state == .established)
  }

  /// TCP Fast Open: the SYN/ACK acknowledges the data (RFC 7413 §3.1).
  @Test func dataOfASynCountsWhenItIsAcknowledged() {
    var script = StreamScript()
    script.send("abc", at: -1, flags: 0x02)
    var lines = script.lines
    #expect(lines == [])
    script.send("xyz", at: -1, .toClient, flags: 0x12, acknowledging: 3)
    script.send("def", at: 3)
    lines = script.lines
    #expect(lines == ["< 'xyz'", "> 'abcdef'"])
  }

  /// A server that does not do it ignores the data: what is sent again is what counts.
  @Test func dataOfASynDoesNotCountWhenItIsNot() {
    var script = StreamScript()
    script.send("EVIL", at: -1, flags: 0x02)
    script.send([], at: -1, .toClient, flags: 0x12, acknowledging: 0)
    script.send("good", at: 0)
    script.finish()
    let lines = script.lines
    #expect(lines == ["> 'good'", "> end", "< end"])
  }

  /// One direction only: what follows shows whether the SYN's data counted.
  @Test(arguments: [(3, "abcdef"), (0, "def")])
  func dataOfASynWithoutTheOtherSide(_ next: Int, _ expected: String) {
    var script = StreamScript()
    script.send("abc", at: -1, flags: 0x02)
    script.send("def", at: next)
    let text = script.text
    #expect(text == expected)
  }

  @Test func aSynWithDataMayBeSentAgain() {
    var script = StreamScript()
    script.send("abc", at: -1, flags: 0x02)
    script.send("abc", at: -1, flags: 0x02)
    script.send([], at: -1, flags: 0x02)
    script.send([], at: -1, .toClient, flags: 0x12, acknowledging: 3)
    script.finish()
    let lines = script.lines
    #expect(lines == ["> 'abc'", "> end", "< end"])
  }

  // MARK: The end

  @Test func aFinEndsItsDirection() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0, flags: Self.fin)
    script.send("xyz", at: 0, .toClient, acknowledging: 4)
    script.send([], at: 3, .toClient, flags: Self.fin, acknowledging: 4)
    let (lines, state) = (script.lines, script.flow.state)
    #expect(lines == ["> 'abc'", "> end", "< 'xyz'", "< end"])
    #expect(state == .closed)
  }

  @Test func aFinThatComesEarlyWaits() {
    var script = StreamScript()
    script.handshake()
    script.send([], at: 6, flags: Self.fin)
    script.send("def", at: 3)
    script.send("abc", at: 0)
    let lines = script.lines
    #expect(lines == ["> 'abcdef'", "> end"])
  }

  @Test func bytesBehindAFinAreIgnored() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0, flags: Self.fin)
    script.send("EVIL", at: 3)
    script.send("EVIL", at: 4)
    script.send("abc", at: 0, flags: Self.fin)
    script.finish()
    let lines = script.lines
    #expect(lines == ["> 'abc'", "> end", "< end"])
  }

  /// A FIN in the past or in the far future is not the sender's.
  @Test(arguments: [-500, 10_000_000])
  func aFinOutsideOfTheWindowEndsNothing(_ offset: Int) {
    var script = StreamScript()
    script.handshake()
    script.send("abcdef", at: 0)
    script.send([], at: offset, flags: Self.fin)
    script.send("ghi", at: 6, flags: Self.fin)
    let lines = script.lines
    #expect(lines == ["> 'abcdef'", "! stream.fin_out_of_window", "> 'ghi'", "> end"])
  }

  @Test(arguments: [0, 1, 20_000])
  func aRstInsideOfTheWindowEndsTheConnection(_ ahead: Int) {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send([], at: 3 + ahead, flags: Self.rst)
    script.send("def", at: 3)
    let (lines, state) = (script.lines, script.flow.state)
    #expect(lines == ["> 'abc'", "> end", "< end"])
    #expect(state == .closed)
  }

  @Test(arguments: [-100_000, 200_000, 1 << 31])
  func aRstOutsideOfTheWindowEndsNothing(_ ahead: Int) {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.acknowledge(3)
    script.send([], at: 3 + ahead, flags: Self.rst)
    script.send("def", at: 3)
    let (lines, state) = (script.lines, script.flow.state)
    let (accepted, flags) = (script.accepted, script.flow.toServer.tcpFlags)
    #expect(lines == ["> 'abc'", "! stream.rst_invalid_ack", "> 'def'"])
    #expect(state == .established)
    #expect(!accepted.rst)
    // The flags that were seen are told all the same.
    #expect(flags.rst || state == .established)
  }

  @Test func theAnswerToASynEndsTheConnection() {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02)
    script.first[.toClient] = 0
    script.send([], at: 0, .toClient, flags: 0x14, acknowledging: 0)
    let (lines, state) = (script.lines, script.flow.state)
    #expect(lines == ["> end", "< end"])
    #expect(state == .closed)
  }

  @Test func anAnswerToAnotherSynEndsNothing() {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02)
    script.first[.toClient] = 0
    script.send([], at: 0, .toClient, flags: 0x14, acknowledging: 1_000_000)
    let (lines, state) = (script.lines, script.flow.state)
    #expect(lines == ["! stream.rst_invalid_ack"])
    #expect(state == .new)
  }

  /// A RST may carry text for people (RFC 9293 §3.5.2): it is none of the stream's.
  @Test func theDataOfARstIsIgnored() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.send("because", at: 3, flags: Self.rst)
    let lines = script.lines
    #expect(lines == ["> 'abc'", "> end", "< end"])
  }

  @Test func aRstHandsOnWhatIsHeld() {
    var script = StreamScript()
    script.handshake()
    script.send("def", at: 3)
    script.send([], at: 6, flags: Self.rst)
    let lines = script.lines
    #expect(lines == ["> lost 3", "> 'def'", "> end", "< end"])
  }

  // MARK: Windows

  /// A probe of a closed window is a byte of the stream that the peer drops and gets again.
  @Test func zeroWindowProbesChangeNothing() {
    var script = StreamScript()
    script.handshake()
    script.send("abc", at: 0)
    script.acknowledge(3, window: 0)
    script.send("d", at: 3)
    script.acknowledge(3, window: 0)
    script.send("d", at: 3)
    script.acknowledge(3, window: 1000)
    script.send("def", at: 3)
    script.finish()
    let lines = script.lines
    #expect(lines == ["> 'abcdef'", "> end", "< end"])
  }

  /// The window that a side offers is what the other may send ahead, with its scale (RFC 7323).
  @Test(arguments: [(UInt8(0), 300_000, false), (7, 300_000, true), (7, 9_000_000, false)])
  func theWindowBoundsWhatIsHeld(_ shift: UInt8, _ ahead: Int, _ isHeld: Bool) {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02, options: [3, 3, 2, 1])
    script.send([], at: -1, .toClient, flags: 0x12, options: [1, 3, 3, shift])
    script.acknowledge(0, .toServer)
    script.acknowledge(0)
    script.send("abc", at: ahead)
    let (held, strays) = (script.reassembly.heldCount, script.counters.outOfWindow)
    #expect((held == 1) == isHeld)
    #expect((strays == 0) == isHeld)
  }

  /// What the peer acknowledged it has, even if the capture lost it: the window begins there.
  @Test func lossDoesNotNarrowTheWindow() {
    var script = StreamScript()
    script.handshake()
    script.acknowledge(0)
    script.acknowledge(500_000)
    script.send("abc", at: 500_000)
    let (held, strays) = (script.reassembly.heldCount, script.counters.outOfWindow)
    #expect(held == 1)
    #expect(strays == 0)
  }

  @Test func windowScalesAreReadFromAnyOptions() throws {
    let cases: [([UInt8], UInt8?)] = [
      ([2, 4, 5, 0xb4, 1, 3, 3, 7], 7), ([3, 3, 200, 0], 14), ([3, 3, 0, 0], 0),
      ([0, 3, 3, 7], nil), ([1, 1, 1, 3], nil), ([3, 4, 7, 0], nil), ([2, 0, 3, 3], nil),
      ([2, 200, 3, 3], nil), ([2, 1, 0, 0], nil), ([], nil),
    ]
    for (options, expected) in cases {
      let bytes = TCPBytes.segment(
        sequenceNumber: 1, acknowledgmentNumber: 0, flags: 2, window: 0, options: options,
        payload: [3, 3, 9, 9])
      let segment = try TCPSegment(bytes.span.bytes)
      let shift = segment.windowShift
      #expect(shift == expected)
    }
  }

  // MARK: Bounds

  @Test func aDirectionHoldsSoManySegmentsAndGivesUpAHoleThen() {
    var limits = TCPReassembly.Limits()
    limits.segmentsPerDirection = 4
    var script = StreamScript(limits: limits)
    script.handshake()
    for index in 1...5 { script.send("x\(index)", at: index * 4) }
    let (lines, held, full) = (
      script.lines, script.reassembly.heldCount, script.counters.full
    )
    #expect(held <= 4)
    #expect(full == 1)
    #expect(lines.first == "> lost 4")
    script.send("y", at: 22)
    script.finish()
    let text = script.text
    #expect(text == "x1x2x3x4x5y")
  }

  @Test func allConnectionsTogetherHoldSoManyBytes() {
    var limits = TCPReassembly.Limits()
    limits.bytes = 3 * SegmentPool.blockByteCount
    var script = StreamScript(limits: limits)
    var second = StreamScript.flow(port: 49153)
    script.handshake()
    let block = [UInt8](repeating: 0x61, count: 2000)
    for index in 1...3 { script.send(block, at: index * 2001) }
    let segment = TCPBytes.segment(
      sequenceNumber: 9, acknowledgmentNumber: 0, flags: 0x02, window: 100, options: [],
      payload: [])
    let data = TCPBytes.segment(
      sequenceNumber: 20, acknowledgmentNumber: 0, flags: 0x10, window: 100, options: [],
      payload: Array("late".utf8))
    var other = StreamRecorder()
    for bytes in [segment, data] {
      guard let view = try? TCPSegment(bytes.span.bytes) else { continue }
      _ = script.reassembly.process(
        view, cutByteCount: 0, .toServer, of: &second, at: script.now, into: &other)
    }
    let full = script.counters.full
    #expect(other.lines == ["> lost 10", "> 'late'"])
    #expect(full == 1)
    script.reassembly.finish(&second, script.now, &other)
    script.finish()
  }

  @Test func directionsThatFindNoMemoryAreCounted() {
    var limits = TCPReassembly.Limits()
    limits.memories = 1
    var script = StreamScript(limits: limits)
    script.handshake()
    script.send("abcdefgh", at: 0)
    script.send("abcdefgh", at: 0, .toClient)
    script.send("ABCDEFGH", at: 0, .toClient)
    let (uncompared, conflicting) = (script.reassembly.uncompared, script.counters.conflicting)
    #expect(uncompared == 1)
    #expect(conflicting == 0)
    script.finish()
  }

  /// What a direction sent before two minutes of silence is forgotten, and its memory serves another
  /// connection.
  @Test func whatASilentDirectionSentIsForgotten() {
    for (seconds, expected) in [(119.0, 1), (121.0, 0)] as [(Double, UInt64)] {
      var script = StreamScript()
      script.handshake()
      script.send("abcdefgh", at: 0)
      script.wait(seconds: seconds)
      script.send("ABCDEFGH", at: 0)
      let conflicting = script.counters.conflicting
      #expect(conflicting == expected)
      script.finish()
    }
  }

  @Test func theMemoryOfTheSilentServesOthers() {
    var memories = StreamMemories(capacity: 8, key: 7)
    var time = Timestamp(nanoseconds: 0)
    var silent = StreamScript.flow(port: 1)
    let (one, other) = (Array("abcdefgh".utf8), Array("ABCDEFGH".utf8))
    func agrees(_ bytes: [UInt8], _ flow: borrowing Flow) -> Bool {
      memories.agree(with: bytes.span.bytes, from: 8, .toServer, flow, at: time)
    }
    memories.append(one.span.bytes, .toServer, &silent, at: time)
    // One every minute: none is silent for longer than two but the first ones.
    for port: UInt16 in 2..<100 {
      time = time.advanced(byNanoseconds: 60_000_000_000)
      var flow = StreamScript.flow(port: port)
      memories.append(other.span.bytes, .toServer, &flow, at: time)
      let (same, differing) = (agrees(other, flow), agrees(one, flow))
      #expect(same && !differing)
    }
    let (most, uncompared) = (memories.count, memories.uncompared)
    #expect(most <= 5)
    #expect(uncompared == 0)
    // The first does not know yet; it gets another one when it goes on.
    let before = agrees(other, silent)
    #expect(before)
    memories.append(one.span.bytes, .toServer, &silent, at: time)
    let after = agrees(other, silent)
    #expect(!after)
    let count = memories.count
    memories.forget(.toServer, &silent)
    memories.forget(.toServer, &silent)
    let left = memories.count
    #expect(left == count - 1)
  }

  /// Who is not read any more holds nothing, and its holes are none.
  @Test func anUnwantedDirectionOnlyCounts() {
    var script = StreamScript()
    script.recorder.wanted = 3
    script.handshake()
    script.send("abc", at: 0)
    script.send("ghi", at: 6)
    script.send("jkl", at: 9)
    let (held, memories, gaps) = (
      script.reassembly.heldCount, script.reassembly.memoryCount, script.counters.gaps
    )
    #expect(held == 0)
    #expect(memories == 0)
    #expect(gaps == 0)
    script.send([], at: 12, flags: Self.fin)
    let lines = script.lines
    #expect(lines == ["> 'abc'", "> end"])
  }
}

@Suite struct FlowConventionTests {
  /// A server that keeps nothing answers a SYN differently each time: the last answer counts, until
  /// the client takes one.
  @Test func theLastOfSeveralAnswersCounts() {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02)
    script.send([], at: -1, .toClient, flags: 0x12)
    script.send([], at: 49_999_999, .toClient, flags: 0x12)
    script.send("a", at: 0, acknowledging: 50_000_000)
    script.send([], at: 79_999_999, .toClient, flags: 0x12)
    script.send("hello", at: 50_000_000, .toClient, acknowledging: 1)
    script.finish()
    #expect(script.lines == ["> 'a'", "< 'hello'", "> end", "< end"])
  }

  /// A server that has the connection open refuses it (RFC 5961 §4), and so do we.
  @Test func aForgedSynSplitsNoFlow() {
    var network = Network(serverPort: 80)
    network.connect()
    network.say("POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab")
    network.reconnect(from: 3_000_000, isAccepted: false)
    network.say("cd")
    network.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .toClient)
    network.close()
    network.finish()
    #expect(
      network.events == [
        "anomaly stream.est_syn_resend_diff_seq", "http POST a.example /a 200 4/0",
      ])
    #expect(network.core.sink.flows == ["http"])
  }

  /// The end of the first connection is not in the capture.
  @Test func anAcceptedSynBeginsAnotherFlow() {
    var network = Network(serverPort: 80)
    network.connect()
    for number in 1...2 {
      network.say("GET /\(number) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      network.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .toClient)
      if number == 1 { network.reconnect(from: 3_000_000, isAccepted: true) }
    }
    network.close()
    network.finish()
    #expect(
      network.events == [
        "http GET a.example /1 200 0/0", "anomaly stream.est_syn_resend_diff_seq",
        "http GET a.example /2 200 0/0",
      ])
    #expect(network.core.sink.flows == ["http", "http"])
    #expect(network.core.sink.states == [.established, .closed])
  }

  /// An ICMP error is a packet of the flow that it quotes; of no flow, it makes none, as in Suricata.
  @Test func aStrayErrorMakesNoFlow() {
    let quoted: [UInt8] =
      [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 192, 0, 2, 1]
      + [0x9c, 0x40, 0x27, 0x0f, 0, 8, 0, 0]
    let error: [UInt8] = [3, 3, 0, 0, 0, 0, 0, 0] + quoted
    for isKnown in [true, false] {
      var network = Network(serverPort: 9999)
      if isKnown { network.datagram([1, 2, 3]) }
      network.packet(1, .toClient, error)
      network.finish()
      let counters = network.core.statistics
      #expect(counters.flows == (isKnown ? 1 : 0))
      #expect(counters.icmp == 1)
      #expect(counters.strayErrors == (isKnown ? 0 : 1))
    }
    // An echo request is no error.
    var network = Network(serverPort: 9999)
    network.packet(1, .toServer, [8, 0, 0, 0, 0, 1, 0, 1])
    network.finish()
    let counters = network.core.statistics
    #expect(counters.flows == 1 && counters.strayErrors == 0)
  }
}
