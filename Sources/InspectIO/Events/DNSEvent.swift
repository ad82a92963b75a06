import InspectCore

/// How DNS messages are written, one event a message: as Suricata does.
extension JSONWriter {
  /// EVE's DNS version 3.
  mutating func writeDNS(_ message: DNSMessage, as key: StaticString) {
    beginObject(key)
    field("version", 3)
    field("type", message.isResponse ? "response" as StaticString : "request")
    field("id", message.id)
    field("flags", String(message.flags, radix: 16))
    if message.isResponse { field("qr", true) }
    if message.isAuthoritativeAnswer { field("aa", true) }
    if message.isTruncated { field("tc", true) }
    if message.isRecursionDesired { field("rd", true) }
    if message.isRecursionAvailable { field("ra", true) }
    if message.flags & 0x0040 != 0 { field("z", true) }
    field("opcode", message.opcode.rawValue)
    field("rcode", message.responseCode.text)
    writeQuestions(message) { $0.text }
    write("answers", message.answers)
    write("authorities", message.authorities)
    write("additionals", message.additionals)
    endObject()
  }

  private mutating func writeQuestions(_ message: DNSMessage, _ name: (DNSType) -> String) {
    beginArray("queries")
    var questions = message.questions
    while let question = questions.next() {
      beginObject()
      field("rrname", question.name)
      field("rrtype", name(question.type))
      endObject()
    }
    endArray()
  }

  private mutating func write(_ key: StaticString, _ records: DNSRecords) {
    var records = records
    guard records.count > 0 else { return }
    beginArray(key)
    while let record = records.next() {
      // The pseudo record of EDNS says nothing of a name.
      if record.type == .opt { continue }
      guard case .text(var strings) = record.data else {
        write(record)
        continue
      }
      // Each character-string is an entry.
      while let string = strings.next() {
        beginRecord(record)
        field("rdata", string)
        endObject()
      }
    }
    endArray()
  }

  private mutating func beginRecord(_ record: DNSRecord) {
    beginObject()
    field("rrname", record.name)
    field("rrtype", record.type.text)
    field("ttl", record.timeToLive)
  }

  private mutating func write(_ record: DNSRecord) {
    beginRecord(record)
    switch record.data {
    case .name(let name), .mailExchange(_, let name):
      field("rdata", name)
    default:
      var text = ByteBuffer(limit: 1 << 17)
      record.data.append(to: &text)
      if !text.isEmpty { field("rdata", text.bytes) }
    }
    switch record.data {
    case .startOfAuthority(let authority): write("soa", authority)
    case .service(let priority, let weight, let port, let target):
      writeService("srv", priority, weight, port, target)
    default: break
    }
    endObject()
  }

  private mutating func write(_ key: StaticString, _ authority: DNSStartOfAuthority) {
    beginObject(key)
    field("mname", authority.primaryName)
    field("rname", authority.responsibleName)
    field("serial", authority.serial)
    field("refresh", authority.refresh)
    field("retry", authority.retry)
    field("expire", authority.expire)
    field("minimum", authority.minimum)
    endObject()
  }

  private mutating func writeService(
    _ key: StaticString, _ priority: UInt16, _ weight: UInt16, _ port: UInt16, _ target: DNSName
  ) {
    beginObject(key)
    field("priority", priority)
    field("weight", weight)
    field("port", port)
    field("name", target)
    endObject()
  }

  /// The labels as they were sent, with dots between them.
  private mutating func field(_ key: StaticString, _ name: DNSName) {
    var text = ByteBuffer(limit: DNSName.Limit.wireByteCount)
    var labels = name.labels
    while let label = labels.next() {
      if !text.isEmpty { text.append(UInt8(ascii: ".")) }
      text.append(label)
    }
    field(key, text.bytes)
  }

  // MARK: Multicast DNS

  /// EVE's form of multicast DNS: a record's data is under the name of its type.
  mutating func writeMulticastDNS(_ message: DNSMessage) {
    beginObject("mdns")
    field("type", message.isResponse ? "response" as StaticString : "request")
    field("id", message.id)
    let bits: [(UInt16, StaticString)] = [
      (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z"),
      (0x0020, "ad"), (0x0010, "cd"),
    ]
    if bits.contains(where: { message.flags & $0.0 != 0 }) {
      beginArray("flags")
      for (bit, name) in bits where message.flags & bit != 0 { element(name) }
      endArray()
    }
    field("opcode", message.opcode.rawValue)
    field("rcode", message.responseCode.rawValue)
    writeQuestions(message) { $0.text.lowercased() }
    writeAnnounced("answers", message.answers)
    writeAnnounced("authorities", message.authorities)
    writeAnnounced("additionals", message.additionals)
    endObject()
  }

  private mutating func writeAnnounced(_ key: StaticString, _ records: DNSRecords) {
    var records = records
    guard records.count > 0 else { return }
    beginArray(key)
    while let record = records.next() {
      if record.type == .opt { continue }
      beginObject()
      field("rrname", record.name)
      writeAnnounced(record)
      endObject()
    }
    endArray()
  }

  private mutating func writeAnnounced(_ record: DNSRecord) {
    switch record.data {
    case .text(var strings):
      beginArray("txt")
      while let string = strings.next() { element(string) }
      endArray()
    case .startOfAuthority(let authority):
      write("soa", authority)
    case .service(let priority, let weight, let port, let target):
      writeService("srv", priority, weight, port, target)
    default:
      var text = ByteBuffer(limit: 1 << 17)
      record.data.append(to: &text)
      field(named: record.type.text.lowercased(), text.bytes)
    }
  }
}

extension DNSType {
  /// The name, or the number of a type without a name.
  var text: String { name.map { "\($0)" } ?? String(rawValue) }
}

extension DNSResponseCode {
  var text: String { name.map { "\($0)" } ?? String(rawValue) }
}
