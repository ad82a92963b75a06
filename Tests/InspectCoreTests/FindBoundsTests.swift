import InspectCore
import Testing

/// Hostile and enormous messages: bounded work, named limits, nothing that stops the program.
@Suite struct FindBoundsTests {
  private let imei = #"{"imei":"490154203237518"}"#

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func deepNestingStopsAtALimit(_ opening: String) {
    let text = String(repeating: opening, count: 100_000) + #""imei":"490154203237518""#
    let inspected = inspect(text)
    #expect(inspected.facts.limits == .nesting)
    // What lies beyond is looked at as text.
    #expect(inspected.found.map(\.confidence) == [.high])
  }

  @Test func layersStopAtALimit() {
    var body = Array(imei.utf8)
    var layers = 1
    while layers < 8 {
      body = androidBase64(String(decoding: body, as: UTF8.self))
      layers += 1
    }
    let deep = inspect(body)
    #expect(deep.found.count == 1)
    #expect(deep.facts.layers == 8)
    #expect(deep.facts.limits.isEmpty)
    let deeper = inspect(androidBase64(String(decoding: body, as: UTF8.self)))
    #expect(deeper.facts.limits == .depth)
    #expect(deeper.facts.layers == 8)
  }

  @Test func aMegabyteOfPercentSigns() {
    let text = String(repeating: "%25", count: 350_000)
    #expect(inspect(text).found.isEmpty)
    #expect(inspect("q=" + text + "&imei=490154203237518").found.count == 1)
    #expect(inspect("%" + String(repeating: "25", count: 500_000)).found.isEmpty)
  }

  @Test(arguments: [
    "a=", "a=b&", "a;", "a\n", "a=b;", "\"", "\\", "{\"a\":\"", "[1,", "9", "49015420323751 ", ":",
    "a:", "-", "0:", "00:", "/", "/1", "AAAA", "eyJ", "eyJhIjoi", "7b22", "\\u0041", "%7B%22",
    "=", "&", ",", " ", "\n", "\0", "é", "http://", "{\"lat\":1.0001,\"lng\":", "890141032111185",
  ])
  func aMegabyteOfOneThing(_ unit: String) {
    let text = String(repeating: unit, count: (1 << 14) / unit.utf8.count)
    var finder = Finder()
    for (part, prefix) in [
      (MessagePart.httpRequestBody, ""), (.httpURL, "/x?a="), (.httpRequestCookie, "a="),
      (.udpPayload, "{\"imei\":\""),
    ] {
      let bytes = Array((prefix + text).utf8)
      let inspected = finder.inspect(bytes, part: part)
      #expect(inspected.found.count <= finder.limits.findings)
      #expect(inspected.facts.decodedBytes <= finder.limits.decodedBytes)
      for found in inspected.found { #expect(found.offset < bytes.count) }
    }
  }

  /// Four times as much is four times the work, whatever is repeated and whatever it stands in.
  @Test(arguments: [
    "a=b&", "a\n", "\n", ";\n", "\"", "{\"a\":\"", "[1,", "9", "49015420323751 ", "0:", "/1", "eyJ",
    "eyJhIjoi", "7b22", "%25", "é", "{\"lat\":1.0001,\"lng\":", "<a>", "<a b=\"", "<!--", "&amp;",
    "a@b.", "+1 ", "1234 ", "$GPGGA,", "\r\n--x", "=?a?b?", "eyJ.",
  ])
  func workIsLinear(_ unit: String) {
    var finder = Finder()
    for prefix in ["", "a=", "{\"a\":\"", "<r>", "--x\r\nContent-A: b\r\n\r\n"] {
      var work: [Int] = []
      for size in [1 << 12, 1 << 14] {
        let text = prefix + String(repeating: unit, count: size / unit.utf8.count)
        work.append(finder.inspect(Array(text.utf8)).facts.examinedBytes)
        #expect((work.last ?? 0) <= 2 * (finder.limits.depth + 2) * size)
      }
      #expect(work[1] <= 5 * work[0] + 1024, "\(prefix)\(unit): \(work)")
    }
  }

  @Test func decodedBytesStopAtALimit() {
    var limits = FinderLimits()
    limits.decodedBytes = 1000
    let json = #"{"x":"\#(String(repeating: "y ", count: 700))","imei":"490154203237518"}"#
    let inspected = inspect(androidBase64(json), limits: limits)
    #expect(inspected.facts.limits == .decodedBytes)
    #expect(inspected.facts.decodedBytes <= 1000)
    #expect(inspected.found.isEmpty)
    #expect(inspect(androidBase64(json)).found.count == 1)
  }

  @Test func nodesStopAtALimit() {
    var limits = FinderLimits()
    limits.nodes = 10
    let json = "[" + String(repeating: "[],", count: 20) + imei + "]"
    let inspected = inspect(json, limits: limits)
    #expect(inspected.facts.limits == .nodes)
    #expect(inspected.facts.nodes == 10)
  }

  @Test func findingsStopAtALimit() {
    let json = "[" + String(repeating: imei + ",", count: 100) + "1]"
    let inspected = inspect(json)
    #expect(inspected.facts.limits == .findings)
    #expect(inspected.found.count == 64)
    #expect(inspected.facts.findings == 64)
  }

  /// Bare numbers take no place from what will be alerted.
  @Test func lowFindingsLeaveRoom() {
    let noise = String(repeating: #"{"x":"490154203237518"},"#, count: 100)
    let inspected = inspect("[" + noise + imei + "]")
    #expect(inspected.found.count == 17)
    #expect(inspected.found.last?.confidence == .high)
  }

  @Test func aLongPathIsCut() {
    let name = String(repeating: "n", count: 300)
    let inspected = inspect(#"{"\#(name)":{"imei":"490154203237518"}}"#)
    #expect(inspected.found.map(\.path.utf8.count) == [256])
    #expect(inspected.facts.limits == .path)
    #expect(inspected.found.first?.key == "imei")
  }

  @Test func namesOfPathsAreCleaned() {
    let bytes =
      Array("{\"\u{7}é".utf8) + [0xFF, 0xC3] + Array(#"":{"imei":490154203237518}}"#.utf8)
    #expect(inspect(bytes).found.map(\.path) == ["json:?é??.imei"])
  }

  @Test func limitsOfZeroFindNothing() {
    var limits = FinderLimits()
    limits.depth = 0
    limits.decodedBytes = 0
    limits.nodes = 0
    limits.pathBytes = 0
    limits.findings = 0
    limits.valueBytes = 0
    let inspected = inspect(Nokia.body, limits: limits)
    #expect(inspected.found.isEmpty)
    #expect(inspected.facts.limits == .nodes)
  }

  @Test func randomBytesAreSurvived() {
    var finder = Finder()
    var randomness = Randomness(seed: 11)
    let alphabet = Array(#"{}[]":,\u0%25=&;AbC+/-_ 4901542032375188901\#n"#.utf8)
    for round in 0..<20_000 {
      let count = randomness.next(below: 120)
      let bytes = (0..<count).map { _ in
        round % 2 == 0
          ? UInt8(randomness.next(below: 256)) : alphabet[randomness.next(below: alphabet.count)]
      }
      let part = MessagePart.allCases[round % MessagePart.allCases.count]
      for found in finder.inspect(bytes, part: part).found { #expect(found.offset < count) }
    }
  }
}
