import InspectCore
import Testing

/// Where a message has room for data besides its body, and what a finding says.
@Suite struct FindPartTests {
  @Test(arguments: [
    ("/reg?a=1&imei=490154203237518#frag", "imei high 14 query:imei"),
    ("/v1/imei/490154203237518/on", "imei high 9 path[2]"),
    ("/v1/490154203237518", "imei low 4 path[1]"),
    ("/a;imei=490154203237518/x", "imei high 8 path[0] > text"),
    ("http://h.example/p?d=%7B%22imei%22%3A490154203237518%7D", "imei high 37 query:d > json:imei"),
    ("/p?d=eyJpbWVpIjoiNDkwMTU0MjAzMjM3NTE4In0", "imei high 17 query:d > base64 > json:imei"),
    ("/p?x#imei=490154203237518", ""),
    ("/", ""), ("", ""), ("*", ""), ("?", ""), ("//??##", ""),
    ("/track/00:00:5E:00:53:01/x?z", "mac-address low 7 path[1]"),
  ])
  func aURL(_ url: String, _ expected: String) {
    let found = inspect(url, part: .httpURL).found
    #expect(found.map(\.description).joined(separator: "; ") == expected)
  }

  @Test(arguments: [
    ("X-IMEI", "490154203237518", "imei high 0"),
    ("X-Device-Info", #"{"mac":"00:00:5E:00:53:01"}"#, "mac-address high 8 json:mac"),
    ("Cookie", "s=1; androidid=9774d56d682e549c", "android-id medium 15 form:androidid"),
    ("Authorization", "Basic dXNlcjpwYXNzd29yZA==", "credentials high 6 basic"),
    ("Authorization", "Bearer abcdef", ""),
    ("User-Agent", "Dalvik/2.1.0 (Linux; U; Android 9; TA-1046 Build/PPR1.180610.011)", ""),
    ("Date", "Sun, 01 Mar 2026 08:00:01 GMT", ""),
    ("ETag", "\"5e8dd316726b8335e8dd3167\"", ""),
    ("Cache-Control", "max-age=31536000, public", ""),
  ])
  func aHeaderField(_ name: String, _ value: String, _ expected: String) {
    let found = inspect(value, part: .httpRequestHeader, key: name).found
    #expect(found.map(\.description).joined(separator: "; ") == expected)
  }

  @Test func aCookie() {
    let found = inspect("sid=1; imei=490154203237518", part: .httpRequestCookie).found
    #expect(found.map(\.description) == ["imei high 12 cookie:imei"])
  }

  @Test func valuesAreNormalized() {
    let found = inspect(
      #"{"imei":"49-015420-323751-8","meid":"AF0123450ABCDEC","email":"User@Example.COM"}"#
    ).found
    #expect(found.map(\.value) == ["49-015420-323751-8", "AF0123450ABCDEC", "User@Example.COM"])
    #expect(found.map(\.normalized) == ["490154203237518", "af0123450abcdec", "user@example.com"])
  }

  @Test(arguments: [
    ("55.676098", "12.568337", 1), ("55.6760", "12.5683", 11), ("55.676", "12.568337", 111),
    ("55.67", "12.56", 1110), ("-55", "-12", 111_000),
  ])
  func aLocationSaysHowPreciseItIs(_ latitude: String, _ longitude: String, _ metres: UInt32) {
    let found = inspect(#"{"lat":\#(latitude),"lng":"\#(longitude)"}"#).found
    #expect(found.map(\.precision) == [metres])
    #expect(found.map(\.value) == ["\(latitude),\(longitude)"])
  }

  @Test func kindsAndPartsHaveTheirOwnNames() {
    let kinds = IdentifierKind.allCases.map { "\($0.name)" }
    #expect(Set(kinds).count == 23)
    #expect(kinds.contains("national-id.dk") && kinds.contains("phone-number"))
    #expect(Set(MessagePart.allCases.map { "\($0.name)" }).count == MessagePart.allCases.count)
    #expect("\(MessagePart.httpRequestBody.name)" == "http.request.body")
    #expect(Confidence.low < .medium && .high < Confidence.certain)
  }

  @Test(arguments: [
    ("490154203237518", 10, true), ("354178036859789", 10, true), ("354178036859781", 10, false),
    ("89014103211118510720", 10, true), ("29360873650070037100", 10, false),
    ("2936087365007037100", 10, true), ("AF0123450ABCDEC", 16, true),
    ("af0123450abcdec", 16, true), ("AF0123450ABCDED", 16, false), ("AF0123450ABCDEC", 10, false),
    ("0", 10, false), ("", 10, false), ("00", 10, true), ("4901 54203237518", 10, false),
  ])
  func checkDigits(_ text: String, _ radix: UInt, _ isValid: Bool) {
    let bytes = Array(text.utf8)
    let result = Luhn.isValid(bytes.span.bytes, radix: radix)
    #expect(result == isValid)
    guard isValid, let last = bytes.last, let digit = Int(String(UnicodeScalar(last)), radix: 16)
    else { return }
    let head = Array(bytes.dropLast())
    let computed = Luhn.checkDigit(of: head.span.bytes, radix: radix)
    #expect(computed.map(Int.init) == digit)
  }
}
