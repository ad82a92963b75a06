extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Map: ~Copyable, Cipher: ~Copyable {
  mutating func readDNS(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    guard let message = try? DNSMessage(bytes) else {
      unknownBytes &+= UInt64(bytes.byteCount)
      return
    }
    dnsMessages &+= 1
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    if message.isResponse {
      names.learn(message, client: flow.context.client.address, at: time)
    }
    // An event has the packet's direction.
    let context = direction == .toServer ? flow.context : flow.context.swapped
    exchange.sink.dns(message, context, at: time)
  }
}
