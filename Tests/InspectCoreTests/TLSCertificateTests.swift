import InspectCore
import Testing

@Suite struct TLSCertificateTests {
  private func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    switch content.count {
    case ..<0x80: [tag, UInt8(content.count)] + content
    case ..<0x100: [tag, 0x81, UInt8(content.count)] + content
    default: [tag, 0x82] + TLSBuilder.number(content.count, 2) + content
    }
  }

  private func attribute(_ identifier: [UInt8], _ tag: UInt8, _ value: [UInt8]) -> [UInt8] {
    element(0x31, element(0x30, element(0x06, identifier) + element(tag, value)))
  }

  private func certificate(subject: [UInt8], version: Bool = true) -> [UInt8] {
    let issuer = attribute([0x55, 4, 3], 0x13, Array("Test CA".utf8))
    let body =
      (version ? element(0xa0, element(2, [2])) : []) + element(2, [1]) + element(0x30, [])
      + element(0x30, issuer) + element(0x30, []) + element(0x30, subject)
    return element(0x30, element(0x30, body) + element(0x30, []) + element(3, [0]))
  }

  private func names(_ bytes: [UInt8]) -> [String]? {
    guard let certificate = try? X509Certificate(bytes.span.bytes) else { return nil }
    return [
      tlsText { certificate.issuer.append(to: &$0) },
      tlsText { certificate.subject.append(to: &$0) },
    ]
  }

  @Test func stringsBecomeUTF8() {
    let subject =
      attribute([0x55, 4, 6], 0x13, Array("DK".utf8))
      + attribute([0x55, 4, 10], 0x14, [0x53, 0xf8])
      + attribute([0x55, 4, 11], 0x1e, [0x4e, 0x2d, 0xd8, 0x3d, 0xde, 0x00, 0xd8, 0x00, 0, 0x41])
      + attribute([0x55, 4, 3], 0x1c, [0, 1, 0xf6, 0, 0, 0x11, 0, 0])
      + attribute([0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], 0x16, [0x78])
      + attribute([0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x3c, 2, 1, 3], 0x13, [0x44])
      + attribute([0x88, 0x37, 3], 0x0c, Array("ø".utf8))
    #expect(
      names(certificate(subject: subject)) == [
        "CN=Test CA",
        "C=DK, O=Sø, OU=中😀\u{fffd}A, CN=😀\u{fffd}, DC=x, jurisdictionC=D, 2.999.3=ø",
      ])
  }

  @Test func versionOneHasNoVersion() {
    let subject = attribute([0x55, 4, 3], 0x0c, Array("a".utf8))
    #expect(names(certificate(subject: subject, version: false)) == ["CN=Test CA", "CN=a"])
    #expect(names(certificate(subject: [])) == ["CN=Test CA", ""])
  }

  @Test func otherFormsAreRefused() {
    #expect(names([]) == nil)
    #expect(names([0x30, 0x80, 0, 0]) == nil)
    #expect(names([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]) == nil)
    #expect(names([0x30, 0x85, 0, 0, 0, 0, 0]) == nil)
    #expect(names([0x31, 0]) == nil)
    let whole = certificate(subject: attribute([0x55, 4, 3], 0x0c, Array("a".utf8)))
    for count in 0..<whole.count { #expect(names(Array(whole.prefix(count))) == nil) }
    #expect(names(whole) != nil)
  }

  /// A name that is not whole is written up to there.
  @Test func damagedNamesAreWrittenAsFarAsTheyGo() {
    let subject = attribute([0x55, 4, 6], 0x13, Array("DK".utf8)) + element(0x31, [0x30, 9, 1])
    #expect(names(certificate(subject: subject))?.last == "C=DK, ")
    // Arcs of more than 63 bits.
    let huge = [UInt8](repeating: 0xff, count: 30) + [0x7f]
    #expect(names(certificate(subject: attribute(huge, 0x0c, [])))?.last?.hasPrefix("2.") == true)
  }
}
