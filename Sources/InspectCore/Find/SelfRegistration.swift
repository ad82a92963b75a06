/// The keys of the Chinese carriers' self-registration ("zi zhu ce"), as a set.
public struct SelfRegistrationKeys: Equatable, Sendable {
  public private(set) var rawValue: UInt32 = 0

  /// The signature's keys come first.
  private static let signatureKeys = 6
  private static let keys: InlineArray<24, StaticString> = [
    "REGVER", "MEID", "SIM1ICCID", "SIM1LTEIMSI", "IMEI1", "SIM1CELLID",
    "MODEL", "SWVER", "OSVER", "UETYPE", "MACID", "ROM", "RAM", "IMEI2", "SIM2ICCID",
    "SIM1CDMAIMSI", "SIM2CDMAIMSI", "SIM2LTEIMSI", "SIM2CELLID", "SIM1TYPE", "DATASIM",
    "SIM1VoLTESW", "ACCESSTYPE", "REGDATE",
  ]

  public init() {}

  /// How many of the 24 keys are there.
  public var count: Int { rawValue.nonzeroBitCount }
  /// How many of the six keys are there that the signature asks for.
  public var signatureCount: Int {
    (rawValue & (1 << SelfRegistrationKeys.signatureKeys - 1)).nonzeroBitCount
  }

  /// Adds `key` when it is one of the keys, in their exact case.
  mutating func insert(_ key: RawSpan) {
    // All are upper-case: most keys of other senders end here.
    guard key.byteCount >= 3, key.byteCount <= 12, key[0] &- 0x41 < 26 else { return }
    for index in SelfRegistrationKeys.keys.indices {
      let name = SelfRegistrationKeys.keys[index]
      if name.utf8CodeUnitCount == key.byteCount, key.hasBytes(name) {
        rawValue |= 1 << UInt32(index)
        return
      }
    }
  }

  mutating func formUnion(_ other: Self) { rawValue |= other.rawValue }
}

/// The self-registration of a phone with its carrier, which the Nokia 7 Plus of 2019 sent abroad.
public enum SelfRegistration {
  /// Whether a request is one: a POST of the type `application/encrypted-json` whose body is the
  /// base64 of a JSON object with two or more of the six telling keys. The type alone says little:
  /// other vendors use it for bodies that are encrypted.
  ///
  /// - Parameters:
  ///   - method: the request's method, as sent.
  ///   - contentType: the field value of Content-Type; parameters after `;` do not matter.
  ///   - facts: what `Finder.inspect` returned for the request's body.
  public static func matches(
    method: RawSpan, contentType: RawSpan, facts: borrowing MessageFacts
  ) -> Bool {
    let end = contentType.firstOffset(of: 0x3B) ?? contentType.byteCount
    let mediaType = contentType.extracting(first: end).trimmingWhitespace
    return facts.encodedSelfRegistrationKeys.signatureCount >= 2
      && mediaType.equalsIgnoringCase("application/encrypted-json")
      && method.byteCount == 4 && method.hasBytes("POST")
  }
}
