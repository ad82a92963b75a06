/// What a client says to log in, in protocols of lines of text that are not followed: FTP (RFC 959
/// §4.1.1), POP3 (RFC 1939 §7), IMAP (RFC 9051 §6.2.3).
///
///     USER anna        a1 LOGIN anna "secret"
///     PASS secret
enum LoginLine {
  private static let longestPassword = 128

  static func begins(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 7, bytes[bytes.byteCount &- 1] == 0x0A else { return false }
    if bytes.hasPrefixIgnoringCase("pass ") || bytes.hasPrefixIgnoringCase("user ") { return true }
    return login(bytes) != nil
  }

  /// Where the user and the password are in IMAP's command, behind its tag.
  static func login(_ line: RawSpan) -> Range<Int>? {
    guard let space = line.firstOffset(of: 0x20), space > 0, space <= 16,
      line.extracting(droppingFirst: space &+ 1).hasPrefixIgnoringCase("login ")
    else { return nil }
    return (space &+ 7)..<line.byteCount
  }

  /// Whether a password lets in somebody: of anonymous users it is a courtesy.
  static func isSecret(_ password: RawSpan) -> Bool {
    password.byteCount >= 2 && password.byteCount <= longestPassword && !password.isNullLike
      && !MailAddress.isValid(password) && password[password.byteCount &- 1] != 0x40
      && !password.equalsIgnoringCase("anonymous") && !password.equalsIgnoringCase("guest")
  }
}

extension Finder {
  /// Looks at the lines of a client that logs in, then at all of it as text.
  mutating func walkLogin(_ bytes: RawSpan, at start: Int) {
    let outside = path.count
    appendToPath("login")
    var position = 0
    while position < bytes.byteCount, countNode() {
      let end = bytes.firstOffset(of: 0x0A, from: position) ?? bytes.byteCount
      let line = bytes.extracting(position..<end).withoutCarriageReturn
      if line.hasPrefixIgnoringCase("pass ") {
        noteLogin(line.extracting(droppingFirst: 5), at: start &+ position &+ 5)
      } else if let login = LoginLine.login(line) {
        let pair = line.extracting(login)
        if let space = pair.firstOffset(of: 0x20) {
          noteLogin(
            pair.extracting(droppingFirst: space &+ 1),
            at: start &+ position &+ login.lowerBound &+ space &+ 1)
        }
      }
      position = end &+ 1
    }
    path.truncate(to: outside)
    visit(bytes, at: start, key: RawSpan(), depth: 0)
  }

  private mutating func noteLogin(_ password: RawSpan, at start: Int) {
    guard LoginLine.isSecret(password) else { return }
    note(Detection(.credentials, .high, as: .verbatim), password, at: start, key: RawSpan())
  }
}

extension RawSpan {
  fileprivate var withoutCarriageReturn: RawSpan {
    @_lifetime(copy self) get {
      byteCount > 0 && self[byteCount &- 1] == 0x0D ? extracting(first: byteCount &- 1) : self
    }
  }
}
