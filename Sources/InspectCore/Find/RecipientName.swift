/// The names that APIs give to whom a message goes.
enum RecipientName {
  private static let names: InlineArray<30, StaticString> = [
    "to", "cc", "bcc", "rcpt", "rcptto", "recipient", "recipients", "receiver", "sendto",
    "destination", "destinations", "dest", "addressee", "email", "emailaddress", "mail", "toemail",
    "phone", "phonenumber", "tophone", "mobile", "mobilenumber", "msisdn", "tel", "number",
    "tonumber", "toaddress", "contact", "destinationnumber", "recipientaddress",
  ]

  /// Whether `key`, without case, `_`, `-`, `.` and brackets, is one of them. Of a path (`data.to`)
  /// the last name counts.
  static func matches(_ key: RawSpan) -> Bool {
    var last = 0
    for index in key.byteOffsets where key[index] == 0x2E && index &+ 1 < key.byteCount {
      last = index &+ 1
    }
    var folded = InlineArray<20, UInt8>(repeating: 0)
    var count = 0
    for index in last..<key.byteCount {
      let byte = key[index].lowercasedASCII
      guard byte.isAlphanumeric else { continue }
      guard count < folded.count else { return false }
      folded[count] = byte
      count &+= 1
    }
    let name = unsafe folded.span.bytes.extracting(first: count)
    for index in names.indices
    where names[index].utf8CodeUnitCount == count && name.hasBytes(names[index]) {
      return true
    }
    return false
  }
}
