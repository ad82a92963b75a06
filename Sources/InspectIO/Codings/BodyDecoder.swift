import InspectCore

/// A coded body that comes in pieces.
protocol CodedStream: AnyObject {
  /// Gives what `bytes`, of which there is at least one, decode to in pieces, as long as `wanted`
  /// says so.
  func decode(
    _ bytes: RawSpan, while wanted: () -> Bool, _ body: (RawSpan) -> Void
  ) -> ContentDecoderOutcome
}

extension ContentCoding {
  /// What undoes it; nil where nothing does.
  func makeStream() -> (any CodedStream)? {
    switch self {
    case .gzip, .deflate: InflateStream(self)
    case .br: BrotliStream()
    case .zstd: ZstdStream()
    case .identity, .unknown: nil
    }
  }
}

/// Undoes content codings by the libraries that everybody uses.
public struct BodyDecoder: ContentDecoder, ~Copyable {
  public init() {}

  public mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome {
    guard let stream = coding.makeStream() else { return .unsupported }
    guard bytes.byteCount > 0 else { return .truncatedInput }
    var isFull = false
    let outcome = stream.decode(bytes, while: { !isFull }) { part in
      if output.append(part) < part.byteCount { isFull = true }
    }
    return isFull ? .limitReached : outcome
  }
}
