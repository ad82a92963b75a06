import InspectCore

/// Both directions of a TLS connection: in pieces, the same hellos as in one. After a gap the next
/// record is looked for where a piece begins, so that pieces do matter then.
let fuzzTLS: @Sendable (RawSpan) -> Void = { input in
  let (whole, hasGaps) = events(input) { $0 }
  let single = events(input) { _ in 1 }.0
  let pieces = events(input) { max(1, $0 / 3) }.0
  require(hasGaps || whole == single, "single bytes give other events")
  require(hasGaps || whole == pieces, "pieces give other events")
  _ = TLSRecognizer.recognize(input)
}

private func events(_ input: RawSpan, _ cut: (Int) -> Int) -> (Digest, hasGaps: Bool) {
  var conversation = TLSConversation()
  var recorder = Recorder()
  var isOver = false
  var hasGaps = false
  input.forEachTurn { turn, direction, lost in
    guard !isOver else { return }
    if lost > 0 {
      hasGaps = true
      conversation.gap(lost, direction, handler: &recorder)
    }
    var bytes = turn
    while !bytes.isEmpty {
      let piece = bytes.take(max(1, cut(bytes.byteCount)))
      // What follows the verdict depends on where the piece ended: nobody asks any more.
      isOver = conversation.consume(piece, direction, handler: &recorder) != .more
    }
  }
  conversation.finish(handler: &recorder)
  return (recorder.digest, hasGaps)
}

private struct Recorder: TLSHandler {
  var digest = Digest()

  mutating func clientHello(_ hello: TLSClientHello, _ direction: Direction) {
    digest.add(1)
    if let name = hello.serverName { digest.add(name) }
    add { hello.appendJA3(to: &$0) }
    add { hello.appendJA4Prefix(.tcp, to: &$0) }
    add { _ = hello.appendJA4CipherSuites(to: &$0) }
    add { _ = hello.appendJA4Extensions(to: &$0) }
  }

  mutating func serverHello(_ hello: TLSServerHello, _ direction: Direction) {
    digest.add(2)
    add { hello.version.append(to: &$0) }
    add { hello.appendJA3S(to: &$0) }
  }

  mutating func ssl2Hello(_ version: TLSVersion, isClient: Bool, _ direction: Direction) {
    digest.add(isClient ? 5 : 6)
    add { version.append(to: &$0) }
  }

  mutating func certificate(_ certificate: X509Certificate, _ direction: Direction) {
    digest.add(3)
    add { certificate.subject.append(to: &$0) }
    add { certificate.issuer.append(to: &$0) }
  }

  mutating func damaged(_ error: WireError, _ direction: Direction) { digest.add(4) }

  private mutating func add(_ write: (inout ByteBuffer) -> Void) {
    var text = ByteBuffer(limit: 1 << 16)
    write(&text)
    digest.add(text.bytes)
  }
}
