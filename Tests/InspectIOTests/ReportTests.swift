import Testing

@testable import InspectIO

private func alert(
  rule: String = "personal-data-cleartext", severity: String = "high", host: String = "example.com",
  value: String = "49...18", device: String = "02:00:00:00:00:10", more: String = ""
) -> String {
  """
  {"timestamp":"2026-03-01T08:00:01.769000+0000","event_type":"alert","proto":"TCP",\
  "inspect":{"rule":"\(rule)","severity":"\(severity)","device":{"mac":"\(device)"},\
  "destination":{"ip":"192.0.2.1","port":80,"host":"\(host)","transfer":"third-country"},\
  "personal_data":[{"kind":"imei","where":"http.request.body","path":"base64 > json:IMEI1",\
  "offset":7,"value":"\(value)","hmac":"00ff","confidence":"high"}],\(more)\
  "encrypted":false,"count":3,"explanation":"It sent imei, unencrypted, to \(host)."}}
  """
}

private let stats = """
  {"timestamp":"2026-03-01T09:00:00.000000+0000","event_type":"stats","stats":{\
  "decoder":{"pkts":12,"truncated":2,"by_link_type":{"1":12}},"flow":{"total":3},\
  "payload":{"clear_bytes":25,"encrypted_bytes":75,"unknown_bytes":0},\
  "run":{"version":"0.1.0","captures":[{"file":"a.pcap","bytes":9,"sha256":"abcd"}],\
  "databases":[],"home":"EEA","policy_as_of":"2026-11-01","unlock_logs":1}}}
  """

private func events(_ lines: [String]) -> RecordedEvents {
  var events = RecordedEvents()
  events.add(Array(lines.joined(separator: "\n").utf8), file: "eve.jsonl")
  return events
}

@Suite struct ReportTests {
  @Test func whatWasFoundStandsInTheReport() {
    let unlock = """
      "unlock":{"unlocks":12,"followed":12,"sends":13,"sends_after_unlock":12,"expected":0.4,\
      "window_s":3,"p_value":2.4e-11},
      """
    let html = Report.html(events([alert(more: unlock), stats]))
    for text in [
      "02:00:00:00:00:10 → example.com", "49...18", "#00ff", "byte 7", "seen 3 times",
      "<span class=\"chip\">base64</span>\n → <span class=\"chip\">json:IMEI1</span>",
      "12 of 12 screen unlocks were followed within 3 s by a send (0.4 expected by chance).",
      "2.4e-11", "13", "SHA-256 abcd", "25 bytes, 25 %", "75 bytes, 75 %", "as of 2026-11-01",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("<script"))
    #expect(!html.contains("http://") && !html.contains("https://"), "nothing from elsewhere")
  }

  @Test func alertsOfOnePairAreOneFinding() {
    let recorded = events([
      alert(severity: "low", host: "b.example"), alert(host: "a.example"),
      alert(rule: "self-registration", severity: "critical", host: "a.example"),
      alert(severity: "critical", host: "c.example", device: "02:00:00:00:00:11"),
    ])
    let findings = Report.grouped(recorded.alerts)
    #expect(findings.map(\.alerts.count) == [2, 1, 1])
    #expect(
      findings.map(\.first.inspect.destination.host) == ["a.example", "c.example", "b.example"])
    #expect(findings[0].severity == .critical)
    #expect(findings[0].items.count == 1)
    #expect(Report.html(recorded).contains("3 findings on 2 devices; the gravest is critical."))
  }

  @Test func aSendersTextIsNoMarkup() {
    let html = Report.html(
      events([alert(host: "<script>alert(1)</script>&'", value: "\\\"><img src=x>\\u202e")]))
    #expect(!html.contains("<script>"))
    #expect(!html.contains("<img"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;"))
    #expect(!html.unicodeScalars.contains("\u{202e}"))
  }

  @Test func nothingFoundIsSaidWithItsLimits() {
    let html = Report.html(events([stats]))
    #expect(html.contains("No personal data was seen leaving in clear text."))
    #expect(!html.contains("without an alert"))
    #expect(html.contains("packets cut by the capture"))
    let silent = stats.replacing(
      #""payload":"#, with: #""findings":{"low":0,"without_alert":7},"payload":"#)
    let silenced = Report.html(events([silent]))
    #expect(silenced.contains("left in clear text without an alert (7 values)"))
    #expect(!silenced.contains("No personal data was seen"))
    let bare = Report.html(events([]))
    #expect(bare.contains("The events have no statistics"))
    #expect(bare.contains("do not say how they were made"))
  }

  @Test func linesThatAreNoEventsAreCounted() {
    let recorded = events([
      "", "no JSON", alert(), "{}", "[1]", #"{"event_type":"alert","inspect":{"rule":7}}"#,
      #"{"event_type":"alert","alert":{"signature":"of another program"}}"#,
      #"{"event_type":"flow","flow":{"pkts_toserver":1}}"#, stats, String(alert().dropLast(20)),
    ])
    #expect(recorded.alerts.count == 1)
    #expect(recorded.stats != nil)
    #expect(recorded.eventCount == 4)
    #expect(recorded.damageCount == 5)
    #expect(recorded.damages.map(\.line) == [2, 4, 5, 6, 10])
    #expect("\(recorded.damages[0])" == "eve.jsonl: line 2: no JSON object")
    #expect(recorded.damages[1].reason == "no 'event_type'")
    // No value of an event in a message about it.
    #expect(recorded.damages.allSatisfy { !$0.reason.contains("49...18") })
  }
}
