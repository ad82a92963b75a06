/// Who is inside, who is who, and what the law says: what a case is judged by.
public struct CaseConfiguration: Sendable {
  /// A device that the user named.
  public struct NamedDevice: Sendable {
    public var macs: [MACAddress]
    public var addresses: [IPAddress]

    public init(macs: [MACAddress], addresses: [IPAddress]) {
      self.macs = macs
      self.addresses = addresses
    }
  }

  /// Unlock moments of a device.
  public struct UnlockTrack: Sendable {
    /// What the log calls the device.
    public enum Owner: Sendable {
      case mac(MACAddress)
      case address(IPAddress)
      /// The number of a named device.
      case named(Int)
      /// The log names none: the only one there is.
      case only
    }

    public var owner: Owner
    public var log: UnlockStudy.Log
    /// The log's times are those of the phone's own clock.
    public var isPhoneClock = false

    public init(owner: Owner, log: UnlockStudy.Log) {
      self.owner = owner
      self.log = log
    }
  }

  /// The inside.
  public var local: [CIDR] = []
  public var devices: [NamedDevice] = []
  public var unlocks: [UnlockTrack] = []
  /// Whether wake-ups are estimated from the traffic of devices without a log.
  public var infersUnlocks = false
  public var policy = TransferPolicy()
  /// Whether alerts are raised at once, before all evidence is in. A saved capture can wait.
  public var raisesAtOnce = false

  public init() {}

  func isLocal(_ address: IPAddress) -> Bool { local.isInside(address) }
}

extension [CIDR] {
  /// Whether an address lies in one of the networks, or is nobody's in particular.
  func isInside(_ address: IPAddress) -> Bool {
    for network in self where network.contains(address) { return true }
    return address.isGroupOrBroadcast
  }
}

extension IPAddress {
  /// Multicast (RFC 5771, RFC 4291 §2.7), limited broadcast, or unspecified: nobody outside.
  var isGroupOrBroadcast: Bool {
    if isIPv4 { return ipv4 >> 28 == 0xe || ipv4 == .max || ipv4 == 0 }
    return high >> 56 == 0xff || (high == 0 && low <= 1)
  }
}

/// What an inspector is made with.
public struct InspectorConfiguration: Sendable {
  public var limits = InspectorLimits()
  public var cases = CaseConfiguration()
  /// The values that are watched; nil without a list.
  public var watch: WatchIndex?
  /// Whether packets with a wrong checksum are left out. Captures see packets before an offloading
  /// card filled the checksums in, so that by default all are believed.
  public var verifiesChecksums = false

  public init() {}
}

/// How much memory an inspector may take, by what it takes it for.
public struct InspectorLimits: Sendable {
  public var flows = FlowLimits()
  /// Bytes of TCP segments that came too early, for all connections.
  public var reassemblyBytes = 16 << 20
  /// Directions of connections at a time whose retransmissions are compared with what came first.
  public var streamMemories = 16_384
  /// Connections at a time whose HTTP is followed.
  public var httpConnections = 16_384
  /// Connections at a time whose HTTP/2 is followed, and their streams.
  public var http2Connections = 256
  public var http2Streams = 8192
  /// HTTP requests at a time that wait for their responses.
  public var httpTransactions = 32_768
  /// Connections at a time whose TLS handshake is followed.
  public var tlsConnections = 16_384
  /// WebSocket connections at a time whose messages are put together.
  public var webSockets = 512
  /// Connections at a time whose mail is followed.
  public var smtpConnections = 1024
  /// Connections at a time of unknown protocols whose bytes are held for a look.
  public var payloads = 1024
  /// TCP connections at a time whose DNS messages are followed.
  public var dnsConnections = 512
  /// Connections at a time whose QUIC handshake is followed.
  public var quicConnections = 8192
  /// Hellos of DTLS at a time whose parts are put together.
  public var dtlsHellos = 512
  /// Connections at a time whose first bytes are held, because they do not say yet what they are.
  public var recognitions = 4096
  /// Bytes of request bodies that are held for a look.
  public var bodyBytes = 16 << 20
  /// Addresses whose names are remembered.
  public var names = 32_768
  /// Host names, devices, destinations and alerts that a case may have.
  public var hosts = 65_536
  public var devices = 4096
  public var contacts = 65_536
  public var alerts = 16_384
  /// Moments of sending that are kept for the correlation: of a destination, and of all.
  public var sendsPerContact = 65_536
  public var sends = 4 << 20
  /// Pairs of a device and a destination that are tested against unlocks at once.
  public var watchedPairs = 4096

  public init() {}

  /// What one of several shards may take, so that all together take about the same. What spans flows
  /// is not divided.
  func shared(by count: Int) -> InspectorLimits {
    func share(_ limit: Int) -> Int { (limit + count - 1) / count }
    var part = self
    part.flows.flows = share(flows.flows)
    part.reassemblyBytes = share(reassemblyBytes)
    part.streamMemories = share(streamMemories)
    part.httpConnections = share(httpConnections)
    part.http2Connections = share(http2Connections)
    part.http2Streams = share(http2Streams)
    part.httpTransactions = share(httpTransactions)
    part.tlsConnections = share(tlsConnections)
    part.webSockets = share(webSockets)
    part.smtpConnections = share(smtpConnections)
    part.payloads = share(payloads)
    part.dnsConnections = share(dnsConnections)
    part.quicConnections = share(quicConnections)
    part.dtlsHellos = share(dtlsHellos)
    part.recognitions = share(recognitions)
    part.bodyBytes = share(bodyBytes)
    return part
  }

  /// For a router with little memory: 24 MB in all with 10,000 flows.
  public static var router: InspectorLimits {
    var limits = InspectorLimits()
    limits.flows.flows = 16_384
    limits.reassemblyBytes = 2 << 20
    limits.httpConnections = 1024
    limits.httpTransactions = 2048
    limits.http2Connections = 16
    limits.http2Streams = 512
    limits.tlsConnections = 1024
    limits.webSockets = 32
    limits.smtpConnections = 64
    limits.payloads = 64
    limits.dnsConnections = 32
    limits.dtlsHellos = 32
    limits.streamMemories = 512
    limits.recognitions = 256
    limits.bodyBytes = 1 << 20
    limits.names = 4096
    limits.hosts = 4096
    limits.devices = 256
    limits.contacts = 4096
    limits.alerts = 1024
    limits.sendsPerContact = 4096
    limits.sends = 65_536
    return limits
  }
}
