import Testing

@testable import InspectCore

/// Random segmentation, order and repetition give the same bytes (a seeded generator).
@Suite struct StreamPropertyTests {
  private struct Piece {
    var range: Range<Int>
    var isLast: Bool
  }

  /// Pieces of one stream that overlap now and then, some of them twice.
  private func pieces(_ count: Int, _ random: inout HTTPRandom) -> [Piece] {
    var pieces: [Piece] = []
    var start = 0
    while start < count {
      let end = min(count, start + Int.random(in: 1...400, using: &random))
      let from = Bool.random(using: &random) ? start : max(0, start - 30)
      pieces.append(Piece(range: from..<end, isLast: end == count))
      if Int.random(in: 0..<5, using: &random) == 0 { pieces.append(pieces[pieces.count - 1]) }
      start = end
    }
    return pieces
  }

  @Test(arguments: 0..<60)
  func anyOrderGivesTheSameBytes(_ seed: Int) {
    var random = HTTPRandom(state: UInt64(seed))
    let bytes = (0..<6000).map { _ in UInt8.random(in: 0...255, using: &random) }
    var pieces = pieces(bytes.count, &random)
    // Neighbours change places, a few far away.
    for index in pieces.indices where Int.random(in: 0..<3, using: &random) == 0 {
      pieces.swapAt(index, min(pieces.count - 1, index + Int.random(in: 1...6, using: &random)))
    }
    if seed % 4 == 0 { pieces.shuffle(using: &random) }
    var script = StreamScript()
    script.first[.toServer] = UInt32.random(in: 0...UInt32.max, using: &random)
    script.handshake()
    for piece in pieces {
      script.send(
        Array(bytes[piece.range]), at: piece.range.lowerBound, flags: piece.isLast ? 0x11 : 0x10)
    }
    let (received, lines) = (script.recorder.bytes[.toServer], script.lines)
    let (gaps, conflicting) = (script.counters.gaps, script.counters.conflicting)
    #expect(received == bytes)
    #expect(gaps == 0)
    #expect(conflicting == 0)
    #expect(lines.last == "> end")
    script.finish()
  }

  /// With losses and contradictions: every byte that is handed on is one that was sent there, and
  /// what was lost adds up.
  @Test(arguments: 0..<40)
  func lossesAddUp(_ seed: Int) {
    var random = HTTPRandom(state: UInt64(seed) &+ 1000)
    let bytes = (0..<6000).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ $0 >> 8) }
    var limits = TCPReassembly.Limits()
    limits.segmentsPerDirection = 8
    limits.bytes = 16 * SegmentPool.blockByteCount
    var script = StreamScript(limits: limits)
    script.handshake()
    var pieces = pieces(bytes.count, &random)
    for index in pieces.indices where Int.random(in: 0..<3, using: &random) == 0 {
      pieces.swapAt(index, min(pieces.count - 1, index + Int.random(in: 1...6, using: &random)))
    }
    for piece in pieces where Int.random(in: 0..<6, using: &random) != 0 {
      script.send(Array(bytes[piece.range]), at: piece.range.lowerBound)
      if Bool.random(using: &random) { script.wait(seconds: 2) }
      let held = script.reassembly.heldCount
      #expect(held <= limits.segmentsPerDirection)
    }
    script.finish()
    var position = 0
    var received = script.recorder.bytes[.toServer, default: []][...]
    for line in script.lines where line.hasPrefix("> ") {
      if line.hasPrefix("> lost ") { position += Int(line.dropFirst(7))! }
    }
    let total = position + received.count
    #expect(total <= bytes.count)
    // What was received is the stream with the lost parts taken out.
    position = 0
    while let byte = received.popFirst() {
      while position < bytes.count, bytes[position] != byte { position += 1 }
      position += 1
    }
    #expect(position <= bytes.count)
  }

  // MARK: What is remembered

  @Test(arguments: 0..<20)
  func memoryAgreesWithWhatWasAdded(_ seed: Int) {
    var random = HTTPRandom(state: UInt64(seed) &+ 77)
    let bytes = (0..<9000).map { _ in UInt8.random(in: 0...255, using: &random) }
    var memory = StreamMemory(key: random.next())
    var end = 0
    while end < bytes.count {
      let next = min(bytes.count, end + Int.random(in: 1...1500, using: &random))
      memory.append(bytes.span.bytes.extracting(end..<next))
      end = next
      for _ in 0..<20 {
        let start = Int.random(in: max(0, end - 6000)..<end, using: &random)
        let stop = min(bytes.count, start + Int.random(in: 1...2000, using: &random))
        let agrees = memory.agrees(
          with: bytes.span.bytes.extracting(start..<stop), from: end - start)
        #expect(agrees)
      }
    }
  }

  /// Sixteen bytes that differ hold a whole group, which is seen but for one time in 128.
  @Test func memoryContradictsOtherBytes() {
    var random = HTTPRandom(state: 4711)
    let bytes = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }
    var memory = StreamMemory(key: 0x9e37_79b9_7f4a_7c15)
    memory.append(bytes.span.bytes)
    var missed = 0
    for _ in 0..<2000 {
      let start = Int.random(in: 0..<2984, using: &random)
      let other = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
      if memory.agrees(with: other.span.bytes, from: 3000 - start) { missed += 1 }
    }
    #expect(missed < 2000 / 64)
  }

  @Test func memoryComparesShortStreamsExactly() {
    let bytes = Array("GET /".utf8)
    for changed in bytes.indices {
      var memory = StreamMemory(key: 3)
      memory.append(bytes.span.bytes)
      var other = bytes
      other[changed] ^= 1
      let (same, different) = (
        memory.agrees(with: bytes.span.bytes, from: 5),
        memory.agrees(with: other.span.bytes, from: 5)
      )
      #expect(same)
      #expect(!different)
    }
  }

  /// What lies further back than it goes, or before a gap, is not judged.
  @Test func memoryDoesNotJudgeWhatItForgot() {
    var memory = StreamMemory(key: 5)
    memory.append([UInt8](repeating: 1, count: 10_000).span.bytes)
    let other = [UInt8](repeating: 2, count: 64)
    let (old, recent) = (
      memory.agrees(with: other.span.bytes, from: 5000),
      memory.agrees(with: other.span.bytes, from: 4000)
    )
    #expect(old)
    #expect(!recent)
    memory.removeAll()
    let forgotten = memory.agrees(with: other.span.bytes, from: 64)
    #expect(forgotten)
  }
}
