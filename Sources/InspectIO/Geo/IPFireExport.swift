import InspectCore

/// The IPFire Location export that the Tor project ships as `geoip` (IPv4) and `geoip6`.
///
/// Lines `first,last,CC` in ascending order: IPv4 addresses as decimal numbers, IPv6 ones as text,
/// `??` where no country is known. Lines that start with `#` are comments; one has the date.
struct IPFireExport {
  /// When the data was made, in seconds since 1970-01-01 UTC.
  let generated: UInt64
  let lineCount: Int

  /// Reads the text, appending its ranges to `steps`. `file` is for the messages.
  init(_ text: RawSpan, file: String, isIPv6: Bool, into steps: inout GeoSteps) throws(GeoError) {
    var generated: UInt64?
    var cursor = 0
    var line = 0
    while cursor < text.byteCount {
      line += 1
      var end = text.firstOffset(of: UInt8(ascii: "\n"), from: cursor) ?? text.byteCount
      let next = end + 1
      if end > cursor, text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
      let bytes = text.extracting(cursor..<end)
      cursor = next
      if bytes.byteCount == 0 { continue }
      if bytes[0] == UInt8(ascii: "#") {
        generated = generated ?? IPFireExport.date(comment: bytes)
        continue
      }
      guard let range = IPFireExport.range(bytes, isIPv6: isIPv6) else {
        throw .damaged(file: file, reason: "line \(line) is not \"first,last,country\"")
      }
      guard steps.append(from: range.first, through: range.last, range.value) else {
        throw .damaged(file: file, reason: "line \(line) is not behind the line before")
      }
    }
    guard let generated else {
      throw .damaged(file: file, reason: "no comment says when it was generated")
    }
    self.generated = generated
    lineCount = line
  }

  private static func range(
    _ line: RawSpan, isIPv6: Bool
  ) -> (first: IPAddress, last: IPAddress, value: GeoValue)? {
    let comma = UInt8(ascii: ",")
    guard let end = line.firstOffset(of: comma),
      let lastEnd = line.firstOffset(of: comma, from: end + 1),
      let first = address(line.extracting(0..<end), isIPv6),
      let last = address(line.extracting(end + 1..<lastEnd), isIPv6)
    else { return nil }
    let code = line.extracting(droppingFirst: lastEnd + 1)
    if code.equals("??") { return (first, last, GeoValue()) }
    // A1, A2 and the like are no countries, yet no damage either.
    guard code.byteCount == 2 else { return nil }
    return (first, last, GeoValue(country: CountryCode(code)))
  }

  private static func address(_ text: RawSpan, _ isIPv6: Bool) -> IPAddress? {
    if isIPv6 {
      guard let address = IPAddress(text: text), !address.isIPv4 else { return nil }
      return address
    }
    guard let number = number(text), let ipv4 = UInt32(exactly: number) else { return nil }
    return IPAddress(ipv4: ipv4)
  }

  private static func number(_ text: RawSpan) -> Int? {
    guard text.byteCount > 0, text.byteCount <= 10 else { return nil }
    var value = 0
    for index in 0..<text.byteCount {
      guard text[index].isASCIIDigit else { return nil }
      value = value * 10 + Int(text[index] & 0x0f)
    }
    return value
  }

  /// The moment of `# Generated: Thu, 25 Jun 2026 04:33:59 GMT` (RFC 9110 §5.6.7).
  static func date(comment: RawSpan) -> UInt64? {
    let name: StaticString = "# Generated:"
    guard comment.hasBytes(name) else { return nil }
    let text = comment.extracting(droppingFirst: name.utf8CodeUnitCount).trimmingWhitespace
    let months: [StaticString] = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    guard text.byteCount == 29, text.hasBytes(" GMT", at: 25),
      let month = months.firstIndex(where: { text.hasBytes($0, at: 8) }),
      let day = number(text.extracting(5..<7)), let year = number(text.extracting(12..<16)),
      let hour = number(text.extracting(17..<19)), let minute = number(text.extracting(20..<22)),
      let second = number(text.extracting(23..<25)),
      year >= 1970, 1...31 ~= day, hour < 24, minute < 60, second <= 60
    else { return nil }
    // Days of the civil calendar, years counted from March so that the leap day comes last.
    let shifted = month < 2 ? year - 1 : year
    let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    return UInt64(((days * 24 + hour) * 60 + minute) * 60 + second)
  }
}
