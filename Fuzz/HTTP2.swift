@testable import InspectCore

/// Both directions of an HTTP/2 connection (`forEachTurn`): in pieces, the same
/// events as in one. Where frames begin is looked for at the beginning of a piece once it is lost, so
/// that pieces do matter then: a direction is followed to there.
let fuzzHTTP2: @Sendable (RawSpan) -> Void = { input in
  _ = HTTP2Recognizer.recognize(input)
  _ = HTTP2Recognizer.areFrames(input)
  let whole = events(input) { $0 }
  require(whole == events(input) { _ in 1 }, "single bytes give other events")
  require(whole == events(input) { max(1, $0 / 3) }, "pieces give other events")
}

private func events(_ input: RawSpan, _ cut: (Int) -> Int) -> [Digest] {
  var conversation = HTTP2Conversation(isInTheMiddle: input.byteCount & 1 == 1)
  var recorder = Recorder()
  let time = Timestamp(nanoseconds: 0)
  input.forEachTurn { turn, direction, lost in
    if lost > 0 { conversation.gap(lost, direction, handler: &recorder) }
    var bytes = turn
    while !bytes.isEmpty {
      let piece = bytes.take(max(1, cut(bytes.byteCount)))
      recorder.piece = piece.byteCount
      conversation.consume(piece, direction, at: time, handler: &recorder)
    }
  }
  return [recorder.sides[0].digest, recorder.sides[1].digest]
}

private struct Recorder: HTTP2Handler {
  struct Side {
    var digest = Digest()
    var isLost = false
    /// The stream whose content goes on.
    var stream: UInt32?
  }

  var sides = [Side(), Side()]
  var piece = 0

  private mutating func note(_ direction: Direction, _ numbers: Int...) {
    let place = Int(direction.rawValue)
    guard !sides[place].isLost else { return }
    sides[place].stream = nil
    for number in numbers { sides[place].digest.add(number) }
  }

  mutating func head(
    _ head: HTTP2Head, stream: UInt32, isPromised: Bool, _ direction: Direction, at: Timestamp
  ) {
    note(direction, 1, Int(stream), isPromised ? 1 : 0)
    let place = Int(direction.rawValue)
    if !sides[place].isLost { sides[place].digest.add(head.bytes) }
    if head.kind == .request {
      require(head.request.target.isInside(head.bytes), "a target outside of its head")
    }
    // The fields of a request are read in the same way.
    var fields = head.response.fields.makeIterator()
    while let field = fields.next() {
      require(
        field.name.isInside(head.bytes) && field.value.isInside(head.bytes),
        "a field outside of its head")
    }
  }

  mutating func data(_ bytes: RawSpan, stream: UInt32, _ direction: Direction) {
    require(!bytes.isEmpty && bytes.byteCount <= piece, "content that was not sent")
    let place = Int(direction.rawValue)
    guard !sides[place].isLost else { return }
    if sides[place].stream != stream { note(direction, 2, Int(stream)) }
    sides[place].stream = stream
    sides[place].digest.add(bytes)
  }

  mutating func dataGap(_ byteCount: Int, stream: UInt32, _ direction: Direction) {
    require(byteCount > 0, "nothing was lost")
    note(direction, 3, byteCount, Int(stream))
  }

  mutating func ended(stream: UInt32, _ direction: Direction, at: Timestamp) {
    note(direction, 4, Int(stream))
  }

  mutating func reset(stream: UInt32, at: Timestamp) {
    // Either side's.
  }

  mutating func goAway(lastStream: UInt32, _ direction: Direction, at: Timestamp) {
    note(direction, 5, Int(lastStream))
  }

  mutating func anomaly(_ anomaly: HTTP2Anomaly, _ direction: Direction) {
    note(direction, 6, Int(anomaly.rawValue))
    switch anomaly {
    case .invalidFrameHeader, .invalidFrameData, .frameLost:
      sides[Int(direction.rawValue)].isLost = true
    case .invalidHeaderBlock, .headersTooLong, .unknownFields, .tooManyStreams: break
    }
  }
}

/// Header blocks, each behind two bytes of length: fields lie inside, bounds hold, and two decoders
/// that were told the same say the same.
let fuzzHPACK: @Sendable (RawSpan) -> Void = { input in
  var input = input
  let huffman = HPACKHuffman()
  var first = HPACKDecoder()
  var second = HPACKDecoder()
  if input.takeByte() & 1 == 1 {
    first.lose()
    second.lose()
  }
  while !input.isEmpty {
    let block = input.take(input.takeWord())
    let one = decode(block, huffman, &first)
    let other = decode(block, huffman, &second)
    require(one == other, "another decoder says something else")
    require(first.tableByteCount <= HPACKDynamicTable.byteLimit, "a table too large")
    require(
      first.tableFieldCount * HPACKDynamicTable.fieldOverhead <= first.tableByteCount,
      "more fields than bytes")
  }
}

private func decode(
  _ block: RawSpan, _ huffman: borrowing HPACKHuffman, _ decoder: inout HPACKDecoder
) -> Digest {
  var list = HPACKFieldList()
  var digest = Digest()
  do throws(HPACKError) { try decoder.decode(block, huffman, into: &list) } catch { digest.add(1) }
  require(list.fields.count <= HPACKFieldList.fieldLimit, "too many fields")
  require(list.bytes.count <= HPACKFieldList.byteLimit, "too many bytes")
  for field in list.fields {
    require(
      field.name.upperBound <= field.value.lowerBound && field.value.upperBound <= list.bytes.count,
      "a field outside of its list")
    digest.add(field.isKnown ? 2 : 3)
  }
  digest.add(list.bytes.bytes)
  return digest
}
