import InspectCore

/// Both directions of an HTTP connection (`forEachTurn`): in pieces, the same events as in one.
let fuzzHTTP: @Sendable (RawSpan) -> Void = { input in
  let whole = events(input) { $0 }
  let single = events(input) { _ in 1 }
  require(whole == single, "single bytes give other events")
  var seed = input.byteCount &* 0x9e37_79b9 &+ 1
  let pieces = events(input) { _ in
    seed = (seed &* 1_103_515_245 &+ 12_345) & 0x7fff_ffff
    return 1 + seed % 97
  }
  require(whole == pieces, "pieces give other events")
}

private func events(_ input: RawSpan, _ cut: (Int) -> Int) -> Digest {
  var conversation = HTTPConversation()
  var recorder = Recorder()
  var isOver: [Direction: Bool] = [:]
  let time = Timestamp(nanoseconds: 0)
  input.forEachTurn { turn, direction, lost in
    if lost > 0 { conversation.gap(lost, direction, at: time, handler: &recorder) }
    var bytes = turn
    while !bytes.isEmpty, isOver[direction] != true {
      let piece = bytes.take(max(1, cut(bytes.byteCount)))
      switch conversation.consume(piece, direction, at: time, handler: &recorder) {
      case .more: break
      case .tunnel(let offset), .notHTTP(let offset):
        require(offset >= 0 && offset <= piece.byteCount, "a rest outside of the piece")
        recorder.flush()
        isOver[direction] = true
      }
    }
  }
  for direction in [Direction.toServer, .toClient] where isOver[direction] != true {
    conversation.finish(direction, at: time, handler: &recorder)
  }
  recorder.flush()
  return recorder.digest
}

private struct Recorder: HTTPHandler {
  var digest = Digest()
  private var bodies: [Direction: Digest] = [:]

  mutating func flush() {
    for direction in [Direction.toServer, .toClient] {
      if let body = bodies[direction] { digest.add(Int(truncatingIfNeeded: body.value)) }
    }
    bodies = [:]
  }

  mutating func request(_ head: HTTPRequestHead, at: Timestamp) {
    flush()
    digest.add(1)
    digest.add(head.target)
    digest.add(head.host)
    add(head.fields, of: head.bytes)
  }

  mutating func response(_ head: HTTPResponseHead, at: Timestamp) {
    flush()
    digest.add(2)
    digest.add(Int(head.status))
    add(head.fields, of: head.bytes)
  }

  private mutating func add(_ fields: HTTPFields, of head: RawSpan) {
    var fields = fields.makeIterator()
    while let field = fields.next() {
      require(
        field.name.isInside(head) && field.value.isInside(head), "a field outside of its head")
      digest.add(field.name)
      digest.add(field.value)
    }
  }

  mutating func body(_ bytes: RawSpan, of direction: Direction) {
    require(!bytes.isEmpty, "no bytes of a body")
    bodies[direction, default: Digest()].add(bytes)
  }

  mutating func bodyGap(_ byteCount: Int, of direction: Direction) {
    flush()
    digest.add(3)
    digest.add(byteCount)
  }

  mutating func end(_ direction: Direction, outcome: HTTPMessageEnd, at: Timestamp) {
    flush()
    digest.add(Int(outcome.rawValue))
  }

  mutating func anomaly(_ anomaly: HTTPAnomaly, _ direction: Direction) {
    flush()
    digest.add(Int(anomaly.rawValue))
  }
}
