import InspectCore
import Testing

/// Identifiers in the spellings that protocols and people have for them.
@Suite struct FindSpellingTests {
  private func shown(_ inspected: Inspected) -> [String] {
    inspected.found.filter { $0.confidence >= .medium }.map {
      "\($0.kind) \($0.confidence) \($0.offset) \($0.path) \($0.normalized)"
    }
  }

  @Test(arguments: [
    ("imei=49-015420-323751-8", "imei high 5 form:imei 490154203237518"),
    ("imei=49.015420.323751.8", "imei high 5 form:imei 490154203237518"),
    (#"{"imei":"490154 20 323751 8"}"#, "imei high 9 json:imei 490154203237518"),
    ("The IMEI: 49-015420-323751-8, and so on", "imei high 10 text 490154203237518"),
    ("The IMEI 49 015420 323751 8 of it", "imei high 9 text 490154203237518"),
    ("as urn:gsma:imei:49015420-323751-8 here", "imei high 17 text 490154203237518"),
  ])
  func anIMEIInGroups(_ text: String, _ expected: String) {
    #expect(shown(inspect(text)) == [expected])
  }

  @Test(arguments: [
    // Without its name, with two signs, with another check digit or a digit more.
    "call 49-015420-323751-8 now, please", "the IMEI 49-015420.323751-8 of it",
    "imei=49..015420.323751.8", "version 49.015420.323751.8 of it",
    "The IMEI: 49-015420-323751-81 of it",
  ])
  func otherGroupsAreNoIMEI(_ text: String) {
    #expect(shown(inspect(text)).isEmpty)
  }

  @Test(arguments: [
    ("0001010123456789@nai.epc.mnc001.mcc001.3gppnetwork.org", 1),
    ("6001010123456789@wlan.mnc001.mcc001.3gppnetwork.org", 1),
    ("50001010123456789@wlan.mnc001.mcc001.3gppnetwork.org", 2),
    ("001010123456789@ims.mnc001.mcc001.3GPPnetwork.org", 0),
  ])
  func theNameOfASubscriber(_ name: String, _ offset: Int) {
    #expect(
      shown(inspect("user=\(name)")) == ["imsi high \(offset + 5) form:user > nai 001010123456789"])
    #expect(
      shown(inspect("as <sip:\(name)> here"))
        == ["imsi high \(offset + 8) nai 001010123456789"])
  }

  @Test(arguments: [
    "user=0001010123456789@nai.epc.mnc001.mcc460.3gppnetwork.org",
    "user=somebody@nai.epc.mnc001.mcc001.3gppnetwork.org",
    "user=12345@nai.epc.mnc001.mcc001.3gppnetwork.org",
    "host=epdg.epc.mnc001.mcc001.pub.3gppnetwork.org",
  ])
  func otherNamesOfNetworksHaveNoSubscriber(_ text: String) {
    #expect(!shown(inspect(text)).contains { $0.hasPrefix("imsi") })
  }

  @Test(arguments: [
    (#"{"mac":[0,0,94,0,83,1]}"#, "mac-address high 8 json:mac 00005e005301"),
    (#"{"a":{"bssid":[0, 0, 94, 0, 83, -1]}}"#, "bssid high 15 json:a.bssid 00005e0053ff"),
    (#"{"wifi_mac":[-94,0,94,0,83,1],"x":[1]}"#, "mac-address high 13 json:wifi_mac a2005e005301"),
  ])
  func anAddressInOctets(_ text: String, _ expected: String) {
    #expect(shown(inspect(text)) == [expected])
  }

  @Test(arguments: [
    #"{"mac":[0,0,94,0,83]}"#, #"{"mac":[0,0,94,0,83,1,2]}"#, #"{"mac":[0,0,94,0,83,256]}"#,
    #"{"mac":[0,0,94,0,83,1.5]}"#, #"{"mac":[2,0,0,0,0,0]}"#, #"{"mac":[1,0,94,0,83,1]}"#,
    #"{"rgb":[0,0,94,0,83,1]}"#, #"{"mac":[0,0,94,[0,83,1]]}"#, #"{"mac":[0,0,94,0,83,1"#,
  ])
  func otherNumbersAreNoAddress(_ text: String) {
    #expect(shown(inspect(text)).isEmpty)
  }

  @Test func theUserOfDigest() {
    let value = #"Digest realm="a, b", username="anna", uri="/x", response="00""#
    #expect(
      shown(inspect(value, part: .httpRequestHeader, key: "Authorization"))
        == ["credentials medium 31 digest:user anna"])
    let mail = #"Digest username="user@example.com", realm="x""#
    #expect(
      shown(inspect(mail, part: .httpRequestHeader, key: "Authorization")) == [
        "credentials medium 17 digest:user user@example.com",
        "email medium 17 digest:user user@example.com",
      ])
    for value in [
      #"Digest realm="x""#, #"Digest username="""#, #"Digest xusername="anna""#,
      #"Digest realm="username=anna""#, "Digest",
    ] {
      let found = shown(inspect(value, part: .httpRequestHeader, key: "Authorization"))
      #expect(found.isEmpty, "\(value)")
    }
  }

  @Test(arguments: [
    ("/rd?ep=490154203237518&lt=86400", "imei medium 7 query:ep 490154203237518"),
    ("/rd?ep=urn:imei:490154203237518&b=U", "imei high 16 query:ep > text 490154203237518"),
  ])
  func aClientOfLwM2M(_ target: String, _ expected: String) {
    #expect(shown(inspect(target, part: .coapURI)) == [expected])
  }

  /// Nothing is read beyond the end, wherever that is.
  @Test(arguments: [
    "The IMEI: 49-015420-323751-8", #"{"mac":[0,0,94,0,83,-1]}"#,
    "as <sip:001010123456789@ims.mnc001.mcc001.3gppnetwork.org>",
  ])
  func everyPrefixIsSafe(_ text: String) {
    for count in 0...text.utf8.count {
      let prefix = Array(text.utf8.prefix(count))
      #expect(inspect(prefix).found.count <= 2)
    }
    let header = #"Digest realm="a", username="anna""#
    for count in 0...header.utf8.count {
      let prefix = String(header.prefix(count))
      let found = inspect(prefix, part: .httpRequestHeader, key: "Authorization").found
      #expect(found.count <= 1)
    }
  }
}
