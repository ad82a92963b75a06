/// An X.509 certificate (RFC 5280 §4.1), as far as it names somebody and says when.
///
///     Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }
///     TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity,
///                                   subject, subjectPublicKeyInfo, [1], [2], [3] extensions }
public struct X509Certificate: ~Escapable {
  /// All of it, as it was sent.
  public let bytes: RawSpan
  /// An integer, most significant byte first.
  public let serialNumber: RawSpan
  public let issuer: X509Name
  public let notBefore: X509Time
  public let notAfter: X509Time
  public let subject: X509Name

  /// Throws when the bytes are not DER of this form up to the subject.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    self.bytes = bytes
    var outer = DERReader(bytes)
    var certificate = DERReader(try outer.content(.sequence))
    var body = DERReader(try certificate.content(.sequence))
    if body.hasTag(.version) { _ = try body.content(.version) }
    serialNumber = try body.content(.integer)
    _ = try body.content(.sequence)
    issuer = X509Name(try body.content(.sequence))
    var validity = DERReader(try body.content(.sequence))
    notBefore = X509Time(validity.next())
    notAfter = X509Time(validity.next())
    subject = X509Name(try body.content(.sequence))
  }
}

/// A time (RFC 5280 §4.1.2.5): `YYMMDDHHMMSSZ` (UTCTime) or `YYYYMMDDHHMMSSZ` (GeneralizedTime).
public struct X509Time: ~Escapable {
  private let bytes: RawSpan

  @_lifetime(copy element)
  init(_ element: DERElement?) {
    if let element { bytes = element.content } else { bytes = RawSpan() }
  }

  /// Appends `2026-03-01T08:00:00`, UTC; nothing when it has another form.
  public func append(to buffer: inout ByteBuffer) {
    let yearByteCount = bytes.byteCount - 11
    guard yearByteCount == 2 || yearByteCount == 4, bytes[bytes.byteCount - 1] == UInt8(ascii: "Z")
    else { return }
    for index in 0..<bytes.byteCount - 1 where !bytes[index].isASCIIDigit { return }
    // Two digits below 50 are of this century.
    if yearByteCount == 2 { buffer.append(bytes[0] < UInt8(ascii: "5") ? "20" : "19") }
    buffer.append(bytes.extracting(first: yearByteCount))
    for pair in 0..<5 {
      buffer.append(pair < 2 ? "-" : pair == 2 ? "T" : ":")
      let start = yearByteCount + 2 * pair
      buffer.append(bytes.extracting(start..<start + 2))
    }
  }
}

/// A distinguished name (RFC 5280 §4.1.2.4): sets of attributes, each an object identifier and a
/// string.
public struct X509Name: ~Escapable {
  private let bytes: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Appends `C=.., ST=.., O=.., CN=..` in the certificate's order, as UTF-8, up to what is not whole.
  /// Attributes of one set have ` + ` between them. Values are not escaped; those that say they are
  /// UTF-8 already are appended as they are.
  public func append(to buffer: inout ByteBuffer) {
    var sets = DERReader(bytes)
    var isFirst = true
    while let set = try? sets.content(.set) {
      if !isFirst { buffer.append(", ") }
      isFirst = false
      var attributes = DERReader(set)
      var isFirstOfSet = true
      while let attribute = try? attributes.content(.sequence) {
        if !isFirstOfSet { buffer.append(" + ") }
        isFirstOfSet = false
        var pair = DERReader(attribute)
        guard let identifier = try? pair.content(.objectIdentifier), let value = pair.next()
        else { return }
        X509Name.append(identifier: identifier, to: &buffer)
        buffer.append(UInt8(ascii: "="))
        value.appendString(to: &buffer)
      }
    }
  }

  private static func append(identifier: RawSpan, to buffer: inout ByteBuffer) {
    if let name = shortName(identifier) {
      buffer.append(name)
    } else {
      append(dotted: identifier, to: &buffer)
    }
  }

  private static func shortName(_ identifier: RawSpan) -> StaticString? {
    let last = identifier.byteCount > 0 ? identifier[identifier.byteCount - 1] : 0
    let prefix = identifier.extracting(droppingLast: 1)
    // 2.5.4
    if prefix.equals([0x55, 0x04]) { return attributeName(last) }
    // 1.2.840.113549.1.9
    if prefix.equals([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09]) {
      return last == 1 ? "emailAddress" : last == 2 ? "unstructuredName" : nil
    }
    // 0.9.2342.19200300.100.1
    if prefix.equals([0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01]) {
      return last == 1 ? "UID" : last == 25 ? "DC" : nil
    }
    // 1.3.6.1.4.1.311.60.2.1
    if prefix.equals([0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01]) {
      return last == 1
        ? "jurisdictionL" : last == 2 ? "jurisdictionST" : last == 3 ? "jurisdictionC" : nil
    }
    return nil
  }

  /// The short names of X.520's attributes, as OpenSSL writes them.
  private static func attributeName(_ number: UInt8) -> StaticString? {
    switch number {
    case 3: "CN"
    case 4: "SN"
    case 5: "serialNumber"
    case 6: "C"
    case 7: "L"
    case 8: "ST"
    case 9: "street"
    case 10: "O"
    case 11: "OU"
    case 12: "title"
    case 13: "description"
    case 15: "businessCategory"
    case 17: "postalCode"
    case 41: "name"
    case 42: "GN"
    case 43: "initials"
    case 44: "generationQualifier"
    case 46: "dnQualifier"
    case 65: "pseudonym"
    case 97: "organizationIdentifier"
    default: nil
    }
  }

  /// Each arc in base 128, the first two in one (X.690 §8.19). Arcs beyond 63 bits are cut to them.
  private static func append(dotted identifier: RawSpan, to buffer: inout ByteBuffer) {
    var arc: UInt64 = 0
    var isFirst = true
    for index in identifier.byteOffsets {
      arc = (arc << 7 | UInt64(identifier[index] & 0x7f)) & (.max >> 1)
      guard identifier[index] & 0x80 == 0 else { continue }
      if isFirst {
        let first = min(arc / 40, 2)
        buffer.append(decimal: first)
        arc -= 40 * first
      }
      isFirst = false
      buffer.append(UInt8(ascii: "."))
      buffer.append(decimal: arc)
      arc = 0
    }
  }
}

/// Walks over DER (X.690): elements of a tag, a definite length and the content.
struct DERReader: ~Escapable {
  enum Tag: UInt8 {
    case integer = 0x02, objectIdentifier = 0x06, sequence = 0x30, set = 0x31
    /// Context-specific 0.
    case version = 0xa0
  }

  private var rest: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { rest = bytes }

  func hasTag(_ tag: Tag) -> Bool { rest.byteCount > 0 && rest[0] == tag.rawValue }

  /// The next element; nil at the end and where none is whole.
  @_lifetime(copy self)
  mutating func next() -> DERElement? {
    guard rest.byteCount >= 2, rest[0] & 0x1f != 0x1f else { return nil }
    var length = Int(rest[1])
    var start = 2
    if length >= 0x80 {
      // One to four bytes of length; 0x80 alone would be the indefinite form of BER.
      let count = length & 0x7f
      guard (1...4).contains(count), rest.byteCount >= 2 + count else { return nil }
      length = 0
      for index in 2..<2 + count { length = length << 8 | Int(rest[index]) }
      start += count
    }
    guard length <= rest.byteCount - start else { return nil }
    let element = DERElement(tag: rest[0], content: rest.extracting(start..<start + length))
    rest = rest.extracting(droppingFirst: start + length)
    return element
  }

  /// The content of the next element, which must have this tag.
  @_lifetime(copy self)
  mutating func content(_ tag: Tag) throws(WireError) -> RawSpan {
    guard hasTag(tag), let element = next() else { throw .malformed(.tls, .record) }
    return element.content
  }
}

struct DERElement: ~Escapable {
  let tag: UInt8
  let content: RawSpan

  @_lifetime(copy content)
  init(tag: UInt8, content: RawSpan) {
    self.tag = tag
    self.content = content
  }

  /// Appends a string of ASN.1 as UTF-8 (RFC 5280 §4.1.2.4); TeletexString is taken as Latin-1, as
  /// OpenSSL does.
  func appendString(to buffer: inout ByteBuffer) {
    switch tag {
    case 0x0c:  // UTF8String
      buffer.append(content)
    case 0x1e:  // BMPString
      appendUTF16(to: &buffer)
    case 0x1c:  // UniversalString
      for offset in stride(from: 0, through: content.byteCount - 4, by: 4) {
        buffer.append(scalar: content.load(offset))
      }
    default:
      for index in content.byteOffsets { buffer.append(scalar: UInt32(content[index])) }
    }
  }

  private func appendUTF16(to buffer: inout ByteBuffer) {
    var high: UInt32?
    for offset in stride(from: 0, through: content.byteCount - 2, by: 2) {
      let unit = UInt32(content.load(offset, as: UInt16.self))
      if let lead = high, unit & 0xfc00 == 0xdc00 {
        buffer.append(scalar: 0x1_0000 + (lead & 0x3ff) << 10 + unit & 0x3ff)
        high = nil
        continue
      }
      if high != nil { buffer.append(scalar: 0xfffd) }
      high = unit & 0xfc00 == 0xd800 ? unit : nil
      if high == nil { buffer.append(scalar: unit) }
    }
    if high != nil { buffer.append(scalar: 0xfffd) }
  }
}

extension RawSpan {
  fileprivate func equals<let count: Int>(_ other: InlineArray<count, UInt8>) -> Bool {
    guard byteCount == count else { return false }
    for index in 0..<count where self[index] != other[index] { return false }
    return true
  }
}
