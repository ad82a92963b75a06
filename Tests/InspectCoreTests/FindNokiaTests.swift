import InspectCore
import Testing

/// The body that the phone sent, as a whole and damaged.
@Suite struct FindNokiaTests {
  private let paths: [(kind: String, confidence: Confidence, name: String, value: String)] = [
    ("imei", .high, "MEID", "490154203237518"),
    ("mac-address", .high, "MACID", "00:00:5E:00:53:01"),
    ("imei", .high, "IMEI1", "490154203237518"),
    ("iccid", .high, "SIM1ICCID", "89014103211118510720"),
    ("imsi", .high, "SIM1LTEIMSI", "001010123456789"),
    ("cell-id", .medium, "SIM1CELLID", "26385429"),
  ]

  @Test func everyIdentifierIsFoundWithItsPath() {
    let inspected = inspect(Nokia.body)
    #expect(inspected.found.count == paths.count)
    for (found, expected) in zip(inspected.found, paths) {
      #expect(found.kind == expected.kind)
      #expect(found.confidence == expected.confidence)
      #expect(found.path == "base64 > json:\(expected.name)")
      #expect(found.key == expected.name)
      #expect(found.value == expected.value)
    }
    #expect(inspected.found[1].normalized == "00005e005301")
    #expect(inspected.facts.layers == 2)
    #expect(inspected.facts.decodedBytes == Nokia.json.utf8.count)
    #expect(inspected.facts.limits.isEmpty)
  }

  /// The encoded byte at a finding's offset carries the first bits of its value: the symbols before
  /// it and it decode to all that stands before the value.
  @Test func offsetsCountLineBreaks() {
    let json = Array(Nokia.json.utf8)
    for found in inspect(Nokia.body).found {
      let symbolsBefore = Nokia.body[..<found.offset].count { $0 != 0x0A }
      let place = symbolsBefore * 6 / 8
      // The first bits may lie in the symbol's end.
      let starts = (place...(place + 1)).contains { start in
        json[start...].starts(with: Array(found.value.utf8))
      }
      #expect(starts, "\(found)")
      #expect(Nokia.body[found.offset] != 0x0A)
    }
  }

  @Test func theSignatureNeedsMethodTypeAndKeys() {
    let facts = inspect(Nokia.body).facts
    #expect(facts.encodedSelfRegistrationKeys.signatureCount == 6)
    #expect(facts.selfRegistrationKeys.count == 18)
    #expect(matches("POST", "application/encrypted-json", facts))
    #expect(matches("POST", "Application/Encrypted-JSON ; charset=utf-8", facts))
    #expect(!matches("GET", "application/encrypted-json", facts))
    #expect(!matches("post", "application/encrypted-json", facts))
    #expect(!matches("POST", "application/json", facts))
    #expect(!matches("POST", "", facts))
  }

  @Test(arguments: [
    (#"{"REGVER":"1.0","MODEL":"TA-1046"}"#, false),
    (#"{"REGVER":"1.0","IMEI1":"unknown"}"#, true),
    (#"{"regver":"1.0","imei1":"unknown"}"#, false),
    (#"{"x":{"REG\u0056ER":"1.0","SIM1CELLID":"1"}}"#, true),
  ])
  func twoKeysInTheirExactCase(_ json: String, _ isMatch: Bool) {
    let facts = inspect(androidBase64(json)).facts
    #expect(matches("POST", "application/encrypted-json", facts) == isMatch)
  }

  /// Without base64 it is another protocol (NB-IoT).
  @Test func plainJSONIsNoSignature() {
    let facts = inspect(Nokia.json).facts
    #expect(facts.selfRegistrationKeys.signatureCount == 6)
    #expect(!matches("POST", "application/encrypted-json", facts))
  }

  @Test func aFinderIsUsedAgain() {
    var finder = Finder()
    let first = finder.inspect(Nokia.body)
    _ = finder.inspect(Array("nothing here".utf8))
    let again = finder.inspect(Nokia.body)
    #expect(first.found == again.found)
    let counters = finder.counters
    #expect(counters.messages == 3)
    #expect(counters.findings == UInt64(first.found.count + again.found.count))
  }

  @Test func everyPrefixGivesAPrefixOfTheFindings() {
    let whole = inspect(Nokia.body).found
    var finder = Finder()
    for count in 0...Nokia.body.count {
      let cut = finder.inspect(Array(Nokia.body[..<count])).found
      // The last one may be cut itself.
      #expect(cut.count <= whole.count)
      #expect(Array(cut.dropLast()) == Array(whole.prefix(max(cut.count - 1, 0))))
    }
  }

  @Test func everyBitFlipIsSurvived() {
    var finder = Finder()
    var body = Nokia.body
    for bit in 0..<(body.count * 8) {
      body[bit / 8] ^= 1 << (bit % 8)
      for found in finder.inspect(body).found { #expect(found.offset < body.count) }
      body[bit / 8] ^= 1 << (bit % 8)
    }
  }

  @Test(arguments: [true, false])
  func randomMutationsAreSurvived(isEncoded: Bool) {
    let original = isEncoded ? Nokia.body : Array(Nokia.json.utf8)
    var finder = Finder()
    var randomness = Randomness(seed: 7)
    for _ in 0..<10_000 {
      var bytes = original
      for _ in 0...randomness.next(below: 4) {
        let place = randomness.next(below: bytes.count)
        switch randomness.next(below: 3) {
        case 0: bytes[place] = UInt8(randomness.next(below: 256))
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8(randomness.next(below: 256)), at: place)
        }
      }
      for found in finder.inspect(bytes).found { #expect(found.offset < bytes.count) }
    }
  }

  /// To the carrier's host it is one in any type, in base64 or not.
  @Test func theCarriersHostTells() {
    for body in [Nokia.body, Array(Nokia.json.utf8)] {
      let facts = inspect(body).facts
      #expect(matches("POST", "application/json", facts, to: "zzhc.vnet.cn"))
      #expect(!matches("PUT", "application/json", facts, to: "zzhc.vnet.cn"))
      #expect(!matches("POST", "application/json", facts, to: "api.example.com"))
    }
    #expect(!matches("POST", "", inspect(#"{"MODEL":"x","IMEI1":""}"#).facts, to: "zzhc.vnet.cn"))
  }

  private func matches(
    _ method: String, _ type: String, _ facts: MessageFacts, to host: String = ""
  ) -> Bool {
    let (method, type, host) = (Array(method.utf8), Array(type.utf8), Array(host.utf8))
    return SelfRegistration.matches(
      method: method.span.bytes, contentType: type.span.bytes, host: host.span.bytes, facts: facts)
  }
}
