import InspectCore

extension JSONWriter {
  // MARK: Alerts

  mutating func writeAlert(
    _ alert: Alert, mask: IdentifierMask, name: String?, place: GeoLocation?, policy: PolicyFile
  ) {
    beginObject("alert")
    field("action", "allowed" as StaticString)
    field("gid", 1)
    field("signature_id", 9_000_001 + Int(alert.rule.rawValue))
    field("rev", 1)
    field("signature", "inspectd \(alert.rule.name)")
    field("category", "Potential Corporate Privacy Violation" as StaticString)
    field("severity", 4 - Int(alert.severity.rawValue))
    endObject()
    beginObject("inspect")
    field("rule", alert.rule.name)
    field("severity", alert.severity.name)
    writeDevice(alert.device, name)
    writeDestination(alert.destination, place, policy)
    if !alert.items.isEmpty { writeItems(alert.items, mask) }
    if let unlock = alert.unlock { writeUnlock(unlock) }
    field("encrypted", alert.isEncrypted)
    field("count", alert.count)
    field("explanation", Explanation.text(alert, deviceName: name, policy: policy))
    endObject()
  }

  private mutating func writeDevice(_ device: Device, _ name: String?) {
    beginObject("device")
    if device.mac != .none { field("mac", device.mac.text) }
    field("ip", device.address)
    if let name { field("name", name) }
    endObject()
  }

  private mutating func writeDestination(
    _ destination: Destination, _ place: GeoLocation?, _ policy: PolicyFile
  ) {
    beginObject("destination")
    field("ip", destination.endpoint.address)
    field("port", destination.endpoint.port)
    if !destination.host.isEmpty {
      field("host", String(decoding: destination.host, as: UTF8.self))
      if let source = destination.nameSource { field("host_from", source.name) }
    }
    let location = destination.location
    if let country = location.country { field("country", country.text) }
    if let country = location.registeredCountry { field("registered_country", country.text) }
    if let number = location.autonomousSystem { field("asn", number) }
    if let name = place?.organization { field("as_org", name) }
    field("transfer", destination.transfer.name)
    if let country = location.country {
      if let basis = policy.basis(country), destination.transfer.crossesBorder {
        field("transfer_basis", basis.source)
        if !basis.scope.isEmpty { field("transfer_scope", basis.scope) }
      }
      field("geo_confidence", GeoConfidence(destination).rawValue)
      if let other = location.otherCountry { field("other_country", other.text) }
    }
    if let roundTrip = destination.roundTrip {
      field("rtt_ms", Double(roundTrip) / 1e6, digits: 3)
      if let distance = location.distance { field("distance_km", distance) }
    }
    endObject()
  }

  private mutating func writeItems(_ items: [Alert.Item], _ mask: IdentifierMask) {
    beginArray("personal_data")
    for item in items {
      beginObject()
      field("kind", item.kind.name)
      field("where", item.part.name)
      field("path", mask.path(item.path).span.bytes)
      field("offset", item.offset)
      field("value", mask.text(item.value).span.bytes)
      field("hmac", mask.hmac(item.normalized))
      field("confidence", item.confidence.name)
      if let label = item.watched { field("watched", label.span.bytes) }
      if item.precision > 0 { field("precision_m", item.precision) }
      endObject()
    }
    endArray()
  }

  private mutating func writeUnlock(_ finding: UnlockFinding) {
    let statistics = finding.statistics
    beginObject("unlock")
    field("unlocks", statistics.unlocks)
    field("followed", statistics.followed)
    field("sends", statistics.sends)
    field("sends_after_unlock", statistics.sendsAfterUnlock)
    field("expected", statistics.expected, digits: 3)
    field("lift", statistics.lift, digits: 1)
    field("window_s", statistics.windowSeconds, digits: 3)
    if let lag = statistics.lagMedian { field("lag_median_s", lag, digits: 3) }
    if let range = statistics.lagIQR { field("lag_iqr_s", range, digits: 3) }
    let result = finding.result
    if let value = result.eValue { field("e_value", value, digits: 3) }
    if let value = statistics.pValue { field("p_value", value, digits: 6) }
    if let value = result.qValue { field("q_value", value, digits: 6) }
    if let value = result.shiftPValue { field("p_value_shift", value, digits: 3) }
    field("clock_offset_s", Double(result.clock.offset) / 1e9, digits: 1)
    if let doubt = result.clockUncertainty { field("clock_uncertainty_s", doubt, digits: 1) }
    writeSources(result.clockSources)
    if result.clock.drift != 0 { field("clock_drift_ppm", result.clock.drift, digits: 1) }
    field("beacon_score", result.beaconScore, digits: 2)
    field("explained_by", result.verdict.name)
    if result.isInferred { field("inferred", true) }
    if !finding.group.isEmpty { field("group", String(decoding: finding.group, as: UTF8.self)) }
    if let outcome = result.experiment {
      beginObject("experiment")
      field("unlocks", outcome.unlocks)
      field("unlocks_followed", outcome.unlocksFollowed)
      field("shams", outcome.shams)
      field("shams_followed", outcome.shamsFollowed)
      field("window_s", outcome.windowSeconds, digits: 1)
      field("p_value", outcome.pValue, digits: 6)
      endObject()
    }
    endObject()
  }

  /// What the clock is known from; empty where it is taken to agree.
  private mutating func writeSources(_ sources: ClockSources) {
    beginArray("clock_from")
    if sources.ntp { element("ntp") }
    if sources.messages { element("messages") }
    if sources.traffic { element("traffic") }
    endArray()
  }

  // MARK: Statistics

  mutating func writeStats(
    _ counters: InspectorCounters, drops: LiveCapture.Drops?, alerts: Int, run: RunDescription
  ) {
    beginObject("stats")
    if let drops {
      beginObject("capture")
      field("kernel_packets", drops.received)
      field("kernel_drops", drops.droppedByKernel)
      field("kernel_ifdrops", drops.droppedByInterface)
      endObject()
    }
    beginObject("decoder")
    let decoder: [(StaticString, UInt64)] = [
      ("pkts", counters.packets), ("bytes", counters.bytes),
      ("truncated", counters.truncatedPackets), ("invalid", counters.malformed),
      ("invalid_checksum", counters.wrongChecksums),
      ("unknown_link_type", counters.unknownLinkTypes.total), ("arp", counters.arp),
      ("not_ip", counters.notIP), ("ipv4", counters.ipv4), ("ipv6", counters.ipv6),
      ("tcp", counters.tcp), ("udp", counters.udp), ("icmp", counters.icmp),
      ("icmp_stray_errors", counters.strayErrors), ("sctp", counters.sctp),
      ("other_transport", counters.otherTransport), ("fragments", counters.fragments),
      ("reassembled", counters.reassembledPackets),
      ("fragments_dropped", counters.droppedFragments),
      ("fragments_abandoned", counters.abandonedFragments),
      ("encrypted_frames", counters.encryptedFrames),
      ("esp_in_udp", counters.securityPayloadsInUDP),
      ("too_many_layers", counters.tooManyLayers),
    ]
    for (name, value) in decoder { field(name, value) }
    for (kind, packets) in counters.packetsInTunnels { field(kind, packets) }
    writeLinkTypes(counters.unknownLinkTypes)
    endObject()
    beginObject("flow")
    field("total", counters.flows)
    field("forced", counters.forcedFlows)
    endObject()
    beginObject("tcp")
    let tcp: [(StaticString, UInt64)] = [
      ("reassembly_gap", counters.streamGaps), ("lost_bytes", counters.lostBytes),
      ("out_of_order", counters.outOfOrderSegments),
      ("retransmitted", counters.retransmittedSegments),
      ("out_of_window", counters.outOfWindowSegments),
      ("reassembly_full", counters.reassemblyFull),
      ("overlap_diff_data", counters.conflictingSegments),
      ("uncompared_streams", counters.uncomparedStreams),
      ("refused_ends", counters.refusedEnds),
    ]
    for (name, value) in tcp { field(name, value) }
    endObject()
    beginObject("app_layer")
    let applications: [(StaticString, UInt64)] = [
      ("http_requests", counters.httpRequests), ("http_responses", counters.httpResponses),
      ("tls_sessions", counters.tlsSessions), ("quic_hellos", counters.quicHellos),
      ("quic_unopened", counters.unopenedPackets), ("dns_messages", counters.dnsMessages),
      ("smtp_transactions", counters.mailTransactions),
      ("payloads_inspected", counters.inspectedPayloads),
      ("payloads_skipped", counters.skippedPayloads), ("full", counters.applicationFull),
      ("cut_bodies", counters.cutBodies), ("long_bodies", counters.longBodies),
      ("undecoded_bodies", counters.undecodedBodies), ("anomalies", counters.anomalies),
    ]
    for (name, value) in applications { field(name, value) }
    endObject()
    beginObject("payload")
    field("clear_bytes", counters.clearBytes)
    field("encrypted_bytes", counters.encryptedBytes)
    field("unknown_bytes", counters.unknownBytes)
    endObject()
    beginObject("findings")
    field("low", counters.lowFindings)
    field("without_alert", counters.silentFindings)
    field("refused", counters.caseRefused)
    field("forgotten_values", counters.forgottenValues)
    endObject()
    beginObject("finder")
    let finder: [(StaticString, UInt64)] = [
      ("messages", counters.finder.messages), ("bytes", counters.finder.bytes),
      ("decoded_bytes", counters.finder.decodedBytes), ("values", counters.finder.nodes),
      ("undecoded_layers", counters.finder.undecodedLayers),
      ("depth_limits", counters.finder.depthLimits),
      ("decoded_bytes_limits", counters.finder.decodedBytesLimits),
      ("values_limits", counters.finder.nodesLimits),
      ("path_limits", counters.finder.pathLimits),
      ("findings_limits", counters.finder.findingsLimits),
      ("nesting_limits", counters.finder.nestingLimits),
      ("compressed_layers_limits", counters.finder.compressedLayersLimits),
    ]
    for (name, value) in finder { field(name, value) }
    endObject()
    beginObject("watch")
    field("hits", counters.watch.hits)
    field("hit_limits", counters.watch.hitsLimits)
    field("hmacs", counters.watch.hmacs)
    field("hmac_limits", counters.watch.hmacLimits)
    endObject()
    field("alerts", alerts)
    writeRun(run)
    endObject()
  }
}

extension JSONWriter {
  /// The link types that were not decoded, by their numbers.
  private mutating func writeLinkTypes(_ types: LinkTypeCounts) {
    guard types.count > 0 else { return }
    beginArray("unknown_link_types")
    for index in 0..<types.count {
      beginObject()
      field("link_type", types[index].number)
      field("pkts", types[index].packets)
      endObject()
    }
    endArray()
  }
}

extension MACAddress {
  /// Six pairs of digits with colons between.
  public var text: String {
    (0..<6).map {
      Hexadecimal.text([UInt8(truncatingIfNeeded: rawValue >> UInt64(40 - 8 * $0))])
    }.joined(separator: ":")
  }

  /// Six pairs of digits with colons or hyphens between.
  public init?(text: String) {
    let parts = text.split(whereSeparator: { $0 == ":" || $0 == "-" })
    guard parts.count == 6 else { return nil }
    var value: UInt64 = 0
    for part in parts {
      guard part.count == 2, let byte = UInt8(part, radix: 16) else { return nil }
      value = value << 8 | UInt64(byte)
    }
    self.init(rawValue: value)
  }
}
