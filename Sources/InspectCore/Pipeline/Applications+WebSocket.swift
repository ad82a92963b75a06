/// WebSocket after an Upgrade: what the client says is looked at, message by message.
extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func upgradeToWebSocket(_ flow: inout Flow) {
    guard let place = webSockets.insert(WebSocketStream()) else { return refuse(&flow) }
    flow.application.kind = .webSocket
    flow.application.place = place
  }

  mutating func readWebSocket(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    exchange.context = flow.applicationContext
    guard flow.role(of: direction) == .toServer, exchange.ledger.isOutward(exchange.context)
    else { return }
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
    let place = flow.application.place
    Applications.read(bytes, from: &webSockets[place], &exchange, time)
    if webSockets[place].isLost { close(&flow, at: time) }
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func read(
    _ bytes: RawSpan, from stream: inout WebSocketStream,
    _ exchange: inout Exchange<Sink, Decoder>, _ time: Timestamp
  ) {
    stream.consume(bytes) { message, ending in
      switch ending {
      case .coded:
        exchange.undecodedBodies &+= 1
      case .whole, .cut:
        if ending == .cut { exchange.cutBodies &+= 1 }
        exchange.inspectedPayloads &+= 1
        exchange.inspect(message, .webSocket, at: time)
      }
    }
  }

  mutating func loseWebSocket(_ byteCount: Int, _ direction: Direction, _ flow: borrowing Flow) {
    guard flow.role(of: direction) == .toServer else { return }
    webSockets[flow.application.place].gap(byteCount)
  }
}
