/// A Domain Name System message (RFC 1035 §4.1; multicast DNS RFC 6762 §18; LLMNR RFC 4795 §2.1).
///
///      0               1               2               3
///     +-------------------------------+-------------------------------+
///     |              ID               |QR|Opcode|AA|TC|RD|RA|Z|AD|CD|RCODE|
///     +-------------------------------+-------------------------------+
///     |            QDCOUNT            |            ANCOUNT            |
///     +-------------------------------+-------------------------------+
///     |            NSCOUNT            |            ARCOUNT            |
///     +-------------------------------+-------------------------------+
///     | questions, answers, authorities, additionals ...
///
/// `init` walks over all records once. Where one is damaged, the records before it are kept and
/// `damage` says where and why.
public struct DNSMessage: ~Escapable {
  private enum Offset {
    static let id = 0, flags = 2, questionCount = 4, answerCount = 6
    static let authorityCount = 8, additionalCount = 10
  }
  public static let headerByteCount = 12

  public enum Section: UInt8, Sendable {
    case question, answer, authority, additional
  }

  public struct Damage: Equatable, Sendable {
    public let section: Section
    public let error: WireError
  }

  /// Where a section starts, and how many whole records it has.
  private struct Extent {
    var start = 0
    var count = 0
  }

  public let bytes: RawSpan
  private var questionExtent = Extent()
  private var answerExtent = Extent()
  private var authorityExtent = Extent()
  private var additionalExtent = Extent()
  private var optionsOffset: Int?
  /// The first record that could not be read; nothing behind it was.
  public private(set) var damage: Damage?
  /// Behind the last record that could be read.
  public private(set) var endOffset: Int

  /// Throws when even the header is not there.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(DNSMessage.headerByteCount, for: .dns)
    self.bytes = bytes
    endOffset = DNSMessage.headerByteCount
    var cursor = DNSMessage.headerByteCount
    questionExtent = walkQuestions(&cursor)
    answerExtent = walkRecords(.answer, Offset.answerCount, &cursor)
    authorityExtent = walkRecords(.authority, Offset.authorityCount, &cursor)
    additionalExtent = walkRecords(.additional, Offset.additionalCount, &cursor)
    endOffset = cursor
  }

  private mutating func walkQuestions(_ cursor: inout Int) -> Extent {
    var extent = Extent(start: cursor)
    do throws(WireError) {
      while extent.count < declaredCount(.question) {
        cursor = try DNSQuestion(bytes, at: cursor).endOffset
        extent.count += 1
      }
    } catch {
      damage = Damage(section: .question, error: error)
    }
    return extent
  }

  private mutating func walkRecords(
    _ section: Section, _ countOffset: Int, _ cursor: inout Int
  ) -> Extent {
    var extent = Extent(start: cursor)
    guard damage == nil else { return extent }
    let declared = Int(bytes.load(countOffset, as: UInt16.self))
    do throws(WireError) {
      while extent.count < declared {
        let record = try DNSRecord(bytes, at: cursor)
        if section == .additional, record.type == .opt, optionsOffset == nil {
          optionsOffset = cursor
        }
        cursor = record.endOffset
        extent.count += 1
      }
    } catch {
      damage = Damage(section: section, error: error)
    }
    return extent
  }

  public var id: UInt16 { bytes.load(Offset.id) }
  /// The second word of the header, as it is.
  public var flags: UInt16 { bytes.load(Offset.flags) }
  public var isResponse: Bool { flags & 0x8000 != 0 }
  public var opcode: DNSOpcode { DNSOpcode(rawValue: UInt8(flags >> 11 & 0xf)) }
  public var isAuthoritativeAnswer: Bool { flags & 0x0400 != 0 }
  public var isTruncated: Bool { flags & 0x0200 != 0 }
  public var isRecursionDesired: Bool { flags & 0x0100 != 0 }
  public var isRecursionAvailable: Bool { flags & 0x0080 != 0 }
  /// RFC 4035 §3.2.3.
  public var isAuthenticData: Bool { flags & 0x0020 != 0 }
  /// RFC 4035 §3.2.2.
  public var isCheckingDisabled: Bool { flags & 0x0010 != 0 }
  /// The four bits of the header.
  public var responseCode: DNSResponseCode { DNSResponseCode(rawValue: flags & 0xf) }
  /// With the upper eight bits that EDNS brings (RFC 6891 §6.1.3); without EDNS the same as
  /// `responseCode`.
  public var extendedResponseCode: DNSResponseCode {
    guard let options else { return responseCode }
    return DNSResponseCode(rawValue: UInt16(options.upperResponseCode) << 4 | flags & 0xf)
  }

  /// What the header says; fewer may be there.
  public func declaredCount(_ section: Section) -> Int {
    Int(bytes.load(Offset.questionCount + 2 * Int(section.rawValue), as: UInt16.self))
  }

  public var questions: DNSQuestions {
    @_lifetime(copy self) get {
      DNSQuestions(bytes, at: questionExtent.start, count: questionExtent.count)
    }
  }

  public var answers: DNSRecords {
    @_lifetime(copy self) get { records(answerExtent) }
  }

  public var authorities: DNSRecords {
    @_lifetime(copy self) get { records(authorityExtent) }
  }

  public var additionals: DNSRecords {
    @_lifetime(copy self) get { records(additionalExtent) }
  }

  @_lifetime(copy self)
  private func records(_ extent: Extent) -> DNSRecords {
    DNSRecords(bytes, at: extent.start, count: extent.count)
  }

  /// The EDNS pseudo record (RFC 6891 §6.1), if there is one.
  public var options: DNSOptions? {
    @_lifetime(copy self) get {
      guard let optionsOffset, let record = try? DNSRecord(bytes, at: optionsOffset)
      else { return nil }
      return DNSOptions(record)
    }
  }

  /// Whether all that it asks could be read, so that it is worth an event. Records may be damaged, or
  /// cut by the capture. What uses the port of DNS and is none fails here.
  public var isReadable: Bool {
    guard opcode.name != nil, damage?.section != .question else { return false }
    let questions = declaredCount(.question)
    let hasRecords = answers.count + authorities.count + additionals.count > 0
    return questions > 0 ? questions <= 64 : hasRecords
  }

  /// Whether bytes on any port are nothing but a DNS message: one question for a host's name, no
  /// damage, no byte behind the message, and no header bit that the kind of message cannot have.
  public static func isCertain(_ bytes: RawSpan) -> Bool {
    // Most of what is no DNS says another number of questions: the records are not walked then.
    guard bytes.byteCount >= headerByteCount, bytes.load(Offset.questionCount, as: UInt16.self) == 1
    else { return false }
    guard let message = try? DNSMessage(bytes), message.hasPlausibleHeader, message.damage == nil,
      message.endOffset == bytes.byteCount, message.opcode == .query,
      message.declaredCount(.question) == 1
    else { return false }
    var questions = message.questions
    guard let question = questions.next(), question.questionClass == .internet,
      question.type.name != nil, question.name.isHostName
    else { return false }
    if message.isResponse { return true }
    // A query has neither AA, TC nor RA, and no records but the one of EDNS.
    return message.flags & 0x0680 == 0 && message.declaredCount(.answer) == 0
      && message.declaredCount(.authority) == 0 && message.declaredCount(.additional) <= 1
  }

  /// Whether a stream's first message, of which `bytes` is what is there so far, begins like DNS.
  /// - Parameter byteCount: the length that stands before it.
  static func mayBegin(_ bytes: RawSpan, of byteCount: Int) -> Bool {
    guard byteCount >= headerByteCount else { return false }
    guard let message = try? DNSMessage(bytes.extracting(first: min(bytes.byteCount, byteCount)))
    else { return true }
    return message.hasPlausibleHeader(within: byteCount)
  }

  /// Whether bytes on any port look like a DNS message: the header has no impossible value, the counts
  /// fit into the bytes, and the first question (the first answer, if there is no question) has a name,
  /// a known type and a known class. What the capture cut is refused, as is NetBIOS (RFC 1002 §4.2),
  /// which has the same form.
  public static func isPlausible(_ bytes: RawSpan) -> Bool {
    guard let message = try? DNSMessage(bytes) else { return false }
    guard message.hasPlausibleHeader else { return false }
    var questions = message.questions
    if let question = questions.next() {
      return question.type.name != nil && question.questionClass.isKnown
        && !question.name.isNetBIOSName
    }
    var answers = message.answers
    guard message.declaredCount(.question) == 0, message.isResponse, let answer = answers.next()
    else { return false }
    return answer.type.name != nil && answer.recordClass.isKnown && !answer.name.isNetBIOSName
  }

  private var hasPlausibleHeader: Bool { hasPlausibleHeader(within: bytes.byteCount) }

  private func hasPlausibleHeader(within byteCount: Int) -> Bool {
    // Bit Z must be zero (RFC 1035 §4.1.1).
    guard flags & 0x0040 == 0, opcode.name != nil, responseCode.name != nil else { return false }
    let questions = declaredCount(.question)
    let records =
      declaredCount(.answer) + declaredCount(.authority) + declaredCount(.additional)
    // Several questions are only asked by multicast DNS, which puts no more in than go into a packet.
    guard questions <= 64, questions + records > 0 else { return false }
    if !isResponse, questions == 0 || responseCode != .noError { return false }
    return DNSMessage.headerByteCount + 5 * questions + 11 * records <= byteCount
  }
}

/// One question (RFC 1035 §4.1.2).
public struct DNSQuestion: ~Escapable {
  public let name: DNSName
  public let type: DNSType
  private let classBits: UInt16
  /// Where the message goes on.
  public let endOffset: Int

  @_lifetime(copy message)
  init(_ message: RawSpan, at offset: Int) throws(WireError) {
    name = try DNSName(message, at: offset)
    endOffset = name.endOffset + 4
    try message.require(endOffset, for: .dns)
    type = DNSType(rawValue: message.load(name.endOffset))
    classBits = message.load(name.endOffset + 2)
  }

  /// Without the bit of multicast DNS.
  public var questionClass: DNSClass { DNSClass(rawValue: classBits & 0x7fff) }
  /// Multicast DNS: the answer should be sent to the asker alone (RFC 6762 §5.4).
  public var prefersUnicastResponse: Bool { classBits & 0x8000 != 0 }
}

/// The questions of a message, one after the other.
public struct DNSQuestions: ~Escapable {
  private let message: RawSpan
  private var offset: Int
  /// How many are left.
  public private(set) var count: Int

  @_lifetime(copy message)
  init(_ message: RawSpan, at offset: Int, count: Int) {
    self.message = message
    self.offset = offset
    self.count = count
  }

  @_lifetime(copy self)
  public mutating func next() -> DNSQuestion? {
    guard count > 0, let question = try? DNSQuestion(message, at: offset) else { return nil }
    count -= 1
    offset = question.endOffset
    return question
  }
}

/// One resource record (RFC 1035 §4.1.3).
public struct DNSRecord: ~Escapable {
  let message: RawSpan
  public let name: DNSName
  public let type: DNSType
  /// The class as it stands there: EDNS keeps a size in it.
  let classBits: UInt16
  /// Seconds that the record may be kept; EDNS keeps flags in it.
  public let timeToLive: UInt32
  let dataOffset: Int
  /// Where the message goes on.
  public let endOffset: Int

  @_lifetime(copy message)
  init(_ message: RawSpan, at offset: Int) throws(WireError) {
    self.message = message
    name = try DNSName(message, at: offset)
    dataOffset = name.endOffset + 10
    try message.require(dataOffset, for: .dns)
    type = DNSType(rawValue: message.load(name.endOffset))
    classBits = message.load(name.endOffset + 2)
    timeToLive = message.load(name.endOffset + 4)
    endOffset = dataOffset + Int(message.load(name.endOffset + 8, as: UInt16.self))
    try message.require(endOffset, for: .dns)
  }

  /// Without the bit of multicast DNS.
  public var recordClass: DNSClass { DNSClass(rawValue: classBits & 0x7fff) }
  /// Multicast DNS: older records of this name are void (RFC 6762 §10.2).
  public var flushesCache: Bool { classBits & 0x8000 != 0 }
  /// RDATA as it is.
  public var rawData: RawSpan {
    @_lifetime(copy self) get { message.extracting(dataOffset..<endOffset) }
  }
  /// RDATA as its type says.
  public var data: DNSRecordData {
    @_lifetime(copy self) get { DNSRecordData(self) }
  }
}

/// The records of a section, one after the other.
public struct DNSRecords: ~Escapable {
  private let message: RawSpan
  private var offset: Int
  /// How many are left.
  public private(set) var count: Int

  @_lifetime(copy message)
  init(_ message: RawSpan, at offset: Int, count: Int) {
    self.message = message
    self.offset = offset
    self.count = count
  }

  @_lifetime(copy self)
  public mutating func next() -> DNSRecord? {
    guard count > 0, let record = try? DNSRecord(message, at: offset) else { return nil }
    count -= 1
    offset = record.endOffset
    return record
  }
}
