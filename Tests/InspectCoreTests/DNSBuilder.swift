import InspectCore

/// Writes DNS messages for tests.
struct DNSBuilder {
  var bytes: [UInt8]

  init(
    flags: UInt16, questions: UInt16 = 0, answers: UInt16 = 0, authorities: UInt16 = 0,
    additionals: UInt16 = 0
  ) {
    bytes = []
    for word in [0x1234, flags, questions, answers, authorities, additionals] { append(word) }
  }

  mutating func append(_ word: UInt16) { bytes += [UInt8(word >> 8), UInt8(word & 0xff)] }

  mutating func append(name: String) {
    for label in name.split(separator: ".") {
      bytes.append(UInt8(label.utf8.count))
      bytes += Array(label.utf8)
    }
    bytes.append(0)
  }

  /// Returns where the name starts.
  @discardableResult
  mutating func question(_ name: String, _ type: DNSType) -> UInt16 {
    let offset = UInt16(bytes.count)
    append(name: name)
    append(type.rawValue)
    append(1)
    return offset
  }

  /// A record whose owner is what `owner` writes.
  mutating func record(
    owner: (inout DNSBuilder) -> Void, _ type: DNSType, class recordClass: UInt16 = 1,
    ttl: UInt32 = 300, data: (inout DNSBuilder) -> Void
  ) {
    owner(&self)
    append(type.rawValue)
    append(recordClass)
    append(UInt16(ttl >> 16))
    append(UInt16(ttl & 0xffff))
    let length = bytes.count
    append(0)
    data(&self)
    let count = bytes.count - length - 2
    bytes[length] = UInt8(count >> 8)
    bytes[length + 1] = UInt8(count & 0xff)
  }

  mutating func record(
    pointer: UInt16, _ type: DNSType, ttl: UInt32 = 300, data: (inout DNSBuilder) -> Void
  ) {
    record(owner: { $0.append(0xc000 | pointer) }, type, ttl: ttl, data: data)
  }
}

/// All that can be read from a message, as text.
func describeDNS(_ bytes: RawSpan) -> [String] {
  guard let message = try? DNSMessage(bytes) else { return ["no message"] }
  var lines: [String] = []
  var questions = message.questions
  while let question = questions.next() {
    lines.append("? \(text(question.name)) \(text(question.type))")
  }
  append(message.answers, "=", to: &lines)
  append(message.authorities, "^", to: &lines)
  append(message.additionals, "+", to: &lines)
  if let damage = message.damage { lines.append("damage \(damage.section)") }
  return lines
}

private func append(_ records: DNSRecords, _ mark: String, to lines: inout [String]) {
  var records = records
  while let record = records.next() {
    var buffer = ByteBuffer(limit: 65536)
    record.data.append(to: &buffer)
    let start = "\(mark) \(text(record.name)) \(text(record.type)) \(record.timeToLive)"
    lines.append("\(start) \(text(buffer.bytes))")
  }
}

private func text(_ name: DNSName) -> String {
  var buffer = ByteBuffer(limit: DNSName.Limit.textByteCount)
  name.append(to: &buffer)
  return text(buffer.bytes)
}

private func text(_ type: DNSType) -> String {
  var buffer = ByteBuffer(limit: 16)
  type.append(to: &buffer)
  return text(buffer.bytes)
}

func text(_ bytes: RawSpan) -> String {
  String(decoding: bytes.byteOffsets.map { bytes[$0] }, as: UTF8.self)
}
