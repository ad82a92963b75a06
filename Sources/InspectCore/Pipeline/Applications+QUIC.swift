extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func beginQUIC(_ flow: inout Flow) {
    guard let place = quics.insert(QUICConversation()) else { return refuse(&flow) }
    flow.application.kind = .quic
    flow.application.place = place
  }

  mutating func readQUIC(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    encryptedBytes &+= UInt64(bytes.byteCount)
    let place = flow.application.place
    guard place != Application.none else { return }
    guard QUICConversation.isReadable(bytes) else {
      if flow.application.nameSource == .quic { attribute(&flow) }
      return
    }
    enter(flow, time)
    let unopened = quics[place].unopened
    quics[place].consume(bytes, direction, opener: &opener, handler: &exchange)
    unopenedPackets &+= UInt64(quics[place].unopened &- unopened)
    leave(&flow)
  }

  mutating func closeQUIC(_ place: UInt32, _ flow: inout Flow, _ time: Timestamp) {
    enter(flow, time)
    quics[place].finish(handler: &exchange)
    quics.remove(place)
    leave(&flow)
  }

  private mutating func enter(_ flow: borrowing Flow, _ time: Timestamp) {
    exchange.context = flow.context
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
    exchange.time = time
  }

  private mutating func leave(_ flow: inout Flow) {
    guard exchange.nameSource == .quic else { return }
    flow.application.host = exchange.host
    flow.application.nameSource = .quic
    attribute(&flow)
  }
}

extension Exchange where Sink: ~Copyable, Decoder: ~Copyable {
  mutating func quic(_ hello: QUICHello, _ version: QUICVersion, _ client: Direction) {
    quicHellos &+= 1
    let context = client == .toServer ? context : context.swapped
    announce()
    sink.quic(hello, version, context, at: time)
    guard let name = hello.serverName, let number = ledger.number(of: name) else { return }
    host = number
    nameSource = .quic
  }
}
