import Foundation
import InspectCore
import Testing

/// How quiet the finder is on what only looks like an identifier: thousands of values as programs
/// send them, none of which is one.
@Suite struct FindLookAlikeTests {
  /// A value under a name, and what it is.
  struct LookAlike {
    var what: String
    var key: String
    var value: String
  }

  @Test func falseAlarmsAreRare() {
    let all = LookAlikes.generated(seed: 2026) + LookAlikes.written
    #expect(all.count >= 2000)
    var finder = Finder()
    var alarms: [String: [String]] = [:]
    var count = 0
    for (number, lookAlike) in all.enumerated() {
      let (bytes, part, key) = LookAlikes.message(lookAlike, number: number)
      let found = finder.inspect(bytes, part: part, key: key).found
      guard found.contains(where: { $0.confidence >= .medium }) else { continue }
      count += 1
      alarms[lookAlike.what, default: []].append(
        "\(lookAlike.key)=\(lookAlike.value) -> \(found.map(\.description))")
    }
    let rate = Double(count) / Double(all.count)
    print("False alarms: \(count) of \(all.count) look-alikes")
    #expect(rate <= 0.005, "\(count) of \(all.count): \(alarms.mapValues { $0.prefix(6) })")
  }

  /// In a path `phone` and `serial` are as well names of things: numbers behind them are entries.
  @Test func numbersInPathsAreEntries() {
    var random = Randomness(seed: 11)
    var finder = Finder()
    var loud: [String] = []
    for name in ["phone", "mobile", "tel", "serial", "serialno", "order", "id", "sn"] {
      for count in 6...13 {
        for _ in 0..<10 {
          let number = (0..<count).map { "\($0 == 0 ? 9 : random.next(below: 10))" }.joined()
          let found = finder.inspect(Array("/v1/\(name)/\(number)/x".utf8), part: .httpURL).found
          if found.contains(where: { $0.confidence > .low }) { loud.append("\(name)/\(number)") }
        }
      }
    }
    // Numbers of ten digits and more that begin with a country's code may be telephone numbers.
    #expect(loud.allSatisfy { $0.split(separator: "/")[1].count >= 10 }, "\(loud)")
    #expect(loud.count < 64, "\(loud.count) of 640")
    for (path, kind) in [
      ("/phone/+447700900123", "phone-number"), ("/phone/%2B447700900123", "phone-number"),
      ("/msisdn/447700900123", "phone-number"), ("/phone/447700900123", "phone-number"),
      ("/serial/R58M12ABCDE", "serial-number"),
    ] {
      let found = finder.inspect(Array(path.utf8), part: .httpURL).found
      #expect(found.contains { $0.kind == kind && $0.confidence > .low }, "\(path)")
    }
  }

  /// No family of look-alikes hides behind the others: each is quiet for itself.
  @Test func noFamilyIsLoud() {
    var families: [String: (all: Int, loud: Int)] = [:]
    var finder = Finder()
    for lookAlike in LookAlikes.generated(seed: 7) {
      let (bytes, part, key) = LookAlikes.message(lookAlike, number: 0)
      let isLoud = finder.inspect(bytes, part: part, key: key).found
        .contains { $0.confidence >= .medium }
      families[lookAlike.what, default: (0, 0)].all += 1
      if isLoud { families[lookAlike.what, default: (0, 0)].loud += 1 }
    }
    for (what, (all, loud)) in families {
      #expect(Double(loud) <= max(1, 0.02 * Double(all)), "\(what): \(loud) of \(all)")
    }
  }
}

enum LookAlikes {
  /// As programs send it: the number says how.
  static func message(
    _ lookAlike: FindLookAlikeTests.LookAlike, number: Int
  ) -> (bytes: [UInt8], part: MessagePart, key: String) {
    let (key, value) = (lookAlike.key, lookAlike.value)
    let field: [Encoder.Field] = [("a", "1"), (key, value), ("z", "end")]
    switch number % 7 {
    case 0: return (Array(Encoder.json(field).utf8), .httpRequestBody, "")
    case 1: return (Array(Encoder.form(field).utf8), .httpRequestBody, "")
    case 2: return (Array("/p?\(Encoder.form(field))".utf8), .httpURL, "")
    case 3: return (Array("s=1; \(key)=\(Encoder.percent(value))".utf8), .httpRequestCookie, "")
    case 4: return (Array(value.utf8), .httpRequestHeader, "X-\(key)")
    case 5: return (androidBase64(Encoder.json(field)), .httpRequestBody, "")
    default: return (Array("Some words, \(value) and others.".utf8), .httpRequestBody, "")
    }
  }

  static func generated(seed: UInt64) -> [FindLookAlikeTests.LookAlike] {
    var random = Randomness(seed: seed)
    var all: [FindLookAlikeTests.LookAlike] = []
    func digits(_ count: Int) -> String {
      (0..<count).map { $0 == 0 ? "\(1 + random.next(below: 9))" : "\(random.next(below: 10))" }
        .joined()
    }
    func pick(_ text: String, _ count: Int) -> String {
      let letters = Array(text)
      return String((0..<count).map { _ in letters[random.next(below: letters.count)] })
    }
    func add(_ what: String, _ keys: [String], _ value: String) {
      all.append(.init(what: what, key: keys[random.next(below: keys.count)], value: value))
    }
    let hex = "0123456789abcdef"
    let token = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for round in 0..<130 {
      add("order number", ["order", "orderId", "order_no", "invoice"], digits(8 + round % 13))
      add("record id", ["id", "item_id", "postId", "pid", "aid2"], digits(6 + round % 12))
      add("unnamed number", ["x", "q", "val", "k"], digits(6 + round % 14))
      add("seconds", ["ts", "time", "t", "x"], "17\(digits(8))")
      add("milliseconds", ["ts", "timestamp", "start", "x"], "17\(digits(11))")
      add("microseconds", ["ts", "now", "x"], "17\(digits(14))")
      add(
        "time of day", ["date", "time", "x"],
        "2026\(String(format: "%02d%02d", 1 + round % 12, 1 + round % 28))"
          + String(format: "%02d%02d", round % 24, round % 60))
      add("MD5", ["hash", "etag", "md5", "x"], pick(hex, 32))
      add("SHA-1", ["sha1", "rev", "x"], pick(hex, 40))
      add("SHA-256", ["sha256", "digest", "x"], pick(hex, 64))
      add("64 bits", ["span", "session", "x", "etag"], pick(hex, 16))
      add("48 bits", ["nonce", "x", "build"], pick(hex, 12))
      add(
        "UUID", ["id", "request_id", "session", "uuid", "x"],
        "\(pick(hex, 8))-\(pick(hex, 4))-4\(pick(hex, 3))-a\(pick(hex, 3))-\(pick(hex, 12))")
      add("token", ["token", "sid", "csrf", "x"], pick(token, 20 + round % 60))
      add(
        "version", ["v", "version", "app_ver"],
        "\(digits(1)).\(digits(2)).\(digits(4)).\(digits(3))")
      add("tracking id", ["_ga", "cid2", "x"], "GA1.2.\(digits(10)).17\(digits(8))")
      add("tracking id", ["_fbp", "x"], "fb.1.17\(digits(11)).\(digits(10))")
      add("price", ["price", "amount", "total"], "\(digits(3)).\(digits(2))")
      add("size", ["screen", "res", "wh"], "\(digits(4))x\(digits(4))")
      add("fraction", ["score", "x", "w"], "0.\(digits(16))")
      add(
        "two numbers", ["range", "x", "p"], "\(digits(2)).\(digits(5)),\(digits(2)).\(digits(5))")
      add("address", ["ip", "x"], "192.0.2.\(random.next(below: 256)):\(digits(4))")
      add("barcode", ["ean", "gtin", "sku"], digits(13))
    }
    return all
  }

  static let written: [FindLookAlikeTests.LookAlike] = [
    ("id", "[object Object]"), ("imei", "unknown"), ("imei", "000000000000000"),
    ("imei", "null"), ("idfa", "00000000-0000-0000-0000-000000000000"),
    ("mac", "02:00:00:00:00:00"), ("mac", "ff:ff:ff:ff:ff:ff"), ("mac", "00:00:00:00:00:00"),
    ("bssid", "02:00:00:00:00:00"), ("android_id", "0000000000000000"), ("android_id", "unknown"),
    ("ssid", "<unknown ssid>"), ("serial", "unknown"), ("serialno", "0123456789ABCDEF"),
    ("phone", "null"), ("phone", "true"), ("phone", "1"), ("tel", "0"), ("mobile", "iPhone"),
    ("email", "none"), ("email", "@"), ("email", "a@b"), ("e", "pageview"), ("em", "1.5em"),
    ("mail", "false"), ("lat", "0.0"), ("lat", "null"), ("location", "home"), ("loc", "/index"),
    ("location", "https://www.example.com/"), ("geo", "DK"), ("gps", "off"), ("position", "3"),
    ("cellid", "-1"), ("cellid", "0"), ("cellid", "65535"), ("cellid", "2147483647"),
    ("cid", "42"), ("cid", "1234567"), ("ci", "1"), ("card", "visa"), ("card", "1"),
    ("number", "4111111111111112"), ("pan", "left"), ("iban", "GB82WEST12345698765431"),
    ("x", "GB82WEST12345698765431"), ("hetu", "131052-308U"), ("x", "131052-308U"),
    ("x", "070761-4286"), ("fnr", "15108695077"), ("x", "15108695077"), ("x", "811228-9873"),
    ("password", ""), ("password", "null"), ("pwd", "/usr/local"), ("pass", "1"),
    ("img", "icon@2x.png"), ("img", "sprite@3x.min.css"), ("x", "user@localhost"),
    ("x", "npm@10.2.3"), ("x", "@handle"), ("range", "bytes=0-1048575"), ("x", "12:30:45"),
    ("x", "2026-03-01T08:00:01.234Z"), ("x", "2026-03-01 08:00:01"), ("x", "Sun, 01 Mar 2026"),
    ("ua", "Mozilla/5.0 (Linux; Android 9; TA-1046 Build/PPR1.180610.011) Chrome/72.0.3626.121"),
    ("x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), ("x", "1234567890"), ("x", "0123456789"),
    ("x", "123456789012345"), ("x", "111111111111111"), ("x", "1 000 000 000 000"),
    ("x", "+1000000"), ("x", "+0100"), ("x", "00000000123456"), ("x", "-1234567890123456"),
    ("x", "1.7976931348623157e308"), ("x", "#ff00aa"), ("x", "rgb(12, 34, 56)"),
    ("x", "10.0.19045.3803"), ("x", "978-3-16-148410-0"), ("isbn", "9783161484100"),
    ("x", "A1B2C3D4E5F6"), ("sku", "R58M12ABCDE"), ("x", "SGVsbG8gd29ybGQ="), ("q", "eyJhIjoxfQ"),
    ("x", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"),
    ("x", "1920x1080x24"), ("x", "da-DK,da;q=0.9,en;q=0.8"), ("x", "W/\"5e8dd316726b8335\""),
    ("x", "max-age=31536000"), ("x", "1/2/3/4/5/6/7/8"), ("x", "00:11:22"), ("x", "01:23:45:67"),
    ("x", "5e:8d:d3:16:72:6b:83:35:e8:dd:31:67:26:b8:33:5e"), ("x", "2016 2017 2018 2019"),
    ("x", "4000 3000 2000 1000"), ("x", "1111-2222-3333-4444"), ("geohash", "hello!"),
    ("x", "N/A"), ("x", "NaN"), ("x", "undefined"), ("x", "$GPGGA,,,,,,0,,,,,,,,*66"),
    ("x", "geo:0,0"), ("x", "55,12"), ("x", "N12E34"), ("x", "12s34W"),
  ].map { FindLookAlikeTests.LookAlike(what: "written", key: $0.0, value: $0.1) }
}
