/// Who receives what an `Inspector` sees. Views are lent for the call. Nothing has a default: an event
/// that somebody forgot to hand on (`Held`) would be lost in silence.
public protocol InspectionSink: ~Copyable {
  /// A flow is over, or the input is.
  mutating func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason)
  /// A request and its response, as far as they were seen.
  mutating func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext)
  mutating func tls(_ session: borrowing TLSSession, _ context: FlowContext)
  mutating func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp)
  mutating func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp)
  /// A message of multicast DNS (RFC 6762).
  mutating func multicastDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp)
  /// A message of LLMNR (RFC 4795).
  mutating func linkLocalDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp)
  /// A mail transaction, or a session without one.
  mutating func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext)
  mutating func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp)
  mutating func alert(_ alert: Alert)

  /// What follows happens then. Called only where several shards share the work, whose events are to be
  /// put in the order of their moments.
  mutating func turn(to moment: Moment)

  /// Whether TLS sessions are to have what fingerprints are made of: writing it costs more than the
  /// rest of a handshake.
  var wantsFingerprints: Bool { get }
  /// Whether `body` is to be called: hashing all bodies costs time. It is asked once.
  var wantsBodies: Bool { get }
  /// Content of the message that is open at `place`, without its transfer coding; empty when there is
  /// a body of which nothing came yet.
  mutating func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32)
  /// The content is whole and at its end; what is known of it belongs to the `http` event of `place`.
  mutating func bodyEnded(_ direction: Direction, place: UInt32)
}

/// Who knows where an address is.
public protocol Atlas: ~Copyable {
  mutating func locate(_ address: IPAddress) -> Location
}

/// What is known of where an address is.
public struct Location: Equatable, Sendable {
  /// Where the network is believed to be used.
  public var country: CountryCode?
  /// Where it is registered.
  public var registeredCountry: CountryCode?
  /// The number of the autonomous system that announces it.
  public var autonomousSystem: UInt32?
  /// One address, many places: the country says little.
  public var isAnycast = false
  /// Another database names another country.
  public var otherCountry: CountryCode?
  /// Another database names the same country.
  public var isConfirmed = false
  /// The database is much older than the capture, or younger than it.
  public var isStale = false
  /// Kilometres from the place of the capture to the nearest point of `country`, at least.
  public var distance: UInt32?

  public init() {}

  /// Whether a packet cannot have been in `country` and back in `roundTrip` nanoseconds: light in
  /// glass goes 100 km there and back in a millisecond (Gueye et al., "Constraint-Based Geolocation
  /// of Internet Hosts", 2006).
  public func isContradicted(by roundTrip: Int64?) -> Bool {
    guard let roundTrip, let distance else { return false }
    return Int64(distance) &* 10_000 > roundTrip
  }
}

/// Something that is wrong with a packet, a stream or a message.
public struct Anomaly: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    case decode, stream, applayer
  }

  public let kind: Kind
  /// What happened, in the form of Suricata's event names.
  public let event: StaticString

  init(_ kind: Kind, _ event: StaticString) {
    self.kind = kind
    self.event = event
  }

  public static func == (left: Anomaly, right: Anomaly) -> Bool {
    left.kind == right.kind
      && left.event.withUTF8Buffer { leftBytes in
        right.event.withUTF8Buffer { unsafe leftBytes.span.bytes.equals($0.span.bytes) }
      }
  }
}
