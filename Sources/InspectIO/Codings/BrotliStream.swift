import CBrotli
import InspectCore

/// br (RFC 7932), by Google's library. A window has 16 MiB at most; larger ones, which only an
/// extension allows, stay off.
final class BrotliStream: CodedStream {
  private static let outputCapacity = 1 << 15

  private let state: OpaquePointer
  private var output = [UInt8](repeating: 0, count: BrotliStream.outputCapacity)
  private var isOver = false

  init?() {
    guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { return nil }
    self.state = state
  }

  deinit { BrotliDecoderDestroyInstance(state) }

  func decode(
    _ bytes: RawSpan, while wanted: () -> Bool, _ body: (RawSpan) -> Void
  ) -> ContentDecoderOutcome {
    guard !isOver else { return .complete }
    return bytes.withUnsafeBytes { input in
      var next = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var left = input.count
      while wanted() {
        var room = output.count
        let result = output.withUnsafeMutableBufferPointer { buffer in
          var place = buffer.baseAddress
          return BrotliDecoderDecompressStream(state, &left, &next, &room, &place, nil)
        }
        if room < output.count { body(output.span.bytes.extracting(first: output.count - room)) }
        switch result {
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
          continue
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
          return .truncatedInput
        case BROTLI_DECODER_RESULT_SUCCESS:
          isOver = true
          return .complete
        default:
          isOver = true
          return .damaged
        }
      }
      return .limitReached
    }
  }
}
