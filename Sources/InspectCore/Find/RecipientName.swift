/// The names that APIs give to whom a message goes.
enum RecipientName {
  private static let names: InlineArray<49, StaticString> = [
    "to", "cc", "bcc", "rcpt", "rcptto", "recipient", "recipients", "receiver", "sendto",
    "destination", "destinations", "dest", "addressee", "email", "emailaddress", "mail", "toemail",
    "phone", "phonenumber", "tophone", "mobile", "mobilenumber", "msisdn", "tel", "number",
    "tonumber", "toaddress", "contact", "destinationnumber", "recipientaddress",
    "toaddresses", "ccaddresses", "bccaddresses", "torecipients", "ccrecipients", "bccrecipients",
    "toemails", "tonumbers", "destinationaddress", "destinationaddresses",
    "destinationphonenumber", "emails", "emailaddresses", "phones", "phonenumbers", "mobiles",
    "msisdns", "numbers", "receivers",
  ]
  private static let senders: InlineArray<8, StaticString> = [
    "from", "sender", "replyto", "source", "returnpath", "author", "fromemail", "fromaddress",
  ]
  private static let longest = 24

  /// What a name says of the value under it.
  private enum Role { case recipient, sender, address, none }

  /// Whether `key`, without case, `_`, `-`, `.` and brackets, is one of them. Of a path (`data.to`)
  /// the last name counts, without a number behind it (`to.1`, `ToAddresses.member.1`).
  static func matches(_ key: RawSpan) -> Bool { role(key) == .recipient }

  /// The same of a value at `path`, where a name outside may say that it is the sender's
  /// (`from.email`), or that a mere address is a recipient's (`toRecipients[0].emailAddress.address`).
  static func matches(_ key: RawSpan, at path: RawSpan) -> Bool {
    let own = role(key)
    guard own == .recipient || own == .address else { return false }
    var nearest = own
    var start = 0
    for index in 0...path.byteCount {
      let isEnd = index == path.byteCount || isStructure(path[index])
      guard isEnd else { continue }
      let said = role(path.extracting(start..<index))
      if said == .sender { nearest = .sender }
      if said == .recipient, nearest != .sender || isDirect(path.extracting(start..<index)) {
        nearest = .recipient
      }
      start = index &+ 1
    }
    return nearest == .recipient
  }

  /// Between names of a path.
  private static func isStructure(_ byte: UInt8) -> Bool {
    byte == 0x2E || byte == 0x3A || byte == 0x5B || byte == 0x5D || byte == 0x20 || byte == 0x40
  }

  /// Whether a name says of itself that a message goes there; an `email` may be anybody's.
  private static func isDirect(_ name: RawSpan) -> Bool {
    name.equalsIgnoringCase("to") || name.equalsIgnoringCase("cc")
      || name.equalsIgnoringCase("bcc") || name.equalsIgnoringCase("recipient")
      || name.equalsIgnoringCase("recipients") || name.equalsIgnoringCase("toRecipients")
  }

  private static func role(_ key: RawSpan) -> Role {
    var end = key.byteCount
    while true {
      var start = end
      while start > 0, key[start &- 1] != 0x2E { start &-= 1 }
      let name = key.extracting(start..<end)
      // A point at the end belongs to the name.
      let isSkipped = isNumber(name) || name.equalsIgnoringCase("member") || name.isEmpty
      guard isSkipped, start > 0 else { return roleOf(name) }
      end = start &- 1
    }
  }

  private static func isNumber(_ name: RawSpan) -> Bool {
    for index in name.byteOffsets where !name[index].isASCIIDigit { return false }
    return !name.isEmpty
  }

  private static func roleOf(_ name: RawSpan) -> Role {
    var folded = InlineArray<24, UInt8>(repeating: 0)
    var count = 0
    for index in name.byteOffsets {
      let byte = name[index].lowercasedASCII
      guard byte.isAlphanumeric else { continue }
      guard count < longest else { return .none }
      folded[count] = byte
      count &+= 1
    }
    let name = unsafe folded.span.bytes.extracting(first: count)
    for index in names.indices
    where names[index].utf8CodeUnitCount == count && name.hasBytes(names[index]) {
      return .recipient
    }
    for index in senders.indices
    where senders[index].utf8CodeUnitCount == count && name.hasBytes(senders[index]) {
      return .sender
    }
    return count == 7 && name.hasBytes("address") ? .address : .none
  }
}
