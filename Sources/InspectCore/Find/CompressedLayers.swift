/// Compressed data inside a message: the core cannot undo it, so it is kept until the message is
/// read, and then given to whoever can. What is inside is looked at in the same way.
struct CompressedLayer {
  var coding: ContentCoding
  var label: StaticString
  /// In the finder's `compressed`.
  var bytes: Range<Int>
  /// In its notes.
  var path: Range<Int>
  var key: Range<Int>
  /// Where in the message it begins: what is inside has no other place.
  var offset: Int
  var depth: Int
  var base64Depth: Int
  /// Nothing but the failure of all else says that it is compressed.
  var isGuess: Bool
}

extension Finder {
  /// Guesses that a message may make.
  private static let mostGuesses = 4

  /// Keeps a compressed layer for later; false when it finds no room.
  mutating func postpone(
    _ bytes: RawSpan, _ encoding: BinaryEncoding, at start: Int, key: RawSpan, depth: Int
  ) -> Bool {
    let isGuess = encoding == .deflate
    if isGuess, guesses >= Finder.mostGuesses { return false }
    guard pending.count < limits.compressedLayers else {
      facts.limits.insert(.compressedLayers)
      return false
    }
    if isGuess { guesses &+= 1 }
    let first = compressed.count
    if compressed.append(bytes) < bytes.byteCount { facts.limits.insert(.decodedBytes) }
    guard compressed.count > first else { return false }
    let (pathRange, keyRange) = notePlace(key)
    pending.append(
      CompressedLayer(
        coding: encoding == .gzip ? .gzip : .deflate, label: Finder.label(of: encoding),
        bytes: first..<compressed.count, path: pathRange, key: keyRange, offset: start,
        depth: depth, base64Depth: base64Depth, isGuess: isGuess))
    return true
  }

  private static func label(of encoding: BinaryEncoding) -> StaticString {
    switch encoding {
    case .gzip: "gzip"
    case .zlib: "zlib"
    default: "deflate"
    }
  }

  /// Decodes what was kept and looks at it, until there is no more.
  mutating func openCompressedLayers<Decoder: ContentDecoder & ~Copyable>(
    with decoder: inout Decoder
  ) {
    var next = 0
    while next < pending.count {
      let layer = pending[next]
      next &+= 1
      let budget = limits.decodedBytes &- facts.decodedBytes
      if budget <= 0 { facts.limits.insert(.decodedBytes) }
      guard budget > 0, var buffer = takeBuffer() else {
        facts.undecodedLayers &+= 1
        continue
      }
      let outcome = Finder.decode(compressed, layer, with: &decoder, into: &buffer)
      resume(layer, outcome, &buffer, budget: budget)
      giveBack(buffer)
    }
  }

  private static func decode<Decoder: ContentDecoder & ~Copyable>(
    _ compressed: borrowing ByteBuffer, _ layer: CompressedLayer, with decoder: inout Decoder,
    into buffer: inout ByteBuffer
  ) -> ContentDecoderOutcome {
    decoder.decode(compressed.bytes.extracting(layer.bytes), layer.coding, into: &buffer)
  }

  private mutating func resume(
    _ layer: CompressedLayer, _ outcome: ContentDecoderOutcome, _ buffer: inout ByteBuffer,
    budget: Int
  ) {
    if outcome == .limitReached || buffer.count > budget { facts.limits.insert(.decodedBytes) }
    buffer.truncate(to: budget)
    guard !buffer.isEmpty, !layer.isGuess || outcome == .complete && !buffer.bytes.beginsBinary
    else {
      if !layer.isGuess { facts.undecodedLayers &+= 1 }
      return
    }
    facts.decodedBytes &+= buffer.count
    let first = (records: records.count, pending: pending.count)
    recallPath(layer.path)
    base64Depth = layer.base64Depth
    appendToPath(layer.label)
    if var key = takeBuffer() {
      recall(layer.key, into: &key)
      let watched = watch(buffer.bytes)
      visit(buffer.bytes, at: 0, key: key.bytes, depth: layer.depth)
      endWatch(watched, buffer.bytes)
      giveBack(key)
    }
    path.removeAll()
    base64Depth = 0
    for index in first.records..<records.count { records[index].offset = layer.offset }
    for index in first.pending..<pending.count { pending[index].offset = layer.offset }
  }
}
