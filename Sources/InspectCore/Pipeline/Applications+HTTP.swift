/// A connection whose HTTP/1 is followed.
struct HTTPConnection: ~Copyable {
  var conversation = HTTPConversation()
  var queue = TransactionQueue()
}

extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func beginHTTP(_ client: Direction, _ flow: inout Flow) {
    guard let place = https.insert(HTTPConnection()) else { return refuse(&flow) }
    flow.application.kind = .http
    flow.application.place = place
    flow.application.isReversed = client == .toClient
  }

  private mutating func enter(_ flow: borrowing Flow, _ queue: TransactionQueue) {
    exchange.context = flow.applicationContext
    exchange.queue = queue
  }

  mutating func readHTTP(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    enter(flow, https[place].queue)
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
    exchange.pendingSend = flow.send.pending
    exchange.switched = nil
    let verdict = https[place].conversation.consume(
      bytes, flow.role(of: direction), at: time, handler: &exchange)
    https[place].queue = exchange.queue
    flow.application.host = exchange.host
    flow.application.nameSource = exchange.nameSource
    if exchange.pendingSend == nil { _ = flow.send.attribute() }
    switch verdict {
    case .more:
      break
    case .tunnel(let offset):
      let upgrade = https[place].conversation.upgrade
      close(&flow, at: time)
      switch upgrade {
      case .http2: upgradeToHTTP2(&flow)
      case .webSocket: upgradeToWebSocket(&flow)
      case .none, .other: flow.application.restart()
      }
      let rest = bytes.extracting(droppingFirst: min(offset, bytes.byteCount))
      if !rest.isEmpty { received(rest, direction, of: &flow, at: time) }
    case .notHTTP:
      flow.tcp[direction].isWanted = false
    }
  }

  mutating func loseHTTP(
    _ byteCount: Int, _ direction: Direction, _ flow: borrowing Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    enter(flow, https[place].queue)
    https[place].conversation.gap(byteCount, flow.role(of: direction), at: time, handler: &exchange)
    https[place].queue = exchange.queue
  }

  mutating func endHTTP(_ direction: Direction, _ flow: borrowing Flow, _ time: Timestamp) {
    let place = flow.application.place
    enter(flow, https[place].queue)
    https[place].conversation.finish(flow.role(of: direction), at: time, handler: &exchange)
    https[place].queue = exchange.queue
  }

  mutating func closeHTTP(_ place: UInt32, _ flow: borrowing Flow, _ time: Timestamp) {
    enter(flow, https[place].queue)
    https[place].conversation.finish(.toServer, at: time, handler: &exchange)
    https[place].conversation.finish(.toClient, at: time, handler: &exchange)
    exchange.closeQueue()
    https.remove(place)
  }
}
