@testable import InspectCore

/// Datagrams of both directions (`forEachTurn`): views lie inside, bounds hold, and
/// packets that share a datagram say the same as packets that each have one.
let fuzzQUIC: @Sendable (RawSpan) -> Void = { input in
  check(cryptoStream: input)
  let together = events(input, splits: false)
  let apart = events(input, splits: true)
  require(together == apart, "packets in datagrams of their own give other events")
}

private func events(_ input: RawSpan, splits: Bool) -> Digest {
  var conversation = QUICConversation()
  var opener = InitialOpener(OpenCipher())
  var recorder = Recorder()
  input.forEachTurn { turn, direction, _ in
    var datagram = turn
    checkViews(datagram)
    // More than are looked at, or Google's form, which takes a datagram as a whole.
    let isSplit = splits && packetCount(datagram) != nil
    while isSplit, let packet = try? QUICPacket(datagram), !packet.rest.isEmpty {
      conversation.consume(packet.bytes, direction, opener: &opener, handler: &recorder)
      datagram = packet.rest
    }
    conversation.consume(datagram, direction, opener: &opener, handler: &recorder)
    // A packet takes a few keys at most, and is only begun below the limit.
    require(conversation.openings < QUICConversation.Limit.openings + 4, "too many openings")
  }
  conversation.finish(handler: &recorder)
  require(recorder.hellos <= QUICConversation.Limit.hellos + 1, "too many hellos")
  return recorder.digest
}

/// How many packets share the datagram; nil when it is not taken apart.
private func packetCount(_ datagram: RawSpan) -> Int? {
  var rest = datagram
  for count in 1...QUICConversation.Limit.packetsPerDatagram {
    if GoogleQUICPacket(rest) != nil { return nil }
    guard let packet = try? QUICPacket(rest), !packet.rest.isEmpty else { return count }
    rest = packet.rest
  }
  return nil
}

private func checkViews(_ datagram: RawSpan) {
  _ = QUICRecognizer.recognize(datagram)
  if let packet = try? QUICPacket(datagram) {
    require(packet.bytes.isInside(datagram) && packet.rest.isInside(datagram), "packet outside")
    require(
      packet.bytes.byteCount + packet.rest.byteCount == datagram.byteCount, "bytes between packets")
    for view in [packet.destinationID.array, packet.sourceID.array] {
      require(view.count <= UInt8.max, "an identifier too long")
    }
  }
  // Whatever the frames are, of an opened packet or not.
  var frames = QUICFrames(datagram)
  while let frame = frames.next() {
    require(frame.data.isInside(datagram), "a frame's data outside of its packet")
  }
}

/// Pieces of a known stream, in any order: its front is always the stream's beginning, and all of it
/// that was given, as long as nothing had to be refused.
private func check(cryptoStream input: RawSpan) {
  var input = input
  var stream = CryptoStream()
  var known = [Bool](repeating: false, count: 1 << 14)
  var read = 0
  while !input.isEmpty {
    let (start, count) = (input.takeWord() & 0x1fff, input.takeByte() << 2)
    let piece = (start..<start + count).map(byte)
    if stream.add(piece.span.bytes, at: UInt64(start)) == .taken {
      for index in start..<start + count { known[index] = true }
    }
    let available = checkedByteCount(of: stream.front, from: read, known)
    let taken = min(input.takeByte(), available)
    stream.consume(taken)
    read += taken
  }
}

private func checkedByteCount(of front: RawSpan, from start: Int, _ known: [Bool]) -> Int {
  for index in front.byteOffsets {
    require(front[index] == byte(start + index), "another byte at \(start + index)")
    require(known[start + index], "bytes that nobody gave")
  }
  require(!known[start + front.byteCount], "the front ends too early")
  return front.byteCount
}

private func byte(_ offset: Int) -> UInt8 {
  UInt8(truncatingIfNeeded: (offset &* 0x9e37_79b1) >> 13)
}

private struct Recorder: QUICHandler {
  var digest = Digest()
  var hellos = 0

  mutating func quic(_ hello: QUICHello, _ version: QUICVersion, _ client: Direction) {
    hellos += 1
    digest.add(Int(version.rawValue))
    digest.add(client.rawValue)
    if let name = hello.serverName { digest.add(name) }
    switch hello {
    case .client(let hello): digest.add(hello.random)
    case .server(let hello): digest.add(Int(hello.cipherSuite))
    case .google(let hello): digest.add(hello.bytes)
    }
  }
}

/// Opens everything, with what was sealed as the plaintext: so that what lies behind is reached.
struct OpenCipher: PacketCipher {
  mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    InlineArray(repeating: 0)
  }

  mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret { secret }

  mutating func encrypt(_ block: PacketKeys.Block, key: PacketKeys.Block) -> PacketKeys.Block {
    InlineArray(repeating: 0)
  }

  mutating func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool {
    guard sealed.byteCount >= 16 else { return false }
    output.append(sealed.extracting(first: sealed.byteCount - 16))
    return true
  }
}
