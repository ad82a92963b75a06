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
  /// Whose clients send it.
  public enum Operator: UInt8, Sendable {
    /// `zzhc.vnet.cn`: HTTP on any port, and CoAP at `/nb` from NB-IoT modules.
    case telecom
    /// `dm.wo.com.cn:6001/register?ver=&model=&manuf=&sign=`.
    case unicom
    /// `m.fxltsbl.com`: OMA LwM2M over CoAP.
    case mobile

    public var name: StaticString {
      switch self {
      case .telecom: "China Telecom"
      case .unicom: "China Unicom"
      case .mobile: "China Mobile"
      }
    }
  }

  /// China Unicom's is a request of `register` at its host, or one that names version, model, maker
  /// and signature where nothing says another host: at its port, or without a name. Anybody's devices
  /// may register at their maker's with the same four.
  ///
  /// - Parameters:
  ///   - target: the request's target, as sent.
  ///   - host: the host's name; may be empty.
  ///   - port: the server's.
  static func operatorOf(target: RawSpan, host: RawSpan, port: UInt16) -> Operator? {
    let question = target.firstOffset(of: 0x3F) ?? target.byteCount
    guard target.extracting(first: question).hasSuffix("/register") else { return nil }
    if host.equalsIgnoringCase("dm.wo.com.cn") { return .unicom }
    guard host.isEmpty || port == 6001, question < target.byteCount else { return nil }
    let query = target.extracting(droppingFirst: question &+ 1)
    var named: UInt8 = 0
    var start = 0
    while start < query.byteCount {
      let end = query.firstOffset(of: 0x26, from: start) ?? query.byteCount
      let pair = query.extracting(start..<end)
      if pair.hasBytes("ver=") { named |= 1 }
      if pair.hasBytes("model=") { named |= 2 }
      if pair.hasBytes("manuf=") { named |= 4 }
      if pair.hasBytes("sign=") { named |= 8 }
      start = end &+ 1
    }
    return named == 15 ? .unicom : nil
  }

  /// A request by CoAP: China Telecom's from NB-IoT modules, a POST of `/nb`, or to its host, with the
  /// telling keys;
  /// China Mobile's, an LwM2M registration (`/rd?ep=...`, OMA LwM2M 1.0 §5.3.1) with its host.
  ///
  /// - Parameters:
  ///   - path: the path's segments with `/` between, without one in front.
  ///   - host: the name of the server, as far as it is known; may be empty.
  ///   - keys: those of the payload (`MessageFacts`).
  static func operatorOf(
    coapPath path: RawSpan, isPost: Bool, host: RawSpan, keys: SelfRegistrationKeys
  ) -> Operator? {
    guard isPost else { return nil }
    let isModules = path.byteCount == 2 && path.hasBytes("nb")
    if isModules || host.equalsIgnoringCase("zzhc.vnet.cn"), keys.signatureCount >= 2 {
      return .telecom
    }
    let isOperator =
      host.equalsIgnoringCase("m.fxltsbl.com") || host.equalsIgnoringCase("shipei.fxltsbl.com")
    return isOperator && path.byteCount >= 2 && path.hasBytes("rd") ? .mobile : nil
  }

  /// Whether a request is one: a POST of the type `application/encrypted-json` whose body is the
  /// base64 of a JSON object with two or more of the six telling keys. The type alone says little:
  /// other vendors use it for bodies that are encrypted.
  /// Also a POST to China Telecom's host with two of the keys, of any type and in any coding: NB-IoT
  /// modules say `application/json`.
  ///
  /// - Parameters:
  ///   - method: the request's method, as sent.
  ///   - contentType: the field value of Content-Type; parameters after `;` do not matter.
  ///   - host: the host's name; may be empty.
  ///   - facts: what `Finder.inspect` returned for the request's body.
  public static func matches(
    method: RawSpan, contentType: RawSpan, host: RawSpan = RawSpan(),
    facts: borrowing MessageFacts
  ) -> Bool {
    guard method.byteCount == 4, method.hasBytes("POST") else { return false }
    if host.equalsIgnoringCase("zzhc.vnet.cn"), facts.selfRegistrationKeys.signatureCount >= 2 {
      return true
    }
    let end = contentType.firstOffset(of: 0x3B) ?? contentType.byteCount
    let mediaType = contentType.extracting(first: end).trimmingWhitespace
    return facts.encodedSelfRegistrationKeys.signatureCount >= 2
      && mediaType.equalsIgnoringCase("application/encrypted-json")
  }
}
