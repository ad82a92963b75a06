/// A command, as far as it changes what we follow (RFC 5321 §4.1.1, BDAT RFC 3030, STARTTLS RFC 3207,
/// AUTH RFC 4954).
enum SMTPCommand: ~Escapable {
  /// HELO, EHLO, and LHLO of LMTP (RFC 2033).
  case hello(domain: RawSpan)
  case mail(path: RawSpan)
  case recipient(path: RawSpan)
  case data
  case chunk(byteCount: Int, isLast: Bool)
  case reset, startTLS, authenticate, quit
  case other

  /// - Parameter line: without its end.
  @_lifetime(copy line)
  init(_ line: RawSpan) {
    if line.hasPrefixIgnoringCase("mail from:") {
      self = .mail(path: SMTPCommand.path(line.extracting(droppingFirst: 10)))
      return
    }
    if line.hasPrefixIgnoringCase("rcpt to:") {
      self = .recipient(path: SMTPCommand.path(line.extracting(droppingFirst: 8)))
      return
    }
    let end = line.firstOffset(where: { $0.isASCIISpaceOrTab }, from: 0) ?? line.byteCount
    let verb = line.extracting(first: end)
    let argument = line.extracting(droppingFirst: end).trimmingWhitespace
    if verb.equalsIgnoringCase("ehlo") || verb.equalsIgnoringCase("helo")
      || verb.equalsIgnoringCase("lhlo")
    {
      self = .hello(domain: argument)
    } else if verb.equalsIgnoringCase("data") {
      self = .data
    } else if verb.equalsIgnoringCase("rset") {
      self = .reset
    } else if verb.equalsIgnoringCase("starttls") {
      self = .startTLS
    } else if verb.equalsIgnoringCase("auth") {
      self = .authenticate
    } else if verb.equalsIgnoringCase("quit") {
      self = .quit
    } else if verb.equalsIgnoringCase("bdat"), let chunk = SMTPCommand.chunk(argument) {
      self = .chunk(byteCount: chunk.byteCount, isLast: chunk.isLast)
    } else {
      self = .other
    }
  }

  /// `<...>` and what stands before the parameters; without brackets up to the first space.
  @_lifetime(copy text)
  private static func path(_ text: RawSpan) -> RawSpan {
    let text = text.trimmingWhitespace
    if !text.isEmpty, text[0] == UInt8(ascii: "<") {
      var isQuoted = false
      var index = 1
      while index < text.byteCount {
        let byte = text[index]
        if byte == UInt8(ascii: "\\"), isQuoted {
          index += 1
        } else if byte == UInt8(ascii: "\"") {
          isQuoted.toggle()
        } else if byte == UInt8(ascii: ">"), !isQuoted {
          return text.extracting(first: index + 1)
        }
        index += 1
      }
    }
    let end = text.firstOffset(where: { $0.isASCIISpaceOrTab }, from: 0) ?? text.byteCount
    return text.extracting(first: end)
  }

  private static func chunk(_ argument: RawSpan) -> (byteCount: Int, isLast: Bool)? {
    var count = 0
    var index = 0
    while index < argument.byteCount, argument[index].isASCIIDigit {
      guard count < 1 << 48 else { return nil }
      count = count * 10 + Int(argument[index] & 0x0f)
      index += 1
    }
    guard index > 0 else { return nil }
    let rest = argument.extracting(droppingFirst: index).trimmingWhitespace
    return (count, rest.equalsIgnoringCase("last"))
  }
}

/// Tells SMTP by the first bytes of a side, whatever the port.
enum SMTPRecognizer {
  enum Answer {
    case no, needMore, client, server
    /// `220`, which servers of FTP say as well.
    case greeting
  }

  static func recognize(_ bytes: RawSpan) -> Answer {
    guard !bytes.isEmpty else { return .needMore }
    if bytes[0].isASCIIDigit { return recognizeGreeting(bytes) }
    // A verb is four letters; a longer beginning is that of a capture from the middle.
    if bytes.hasPrefixIgnoringCase("mail from:") || bytes.hasPrefixIgnoringCase("rcpt to:") {
      return .client
    }
    if bytes.isPrefixIgnoringCase(of: "mail from:") || bytes.isPrefixIgnoringCase(of: "rcpt to:") {
      return .needMore
    }
    let verb = bytes.extracting(first: min(bytes.byteCount, 4))
    let isVerb =
      verb.isPrefixIgnoringCase(of: "ehlo") || verb.isPrefixIgnoringCase(of: "helo")
      || verb.isPrefixIgnoringCase(of: "lhlo")
    guard isVerb else { return .no }
    guard bytes.byteCount > 4 else { return .needMore }
    let next = bytes[4]
    return next.isASCIISpaceOrTab || next == .carriageReturn || next == .lineFeed ? .client : .no
  }

  private static func recognizeGreeting(_ bytes: RawSpan) -> Answer {
    guard bytes.extracting(first: min(bytes.byteCount, 3)).isPrefix(of: "220") else { return .no }
    guard bytes.byteCount > 3 else { return .needMore }
    guard bytes[3] == .space || bytes[3] == UInt8(ascii: "-") else { return .no }
    let window = bytes.extracting(first: min(bytes.byteCount, 512))
    var index = 4
    while index + 4 <= window.byteCount, window[index] != .lineFeed {
      if window.extracting(droppingFirst: index).hasPrefixIgnoringCase("smtp") { return .server }
      index += 1
    }
    return .greeting
  }
}

extension RawSpan {
  /// Whether `lowercased` begins with these bytes; ASCII letters count without case.
  func isPrefixIgnoringCase(of lowercased: StaticString) -> Bool {
    guard byteCount <= lowercased.utf8CodeUnitCount else { return false }
    return lowercased.withUTF8Buffer { buffer in
      for index in byteOffsets where unsafe buffer[index] != self[index].lowercasedASCII {
        return false
      }
      return true
    }
  }
}
