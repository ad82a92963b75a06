/// Credentials that a request shows (RFC 9110 §11.6.2), and those in a URL (RFC 3986 §3.2.1).
extension Finder {
  /// `Basic` and the base64 of user and password (RFC 7617); a token of another scheme is opened,
  /// because a JSON Web Token says who somebody is.
  mutating func authorization(_ value: RawSpan, at start: Int, key: RawSpan) {
    let space = value.firstOffset(of: 0x20) ?? value.byteCount
    let token = value.extracting(droppingFirst: space).trimmingWhitespace
    guard token.byteCount > 0 else { return }
    let place = start &+ value.byteCount &- token.byteCount
    guard value.extracting(first: space).equalsIgnoringCase("basic") else {
      if value.extracting(first: space).equalsIgnoringCase("digest") {
        digest(token, at: place, key: key)
      } else if JSONWebToken.segments(of: token) != nil {
        visit(token, at: place, key: RawSpan(), depth: 1)
      }
      return
    }
    let outside = path.count
    appendToPath("basic")
    if var buffer = takeBuffer() {
      _ = Base64.decode(token, into: &buffer)
      basic(buffer.bytes, token, at: place, key: key)
      giveBack(buffer)
    }
    path.truncate(to: outside)
  }

  private mutating func basic(_ decoded: RawSpan, _ token: RawSpan, at start: Int, key: RawSpan) {
    guard let colon = decoded.firstOffset(of: 0x3A) else {
      // Without a colon it is none, or none that we understand.
      return note(Detection(.credentials, .high, as: .verbatim), token, at: start, key: key)
    }
    note(Detection(.credentials, .high, as: .verbatim), decoded, at: start, key: key)
    // The user's name may be a mail address, or a number.
    path.append(":user")
    let first = records.count
    leaf(decoded.extracting(first: colon), at: start, key: RawSpan())
    for index in first..<records.count { records[index].offset = start }
  }

  /// The user's name among the parameters of `Digest` (RFC 7616 §3.4); the password is not there.
  mutating func digest(_ parameters: RawSpan, at start: Int, key: RawSpan) {
    guard let range = Finder.userName(parameters) else { return }
    let name = parameters.extracting(range)
    guard name.byteCount >= 2, name.byteCount <= 128, !name.isNullLike else { return }
    let outside = path.count
    appendToPath("digest:user")
    note(
      Detection(.credentials, .medium, as: .verbatim), name, at: start &+ range.lowerBound, key: key
    )
    // It may be a mail address, or a number.
    leaf(name, at: start &+ range.lowerBound, key: RawSpan())
    path.truncate(to: outside)
  }

  /// Where the value of `username` is, without its quotes.
  private static func userName(_ parameters: RawSpan) -> Range<Int>? {
    var position = 0
    while position < parameters.byteCount {
      let first = parameters[position]
      guard first != 0x20, first != 0x2C, first != 0x09 else {
        position &+= 1
        continue
      }
      let isName = parameters.extracting(droppingFirst: position).hasPrefixIgnoringCase("username=")
      var index = position
      var isQuoted = false
      while index < parameters.byteCount, isQuoted || parameters[index] != 0x2C {
        if parameters[index] == 0x22 { isQuoted.toggle() }
        index &+= 1
      }
      if isName {
        var range = (position &+ 9)..<index
        if range.count >= 2, parameters[range.lowerBound] == 0x22, parameters[index &- 1] == 0x22 {
          range = (range.lowerBound &+ 1)..<(index &- 1)
        }
        return range
      }
      position = index
    }
    return nil
  }

  /// The user and password before a host.
  mutating func userInformation(_ authority: RawSpan, at start: Int) {
    guard let at = authority.firstOffset(of: 0x40), let colon = authority.firstOffset(of: 0x3A),
      colon > 0, colon &+ 1 < at
    else { return }
    note(
      Detection(.credentials, .medium, as: .verbatim), authority.extracting(first: at), at: start,
      key: RawSpan(), suffix: "userinfo")
  }
}
