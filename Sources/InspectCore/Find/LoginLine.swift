/// What a client says to log in, in protocols of lines of text: FTP (RFC 959 §4.1.1), POP3
/// (RFC 1939 §7), IMAP (RFC 9051 §6.2.3), and the commands that begin a SASL exchange (RFC 4422) in
/// SMTP (RFC 4954 §4), POP3 (RFC 5034 §4), IMAP (RFC 9051 §6.2.2), ManageSieve (RFC 5804 §2.1) and
/// IRC.
///
///     USER anna        a1 LOGIN anna "secret"        AUTH PLAIN AGFubmEAc2VjcmV0
///     PASS secret                                    a1 AUTHENTICATE PLAIN
enum LoginLine {
  private static let longestPassword = 128
  private static let longestTag = 16

  /// Whether a message of an unknown protocol is a log-in.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 7, bytes[bytes.byteCount &- 1] == 0x0A else { return false }
    if bytes.hasPrefixIgnoringCase("pass ") || bytes.hasPrefixIgnoringCase("user ") { return true }
    let end = bytes.firstOffset(of: 0x0A) ?? bytes.byteCount
    let line = bytes.extracting(first: end).withoutCarriageReturn
    return login(line) != nil || authentication(line) != nil
  }

  /// Where the password is in IMAP's command, behind its tag and the user.
  static func login(_ line: RawSpan) -> Range<Int>? {
    let tag = word(in: line, from: 0)
    let command = word(in: line, from: tag.upperBound)
    guard tag.count <= longestTag, line.extracting(command).equalsIgnoringCase("login") else {
      return nil
    }
    let user = argument(in: line, from: command.upperBound)
    let password = argument(in: line, from: user.end)
    return password.text.isEmpty ? nil : password.text
  }

  /// What follows the command of a SASL exchange, and where its initial response is, if it has one.
  static func authentication(
    _ line: RawSpan
  ) -> (awaited: SASLResponse, response: Range<Int>)? {
    var command = word(in: line, from: 0)
    if !line.extracting(command).equalsIgnoringCase("auth"),
      !line.extracting(command).equalsIgnoringCase("authenticate")
    {
      guard command.count <= longestTag else { return nil }
      command = word(in: line, from: command.upperBound)
      guard line.extracting(command).equalsIgnoringCase("authenticate") else { return nil }
    }
    let mechanism = argument(in: line, from: command.upperBound)
    guard let awaited = SASLResponse(mechanism: line.extracting(mechanism.text)) else { return nil }
    return (awaited, argument(in: line, from: mechanism.end).text)
  }

  /// Where the next word is: up to a space.
  private static func word(in line: RawSpan, from start: Int) -> Range<Int> {
    var first = start
    while first < line.byteCount, line[first] == 0x20 { first &+= 1 }
    return first..<(line.firstOffset(of: 0x20, from: first) ?? line.byteCount)
  }

  /// Where the next word or quoted string is, without its quotes, and where it ends with them.
  private static func argument(
    in line: RawSpan, from start: Int
  ) -> (text: Range<Int>, end: Int) {
    let word = word(in: line, from: start)
    guard word.count > 0, line[word.lowerBound] == 0x22 else { return (word, word.upperBound) }
    var index = word.lowerBound &+ 1
    while index < line.byteCount, line[index] != 0x22 {
      index &+= line[index] == 0x5C ? 2 : 1
    }
    let end = min(index, line.byteCount)
    return ((word.lowerBound &+ 1)..<end, min(end &+ 1, line.byteCount))
  }

  /// Whether a password lets in somebody: of anonymous users it is a courtesy.
  static func isSecret(_ password: RawSpan) -> Bool {
    password.byteCount >= 2 && password.byteCount <= longestPassword && !password.isNullLike
      && !MailAddress.isValid(password) && password[password.byteCount &- 1] != 0x40
      && !password.equalsIgnoringCase("anonymous") && !password.equalsIgnoringCase("guest")
  }
}

/// What the client's next line is in a SASL exchange (RFC 4422), in base64.
enum SASLResponse: UInt8, Sendable {
  /// No exchange is going on.
  case none
  /// PLAIN (RFC 4616): user to act as, user, password, with NUL between.
  case plain
  /// LOGIN: the user's name, then the password.
  case userName, password
  /// XOAUTH2, OAUTHBEARER (RFC 7628): a user and a token.
  case bearer
  /// CRAM-MD5 (RFC 2195), DIGEST-MD5 (RFC 2831): the user, and a proof that is no password.
  case proof

  /// The first response of a mechanism; nil for those that hide all, and those that say nothing.
  init?(mechanism: RawSpan) {
    if mechanism.equalsIgnoringCase("plain") {
      self = .plain
    } else if mechanism.equalsIgnoringCase("login") {
      self = .userName
    } else if mechanism.equalsIgnoringCase("xoauth2")
      || mechanism.equalsIgnoringCase("oauthbearer")
    {
      self = .bearer
    } else if mechanism.equalsIgnoringCase("cram-md5")
      || mechanism.equalsIgnoringCase("digest-md5")
    {
      self = .proof
    } else {
      return nil
    }
  }

  /// What follows it.
  var next: SASLResponse { self == .userName ? .password : .none }
}

extension Finder {
  /// Looks at the lines of a client that logs in, the first of them the response that `awaited` says;
  /// then at all of it as text.
  mutating func walkLogin(_ bytes: RawSpan, at start: Int, awaited: SASLResponse) {
    facts.awaited = awaited
    let outside = path.count
    appendToPath("login")
    var position = 0
    while position < bytes.byteCount, countNode() {
      let end = bytes.firstOffset(of: 0x0A, from: position) ?? bytes.byteCount
      loginLine(bytes.extracting(position..<end).withoutCarriageReturn, at: start &+ position)
      position = end &+ 1
    }
    path.truncate(to: outside)
    // Responses were opened; as text they would be opened again.
    if awaited == .none { visit(bytes, at: start, key: RawSpan(), depth: 0) }
  }

  private mutating func loginLine(_ line: RawSpan, at start: Int) {
    if facts.awaited != .none {
      // IRC says the command again before each response.
      let prefix: StaticString = "authenticate "
      let skipped = line.hasPrefixIgnoringCase(prefix) ? prefix.utf8CodeUnitCount : 0
      let awaited = facts.awaited
      facts.awaited = awaited.next
      response(line.extracting(droppingFirst: skipped), awaited, at: start &+ skipped)
    } else if line.hasPrefixIgnoringCase("pass ") {
      noteLogin(line.extracting(droppingFirst: 5), at: start &+ 5)
    } else if let password = LoginLine.login(line) {
      noteLogin(line.extracting(password), at: start &+ password.lowerBound)
    } else if let command = LoginLine.authentication(line) {
      facts.awaited = command.awaited
      guard command.response.count > 1 else { return }
      facts.awaited = command.awaited.next
      response(
        line.extracting(command.response), command.awaited,
        at: start &+ command.response.lowerBound)
    }
  }

  private mutating func noteLogin(_ password: RawSpan, at start: Int) {
    guard LoginLine.isSecret(password) else { return }
    note(Detection(.credentials, .high, as: .verbatim), password, at: start, key: RawSpan())
  }

  /// Opens a response of a SASL exchange. `*` gives up, and what is no base64 is no response.
  private mutating func response(_ encoded: RawSpan, _ awaited: SASLResponse, at start: Int) {
    guard let decoded = takeBuffer() else { return }
    var buffer = decoded
    if Base64.decode(encoded, into: &buffer) == encoded.byteCount {
      let outside = (path: path.count, records: records.count, pending: pending.count)
      appendToPath("base64")
      response(buffer.bytes, awaited)
      path.truncate(to: outside.path)
      trace(Base64.self, from: outside.records, outside.pending, in: encoded, at: start)
    } else {
      facts.awaited = .none
    }
    giveBack(buffer)
  }

  private mutating func response(_ bytes: RawSpan, _ awaited: SASLResponse) {
    switch awaited {
    case .none: return
    case .plain:
      guard let first = bytes.firstOffset(of: 0),
        let second = bytes.firstOffset(of: 0, from: first &+ 1)
      else { return }
      if first > 0 { user(bytes.extracting(first: first), at: 0) }
      user(bytes.extracting((first &+ 1)..<second), at: first &+ 1)
      secret(bytes.extracting(droppingFirst: second &+ 1), at: second &+ 1)
    case .userName: user(bytes, at: 0)
    case .password: secret(bytes, at: 0)
    case .bearer: bearer(bytes)
    case .proof: proof(bytes)
    }
  }

  /// A user's name may be a mail address, or a number.
  private mutating func user(_ name: RawSpan, at start: Int) {
    guard name.byteCount > 0, ByteScan.isPrintable(name) else { return }
    leaf(name, at: start, key: RawSpan())
  }

  private mutating func secret(_ password: RawSpan, at start: Int) {
    guard !password.beginsBinary else { return }
    noteLogin(password, at: start)
  }

  /// `user=anna^Aauth=Bearer TOKEN^A^A`, and `n,a=anna,^Ahost=...^Aauth=Bearer TOKEN^A^A`.
  private mutating func bearer(_ bytes: RawSpan) {
    var position = 0
    while position < bytes.byteCount {
      let end = bytes.firstOffset(of: 1, from: position) ?? bytes.byteCount
      let pair = bytes.extracting(position..<end)
      if pair.hasPrefixIgnoringCase("auth=bearer ") {
        noteToken(pair.extracting(droppingFirst: 12), at: position &+ 12)
      } else if pair.hasPrefixIgnoringCase("user=") {
        user(pair.extracting(droppingFirst: 5), at: position &+ 5)
      } else if let equals = pair.firstOffset(of: 0x3D), position == 0 {
        let comma = pair.firstOffset(of: 0x2C, from: equals) ?? pair.byteCount
        user(pair.extracting((equals &+ 1)..<comma), at: equals &+ 1)
      }
      position = end &+ 1
    }
  }

  private mutating func noteToken(_ token: RawSpan, at start: Int) {
    guard token.byteCount >= 8, ByteScan.isPrintable(token) else { return }
    note(Detection(.credentials, .high, as: .verbatim), token, at: start, key: RawSpan())
  }

  private mutating func proof(_ bytes: RawSpan) {
    guard ByteScan.isPrintable(bytes) else { return }
    if bytes.firstOffset(of: 0x3D) != nil {
      return digest(bytes, at: 0, key: RawSpan())
    }
    // The digest has no spaces, the user may.
    var space = bytes.byteCount
    while space > 0, bytes[space &- 1] != 0x20 { space &-= 1 }
    guard space > 1 else { return }
    let name = bytes.extracting(first: space &- 1)
    let detection = Detection(.credentials, .medium, as: .verbatim)
    note(detection, name, at: 0, key: RawSpan(), suffix: "user")
    user(name, at: 0)
  }
}

extension RawSpan {
  fileprivate var withoutCarriageReturn: RawSpan {
    @_lifetime(copy self) get {
      byteCount > 0 && self[byteCount &- 1] == 0x0D ? extracting(first: byteCount &- 1) : self
    }
  }
}
