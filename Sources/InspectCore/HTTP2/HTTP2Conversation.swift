/// Who receives what an `HTTP2Conversation` finds. Views are lent for the call.
protocol HTTP2Handler: ~Copyable {
  /// A head, or trailers, in a stream.
  /// - Parameter isPromised: a request that the server thought of itself (RFC 9113 §8.4).
  mutating func head(
    _ head: HTTP2Head, stream: UInt32, isPromised: Bool, _ direction: Direction, at: Timestamp)
  /// Content without padding; never empty.
  mutating func data(_ bytes: RawSpan, stream: UInt32, _ direction: Direction)
  /// So many bytes of content were lost.
  mutating func dataGap(_ byteCount: Int, stream: UInt32, _ direction: Direction)
  /// A side of the stream is at its end.
  mutating func ended(stream: UInt32, _ direction: Direction, at: Timestamp)
  /// The stream was given up by one side.
  mutating func reset(stream: UInt32, at: Timestamp)
  /// Streams of the other side above this one will not be answered.
  mutating func goAway(lastStream: UInt32, _ direction: Direction, at: Timestamp)
  mutating func anomaly(_ anomaly: HTTP2Anomaly, _ direction: Direction)
}

/// What was wrong, and counted, but did not stop us.
enum HTTP2Anomaly: UInt8, CaseIterable {
  /// A frame of a length or in a stream that its type cannot have.
  case invalidFrameHeader
  /// A frame whose content makes no sense.
  case invalidFrameData
  /// A header block that cannot be decoded.
  case invalidHeaderBlock
  /// A header block is longer than we keep, or has more fields.
  case headersTooLong
  /// Fields refer to what was said before we saw the connection, or in a loss.
  case unknownFields
  /// Bytes were lost, and with them where frames begin.
  case frameLost
  /// The stream began before we saw the connection, or is one too many.
  case tooManyStreams
}

/// HTTP/2 on one connection (RFC 9113), as a passive observer sees it: in any segmentation, from the
/// middle, with losses, or one direction only. Flow control and priorities are not looked at.
struct HTTP2Conversation: ~Copyable {
  private var toServer: HTTP2Side
  private var toClient: HTTP2Side
  private let huffman = HPACKHuffman()
  private var fields = HPACKFieldList()
  private var writer = HTTP2HeadWriter()

  /// - Parameter isInTheMiddle: the connection was open before we saw it.
  init(isInTheMiddle: Bool) {
    toServer = HTTP2Side(.toServer, isInTheMiddle: isInTheMiddle)
    toClient = HTTP2Side(.toClient, isInTheMiddle: isInTheMiddle)
  }

  /// Takes the next bytes of a direction, in order.
  mutating func consume<Handler: HTTP2Handler & ~Copyable>(
    _ bytes: RawSpan, _ direction: Direction, at: Timestamp, handler: inout Handler
  ) {
    if direction == .toServer {
      HTTP2Conversation.consume(bytes, &toServer, huffman, &fields, &writer, at, &handler)
    } else {
      HTTP2Conversation.consume(bytes, &toClient, huffman, &fields, &writer, at, &handler)
    }
  }

  private static func consume<Handler: HTTP2Handler & ~Copyable>(
    _ bytes: RawSpan, _ side: inout HTTP2Side, _ huffman: borrowing HPACKHuffman,
    _ fields: inout HPACKFieldList, _ writer: inout HTTP2HeadWriter, _ at: Timestamp,
    _ handler: inout Handler
  ) {
    var cursor = 0
    while let block = side.advance(bytes, &cursor, at, &handler) {
      fields.removeAll()
      side.decode(block, bytes, huffman, into: &fields, &handler)
      let head = writer.write(fields)
      handler.head(
        head, stream: block.stream, isPromised: block.isPromised, side.direction, at: at)
      if block.endsStream { handler.ended(stream: block.stream, side.direction, at: at) }
    }
  }

  /// Takes note that the next `byteCount` bytes of a direction will never come.
  mutating func gap<Handler: HTTP2Handler & ~Copyable>(
    _ byteCount: Int, _ direction: Direction, handler: inout Handler
  ) {
    if direction == .toServer {
      toServer.gap(byteCount, &handler)
    } else {
      toClient.gap(byteCount, &handler)
    }
  }
}
