/// The handshake's bytes of one direction, out of CRYPTO frames (RFC 9000 §19.6), which may come in
/// any order and repeat each other.
struct CryptoStream: ~Copyable {
  enum Limit {
    /// Bytes that may wait for those before them, or for the end of their message.
    static let byteCount = 8192
    /// Pieces with holes between them.
    static let pieces = 32
  }

  /// What did not fit is forgotten; its sender may send it again.
  enum Outcome: Sendable { case taken, full }

  private var buffer = ByteBuffer(limit: Limit.byteCount)
  /// Where `buffer` begins in the stream.
  private var start: UInt64 = 0
  // The pieces that are there, by their offsets in `buffer`: in order, with holes between them.
  private var starts = InlineArray<32, UInt16>(repeating: 0)
  private var ends = InlineArray<32, UInt16>(repeating: 0)
  private var count = 0

  mutating func add(_ bytes: RawSpan, at offset: UInt64) -> Outcome {
    let end = offset.addingReportingOverflow(UInt64(bytes.byteCount))
    guard !end.overflow, end.partialValue > start else { return .taken }
    let skipped = Int(clamping: start &- min(start, offset))
    let first = Int(clamping: max(start, offset) - start)
    let wanted = bytes.extracting(droppingFirst: skipped)
    guard first <= Limit.byteCount, wanted.byteCount <= Limit.byteCount - first else {
      return .full
    }
    guard note(first, first + wanted.byteCount) else { return .full }
    buffer.write(wanted, at: first)
    return .taken
  }

  /// Joins a piece with those that it touches.
  private mutating func note(_ start: Int, _ end: Int) -> Bool {
    var (low, high) = (start, end)
    // Those before `position` end before the piece.
    var position = 0
    while position < count, Int(ends[position]) < low { position += 1 }
    var next = position
    while next < count, Int(starts[next]) <= high {
      low = min(low, Int(starts[next]))
      high = max(high, Int(ends[next]))
      next += 1
    }
    if next == position {
      guard count < Limit.pieces else { return false }
      for index in stride(from: count, to: position, by: -1) {
        starts[index] = starts[index - 1]
        ends[index] = ends[index - 1]
      }
      count += 1
    } else {
      let joined = next - position - 1
      for index in next..<count {
        starts[index - joined] = starts[index]
        ends[index - joined] = ends[index]
      }
      count -= joined
    }
    // Below `Limit.byteCount`.
    starts[position] = UInt16(low)
    ends[position] = UInt16(high)
    return true
  }

  /// What is there from the front on, without a hole.
  var front: RawSpan {
    @_lifetime(borrow self) get {
      count > 0 && starts[0] == 0 ? buffer.bytes.extracting(first: Int(ends[0])) : RawSpan()
    }
  }

  /// Drops bytes of the front that were read.
  mutating func consume(_ byteCount: Int) {
    let taken = min(byteCount, front.byteCount)
    guard taken > 0 else { return }
    start += UInt64(taken)
    if count == 1, taken == buffer.count {
      // All there was: the memory is not needed again soon.
      buffer.shrink(to: 0)
      count = 0
      return
    }
    buffer.removeFirst(taken)
    let isWhole = taken == Int(ends[0])
    for index in 0..<count {
      starts[index] -= UInt16(min(taken, Int(starts[index])))
      ends[index] -= UInt16(taken)
    }
    guard isWhole else { return }
    for index in 1..<count {
      starts[index - 1] = starts[index]
      ends[index - 1] = ends[index]
    }
    count -= 1
  }

  mutating func removeAll() {
    buffer.shrink(to: 0)
    start = 0
    count = 0
  }
}
