import Glibc
import InspectCore
import Testing

@testable import InspectIO

private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text: text)) }

@Test(arguments: [
  ("192.0.2.0", "192.0.2.255", "192.0.2.0/24"),
  ("192.0.2.1", "192.0.2.1", "192.0.2.1/32"),
  ("192.0.2.1", "192.0.2.2", "192.0.2.1/32 192.0.2.2/32"),
  ("192.0.2.0", "192.0.2.2", "192.0.2.0/31 192.0.2.2/32"),
  ("0.0.0.0", "255.255.255.255", "0.0.0.0/0"),
  ("0.0.0.1", "0.0.0.7", "0.0.0.1/32 0.0.0.2/31 0.0.0.4/30"),
  ("255.255.255.254", "255.255.255.255", "255.255.255.254/31"),
  ("127.255.255.255", "128.0.0.0", "127.255.255.255/32 128.0.0.0/32"),
  ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"),
  ("2001:db8::", "2001:db9:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/31"),
  (
    "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::",
    "2001:db8::ffff:ffff:ffff:ffff/128 2001:db8:0:1::/128"
  ),
  ("2001:db8::1", "2001:db8::", ""),
  ("192.0.2.1", "2001:db8::", ""),
])
func rangesBecomeNetworks(_ first: String, _ last: String, _ networks: String) throws {
  let covering = CIDR.covering(from: try address(first), through: try address(last))
  #expect(covering.map(\.text).joined(separator: " ") == networks)
}

@Test func networksCoverTheirRangeAndNoMore() throws {
  var state: UInt64 = 3
  func random() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 33)
  }
  for _ in 0..<500 {
    let ends = [random(), random()].sorted()
    var next = UInt64(ends[0])
    for network in CIDR.covering(from: IPAddress(ipv4: ends[0]), through: IPAddress(ipv4: ends[1]))
    {
      #expect(UInt64(network.base.ipv4) == next)
      next += 1 << UInt64(32 - network.prefixLength)
    }
    #expect(next == UInt64(ends[1]) + 1)
  }
}

/// What `GeoSteps.merge` gives, as text.
private func merged(_ left: GeoSteps, _ right: GeoSteps) -> [String] {
  var lines: [String] = []
  GeoSteps.merge(left, right) { first, last, left, right in
    guard left != GeoValue() || right != GeoValue() else { return }
    lines.append("\(first.text)-\(last.text) \(left.asn) \(right.asn)")
  }
  return lines
}

private func steps(_ ranges: [(String, String, UInt32)]) throws -> GeoSteps {
  var steps = GeoSteps()
  for (first, last, asn) in ranges {
    let isTaken = steps.append(
      from: try address(first), through: try address(last), GeoValue(asn: asn))
    #expect(isTaken)
  }
  return steps
}

@Test func twoSourcesAreSwept() throws {
  let end = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
  let left = try steps([
    ("10.0.0.0", "10.0.0.9", 1), ("10.0.0.10", "10.0.0.19", 1), ("10.0.0.30", "10.0.0.39", 2),
    ("ff00::", end, 3),
  ])
  let right = try steps([("10.0.0.5", "10.0.0.34", 7), ("ffff::", end, 8)])
  #expect(
    merged(left, right) == [
      "10.0.0.0-10.0.0.4 1 0", "10.0.0.5-10.0.0.19 1 7", "10.0.0.20-10.0.0.29 0 7",
      "10.0.0.30-10.0.0.34 2 7", "10.0.0.35-10.0.0.39 2 0",
      "ff00::-fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3 0", "ffff::-\(end) 3 8",
    ])
  #expect(merged(GeoSteps(), GeoSteps()) == [])
  #expect(merged(GeoSteps(), try steps([("::", end, 1)])) == ["::-\(end) 0 1"])
}

@Test func stepsAreInOrder() throws {
  var steps = try steps([("10.0.0.0", "10.0.0.9", 1)])
  let value = GeoValue(asn: 2)
  for (first, last) in [
    ("10.0.0.9", "10.0.0.12"), ("9.0.0.0", "9.0.0.1"), ("11.0.0.1", "11.0.0.0"),
  ] {
    let isTaken = steps.append(from: try address(first), through: try address(last), value)
    #expect(!isTaken, "\(first)")
  }
  let all = IPAddress(high: .max, low: .max)
  let isTaken = steps.append(from: all, through: all, value)
  #expect(isTaken)
  let isTakenAgain = steps.append(from: all, through: all, value)
  #expect(!isTakenAgain)
}

private let header = """
  # This file has been converted from the IPFire Location database
  #
  # Generated: Thu, 25 Jun 2026 04:33:59 GMT
  # License:   CC BY-SA 4.0

  """

private func export(_ text: String, isIPv6: Bool = false) throws -> (IPFireExport, GeoSteps) {
  var steps = GeoSteps()
  let bytes = Array(text.utf8)
  let export = try IPFireExport(bytes.span.bytes, file: "geoip", isIPv6: isIPv6, into: &steps)
  return (export, steps)
}

@Test func exportIsRead() throws {
  let (export, steps) = try export(
    header
      + "16777216,16777471,AU\r\n16777472,16778239,CN\n\n16778240,16779263,??\n16779264,16779264,A1"
  )
  #expect(export.generated == 1_782_362_039)
  #expect(
    steps.steps.map { "\($0.start.text) \($0.value.country?.text ?? "-")" } == [
      "1.0.0.0 AU", "1.0.1.0 CN", "1.0.4.0 -",
    ])
  let (_, steps6) = try InspectIOTests.export(
    header + "2001:200::,2001:200:134:ffff:ffff:ffff:ffff:ffff,JP\n", isIPv6: true)
  #expect(
    steps6.steps.map { "\($0.start.text) \($0.value.country?.text ?? "-")" } == [
      "2001:200:: JP", "2001:200:135:: -",
    ])
}

@Test(arguments: [
  "1,2", "1,2,", "1,2,CNN", "x,2,CN", "1,4294967296,CN", "-1,2,CN", "1 ,2,CN", ",,",
  "1.0.0.0,1.0.0.1,CN",
  "2,1,CN", "\u{0}", "11111111111,2,CN",
])
func brokenExportLine(_ line: String) {
  do {
    _ = try export(header + "0,0,??\n" + line + "\n")
    Issue.record("taken")
  } catch {
    #expect("\(error)".contains("line 6"), "\(error)")
  }
}

@Test func exportWithoutDate() {
  #expect(throws: GeoError.damaged(file: "geoip", reason: "no comment says when it was generated"))
  {
    try export("1,2,CN\n")
  }
}

@Test(arguments: [
  ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
  ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200), ("Sun, 31 Dec 2000 23:59:59 GMT", 978_307_199),
])
func dates(_ text: String, _ epoch: UInt64) {
  let comment = Array("# Generated: \(text)".utf8)
  #expect(IPFireExport.date(comment: comment.span.bytes) == epoch)
}

@Test func noDates() {
  for text in [
    "", "Thu, 25 Jun 2026", "Thu, 25 Xyz 2026 04:33:59 GMT", "Thu, 25 Jun 1926 04:33:59 GMT",
    "Thu, 25 Jun 2026 24:33:59 GMT", "Thu, 00 Jun 2026 04:33:59 GMT",
    "Thu, 25 Jun 2026 04:33:59 CET",
  ] {
    let comment = Array("# Generated: \(text)".utf8)
    #expect(IPFireExport.date(comment: comment.span.bytes) == nil, "\(text)")
  }
}

@Test func days() {
  #expect(GeoBuilder.day(0) == "1970-01-01")
  #expect(GeoBuilder.day(1_709_208_000) == "2024-02-29")
  #expect(GeoBuilder.day(978_307_199) == "2000-12-31")
  #expect(GeoBuilder.day(1_782_362_039) == "2026-06-25")
  #expect(GeoBuilder.day(.max).hasPrefix("9999"))
}

/// A `location.db` of a few networks, longest prefix last.
private func locationDatabase(
  _ networks: [(network: String, country: String, asn: UInt32, flags: UInt16)],
  names: [(UInt32, String)], createdAt: UInt64 = 1_667_023_194
) throws -> [UInt8] {
  func big<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
  var nodes: [[UInt32]] = [[0, 0, .max]]
  var data: [UInt8] = []
  for (index, entry) in networks.enumerated() {
    let network = try #require(CIDR(text: entry.network))
    var node = 0
    for level in 0..<network.prefixLength + (network.isIPv4 ? 96 : 0) {
      let bit = Int(network.base.byte(level / 8) >> UInt8(7 - level % 8) & 1)
      if nodes[node][bit] == 0 {
        nodes.append([0, 0, .max])
        nodes[node][bit] = UInt32(nodes.count - 1)
      }
      node = Int(nodes[node][bit])
    }
    nodes[node][2] = UInt32(index)
    data += Array(entry.country.utf8) + [0, 0] + big(entry.asn) + big(entry.flags) + [0, 0]
  }
  var pool: [UInt8] = [0]
  var systems: [UInt8] = []
  for (number, name) in names {
    systems += big(number) + big(UInt32(pool.count))
    pool += Array(name.utf8) + [0]
  }
  let tree = nodes.flatMap { $0.flatMap { big($0) } }
  var bytes = Array("LOCDBXX".utf8) + [1] + big(createdAt) + Array(repeating: 0, count: 12)
  var offset: UInt32 = 4248
  var sections: [UInt8] = []
  for section in [systems, data, tree, [], pool] {
    bytes += big(offset) + big(UInt32(section.count))
    offset += UInt32(section.count)
    sections += section
  }
  return bytes + Array(repeating: 0, count: 4248 - bytes.count) + sections
}

private let networks: [(network: String, country: String, asn: UInt32, flags: UInt16)] = [
  ("1.8.0.0/15", "CN", 4134, 0), ("1.8.128.0/17", "HK", 9304, 4),
  ("8.8.8.0/24", "US", 15169, 4), ("2001:db8::/32", "CN", 4134, 0),
  ("2001:db8:8000::/33", "CN", 64500, 0), ("203.0.113.0/24", "DE", 64501, 1),
]
private let names: [(UInt32, String)] = [
  (4134, "Chinanet"), (9304, ""), (15169, "GOOGLE"), (64500, "Ünïcode"),
]

@Test func locationDatabaseIsRead() throws {
  let bytes = try locationDatabase(networks, names: names)
  let location = try LocationDatabase(bytes.span.bytes, file: "location.db")
  #expect(location.createdAt == 1_667_023_194)
  let steps = try location.steps(file: "location.db")
  let lines = steps.steps.map {
    "\($0.start.text) \($0.value.country?.text ?? "-") \($0.value.asn) \($0.value.isAnycast)"
  }
  #expect(
    lines == [
      "1.8.0.0 CN 4134 false", "1.8.128.0 HK 9304 true", "1.9.0.0 CN 4134 false",
      "1.10.0.0 - 0 false", "8.8.8.0 US 15169 true", "8.8.9.0 - 0 false",
      "203.0.113.0 DE 64501 false", "203.0.114.0 - 0 false", "2001:db8:: CN 4134 false",
      "2001:db8:8000:: CN 64500 false", "2001:db9:: - 0 false",
    ])
  let found = [4134, 9304, 15169, 64500, 1, .max].map { location.name(of: $0) }
  #expect(found == ["Chinanet", nil, "GOOGLE", "Ünïcode", nil, nil])
}

/// Cut anywhere, or with any byte changed: refused, or read as something else.
@Test func damagedLocationDatabaseIsSafe() throws {
  let bytes = try locationDatabase(Array(networks.prefix(4)), names: names)
  var refused = 0
  func tryOut(_ bytes: [UInt8]) {
    do throws(GeoError) {
      let location = try LocationDatabase(bytes.span.bytes, file: "location.db")
      _ = location.name(of: 15169)
      _ = try location.steps(file: "location.db")
    } catch { refused += 1 }
  }
  for count in 0..<bytes.count where count < 80 || count > 4240 { tryOut(Array(bytes[..<count])) }
  #expect(refused == 80 + bytes.count - 4241)
  refused = 0
  for index in bytes.indices where index < 80 || index > 4240 {
    for flip: UInt8 in [1, 0x80, 0xff] {
      var changed = bytes
      changed[index] ^= flip
      tryOut(changed)
    }
  }
  #expect(refused > 100)
}

/// A node that leads back to the root: 2¹²⁸ paths, and a reader must not walk them.
@Test func circularLocationDatabaseIsRefused() throws {
  var bytes = try locationDatabase([("::/2", "CN", 1, 0)], names: [])
  let tree = 4248 + 12
  bytes.replaceSubrange(tree..<tree + 8, with: [0, 0, 0, 1, 0, 0, 0, 1])
  bytes.replaceSubrange(tree + 12..<tree + 20, with: [0, 0, 0, 1, 0, 0, 0, 1])
  let location = try LocationDatabase(bytes.span.bytes, file: "location.db")
  do throws(GeoError) {
    _ = try location.steps(file: "location.db")
    Issue.record("walked")
  } catch {
    #expect(error.message == "location.db: damaged: its network tree is no tree")
  }
}

/// Countries of the export, systems of the database, where they agree on the country.
@Test func buildMergesItsSources() throws {
  let folder = try GeoFolder()
  // 1.8.0.0/15 CN, 8.8.8.0/24 US, 203.0.113.0/24 moved from DE to NL, 198.51.100.0/24 JP alone.
  let ipv4 = """
    17301504,17432575,CN
    134744064,134744319,US
    3325256704,3325256959,JP
    3405803776,3405804031,NL

    """
  _ = try folder.write(Array((header + ipv4).utf8), as: "a/tor/geoip")
  _ = try folder.write(
    Array((header + "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,CN\n").utf8),
    as: "a/tor/geoip6")
  _ = try folder.write(locationDatabase(networks, names: names), as: "b/location.db")
  let output = "\(folder.path)/new/folder/geo.mmdb"
  var steps: [String] = []
  let report = try GeoCommand.build(from: folder.path, output: output) { steps.append($0) }
  #expect(
    steps == ["reading countries", "reading autonomous systems", "merging", "writing \(output)"])
  #expect(report.ipv4WithCountry == 0x20000 + 3 * 256)
  #expect(report.ipv4Moved == 0x8000 + 256)
  #expect(report.systemsEpoch == 1_667_023_194)
  #expect(report.notes.count == 1)

  let geo = try GeoDatabase(path: output)
  #expect(geo.databaseType == "inspectd-Country-ASN")
  #expect(geo.buildEpoch == 1_782_362_039)
  #expect(
    geo.description
      == "Countries: IPFire Location export of 2026-06-25; autonomous systems and anycast: IPFire "
      + "Location database of 2022-10-29. Licence: CC BY-SA 4.0, IPFire Location, "
      + "https://location.ipfire.org/")
  #expect(geo.attribution == geo.description)
  let lines = try [
    "1.8.0.1", "1.8.200.1", "1.9.255.255", "8.8.8.8", "198.51.100.1", "203.0.113.9", "2001:db8::1",
    "2001:db8:ffff::",
  ].map { text in
    let record = geo.lookup(try address(text))
    return "\(text) \(record?.country?.text ?? "-") \(record?.asn ?? 0) "
      + "\(record?.organization ?? "-") \(record?.isAnycast ?? false)"
  }
  #expect(
    lines == [
      "1.8.0.1 CN 4134 Chinanet false", "1.8.200.1 CN 0 - false",
      "1.9.255.255 CN 4134 Chinanet false",
      "8.8.8.8 US 15169 GOOGLE true", "198.51.100.1 JP 0 - false", "203.0.113.9 NL 0 - false",
      "2001:db8::1 CN 4134 Chinanet false", "2001:db8:ffff:: CN 64500 Ünïcode false",
    ])
  #expect(geo.lookup(try address("10.0.0.1")) == nil)

  let before = try GeoFile.contents(of: output)
  _ = try GeoCommand.build(from: folder.path, output: output) { _ in }
  #expect(try GeoFile.contents(of: output) == before)
  #expect(GeoFile.entries(of: "\(folder.path)/new/folder") == ["geo.mmdb"])
}

@Test func buildWithLess() throws {
  let folder = try GeoFolder()
  _ = try folder.write(Array((header + "17301504,17432575,CN\n").utf8), as: "geoip")
  let output = "\(folder.path)/geo.mmdb"
  let alone = try GeoCommand.build(from: folder.path, output: output) { _ in }
  #expect(alone.notes.count == 2)
  #expect(alone.systemsEpoch == nil)
  #expect(try GeoDatabase(path: output).lookup(address("1.8.0.1"))?.country?.text == "CN")
  // Of 2017: too old to say who announces what.
  _ = try folder.write(
    locationDatabase(networks, names: names, createdAt: 1_500_000_000), as: "location.db")
  let aged = try GeoCommand.build(from: folder.path, output: output) { _ in }
  #expect(aged.systemsEpoch == nil)
  #expect(aged.notes.contains { $0.contains("2017-07-14 left out") })
  #expect(try GeoDatabase(path: output).lookup(address("1.8.0.1"))?.asn == nil)
}

/// What went wrong is said, and what was there stays.
@Test func buildThatFails() throws {
  let folder = try GeoFolder()
  func refusal(_ output: String) -> String {
    do throws(GeoError) {
      _ = try GeoCommand.build(from: folder.path, output: output) { _ in }
      return "built"
    } catch { return error.message.replacing(folder.path, with: "") }
  }
  #expect(refusal("\(folder.path)/geo.mmdb") == ": no file geoip here or below")
  _ = try folder.write(Array((header + "17301504,17432575,CN\n").utf8), as: "geoip")
  #expect(
    refusal("\(folder.path)/geoip/geo.mmdb") == "/geoip/geo.mmdb: cannot write: Not a directory")
  mkdir("\(folder.path)/is-folder", 0o755)
  #expect(refusal("\(folder.path)/is-folder") == "/is-folder: cannot replace: Is a directory")
  let old = try folder.write([1, 2, 3], as: "geo.mmdb")
  _ = try folder.write(Array("LOCDBXX\u{1}".utf8), as: "location.db")
  #expect(refusal(old) == "/location.db: damaged: cut in its header")
  #expect(try GeoFile.contents(of: old) == [1, 2, 3])
  #expect(GeoFile.entries(of: folder.path) == ["geo.mmdb", "geoip", "is-folder", "location.db"])
}

@Test func programsThatFail() throws {
  let folder = try GeoFolder()
  #expect(throws: Never.self) { try GeoFetch.run(["true"], in: folder.path) }
  do throws(GeoError) {
    try GeoFetch.run(
      ["sh", "-c", "echo first; echo 'E: the reason' >&2; echo last; exit 3"], in: folder.path)
    Issue.record("no error")
  } catch {
    #expect(error.message.hasPrefix("sh: failed: E: the reason ("))
  }
  do throws(GeoError) {
    try GeoFetch.run(["inspectd-no-such-program"], in: folder.path)
    Issue.record("no error")
  } catch {
    #expect(error.message.hasPrefix("inspectd-no-such-program: not found"))
  }
  // It runs where it should, with nothing of ours to read.
  try GeoFetch.run(
    ["sh", "-c", "test \"$(pwd -P)\" = \"$0\" && ! read -r line", folder.path], in: folder.path)
}
