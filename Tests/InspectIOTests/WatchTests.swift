import Crypto
import Foundation
import InspectCore
import Testing

@testable import InspectIO

/// A watched value that was found, as text.
private struct Seen: Equatable {
  var kind: String
  var confidence: Confidence
  var path: String
  var value: String
  var label: String
  var normalized: String
}

extension String {
  fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}

private struct SeenSink: FindingSink, ~Copyable {
  let index: WatchIndex
  var list: [Seen] = []

  mutating func found(_ finding: borrowing Finding) {
    guard let watched = finding.watched else { return }
    list.append(
      Seen(
        kind: "\(finding.kind.name)", confidence: finding.confidence, path: text(finding.path),
        value: text(finding.value),
        label: String(decoding: index.label(of: watched), as: UTF8.self),
        normalized: text(finding.normalized)))
  }

  private func text(_ bytes: RawSpan) -> String {
    String(decoding: bytes.byteOffsets.map { bytes[$0] }, as: UTF8.self)
  }
}

private func index(_ list: String, key: [UInt8]? = nil) throws -> WatchIndex {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appendingPathComponent("list.csv")
  try Data(list.utf8).write(to: file)
  var keyPath: String?
  if let key {
    keyPath = folder.appendingPathComponent("key").path
    try Data(key).write(to: folder.appendingPathComponent("key"))
  }
  return try WatchFile.index([file.path], keyPath: keyPath, isLenient: false).index
}

private func search(
  _ bytes: [UInt8], _ index: WatchIndex, part: MessagePart = .httpRequestBody
) -> [Seen] {
  var finder = Finder(watching: index)
  var sink = SeenSink(index: index)
  _ = finder.inspect(bytes.span.bytes, part: part, key: RawSpan(), into: &sink)
  return sink.list
}

private func search(_ text: String, _ index: WatchIndex, part: MessagePart = .httpRequestBody)
  -> [Seen]
{
  search(Array(text.utf8), index, part: part)
}

/// Documented test values (docs of the formats, RFC 2606, RFC 7042, Ofcom) and synthetic ones.
private let values: [(kind: String, value: String)] = [
  ("imei", "490154203237518"), ("imeisv", "3568680000414120"), ("imsi", "001010123456789"),
  ("iccid", "89014103211118510720"), ("meid", "AF0123450ABCDE"),
  ("phone-number", "+447700900123"), ("phone-number", "+1 202 555 0123"),
  ("mac-address", "00:00:5E:00:53:01"), ("bssid", "00-00-5e-00-53-ff"),
  ("android-id", "9774d56d682e549c"),
  ("advertising-id", "38400000-8cf0-11bd-b23e-10b96e40000d"), ("serial-number", "R58MTEST00X"),
  ("cell-id", "26385429"), ("email", "user@example.com"), ("national-id.dk", "070761-4285"),
  ("national-id.no", "13116900216"), ("national-id.se", "19121212-1212"),
  ("national-id.fi", "131052-308T"), ("payment-card", "4111 1111 1111 1111"),
  ("iban", "DE89 3704 0044 0532 0130 00"), ("ssid", "Test Home 5G"), ("text", "Line Danser"),
]

/// A list of each value alone.
private let lists: [WatchIndex] = values.compactMap {
  try? index("kind,value,label\n\($0.kind),\"\($0.value)\",mine\n")
}

@Suite struct WatchFormTests {
  @Test func allValuesCanBeWatched() { #expect(lists.count == values.count) }

  private static let digests: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
    ("md5", { Array(Insecure.MD5.hash(data: $0)) }),
    ("sha1", { Array(Insecure.SHA1.hash(data: $0)) }),
    ("sha256", { Array(SHA256.hash(data: $0)) }),
  ]

  private func expect(
    _ bytes: [UInt8], _ place: Int, _ what: String, path: String? = nil,
    part: MessagePart = .httpRequestBody
  ) throws {
    let (kind, value) = values[place]
    let seen = search(bytes, lists[place], part: part)
    #expect(!seen.isEmpty, "\(kind) \(value) as \(what): \(String(decoding: bytes, as: UTF8.self))")
    for found in seen {
      #expect(found.confidence == .certain && found.kind == kind && found.label == "mine")
      if let path { #expect(found.path == path, "\(kind) as \(what)") }
    }
  }

  @Test(arguments: values.indices)
  func plainInAnyPlace(_ place: Int) throws {
    let value = values[place].value
    try expect(Array("{\"a\":{\"x\":\"\(value)\"}}".utf8), place, "json", path: "json:a.x")
    try expect(Array("{\"x\":\"\(value.uppercased())\"}".utf8), place, "upper", path: "json:x")
    try expect(Array("{\"x\":\"\(value.lowercased())\"}".utf8), place, "lower", path: "json:x")
    let escaped = value.utf8.map { String(format: "%%%02X", $0) }.joined()
    try expect(Array("a=1&x=\(escaped)&b=2".utf8), place, "percent", path: "form:x")
    try expect(Array("<x>\(value)</x>".utf8), place, "xml")
    try expect(Array("an event (\(value)), and more".utf8), place, "text")
    try expect(Array(value.utf8), place, "bare")
    try expect(
      Array("/a/\(escaped)?q=1".utf8), place, "url", part: .httpURL)
    try expect([8, 1, 0x12, UInt8(value.utf8.count)] + value.utf8 + [0x18, 3], place, "protobuf")
    let units = value.utf8.flatMap { [$0, 0] as [UInt8] }
    try expect([0xFF, 0xFE] as [UInt8] + units, place, "utf-16le")
    try expect([0xFE, 0xFF] + value.utf8.flatMap { [0, $0] as [UInt8] }, place, "utf-16be")
    let unicode = value.utf8.map { String(format: "\\u%04x", $0) }.joined()
    try expect(Array("{\"x\":\"\(unicode)\"}".utf8), place, "json escapes", path: "json:x")
  }

  @Test(arguments: values.indices)
  func inBase64AtEachAlignment(_ place: Int) throws {
    let value = values[place].value
    for lead in ["", "x=", "id:", "1234;", "{\"a\":\""] {
      for tail in ["", "&", "\"}", "; z"] {
        let text = Data((lead + value + tail).utf8).base64EncodedString()
        let urlSafe = text.replacingOccurrences(of: "+", with: "-")
          .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        for encoded in [text, urlSafe] {
          try expect(Array("\u{1}\u{2}\(encoded)\u{3}".utf8), place, "base64 of \(lead)\(tail)")
          try expect(Array("{\"x\":\"\(encoded)\"}".utf8), place, "base64 in json")
          try expect(Array("/v1/\(encoded)/z".utf8), place, "base64 in a path", part: .httpURL)
        }
      }
    }
    let long = Data((String(repeating: "filler ", count: 40) + value + " end").utf8)
    let lines = long.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
    try expect(Array("{\"x\":\"y\"} \(lines)".utf8), place, "base64 lines")
  }

  @Test(arguments: values.indices)
  func inHexadecimal(_ place: Int) throws {
    let digits = values[place].value.utf8.map { String(format: "%02x", $0) }.joined()
    try expect(Array("{\"x\":\"\(digits)\"}".utf8), place, "hex")
    try expect(Array("(\(digits.uppercased()))".utf8), place, "upper hex")
  }

  @Test(arguments: values.indices)
  func asDigests(_ place: Int) throws {
    let (kind, value) = values[place]
    var texts = [value]
    switch kind {
    case "mac-address", "bssid":
      let bare = value.lowercased().filter { $0.isHexDigit }
      let colons = stride(from: 0, to: 12, by: 2).map { start in
        String(Array(bare)[start..<start + 2])
      }.joined(separator: ":")
      texts += [bare, bare.uppercased(), colons, colons.uppercased()]
    case "phone-number":
      let number = value.filter { $0.isNumber }
      texts += [number, "+\(number)", "00\(number)"]
    case "imei", "imsi", "iccid": texts += [value + "\n"]
    case "email", "android-id", "advertising-id": texts += [value.uppercased(), value.lowercased()]
    default: break
    }
    for text in texts {
      for (name, digest) in Self.digests {
        let bytes = digest(Array(text.utf8))
        let hex = bytes.map { String(format: "%02x", $0) }.joined()
        try expect(
          Array("{\"x\":\"\(hex)\"}".utf8), place, "\(name) \(text)", path: "json:x > \(name)")
        try expect(Array("a;\(hex.uppercased());".utf8), place, "\(name) \(text)", path: name)
        let base64 = Data(bytes).base64EncodedString()
        try expect(
          Array("{\"x\":\"\(base64)\"}".utf8), place, "base64 \(name)",
          path: "json:x > base64 > \(name)")
        let unpadded = base64.replacingOccurrences(of: "=", with: "")
        try expect(Array("(\(unpadded))".utf8), place, "base64 \(name)", path: "base64 > \(name)")
      }
    }
  }

  @Test func asBinaryNumbers() throws {
    for place in [0, 2, 3] {
      let digits = values[place].value.utf8.map { $0 - 0x30 }
      var swapped: [UInt8] = []
      for start in stride(from: 0, to: digits.count, by: 2) {
        let high: UInt8 = start + 1 < digits.count ? digits[start + 1] : 15
        swapped.append(high << 4 | digits[start])
      }
      try expect([1, 0, 8] + swapped + [0xFF, 0], place, "swapped", path: "bcd")
      // A mobile identity: its first digit shares a byte with the type.
      var identity: [UInt8] = [digits[0] << 4 | 0x0A]
      for start in stride(from: 1, to: digits.count, by: 2) {
        let high: UInt8 = start + 1 < digits.count ? digits[start + 1] : 15
        identity.append(high << 4 | digits[start])
      }
      try expect([0x23, 8] + identity + [0xFE], place, "mobile identity", path: "bcd")
    }
    // An address of SMS: length in digits, type, digits.
    let list = try index("kind,value,label\nphone-number,+447700900123,mine\n")
    let address: [UInt8] = [0, 12, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10, 0x32, 0, 1]
    #expect(search(address, list).map(\.path) == ["bcd"])
    #expect(search([0, 3, 0x44, 0x77, 0x00, 0x09, 0x10, 0x32, 0, 1], list).isEmpty)
  }

  /// Behind a length in octets, as calls have it, and in digits, as short messages have it.
  @Test func lengthsOfBinaryNumbers() throws {
    let list = try index("kind,value,label\nphone-number,+447700900123,n\n")
    let digits: [UInt8] = [0x44, 0x77, 0x00, 0x09, 0x10, 0x32]
    for (length, isFound) in [(7, true), (12, true), (6, false), (8, false), (11, false)] {
      let bytes = [1, 0, UInt8(length), 0x91] + digits + [0x7A, 0x61, 0x62]
      #expect(search(bytes, list).map(\.path) == (isFound ? ["bcd"] : []), "\(length)")
    }
  }

  /// Whatever else is on the list, numbers are found in the same places: what is looked at depends on
  /// the list.
  @Test func otherValuesChangeNothing() throws {
    let numbers = """
      phone-number,+447700900123,n
      imei,490154203237518,n
      mac-address,00:00:5e:00:53:01,n

      """
    let lists = try [
      "", "email,user@example.com,m\n", "text,Line Danser,t\nemail,user@example.com,m\n",
    ].map { try index("kind,value,label\n" + numbers + $0) }
    let spellings = [
      "+44 7700 900123", "004477009 00123", "07700900123", "+44 (0)7700-900-123",
      "%2B447700%20900123",
      "%34%34%37%37%30%30%39%30%30%31%32%33", "4 4 7 7 0 0 9 0 0 1 2 3", "44--7700--900123",
      "4\\u00347700900123",
      "4\u{0}4\u{0}7\u{0}7\u{0}0\u{0}0\u{0}9\u{0}0\u{0}0\u{0}1\u{0}2\u{0}3\u{0}",
      "44\u{a0}7700\u{a0}900123", "49-015420-323751-8", "490154203237518", "49015420323751",
      "00005E005301", "00-00-5E-00-53-01", "0000.5e00.5301", "00%3A00%3A5e%3A00%3A53%3A01",
    ]
    for spelling in spellings {
      for count in [0, 1, 7, 40, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 70, 120] {
        let front = String(
          "the quick brown fox jumps over it ".repeated(count / 34 + 1).prefix(count))
        let text = front + (count > 0 ? "," : "") + spelling + "," + front
        let found = lists.map { Set(search(text, $0, part: .httpRequestHeader).map(\.label)) }
        #expect(found == [["n"], ["n"], ["n"]], "\(spelling) behind \(count): \(found)")
      }
      let encoded = Data("a \(spelling) and more of it".utf8).base64EncodedString()
      let found = lists.map { Set(search("x=/u/\(encoded)", $0, part: .httpURL).map(\.label)) }
      #expect(found[0] == found[2] && found[1] == found[2], "\(spelling): \(found)")
      #expect(found[2].count == 1, "\(spelling)")
    }
    for text in ["user@example.com", "user%40example.com", "User\\u0040Example.com"] {
      for list in lists.dropFirst() { #expect(search("x, \(text) x", list).map(\.label) == ["m"]) }
    }
  }

  /// A value on two lists is the one that must never leave, in whatever order they are read.
  @Test func protectedWins() throws {
    let lines = [
      "phone-number,+447700900123,a,withdrawn", "phone-number,+44 7700 900123,b,protected",
    ]
    for order in [lines, lines.reversed()] {
      let list = try index("kind,value,label,class\n" + order.joined(separator: "\n") + "\n")
      let digest = Insecure.MD5.hash(data: Data("+447700900123".utf8))
        .map { String(format: "%02x", $0) }.joined()
      for text in ["07700 900123 x", "x +447700900123 x", "k=\(digest)"] {
        #expect(search(text, list).map(\.label) == ["b"], "\(text)")
      }
    }
  }

  /// Ways to write the same number.
  @Test(arguments: [
    "+447700900123", "447700900123", "00447700900123", "07700900123", "7700900123",
    "+44 7700 900123", "+44 (0)7700 900 123", "(07700) 900123", "+44-7700-900-123",
    "0044 7700 900123", "tel:+44-7700-900123", "+44.7700.900123", "%2B447700900123",
    "+44\u{A0}7700\u{A0}900123", "0%20%287700%29%20900123", "0 (7700) 900123",
    "%20+44%207700%20900123",
    "4 4 7 7 0 0 9 0 0 1 2 3",
  ])
  func aTelephoneNumber(_ text: String) throws {
    let list = try index("kind,value,label\nphone-number,+44 7700 900123,mine\n")
    let seen = search("{\"x\":\"\(text)\"}", list)
    #expect(seen.map(\.kind) == ["phone-number"], "\(text)")
    #expect(seen.map(\.normalized) == ["447700900123"])
    #expect(search("call \(text) now", list).count == 1)
  }
}

@Suite struct WatchPlaceTests {
  /// The search takes blocks of 64 bytes: a value may lie across them anywhere, at the beginning and
  /// at the end.
  @Test(arguments: [0, 5, 6, 7, 13, 16, 21])
  func anywhereInABlock(_ place: Int) throws {
    let (kind, value) = values[place]
    let encoded = Data("x;\(value)".utf8).base64EncodedString()
    let digits = value.utf8.map { String(format: "%02x", $0) }.joined()
    let escaped = value.utf8.map { String(format: "%%%02X", $0) }.joined()
    for text in [value, encoded, digits, escaped] {
      for lead in 0..<70 {
        let front = String(repeating: "- ", count: lead / 2) + (lead % 2 == 1 ? "(" : "")
        for tail in ["", ")", ") and some more of what stands behind, up to another block."] {
          let seen = search(front + text + tail, lists[place])
          #expect(seen.map(\.kind) == [kind], "\(lead) \(text) \(tail)")
        }
      }
    }
  }

  /// Base64 is found at every alignment, in noise, with lines and without, whatever its length.
  @Test func insideOfNoise() throws {
    let noise = Data((0..<400).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 139) | 0x80 })
    for place in [0, 5, 7, 13] {
      for start in 100..<112 {
        let bytes = noise.prefix(start) + Data(";\(values[place].value);".utf8) + noise.suffix(90)
        for options: Data.Base64EncodingOptions in [[], [.lineLength76Characters]] {
          let text = bytes.base64EncodedString(options: options)
          let seen = search("(\(text))", lists[place])
          #expect(seen.map(\.path) == ["base64"], "\(values[place].kind) at \(start)")
        }
      }
    }
  }

  /// Lines are joined by so many symbols at a time; a value may lie across the end of any part.
  @Test func inManyLines() throws {
    let noise = Data((0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) | 0x80 })
    for start in [24_000, 24_500, 24_560, 24_576, 24_580, 48_000, 48_600, 48_800, 69_900] {
      let bytes = noise.prefix(start) + Data(";\(values[0].value);".utf8) + noise.suffix(90)
      for options: Data.Base64EncodingOptions in [
        [.lineLength76Characters], [.lineLength64Characters, .endLineWithLineFeed],
      ] {
        let text = bytes.base64EncodedString(options: options)
        let seen = search("(\(text))", lists[0])
        #expect(seen.map(\.path) == ["base64"], "\(start)")
      }
    }
  }

  /// In binary data any byte may stand beside a value, and signs beyond ASCII in text; letters of two
  /// bytes are a word's (UTF-8).
  @Test func besideBytesThatAreNoLetters() throws {
    let before: [[UInt8]] = [
      [0x81], [0xF2], [0xFF], [0xFA, 0xFA], [0xE2, 0x80, 0x9C], [0xC2, 0xA0], [0xE5, 0x8F, 0xB7],
    ]
    let after: [[UInt8]] = [[0xFF], [0x81, 0], [0xE2, 0x80, 0x9D], [0xC2, 0xA0], []]
    for place in [0, 5, 7, 13] {
      let value = Array(values[place].value.utf8)
      for front in before {
        for end in after {
          let seen = search([0x2E, 0] + front + value + end, lists[place])
          #expect(seen.map(\.kind) == [values[place].kind], "\(front) \(end)")
        }
      }
      for letter in ["\u{E5}", "\u{44F}"] {
        // A plus sign parts a number from what stands before it.
        if !values[place].value.hasPrefix("+") {
          #expect(search("a \(letter)\(values[place].value) b", lists[place]).isEmpty)
        }
        #expect(search("a \(values[place].value)\(letter) b", lists[place]).isEmpty)
      }
    }
  }

  /// Ten thousand values: each is found, and what differs in a digit is not.
  @Test func inALongList() throws {
    var text = "kind,value,label\n"
    for number in 0..<5000 {
      text += "imsi,24201\(1_000_000_000 + number * 7),n\nemail,user\(number)@example.com,n\n"
    }
    let list = try index(text)
    for number in stride(from: 0, to: 5000, by: 37) {
      let imsi = "24201\(1_000_000_000 + number * 7)"
      #expect(search("{\"a\":\"x\",\"b\":\(imsi)}", list).count == 1)
      #expect(search("{\"b\":24201\(1_000_000_001 + number * 7)}", list).isEmpty)
      #expect(search("To: <USER\(number)@Example.com>", list).count == 1)
      #expect(search("To: <user\(number)x@example.com>", list).isEmpty)
    }
  }
}

@Suite struct WatchJoinedTests {
  /// Of names only the letters may be digested.
  @Test(arguments: ["LineDanser", "linedanser", "LINEDANSER", "LineDanser\n"])
  func wordsAreDigestedTogether(_ text: String) throws {
    let list = try index("kind,value,label\ntext,Line Danser,mine\nssid,Test Home 5G,wifi\n")
    let hex = Insecure.SHA1.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
    #expect(search("h=\(hex)", list).map(\.label) == ["mine"])
    let home = Data("TestHome5G".utf8)
    let digest = Data(SHA256.hash(data: home)).base64EncodedString()
    #expect(search("{\"h\":\"\(digest)\"}", list).map(\.label) == ["wifi"])
  }

  /// Numbers with separators in a text are tried against HMACs, too.
  @Test(arguments: [
    ("phone-number", "+447700900123", "call +44 7700 900123 now"),
    ("payment-card", "4111111111111111", "paid with 4111 1111 1111 1111 today"),
    ("imei", "490154203237518", "IMEI 49-015420-323751-8 here"),
  ])
  func separatorsDoNotHideFromHMACs(_ kind: String, _ value: String, _ text: String) throws {
    let key = [UInt8](repeating: 7, count: 32)
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(value.utf8), using: SymmetricKey(data: key))
    let hex = code.map { String(format: "%02x", $0) }.joined()
    let list = try index("kind,value,label\n\(kind),hmac-sha256:\(hex),mine\n", key: key)
    #expect(search(text, list).map(\.label) == ["mine"])
  }
}

@Suite struct WatchLookAlikeTests {
  /// The last character another one.
  @Test(arguments: values.indices)
  func offByOneIsNot(_ place: Int) throws {
    let value = values[place].value
    let list = lists[place]
    var other = value
    let last = other.removeLast()
    other.append(last == "7" ? "6" : "7")
    #expect(search("{\"x\":\"\(other)\"}", list).isEmpty, "\(other)")
    for encoded in [
      Data(other.utf8).base64EncodedString(),
      other.utf8.map { String(format: "%02x", $0) }.joined(),
    ] {
      #expect(search("{\"x\":\"\(encoded)\"}", list).isEmpty, "\(other)")
    }
  }

  /// A part of something longer.
  @Test(arguments: values.indices)
  func aPartOfAWordIsNot(_ place: Int) throws {
    let value = values[place].value
    let list = lists[place]
    let bare = value.hasPrefix("+") ? String(value.dropFirst()) : value
    for text in ["9\(bare)", "\(bare)9", "\(bare)a", "x9\(bare)z9"] {
      #expect(search("{\"x\":\"\(text)\"}", list).isEmpty, "\(text)")
      #expect(search("a \(text) b", list).isEmpty, "\(text)")
      #expect(search(text.utf8.flatMap { [$0, 0] as [UInt8] }, list).isEmpty, "UTF-16 \(text)")
    }
  }

  @Test func shortValuesAreWholeLeavesOnly() throws {
    let list = try index("kind,value,label\ntext,1234,pin\ntext,a&b;c,odd\n")
    #expect(search("{\"x\":\"1234\"}", list).map(\.path) == ["json:x"])
    #expect(search("{\"x\":1234}", list).count == 1)
    #expect(search("x=1234&y=2", list).map(\.path) == ["form:x"])
    #expect(search("/a?pin=1234", list, part: .httpURL).count == 1)
    #expect(search("{\"x\":\"A&B;C\"}", list).map(\.label) == ["odd"])
    for text in ["{\"x\":\"12345\"}", "{\"x\":\"01234\"}", "{\"x\":\"12 1234\"}", "a 1234 b"] {
      #expect(search(text, list).isEmpty, "\(text)")
    }
  }

  @Test(arguments: [
    "20.26.11.24", "2026-11-24", "+46 20261124", "0046 20261124 1", "1.20261124", "20261124.5",
    "20 26 11 24 99",
  ])
  func whatIsNoNationalNumber(_ text: String) throws {
    let list = try index("kind,value,label\nphone-number,+4720261124,mine\n")
    #expect(search("at \(text), or so", list).isEmpty)
    #expect(search("at 20261124, or so", list).count == 1)
  }

  @Test func longListsNeedANameBesideANationalNumber() throws {
    var text = "kind,value,label\n"
    for number in 0...10_000 { text += "phone-number,+4720\(100_000 + number),n\n" }
    let list = try index(text)
    #expect(search("{\"id\":20100007}", list).isEmpty)
    #expect(search("{\"phoneNumber\":\"20100007\"}", list).count == 1)
    #expect(search("{\"id\":\"+4720100007\"}", list).count == 1)
  }

  /// Nothing of what a list does not have, whatever bytes come.
  @Test func noiseHasNothing() throws {
    var text = "kind,value,label\n"
    for (kind, value) in values { text += "\(kind),\"\(value)\",mine\n" }
    let list = try index(text)
    var finder = Finder(watching: list)
    var sink = SeenSink(index: list)
    var state: UInt64 = 88_172_645_463_325_252
    for round in 0..<3000 {
      var bytes: [UInt8] = []
      for _ in 0..<(round % 200) {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let byte = UInt8(truncatingIfNeeded: state >> 32)
        bytes.append(
          round % 3 == 0 ? byte : Array("0123456789abcdef%+/= \0\\u".utf8)[Int(byte) % 24])
      }
      _ = finder.inspect(bytes.span.bytes, part: .httpRequestBody, key: RawSpan(), into: &sink)
    }
    #expect(sink.list.isEmpty)
  }
}

@Suite struct WatchListTests {
  private func failure(_ list: String) -> String {
    do {
      _ = try index(list)
      return "none"
    } catch let failure as WatchFile.Failure {
      return "\(failure.line): \(failure.reason)"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("", "1: is empty: a header kind,value,label is needed"),
    ("a,b\n", "1: no header kind,value,label[,class]"),
    (
      "kind,value,label\nimei,49015420323751x,a\n",
      "2: the value has something else than digits and separators"
    ),
    ("kind,value,label\nimei,123,a\n", "2: the value has too few or too many digits for its kind"),
    ("kind,value,label\n\n# note\nshoe-size,44,a\n", "4: 'shoe-size' is no kind of personal data"),
    (
      "kind,value,label,class\ntext,abc,a,secret\n",
      "2: class 'secret' is neither protected nor withdrawn"
    ),
    ("kind,value,label\nemail,nobody,a\n", "2: the value is no mail address"),
    (
      "kind,value,label\nlocation,\"55.676098,12.568337\",home\nlocation,55.676098,12.568337\n",
      "3: a location is two numbers in one cell: latitude and longitude, in quotes"
    ),
    (
      "kind,value,label\nmac-address,00:11,a\n",
      "2: the value has too few or too many digits for its kind"
    ),
    (
      "kind,value,label\ntext,ab,a\n",
      "2: the value is too short to be told from chance (three characters at least)"
    ),
    ("kind,value,label\ntext,,a\n", "2: the value is empty"),
    ("kind,value,label\ntext\n", "2: has 1 columns: kind, value and label are needed"),
    ("kind,value,label\nimei,hmac-sha256:00,a\n", "2: hmac-sha256: wants 64 hexadecimal digits"),
  ])
  func aWrongLineIsNamed(_ list: String, _ reason: String) {
    #expect(failure(list) == reason)
  }

  @Test func anHMACNeedsItsKey() {
    let zeros = String(repeating: "0", count: 64)
    #expect(
      failure("kind,value,label\nimei,hmac-sha256:\(zeros),a\n").hasPrefix(
        "2: the value is an HMAC"))
  }

  /// A list of secret values is not repeated in messages.
  @Test func failuresHoldNoValue() {
    #expect(!failure("kind,value,label\n490154203237518,imei,a\n").contains("4901"))
    #expect(!failure("kind,value,label\nimei,490154203237518000,a\n").contains("4901"))
  }

  @Test func columnsMayStandInAnyOrder() throws {
    let list = try index("label,class,value,kind\nmine,protected,490154203237518,imei\n")
    #expect(list.watchClass(of: 0) == .protected)
    #expect(search("490154203237518", list).map(\.label) == ["mine"])
  }

  @Test(arguments: values.indices)
  func hashesAloneFind(_ place: Int) throws {
    let (kind, value) = values[place]
    let key = Array("a key of some length".utf8)
    let secret = SymmetricKey(data: key)
    func code(_ text: [UInt8]) -> String {
      HMAC<SHA256>.authenticationCode(for: text, using: secret).map { String(format: "%02x", $0) }
        .joined()
    }
    let known = try #require(IdentifierKind.allCases.first { "\($0.name)" == kind })
    // As our own command writes it, and as others may have.
    for text in [try WatchIndex.normalForm(Array(value.utf8), known), Array(value.utf8)] {
      let list = try index("kind,value,label\n\(kind),hmac-sha256:\(code(text)),mine\n", key: key)
      let seen = search("{\"a\":\"b\",\"x\":\"\(value)\"}", list)
      #expect(seen.map(\.path) == ["json:x"], "\(kind) \(value)")
      #expect(seen.map(\.confidence) == [.certain])
      #expect(search("{\"x\":\"\(value)1\"}", list).isEmpty)
    }
  }

  @Test func hashesFindWordsOfATextToo() throws {
    let key = Array("a key of some length".utf8)
    let code = HMAC<SHA256>.authenticationCode(
      for: Array("+447700900123".utf8), using: SymmetricKey(data: key))
    let hex = code.map { String(format: "%02x", $0) }.joined()
    let list = try index("kind,value,label\nphone-number,hmac-sha256:\(hex),mine\n", key: key)
    for text in ["+447700900123", "447700900123", "00447700900123", "+44 7700 900123"] {
      #expect(search("{\"to\":\"\(text)\"}", list).count == 1, "\(text)")
    }
    #expect(search("{\"x\":\"please call +447700900123.\"}", list).map(\.path) == ["json:x > text"])
  }

  /// More candidates than a message may cost are counted, not looked at.
  @Test func hashesAreBounded() throws {
    let key = Array("a key of some length".utf8)
    let zeros = String(repeating: "0", count: 64)
    let list = try index("kind,value,label\nimei,hmac-sha256:\(zeros),mine\n", key: key)
    var finder = Finder(watching: list)
    var sink = SeenSink(index: list)
    let body =
      "[" + (0..<2000).map { "\"\(490_154_203_000_000 + $0)\"" }.joined(separator: ",") + "]"
    _ = finder.inspect(
      Array(body.utf8).span.bytes, part: .httpRequestBody, key: RawSpan(), into: &sink)
    let counters = finder.watchCounters
    #expect(counters.hmacs == 256)
    #expect(counters.hmacLimits == 1)
  }

  @Test func aKeyIsMadeForItsOwnerOnly() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let list = folder.appendingPathComponent("list.csv").path
    let key = folder.appendingPathComponent("watch.key").path
    try Data("kind,value,label,class\nphone-number,+44 7700 900123,\"a, b\",protected\n".utf8)
      .write(to: URL(fileURLWithPath: list))
    var output: [UInt8] = []
    try WatchHashing.list(list, keyPath: key, isLenient: false, note: { _ in }) { output += $0 }
    let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let text = String(decoding: output, as: UTF8.self)
    #expect(!text.contains("7700"))
    let hashed = folder.appendingPathComponent("hashed.csv").path
    try Data(output).write(to: URL(fileURLWithPath: hashed))
    let read = try WatchFile.index([hashed], keyPath: key, isLenient: false)
    #expect(read.index.watchClass(of: 0) == .protected)
    for number in ["00447700900123", "07700 900123"] {
      #expect(search("{\"n\":\"\(number)\"}", read.index).map(\.label) == ["a, b"])
    }
  }

  @Test func lenientReadingCounts() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let list = folder.appendingPathComponent("list.csv")
    try Data("kind,value,label\nimei,1,a\nimei,490154203237518,b\nwrong,x,y\n".utf8).write(to: list)
    let read = try WatchFile.index([list.path], keyPath: nil, isLenient: true)
    #expect(read.outcome.values == 1)
    #expect(read.outcome.wrongLines == 2)
    #expect(read.outcome.failures.map(\.line) == [2, 4])
  }
}
