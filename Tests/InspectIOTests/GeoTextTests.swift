import InspectCore
import Testing

@testable import InspectIO

/// What people and logs write, and how it is written back.
@Test(arguments: [
  ("192.0.2.1", "192.0.2.1"),
  ("0.0.0.0", "0.0.0.0"),
  ("255.255.255.255", "255.255.255.255"),
  ("::", "::"),
  ("::1", "::1"),
  ("1::", "1::"),
  ("2001:db8::1", "2001:db8::1"),
  // RFC 4291 §2.2: its examples.
  ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
  ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
  ("FF01:0:0:0:0:0:0:101", "ff01::101"),
  ("::13.1.68.3", "::d01:4403"),
  ("::FFFF:129.144.52.38", "129.144.52.38"),
  // RFC 5952 §2.2 and §4: one zero field stays, the longest run goes, the first of equals.
  ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
  ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
  ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
  ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
  ("2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"),
  ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
  ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
  ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
  ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
])
func addressText(_ text: String, _ written: String) throws {
  let address = try #require(IPAddress(text: text))
  #expect(address.text == written)
  #expect(IPAddress(text: written) == address)
}

@Test(arguments: [
  "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4 ", " 1.2.3.4", "256.1.1.1", "01.2.3.4", "1.2.3.00",
  "1..2.3", "1.2.3.", ".1.2.3", "1.2.3.-4", "1.2.3.4294967297", "0x1.2.3.4", "a.b.c.d", "1.2.3.4/8",
  ":", ":::", "::1::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
  "1:2:3:4::5:6:7:8", "12345::", "::g", ":1::2", "1:2:3:4:5:6:7:", "fe80::1%eth0", "[::1]",
  "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::ffff:1.2.3.256", "2001:db8::1/64",
])
func noAddress(_ text: String) { #expect(IPAddress(text: text) == nil) }

/// An argument of a command line may be cut, or be anything.
@Test func addressTextIsTotal() {
  let alphabet = Array("0129afAF:.%/ \u{e9}".utf8)
  var state: UInt64 = 1
  for _ in 0..<20_000 {
    var bytes: [UInt8] = []
    for _ in 0..<Int(state >> 60) + 3 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes.append(alphabet[Int(state >> 33) % alphabet.count])
    }
    guard let address = IPAddress(text: bytes.span.bytes) else { continue }
    #expect(IPAddress(text: address.text) == address)
  }
}

@Test func everyAddressIsReadBack() {
  for high in [0, 1, 0x2001_0db8_0000_0000, 0xfe80 << 48, UInt64.max] {
    for low in [0, 1, 0xffff, 0x1_0000, 0xffff_0102_0304, 0x1_0000_0000_0000, UInt64.max] {
      let address = IPAddress(high: high, low: low)
      #expect(IPAddress(text: address.text) == address, "\(address.text)")
    }
  }
}

@Test(arguments: [
  ("10.1.2.3/8", "10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
  ("192.0.2.7", "192.0.2.7/32", "192.0.2.7", "192.0.2.6"),
  ("0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "::1"),
  ("100.64.0.0/10", "100.64.0.0/10", "100.127.255.255", "100.128.0.0"),
  ("2001:db8::/32", "2001:db8::/32", "2001:db8:ffff::", "2001:db9::"),
  ("fe80::1/10", "fe80::/10", "febf::1", "fec0::"),
  ("::/0", "::/0", "ffff::", "192.0.2.1"),
  ("2001:db8::1:0/113", "2001:db8::1:0/113", "2001:db8::1:7fff", "2001:db8::1:8000"),
  ("2001:db8::/64", "2001:db8::/64", "2001:db8::ffff:0:0:1", "2001:db8:0:1::"),
  ("::1", "::1/128", "::1", "::"),
  ("::ffff:10.0.0.0/104", "10.0.0.0/8", "10.1.1.1", "9.255.255.255"),
])
func networkText(_ text: String, _ written: String, _ inside: String, _ outside: String) throws {
  let network = try #require(CIDR(text: text))
  #expect(network.text == written)
  #expect(network.contains(try #require(IPAddress(text: inside))))
  #expect(!network.contains(try #require(IPAddress(text: outside))))
}

@Test(arguments: [
  "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8 ", "10.0.0.0/8/8",
  "::/129", "::/", "/8", "10/8", "::ffff:10.0.0.0/8", "10.0.0.0/99999999999999999999",
])
func noNetwork(_ text: String) { #expect(CIDR(text: text) == nil) }

@Test func countryCodes() {
  #expect(CountryCode(text: "CN")?.text == "CN")
  #expect(CountryCode(text: "CN")?.rawValue == 0x434e)
  for text in ["", "C", "CNN", "cn", "C1", "??", "--", "C ", "Ü"] {
    #expect(CountryCode(text: text) == nil, "\(text)")
  }
}
