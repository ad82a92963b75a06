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
  private let isAtNameServer: Bool

  init(isAtNameServer: Bool) { self.isAtNameServer = isAtNameServer }

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

  /// What it looks like so far.
  var guess: Guess {
    Guess(toServer: toServer.bytes, toClient: toClient.bytes, isAtNameServer: isAtNameServer)
  }
}

/// What a connection, or a datagram, looks like.
enum Guess: Equatable {
  case needMore, no
  /// A protocol, and the direction in which its client sends.
  case http(Direction)
  case tls
  case dns, mdns, llmnr, quic

  /// What a connection is that begins with these bytes; a side that did not speak yet has none.
  init(toServer: RawSpan, toClient: RawSpan, isAtNameServer: Bool) {
    let client = Opening(toServer, isAtNameServer)
    let server = Opening(toClient, isAtNameServer)
    self = Guess(client, .toServer) ?? Guess(server, .toClient) ?? .no
    if self == .no, client == .needMore || server == .needMore { self = .needMore }
  }

  /// What one side's opening says alone.
  private init?(_ opening: Opening, _ direction: Direction) {
    switch opening {
    case .httpRequest: self = .http(direction)
    case .httpResponse: self = .http(direction.opposite)
    case .tls: self = .tls
    case .dns: self = .dns
    case .none, .needMore, .no: return nil
    }
  }
}

extension Guess {
  /// What a datagram is. Multicast DNS and LLMNR are what their ports say (RFC 6762 §3, RFC 4795
  /// §2.5): their messages are those of DNS.
  init(_ packet: UDPDatagram) {
    let bytes = packet.payload
    if packet.hasPort(53) {
      self = (try? DNSMessage(bytes))?.isReadable == true ? .dns : .no
    } else if packet.hasPort(5353) {
      self = (try? DNSMessage(bytes)) != nil ? .mdns : .no
    } else if packet.hasPort(5355) {
      self = (try? DNSMessage(bytes)) != nil ? .llmnr : .no
    } else {
      self = DNSMessage.isCertain(bytes) ? .dns : .no
    }
    if self == .no, QUICRecognizer.recognize(bytes) { self = .quic }
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
  case needMore, no, httpRequest, httpResponse, tls, dns

  init(_ bytes: RawSpan, _ isAtNameServer: Bool) {
    guard !bytes.isEmpty else {
      self = .none
      return
    }
    let http = HTTPRecognizer.recognize(bytes)
    if http == .request {
      self = .httpRequest
      return
    }
    if http == .response {
      self = .httpResponse
      return
    }
    let tls = TLSRecognizer.recognize(bytes)
    let dns = DNSStream.open(bytes, onItsPort: isAtNameServer)
    if tls == .yes {
      self = .tls
    } else if dns == .yes {
      self = .dns
    } else {
      self = http == .needMore || tls == .needMore || dns == .needMore ? .needMore : .no
    }
  }
}
