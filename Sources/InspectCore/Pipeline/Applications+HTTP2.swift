/// A connection whose HTTP/2 is followed.
struct HTTP2Connection: ~Copyable {
  var conversation: HTTP2Conversation
  var streams = HTTP2StreamList()

  init(isInTheMiddle: Bool) { conversation = HTTP2Conversation(isInTheMiddle: isInTheMiddle) }
}

extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func beginHTTP2(_ client: Direction, isInTheMiddle: Bool, _ flow: inout Flow) {
    guard let place = http2s.insert(HTTP2Connection(isInTheMiddle: isInTheMiddle)) else {
      return refuse(&flow)
    }
    flow.application.kind = .http2
    flow.application.place = place
    flow.application.isReversed = client == .toClient
  }

  /// The connection goes on as HTTP/2 after an Upgrade; its first stream is the request for that.
  mutating func upgradeToHTTP2(_ flow: inout Flow) {
    beginHTTP2(flow.application.isReversed ? .toClient : .toServer, isInTheMiddle: false, &flow)
    guard flow.application.kind == .http2 else { return }
    enterHTTP2(flow)
    exchange.openUpgraded()
    http2s[flow.application.place].streams = exchange.streams
  }

  private mutating func enterHTTP2(_ flow: borrowing Flow) {
    exchange.context = flow.applicationContext
    exchange.streams = http2s[flow.application.place].streams
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
    exchange.pendingSend = flow.send.pending
  }

  mutating func readHTTP2(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    enterHTTP2(flow)
    http2s[place].conversation.consume(
      bytes, flow.role(of: direction), at: time, handler: &exchange)
    http2s[place].streams = exchange.streams
    flow.application.host = exchange.host
    flow.application.nameSource = exchange.nameSource
    if exchange.pendingSend == nil { _ = flow.send.attribute() }
  }

  mutating func loseHTTP2(_ byteCount: Int, _ direction: Direction, _ flow: borrowing Flow) {
    let place = flow.application.place
    enterHTTP2(flow)
    http2s[place].conversation.gap(byteCount, flow.role(of: direction), handler: &exchange)
    http2s[place].streams = exchange.streams
  }

  mutating func closeHTTP2(_ place: UInt32, _ flow: borrowing Flow) {
    exchange.context = flow.applicationContext
    exchange.streams = http2s[place].streams
    exchange.closeStreams()
    http2s.remove(place)
  }
}
