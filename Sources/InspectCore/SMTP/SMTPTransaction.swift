/// A mail transaction (RFC 5321 §3.3), or a session without one, of which only the greeting is known.
public struct SMTPTransaction: ~Copyable {
  /// Recipients that are kept.
  public static var recipientLimit: Int { 1024 }
  private static var pathLimit: Int { 1024 }

  public let start: Timestamp
  /// Whether the client named a sender.
  public private(set) var hasMail = false
  /// Recipients there was no room for.
  public private(set) var refusedRecipients = 0
  private var texts = ByteBuffer(limit: 65_536)
  private var name = 0..<0
  private var reversePath = 0..<0
  private var forwardPaths: [(text: Range<Int>, isRefused: Bool)] = []
  /// The message, without transparency (§4.5.2), as far as it is kept.
  var content = ByteBuffer(limit: SMTPTransaction.contentLimit)
  var isContentCut = false

  /// How much of a message is kept for a look.
  static var contentLimit: Int { 1 << 20 }

  init(start: Timestamp) { self.start = start }

  /// What the client calls itself, in HELO or EHLO.
  public var helo: RawSpan { @_lifetime(borrow self) get { texts.bytes.extracting(name) } }
  /// The sender with its angle brackets; empty when there is none.
  public var mailFrom: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(reversePath) }
  }
  public var recipientCount: Int { forwardPaths.count }

  /// A recipient with its angle brackets.
  @_lifetime(borrow self)
  public func recipient(_ index: Int) -> RawSpan {
    texts.bytes.extracting(forwardPaths[index].text)
  }

  /// Whether the server did not take a recipient.
  func isRefused(_ index: Int) -> Bool { forwardPaths[index].isRefused }

  /// The message's header fields (RFC 5322 §2.2), as far as they were seen.
  public var fields: HTTPFields {
    @_lifetime(borrow self) get { HTTPFields(content.bytes, limit: 256) }
  }

  mutating func greet(_ domain: RawSpan) {
    name = texts.keep(domain, limit: SMTPTransaction.pathLimit)
  }

  mutating func begin(from path: RawSpan) {
    hasMail = true
    reversePath = texts.keep(path, limit: SMTPTransaction.pathLimit)
  }

  /// Says where the recipient is kept; nil when there is no room.
  mutating func add(recipient path: RawSpan) -> Int? {
    guard forwardPaths.count < SMTPTransaction.recipientLimit,
      texts.limit - texts.count >= min(path.byteCount, SMTPTransaction.pathLimit)
    else {
      refusedRecipients += 1
      return nil
    }
    forwardPaths.append((texts.keep(path, limit: SMTPTransaction.pathLimit), false))
    return forwardPaths.count - 1
  }

  mutating func refuse(_ index: Int) { forwardPaths[index].isRefused = true }

  /// The next transaction of the session.
  func following(at time: Timestamp) -> SMTPTransaction {
    var next = SMTPTransaction(start: time)
    next.greet(helo)
    return next
  }
}
