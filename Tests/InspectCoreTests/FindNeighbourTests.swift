import InspectCore
import Testing

/// Values that something beside them names, numbers in binary, and log-ins.
@Suite struct FindNeighbourTests {
  private func shown(_ inspected: Inspected) -> [String] {
    inspected.found.filter { $0.confidence >= .medium }.map(\.description)
  }

  @Test(arguments: [
    (#"{"key":"imei","value":"490154203237518"}"#, "imei high 23 json:value"),
    (
      #"[{"name":"imsi","value":"001010123456789"},{"name":"os","value":"9"}]"#,
      "imsi high 25 json:[0].value"
    ),
    (#"{"value":"001010123456789","name":"imsi"}"#, "imsi high 10 json:name"),
    (#"{"value":001010123456789,"name":"imsi"}"#, "imsi high 9 json:name"),
    (#"{"p":[{"k":"android_id","v":"9774d56d682e549c"}]}"#, "android-id medium 29 json:p[0].v"),
    (#"{"ids":[{"type":"mac","id":"00005E005301"}]}"#, "mac-address medium 28 json:ids[0].id"),
    (#"[["android_id","9774d56d682e549c"],["os","9"]]"#, "android-id medium 16 json:[0][1]"),
    (
      #"{"type":"Point","coordinates":[12.568337,55.676098]}"#,
      "location medium 31 json:coordinates[1]"
    ),
    (#"{"location":[55.676098,12.568337]}"#, "location medium 13 json:location[1]"),
    (
      "<member><name>imei</name><value><string>490154203237518</string></value></member>",
      "imei high 40 xml:member.value.string"
    ),
    (
      "<member><name>msisdn</name><value>447700900123</value></member>",
      "phone-number medium 34 xml:member.value"
    ),
    // Access points with their signals, as services of places are asked.
    (
      #"{"x":"00:00:5e:00:53:01,-50;00:00:5e:00:53:02,-61"}"#, "location medium 6 json:x > text"
    ),
    (
      "00:00:5e:00:53:01\t2437\t-50\t[WPA2]\tA\n00:00:5e:00:53:02\t2412\t-61\t[ESS]\tB\n",
      "location medium 0 text"
    ),
    (
      "<wsse:Password Type=\"t\">Hunter2x</wsse:Password>",
      "credentials medium 24 xml:wsse:Password"
    ),
    (#"{"homeLatitude":55.6761,"homeLongitude":12.5683}"#, "location medium 16 json:homeLongitude"),
    (#"{"lat":"55,676098","lon":"12,568337"}"#, "location medium 8 json:lon"),
    ("BEGIN:VCARD\nTEL;TYPE=CELL:+447700900123\nEND:VCARD", "phone-number medium 26 text"),
    (#"{"x":"+44 (0)7700 900123"}"#, "phone-number medium 6 json:x"),
    // Baidu's, without separators; arrays; what iwlist and iw print.
    ("wf=00005e005301;52;|00005e005302;60;|", "location medium 3 form:wf"),
    ("wf=00005e005301;-52;office|00005e005302;-60", "location medium 3 form:wf"),
    ("x=00:00:5e:00:53:01;52;|00:00:5e:00:53:02;60;", "location medium 2 form:x"),
    (
      #"[["00:00:5e:00:53:01",-50],["00:00:5e:00:53:02",-61]]"#, "location medium 3 json:[0][0]"
    ),
    (
      "Cell 01 - Address: 00:00:5E:00:53:01\n  ESSID:\"a\"\n  Quality=58/70  Signal level=-52 dBm\n"
        + "Cell 02 - Address: 00:00:5E:00:53:02\n  Quality=5/70  Signal level=-90 dBm\n",
      "location medium 19 text"
    ),
    (
      "BSS 00:00:5e:00:53:01(on wlan0)\n\tfreq: 2437\n\tsignal: -52.00 dBm\n"
        + "BSS 00:00:5e:00:53:02(on wlan0)\n\tsignal: -90.00 dBm\n", "location medium 4 text"
    ),
    (#"{"start_lat":55.676098,"start_lng":12.568337}"#, "location medium 13 json:start_lng"),
    (
      "pickup_latitude=55.676098&pickup_longitude=12.568337",
      "location medium 16 form:pickup_longitude"
    ),
    // Android's properties, and PHP's arrays and objects.
    (
      "[ro.product.model]: [TA-1046]\n[ro.serialno]: [R58M12ABCDE]\n[ro.debuggable]: [0]\n",
      "serial-number medium 46 text:ro.serialno"
    ),
    (#"a:2:{s:4:"imei";s:15:"490154203237518";s:2:"os";i:9;}"#, "imei high 22 php:imei"),
    (
      #"O:8:"stdClass":1:{s:3:"dev";a:1:{s:4:"imsi";i:001010123456789;}}"#, "imsi high 46 php:imsi"
    ),
    (#"a:2:{s:3:"lat";d:55.676098;s:3:"lng";d:12.568337;}"#, "location medium 17 php:lng"),
    (#"{"d":"a:1:{s:4:\"imei\";s:15:\"490154203237518\";}"}"#, "imei high 31 json:d > php:imei"),
  ])
  func aNeighbourIsTheName(_ text: String, _ expected: String) {
    #expect(shown(inspect(text)) == [expected])
  }

  /// A capture may cut what PHP wrote anywhere.
  @Test func everyPrefixOfPHPIsSafe() {
    let text = Array(
      #"O:8:"stdClass":2:{s:4:"imei";s:15:"490154203237518";s:1:"a";a:2:{i:0;N;i:1;d:0.5;}}"#.utf8)
    for count in 0...text.count {
      let found = shown(inspect(Array(text[..<count])))
      // Without its last digit it is one, too.
      #expect(found.count <= 1 && found.allSatisfy { $0.hasPrefix("imei ") }, "\(count)")
    }
  }

  @Test(arguments: [
    // Nothing that its name alone would make an identifier.
    #"{"type":"password","id":"field_one"}"#, #"{"name":"password","value":"Choose one"}"#,
    // Lists of anything else: one access point, twice the same, a checksum, times, map tiles.
    "wf=00005e005301;52;|", "wf=00005e005301;52;|00005e005301;60;", "x=deadbeef0123;5;abc;|x;y",
    "x=000000000000;52;|ffffffffffff;60;", "x=00005e005301;5234;|00005e005302;6012;",
    #"[["00:00:5e:00:53:01",50],["00:00:5e:00:53:02",-61]]"#,
    "Address: 00:00:5E:00:53:01\nQuality=1\nAddress: 00:00:5E:00:53:02\nSignal level=-52 dBm\n",
    "arp 00:00:5E:00:53:01\nrx=-52\narp 00:00:5E:00:53:02\nrx=-60\n",
    #"{"min_lat":55.676098,"max_lng":12.568337}"#, #"{"start_lat":55.676098,"end_time":12.568337}"#,
    #"{"start_lat":1.5,"start_lng":12.568337}"#,
    "[ro.debuggable]: [1]\n[ro.build]: [R58M12ABCDE]\n",
    "[serial]: [unknown]\n", #"a:1:{s:2:"ts";s:15:"490154203237510";}"#, "a:1:{i:0;s:5:\"hello\";}",
    "a:2:{b", "a:1: the first thing is that", #"["ssid","home network"]"#,
    #"["serial","A1B2C3D4"]"#, #"["imei","mac","imsi"]"#,
    "<m><name>password</name><value>Choose one</value></m>",
    "<m><name>imsi</name><other>001010123456789</other></m>",
    "<m><name>order</name><value>354178036859789</value></m>",
    "00:00:5e:00:53:01 -1 and 00:00:5e:00:53:02 -2",
    // In another object.
    #"{"key":"imei","x":{"value":"490154203237518"}}"#,
    #"[{"key":"imsi"},{"value":"001010123456789"}]"#,
    #"{"name":"order","value":"490154203237518"}"#,
    #"{"remote":"git@example.com:org/repo.git"}"#,
    // No places.
    #"{"lat":"55,67","lon":"12,56"}"#, #"{"altitude":55.676098,"attitude":12.568337}"#,
    #"{"position":[55.676098,12.568337]}"#, #"{"location":[3,4]}"#,
    #"{"location":[0.0000,0.0000]}"#,
    #"{"coordinates":[212.568337,155.676098]}"#, #"{"size":[55.676098,12.568337]}"#,
    #"{"location":[12.568337]}"#,
  ])
  func whatIsNoNameNamesNothing(_ text: String) {
    #expect(shown(inspect(text)) == [])
  }

  @Test(arguments: [
    ("imei", "94104502237315F8", "imei high", "490154203237518"),
    ("imei", "lBBFAiNzFfg=", "imei high", "490154203237518"),
    ("imei", "lBBFAiNzFfg", "imei high", "490154203237518"),
    ("imsi", "00010121436587F9", "imsi high", "001010123456789"),
    ("imsi", "080910101032547698", "imsi high", "001010123456789"),
    ("iccid", "98101430121181157002", "iccid high", "89014103211118510720"),
    ("sim_iccid", "981014301211811570F2", "iccid high", "8901410321111851072"),
  ])
  func binaryNumbersAreReadUnderAName(
    _ name: String, _ value: String, _ expected: String, _ digits: String
  ) throws {
    let found = inspect(#"{"\#(name)":"\#(value)"}"#).found
    #expect(found.map { "\($0.kind) \($0.confidence)" } == [expected])
    #expect(found.first?.normalized == digits)
    #expect(found.first?.path == "json:\(name) > bcd")
  }

  @Test(arguments: [
    // No check digit, no such country, digits beyond nine, without a name.
    ("imei", "94104502237315F9"), ("imsi", "00900121436587F9"), ("imei", "9A104502237315F8"),
    ("x", "94104502237315F8"), ("iccid", "12104130121181157002"), ("imei_md5", "94104502237315F8"),
  ])
  func otherBytesAreNone(_ name: String, _ value: String) {
    let found = inspect(#"{"\#(name)":"\#(value)"}"#).found
    #expect(!found.contains { $0.path.hasSuffix("bcd") })
  }

  @Test(arguments: [
    ("PASS hemmelig1\r\n", "credentials high 5 login"),
    ("USER anna\r\nPASS p@ss word\r\n", "credentials high 16 login"),
    ("pass hemmelig1\n", "credentials high 5 login"),
    ("a1 LOGIN anna hemmelig1\r\n", "credentials high 14 login"),
  ])
  func passwordsOfLinesAreCredentials(_ text: String, _ expected: String) {
    #expect(shown(inspect(text, part: .tcpPayload)) == [expected])
  }

  @Test(arguments: [
    "USER anna\r\n", "PASS \r\n", "PASS x\r\n", "PASS anonymous\r\n", "PASS guest\r\n",
    "PASS mozilla@example.com\r\n", "PASS ftp@\r\n", "PASS hemmelig1", "passing words\r\n",
    "a1 LOGIN anna\r\n", "a1 NOOP x y\r\n", "",
  ])
  func otherLinesAreNone(_ text: String) {
    let found = inspect(text, part: .tcpPayload).found
    #expect(!found.contains { $0.kind == "credentials" })
  }

  @Test func aLogInIsNoneInABody() {
    #expect(shown(inspect("PASS hemmelig1\r\n")) == [])
  }

  @Test func theUserOfALogInIsLookedAt() {
    let found = inspect("USER anna@example.com\r\nPASS hemmelig1\r\n", part: .tcpPayload).found
    #expect(Set(found.map(\.kind)) == ["credentials", "email"])
  }

  @Test(arguments: [
    (#"{"wlanMac":"00005e005301"}"#, "mac-address medium 12 json:wlanMac"),
    (
      #"{"InternationalMobileEquipmentIdentity":"490154203237518"}"#,
      "imei high 41 json:InternationalMobileEquipmentIdentity"
    ),
    (#"{"md5_email":"0eaed834a1e6f4b2bf0c024e0013dea1"}"#, "email medium 14 json:md5_email > md5"),
    (#"{"customPassword":"abcdefghij"}"#, "credentials medium 19 json:customPassword"),
    ("/user_password/abcdefghij", "credentials medium 15 path[1]"),
  ])
  func namesAreKnownByTheirEnds(_ text: String, _ expected: String) {
    let part: MessagePart = text.hasPrefix("/") ? .httpURL : .httpRequestBody
    #expect(shown(inspect(text, part: part)) == [expected])
  }
}
