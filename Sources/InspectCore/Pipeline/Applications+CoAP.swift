extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func readCoAP(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    guard let message = CoAPMessage(bytes) else {
      return readUnknown(datagram: bytes, direction, &flow, time)
    }
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    exchange.context = flow.context
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
    exchange.coap(message, direction, at: time)
    flow.application.host = exchange.host
    flow.application.nameSource = exchange.nameSource
    attribute(&flow)
  }
}
