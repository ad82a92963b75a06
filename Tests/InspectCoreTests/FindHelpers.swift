import Foundation
import InspectCore
import Testing

/// A finding that outlives its message.
struct Found: Equatable, CustomStringConvertible {
  var kind: String
  var confidence: Confidence
  var offset: Int
  var path: String
  var key: String
  var value: String
  var normalized: String
  var precision: UInt32

  var description: String {
    let head = "\(kind) \(confidence) \(offset)"
    return path.isEmpty ? head : "\(head) \(path)"
  }
}

struct Findings: FindingSink, ~Copyable {
  var list: [Found] = []

  mutating func found(_ finding: borrowing Finding) {
    list.append(
      Found(
        kind: "\(finding.kind.name)", confidence: finding.confidence, offset: finding.offset,
        path: text(finding.path), key: text(finding.key), value: text(finding.value),
        normalized: text(finding.normalized), precision: finding.precision))
  }

  private func text(_ bytes: RawSpan) -> String {
    String(decoding: bytes.byteOffsets.map { bytes[$0] }, as: UTF8.self)
  }
}

struct Inspected {
  var found: [Found]
  var facts: MessageFacts
}

extension Finder {
  mutating func inspect(
    _ bytes: [UInt8], part: MessagePart = .httpRequestBody, key: String = ""
  ) -> Inspected {
    var sink = Findings()
    let name = Array(key.utf8)
    let facts = inspect(bytes.span.bytes, part: part, key: name.span.bytes, into: &sink)
    return Inspected(found: sink.list, facts: facts)
  }
}

func inspect(
  _ text: String, part: MessagePart = .httpRequestBody, key: String = "",
  limits: FinderLimits = FinderLimits()
) -> Inspected {
  inspect(Array(text.utf8), part: part, key: key, limits: limits)
}

func inspect(
  _ bytes: [UInt8], part: MessagePart = .httpRequestBody, key: String = "",
  limits: FinderLimits = FinderLimits()
) -> Inspected {
  var finder = Finder(limits: limits)
  return finder.inspect(bytes, part: part, key: key)
}

/// Base64 as Android's `Base64.DEFAULT` writes it: a line end after every 76 symbols and the last.
func androidBase64(_ text: String) -> [UInt8] {
  let symbols = Array(Data(text.utf8).base64EncodedString().utf8)
  var lines: [UInt8] = []
  for start in stride(from: 0, to: symbols.count, by: 76) {
    lines += symbols[start..<min(start + 76, symbols.count)] + [0x0A]
  }
  return lines
}

/// The fixture of the origin case, synthetic.
enum Nokia {
  static let json = """
    {"REGVER":"1.0","MEID":"490154203237518","MODEL":"TA-1046","SWVER":"00WW_3_39B",\
    "OSVER":"Android 9","UETYPE":"1","MACID":"00:00:5E:00:53:01","ROM":"64G","RAM":"4G",\
    "IMEI1":"490154203237518","SIM1ICCID":"89014103211118510720",\
    "SIM1LTEIMSI":"001010123456789","SIM1CELLID":"26385429","SIM1TYPE":"1","DATASIM":"1",\
    "SIM1VoLTESW":"1","ACCESSTYPE":"2","REGDATE":"2026-03-01 08:00:01"}
    """
  static let body = androidBase64(json)
}

/// xorshift64*: the same mutations on every run.
struct Randomness {
  private var state: UInt64

  init(seed: UInt64) { state = seed | 1 }

  mutating func next(below bound: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
  }
}
