import InspectCore

/// A report for people, in one file of HTML: what was sent, when, to whom, how it is known, and
/// what could not be seen. It has the values as the events have them: masked, unless the run was
/// told to reveal them.
public struct Report {
  /// What one device sent to one destination.
  struct Finding {
    var alerts: [RecordedAlert]

    var first: RecordedAlert { alerts[0] }
    /// The gravest; one that is not known counts as the least.
    var severity: Severity {
      alerts.compactMap { Severity(text: $0.inspect.severity) }.max() ?? .low
    }

    /// Each identifier once.
    var items: [RecordedAlert.Item] {
      var seen: Set<RecordedAlert.Item> = []
      return alerts.flatMap { $0.inspect.personal_data ?? [] }.filter { seen.insert($0).inserted }
    }

    var unlock: RecordedAlert.Unlock? { alerts.lazy.compactMap(\.inspect.unlock).first }
  }

  private var html = HTMLText()
  private let events: RecordedEvents
  private let findings: [Finding]

  private init(_ events: RecordedEvents) {
    self.events = events
    findings = Report.grouped(events.alerts)
  }

  /// The report on what was recorded.
  public static func html(_ events: RecordedEvents) -> String {
    var report = Report(events)
    report.write()
    return report.html.text
  }

  /// By device and destination, gravest first, else in the order of time.
  static func grouped(_ alerts: [RecordedAlert]) -> [Finding] {
    struct Pair: Hashable {
      let device: RecordedAlert.Device
      let destination: String
    }
    var order: [Pair] = []
    var groups: [Pair: Finding] = [:]
    for alert in alerts {
      let pair = Pair(
        device: alert.inspect.device,
        destination: alert.inspect.destination.host ?? alert.inspect.destination.ip)
      if groups[pair] == nil { order.append(pair) }
      groups[pair, default: Finding(alerts: [])].alerts.append(alert)
    }
    let found = order.compactMap { groups[$0] }
    return found.indices.sorted {
      (found[$1].severity, $0) < (found[$0].severity, $1)
    }.map { found[$0] }
  }

  private mutating func write() {
    html.raw(
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>inspectd report</title>
      <style>
      \(ReportStyle.sheet)
      </style></head><body>

      """)
    html.element("h1", text: "What was sent, and to whom")
    head()
    verdict()
    if !findings.isEmpty {
      html.element("h2", text: "Findings")
      for finding in findings { write(finding) }
    }
    coverage()
    reading()
    provenance()
    html.raw("</body></html>\n")
  }

  private mutating func head() {
    let captures = events.stats?.stats.run?.captures.map(\.file) ?? []
    let packets = events.stats?.stats.decoder?["pkts"]?.value
    var parts: [String] = []
    if !captures.isEmpty { parts.append(captures.joined(separator: ", ")) }
    if let packets { parts.append("\(packets) packets") }
    if let flows = events.stats?.stats.flow?["total"]?.value {
      parts.append("\(flows) connections")
    }
    if let end = events.stats?.timestamp { parts.append("up to \(end)") }
    html.element("p", class: "soft", text: parts.joined(separator: " · "))
  }

  private mutating func verdict() {
    let worst = findings.first?.severity
    let silent = events.stats?.stats.findings?["without_alert"]?.value ?? 0
    var sentence: String
    if let worst {
      let devices = Set(findings.map(\.first.inspect.device)).count
      sentence =
        "\(findings.count) finding\(findings.count == 1 ? "" : "s") on "
        + "\(devices) device\(devices == 1 ? "" : "s"); the gravest is \(worst.text)."
    } else if silent > 0 {
      sentence = "No alert was raised."
    } else {
      sentence =
        "No personal data was seen leaving in clear text. That says nothing of what could not be "
        + "seen: see below."
    }
    if silent > 0 {
      sentence +=
        " Personal data left in clear text without an alert (\(silent) values): the policy has no "
        + "severity for it, or there was no room for more alerts."
    }
    html.element("p", class: "verdict \(worst?.text ?? "none")", text: sentence)
  }

  // MARK: A finding

  private mutating func write(_ finding: Finding) {
    let inspect = finding.first.inspect
    html.element("section", class: "card \(finding.severity.text)") { html in
      html.element(
        "span", class: "badge \(finding.severity.text)", text: finding.severity.text)
      html.element(
        "h3", text: "\(Report.name(inspect.device)) → \(Report.name(inspect.destination))")
      html.element("p", text: Report.explanation(finding))
      Report.items(finding.items, &html)
      if let unlock = finding.unlock { Report.unlock(unlock, &html) }
      Report.destination(inspect.destination, &html)
      Report.rules(finding, &html)
    }
  }

  private static func name(_ device: RecordedAlert.Device) -> String {
    device.name ?? device.mac ?? device.ip ?? "a device"
  }

  private static func name(_ destination: RecordedAlert.Destination) -> String {
    let host = destination.host ?? destination.ip
    return destination.country.map { "\(host) (\($0))" } ?? host
  }

  /// Of several rules the one that says most explains; the others are listed with their times.
  private static func explanation(_ finding: Finding) -> String {
    let order = [
      "protected-identifier", "withdrawn-consent", "self-registration",
      "personal-data-cross-border", "personal-data-cleartext",
    ]
    let telling = order.lazy.compactMap { rule in
      finding.alerts.first { $0.inspect.rule == rule }
    }.first
    return (telling ?? finding.first).inspect.explanation
  }

  private static func items(_ items: [RecordedAlert.Item], _ html: inout HTMLText) {
    guard !items.isEmpty else { return }
    html.raw(
      "<div class=\"scroll\"><table><tr><th>What</th><th>Value</th><th>Where</th>"
        + "<th>How it was encoded</th><th>Certainty</th></tr>\n")
    for item in items {
      html.element("tr") { html in
        html.element("td") { html in
          html.plain(item.kind)
          if let label = item.watched { html.plain(" (\(label))") }
        }
        html.element("td") { html in
          html.element("code", text: item.value)
          if let precision = item.precision_m { html.plain(" ± \(precision) m") }
          if let hash = item.hmac { html.element("span", class: "soft", text: " #\(hash)") }
        }
        html.element("td") { html in
          html.plain(item.where)
          if let offset = item.offset { html.plain(", byte \(offset)") }
        }
        html.element("td") { html in
          if item.path.isEmpty { html.plain("not at all") }
          for (index, layer) in item.path.split(separator: " > ").enumerated() {
            if index > 0 { html.raw(" → ") }
            html.element("span", class: "chip", text: String(layer))
          }
        }
        html.element("td", text: item.confidence)
      }
    }
    html.raw("</table></div>\n")
  }

  private static func unlock(_ unlock: RecordedAlert.Unlock, _ html: inout HTMLText) {
    guard unlock.unlocks > 0 else { return }
    let share = 100 * Double(unlock.followed) / Double(unlock.unlocks)
    html.element("p") { html in
      html.plain("\(unlock.followed) of \(unlock.unlocks) screen unlocks were followed")
      if let window = unlock.window_s { html.plain(" within \(number(window)) s") }
      html.plain(" by a send")
      if let expected = unlock.expected { html.plain(" (\(number(expected)) expected by chance)") }
      html.plain(".")
    }
    html.raw(
      "<div class=\"bar\" role=\"img\" aria-label=\"\(Int(share)) percent of the unlocks\">"
        + "<span class=\"hit\" style=\"width:\(number(share))%\"></span></div>\n")
    var facts: [(String, String)] = [
      ("sends right after an unlock", "\(unlock.sends_after_unlock) of \(unlock.sends)")
    ]
    let values: [(String, Double?, String)] = [
      ("median delay", unlock.lag_median_s.map { max(0, $0) }, " s"),
      ("spread of the delay", unlock.lag_iqr_s, " s"),
      ("times more often than by chance", unlock.lift, ""), ("e-value", unlock.e_value, ""),
      ("p-value", unlock.p_value, ""), ("q-value", unlock.q_value, ""),
      ("clock offset", unlock.clock_offset_s, " s"),
      ("clock uncertainty", unlock.clock_uncertainty_s, " s"),
    ]
    facts += values.compactMap { name, value, unit in value.map { (name, number($0) + unit) } }
    table(facts, &html)
  }

  private static func destination(
    _ destination: RecordedAlert.Destination, _ html: inout HTMLText
  ) {
    var facts: [(String, String)] = []
    let port = destination.port.map { " port \($0)" } ?? ""
    facts.append(("address", destination.ip + port))
    if let source = destination.host_from { facts.append(("name known from", source)) }
    if let country = destination.country {
      facts.append(("country", country + (destination.geo_confidence.map { " (\($0))" } ?? "")))
    }
    if let registered = destination.registered_country, registered != destination.country {
      facts.append(("registered in", registered))
    }
    if let number = destination.asn {
      facts.append(("network", "AS\(number) " + (destination.as_org ?? "")))
    }
    facts.append(("transfer", transfer(destination.transfer)))
    table(facts, &html)
  }

  private static func transfer(_ name: String) -> String {
    switch name {
    case "domestic": "within the country"
    case "eea": "within the European Economic Area"
    case "adequate": "to a country with an adequacy decision"
    case "conditional":
      "to a country whose adequacy decision covers some recipients only: ask whether this one is"
    case "third-country":
      "to a country without an adequacy decision: ask the controller for the safeguard of "
        + "Art. 46 GDPR and the information of Art. 13(1)(f)"
    default: "the country is not known"
    }
  }

  private static func rules(_ finding: Finding, _ html: inout HTMLText) {
    let rows = finding.alerts.map { alert in
      let count = alert.inspect.count ?? 1
      let file = alert.pcap_filename.map { " in \($0)" } ?? ""
      return (
        "\(alert.inspect.rule) (\(alert.inspect.severity))",
        "\(alert.timestamp)\(file), seen \(count) time\(count == 1 ? "" : "s")"
          + (alert.inspect.encrypted ? ", encrypted" : "")
      )
    }
    table(rows, &html)
  }

  private static func table(_ rows: [(String, String)], _ html: inout HTMLText) {
    html.raw("<div class=\"scroll\"><table class=\"facts\">\n")
    for (name, value) in rows {
      html.element("tr") { html in
        html.element("th", text: name)
        html.element("td", text: value)
      }
    }
    html.raw("</table></div>\n")
  }

  private static func number(_ value: Double) -> String {
    if value != 0, abs(value) < 0.001 || abs(value) >= 1e6 { return "\(value)" }
    return Decimal.text(value, digits: abs(value) >= 10 ? 1 : 3)
  }

  // MARK: Limits and provenance

  private mutating func coverage() {
    html.element("h2", text: "What could not be seen")
    guard let stats = events.stats?.stats else {
      html.element(
        "p",
        text: "The events have no statistics (write them with --events alert,stats), so nothing is "
          + "known of what was not seen.")
      return
    }
    var rows: [(String, String)] = []
    if let payload = stats.payload {
      let total = payload.values.compactMap(\.value).reduce(0, +)
      for (key, what) in [
        ("clear_bytes", "in clear"), ("encrypted_bytes", "encrypted"),
        ("unknown_bytes", "of protocols that are not decoded"),
      ] {
        guard let bytes = payload[key]?.value, total > 0 else { continue }
        rows.append(("payload \(what)", "\(bytes) bytes, \(bytes * 100 / total) %"))
      }
    }
    let counts: [(String, [String: RecordedStats.Count]?, String)] = [
      ("packets dropped by the kernel", stats.capture, "kernel_drops"),
      ("packets dropped by the interface", stats.capture, "kernel_ifdrops"),
      ("packets cut by the capture", stats.decoder, "truncated"),
      ("packets with a damaged header", stats.decoder, "invalid"),
      ("packets of a link type that is not decoded", stats.decoder, "unknown_link_type"),
      ("gaps in connections", stats.tcp, "reassembly_gap"),
      ("messages too long to be read to their end", stats.app_layer, "cut_bodies"),
      ("bodies whose compression could not be undone", stats.app_layer, "undecoded_bodies"),
    ]
    for (name, group, key) in counts {
      if let value = group?[key]?.value { rows.append((name, "\(value)")) }
    }
    Report.table(rows, &html)
    html.element(
      "p",
      text:
        "What is encrypted is known by its destination, size and time only. What a phone's modem "
        + "sends over the mobile network never passes a router or a Wi-Fi capture.")
  }

  private mutating func reading() {
    html.element("h2", text: "How to read this")
    html.raw("<ul>\n")
    for line in [
      "IMEI and serial number name the device for its whole life, IMSI and ICCID its SIM card and "
        + "so its owner's contract, a cell id the place: together they say who was where.",
      "Values are masked. The # number is a keyed hash: the same number is the same value, and "
        + "nobody without the key can turn it back.",
      "“How it was encoded” is read from the outside in: what the message had to be "
        + "undone with before the value could be read. Encoding is not encryption.",
      "Countries come from databases about networks and may be wrong; anycast addresses answer "
        + "in many places.",
      "The report states what was sent. Whether it was lawful is for others to decide.",
    ] {
      html.element("li", text: line)
    }
    html.raw("</ul>\n")
  }

  private mutating func provenance() {
    html.element("h2", text: "Made with")
    guard let run = events.stats?.stats.run else {
      html.element("p", text: "The events do not say how they were made.")
      return
    }
    var rows: [(String, String)] = [("program", "inspectd \(run.version)")]
    for capture in run.captures {
      let size = capture.bytes.map { ", \($0) bytes" } ?? ""
      let digest = capture.sha256.map { ", SHA-256 \($0)" } ?? ""
      rows.append(("capture", capture.file + size + digest))
    }
    rows.append(("unlock logs", "\(run.unlock_logs)"))
    for database in run.databases {
      let licence = database.attribution.map { ". \($0)" } ?? ""
      rows.append(("geolocation", "\(database.type) of \(database.built)\(licence)"))
    }
    let changed = run.policy_file.map { ", the built-in table as changed by \($0)" } ?? ""
    rows.append(("transfer policy", "as of \(run.policy_as_of), from \(run.home)\(changed)"))
    if events.damageCount > 0 {
      rows.append(("lines that are no events", "\(events.damageCount)"))
    }
    Report.table(rows, &html)
  }
}
