import Glibc
import InspectCore

@testable import InspectIO

/// A capture file: reading ends, and no packet is longer than the file.
let fuzzCapture: @Sendable (RawSpan) -> Void = { input in
  let path = scratch(input)
  guard var file = try? CaptureFile(path) else { return }
  var packets = 0
  var bytes = 0
  while file.advance() {
    packets += 1
    let packet = file.packet
    bytes += packet.bytes.byteCount
    require(packet.originalByteCount >= packet.bytes.byteCount, "more was captured than there was")
    // Every byte is touched: a view that is not in memory ends here.
    var digest = Digest()
    digest.add(packet.bytes)
    _ = digest
    // A compressed file may be a thousand times as long.
    require(packets <= 12 + input.byteCount * 100, "reading does not end")
  }
}

private let descriptor: CInt = {
  var template = Array("/tmp/inspectd-fuzz-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  // It lives as long as we have it open.
  unlink(template)
  return descriptor
}()

/// A file that holds `bytes`.
func scratch(_ bytes: RawSpan) -> String {
  require(descriptor >= 0 && ftruncate(descriptor, 0) == 0, "no place for a file")
  let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  require(written == bytes.byteCount, "the file is not whole")
  return "/proc/self/fd/\(descriptor)"
}
