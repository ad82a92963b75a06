import Glibc
import InspectCore

/// One program holds all targets; `FUZZ_TARGET` says which libFuzzer feeds.
private let target: @Sendable (RawSpan) -> Void = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = targets[name] else {
    fail("FUZZ_TARGET: '\(name)' is none of \(targets.keys.sorted().joined(separator: " "))")
  }
  return target
}()

private let targets: [String: @Sendable (RawSpan) -> Void] = [
  "capture": fuzzCapture, "coap": fuzzCoAP, "dns": fuzzDNS, "dtls": fuzzDTLS,
  "finder": fuzzFinder, "fragments": fuzzFragments, "hpack": fuzzHPACK, "http": fuzzHTTP,
  "http2": fuzzHTTP2, "packet": fuzzPacket, "pipeline": fuzzPipeline, "quic": fuzzQUIC,
  "smtp": fuzzSMTP, "tcp": fuzzTCP, "tls": fuzzTLS,
]

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target(UnsafeRawBufferPointer(start: start, count: count).bytes)
  return 0
}

/// A property does not hold.
func require(_ condition: Bool, _ what: @autoclosure () -> String) {
  if !condition { fail(what()) }
}

func fail(_ what: String) -> Never {
  let line = "property: \(what)\n"
  _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  abort()
}

extension RawSpan {
  /// Takes a number off the front; 0 when there is none left.
  mutating func takeByte() -> Int {
    guard byteCount > 0 else { return 0 }
    let byte = withUnsafeBytes { Int($0[0]) }
    self = extracting(droppingFirst: 1)
    return byte
  }

  mutating func takeWord() -> Int { takeByte() << 8 | takeByte() }

  @_lifetime(copy self)
  mutating func take(_ count: Int) -> RawSpan {
    let taken = extracting(first: min(count, byteCount))
    self = extracting(droppingFirst: taken.byteCount)
    return taken
  }

  /// Gives each turn of a conversation: a byte of direction, two of length, the bytes. Where the three
  /// highest bits of the first byte are set, as many bytes as the next one says are lost instead.
  func forEachTurn(_ body: (_ bytes: RawSpan, _ direction: Direction, _ lost: Int) -> Void) {
    var rest = self
    while !rest.isEmpty {
      let control = rest.takeByte()
      let direction: Direction = control & 1 == 0 ? .toServer : .toClient
      if control & 0xe0 == 0xe0 {
        body(RawSpan(), direction, 1 + rest.takeByte())
      } else {
        body(rest.take(rest.takeWord()), direction, 0)
      }
    }
  }

  var array: [UInt8] { withUnsafeBytes { Array($0) } }

  /// Whether the bytes are a part of `whole`; no bytes are a part of anything.
  func isInside(_ whole: RawSpan) -> Bool {
    if isEmpty { return true }
    return withUnsafeBytes { part in
      whole.withUnsafeBytes { all in
        guard let start = all.baseAddress, let mine = part.baseAddress else { return false }
        return mine >= start && mine + part.count <= start + all.count
      }
    }
  }
}

/// FNV-1a of everything that a target was told, to compare one way with another.
struct Digest: Equatable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  mutating func add(_ number: Int) {
    for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
  }
  mutating func add(_ bytes: RawSpan) { bytes.withUnsafeBytes { for byte in $0 { add(byte) } } }
}
