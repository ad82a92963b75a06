/// What is spoken in a flow, as far as it was recognised.
public struct Application: Sendable {
  /// The protocols. One more is: a case here and its name, what its first bytes look like
  /// (`Recognition.swift`), a file `Applications+NAME.swift`, and a line in each `switch` of
  /// `Applications.swift`, which the compiler asks for.
  public enum Kind: UInt8, Sendable {
    /// Nothing told yet what it is.
    case unrecognised
    case http, http2, webSocket, tls, dns, mdns, llmnr, smtp, coap, quic, dtls
    /// Nobody reads it: it was none of these, or there was no room for it.
    case unknown

    /// Suricata's `app_proto`; nil while nothing is known.
    public var name: StaticString? {
      switch self {
      case .unrecognised: nil
      case .http: "http"
      case .http2: "http2"
      case .webSocket: "websocket"
      case .tls: "tls"
      case .dns: "dns"
      case .mdns: "mdns"
      case .llmnr: "llmnr"
      case .quic: "quic"
      case .dtls: "dtls"
      case .smtp: "smtp"
      case .coap: "coap"
      case .unknown: "failed"
      }
    }
  }

  // The order leaves no gaps (see `Flow`).
  /// Where the protocol's state is; `none` when there is none.
  var place = Application.none
  /// Where the client's bytes are that nobody knows and that wait for a look.
  var payload = Application.none
  /// How many bytes of messages that nobody knows were looked at.
  var payloadByteCount: UInt32 = 0
  /// The host, as far as it is known, and how.
  var host: UInt32?
  var nameSource: Destination.NameSource?
  public internal(set) var kind = Kind.unrecognised
  /// The protocol's client is the flow's server: the capture began in the middle.
  var isReversed = false
  /// Segments or datagrams that were looked at without an answer.
  var attempts: UInt16 = 0
  /// How many messages that nobody knows were looked at.
  var payloads: UInt8 = 0
  /// The flow's server is outside (`CaseBook.isOutward`).
  var isOutward = false
  /// What the client's next message is, if it is logging in.
  var awaited = SASLResponse.none

  static var none: UInt32 { .max }

  /// After CONNECT, Upgrade or STARTTLS another protocol begins, in both directions.
  mutating func restart() {
    kind = .unrecognised
    place = Application.none
    isReversed = false
    attempts &+= 1
  }
}

extension Flow {
  /// The direction as the protocol's client and server see it.
  func role(of direction: Direction) -> Direction {
    application.isReversed ? direction.opposite : direction
  }

  /// Who is the protocol's client, and who its server.
  var applicationContext: FlowContext { application.isReversed ? context.swapped : context }
}
