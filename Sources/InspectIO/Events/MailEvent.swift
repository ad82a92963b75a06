import InspectCore

/// How mail transactions are written: as Suricata does, with `email` beside `smtp`.
extension JSONWriter {
  mutating func writeSMTP(_ transaction: borrowing SMTPTransaction) {
    beginObject("smtp")
    if !transaction.helo.isEmpty { field("helo", transaction.helo) }
    if transaction.hasMail { field("mail_from", transaction.mailFrom) }
    if transaction.recipientCount > 0 {
      beginArray("rcpt_to")
      for index in 0..<transaction.recipientCount { element(transaction.recipient(index)) }
      endArray()
    }
    endObject()
    writeEmail(transaction.fields)
  }

  private mutating func writeEmail(_ fields: HTTPFields) {
    var iterator = fields.makeIterator()
    guard iterator.next() != nil else { return }
    beginObject("email")
    writeOne("from", fields)
    writeList("to", fields)
    writeList("cc", fields)
    writeOne("subject", fields)
    writeOne("date", fields)
    writeOne("message-id", fields, as: "message_id")
    endObject()
  }

  private mutating func writeOne(
    _ name: StaticString, _ fields: HTTPFields, as key: StaticString? = nil
  ) {
    guard let value = fields.first(name) else { return }
    var text = ByteBuffer(limit: 16_384)
    value.unfold(into: &text)
    field(key ?? name, text.bytes)
  }

  /// Addresses are parted at commas, as Suricata parts them.
  private mutating func writeList(_ name: StaticString, _ fields: HTTPFields) {
    guard let value = fields.first(name) else { return }
    var text = ByteBuffer(limit: 65_536)
    value.unfold(into: &text)
    beginArray(name)
    var rest = text.bytes
    while !rest.isEmpty {
      let end = rest.firstOffset(of: UInt8(ascii: ",")) ?? rest.byteCount
      let address = rest.extracting(first: end).trimmingWhitespace
      if !address.isEmpty { element(address) }
      rest = rest.extracting(droppingFirst: min(end + 1, rest.byteCount))
    }
    endArray()
  }
}
