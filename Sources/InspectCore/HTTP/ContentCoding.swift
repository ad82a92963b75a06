/// How a representation was encoded (RFC 9110 §8.4.1; zstd: RFC 8878, br: RFC 7932).
public enum ContentCoding: UInt8, Sendable {
  case identity, gzip, deflate, br, zstd
  /// Another one, or several one after the other.
  case unknown

  /// The coding of that name; names have no case, `x-gzip` is `gzip` (RFC 9110 §8.4.1.3).
  init(name: RawSpan) {
    self =
      if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
        .gzip
      } else if name.equalsIgnoringCase("deflate") {
        .deflate
      } else if name.equalsIgnoringCase("br") {
        .br
      } else if name.equalsIgnoringCase("zstd") {
        .zstd
      } else if name.equalsIgnoringCase("identity") || name.isEmpty {
        .identity
      } else {
        .unknown
      }
  }

  /// With `other` applied after this one.
  func followed(by other: ContentCoding) -> ContentCoding {
    if other == .identity { return self }
    return self == .identity ? other : .unknown
  }
}

/// Who undoes a content coding. The core has none of its own.
public protocol ContentDecoder: ~Copyable {
  /// Appends what `bytes`, a whole coded body, decode to, as much as `output` takes.
  mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome
}

/// How decoding ended. What was decoded before is in the output in every case.
public enum ContentDecoderOutcome: UInt8, Sendable {
  case complete
  /// The input ends before the coding does.
  case truncatedInput
  /// The output is full: a decompression bomb, or just long.
  case limitReached
  case damaged
  case unsupported
}
