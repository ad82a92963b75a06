/// Receives what both ends of a QUIC connection say that everybody can read. The views are lent for
/// the call.
public protocol QUICHandler: ~Copyable {
  /// `client` is where the client's packets go: `.toServer`, unless its server sent first.
  mutating func quic(_ hello: QUICHello, _ version: QUICVersion, _ client: Direction)
}

/// A hello in a QUIC handshake.
public enum QUICHello: ~Escapable {
  case client(TLSClientHello)
  case server(TLSServerHello)
  /// Of Google's own handshake.
  case google(GoogleClientHello)

  /// The host that the client wants.
  public var serverName: RawSpan? {
    @_lifetime(copy self) get {
      switch self {
      case .client(let hello): hello.serverName
      case .google(let hello): hello.serverName
      case .server: nil
      }
    }
  }
}

/// The part of a QUIC connection that is readable: Initial packets of the versions 1 and 2, their
/// drafts and Google's (RFC 9000, RFC 9001, RFC 9369), and the hellos in them.
///
/// Feed it the datagrams of both directions. Hellos may lie over several packets and frames in any
/// order. The connection's identifiers may change, and a client may begin again: after a Retry, with
/// another version, or because another connection uses the same ports.
public struct QUICConversation: ~Copyable {
  public enum Limit {
    /// Packets of a datagram that are looked at.
    public static let packetsPerDatagram = 8
    /// Times that a packet of a connection is tried to be opened; after that it is not looked at any
    /// more.
    public static let openings = 64
    /// Hellos of a connection that are given.
    public static let hellos = 16
  }

  /// How the connection's packets are opened: found with the first that was.
  private struct Keys {
    var version: QUICVersion
    var protection: InitialProtection
    var client: PacketKeys
    /// Derived when the server's first packet comes.
    var server: PacketKeys?
    /// Where the client's packets go.
    var clientDirection: Direction
  }

  private var keys: Keys?
  /// The identifier that the keys are derived from.
  private var connectionID = ByteBuffer(limit: QUICPacket.Limit.connectionIDByteCount)
  private var fromClient = CryptoStream()
  private var fromServer = CryptoStream()
  private var hellos = 0
  /// Of Google's handshake in clear text, which has no offsets that would tell of repetitions.
  private var latestHello: UInt64?
  private(set) public var openings = 0
  /// Initial packets that no key opened.
  private(set) public var unopened = 0

  public init() {}

  /// No packet of this connection is opened any more.
  public var isExhausted: Bool { openings >= Limit.openings || hellos >= Limit.hellos }

  /// Whether a datagram may have a packet that everybody can read: it begins with a long header, or
  /// with the flags of Google's first packets. Nearly all of a connection does not.
  static func isReadable(_ datagram: RawSpan) -> Bool {
    guard !datagram.isEmpty else { return false }
    return datagram[0] & 0x80 != 0 || GoogleQUICPacket.hasFlags(datagram[0])
  }

  public mutating func consume<Cipher: PacketCipher & ~Copyable>(
    _ datagram: RawSpan, _ direction: Direction, opener: inout InitialOpener<Cipher>,
    handler: inout some QUICHandler & ~Copyable
  ) {
    if let google = GoogleQUICPacket(datagram) {
      guard hellos < Limit.hellos, let hello = google.clientHello, isNew(hello) else { return }
      hellos += 1
      return handler.quic(.google(hello), google.version, direction)
    }
    var rest = datagram
    for _ in 0..<Limit.packetsPerDatagram {
      guard !isExhausted, let packet = try? QUICPacket(rest) else { return }
      if packet.kind == .initial { consume(packet, direction, &opener, &handler) }
      rest = packet.rest
      if rest.isEmpty { return }
    }
  }

  /// A client repeats its hello, bytes for bytes, when no answer comes.
  private mutating func isNew(_ hello: GoogleClientHello) -> Bool {
    let hash = SipHash13(key0: 0, key1: 0).hash(hello.bytes)
    defer { latestHello = hash }
    return hash != latestHello
  }

  private mutating func consume<Cipher: PacketCipher & ~Copyable>(
    _ packet: QUICPacket, _ direction: Direction, _ opener: inout InitialOpener<Cipher>,
    _ handler: inout some QUICHandler & ~Copyable
  ) {
    guard open(packet, direction, &opener), let client = keys?.clientDirection else {
      unopened += 1
      return
    }
    let isClient = client == direction
    var frames = QUICFrames(opener.frames)
    while let frame = frames.next() {
      let outcome =
        isClient
        ? fromClient.add(frame.data, at: frame.offset)
        : fromServer.add(frame.data, at: frame.offset)
      if outcome == .full { break }
    }
    if isClient {
      QUICConversation.read(&fromClient, packet.version, client, &hellos, &handler)
    } else {
      QUICConversation.read(&fromServer, packet.version, client, &hellos, &handler)
    }
  }

  /// Says that the connection is over. A client's hello that was begun is given as far as it goes.
  public mutating func finish(handler: inout some QUICHandler & ~Copyable) {
    guard let keys, hellos == 0 else { return }
    let rest = fromClient.front
    guard rest.byteCount > 4, rest[0] == TLSHandshakeType.clientHello,
      let hello = try? TLSClientHello(rest.extracting(droppingFirst: 4)), hello.serverName != nil
    else { return }
    handler.quic(.client(hello), keys.version, keys.clientDirection)
  }
}

// MARK: Keys

extension QUICConversation {
  /// Tries the keys that are known, then what a connection that begins anew would have. What opened
  /// the packet is kept.
  private mutating func open<Cipher: PacketCipher & ~Copyable>(
    _ packet: QUICPacket, _ direction: Direction, _ opener: inout InitialOpener<Cipher>
  ) -> Bool {
    if let known = keys {
      if known.version == packet.version {
        if openWithKnown(packet, direction, known, &opener) { return true }
      } else if let protection = packet.version.protection,
        openWithOther(packet, direction, known, protection, &opener)
      {
        return true
      }
      guard direction == known.clientDirection,
        known.version != packet.version || !connectionID.bytes.equals(packet.destinationID)
      else { return false }
    }
    if let protection = packet.version.protection,
      begin(packet, direction, protection, &opener)
    {
      return true
    }
    guard let other = packet.version.otherProtection else { return false }
    return begin(packet, direction, other, &opener)
  }

  private mutating func openWithKnown<Cipher: PacketCipher & ~Copyable>(
    _ packet: QUICPacket, _ direction: Direction, _ known: Keys,
    _ opener: inout InitialOpener<Cipher>
  ) -> Bool {
    openings += 1
    if direction == known.clientDirection { return opener.open(packet, known.client) }
    if let server = known.server { return opener.open(packet, server) }
    let server = opener.keys(known.protection, connectionID.bytes, .server)
    keys?.server = server
    return opener.open(packet, server)
  }

  /// The server, and then the client, may go on in another version (RFC 9368 §2.3): the same
  /// identifier under another salt.
  private mutating func openWithOther<Cipher: PacketCipher & ~Copyable>(
    _ packet: QUICPacket, _ direction: Direction, _ known: Keys,
    _ protection: InitialProtection, _ opener: inout InitialOpener<Cipher>
  ) -> Bool {
    openings += 1
    let side: InitialOpener<Cipher>.Side =
      direction == known.clientDirection ? .client : .server
    let tried = opener.keys(protection, connectionID.bytes, side)
    guard opener.open(packet, tried) else { return false }
    keys = Keys(
      version: packet.version, protection: protection,
      client: side == .client ? tried : opener.keys(protection, connectionID.bytes, .client),
      server: side == .server ? tried : nil, clientDirection: known.clientDirection)
    return true
  }

  /// A client begins: the keys follow from the identifier that it chose for the server.
  private mutating func begin<Cipher: PacketCipher & ~Copyable>(
    _ packet: QUICPacket, _ direction: Direction, _ protection: InitialProtection,
    _ opener: inout InitialOpener<Cipher>
  ) -> Bool {
    openings += 1
    let client = opener.keys(protection, packet.destinationID, .client)
    guard opener.open(packet, client) else { return false }
    keys = Keys(
      version: packet.version, protection: protection, client: client, server: nil,
      clientDirection: direction)
    connectionID.removeAll()
    connectionID.append(packet.destinationID)
    fromClient.removeAll()
    fromServer.removeAll()
    return true
  }
}

// MARK: Messages

extension QUICConversation {
  /// Gives the hellos that are whole.
  private static func read(
    _ stream: inout CryptoStream, _ version: QUICVersion, _ client: Direction,
    _ hellos: inout Int, _ handler: inout some QUICHandler & ~Copyable
  ) {
    while let byteCount = give(stream.front, version, client, &hellos, &handler) {
      stream.consume(byteCount)
    }
  }

  /// How many bytes the first message has; nil when it is not whole.
  private static func give(
    _ bytes: RawSpan, _ version: QUICVersion, _ client: Direction, _ hellos: inout Int,
    _ handler: inout some QUICHandler & ~Copyable
  ) -> Int? {
    if case .google = version {
      guard let hello = GoogleClientHello(bytes) else { return nil }
      hellos += 1
      handler.quic(.google(hello), version, client)
      return hello.byteCount
    }
    guard hellos < Limit.hellos, bytes.byteCount >= 4 else { return nil }
    let byteCount = 4 + Int(bytes.load(0, as: UInt32.self) & 0xff_ffff)
    guard byteCount <= bytes.byteCount else { return nil }
    let body = bytes.extracting(4..<byteCount)
    switch bytes[0] {
    case TLSHandshakeType.clientHello:
      guard let hello = try? TLSClientHello(body) else { break }
      hellos += 1
      handler.quic(.client(hello), version, client)
    case TLSHandshakeType.serverHello:
      // A retry request only asks for another hello.
      guard let hello = try? TLSServerHello(body), !hello.isHelloRetryRequest else { break }
      hellos += 1
      handler.quic(.server(hello), version, client)
    default:
      break
    }
    return byteCount
  }
}
