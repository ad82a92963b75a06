import Foundation
import InspectCore
import InspectIO
import Testing

/// How much is found, measured: every kind in every encoding, as bytes and as packets of a capture
/// that was cut and reordered in several ways.
@Suite struct FindRecallTests {
  struct Missed: CustomStringConvertible {
    var sample: Sample
    var encoder: Encoder
    var way = ""
    var found = ""

    var description: String {
      "\(sample.kind) \(sample.fields.map { "\($0.key)=\($0.value)" }) in \(encoder)\(way): \(found)"
    }
  }

  /// Whether a message says what it should, and worth an alert.
  static func isFound(_ sample: Sample, _ found: [Found]) -> Bool {
    found.contains { found in
      found.kind == sample.kind && found.confidence >= .medium
        && (Sample.fold(found.value).contains(sample.expected)
          || Sample.fold(found.normalized).contains(sample.expected)
          || sample.kind == "location" || sample.expected.hasPrefix("0000"))
    }
  }

  @Test func everyKindIsFoundInEveryEncoding() {
    var finder = Finder()
    var decoder = BodyDecoder()
    var missed: [Missed] = []
    var tried = 0
    var tally = Tally()
    for sample in Sample.all {
      for encoder in Encoder.allCases {
        let bytes = encoder.encode(sample.fields)
        let inspected = finder.inspect(bytes, part: encoder.part, decoder: &decoder)
        tried += 1
        for found in inspected.found { #expect(found.offset < bytes.count) }
        let isFound = Self.isFound(sample, inspected.found)
        tally.count(sample.kind, isFound)
        tally.count("\(encoder)", isFound)
        if !isFound {
          let all = inspected.found.map(\.description).joined(separator: "; ")
          missed.append(Missed(sample: sample, encoder: encoder, found: all))
        }
      }
    }
    let recall = Double(tried - missed.count) / Double(tried)
    print("Found \(tried - missed.count) of \(tried) in bodies, URLs and cookies: \(tally)")
    #expect(Encoder.allCases.count >= 12)
    let families = Dictionary(grouping: missed) { "\($0.sample.kind) \($0.sample.fields)" }
    #expect(
      recall >= 0.99,
      "\(missed.count) of \(tried): \(families.mapValues { $0.map { "\($0.encoder): \($0.found)" } })"
    )
  }

  /// The kinds that a test must have: all but the watch list's own.
  @Test func everyKindHasSamples() {
    let kinds = Set(Sample.all.map(\.kind))
    for kind in IdentifierKind.allCases where kind != .text {
      #expect(kinds.contains("\(kind.name)"), "\(kind)")
    }
  }

  /// Each message as a request in packets: whole, cut into small segments, in the wrong order, and
  /// chunked.
  @Test func segmentationChangesNothing() throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("inspectd-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    var inspection = try CaptureOf.inspection(events: file.path)
    var cases: [(sample: Sample, encoder: Encoder, host: String)] = []
    for sample in Sample.oneOfEachKind {
      for encoder in Encoder.allCases where encoder.part == .httpRequestBody {
        let body = encoder.encode(sample.fields)
        for way in CaptureOf.Way.allCases {
          let host = "n\(cases.count).example"
          cases.append((sample, encoder, host))
          CaptureOf.send(body, to: host, number: cases.count, way, into: &inspection)
        }
      }
    }
    inspection.finish()
    var kinds: [String: Set<String>] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let inspect = event?["inspect"] as? [String: Any]
      guard let host = (inspect?["destination"] as? [String: Any])?["host"] as? String else {
        continue
      }
      let items = inspect?["personal_data"] as? [[String: Any]] ?? []
      kinds[host, default: []].formUnion(items.compactMap { $0["kind"] as? String })
    }
    let missed = cases.filter { !(kinds[$0.host]?.contains($0.sample.kind) ?? false) }
    let recall = Double(cases.count - missed.count) / Double(cases.count)
    let found = cases.count - missed.count
    print("Found \(found) of \(cases.count) in packets, segmented in four ways")
    let shown = missed.prefix(20).map { "\($0.sample.kind) \($0.encoder)" }
    #expect(recall >= 0.99, "\(missed.count) of \(cases.count): \(shown)")
  }
}

/// How many were found, by kind and by encoding.
struct Tally: CustomStringConvertible {
  private var counts: [String: (found: Int, all: Int)] = [:]

  mutating func count(_ name: String, _ isFound: Bool) {
    counts[name, default: (0, 0)].all += 1
    if isFound { counts[name, default: (0, 0)].found += 1 }
  }

  var description: String {
    counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.found)/\($0.value.all)" }
      .joined(separator: ", ")
  }
}

extension Finder {
  mutating func inspect(
    _ bytes: [UInt8], part: MessagePart, decoder: inout BodyDecoder
  ) -> Inspected {
    var sink = Findings()
    let facts = inspect(
      bytes.span.bytes, part: part, key: RawSpan(), decoder: &decoder, into: &sink)
    return Inspected(found: sink.list, facts: facts)
  }
}

/// Packets of a request, raw IPv4, as a capture has them.
enum CaptureOf {
  enum Way: CaseIterable { case whole, pieces, reversed, chunked }

  static func inspection(events path: String) throws -> Inspection {
    var options = InspectionOptions()
    options.events = [.alert]
    options.evePath = path
    return try Inspection(
      options, files: [], captured: nil, raisesAtOnce: true, logger: .init(label: "test"))
  }

  static func send(
    _ body: [UInt8], to host: String, number: Int, _ way: Way, into inspection: inout Inspection
  ) {
    let framing = way == .chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"
    let head = Array("POST /c HTTP/1.1\r\nHost: \(host)\r\n\(framing)\r\n\r\n".utf8)
    var content = body
    if way == .chunked {
      content = []
      for start in stride(from: 0, to: body.count, by: 23) {
        let piece = body[start..<min(start + 23, body.count)]
        content += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [0x0D, 0x0A]
      }
      content += Array("0\r\n\r\n".utf8)
    }
    let message = head + content
    let size = way == .whole || way == .chunked ? 1400 : way == .pieces ? 61 : 200
    var segments = stride(from: 0, to: message.count, by: size).map { start in
      (offset: start, bytes: Array(message[start..<min(start + size, message.count)]))
    }
    if way == .reversed { segments = [segments[0]] + segments.dropFirst().reversed() }
    let time = Timestamp(nanoseconds: Int64(number) * 1_000_000)
    func packet(_ sequence: UInt32, _ flags: UInt8, _ payload: [UInt8]) {
      let bytes = tcp(number: number, sequence: sequence, flags: flags, payload)
      let view = CapturedPacket(
        bytes: bytes.span.bytes, timestamp: time, originalByteCount: bytes.count, linkType: .raw)
      inspection.inspect(view, source: 0)
    }
    packet(999, 0x02, [])
    for segment in segments { packet(1000 &+ UInt32(segment.offset), 0x18, segment.bytes) }
    packet(1000 &+ UInt32(message.count), 0x04, [])
  }

  private static func tcp(
    number: Int, sequence: UInt32, flags: UInt8, _ payload: [UInt8]
  ) -> [UInt8] {
    let total = 40 + payload.count
    let port = UInt16(1024 + number % 60_000)
    let client = UInt8(2 + number / 60_000)
    var bytes: [UInt8] = [
      0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, 0, 0x40, 0, 64, 6, 0, 0,
    ]
    bytes += [10, 0, 0, client, 192, 0, 2, 1]
    bytes += [UInt8(port >> 8), UInt8(port & 255), 0, 80]
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: sequence >> (24 - 8 * $0)) }
    return bytes + [0, 0, 0, 0, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0] + payload
  }
}
