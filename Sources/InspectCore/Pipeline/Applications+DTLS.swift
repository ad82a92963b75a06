extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  /// Records of a datagram that are looked at.
  private static var recordLimit: Int { 8 }

  /// All of DTLS counts as encrypted; of the client's hello the server's name is taken.
  mutating func readDTLS(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    // WebRTC speaks STUN on the same ports (RFC 7983 §7).
    guard bytes[0] > 3 else { return readUnknown(datagram: bytes, direction, &flow, time) }
    encryptedBytes &+= UInt64(bytes.byteCount)
    guard direction == .toServer, flow.application.nameSource != .tls else { return }
    var rest = bytes
    for _ in 0..<Applications.recordLimit {
      guard let record = try? DTLSRecord(rest) else { return }
      if record.type == .handshake, record.epoch == 0,
        let part = try? DTLSFragment(record.fragment),
        part.type == TLSHandshakeType.clientHello
      {
        readHello(part, &flow)
      }
      rest = record.rest
      if rest.isEmpty { return }
    }
  }

  private mutating func readHello(_ part: DTLSFragment, _ flow: inout Flow) {
    if part.body.byteCount == part.messageByteCount {
      name(Applications.number(of: part.body, in: &exchange.ledger), &flow)
      return
    }
    if flow.application.place == Application.none {
      guard part.messageByteCount <= CryptoStream.Limit.byteCount,
        let new = dtlsHellos.insert(DTLSHello())
      else {
        full &+= 1
        return
      }
      flow.application.place = new
    }
    let place = flow.application.place
    dtlsHellos[place].add(part)
    guard dtlsHellos[place].isWhole else { return }
    name(Applications.number(of: &dtlsHellos[place], in: &exchange.ledger), &flow)
  }

  /// The hello is whole: its state is not needed any more.
  private mutating func name(_ host: UInt32?, _ flow: inout Flow) {
    if flow.application.place != Application.none {
      dtlsHellos.remove(flow.application.place)
      flow.application.place = Application.none
    }
    guard let host else { return }
    flow.application.host = host
    flow.application.nameSource = .tls
    attribute(&flow)
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func number(of hello: inout DTLSHello, in ledger: inout CaseLedger) -> UInt32? {
    number(of: hello.body, in: &ledger)
  }

  private static func number(of body: RawSpan, in ledger: inout CaseLedger) -> UInt32? {
    guard let name = (try? TLSClientHello(body, hasCookie: true))?.serverName else { return nil }
    return ledger.number(of: name)
  }
}
