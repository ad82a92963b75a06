/// What an inspector saw, and what it could not see: the proof of coverage. All are counts.
public struct InspectorCounters: Sendable {
  public internal(set) var packets: UInt64 = 0
  /// Bytes on the wire.
  public internal(set) var bytes: UInt64 = 0
  /// Packets that the snap length cut.
  public internal(set) var truncatedPackets: UInt64 = 0

  /// Packets of link types that are not decoded, by type.
  public internal(set) var unknownLinkTypes = LinkTypeCounts()
  /// Frames whose content is encrypted on the link (802.11, PPP).
  public internal(set) var encryptedFrames: UInt64 = 0
  public internal(set) var arp: UInt64 = 0
  /// Frames that carry neither IP nor ARP.
  public internal(set) var notIP: UInt64 = 0
  public internal(set) var ipv4: UInt64 = 0
  public internal(set) var ipv6: UInt64 = 0
  public internal(set) var tcp: UInt64 = 0
  public internal(set) var udp: UInt64 = 0
  public internal(set) var icmp: UInt64 = 0
  /// Errors of ICMP that quote a packet of no flow.
  public internal(set) var strayErrors: UInt64 = 0
  public internal(set) var sctp: UInt64 = 0
  /// IP packets of other transports.
  public internal(set) var otherTransport: UInt64 = 0
  /// Packets that carry another, by `Tunnel.Kind`.
  var tunnels = InlineArray<8, UInt64>(repeating: 0)
  /// ESP in UDP, which is not looked into.
  public internal(set) var securityPayloadsInUDP: UInt64 = 0
  /// Packets in more tunnels, or behind more headers, than are followed.
  public internal(set) var tooManyLayers: UInt64 = 0
  /// Packets that were not believed, because a checksum is wrong and was to be verified.
  public internal(set) var wrongChecksums: UInt64 = 0
  /// Packets with a header that is cut off or makes no sense.
  public internal(set) var malformed: UInt64 = 0

  public internal(set) var fragments: UInt64 = 0
  public internal(set) var reassembledPackets: UInt64 = 0
  /// Fragments of no use.
  public internal(set) var droppedFragments: UInt64 = 0
  /// Packets whose fragments never were complete.
  public internal(set) var abandonedFragments: UInt64 = 0

  public internal(set) var flows: UInt64 = 0
  /// Flows that were ended because the table was full.
  public internal(set) var forcedFlows: UInt64 = 0

  public internal(set) var streamGaps: UInt64 = 0
  public internal(set) var lostBytes: UInt64 = 0
  public internal(set) var outOfOrderSegments: UInt64 = 0
  public internal(set) var retransmittedSegments: UInt64 = 0
  public internal(set) var outOfWindowSegments: UInt64 = 0
  /// Holes that were given up because a bound of the reassembly was reached.
  public internal(set) var reassemblyFull: UInt64 = 0
  /// Segments whose data contradicts what came first.
  public internal(set) var conflictingSegments: UInt64 = 0
  /// Directions whose retransmissions were not compared, because there was no room.
  public internal(set) var uncomparedStreams: UInt64 = 0
  /// RSTs and FINs outside of the window, which ended nothing.
  public internal(set) var refusedEnds: UInt64 = 0

  public internal(set) var httpRequests: UInt64 = 0
  public internal(set) var httpResponses: UInt64 = 0
  public internal(set) var tlsSessions: UInt64 = 0
  public internal(set) var quicHellos: UInt64 = 0
  /// Initial packets of QUIC that were not opened: their keys are unknown, they are damaged, or their
  /// connection had its share.
  public internal(set) var unopenedPackets: UInt64 = 0
  public internal(set) var dnsMessages: UInt64 = 0
  public internal(set) var mailTransactions: UInt64 = 0
  /// Messages of protocols that nobody knows, and WebSocket messages, that were looked at; and those
  /// that were not, because the flow's share was used up or there was no room.
  public internal(set) var inspectedPayloads: UInt64 = 0
  public internal(set) var skippedPayloads: UInt64 = 0
  /// Connections that found no room for their protocol's state.
  public internal(set) var applicationFull: UInt64 = 0

  /// Payload bytes by what could be seen of them.
  public internal(set) var clearBytes: UInt64 = 0
  public internal(set) var encryptedBytes: UInt64 = 0
  public internal(set) var unknownBytes: UInt64 = 0

  /// Request bodies of which only the beginning was looked at.
  public internal(set) var cutBodies: UInt64 = 0
  /// Request bodies that were looked at in pieces of a megabyte, each for itself.
  public internal(set) var longBodies: UInt64 = 0
  /// Bodies whose content coding could not be undone.
  public internal(set) var undecodedBodies: UInt64 = 0
  public internal(set) var anomalies: UInt64 = 0

  /// Identifiers of low confidence, which raise no alert.
  public internal(set) var lowFindings: UInt64 = 0
  /// Identifiers for which the policy has no severity, or for whose alert there was no room.
  public internal(set) var silentFindings: UInt64 = 0
  /// Devices, destinations, sends and alerts that found no room.
  public internal(set) var caseRefused: UInt64 = 0
  /// Values that may be identifiers if they recur, and were forgotten for others.
  public internal(set) var forgottenValues: UInt64 = 0
  public internal(set) var finder = FinderCounters()
  public internal(set) var watch = WatchCounters()

  public init() {}

  /// Adds what another shard of the same run counted.
  public mutating func add(_ other: InspectorCounters) {
    packets &+= other.packets
    bytes &+= other.bytes
    truncatedPackets &+= other.truncatedPackets
    encryptedFrames &+= other.encryptedFrames
    arp &+= other.arp
    notIP &+= other.notIP
    ipv4 &+= other.ipv4
    ipv6 &+= other.ipv6
    tcp &+= other.tcp
    udp &+= other.udp
    icmp &+= other.icmp
    strayErrors &+= other.strayErrors
    sctp &+= other.sctp
    otherTransport &+= other.otherTransport
    securityPayloadsInUDP &+= other.securityPayloadsInUDP
    tooManyLayers &+= other.tooManyLayers
    wrongChecksums &+= other.wrongChecksums
    malformed &+= other.malformed
    fragments &+= other.fragments
    reassembledPackets &+= other.reassembledPackets
    droppedFragments &+= other.droppedFragments
    abandonedFragments &+= other.abandonedFragments
    flows &+= other.flows
    forcedFlows &+= other.forcedFlows
    streamGaps &+= other.streamGaps
    lostBytes &+= other.lostBytes
    outOfOrderSegments &+= other.outOfOrderSegments
    retransmittedSegments &+= other.retransmittedSegments
    outOfWindowSegments &+= other.outOfWindowSegments
    reassemblyFull &+= other.reassemblyFull
    conflictingSegments &+= other.conflictingSegments
    uncomparedStreams &+= other.uncomparedStreams
    refusedEnds &+= other.refusedEnds
    httpRequests &+= other.httpRequests
    httpResponses &+= other.httpResponses
    tlsSessions &+= other.tlsSessions
    quicHellos &+= other.quicHellos
    unopenedPackets &+= other.unopenedPackets
    dnsMessages &+= other.dnsMessages
    mailTransactions &+= other.mailTransactions
    inspectedPayloads &+= other.inspectedPayloads
    skippedPayloads &+= other.skippedPayloads
    applicationFull &+= other.applicationFull
    clearBytes &+= other.clearBytes
    encryptedBytes &+= other.encryptedBytes
    unknownBytes &+= other.unknownBytes
    cutBodies &+= other.cutBodies
    longBodies &+= other.longBodies
    undecodedBodies &+= other.undecodedBodies
    anomalies &+= other.anomalies
    lowFindings &+= other.lowFindings
    silentFindings &+= other.silentFindings
    caseRefused &+= other.caseRefused
    forgottenValues &+= other.forgottenValues
    for kind in 0..<Tunnel.Kind.count { tunnels[kind] &+= other.tunnels[kind] }
    unknownLinkTypes.add(other.unknownLinkTypes)
    finder.add(other.finder)
    watch.add(other.watch)
  }

  /// Packets that carry another, by the kind of tunnel.
  public var packetsInTunnels: [(kind: StaticString, packets: UInt64)] {
    (0..<Tunnel.Kind.count).map {
      (Tunnel.Kind(rawValue: UInt8($0))?.name ?? "", tunnels[$0])
    }
  }
}

/// How many packets there were of each link type that is not decoded. So many types are kept apart
/// as a capture can sensibly have; the packets of further ones are counted together.
public struct LinkTypeCounts: Sendable {
  public struct Entry: Sendable {
    /// The number of the type (LINKTYPE_).
    public let number: UInt32
    public internal(set) var packets: UInt64
  }

  public static var capacity: Int { 8 }

  private var entries = InlineArray<8, Entry>(repeating: Entry(number: 0, packets: 0))
  /// The types that are kept apart.
  public private(set) var count = 0
  /// Packets of all types.
  public private(set) var total: UInt64 = 0

  public subscript(index: Int) -> Entry { entries[index] }

  mutating func add(_ number: UInt32, packets: UInt64 = 1) {
    total &+= packets
    for index in 0..<count where entries[index].number == number {
      entries[index].packets &+= packets
      return
    }
    guard count < LinkTypeCounts.capacity else { return }
    entries[count] = Entry(number: number, packets: packets)
    count += 1
  }

  mutating func add(_ other: LinkTypeCounts) {
    var apart: UInt64 = 0
    for index in 0..<other.count {
      add(other[index].number, packets: other[index].packets)
      apart &+= other[index].packets
    }
    // Those of further types.
    total &+= other.total &- apart
  }
}
