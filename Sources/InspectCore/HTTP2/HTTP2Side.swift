/// One direction of an HTTP/2 connection: takes its frames apart.
///
/// Content is lent from the bytes given; other frames that do not lie whole in them are put together.
struct HTTP2Side: ~Copyable {
  private enum State {
    /// Inside the client's preface.
    case preface(matched: Int)
    /// Before or inside a frame's header, whose beginning is in `frame`.
    case header
    case padLength(HTTP2FrameHeader)
    case data(stream: UInt32, remaining: Int, padding: Int, endsStream: Bool)
    /// Inside a frame that is looked at as a whole; what came of it is in `frame`.
    case collect(HTTP2FrameHeader, remaining: Int)
    case skip(Int)
    /// Where frames begin is unknown.
    case lost
  }

  /// A whole header block: where it is, and of what.
  struct Block {
    var stream: UInt32
    var endsStream: Bool
    var isPromised: Bool
    /// Where in the bytes given it lies; nil when it is the one put together.
    var range: Range<Int>?
  }

  let direction: Direction
  private var state: State
  private var decoder = HPACKDecoder()
  private var frame = ByteBuffer(limit: HPACKDecoder.blockByteLimit + 512)
  /// Fragments of a header block that goes over several frames.
  private var fragments = ByteBuffer(limit: HPACKDecoder.blockByteLimit)
  private var open: Block?
  private var isCut = false

  init(_ direction: Direction, isInTheMiddle: Bool) {
    self.direction = direction
    if isInTheMiddle { decoder.lose() }
    state = direction == .toServer ? .preface(matched: 0) : .header
  }

  /// Goes on until a header block is whole, which it returns, or the bytes are at their end.
  mutating func advance<Handler: HTTP2Handler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp, _ handler: inout Handler
  ) -> Block? {
    while cursor < bytes.byteCount {
      switch state {
      case .preface(let matched): preface(matched, bytes, &cursor, &handler)
      case .header: header(bytes, &cursor, at, &handler)
      case .padLength(let header):
        let padding = Int(bytes[cursor])
        cursor += 1
        beginData(header, header.length - 1 - padding, padding, at, &handler)
      case .data(let stream, let remaining, let padding, let endsStream):
        let count = min(remaining, bytes.byteCount - cursor)
        if count > 0 {
          handler.data(bytes.extracting(cursor..<cursor + count), stream: stream, direction)
        }
        cursor += count
        advanceData(stream, remaining - count, padding, endsStream, at, &handler)
      case .collect(let header, let remaining):
        if let block = collect(header, remaining, bytes, &cursor, at, &handler) { return block }
      case .skip(let remaining):
        let count = min(remaining, bytes.byteCount - cursor)
        cursor += count
        state = remaining > count ? .skip(remaining - count) : .header
      case .lost:
        // Frames often begin with a segment.
        let rest = bytes.extracting(droppingFirst: cursor)
        guard HTTP2Recognizer.areFrames(rest) else {
          cursor = bytes.byteCount
          return nil
        }
        state = .header
      }
      // An empty frame needs no further byte.
      if case .collect(let header, 0) = state,
        let block = collect(header, 0, bytes, &cursor, at, &handler)
      {
        return block
      }
    }
    return nil
  }

  private mutating func preface<Handler: HTTP2Handler & ~Copyable>(
    _ matched: Int, _ bytes: RawSpan, _ cursor: inout Int, _ handler: inout Handler
  ) {
    let expected = HTTP2Recognizer.preface.withUTF8Buffer { unsafe $0[matched] }
    guard bytes[cursor] == expected else {
      // From the middle there is none.
      if matched > 0 { lose(.invalidFrameData, &handler) } else { state = .header }
      return
    }
    cursor += 1
    let next = matched + 1
    state = next == HTTP2Recognizer.prefaceByteCount ? .header : .preface(matched: next)
  }

  private mutating func header<Handler: HTTP2Handler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp, _ handler: inout Handler
  ) {
    let count = min(HTTP2FrameHeader.byteCount - frame.count, bytes.byteCount - cursor)
    let part = bytes.extracting(cursor..<cursor + count)
    cursor += count
    if let header = HTTP2FrameHeader(part) { return begin(header, at, &handler) }
    frame.append(part)
    guard let header = HTTP2FrameHeader(frame.bytes) else { return }
    frame.removeAll()
    begin(header, at, &handler)
  }

  private mutating func begin<Handler: HTTP2Handler & ~Copyable>(
    _ header: HTTP2FrameHeader, _ at: Timestamp, _ handler: inout Handler
  ) {
    guard header.isPossible else { return lose(.invalidFrameHeader, &handler) }
    if let block = open, header.type != .continuation || header.stream != block.stream {
      // Nothing may come between (§6.10).
      handler.anomaly(.invalidFrameData, direction)
      dropBlock()
    }
    switch header.type {
    case .data where header.has(HTTP2FrameHeader.Flag.padded) && header.length > 0:
      state = .padLength(header)
    case .data:
      beginData(header, header.length, 0, at, &handler)
    case .headers, .pushPromise, .continuation, .rstStream, .goAway:
      state = .collect(header, remaining: header.length)
    case .priority, .settings, .ping, .windowUpdate, .unknown:
      state = header.length > 0 ? .skip(header.length) : .header
    }
  }

  private mutating func beginData<Handler: HTTP2Handler & ~Copyable>(
    _ header: HTTP2FrameHeader, _ byteCount: Int, _ padding: Int, _ at: Timestamp,
    _ handler: inout Handler
  ) {
    guard byteCount >= 0 else {
      handler.anomaly(.invalidFrameData, direction)
      state = header.length > 1 ? .skip(header.length - 1) : .header
      return
    }
    let endsStream = header.has(HTTP2FrameHeader.Flag.endStream)
    advanceData(header.stream, byteCount, padding, endsStream, at, &handler)
  }

  private mutating func advanceData<Handler: HTTP2Handler & ~Copyable>(
    _ stream: UInt32, _ remaining: Int, _ padding: Int, _ endsStream: Bool, _ at: Timestamp,
    _ handler: inout Handler
  ) {
    guard remaining == 0 else {
      state = .data(
        stream: stream, remaining: remaining, padding: padding, endsStream: endsStream)
      return
    }
    if endsStream { handler.ended(stream: stream, direction, at: at) }
    state = padding > 0 ? .skip(padding) : .header
  }

  // MARK: Whole frames

  private mutating func collect<Handler: HTTP2Handler & ~Copyable>(
    _ header: HTTP2FrameHeader, _ remaining: Int, _ bytes: RawSpan, _ cursor: inout Int,
    _ at: Timestamp, _ handler: inout Handler
  ) -> Block? {
    let count = min(remaining, bytes.byteCount - cursor)
    let start = cursor
    cursor += count
    guard count == remaining else {
      if frame.append(bytes.extracting(start..<cursor)) < count { isCut = true }
      state = .collect(header, remaining: remaining - count)
      return nil
    }
    state = .header
    if frame.isEmpty {
      return take(header, bytes.extracting(start..<cursor), at: start, at, &handler)
    }
    if frame.append(bytes.extracting(start..<cursor)) < count { isCut = true }
    var whole = ByteBuffer(limit: 0)
    swap(&whole, &frame)
    let block = take(header, whole.bytes, at: nil, at, &handler)
    swap(&whole, &frame)
    frame.removeAll()
    return block
  }

  /// Reads a frame's payload, which lies at `offset` of the bytes given, or was put together.
  private mutating func take<Handler: HTTP2Handler & ~Copyable>(
    _ header: HTTP2FrameHeader, _ payload: RawSpan, at offset: Int?, _ at: Timestamp,
    _ handler: inout Handler
  ) -> Block? {
    switch header.type {
    case .rstStream:
      handler.reset(stream: header.stream, at: at)
    case .goAway:
      // However long its text was.
      isCut = false
      let last = payload.load(0, as: UInt32.self) & 0x7fff_ffff
      handler.goAway(lastStream: last, direction, at: at)
    case .headers, .pushPromise:
      return beginBlock(header, payload, at: offset, &handler)
    case .continuation:
      guard open != nil else {
        // Its beginning was not seen.
        dropBlock()
        return nil
      }
      if fragments.append(payload) < payload.byteCount { isCut = true }
      return header.has(HTTP2FrameHeader.Flag.endHeaders) ? closeBlock() : nil
    default:
      break
    }
    return nil
  }

  private mutating func beginBlock<Handler: HTTP2Handler & ~Copyable>(
    _ header: HTTP2FrameHeader, _ payload: RawSpan, at offset: Int?, _ handler: inout Handler
  ) -> Block? {
    var start = 0
    var end = payload.byteCount
    if header.has(HTTP2FrameHeader.Flag.padded), end > 0 {
      start = 1
      end -= Int(payload[0])
    }
    let isPromise = header.type == .pushPromise
    let prefix = isPromise ? 4 : header.has(HTTP2FrameHeader.Flag.priority) ? 5 : 0
    guard start + prefix <= end else {
      handler.anomaly(.invalidFrameData, direction)
      dropBlock()
      return nil
    }
    var stream = header.stream
    if isPromise { stream = payload.load(start, as: UInt32.self) & 0x7fff_ffff }
    start += prefix
    var block = Block(
      stream: stream,
      endsStream: !isPromise && header.has(HTTP2FrameHeader.Flag.endStream),
      isPromised: isPromise, range: nil)
    if header.has(HTTP2FrameHeader.Flag.endHeaders), let offset, !isCut {
      block.range = offset + start..<offset + end
      return block
    }
    fragments.removeAll()
    let part = payload.extracting(start..<end)
    if fragments.append(part) < part.byteCount { isCut = true }
    open = block
    return header.has(HTTP2FrameHeader.Flag.endHeaders) ? closeBlock() : nil
  }

  private mutating func closeBlock() -> Block? {
    let block = open
    open = nil
    return block
  }

  private mutating func dropBlock() {
    open = nil
    isCut = false
    decoder.lose()
  }

  /// Decodes a block that `advance` returned.
  mutating func decode<Handler: HTTP2Handler & ~Copyable>(
    _ block: Block, _ bytes: RawSpan, _ huffman: borrowing HPACKHuffman,
    into fields: inout HPACKFieldList, _ handler: inout Handler
  ) {
    guard !isCut else {
      handler.anomaly(.headersTooLong, direction)
      isCut = false
      decoder.lose()
      return
    }
    let unknown = decoder.unknownFields
    do throws(HPACKError) {
      if let range = block.range {
        try decoder.decode(bytes.extracting(range), huffman, into: &fields)
      } else {
        try HTTP2Side.decode(fragments, huffman, &decoder, into: &fields)
      }
    } catch {
      handler.anomaly(.invalidHeaderBlock, direction)
    }
    if decoder.unknownFields != unknown { handler.anomaly(.unknownFields, direction) }
    if fields.isCut { handler.anomaly(.headersTooLong, direction) }
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func decode(
    _ fragments: borrowing ByteBuffer, _ huffman: borrowing HPACKHuffman,
    _ decoder: inout HPACKDecoder, into fields: inout HPACKFieldList
  ) throws(HPACKError) {
    try decoder.decode(fragments.bytes, huffman, into: &fields)
  }

  // MARK: Losses

  /// So many bytes are lost here.
  mutating func gap<Handler: HTTP2Handler & ~Copyable>(
    _ byteCount: Int, _ handler: inout Handler
  ) {
    guard byteCount > 0 else { return }
    switch state {
    case .data(let stream, let remaining, let padding, let endsStream) where byteCount < remaining:
      handler.dataGap(byteCount, stream: stream, direction)
      state = .data(
        stream: stream, remaining: remaining - byteCount, padding: padding,
        endsStream: endsStream)
    case .skip(let remaining) where byteCount < remaining:
      state = .skip(remaining - byteCount)
    case .collect(let header, let remaining) where byteCount < remaining:
      // What is left of the frame says nothing without its beginning.
      frame.removeAll()
      isCut = false
      if header.type != .rstStream, header.type != .goAway { dropBlock() }
      state = .skip(remaining - byteCount)
    case .data(let stream, let remaining, _, _):
      handler.dataGap(remaining, stream: stream, direction)
      lose(.frameLost, &handler)
    case .lost:
      break
    case .preface, .header, .padLength, .collect, .skip:
      lose(.frameLost, &handler)
    }
  }

  private mutating func lose<Handler: HTTP2Handler & ~Copyable>(
    _ anomaly: HTTP2Anomaly, _ handler: inout Handler
  ) {
    handler.anomaly(anomaly, direction)
    frame.removeAll()
    dropBlock()
    state = .lost
  }
}
