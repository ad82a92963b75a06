/// How much is looked at of what nobody knows.
enum PayloadLimit {
  /// Of a flow.
  static var messages: UInt8 { 16 }
  static var byteCount: UInt32 { 65_536 }
  /// Of a message in a stream.
  static var messageByteCount: Int { 16_384 }
}

/// What flows of unknown protocols carry: a device's payload is looked at as it is.
extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  /// A message is looked at now.
  private mutating func note(_ byteCount: Int, _ flow: inout Flow) {
    flow.application.payloads &+= 1
    flow.application.payloadByteCount &+= UInt32(byteCount)
    exchange.inspectedPayloads &+= 1
    exchange.context = flow.context
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
  }

  /// Whether more of the flow will be looked at.
  private func isWanted(_ flow: borrowing Flow) -> Bool {
    flow.application.payloads < PayloadLimit.messages
      && flow.application.payloadByteCount < PayloadLimit.byteCount
      && flow.application.isOutward
  }

  mutating func readUnknown(
    datagram bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    unknownBytes &+= UInt64(bytes.byteCount)
    guard direction == .toServer, flow.application.isOutward else { return }
    guard isWanted(flow) else {
      exchange.skippedPayloads &+= 1
      return
    }
    note(bytes.byteCount, &flow)
    exchange.inspect(bytes, .udpPayload, at: time)
  }

  /// What one side says until the other speaks is taken for a message.
  mutating func readUnknown(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    unknownBytes &+= UInt64(bytes.byteCount)
    if direction == .toClient { inspectPayload(&flow, time) }
    guard isWanted(flow) else { return ignore(&flow) }
    guard direction == .toServer else { return }
    var rest = bytes
    while !rest.isEmpty, isWanted(flow) {
      if flow.application.payload == Application.none {
        guard let place = payloads.insert(ByteBuffer(limit: PayloadLimit.messageByteCount)) else {
          exchange.skippedPayloads &+= 1
          return
        }
        flow.application.payload = place
      }
      let place = flow.application.payload
      let taken = payloads[place].append(rest)
      rest = rest.extracting(droppingFirst: taken)
      if payloads[place].isFull { inspectPayload(&flow, time) }
    }
    if !rest.isEmpty { exchange.skippedPayloads &+= 1 }
  }

  /// Nobody reads it, and nobody will.
  private func ignore(_ flow: inout Flow) {
    guard flow.application.kind == .unknown else { return }
    flow.tcp.toServer.isWanted = false
    flow.tcp.toClient.isWanted = false
  }

  /// Looks at what the client said since the last look.
  mutating func inspectPayload(_ flow: inout Flow, _ time: Timestamp) {
    let place = flow.application.payload
    guard place != Application.none else { return }
    flow.application.payload = Application.none
    let held = Applications.take(place, from: &payloads)
    note(held.count, &flow)
    flow.application.awaited = exchange.inspect(
      held.bytes, .tcpPayload, awaited: flow.application.awaited, at: time)
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func take(_ place: UInt32, from payloads: inout Slab<ByteBuffer>) -> ByteBuffer {
    payloads.remove(place)
  }
}
