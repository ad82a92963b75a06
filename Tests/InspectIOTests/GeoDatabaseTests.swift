import Glibc
import InspectCore
import Testing

@testable import InspectIO

/// A folder that goes with the test.
final class GeoFolder {
  let path: String
  init() throws { path = try GeoFile.makeTemporaryFolder() }
  deinit { GeoFile.remove(path) }

  func write(_ bytes: some Sequence<UInt8>, as name: String = "test.mmdb") throws -> String {
    try GeoFile.replace("\(path)/\(name)", with: Array(bytes))
    return "\(path)/\(name)"
  }
}

private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text: text)) }
private func country(_ text: String) throws -> CountryCode { try #require(CountryCode(text: text)) }

/// A database in which each network has its value.
private func database(
  _ networks: [(String, MMDBValue)], type: String = "Test", recordSize: Int = 24
) throws -> [UInt8] {
  var writer = MMDBWriter()
  writer.minimumRecordSize = recordSize
  for (text, value) in networks {
    let record = writer.record(value)
    writer.insert(try #require(CIDR(text: text)), record)
  }
  return try writer.finish(
    .init(databaseType: type, buildEpoch: 1_782_362_039, description: "A test. Ünïcode.")
  ).bytes
}

private let china: MMDBValue = [
  "country": ["iso_code": "CN"], "autonomous_system_number": .uint32(4134),
  "autonomous_system_organization": "Chinanet Backbone of a long name that is pointed to",
]

@Test(arguments: [24, 28, 32])
func writtenIsRead(_ recordSize: Int) throws {
  let folder = try GeoFolder()
  let bytes = try database(
    [
      ("1.8.0.0/16", china), ("1.8.128.0/17", ["country": ["iso_code": "HK"]]),
      ("2001:db8::/32", china), ("192.0.2.1/32", ["traits": ["is_anycast": true]]),
    ], recordSize: recordSize)
  let geo = try GeoDatabase(path: folder.write(bytes))
  #expect(geo.databaseType == "Test")
  #expect(geo.buildEpoch == 1_782_362_039)
  #expect(geo.description == "A test. Ünïcode.")
  #expect(geo.ageInDays(at: Timestamp(seconds: 1_782_362_039 + 61 * 86_400)) == 61)

  let record = try #require(geo.lookup(address("1.8.0.1")))
  #expect(record.country == CountryCode(text: "CN"))
  #expect(record.asn == 4134)
  #expect(record.organization == "Chinanet Backbone of a long name that is pointed to")
  #expect(record.prefixLength == 17)
  #expect(!record.isAnycast)
  #expect(geo.lookup(try address("1.8.255.255"))?.country == CountryCode(text: "HK"))
  #expect(geo.lookup(try address("2001:db8:ffff::1"))?.asn == 4134)
  #expect(geo.lookup(try address("2001:db8::"))?.prefixLength == 32)
  #expect(geo.lookup(try address("192.0.2.1"))?.isAnycast == true)
  for text in ["1.7.255.255", "1.9.0.0", "192.0.2.0", "2001:db9::", "::", "ffff::"] {
    #expect(geo.lookup(try address(text)) == nil, "\(text)")
  }
}

/// IPv4 through its mapped, Teredo and 6to4 forms, as in MaxMind's files.
@Test func aliasesOfIPv4() throws {
  let folder = try GeoFolder()
  let geo = try GeoDatabase(
    path: folder.write(
      database([("1.8.0.0/16", china), ("2001::/16", ["country_code": "ZZ"])])))
  #expect(geo.lookup(try address("2002:108:1::1"))?.asn == 4134)
  #expect(geo.lookup(try address("2001:0:108:1::1"))?.asn == 4134)
  #expect(geo.lookup(try address("2002:109::")) == nil)
  #expect(geo.lookup(try address("2001:1::"))?.country == CountryCode(text: "ZZ"))
}

@Test func laterInsertionsWin() throws {
  let folder = try GeoFolder()
  let geo = try GeoDatabase(
    path: folder.write(
      database([
        ("10.0.0.0/24", ["country_code": "AA"]), ("10.0.0.7/32", ["country_code": "BB"]),
        ("10.0.1.0/24", ["country_code": "CC"]), ("10.0.0.0/23", ["country_code": "DD"]),
        ("::/0", ["country_code": "EE"]), ("11.0.0.0/8", ["country_code": "FF"]),
      ])))
  for (text, code) in [
    ("10.0.0.7", "EE"), ("10.0.1.1", "EE"), ("11.2.3.4", "FF"), ("2001:db8::", "EE"),
  ] {
    #expect(geo.lookup(try address(text))?.country == CountryCode(text: code), "\(text)")
  }
}

@Test func sameInsertionsSameBytes() throws {
  let networks: [(String, MMDBValue)] = [
    ("1.8.0.0/16", china), ("2001:db8::/32", ["country": ["iso_code": "DK"]]),
    ("198.51.100.0/24", china),
  ]
  let bytes = try database(networks)
  #expect(try database(networks) == bytes)
  let record = try #require(CIDR(text: "203.0.113.0/24"))
  var writer = MMDBWriter()
  #expect(writer.record(china) == writer.record(china))
  writer.insert(record, writer.record(china))
}

/// Sizes whose control bytes have 0, 1, 2 and 3 more bytes, and pointers of each class.
@Test func longStringsAndFarPointers() throws {
  let folder = try GeoFolder()
  for count in [0, 1, 28, 29, 284, 285, 65_820, 65_821, 600_000] {
    let name = String(repeating: "n", count: count)
    let other = String(repeating: "o", count: 40)
    let geo = try GeoDatabase(
      path: folder.write(
        database([
          ("192.0.2.1/32", ["as_name": .string(name)]),
          ("192.0.2.2/32", ["as_name": .string(other), "x": true]),
          ("192.0.2.3/32", ["y": true, "as_name": .string(other)]),
          ("192.0.2.4/32", ["y": false, "as_name": .string(name)]),
        ])))
    #expect(geo.lookup(try address("192.0.2.1"))?.organization == name)
    for text in ["192.0.2.2", "192.0.2.3"] {
      #expect(geo.lookup(try address(text))?.organization == other)
    }
    #expect(geo.lookup(try address("192.0.2.4"))?.organization == name)
  }
}

struct Layout: Sendable {
  let name: String
  let value: MMDBValue
  var country: String?
  var registered: String?
  var represented: String?
  var asn: UInt32?
  var organization: String?
  var isAnycast = false

  static let all = [
    Layout(
      name: "GeoLite2-City",
      value: [
        "city": [
          "geoname_id": .uint32(2_618_425), "names": ["de": "Kopenhagen", "en": "Copenhagen"],
        ],
        "continent": ["code": "EU", "names": ["en": "Europe"]],
        "country": [
          "geoname_id": .uint32(2_623_032), "is_in_european_union": true, "iso_code": "DK",
          "names": ["en": "Denmark"],
        ],
        "location": ["accuracy_radius": .uint16(100), "time_zone": "Europe/Copenhagen"],
        "registered_country": ["iso_code": "CN", "names": ["en": "China"]],
        "represented_country": ["iso_code": "US", "type": "military"],
        "subdivisions": [["iso_code": "84", "names": ["en": "Capital Region"]]],
        "traits": ["is_anycast": true],
      ], country: "DK", registered: "CN", represented: "US", isAnycast: true),
    Layout(
      name: "DBIP-Country-Lite",
      value: [
        "continent": ["code": "AS"], "country": ["iso_code": "CN", "names": ["en": "China"]],
      ],
      country: "CN"),
    Layout(
      name: "GeoLite2-ASN",
      value: [
        "autonomous_system_number": .uint32(4134), "autonomous_system_organization": "Chinanet",
      ], asn: 4134, organization: "Chinanet"),
    Layout(
      name: "ipinfo bundle_location_lite.mmdb",
      value: [
        "as_domain": "chinatelecom.com.cn", "as_name": "CHINANET-BACKBONE", "asn": "AS4134",
        "continent": "Asia", "continent_code": "AS", "country": "China", "country_code": "CN",
      ], country: "CN", asn: 4134, organization: "CHINANET-BACKBONE"),
    Layout(name: "ipinfo country.mmdb", value: ["country": "CN"], country: "CN"),
    Layout(
      name: "ip-location-db", value: ["country_code": "CN"], country: "CN"),
    Layout(
      name: "ip-location-db asn",
      value: [
        "autonomous_system_number": .uint32(.max), "autonomous_system_organization": "Last",
      ], asn: .max, organization: "Last"),
    Layout(name: "small number", value: ["asn": .uint16(1)], asn: 1),
    Layout(
      name: "of other types, or nonsense beside what is right",
      value: [
        "country": ["iso_code": .uint32(5)], "asn": "AS99999999999", "as_name": ["a"],
        "registered_country": "Denmark", "represented_country": ["iso_code": "DK"],
        "is_anycast": "yes",
      ], represented: "DK"),
  ]
}

@Test(arguments: Layout.all)
func layouts(_ layout: Layout) throws {
  let folder = try GeoFolder()
  let geo = try GeoDatabase(
    path: folder.write(database([("1.8.0.0/16", layout.value)], type: layout.name)))
  let record = try #require(geo.lookup(address("1.8.0.1")))
  #expect(record.country?.text == layout.country)
  #expect(record.registeredCountry?.text == layout.registered)
  #expect(record.representedCountry?.text == layout.represented)
  #expect(record.asn == layout.asn)
  #expect(record.organization == layout.organization)
  #expect(record.isAnycast == layout.isAnycast)
}

@Test(arguments: ["AS", "as12", "AS1", "ASX", "12", "AS4294967296", "AS 1", "AS-1", ""])
func systemNumbersAsText(_ text: String) throws {
  let folder = try GeoFolder()
  let geo = try GeoDatabase(
    path: folder.write(
      database([("1.8.0.0/16", ["asn": .string(text), "country_code": "CN"])])))
  let expected: UInt32? = text == "as12" ? 12 : text == "AS1" ? 1 : nil
  #expect(geo.lookup(try address("1.8.0.1"))?.asn == expected)
}

/// Files of ip-location-db may hold IPv4 only: a tree of 32 bits.
@Test func fileOfIPv4Only() throws {
  let folder = try GeoFolder()
  // One node: 0.0.0.0/1 has the record, 128.0.0.0/1 nothing.
  var data = MMDBEncoder()
  let offset = data.offset(of: ["country_code": "CN"])
  var metadata = MMDBEncoder()
  _ = metadata.offset(of: [
    "binary_format_major_version": .uint16(2), "binary_format_minor_version": .uint16(0),
    "build_epoch": .uint64(1), "database_type": "v4", "description": ["de": "Nur v4"],
    "ip_version": .uint16(4), "languages": [], "node_count": .uint32(1), "record_size": .uint16(24),
  ])
  let bytes: [UInt8] =
    [0, 0, UInt8(17 + offset), 0, 0, 1] + Array(repeating: 0, count: 16) + data.bytes
    + [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8) + metadata.bytes
  let geo = try GeoDatabase(path: folder.write(bytes))
  #expect(geo.description == "Nur v4")
  let record = try #require(geo.lookup(address("1.8.0.1")))
  #expect(record.country == CountryCode(text: "CN"))
  #expect(record.prefixLength == 1)
  #expect(geo.lookup(try address("200.0.0.1")) == nil)
  #expect(geo.lookup(try address("2001:db8::1")) == nil)
}

@Test func atlasAsksInTurn() throws {
  let folder = try GeoFolder()
  let first = try GeoDatabase(
    path: folder.write(
      database([("1.8.0.0/16", ["country_code": "DE"]), ("1.9.0.0/16", ["country_code": "CN"])]),
      as: "1"))
  let second = try GeoDatabase(
    path: folder.write(
      database([("1.8.0.0/15", china), ("192.0.2.0/24", ["as_name": "No number"])]), as: "2"))
  let third = try GeoDatabase(
    path: folder.write(
      database([("1.8.0.0/15", ["asn": .uint32(1), "as_name": "Other", "country_code": "FR"])]),
      as: "3"))
  var atlas = GeoAtlas([first, second, third])
  // Twice: found, then kept.
  for _ in 0..<2 {
    let found = atlas.locate(try address("1.8.0.1"))
    let moved = try #require(found)
    #expect(moved.country == CountryCode(text: "DE"))
    #expect(moved.disagreement == CountryCode(text: "CN"))
    #expect(moved.asn == 4134)
    #expect(moved.organization?.hasPrefix("Chinanet") == true)
    let other = atlas.locate(try address("1.9.0.1"))
    #expect(other?.country == CountryCode(text: "CN"))
    #expect(other?.disagreement == CountryCode(text: "FR"))
    let unknown = atlas.locate(try address("203.0.113.1"))
    #expect(unknown == nil)
  }
  var none = GeoAtlas([])
  let nothing = none.locate(try address("1.8.0.1"))
  #expect(nothing == nil)
}

/// More addresses than places: answers are forgotten, never mixed up.
@Test func atlasForgets() throws {
  let folder = try GeoFolder()
  let networks: [(String, MMDBValue)] = (0..<64).map {
    ("192.0.2.\($0)/32", ["asn": .uint32(UInt32($0) + 1)])
  }
  var atlas = GeoAtlas([try GeoDatabase(path: folder.write(database(networks)))], keeping: 8)
  for round in 0..<3 {
    for index in 0..<64 {
      let location = atlas.locate(try address("192.0.2.\((index * 7 + round) % 64)"))
      #expect(location?.asn == UInt32((index * 7 + round) % 64) + 1)
    }
  }
}

@Test func unreadableFiles() throws {
  let folder = try GeoFolder()
  func refusal(_ path: String) -> String {
    do throws(GeoError) {
      _ = try GeoDatabase(path: path)
      return "opened"
    } catch { return error.message.replacing(folder.path, with: "") }
  }
  #expect(refusal("\(folder.path)/none") == "/none: cannot open: No such file or directory")
  #expect(refusal(folder.path) == ": not a geolocation database: a folder")
  let noMetadata = "not a geolocation database: no MaxMind DB metadata at its end"
  #expect(refusal(try folder.write([], as: "empty")) == "/empty: \(noMetadata)")
  let text = Array("time,device,event\n".utf8)
  #expect(refusal(try folder.write(text, as: "text")) == "/text: \(noMetadata)")
  let bytes = try database([("1.8.0.0/16", china)])
  let cut = Array(bytes.dropFirst(200))
  #expect(
    refusal(try folder.write(cut, as: "cut"))
      == "/cut: damaged: the file is shorter than its search tree")
  let short = try folder.write(bytes.dropLast(20), as: "short")
  #expect(refusal(short) == "/short: damaged: its metadata cannot be read")
}

/// A cut or changed file is refused, or gives other answers; nothing else happens.
@Test func damagedFilesAreSafe() throws {
  let folder = try GeoFolder()
  let bytes = try database([
    ("1.8.0.0/16", china), ("2001:db8::/32", Layout.all[0].value), ("200.0.0.0/8", "text"),
  ])
  let addresses = [
    try address("1.8.0.1"), try address("200.1.1.1"), try address("2001:db8::1"),
    try address("ffff::"),
  ]
  var opened = 0
  func tryOut(_ bytes: [UInt8]) throws {
    let file = try #require(fopen("\(folder.path)/test.mmdb", "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    guard let geo = try? GeoDatabase(path: "\(folder.path)/test.mmdb") else { return }
    opened += 1
    for address in addresses { _ = geo.lookup(address) }
  }
  for count in stride(from: 0, to: bytes.count, by: 3) { try tryOut(Array(bytes[..<count])) }
  #expect(opened == 0)
  // The tree repeats itself: one in eleven of its bytes, each byte of what follows.
  let dataStart = bytes.count - 1200
  for index in bytes.indices where index % 11 == 0 || index >= dataStart {
    for flip: UInt8 in [0x01, 0x20, 0x80, 0xff] {
      var changed = bytes
      changed[index] ^= flip
      try tryOut(changed)
    }
  }
  #expect(opened > 1000)
}

/// Values that a hostile file would make a reader's stack or time run out with.
@Test func hostileValues() {
  func end(_ bytes: [UInt8]) -> Int? {
    var decoder = MMDBDecoder(bytes.span.bytes)
    guard let item = decoder.item(at: 0) else { return nil }
    return decoder.end(of: item)
  }
  // An array of an array of …: type 11 is 0 and then 4.
  let array: [UInt8] = [0x01, 0x04]
  let nested = (0..<100_000).flatMap { _ in array }
  #expect(end(nested) == nil)
  let shallow: [UInt8] = Array(nested.prefix(16)) + [0x40]
  #expect(end(shallow) == 17)
  // A pointer to itself, beyond the end, and to a pointer.
  #expect(end([0x20, 0x00]) == nil)
  #expect(end([0x38, 0xff, 0xff, 0xff, 0xff]) == nil)
  #expect(end([0x20, 0x02, 0x20, 0x04, 0x40]) == nil)
  #expect(end([0x20, 0x02, 0x40]) == 2)
  // A map of 16 million empty strings, in two megabytes: the budget ends it.
  let wide: [UInt8] = [0xff, 0xff, 0xff, 0xff] + Array(repeating: 0x40, count: 2_000_000)
  #expect(end(wide) == nil)
  // A string longer than the file, an unknown type, nothing.
  #expect(end([0x45, 0x61]) == nil)
  #expect(end([0x00, 0x09]) == nil)
  #expect(end([0x00, 0x00]) == nil)
  #expect(end([]) == nil)
}

/// Each array has two pointers to the one before: 2⁴⁰ values from some 200 bytes.
@Test func fanOutIsRefused() {
  func isBounded(_ levels: Int) -> Bool {
    var bytes: [UInt8] = [0x40]
    var target = 0
    for _ in 0..<levels {
      let pointer = [0x20 | UInt8(target >> 8), UInt8(target & 0xff)]
      target = bytes.count
      bytes += [0x02, 0x04] + pointer + pointer
    }
    var decoder = MMDBDecoder(bytes.span.bytes)
    guard let item = decoder.item(at: target) else { return false }
    return decoder.isBounded(item)
  }
  #expect(isBounded(8))
  #expect(!isBounded(14))
  #expect(!isBounded(40))
}

/// The same in the metadata, which libmaxminddb decodes when it opens the file.
@Test func fanOutInMetadataIsRefused() throws {
  let folder = try GeoFolder()
  var bytes = try database([("1.8.0.0/16", china)])
  // "languages" and its array of a pointer to "en": types 2 and 11.
  let languages = Array("languages".utf8) + [0x01, 0x04]
  let found = bytes.indices.last { bytes[$0...].starts(with: languages) }
  // The array now has itself as its element.
  let array = try #require(found) + 9
  let start = MMDBMetadata.start(in: bytes.span.bytes)
  let marker = try #require(start)
  bytes[array + 2] = 0x20 | UInt8((array - marker) >> 8)
  bytes[array + 3] = UInt8((array - marker) & 0xff)
  let path = try folder.write(bytes)
  #expect(throws: GeoError.damaged(file: path, reason: "its metadata cannot be read")) {
    try GeoDatabase(path: path)
  }
}

@Test func defaultPlaces() {
  func output(_ variables: [String: String]) -> String {
    GeoCommand.outputPath { variables[$0] }
  }
  #expect(output(["HOME": "/h"]) == "/h/.local/share/inspectd/geo.mmdb")
  #expect(output(["HOME": "/h", "XDG_DATA_HOME": "/x"]) == "/x/inspectd/geo.mmdb")
  #expect(output(["HOME": "/h", "XDG_DATA_HOME": "x"]) == "/h/.local/share/inspectd/geo.mmdb")
  #expect(output(["INSPECTD_DATA": "/d", "XDG_DATA_HOME": "/x"]) == "/d/geo.mmdb")
  #expect(output([:]) == "/var/lib/inspectd/geo.mmdb")
}

@Test func defaultDatabaseIsTheUsersFirst() throws {
  let folder = try GeoFolder()
  let path = try folder.write([1], as: "geo.mmdb")
  #expect(GeoCommand.defaultDatabase { $0 == "INSPECTD_DATA" ? folder.path : nil } == path)
}

@Test func lookupShowsEachDatabase() throws {
  let folder = try GeoFolder()
  let geo = try GeoDatabase(path: folder.write(database([("1.8.0.0/16", china)])))
  let addresses = [try address("1.8.0.1"), try address("192.0.2.1")]
  let answers = GeoCommand.lookup(addresses, in: [geo])
  #expect(answers.map(\.address) == addresses)
  #expect(answers[0].location?.country == CountryCode(text: "CN"))
  #expect(answers[0].records.first??.asn == 4134)
  #expect(answers[1].location == nil)
  #expect(answers[1].records == [nil])
}
