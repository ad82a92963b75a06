/// A stream of an HTTP/2 connection: a request and its response.
struct HTTP2Stream {
  let identifier: UInt32
  /// Its client is who the connection takes for the server: the capture began in the middle.
  let isReversed: Bool
  var queue = TransactionQueue()
  var next = UInt32.max
  var isRequestEnded = false
  var isResponseEnded = false

  init(_ identifier: UInt32, isReversed: Bool) {
    self.identifier = identifier
    self.isReversed = isReversed
  }
}

/// The streams of a connection that are open, oldest first.
struct HTTP2StreamList {
  /// At a time; peers allow each other about a hundred.
  static var limit: Int { 256 }

  var first = UInt32.max
  var last = UInt32.max
  var count = 0
  /// The streams that were seen to begin: what comes in them later is no beginning.
  var lowest = UInt32.max
  var highest: UInt32 = 0
}

extension Exchange: HTTP2Handler
where Sink: ~Copyable, Decoder: ~Copyable {
  mutating func head(
    _ head: HTTP2Head, stream identifier: UInt32, isPromised: Bool, _ direction: Direction,
    at time: Timestamp
  ) {
    switch head.kind {
    case .request:
      let isReversed = direction == .toClient && !isPromised
      guard find(identifier) == nil, let stream = open(identifier, isReversed: isReversed)
      else { return }
      enter(stream)
      request(head.request, isOwn: !isPromised, at: time)
      if queue.sending != .max { transactions[queue.sending].stream = identifier }
      if isPromised {
        end(.toServer, outcome: .complete, at: time)
        http2Streams[stream].isRequestEnded = true
      }
      leave(stream)
    case .response:
      let isReversed = direction == .toServer
      guard let stream = find(identifier) ?? openUnseen(identifier, isReversed: isReversed)
      else { return }
      enter(stream)
      response(head.response, at: time)
      if queue.answering != .max { transactions[queue.answering].stream = identifier }
      leave(stream)
    case .trailers:
      break
    }
  }

  mutating func data(_ bytes: RawSpan, stream identifier: UInt32, _ direction: Direction) {
    guard let stream = find(identifier) else { return }
    enter(stream)
    body(bytes, of: role(direction, in: stream))
    leave(stream)
  }

  mutating func dataGap(_ byteCount: Int, stream identifier: UInt32, _ direction: Direction) {
    guard let stream = find(identifier) else { return }
    enter(stream)
    bodyGap(byteCount, of: role(direction, in: stream))
    leave(stream)
  }

  mutating func ended(stream identifier: UInt32, _ direction: Direction, at time: Timestamp) {
    guard let stream = find(identifier) else { return }
    let role = role(direction, in: stream)
    enter(stream)
    end(role, outcome: .complete, at: time)
    leave(stream)
    if role == .toServer {
      http2Streams[stream].isRequestEnded = true
    } else {
      http2Streams[stream].isResponseEnded = true
    }
    if http2Streams[stream].isRequestEnded, http2Streams[stream].isResponseEnded {
      closeStream(stream)
    }
  }

  mutating func reset(stream identifier: UInt32, at time: Timestamp) {
    if let stream = find(identifier) { closeStream(stream) }
  }

  mutating func goAway(lastStream: UInt32, _ direction: Direction, at time: Timestamp) {
    // Who goes away has not looked at later streams of the other; a client's are odd (§5.1.1).
    let parity: UInt32 = direction == .toClient ? 1 : 0
    var place = streams.first
    while place != .max {
      let next = http2Streams[place].next
      let identifier = http2Streams[place].identifier
      if identifier > lastStream, identifier & 1 == parity { closeStream(place) }
      place = next
    }
  }

  mutating func anomaly(_ anomaly: HTTP2Anomaly, _ direction: Direction) {
    report(Anomaly(anomaly), context, at: context.start)
  }

  /// The connection is over.
  mutating func closeStreams() {
    while streams.first != .max { closeStream(streams.first) }
    streams = HTTP2StreamList()
  }

  /// The request that an Upgrade turned into the first stream (RFC 7540 §3.2).
  mutating func openUpgraded() {
    guard let transaction = switched.take(), let stream = open(1, isReversed: false) else { return }
    enter(stream)
    adopt(transaction, stream: 1)
    leave(stream)
    http2Streams[stream].isRequestEnded = true
  }

  // MARK: Streams

  private func find(_ identifier: UInt32) -> UInt32? {
    var place = streams.first
    while place != .max {
      if http2Streams[place].identifier == identifier { return place }
      place = http2Streams[place].next
    }
    return nil
  }

  /// A stream whose request was not seen; nil when it was, and the stream is over.
  private mutating func openUnseen(_ identifier: UInt32, isReversed: Bool) -> UInt32? {
    guard identifier < streams.lowest || identifier > streams.highest else { return nil }
    let stream = open(identifier, isReversed: isReversed)
    if let stream { http2Streams[stream].isRequestEnded = true }
    return stream
  }

  private mutating func open(_ identifier: UInt32, isReversed: Bool) -> UInt32? {
    if streams.count >= HTTP2StreamList.limit {
      anomaly(HTTP2Anomaly.tooManyStreams, .toServer)
      closeStream(streams.first)
    }
    guard
      let place = http2Streams.insert(HTTP2Stream(identifier, isReversed: isReversed))
    else {
      full &+= 1
      return nil
    }
    if streams.last == .max {
      streams.first = place
    } else {
      http2Streams[streams.last].next = place
    }
    streams.last = place
    streams.count += 1
    streams.lowest = min(streams.lowest, identifier)
    streams.highest = max(streams.highest, identifier)
    return place
  }

  private mutating func closeStream(_ place: UInt32) {
    enter(place)
    closeQueue()
    leave(place)
    var previous = UInt32.max
    var position = streams.first
    while position != .max, position != place {
      previous = position
      position = http2Streams[position].next
    }
    let next = http2Streams[place].next
    if previous == .max { streams.first = next } else { http2Streams[previous].next = next }
    if streams.last == place { streams.last = previous }
    streams.count -= 1
    http2Streams.remove(place)
  }

  private func role(_ direction: Direction, in place: UInt32) -> Direction {
    http2Streams[place].isReversed ? direction.opposite : direction
  }

  private mutating func enter(_ place: UInt32) {
    queue = http2Streams[place].queue
    if http2Streams[place].isReversed { context = context.swapped }
  }

  private mutating func leave(_ place: UInt32) {
    http2Streams[place].queue = queue
    if http2Streams[place].isReversed { context = context.swapped }
  }
}

extension Anomaly {
  /// Suricata's name of the same, where it has one.
  init(_ anomaly: HTTP2Anomaly) {
    let event: StaticString =
      switch anomaly {
      case .invalidFrameHeader: "http2.invalid_frame_header"
      case .invalidFrameData: "http2.invalid_frame_data"
      case .invalidHeaderBlock: "http2.invalid_header"
      case .headersTooLong: "http2.headers_too_long"
      case .unknownFields: "http2.unknown_fields"
      case .frameLost: "http2.frame_lost"
      case .tooManyStreams: "http2.too_many_streams"
      }
    self.init(.applayer, event)
  }
}
