import CZstd
import InspectCore

/// zstd (RFC 8878), by its own library.
final class ZstdStream: CodedStream {
  private static let outputCapacity = 1 << 15
  /// The largest window that a body may ask for: 8 MiB (RFC 9659 §3).
  private static let windowLog: Int32 = 23

  private let state: OpaquePointer
  private var output = [UInt8](repeating: 0, count: ZstdStream.outputCapacity)
  private var isOver = false

  init?() {
    guard let state = ZSTD_createDStream() else { return nil }
    self.state = state
    ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax, ZstdStream.windowLog)
  }

  deinit { ZSTD_freeDStream(state) }

  func decode(
    _ bytes: RawSpan, while wanted: () -> Bool, _ body: (RawSpan) -> Void
  ) -> ContentDecoderOutcome {
    guard !isOver else { return .damaged }
    return bytes.withUnsafeBytes { input in
      var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
      while wanted() {
        var status = 0
        var count = 0
        output.withUnsafeMutableBytes { buffer in
          var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
          status = ZSTD_decompressStream(state, &target, &source)
          count = target.pos
        }
        if count > 0 { body(output.span.bytes.extracting(first: count)) }
        if ZSTD_isError(status) != 0 {
          isOver = true
          return .damaged
        }
        // Several frames may follow each other (RFC 8878 §3).
        if source.pos == source.size, count < output.count {
          return status == 0 ? .complete : .truncatedInput
        }
      }
      return .limitReached
    }
  }
}
