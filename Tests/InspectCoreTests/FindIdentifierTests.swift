import InspectCore
import Testing

/// Each kind's structure and check digit, with the documented test values and what is next to them.
@Suite struct FindIdentifierTests {
  private func shown(_ json: String) -> String {
    let found = inspect(json).found
    return found.map { "\($0.kind) \($0.confidence)" }.joined(separator: "; ")
  }

  @Test(arguments: [
    ("070761-4285", "national-id.dk high"), ("211062-5629", "national-id.dk high"),
    ("0707614285", "national-id.dk high"),
    // The check digit was abandoned in 2007: a date alone is recorded.
    ("070761-4286", "national-id.dk low"), ("0707614286", "national-id.dk low"),
    ("320761-4285", ""), ("071361-4285", ""), ("300261-4285", ""),
    ("15108695088", "national-id.no high"), ("13116900216", "national-id.no high"),
    ("131169 00216", "national-id.no high"), ("15108695077", ""), ("15108695089", ""),
    ("13116900217", ""),
    ("19121212-1212", "national-id.se high"), ("811228-9874", "national-id.se high"),
    ("880320-0016", "national-id.se high"), ("880320+0016", "national-id.se high"),
    ("191212121212", "national-id.se high"), ("8812289874", ""),
    ("811228-9873", ""), ("19121212-1213", ""), ("811328-9874", ""),
    ("131052-308T", "national-id.fi high"), ("010594Y9032", "national-id.fi high"),
    ("131052A308T", "national-id.fi high"), ("131052-308U", ""), ("010594G9032", ""),
    ("311152-308T", ""), ("131052-000E", ""),
  ])
  func nationalNumbersWithoutAName(_ value: String, _ expected: String) {
    #expect(shown(#"{"x":"\#(value)"}"#) == expected)
  }

  @Test(arguments: [
    ("cpr", "070761-4286", "national-id.dk high"), ("CPR_nr", "0707614286", "national-id.dk high"),
    ("cpr", "320761-4285", ""), ("cpr", "670761-4285", "national-id.dk high"),
    ("fnr", "15108695077", ""), ("fnr", "15108695088", "national-id.no high"),
    ("personnummer", "811228-9874", "national-id.se high"),
    ("personnummer", "070761-4285", "national-id.dk high"),
    ("personnummer", "15108695088", "national-id.no high"),
    ("pnr", "811228-9873", "national-id.se medium"),
    ("hetu", "131052-308T", "national-id.fi high"), ("hetu", "131052-308U", ""),
    // What the name denies: digits alone are recorded.
    ("order", "0707614285", "national-id.dk low"), ("order", "070761-4285", "national-id.dk high"),
    ("id", "15108695088", "national-id.no low"), ("ts", "191212121212", "national-id.se low"),
  ])
  func nationalNumbersUnderAName(_ key: String, _ value: String, _ expected: String) {
    #expect(shown(#"{"\#(key)":"\#(value)"}"#) == expected)
  }

  @Test(arguments: [
    ("card", "4111111111111111", "payment-card high"),
    ("pan", "5555555555554444", "payment-card high"),
    ("cardNumber", "378282246310005", "payment-card high"),
    ("x", "4111 1111 1111 1111", "payment-card high"),
    ("x", "4111-1111-1111-1111", "payment-card high"),
    ("x", "4111111111111111", "payment-card low"), ("card", "4111111111111112", ""),
    ("x", "4111 1111 1111 1112", ""), ("x", "41111111111111110", ""),
    ("card", "1111111111111117", ""), ("card", "0000000000000000", ""),
    ("x", "GB82WEST12345698765432", "iban high"), ("x", "DK5000400440116243", "iban high"),
    ("x", "NO9386011117947", "iban high"), ("x", "SE4550000000058398257466", "iban high"),
    ("x", "FI2112345600000785", "iban high"), ("x", "DE89370400440532013000", "iban high"),
    ("x", "DK50 0040 0440 1162 43", "iban high"), ("iban", "gb82west12345698765432", "iban high"),
    ("x", "gb82west12345698765432", ""), ("x", "GB82WEST12345698765431", ""),
    ("x", "DK500040044011624", ""), ("x", "XX82WEST12345698765432", ""),
  ])
  func cardsAndAccounts(_ key: String, _ value: String, _ expected: String) {
    #expect(shown(#"{"\#(key)":"\#(value)"}"#) == expected)
  }

  @Test(arguments: [
    ("x", "+12025550142", "phone-number medium"), ("x", "+44 7700 900123", "phone-number medium"),
    ("x", "tel:+1-202-555-0199", "phone-number medium"), ("x", "+45 20 55 55", ""),
    ("x", "+1 102 555 0142", ""), ("x", "+999123456789", ""), ("x", "+120255501421", ""),
    ("x", "0012025550142", "phone-number low"), ("phone", "0012025550142", "phone-number medium"),
    ("msisdn", "12025550142", "phone-number medium"), ("tel", "20255501", "phone-number medium"),
    ("mobile", "(202) 555-0142", "phone-number medium"), ("phone", "202", ""),
    ("phone", "0000000000", ""), ("phone", "1234567890", ""), ("phone", "Nokia 7 Plus", ""),
    ("x", "12025550142", ""), ("x", "20255501", ""),
  ])
  func telephoneNumbers(_ key: String, _ value: String, _ expected: String) {
    #expect(shown(#"{"\#(key)":"\#(value)"}"#) == expected)
  }

  @Test(arguments: [
    ("x", "354178036859789", "imei medium"), ("x", "354178036859781", "imsi low"),
    ("x", "490154203237518", "imei low"), ("order", "354178036859789", "imei low"),
    ("x", "3568680000414120", ""), ("x", "310150123456789", "imsi low"),
    ("imsi", "31015012345678", ""), ("imsi", "23801123456789", "imsi medium"),
    ("x", "89014103211118510720", "iccid medium"), ("x", "89014103211118510721", "iccid medium"),
    ("x", "89014103211118510733", ""), ("order", "89014103211118510720", "iccid low"),
    ("cgi", "001-01-4660-26385429", "cell-id medium"), ("cgi", "460,0,4660", "cell-id medium"),
    ("cgi", "299-01-4660-26385429", ""), ("cell", "prison", ""), ("cell", "A1", ""),
    ("cell", "+12025550123", "phone-number medium"), ("cell", "2025550123", ""),
    ("serial", "+447700900123", "phone-number medium"),
    ("serial", "2026030101", "serial-number low"), ("serial", "2026139901", "serial-number medium"),
    ("deviceid", "00:00:5E:00:53:01", "mac-address medium"),
    ("did", "00:00:5E:00:53:01", "mac-address low"), ("deviceid", "00005E005301", ""),
    ("eid", "89049032000001000000000000000012", ""),
    ("aaid", "38400000-8cf0-11bd-b23e-10b96e40000d", "advertising-id medium"),
    ("device_uuid", "38400000-8cf0-11bd-b23e-10b96e40000d", "advertising-id medium"),
  ])
  func numbersOfPhones(_ key: String, _ value: String, _ expected: String) {
    #expect(shown(#"{"\#(key)":"\#(value)"}"#) == expected)
  }

  /// EID: 32 digits, mod 97 = 1; the check digits are those of the first thirty.
  @Test func numbersOfEmbeddedSIMs() {
    let head = "890490320000000000000000000000"
    var remainder = 0
    for digit in head + "00" { remainder = (remainder * 10 + Int(String(digit))!) % 97 }
    let check = 98 - remainder
    let value = head + (check < 10 ? "0\(check)" : "\(check)")
    #expect(shown(#"{"x":"\#(value)"}"#) == "iccid high")
    #expect(shown(#"{"x":"\#(head)\#(check == 50 ? 51 : 50)"}"#) == "")
  }

  @Test(arguments: [
    ("imei_md5", "0eaed834a1e6f4b2bf0c024e0013dea1", "imei medium json:imei_md5 > md5"),
    ("didsha1", "97a2105232ecc8756f03a029a839b97ded59207d", "imei medium json:didsha1 > sha1"),
    ("imei_md5", "97a2105232ecc8756f03a029a839b97ded59207d", ""),
    ("dpidmd5", "0EAED834A1E6F4B2BF0C024E0013DEA1", "android-id medium json:dpidmd5 > md5"),
    (
      "mac_sha1", "97a2105232ecc8756f03a029a839b97ded59207d",
      "mac-address medium json:mac_sha1 > sha1"
    ),
    ("imei", "0eaed834a1e6f4b2bf0c024e0013dea1", "imei medium json:imei > md5"),
    (
      "emailHash", "1f0b62b5f05f305e9251c88be27c9e519449e8e34a00a59ec0a534d85ecfaf08",
      "email medium json:emailHash > sha256"
    ),
    ("file_md5", "0eaed834a1e6f4b2bf0c024e0013dea1", ""),
    ("md5", "0eaed834a1e6f4b2bf0c024e0013dea1", ""),
    ("imei_md5", "00000000000000000000000000000000", ""),
  ])
  func hashesUnderAName(_ key: String, _ value: String, _ expected: String) {
    let found = inspect(#"{"\#(key)":"\#(value)"}"#).found
    #expect(found.map { "\($0.kind) \($0.confidence) \($0.path)" }.joined() == expected)
  }

  @Test(arguments: [
    ("loc", "55.676098,12.568337", 1), ("loc", "[12.568337, 155.676098]", 0),
    ("x", "geo:55.676098,12.568337;u=35", 1), ("x", "geo:0,0", 0),
    ("x", "55°40'34.5\\\"N 12°34'06.2\\\"E", 11), ("x", "N55 40.575 E12 34.103", 1),
    ("geohash", "u3buy4p0x2", 1), ("geohash", "u3buy", 2400), ("geohash", "ailo12", 0),
    ("x", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", 1),
    ("x", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A", 1),
    ("x", "$GPGGA,123519,9907.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", 0),
  ])
  func places(_ key: String, _ value: String, _ metres: UInt32) {
    let found = inspect(#"{"\#(key)":"\#(value)"}"#).found
    #expect(found.map(\.precision) == (metres == 0 ? [] : [metres]), "\(found)")
    #expect(found.allSatisfy { $0.kind == "location" && $0.confidence >= .medium })
  }

  @Test(arguments: [
    (#"{"lat":55676098,"lng":12568337}"#, "location medium"),
    (#"{"latitudeE7":556760980,"longitudeE7":125683370}"#, "location medium"),
    (#"{"lat":55676098,"lng":12.568337}"#, ""),
    (
      #"{"wifi":[{"bssid":"00:00:5E:00:53:01","rssi":-50},{"bssid":"00:00:5E:00:53:02"}]}"#,
      "bssid high; bssid high; location medium"
    ),
    (
      #"{"wifi":[{"bssid":"00:00:5E:00:53:01"},{"bssid":"00:00:5e:00:53:01"}]}"#,
      "bssid high; bssid high"
    ),
    (
      #"[{"macAddress":"00:00:5E:00:53:01","signalStrength":-43},"#
        + #"{"macAddress":"00:00:5E:00:53:02","signalStrength":-61}]"#,
      "mac-address high; mac-address high; location medium"
    ),
    (
      #"[{"mac":"00:00:5E:00:53:01"},{"mac":"00:00:5E:00:53:02"}]"#,
      "mac-address high; mac-address high"
    ),
  ])
  func placesOfSeveralValues(_ json: String, _ expected: String) {
    #expect(shown(json) == expected)
  }

  @Test(arguments: [
    ("x", "user@example.com", "email medium"), ("email", "user@example.com", "email high"),
    ("x", "mailto:user@example.org", "email medium"), ("x", "a@2x.png", ""),
    ("x", "user@example.notadomain", ""),
    ("message_id", "20260301.abc@mail.example.com", "email low"),
    ("x", "user@xn--e1afmkfd.xn--p1ai", "email medium"), ("x", "us@er@example.com", "email medium"),
    ("deviceid", "cdda802e-fb9c-47ad-9866-0794d394c912", "advertising-id medium"),
    ("did", "cdda802e-fb9c-47ad-9866-0794d394c912", "advertising-id low"),
    ("android_id", "9774D56D682E549C", "android-id medium"), ("x", "9774d56d682e549c", ""),
    ("oaid", "9774d56d682e549c9774d56d682e549d", "advertising-id medium"),
    ("password", "correct horse", "credentials medium"), ("pass", "1234", "credentials medium"),
    ("pass", "true", ""), ("pwd", "/home", ""),
  ])
  func peopleAndDevices(_ key: String, _ value: String, _ expected: String) {
    #expect(shown(#"{"\#(key)":"\#(value)"}"#) == expected)
  }

  @Test(arguments: [
    ("Please call +45 20 55 55 01 today", "phone-number"),
    ("CPR 070761-4285, thanks", "national-id.dk"),
    ("hetu: 131052-308T.", "national-id.fi"), ("pnr 19121212-1212;", "national-id.se"),
    ("From: A <user@example.com>", "email"), ("card 4111 1111 1111 1111 exp 1/30", "payment-card"),
    ("to DK5000400440116243 please", "iban"), ("to DK50 0040 0440 1162 43 please", "iban"),
    ("IBAN GB82WEST12345698765432.", "iban"),
    ("fix $GPGGA,123519,4807.038,N,01131.000,E,1*53", "location"),
    ("sim 89014103211118510720 in", "iccid"), ("MAC=00:00:5E:00:53:01,", "mac-address"),
    ("fnr 15108695088", "national-id.no"), ("no 354178036859789 x", "imei"),
  ])
  func identifiersInText(_ text: String, _ kind: String) {
    #expect(inspect(text).found.filter { $0.confidence >= .medium }.map(\.kind) == [kind])
  }
}
