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
  /// Used again and again: most of what looks compressed is short, or is not.
  private var inflater: InflateStream?

  public init() {}

  public mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome {
    guard let stream = stream(for: coding) else { return .unsupported }
    guard bytes.byteCount > 0 else { return .truncatedInput }
    var isFull = false
    let outcome = stream.decode(bytes, while: { !isFull }) { part in
      if output.append(part) < part.byteCount { isFull = true }
    }
    return isFull ? .limitReached : outcome
  }

  private mutating func stream(for coding: ContentCoding) -> (any CodedStream)? {
    guard coding == .gzip || coding == .deflate else { return coding.makeStream() }
    if let inflater, inflater.restart(coding) { return inflater }
    inflater = InflateStream(coding)
    return inflater
  }
}
