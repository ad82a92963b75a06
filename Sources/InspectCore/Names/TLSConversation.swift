/// Receives what both ends of a TLS connection say in clear text. The views are lent for the call.
public protocol TLSHandler: ~Copyable {
  /// `direction` is where the hello goes: `.toServer`, unless the connection was opened by the other.
  mutating func clientHello(_ hello: TLSClientHello, _ direction: Direction)
  mutating func serverHello(_ hello: TLSServerHello, _ direction: Direction)
  /// The hello of SSLv2: a client's, or a server's that stays with SSLv2.
  mutating func ssl2Hello(_ version: TLSVersion, isClient: Bool, _ direction: Direction)
  /// The server's own certificate, in clear text before TLS 1.3.
  mutating func certificate(_ certificate: X509Certificate, _ direction: Direction)
  /// What was not as it must be; the conversation goes on as far as it can.
  mutating func damaged(_ error: WireError, _ direction: Direction)
}

public enum TLSVerdict: Sendable {
  /// More may be learned.
  case more
  /// The rest is encrypted: nothing further to learn.
  case encrypted
  case notTLS
}

/// The part of a TLS connection that is in clear text: SSLv2 hellos, SSLv3 to TLS 1.3 (RFC 8446,
/// RFC 5246).
///
/// Feed it the bytes of both directions in order, in pieces of any size. Handshake messages may lie
/// over several pieces and records, or several in one record. One that is whole in a piece is lent
/// as it lies there; others are put together in a buffer that keeps its memory.
public struct TLSConversation: ~Copyable {
  public enum Limit {
    /// Bytes of a handshake message that is kept, its four of type and length included.
    public static let messageByteCount = 1 << 16
    /// Bytes of one direction that are ignored behind its handshake before the other direction, of
    /// which nothing is seen, is given up.
    public static let ignoredByteCount = 1 << 15
  }

  private var toServer = TLSSide(.toServer)
  private var toClient = TLSSide(.toClient)
  private var ignored = 0

  public init() {}

  /// The version: the negotiated one, else the client's; nil while no hello was seen.
  public var version: TLSVersion? {
    toClient.selectedVersion ?? toServer.selectedVersion ?? toServer.offeredVersion
      ?? toClient.offeredVersion
  }

  /// Takes the next bytes of a direction.
  public mutating func consume(
    _ bytes: RawSpan, _ direction: Direction, handler: inout some TLSHandler & ~Copyable
  ) -> TLSVerdict {
    let rest =
      direction == .toServer
      ? toServer.consume(bytes, &handler) : toClient.consume(bytes, &handler)
    ignored += min(rest, Limit.ignoredByteCount)
    return verdict
  }

  /// Says that `byteCount` bytes of a direction are missing here. A hello that was begun is given as
  /// far as it goes.
  public mutating func gap(
    _ byteCount: Int, _ direction: Direction, handler: inout some TLSHandler & ~Copyable
  ) {
    guard byteCount > 0 else { return }
    if direction == .toServer {
      toServer.gap(byteCount, &handler)
    } else {
      toClient.gap(byteCount, &handler)
    }
  }

  /// Says that the connection is over. A hello that was begun is given as far as it goes.
  public mutating func finish(handler: inout some TLSHandler & ~Copyable) {
    toServer.finish(&handler)
    toClient.finish(&handler)
  }

  /// For the next connection. Memory beyond `keptByteCount` is given back.
  public mutating func reset(keptByteCount: Int = 4096) {
    toServer.reset(keptByteCount)
    toClient.reset(keptByteCount)
    ignored = 0
  }

  private var verdict: TLSVerdict {
    if version == nil, toServer.phase == .foreign || toClient.phase == .foreign { return .notTLS }
    let isOver = toServer.phase.isOver && toClient.phase.isOver
    return isOver || ignored >= Limit.ignoredByteCount ? .encrypted : .more
  }
}

/// One direction of a conversation.
struct TLSSide: ~Copyable {
  enum Phase {
    /// Nothing was seen yet.
    case start
    case records
    /// The hello of SSLv2, which has no record around it.
    case ssl2
    /// Where records start is unknown since a gap.
    case lost
    /// All that is in clear text was seen.
    case done
    /// It never was TLS.
    case foreign

    var isOver: Bool { self == .done || self == .foreign }
  }

  private let direction: Direction
  private(set) var phase = Phase.start
  private(set) var offeredVersion: TLSVersion?
  private(set) var selectedVersion: TLSVersion?

  /// The first bytes of a header of which the rest is still to come.
  private var header = ByteBuffer(limit: TLSRecordHeader.byteCount)
  private var contentType = TLSContentType.handshake
  /// Bytes of the record that are still to come.
  private var remaining = 0
  /// The handshake message of which the rest is still to come.
  private var message = ByteBuffer(limit: TLSConversation.Limit.messageByteCount)
  /// Bytes of a handshake message that nobody needs and that are still to come.
  private var skipped = 0
  /// The rest of this record cannot be understood: a message in it lost its start.
  private var ignoresRecord = false
  private var sawRetryRequest = false

  init(_ direction: Direction) { self.direction = direction }

  mutating func reset(_ keptByteCount: Int) {
    phase = .start
    offeredVersion = nil
    selectedVersion = nil
    header.removeAll()
    remaining = 0
    message.shrink(to: keptByteCount)
    skipped = 0
    ignoresRecord = false
    sawRetryRequest = false
  }

  /// Returns how many bytes were left when all was known.
  mutating func consume(
    _ bytes: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) -> Int {
    guard !bytes.isEmpty else { return 0 }
    if phase == .start { phase = bytes[0] & 0x80 != 0 ? .ssl2 : .records }
    if phase == .lost, TLSSide.startsWithRecord(bytes) { phase = .records }
    if phase == .ssl2 { consumeSSL2(bytes, &handler) }
    var rest = bytes
    while phase == .records, !rest.isEmpty {
      if remaining == 0 {
        let taken = min(TLSRecordHeader.byteCount - header.count, rest.byteCount)
        header.append(rest.extracting(first: taken))
        rest = rest.extracting(droppingFirst: taken)
        if header.isFull { beginRecord(&handler) }
        continue
      }
      let fragment = rest.extracting(first: min(remaining, rest.byteCount))
      remaining -= fragment.byteCount
      rest = rest.extracting(droppingFirst: fragment.byteCount)
      if contentType == .handshake, !ignoresRecord { consumeHandshake(fragment, &handler) }
    }
    return phase.isOver ? rest.byteCount : 0
  }

  private static func startsWithRecord(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= TLSRecordHeader.byteCount else { return false }
    return TLSRecordHeader(bytes) != nil
  }

  private mutating func beginRecord(_ handler: inout some TLSHandler & ~Copyable) {
    defer { header.removeAll() }
    guard let record = TLSRecordHeader(header.bytes) else {
      return fail(.malformed(.tls, .record), &handler)
    }
    contentType = record.type
    remaining = record.length
    ignoresRecord = false
    switch contentType {
    case .applicationData:
      end()
    case .changeCipherSpec:
      // After a retry request it means nothing (RFC 8446 §D.4).
      if !sawRetryRequest { end() }
    case .handshake, .alert, .heartbeat, .unknown:
      break
    }
  }

  private mutating func end() {
    phase = .done
    message.removeAll()
  }

  private mutating func fail(
    _ error: WireError, _ handler: inout some TLSHandler & ~Copyable
  ) {
    let wasKnown = offeredVersion != nil || selectedVersion != nil
    end()
    if wasKnown { handler.damaged(error, direction) } else { phase = .foreign }
  }

  mutating func gap(_ byteCount: Int, _ handler: inout some TLSHandler & ~Copyable) {
    guard !phase.isOver else { return }
    guard phase == .records, byteCount <= remaining else {
      finish(&handler)
      if !phase.isOver { phase = .lost }
      remaining = 0
      skipped = 0
      header.removeAll()
      return
    }
    remaining -= byteCount
    guard contentType == .handshake, !ignoresRecord else { return }
    if skipped >= byteCount {
      skipped -= byteCount
    } else {
      finish(&handler)
      skipped = 0
      ignoresRecord = true
    }
  }

  /// Gives the hello that is begun as far as it goes; no other message is of use in part.
  mutating func finish(_ handler: inout some TLSHandler & ~Copyable) {
    guard phase == .records else { return }
    let version = deliverPartial(message.bytes, &handler)
    message.removeAll()
    guard let version else { return }
    offeredVersion = version
    phase = .done
  }

  private borrowing func deliverPartial(
    _ message: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) -> TLSVersion? {
    guard message.byteCount > 4, message[0] == TLSHandshakeType.clientHello,
      let hello = try? TLSClientHello(message.extracting(droppingFirst: 4)), !hello.isComplete,
      !hello.extensions.isAtEnd
    else { return nil }
    handler.clientHello(hello, direction)
    return hello.version
  }
}

extension TLSSide {
  private static var headByteCount: Int { 4 }

  /// What a handshake message needs, given its first bytes.
  private struct Requirement {
    /// Bytes to have before it can be gone on.
    var needed: Int
    /// Bytes of the whole message; nil while that is unknown.
    var total: Int?
    var isWanted: Bool
  }

  private static func requirement(of bytes: RawSpan) -> Requirement {
    guard bytes.byteCount >= headByteCount else {
      return Requirement(needed: headByteCount, total: nil, isWanted: true)
    }
    let total = headByteCount + Int(bytes.load(0, as: UInt32.self) & 0xff_ffff)
    let limit = TLSConversation.Limit.messageByteCount
    switch bytes[0] {
    case TLSHandshakeType.clientHello, TLSHandshakeType.serverHello:
      return Requirement(needed: min(total, limit), total: total, isWanted: total <= limit)
    case TLSHandshakeType.certificate:
      // Of the chain the first certificate is enough: its length stands behind the chain's.
      guard total >= 10 else { return Requirement(needed: total, total: total, isWanted: true) }
      guard bytes.byteCount >= 10 else {
        return Requirement(needed: 10, total: nil, isWanted: true)
      }
      let leaf = 10 + Int(bytes.load(6, as: UInt32.self) & 0xff_ffff)
      let needed = min(total, leaf, limit)
      return Requirement(needed: needed, total: total, isWanted: true)
    default:
      return Requirement(needed: headByteCount, total: total, isWanted: false)
    }
  }

  private mutating func consumeHandshake(
    _ fragment: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) {
    var rest = fragment
    while phase == .records, !rest.isEmpty {
      if skipped > 0 {
        let dropped = min(skipped, rest.byteCount)
        skipped -= dropped
        rest = rest.extracting(droppingFirst: dropped)
      } else if message.isEmpty {
        let requirement = TLSSide.requirement(of: rest)
        let taken = min(requirement.needed, rest.byteCount)
        let bytes = rest.extracting(first: taken)
        rest = rest.extracting(droppingFirst: taken)
        if taken == requirement.needed, let total = requirement.total {
          skipped = total - taken
          apply(deliver(bytes, requirement.isWanted, &handler), &handler)
        } else {
          message.append(bytes)
        }
      } else {
        let requirement = TLSSide.requirement(of: message.bytes)
        let taken = min(requirement.needed - message.count, rest.byteCount)
        message.append(rest.extracting(first: taken))
        rest = rest.extracting(droppingFirst: taken)
        deliverCollected(&handler)
      }
    }
  }

  /// Delivers the message in the buffer when what it needs is there.
  private mutating func deliverCollected(_ handler: inout some TLSHandler & ~Copyable) {
    let requirement = TLSSide.requirement(of: message.bytes)
    guard message.count >= requirement.needed, let total = requirement.total else { return }
    skipped = total - message.count
    let outcome = deliver(message.bytes, requirement.isWanted, &handler)
    message.removeAll()
    apply(outcome, &handler)
  }

  private enum Outcome {
    case nothing
    case offered(TLSVersion)
    case selected(TLSVersion, isRetryRequest: Bool)
    case certificate
    /// The server sends no certificate any more.
    case noCertificate
    case failed(WireError)
  }

  /// Shows a message to the handler. Of a certificate message only the first certificate is here.
  private borrowing func deliver(
    _ message: RawSpan, _ isWanted: Bool, _ handler: inout some TLSHandler & ~Copyable
  ) -> Outcome {
    let body = message.extracting(droppingFirst: TLSSide.headByteCount)
    let type = message[0]
    guard TLSHandshakeType.isKnown(type) else { return .failed(.malformed(.tls, .record)) }
    do throws(WireError) {
      switch type {
      case TLSHandshakeType.clientHello, TLSHandshakeType.serverHello:
        guard isWanted else { return .failed(.malformed(.tls, .length)) }
        return type == TLSHandshakeType.clientHello
          ? try deliverClientHello(body, &handler) : try deliverServerHello(body, &handler)
      case TLSHandshakeType.certificate:
        // No certificate at all is three zeros.
        guard body.byteCount > 6 else { return .noCertificate }
        let certificate = try X509Certificate(body.extracting(droppingFirst: 6))
        handler.certificate(certificate, direction)
        return .certificate
      case TLSHandshakeType.newSessionTicket, TLSHandshakeType.serverKeyExchange,
        TLSHandshakeType.serverHelloDone:
        return .noCertificate
      default:
        return .nothing
      }
    } catch {
      return .failed(error)
    }
  }

  private borrowing func deliverClientHello(
    _ body: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) throws(WireError) -> Outcome {
    let hello = try TLSClientHello(body)
    handler.clientHello(hello, direction)
    return .offered(hello.version)
  }

  private borrowing func deliverServerHello(
    _ body: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) throws(WireError) -> Outcome {
    let hello = try TLSServerHello(body)
    handler.serverHello(hello, direction)
    return .selected(hello.version, isRetryRequest: hello.isHelloRetryRequest)
  }

  private mutating func apply(
    _ outcome: Outcome, _ handler: inout some TLSHandler & ~Copyable
  ) {
    switch outcome {
    case .nothing:
      break
    case .offered(let version):
      offeredVersion = version
      end()
    case .selected(let version, let isRetryRequest):
      selectedVersion = version
      sawRetryRequest = isRetryRequest
      if version.encryptsCertificates, !isRetryRequest { end() }
    case .certificate, .noCertificate:
      end()
    case .failed(let error):
      fail(error, &handler)
    }
  }

  /// Puts the hello of SSLv2 together: two bytes of length, of which the highest bit is set, then the
  /// message. A server's has a certificate.
  ///
  ///     client: type 1 ...      server: type 4  hit(1)  certificate type(1)  version(2)
  ///     certificate length(2)  cipher length(2)  connection id length(2)  certificate ...
  private mutating func consumeSSL2(
    _ bytes: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) {
    message.append(bytes)
    guard let outcome = deliverSSL2(message.bytes, &handler) else { return }
    apply(outcome, &handler)
    if !phase.isOver { end() }
  }

  /// Nil when more is needed.
  private borrowing func deliverSSL2(
    _ message: RawSpan, _ handler: inout some TLSHandler & ~Copyable
  ) -> Outcome? {
    guard message.byteCount >= 3 else { return nil }
    if message[2] == 1 {
      guard message.byteCount >= 11 else { return nil }
      guard let hello = SSL2ClientHello(message) else { return .failed(.malformed(.tls, .record)) }
      handler.ssl2Hello(hello.version, isClient: true, direction)
      return .offered(hello.version)
    }
    let head = 13
    guard message[2] == 4 else { return .failed(.malformed(.tls, .record)) }
    guard message.byteCount >= head else { return nil }
    let length = Int(message.load(0, as: UInt16.self) & 0x7fff)
    let certificateLength = Int(message.load(7, as: UInt16.self))
    let others = Int(message.load(9, as: UInt16.self)) + Int(message.load(11, as: UInt16.self))
    guard message.load(5, as: UInt16.self) == TLSVersion.ssl2.rawValue,
      length == head - 2 + certificateLength + others
    else { return .failed(.malformed(.tls, .record)) }
    guard message.byteCount >= head + certificateLength else { return nil }
    let bytes = message.extracting(head..<head + certificateLength)
    handler.ssl2Hello(.ssl2, isClient: false, direction)
    if let certificate = try? X509Certificate(bytes) {
      handler.certificate(certificate, direction)
    }
    return .selected(.ssl2, isRetryRequest: false)
  }
}
