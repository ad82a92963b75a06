import InspectCore
import Testing

/// Names with values in lines of text, and JSON inside of a text.
@Suite struct FindTextPairsTests {
  private func shown(_ text: String) -> [String] { inspect(text).found.map(\.description) }

  @Test(arguments: [
    // What only its name makes something.
    ("app: weather\nssid: Villa Line 5G\nend: ok\n", "ssid medium 19 text:ssid"),
    ("[dev]\nserial=R58M12ABCDE\nx=1\n", "serial-number medium 13 text:serial"),
    (
      "2026-03-01 08:00:01 INFO start gaid=38400000-8cf0-11bd-b23e-10b96e40000d ok\n",
      "advertising-id medium 36 text:gaid"
    ),
    ("app: w\nandroid_id: '9774d56d682e549c'\n", "android-id medium 20 text:android_id"),
    ("app: w\npassword: hunter2!x\nend: ok\n", "credentials medium 17 text:password"),
    // Neighbours.
    ("start now lat=55.676098 lon=12.568337 done", "location medium 14 text:lon"),
    // What has a structure is found once.
    ("[dev]\nimei=490154203237518\nx=1\n", "imei high 11 text"),
    ("app: w\nmail: user@example.com\n", "email medium 13 text"),
    // JSON inside.
    ("callback({\"meid\":\"AF0123450ABCDE\"});", "meid medium 18 json:meid"),
    (
      "{\"a\":1}\n2026 INFO {\"serial\":\"R58M12ABCDE\"} sent\n",
      "serial-number medium 29 json:serial"
    ),
    ("var d = { \"x\": {\"ssid\":\"HomeNet 5G\"} };\nmore", "ssid medium 24 json:x.ssid"),
    ("sent {\"a\":1} and {\"ssid\":\"HomeNet 5G\"", "ssid medium 26 json:ssid"),
    ("start location=55.676098,12.568337 ok=1", "location medium 15 text:location"),
    // A number's filler.
    ("the chip 8914800000000000006F was read", "iccid medium 9 text"),
    (
      "DESCRIBE rtsp://h/x RTSP/1.0\r\nAuthorization: Basic dXNlcjpoZW1tZWxpZzE=\r\n\r\n",
      "credentials high 51 text:Authorization > basic"
    ),
  ])
  func aNameTellsWhatFollowsIt(_ text: String, _ expected: String) {
    #expect(shown(text) == [expected])
  }

  @Test(arguments: [
    // A program and a sentence have such words, too.
    "function f() { password = document.getElementById(1).value; return password; }",
    "Your password: you may change it at any time.", "if (serial == null) { return 12; }",
    "see http://location:8080/x and mac:x", "at 12:30:45 the level: low was seen", "ssid=\n\nx",
    "The location: Copenhagen", "{ not json } [ at all ]", "lat=200.5 lon=12.568337 nowhere",
    "token={\"\": }{\"", "{{{{\"", "a={", "={:=}:{\"=:",
  ])
  func otherTextsHaveNothing(_ text: String) {
    #expect(inspect(text).found.allSatisfy { $0.confidence == .low }, "\(shown(text))")
  }

  /// Names of networks have spaces: up to the next name.
  @Test(arguments: [
    ("scan ssid=Villa Line 5G rssi=-50 done", "Villa Line 5G"),
    ("I wifi: SSID: Villa Line, BSSID: 00:00:5e:00:53:01, level: -50", "Villa Line"),
    ("scan ssid=Villa Line; rssi=-50", "Villa Line"),
    ("scan ssid=\"Villa Line\" and more", "Villa Line"),
    // What goes on may be a sentence.
    ("scan ssid=HomeNet was seen again", "HomeNet"), ("scan ssid=HomeNet at 12:30:45", "HomeNet"),
    ("scan ssid=HomeNet\nrssi=-50", "HomeNet"),
  ])
  func namesOfNetworksHaveSpaces(_ text: String, _ name: String) {
    #expect(inspect(text).found.filter { $0.kind == "ssid" }.map(\.value) == [name])
  }

  /// Many signs and braces cost no more than their bytes.
  @Test func theWorkIsLinear() {
    for unit in ["{\"", "a={\"", "ssid=", "x: {\"a\":", "=:"] {
      let text = "x " + String(repeating: unit, count: 20_000)
      #expect(inspect(text).facts.examinedBytes < 40 * text.utf8.count, "\(unit)")
    }
  }

  @Test(arguments: [
    ("X-MEID", "AF0123450ABCDE", "meid"),
    ("X-Gaid", "38400000-8cf0-11bd-b23e-10b96e40000d", "advertising-id"),
    ("x-ssid", "HomeNet-5G", "ssid"), ("device.serial", "R58M12ABCDE", "serial-number"),
    ("client_mac", "00005E005301", "mac-address"),
    ("user-card", "4111111111111111", "payment-card"),
  ])
  func whoseItIsMayStandBefore(_ name: String, _ value: String, _ kind: String) {
    #expect(inspect("{\"\(name)\":\"\(value)\"}").found.map(\.kind) == [kind])
    #expect(inspect(value, part: .httpRequestHeader, key: name).found.map(\.kind) == [kind])
  }

  @Test func aKeyMayNameAPassword() {
    let found = inspect(#"[{"key":"password","value":"hunter2!x"}]"#).found
    #expect(found.map(\.kind) == ["credentials"])
    #expect(inspect(#"{"type":"password","value":"Your password"}"#).found.isEmpty)
  }

  @Test(arguments: [
    "my IMEI is 490154203237518", "IMEI no. 490154203237518", "imei number: 490154203237518",
  ])
  func wordsBetweenANameAndItsNumber(_ text: String) {
    #expect(inspect(text).found.map { "\($0.kind) \($0.confidence)" } == ["imei high"])
  }
}
