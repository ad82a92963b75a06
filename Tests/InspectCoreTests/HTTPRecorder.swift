import Foundation
import InspectCore
import Testing

/// Writes down what it is told, one line each. Pieces of a body are joined, so that the lines do not
/// depend on the packets.
struct HTTPRecorder: HTTPHandler {
  var lines: [String] = []
  private var body: [UInt8] = []
  private var gapByteCount = 0
  private var bodyDirection = Direction.toServer

  mutating func request(_ head: HTTPRequestHead, at: Timestamp) {
    flush()
    var line = "request \(head.number) \(text(head.methodName)) \(text(head.target)) "
    line += "\(head.version.major).\(head.version.minor)"
    if !head.host.isEmpty { line += " host=\(text(head.host))" }
    if let port = head.port { line += " port=\(port)" }
    if let agent = head.userAgent { line += " agent=\(text(agent))" }
    if let type = head.mediaType { line += " type=\(text(type))" }
    if let referer = head.referer { line += " referer=\(text(referer))" }
    if head.contentCoding != .identity { line += " coding=\(head.contentCoding)" }
    if head.isTruncated { line += " truncated" }
    lines.append(line)
    list(head.fields)
  }

  mutating func response(_ head: HTTPResponseHead, at: Timestamp) {
    flush()
    var line = "response \(head.status) \(head.version.major).\(head.version.minor)"
    if !head.reason.isEmpty { line += " '\(text(head.reason))'" }
    line += head.requestNumber.map { " to \($0) \(head.requestMethod!)" } ?? " to unknown"
    if let type = head.mediaType { line += " type=\(text(type))" }
    if head.contentCoding != .identity { line += " coding=\(head.contentCoding)" }
    if head.isInterim { line += " interim" }
    if head.isTruncated { line += " truncated" }
    lines.append(line)
    list(head.fields)
  }

  /// Only fields that say something by themselves: the rest is in the lines above.
  private mutating func list(_ fields: HTTPFields) {
    var fields = fields.makeIterator()
    while let field = fields.next() {
      guard field.name.hasPrefixIgnoringCase("x-") || field.isFolded else { continue }
      var value = ByteBuffer(limit: 1 << 17)
      field.unfold(into: &value)
      lines.append("field \(text(field.name)) = \(text(value.bytes))")
    }
  }

  mutating func body(_ bytes: RawSpan, of direction: Direction) {
    if direction != bodyDirection || gapByteCount > 0 { flush() }
    bodyDirection = direction
    for index in bytes.byteOffsets { body.append(bytes[index]) }
  }

  mutating func bodyGap(_ byteCount: Int, of direction: Direction) {
    if direction != bodyDirection || !body.isEmpty { flush() }
    bodyDirection = direction
    gapByteCount += byteCount
  }

  mutating func end(_ direction: Direction, outcome: HTTPMessageEnd, at: Timestamp) {
    flush()
    lines.append("end \(sign(direction)) \(outcome)")
  }

  mutating func anomaly(_ anomaly: HTTPAnomaly, _ direction: Direction) {
    flush()
    lines.append("anomaly \(sign(direction)) \(anomaly)")
  }

  mutating func flush() {
    if !body.isEmpty { lines.append("body \(sign(bodyDirection)) \(text(body.span.bytes))") }
    if gapByteCount > 0 { lines.append("gap \(sign(bodyDirection)) \(gapByteCount)") }
    body = []
    gapByteCount = 0
  }

  func sign(_ direction: Direction) -> String { direction == .toServer ? ">" : "<" }

  /// Printable ASCII; all else escaped.
  func text(_ bytes: RawSpan) -> String {
    var text = ""
    for index in bytes.byteOffsets { text += HTTPScript.escaped(bytes[index]) }
    return text
  }
}

/// What happens on a connection, in order.
struct HTTPScript: Sendable, CustomTestStringConvertible {
  enum Step: Sendable {
    case bytes([UInt8], Direction)
    case gap(Int, Direction)
    case finish(Direction)
    case midStream(Direction)
  }

  var name = ""
  var steps: [Step] = []
  var expected: [String] = []

  var testDescription: String { name }

  /// The events when each run of bytes is cut into the lengths that `cut` gives.
  func events(
    limits: HTTPLimits = HTTPLimits(), cut: (_ remaining: Int) -> Int = { $0 }
  ) -> [String] {
    var conversation = HTTPConversation(limits: limits)
    return events(&conversation, cut: cut)
  }

  func events(
    _ conversation: inout HTTPConversation, cut: (_ remaining: Int) -> Int = { $0 }
  ) -> [String] {
    var recorder = HTTPRecorder()
    var rests: [Direction: (kind: String, bytes: [UInt8])] = [:]
    let now = Timestamp(nanoseconds: 0)
    for step in steps {
      switch step {
      case .bytes(let bytes, let direction):
        var start = 0
        while start < bytes.count {
          let count = max(1, min(cut(bytes.count - start), bytes.count - start))
          let part = bytes.span.bytes.extracting(start..<start + count)
          let verdict = conversation.consume(part, direction, at: now, handler: &recorder)
          start += count
          let (kind, offset): (String, Int)
          switch verdict {
          case .more: continue
          case .tunnel(let from): (kind, offset) = ("tunnel", from)
          case .notHTTP(let from): (kind, offset) = ("notHTTP", from)
          }
          if rests[direction] == nil {
            let held = conversation.heldBytes(direction)
            rests[direction] = (kind, held.byteOffsets.map { held[$0] })
          }
          for index in offset..<count { rests[direction]!.bytes.append(part[index]) }
        }
      case .gap(let count, let direction):
        conversation.gap(count, direction, at: now, handler: &recorder)
      case .finish(let direction):
        conversation.finish(direction, at: now, handler: &recorder)
      case .midStream(let direction): conversation.startMidStream(direction)
      }
    }
    recorder.flush()
    for direction in [Direction.toServer, .toClient] {
      guard let rest = rests[direction] else { continue }
      let text = rest.bytes.map(HTTPScript.escaped).joined()
      recorder.lines.append("\(rest.kind) \(recorder.sign(direction)) \(text)")
    }
    return recorder.lines
  }
}

// MARK: The text form

extension HTTPScript {
  /// `# why`, then lines of `>` and `<` (bytes; a line after a line is their continuation),
  /// `gap > N`, `fin >`, `mid >`, and `= event`.
  static func all(in name: String) throws -> [HTTPScript] {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Vectors/\(name).txt")
    var scripts: [HTTPScript] = []
    for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("# ") {
        if scripts.last?.expected.isEmpty ?? true { scripts.append(HTTPScript()) }
        if !scripts[scripts.count - 1].steps.isEmpty { scripts.append(HTTPScript()) }
        scripts[scripts.count - 1].name += line.dropFirst(2)
      } else {
        scripts[scripts.count - 1].read(line)
      }
    }
    return scripts
  }

  private mutating func read(_ line: Substring) {
    let words = line.split(separator: " ")
    let direction = { (sign: Substring) in sign == ">" ? Direction.toServer : .toClient }
    switch words[0] {
    case "=": expected.append(String(line.dropFirst(2)))
    case ">", "<":
      let bytes = HTTPScript.unescaped(line.dropFirst(2))
      if case .bytes(let before, direction(words[0])) = steps.last {
        steps[steps.count - 1] = .bytes(before + bytes, direction(words[0]))
      } else {
        steps.append(.bytes(bytes, direction(words[0])))
      }
    case "gap": steps.append(.gap(Int(words[2])!, direction(words[1])))
    case "fin": steps.append(.finish(direction(words[1])))
    case "mid": steps.append(.midStream(direction(words[1])))
    default: fatalError("not a line of a vector: \(line)")
    }
  }

  static func escaped(_ byte: UInt8) -> String {
    switch byte {
    case 0x0d: "\\r"
    case 0x0a: "\\n"
    case 0x09: "\\t"
    case UInt8(ascii: "\\"): "\\\\"
    case 0x20..<0x7f: String(UnicodeScalar(byte))
    default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }

  static func unescaped(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
        bytes.append(byte)
        continue
      }
      switch escape {
      case UInt8(ascii: "r"): bytes.append(0x0d)
      case UInt8(ascii: "n"): bytes.append(0x0a)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "x"):
        bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)!)
        rest = rest.dropFirst(2)
      default: bytes.append(escape)
      }
    }
    return bytes
  }
}

/// SplitMix64 (Steele et al. 2014): the same numbers each time.
struct HTTPRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
