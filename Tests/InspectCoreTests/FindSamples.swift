/// Identifiers of every kind under the names that senders give them. The numbers are documented
/// examples, of reserved ranges, or made here.
struct Sample: Sendable {
  var kind: String
  var fields: [(key: String, value: String)]
  /// What is found, without separators and case.
  var expected: String

  init(_ kind: String, _ fields: [(key: String, value: String)], _ expected: String? = nil) {
    self.kind = kind
    self.fields = fields
    self.expected = expected ?? Sample.fold(fields.map(\.value).joined(separator: ","))
  }

  static func fold(_ text: String) -> String {
    text.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  static let all: [Sample] = telephony + devices + places + people + hashed

  static let oneOfEachKind: [Sample] = {
    var kinds: Set<String> = []
    return all.filter { kinds.insert($0.kind).inserted }
  }()

  private static func each(_ kind: String, _ keys: [String], _ values: [String]) -> [Sample] {
    (0..<max(keys.count, values.count)).map { index in
      Sample(kind, [(keys[index % keys.count], values[index % values.count])])
    }
  }

  private static let telephony: [Sample] =
    each(
      "imei", ["imei", "IMEI1", "device_id", "deviceId", "phoneImei"],
      ["490154203237518", "354178036859789", "358240051111110"])
    + each("imeisv", ["imeisv"], ["3568680000414120"])
    + each("meid", ["meid", "MEID"], ["AF0123450ABCDEC", "AF0123450ABCDE", "293608736500703710"])
    + each(
      "imsi", ["imsi", "SIM1LTEIMSI", "subscriberId"],
      ["001010123456789", "429011234567890", "310150123456789"])
    + each("iccid", ["iccid", "SIM1ICCID", "simSerialNumber"], ["89014103211118510720"])
    + each(
      "phone-number", ["msisdn", "phone", "mobile", "phoneNumber", "contact", "tel"],
      ["+12025550142", "+44 7700 900123", "+1-202-555-0199", "+447700900999"])
    + each("cell-id", ["SIM1CELLID", "cellid", "cell_id"], ["26385429", "103068021"])
    + [
      Sample("cell-id", [("mcc", "238"), ("lac", "4660"), ("cid", "26385429")], "26385429"),
      Sample("cell-id", [("cgi", "001-01-4660-26385429")]),
    ]

  private static let devices: [Sample] =
    each(
      "mac-address", ["mac", "MACID", "wifi_mac", "macAddress"],
      ["00:00:5E:00:53:01", "00-00-5e-00-53-af", "0000.5e00.5310", "00005E005301"])
    + each("bssid", ["bssid", "wifi_bssid"], ["00:00:5E:00:53:02", "00:00:5e:00:53:ff"])
    + each("ssid", ["ssid", "wifi_name"], ["Example Net 5", "guest-network"])
    + each("android-id", ["android_id", "androidId", "aid"], ["9774d56d682e549c"])
    + each(
      "advertising-id", ["gaid", "idfa", "gps_adid", "advertisingId", "oaid", "device_id"],
      ["cdda802e-fb9c-47ad-9866-0794d394c912", "CDDA802E-FB9C-47AD-9866-0794D394C912"])
    + each("serial-number", ["serialno", "sn", "serial_number"], ["R58M12ABCDE", "C39XK1ABCD12"])

  private static let places: [Sample] = [
    Sample("location", [("lat", "55.676098"), ("lng", "12.568337")]),
    Sample("location", [("longitude", "12.5683"), ("latitude", "55.6760")], "5567601256830"),
    Sample("location", [("latitudeE7", "556760980"), ("longitudeE7", "125683370")]),
    Sample("location", [("lat_e6", "55676098"), ("lon_e6", "12568337")]),
    Sample("location", [("loc", "55.676098,12.568337")]),
    Sample("location", [("position", "geo:55.676098,12.568337;u=35")]),
    Sample("location", [("geohash", "u3buy4p0x2")]),
    Sample("location", [("lat", "55 40 34.5 N"), ("lon", "12 34 06.2 E")]),
    Sample("location", [("gps", "55°40'34.5\"N 12°34'06.2\"E")]),
    Sample(
      "location", [("raw", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47")]),
    Sample(
      "location", [("bssid", "00:00:5E:00:53:02"), ("ap_bssid", "00:00:5E:00:53:03")],
      "00005e00530200005e005303"),
  ]

  private static let people: [Sample] =
    each(
      "email", ["email", "userEmail", "mail", "em", "login"],
      ["user@example.com", "First.Last+tag@mail.example.org"])
    + each("national-id.dk", ["cpr", "cpr_nr", "customer"], ["070761-4285", "211062-5629"])
    + each("national-id.dk", ["cprnr", "person"], ["0707614285", "2110625629"])
    + each("national-id.no", ["fnr", "fodselsnummer", "person"], ["15108695088", "13116900216"])
    + each(
      "national-id.se", ["personnummer", "pnr", "kund"],
      ["19121212-1212", "811228-9874", "880320-0016"])
    + each("national-id.fi", ["hetu", "asiakas"], ["131052-308T", "010594Y9032"])
    + each(
      "payment-card", ["card", "cardNumber", "pan", "cc_number"],
      ["4111111111111111", "5555555555554444", "378282246310005", "4111 1111 1111 1111"])
    + each(
      "iban", ["iban", "account"],
      [
        "GB82WEST12345698765432", "DK5000400440116243", "NO9386011117947",
        "SE4550000000058398257466", "FI2112345600000785", "DE89370400440532013000",
      ])
    + each("credentials", ["password", "passwd", "pwd"], ["correct horse", "hunter2x"])

  /// SHA-1, MD5 and SHA-256 of 490154203237518, and MD5 of 00:00:5E:00:53:01.
  private static let hashed: [Sample] = [
    Sample("imei", [("imei_md5", "0eaed834a1e6f4b2bf0c024e0013dea1")]),
    Sample("imei", [("didsha1", "97a2105232ecc8756f03a029a839b97ded59207d")]),
    Sample(
      "imei",
      [("imei_sha256", "1f0b62b5f05f305e9251c88be27c9e519449e8e34a00a59ec0a534d85ecfaf08")]),
    Sample("mac-address", [("macmd5", "a18f039fa89b5435cef9777c5c4ba38a")]),
    Sample("android-id", [("dpidmd5", "0eaed834a1e6f4b2bf0c024e0013dea1")]),
  ]
}
