@testable import InspectCore

/// A datagram of DTLS: records and parts lie inside. And the same bytes as a hello, whose parts, in
/// any order and twice, make it whole.
let fuzzDTLS: @Sendable (RawSpan) -> Void = { input in
  _ = DTLSRecognizer.recognize(input)
  var rest = input
  while let record = try? DTLSRecord(rest) {
    require(record.fragment.isInside(rest) && record.rest.isInside(rest), "a record outside")
    if let part = try? DTLSFragment(record.fragment) {
      require(part.body.isInside(record.fragment), "a part outside of its record")
      require(part.offset + part.body.byteCount <= part.messageByteCount, "a part too many")
      _ = try? TLSClientHello(part.body, hasCookie: true)
    }
    rest = record.rest
  }
  checkParts(input)
}

private func checkParts(_ input: RawSpan) {
  var body = input
  let (size, first) = (1 + body.takeByte(), body.takeByte())
  let count = (body.byteCount + size - 1) / size
  // Sevens go round all of them, unless there is a multiple of seven.
  guard (1...CryptoStream.Limit.pieces).contains(count), count % 7 != 0 else { return }
  var hello = DTLSHello()
  for index in 0..<2 * count {
    let start = (first + index * 7) % count * size
    let part = body.extracting(start..<min(start + size, body.byteCount)).array
    let head = [1] + number(body.byteCount) + [0, 0] + number(start) + number(part.count)
    add(head + part, to: &hello)
    require(hello.isWhole == (index >= count - 1), "whole too early, or too late")
    require(!hello.isWhole || hello.body.equals(body), "not the same")
  }
}

private func add(_ bytes: [UInt8], to hello: inout DTLSHello) {
  guard let part = try? DTLSFragment(bytes.span.bytes) else { fail("not a part") }
  hello.add(part)
}

private func number(_ value: Int) -> [UInt8] {
  [UInt8(value >> 16), UInt8(value >> 8 & 0xff), UInt8(value & 0xff)]
}
