import Crypto
import InspectCore

/// The types of events that can be written.
public enum EventType: String, CaseIterable, Sendable {
  case flow, http, tls, dns, mdns, llmnr, quic, smtp, anomaly, alert, stats
}

/// The types of events that are written, as bits: each flow and message asks.
private struct WantedEvents {
  private var bits: UInt32 = 0

  init(_ types: Set<EventType>) {
    for type in types { bits |= 1 << WantedEvents.place(type) }
  }

  subscript(type: EventType) -> Bool { bits >> WantedEvents.place(type) & 1 != 0 }

  private static func place(_ type: EventType) -> UInt32 {
    switch type {
    case .flow: 0
    case .http: 1
    case .tls: 2
    case .dns: 3
    case .mdns: 4
    case .llmnr: 5
    case .quic: 6
    case .smtp: 7
    case .anomaly: 8
    case .alert: 9
    case .stats: 10
    }
  }
}

/// Receives what an inspector sees: writes it as Suricata EVE lines, and keeps what the summary says.
public struct EventSink: InspectionSink, ~Copyable {
  private let output: (any EventDestination)?
  private let wanted: WantedEvents
  private let mask: IdentifierMask
  private let atlas: SharedAtlas
  private let policy: PolicyFile
  private let deviceNames: [String]
  /// The captures' names, when there are several.
  private let files: [String]
  private var json = JSONWriter()
  private var bodies: [UInt32: BodyDigests] = [:]
  /// Whether the lines of a report are kept; and they: of each alert in order, then the statistics.
  private let keepsReport: Bool
  public private(set) var reportLines: [[UInt8]] = []
  public let wantsBodies: Bool
  public var wantsFingerprints: Bool { isWanted(.tls) }

  public private(set) var alerts: [Alert] = []
  public private(set) var flowCount = 0

  public init(
    output: (any EventDestination)?, types: Set<EventType>, mask: IdentifierMask,
    atlas: SharedAtlas,
    policy: PolicyFile, deviceNames: [String], files: [String], hashesBodies: Bool,
    keepsReport: Bool = false
  ) {
    self.output = output
    wanted = WantedEvents(output == nil ? [] : types)
    self.mask = mask
    self.atlas = atlas
    self.policy = policy
    self.deviceNames = deviceNames
    self.files = files.count > 1 ? files : []
    self.keepsReport = keepsReport
    wantsBodies = hashesBodies && wanted[.http]
  }

  private func isWanted(_ type: EventType) -> Bool { wanted[type] }

  // MARK: The common part

  private mutating func begin(_ type: StaticString, _ context: FlowContext?, at time: Timestamp) {
    json.removeAll()
    json.beginObject()
    json.field("timestamp", time)
    if let context { json.field("flow_id", context.id) }
    json.field("event_type", type)
    guard let context else { return }
    if Int(context.source) < files.count { json.field("pcap_filename", files[Int(context.source)]) }
    if context.vlans.count > 0 {
      json.beginArray("vlan")
      for index in 0..<context.vlans.count { json.element(context.vlans[index]) }
      json.endArray()
    }
    writeEnds(context.client, context.server, context.protocolNumber)
    if context.protocolNumber == 1 || context.protocolNumber == 58 {
      json.field("icmp_type", context.icmpType)
      json.field("icmp_code", context.icmpCode)
      if let response = context.icmpResponse {
        json.field("response_icmp_type", response.type)
        json.field("response_icmp_code", response.code)
      }
    }
    if context.protocolNumber == 50 { json.field("spi", context.securityParametersIndex) }
    json.field("community_id", CommunityID.text(context))
    if let tunnel = context.tunnel {
      json.beginObject("tunnel")
      writeEnds(tunnel.source, tunnel.destination, tunnel.protocolNumber)
      json.field("depth", context.tunnelDepth)
      json.endObject()
    }
  }

  private mutating func writeEnds(
    _ source: Endpoint, _ destination: Endpoint, _ protocolNumber: UInt8
  ) {
    let hasPorts = IPProtocol(rawValue: protocolNumber).hasPorts
    json.field("src_ip", source.address)
    if hasPorts { json.field("src_port", source.port) }
    json.field("dest_ip", destination.address)
    if hasPorts { json.field("dest_port", destination.port) }
    json.field("proto", ProtocolName.text(protocolNumber))
  }

  private mutating func end() {
    json.endObject()
    json.endLine()
    output?.append(json.bytes)
  }

  // MARK: Events

  public mutating func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason) {
    flowCount += 1
    guard isWanted(.flow) else { return }
    let context = flow.context
    begin("flow", context, at: flow.lastSeen)
    if let name = flow.application.kind.name { json.field("app_proto", name) }
    json.beginObject("flow")
    json.field("pkts_toserver", flow.toServer.packets)
    json.field("pkts_toclient", flow.toClient.packets)
    json.field("bytes_toserver", flow.toServer.bytes)
    json.field("bytes_toclient", flow.toClient.bytes)
    json.field("start", context.start)
    json.field("end", flow.lastSeen)
    // As Suricata counts it: the clock's seconds that passed.
    json.field("age", max(0, flow.lastSeen.wholeSeconds - context.start.wholeSeconds))
    json.field("state", EventNames.state(flow.state))
    json.field("reason", EventNames.reason(reason))
    json.endObject()
    if context.protocolNumber == 6 { writeFlags(flow.toServer.tcpFlags, flow.toClient.tcpFlags) }
    end()
  }

  private mutating func writeFlags(_ toServer: TCPFlags, _ toClient: TCPFlags) {
    var all = toServer
    all.formUnion(toClient)
    json.beginObject("tcp")
    json.field("tcp_flags", hexadecimal: all.rawValue)
    json.field("tcp_flags_ts", hexadecimal: toServer.rawValue)
    json.field("tcp_flags_tc", hexadecimal: toClient.rawValue)
    if all.syn { json.field("syn", true) }
    if all.fin { json.field("fin", true) }
    if all.rst { json.field("rst", true) }
    if all.psh { json.field("psh", true) }
    if all.ack { json.field("ack", true) }
    if all.urg { json.field("urg", true) }
    if all.ece { json.field("ecn", true) }
    if all.cwr { json.field("cwr", true) }
    json.endObject()
  }

  public mutating func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext) {
    let digests = bodies.removeValue(forKey: transaction.place)
    guard isWanted(.http) else { return }
    begin("http", context, at: transaction.start)
    json.beginObject("http")
    if transaction.hasRequest {
      if !transaction.host.isEmpty { json.field("hostname", transaction.host) }
      if let port = transaction.port { json.field("http_port", port) }
      json.field("url", transaction.target)
      if !transaction.userAgent.isEmpty { json.field("http_user_agent", transaction.userAgent) }
    }
    if !transaction.responseType.isEmpty {
      json.field("http_content_type", transaction.responseType)
    }
    if !transaction.referer.isEmpty { json.field("http_refer", transaction.referer) }
    if transaction.hasRequest { json.field("http_method", transaction.method) }
    let version = transaction.hasRequest ? transaction.requestVersion : transaction.responseVersion
    if let stream = transaction.stream {
      json.field("version", "2" as StaticString)
      json.field("protocol", "HTTP/2" as StaticString)
      json.beginObject("http2")
      json.field("stream_id", stream)
      json.endObject()
    } else {
      json.field("protocol", "HTTP/\(version.major).\(version.minor)")
    }
    if let status = transaction.status { json.field("status", status) }
    json.field("length", transaction.responseByteCount)
    json.field("request_length", transaction.requestByteCount)
    if let digest = digests?.toServer.finish() {
      json.field("request_body_len", digest.byteCount)
      json.field("request_body_sha256", digest.sha256)
    }
    if let digest = digests?.toClient.finish() {
      json.field("response_body_len", digest.byteCount)
      json.field("response_body_sha256", digest.sha256)
    }
    json.endObject()
    end()
  }

  public mutating func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32
  ) {
    let digests = bodies[place] ?? BodyDigests()
    bodies[place] = digests
    (direction == .toServer ? digests.toServer : digests.toClient).add(bytes, coding)
  }

  public mutating func bodyEnded(_ direction: Direction, place: UInt32) {
    guard let digests = bodies[place] else { return }
    (direction == .toServer ? digests.toServer : digests.toClient).isWhole = true
  }

  public mutating func tls(_ session: borrowing TLSSession, _ context: FlowContext) {
    guard isWanted(.tls) else { return }
    begin("tls", context, at: session.start)
    json.writeTLS(session)
    end()
  }

  public mutating func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp
  ) {
    guard isWanted(.quic) else { return }
    begin("quic", context, at: time)
    json.writeQUIC(hello, version)
    end()
  }

  public mutating func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    guard isWanted(.dns) else { return }
    begin("dns", context, at: time)
    json.writeDNS(message, as: "dns")
    end()
  }

  public mutating func multicastDNS(
    _ message: DNSMessage, _ context: FlowContext, at time: Timestamp
  ) {
    guard isWanted(.mdns) else { return }
    begin("mdns", context, at: time)
    json.writeMulticastDNS(message)
    end()
  }

  public mutating func linkLocalDNS(
    _ message: DNSMessage, _ context: FlowContext, at time: Timestamp
  ) {
    guard isWanted(.llmnr) else { return }
    begin("llmnr", context, at: time)
    json.writeDNS(message, as: "llmnr")
    end()
  }

  public mutating func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext) {
    guard isWanted(.smtp) else { return }
    begin("smtp", context, at: transaction.start)
    json.writeSMTP(transaction)
    end()
  }

  public mutating func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    guard isWanted(.anomaly) else { return }
    begin("anomaly", context, at: time)
    json.beginObject("anomaly")
    switch anomaly.kind {
    case .decode: json.field("type", "decode" as StaticString)
    case .stream: json.field("type", "stream" as StaticString)
    case .applayer: json.field("type", "applayer" as StaticString)
    }
    json.field("event", anomaly.event)
    json.endObject()
    end()
  }

  public mutating func turn(to moment: Moment) { output?.turn(to: moment) }

  public mutating func alert(_ alert: Alert) {
    alerts.append(alert)
    guard isWanted(.alert) || keepsReport else { return }
    begin("alert", alert.context, at: alert.time)
    json.writeAlert(
      alert, mask: mask, name: alert.device.named.map { deviceNames[$0] },
      place: atlas.place(alert.destination.endpoint.address), policy: policy)
    endForReport(.alert)
  }

  /// The proof of coverage, at the end.
  public mutating func stats(
    _ counters: InspectorCounters, drops: LiveCapture.Drops?, run: RunDescription,
    at time: Timestamp
  ) {
    guard isWanted(.stats) || keepsReport else { return }
    begin("stats", nil, at: time)
    json.writeStats(counters, drops: drops, alerts: alerts.count, run: run)
    endForReport(.stats)
  }

  /// Ends an event that a report is made of, whether or not it is written.
  private mutating func endForReport(_ type: EventType) {
    json.endObject()
    json.endLine()
    if keepsReport { reportLines.append(json.bytes) }
    if isWanted(type) { output?.append(json.bytes) }
  }
}

extension Timestamp {
  fileprivate var wholeSeconds: Int64 { nanoseconds / 1_000_000_000 }
}

enum EventNames {
  static func state(_ state: Flow.State) -> StaticString {
    switch state {
    case .new: "new"
    case .established: "established"
    case .closed: "closed"
    }
  }

  static func reason(_ reason: Flow.EndReason) -> StaticString {
    switch reason {
    case .timeout: "timeout"
    case .reuse: "tcp_reuse"
    case .forced: "forced"
    case .shutdown: "shutdown"
    }
  }
}

enum ProtocolName {
  /// As EVE writes it; the number where there is no name.
  static func text(_ number: UInt8) -> String {
    switch IPProtocol(rawValue: number) {
    case .tcp: "TCP"
    case .udp: "UDP"
    case .icmp: "ICMP"
    case .icmpv6: "IPv6-ICMP"
    case .sctp: "SCTP"
    case .esp: "ESP"
    case .gre: "GRE"
    case .authentication: "AH"
    case .ipv4: "IP-in-IP"
    case .ipv6: "IPv6"
    case .hopByHopOptions: "HOPOPT"
    case .routing: "IPv6-Route"
    case .fragment: "IPv6-Frag"
    case .noNextHeader: "IPv6-NoNxt"
    case .destinationOptions: "IPv6-Opts"
    case .mobility: "Mobility"
    case .unknown(2): "IGMP"
    case .unknown(33): "DCCP"
    case .unknown(46): "RSVP"
    case .unknown(88): "EIGRP"
    case .unknown(89): "OSPF"
    case .unknown(97): "ETHERIP"
    case .unknown(103): "PIM"
    case .unknown(108): "IPComp"
    case .unknown(112): "VRRP"
    case .unknown(113): "PGM"
    case .unknown(115): "L2TP"
    case .unknown(136): "UDPLite"
    case .unknown(137): "MPLS-in-IP"
    case .unknown(139): "HIP"
    case .unknown(let other): String(other)
    }
  }
}

/// Digests of the two bodies of a transaction.
final class BodyDigests {
  let toServer = BodyDigest()
  let toClient = BodyDigest()
}

/// The length and the digest of a body, decompressed.
final class BodyDigest {
  private var digest = SHA256()
  private var byteCount = 0
  private var stream: (any CodedStream)?
  private var hasBegun = false
  var isWhole = false

  /// A body without a byte is one, too.
  func add(_ bytes: RawSpan, _ coding: ContentCoding) {
    if !hasBegun {
      hasBegun = true
      stream = coding.makeStream()
    }
    guard bytes.byteCount > 0 else { return }
    if let stream {
      _ = stream.decode(bytes, while: { true }) { update($0) }
    } else {
      update(bytes)
    }
  }

  private func update(_ bytes: RawSpan) {
    byteCount += bytes.byteCount
    bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
  }

  /// Nil when there was no body, or not all of it was seen.
  func finish() -> (byteCount: Int, sha256: String)? {
    hasBegun && isWhole ? (byteCount, Hexadecimal.text(digest.finalize())) : nil
  }
}
