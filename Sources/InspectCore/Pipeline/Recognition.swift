/// The first bytes of a connection, while they do not say yet what it is.
struct Recognition: ~Copyable {
  /// Bytes of a direction that are held at most.
  static var byteLimit: Int { 16_384 }
  /// Segments, or datagrams, of a flow that are tried; then it is unknown for good.
  static var attemptLimit: UInt16 { 24 }
  /// The same where the capture began in the middle of a connection, and so perhaps of a long body:
  /// the next message is waited for.
  static var attemptLimitInTheMiddle: UInt16 { 4096 }

  private var toServer = ByteBuffer(limit: Recognition.byteLimit)
  private var toClient = ByteBuffer(limit: Recognition.byteLimit)
  /// How many bytes must be there before the next look.
  private var nextLook = 0
  private let hints: Hints

  /// What is known beside the bytes.
  struct Hints {
    /// One of the ports is that of DNS.
    var isAtNameServer = false
    /// The connection was open before we saw it.
    var isInTheMiddle = false
  }

  init(_ hints: Hints) { self.hints = hints }

  subscript(direction: Direction) -> RawSpan {
    @_lifetime(borrow self) get {
      direction == .toServer ? toServer.bytes : toClient.bytes
    }
  }

  mutating func removeAll() {
    toServer.removeAll()
    toClient.removeAll()
  }

  /// Takes more bytes and looks at all. A look at each of many small segments would cost the square
  /// of their bytes: the next one is at an eighth more, or at the end of a line, or when the other
  /// side speaks.
  mutating func add(_ bytes: RawSpan, _ direction: Direction) -> Guess {
    let before = direction == .toServer ? toServer.count : toClient.count
    let taken =
      direction == .toServer ? toServer.append(bytes) : toClient.append(bytes)
    let total = toServer.count &+ toClient.count
    let isFull = taken < bytes.byteCount
    guard before == 0 || isFull || total >= nextLook || bytes.endsWithLineFeed else {
      return .needMore
    }
    nextLook = total &+ total / 8
    let guess = guess
    return guess == .needMore && isFull ? .no : guess
  }

  /// What it is when nothing follows: a request line needs no end then.
  var finalGuess: Guess {
    let guess = guess
    guard guess == .needMore else { return guess }
    if HTTPRequestLine(toServer.bytes)?.isSimple == false { return .http(.toServer) }
    if HTTPRequestLine(toClient.bytes)?.isSimple == false { return .http(.toClient) }
    return .no
  }

  /// What it looks like so far.
  private var guess: Guess {
    Guess(toServer: toServer.bytes, toClient: toClient.bytes, hints)
  }
}

/// What a connection, or a datagram, looks like.
enum Guess: Equatable {
  case needMore, no
  /// A protocol, and the direction in which its client sends.
  case http(Direction)
  case http2(Direction)
  case smtp(Direction)
  case tls
  case dns, mdns, llmnr, coap, quic, dtls

  /// What a connection is that begins with these bytes; a side that did not speak yet has none.
  init(toServer: RawSpan, toClient: RawSpan, _ hints: Recognition.Hints) {
    let client = Opening.of(toServer, hints)
    let server = Opening.of(toClient, hints)
    if let guess = Guess(client, .toServer) ?? Guess(server, .toClient) {
      self = guess
    } else if client == .needMore || server == .needMore {
      self = .needMore
    } else {
      // A greeting says little: the answer to it does.
      let isAlone = client == .none || server == .none
      self = isAlone && (client == .greeting || server == .greeting) ? .needMore : .no
    }
  }

  /// What one side's opening says alone.
  private init?(_ opening: Opening, _ direction: Direction) {
    switch opening {
    case .httpRequest: self = .http(direction)
    case .httpResponse: self = .http(direction.opposite)
    case .http2Client, .http2Frames: self = .http2(direction)
    case .http2Server: self = .http2(direction.opposite)
    case .smtpClient: self = .smtp(direction)
    case .smtpServer: self = .smtp(direction.opposite)
    case .tls: self = .tls
    case .dns: self = .dns
    case .none, .needMore, .no, .greeting: return nil
    }
  }
}

extension Guess {
  /// What a datagram is. Multicast DNS and LLMNR are what their ports say (RFC 6762 §3, RFC 4795
  /// §2.5): their messages are those of DNS.
  init(_ packet: UDPDatagram) {
    let bytes = packet.payload
    if packet.hasPort(NamePort.dns) {
      self = (try? DNSMessage(bytes))?.isReadable == true ? .dns : .no
    } else if packet.hasPort(NamePort.multicastDNS) {
      self = (try? DNSMessage(bytes)) != nil ? .mdns : .no
    } else if packet.hasPort(NamePort.linkLocalDNS) {
      self = (try? DNSMessage(bytes)) != nil ? .llmnr : .no
    } else if packet.hasPort(CoAPMessage.port), CoAPMessage(bytes) != nil {
      self = .coap
    } else {
      self = DNSMessage.isCertain(bytes) ? .dns : .no
    }
    if self == .no, QUICRecognizer.recognize(bytes) { self = .quic }
    if self == .no, DTLSRecognizer.recognize(bytes) { self = .dtls }
    if self == .no, CoAPMessage.isRegistration(bytes) { self = .coap }
  }
}

/// The ports of DNS (RFC 1035), multicast DNS (RFC 6762) and LLMNR (RFC 4795).
enum NamePort {
  static var dns: UInt16 { 53 }
  static var multicastDNS: UInt16 { 5353 }
  static var linkLocalDNS: UInt16 { 5355 }

  @inline(__always)
  static func isOne(_ port: UInt16) -> Bool {
    port == dns || port == multicastDNS || port == linkLocalDNS
  }
}

extension UDPDatagram {
  func hasPort(_ port: UInt16) -> Bool { sourcePort == port || destinationPort == port }
}

extension FlowContext {
  func hasPort(_ port: UInt16) -> Bool { client.port == port || server.port == port }
}

/// What the first bytes of one direction look like.
private enum Opening {
  /// It said nothing yet.
  case none
  case needMore, no, httpRequest, httpResponse, http2Client, http2Server, tls, dns
  /// Frames of HTTP/2 from the middle of a connection.
  case http2Frames
  case smtpClient, smtpServer
  /// `220`: a server of SMTP, or of FTP.
  case greeting

  static func of(_ bytes: RawSpan, _ hints: Recognition.Hints) -> Opening {
    guard !bytes.isEmpty else { return .none }
    var isOpen = false
    switch HTTPRecognizer.recognize(bytes) {
    case .request: return .httpRequest
    case .response: return .httpResponse
    case .needMore: isOpen = true
    case .no: break
    }
    switch TLSRecognizer.recognize(bytes) {
    case .yes: return .tls
    case .needMore: isOpen = true
    case .no: break
    }
    switch HTTP2Recognizer.recognize(bytes) {
    case .client: return .http2Client
    case .server: return .http2Server
    case .needMore: isOpen = true
    case .no: break
    }
    switch SMTPRecognizer.recognize(bytes) {
    case .client: return .smtpClient
    case .server: return .smtpServer
    case .greeting: return .greeting
    case .needMore: isOpen = true
    case .no: break
    }
    switch DNSStream.open(bytes, onItsPort: hints.isAtNameServer) {
    case .yes: return .dns
    case .needMore: isOpen = true
    case .no: break
    }
    if hints.isInTheMiddle, HTTP2Recognizer.areFrames(bytes) { return .http2Frames }
    return isOpen ? .needMore : .no
  }
}
