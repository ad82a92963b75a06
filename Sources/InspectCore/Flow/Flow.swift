/// Who talks with whom: what every event of a flow says about it. The client is who sent the SYN, or
/// the first packet.
public struct FlowContext: Sendable {
  /// The same for the same flow in every run over the same packets.
  public let id: UInt64
  public var client: Endpoint
  public var server: Endpoint
  public var clientMAC: MACAddress
  public var serverMAC: MACAddress
  public let protocolNumber: UInt8
  /// 0 outside of tunnels.
  public let tunnelDepth: UInt8
  public let vlans: VLANStack
  /// The capture file (its number in the order given) that the first packet came from.
  public let source: UInt16
  public let start: Timestamp
  /// The outermost packet that the flow's first one was in; nil outside of tunnels.
  public internal(set) var tunnel: TunnelContext?
  /// Of the first message, where the protocol is ICMP or ICMPv6.
  public internal(set) var icmpType: UInt8 = 0
  public internal(set) var icmpCode: UInt8 = 0
  /// Of the first message the other way.
  public internal(set) var icmpResponse: (type: UInt8, code: UInt8)?
  /// Where the protocol is ESP.
  public internal(set) var securityParametersIndex: UInt32 = 0

  init(
    client: Endpoint, server: Endpoint, clientMAC: MACAddress, serverMAC: MACAddress,
    protocolNumber: UInt8, tunnelDepth: UInt8, vlans: VLANStack, source: UInt16, start: Timestamp
  ) {
    self.client = client
    self.server = server
    self.clientMAC = clientMAC
    self.serverMAC = serverMAC
    self.protocolNumber = protocolNumber
    self.tunnelDepth = tunnelDepth
    self.vlans = vlans
    self.source = source
    self.start = start
    var state = SipHash13(key0: 0, key1: 0).begin()
    state.add(client.address.high)
    state.add(client.address.low)
    state.add(server.address.high)
    state.add(server.address.low)
    state.add(UInt64(client.port) << 32 | UInt64(server.port) << 16 | UInt64(protocolNumber))
    state.add(vlans.rawValue &+ UInt64(tunnelDepth))
    state.add(UInt64(bitPattern: start.nanoseconds))
    // 53 bits, so that programs that read numbers as doubles keep it whole.
    id = state.finish() >> 11
  }

  /// The same with the roles exchanged, for a flow whose first packet was the server's.
  public var swapped: FlowContext {
    var other = self
    (other.client, other.server) = (server, client)
    (other.clientMAC, other.serverMAC) = (serverMAC, clientMAC)
    if let tunnel {
      other.tunnel = TunnelContext(
        source: tunnel.destination, destination: tunnel.source,
        protocolNumber: tunnel.protocolNumber)
    }
    return other
  }
}

/// The ends of a tunnel. The ports are 0 where its protocol has none.
public struct TunnelContext: Equatable, Sendable {
  public let source: Endpoint
  public let destination: Endpoint
  public let protocolNumber: UInt8
}

/// A bidirectional flow and what is known of it.
public struct Flow: ~Copyable {
  public enum State: UInt8, Sendable {
    case new, established, closed
  }

  /// Why a flow's record was written.
  public enum EndReason: UInt8, Sendable {
    /// It was silent for too long.
    case timeout
    /// Another connection began between the same ports.
    case reuse
    /// The table was full.
    case forced
    /// The input is over.
    case shutdown
  }

  /// What one side sent.
  public struct Counts: Sendable {
    public var packets: UInt64 = 0
    /// Whole frames, with the link header.
    public var bytes: UInt64 = 0
    public var tcpFlags = TCPFlags(rawValue: 0)
  }

  /// Which end of the key the client is.
  private enum ClientEnd: UInt8 {
    case lower, upper
    /// The key has something else in the place of its port.
    case neither
  }

  // In the order of use: what each packet asks for lies in the first four cache lines (256 bytes), as
  // far as `tcp.handshake`.
  public let key: FlowKey
  public var lastSeen: Timestamp
  let hash: UInt32
  public var state = State.new
  /// The list of `FlowTable` that the flow is in.
  var list: FlowTable.Lifetime
  private let clientEnd: ClientEnd
  public var toServer = Counts()
  public var toClient = Counts()
  /// What is spoken in it, as far as it was recognised.
  public var application = Application()
  /// When the client's latest data that is not yet attributed to a host began (see `SendTracker`).
  var send = SendState()
  /// `context.id`, where it is at hand.
  let id: UInt64
  var tcp = TCPConnection()
  public var context: FlowContext

  init(key: FlowKey, context: FlowContext, hash: UInt32, list: FlowTable.Lifetime) {
    self.key = key
    self.context = context
    self.hash = hash
    self.list = list
    id = context.id
    lastSeen = context.start
    clientEnd =
      context.client == key.lower ? .lower : context.client == key.upper ? .upper : .neither
  }

  /// Which way a packet from `source` to `destination` goes.
  @inline(__always)
  func direction(from source: Endpoint) -> Direction {
    let isClient =
      switch clientEnd {
      case .lower: source == key.lower
      case .upper: source == key.upper
      case .neither: source == context.client
      }
    return isClient ? .toServer : .toClient
  }

  /// The same for a packet of TCP or UDP, of which it is known whether it goes from the lower end of
  /// the key to the upper.
  @inline(__always)
  func direction(goesForth: Bool) -> Direction {
    (clientEnd == .lower) == goesForth ? .toServer : .toClient
  }

  /// Nanoseconds since the last packet; 0 when that had no time (a simple packet block).
  @inline(__always)
  func idle(at time: Timestamp) -> Int64 {
    lastSeen.nanoseconds == 0 ? 0 : time.nanoseconds(since: lastSeen)
  }

  @inline(__always)
  mutating func count(_ direction: Direction, frameBytes: Int, at time: Timestamp) {
    if direction == .toServer {
      toServer.packets &+= 1
      toServer.bytes &+= UInt64(frameBytes)
    } else {
      toClient.packets &+= 1
      toClient.bytes &+= UInt64(frameBytes)
    }
    if time > lastSeen { lastSeen = time }
  }
}
