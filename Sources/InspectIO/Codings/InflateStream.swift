import CZlib
import InspectCore

/// gzip and deflate, by zlib.
final class InflateStream: CodedStream {
  private static let outputCapacity = 1 << 15

  private var stream = z_stream()
  private var coding: ContentCoding
  private var output = [UInt8](repeating: 0, count: InflateStream.outputCapacity)
  private var isOver = false
  private var hasBegun = false

  /// Nil for a coding that zlib does not have.
  init?(_ coding: ContentCoding) {
    guard coding == .gzip || coding == .deflate else { return nil }
    self.coding = coding
    guard
      inflateInit2_(
        &stream, InflateStream.windowBits(coding), ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
  }

  /// Begins another body in the memory of the last; false for a coding that zlib does not have.
  func restart(_ coding: ContentCoding) -> Bool {
    guard coding == .gzip || coding == .deflate,
      inflateReset2(&stream, InflateStream.windowBits(coding)) == Z_OK
    else { return false }
    self.coding = coding
    isOver = false
    hasBegun = false
    return true
  }

  /// 15 bits of window; 16 more for a gzip header.
  private static func windowBits(_ coding: ContentCoding) -> Int32 {
    coding == .gzip ? 15 + 16 : 15
  }

  deinit { inflateEnd(&stream) }

  /// Gives what `bytes` decode to in pieces, as long as `wanted` says so.
  func decode(
    _ bytes: RawSpan, while wanted: () -> Bool, _ body: (RawSpan) -> Void
  ) -> ContentDecoderOutcome {
    guard !isOver, bytes.byteCount > 0 else { return isOver ? .complete : .truncatedInput }
    beginRaw(bytes)
    return bytes.withUnsafeBytes { input in
      // zlib reads the input only; its type says otherwise.
      stream.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress!)
        .assumingMemoryBound(to: UInt8.self)
      stream.avail_in = UInt32(clamping: input.count)
      return run(while: wanted, body)
    }
  }

  /// `deflate` means zlib (RFC 9110 §8.4.1.2), but some senders leave its header out.
  private func beginRaw(_ bytes: RawSpan) {
    guard !hasBegun else { return }
    hasBegun = true
    guard coding == .deflate else { return }
    let isZlib =
      bytes[0] & 0x0f == 8
      && (bytes.byteCount < 2 || bytes.load(0, as: UInt16.self) % 31 == 0)
    if !isZlib { inflateReset2(&stream, -15) }
  }

  private func run(
    while wanted: () -> Bool, _ body: (RawSpan) -> Void
  ) -> ContentDecoderOutcome {
    while wanted() {
      let status = output.withUnsafeMutableBufferPointer { buffer in
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(buffer.count)
        return inflate(&stream, Z_NO_FLUSH)
      }
      let count = output.count - Int(stream.avail_out)
      if count > 0 { body(output.span.bytes.extracting(first: count)) }
      switch status {
      case Z_OK:
        if stream.avail_in == 0, stream.avail_out > 0 { return .truncatedInput }
      case Z_STREAM_END:
        // A gzip body may have several members (RFC 1952 §2.2).
        guard coding == .gzip, stream.avail_in > 1, stream.next_in[0] == 0x1f,
          inflateReset(&stream) == Z_OK
        else {
          isOver = true
          return .complete
        }
      case Z_BUF_ERROR:
        return .truncatedInput
      default:
        isOver = true
        return .damaged
      }
    }
    return .limitReached
  }
}
