import Testing

@testable import InspectCore

private let query = "?ver=1.1&model=a&manuf=b&sign=c"

/// The small judgements that rules rest on.
@Suite struct CaseRuleTests {
  private func registration(
    _ target: String, _ host: String, port: UInt16
  ) -> SelfRegistration.Operator? {
    let (target, host) = (Array(target.utf8), Array(host.utf8))
    return SelfRegistration.operatorOf(
      target: target.span.bytes, host: host.span.bytes, port: port)
  }

  @Test(arguments: [
    ("/register\(query)", "dm.wo.com.cn", 80, true), ("/register", "dm.wo.com.cn", 6001, true),
    ("/register?ver=1.1", "DM.WO.COM.CN", 80, true), ("/dm/register", "dm.wo.com.cn", 80, true),
    ("/register\(query)", "", 80, true), ("/register\(query)", "192.0.2.1", 6001, true),
    ("/dm/register?sign=c&manuf=b&ver=1.1&model=a", "example.com", 6001, true),
    // Any maker's devices may register so.
    ("/register\(query)", "example.com", 80, false), ("/register", "example.com", 6001, false),
    ("/register", "", 80, false), ("/register?ver=1.1&model=a&manuf=b", "x.example", 6001, false),
    ("/registers\(query)", "dm.wo.com.cn", 80, false), ("/", "dm.wo.com.cn", 6001, false),
    ("/register?cover=1&model=a&manuf=b&sign=c", "example.com", 6001, false), ("", "", 80, false),
    ("?", "dm.wo.com.cn", 80, false), ("/register?&&&", "", 80, false),
    ("/register", "wo.com.cn", 80, false),
  ])
  func chinaUnicomsIsKnownByItsTarget(
    _ target: String, _ host: String, _ port: UInt16, _ isOne: Bool
  ) {
    #expect((registration(target, host, port: port) == .unicom) == isOne)
  }

  @Test(arguments: [
    ("nb", true, "", 2, SelfRegistration.Operator.telecom as SelfRegistration.Operator?),
    ("nb", true, "", 1, nil), ("nb", false, "", 2, nil), ("nbx", true, "", 2, nil),
    ("register", true, "zzhc.vnet.cn", 2, .telecom), ("", true, "ZZHC.vnet.cn", 2, .telecom),
    ("register", true, "zzhc.vnet.cn", 1, nil), ("nbx", true, "vnet.cn", 2, nil),
    ("rd", true, "m.fxltsbl.com", 0, .mobile), ("rd", true, "Shipei.fxltsbl.com", 0, .mobile),
    ("rd", true, "lwm2m.example.com", 0, nil), ("bs", true, "m.fxltsbl.com", 0, nil),
    ("rd", false, "m.fxltsbl.com", 0, nil), ("", true, "", 0, nil),
  ])
  func thoseByCoAPAreKnownByPathAndHost(
    _ path: String, _ isPost: Bool, _ host: String, _ keys: Int,
    _ expected: SelfRegistration.Operator?
  ) {
    var found = SelfRegistrationKeys()
    for key in ["REGVER", "IMEI1"].prefix(keys) {
      let bytes = Array(key.utf8)
      found.insert(bytes.span.bytes)
    }
    let (path, host) = (Array(path.utf8), Array(host.utf8))
    #expect(
      SelfRegistration.operatorOf(
        coapPath: path.span.bytes, isPost: isPost, host: host.span.bytes, keys: found) == expected)
  }

  @Test(arguments: [
    ("to", true), ("To", true), ("recipients[]", true), ("data.to", true), ("to_number", true),
    ("emailAddress", true), ("e-mail", true), ("toast", false), ("from", false), ("", false),
    ("a.very.long.path.to.something", false), ("x.", false), ("phone", true), ("RCPT TO", true),
    ("aVeryLongNameThatIsNoRecipientAtAll", false),
  ])
  func recipientsHaveNames(_ name: String, _ isOne: Bool) {
    let bytes = Array(name.utf8)
    #expect(RecipientName.matches(bytes.span.bytes) == isOne)
  }

  /// What stands outside of a value says whose it is.
  @Test(arguments: [
    ("email", "json:personalizations[0].to[0].email", true), ("email", "json:from.email", false),
    ("email", "json:reply_to.email", false), ("email", "json:sender.email", false),
    ("number", "json:to.number", true), ("number", "json:from.number", false),
    ("address", "json:message.toRecipients[0].emailAddress.address", true),
    ("address", "json:message.from.emailAddress.address", false),
    ("address", "json:address", false),
    ("ToAddresses", "json:Destination.ToAddresses[0]", true),
    ("Destination.ToAddresses.member.1", "form:Destination.ToAddresses.member.1", true),
    ("to", "json:from.to", true), ("to", "xml:sms.to", true), ("to", "", true),
    ("destinationAddress", "xml:Envelope.Body.SendSms.destinationAddress", true),
    ("emails", "json:emails[0]", true), ("id", "json:to.id", false), ("From", "mail:From", false),
  ])
  func recipientsAreNoSenders(_ name: String, _ path: String, _ isOne: Bool) {
    let (name, path) = (Array(name.utf8), Array(path.utf8))
    #expect(RecipientName.matches(name.span.bytes, at: path.span.bytes) == isOne)
  }

  @Test(arguments: [
    ("55.676098,12.568337", true), ("55.68,12.57", true), ("55.6930,12.568337", true),
    ("55.6950,12.568337", false), ("55.676098,12.5995", true), ("55.676098,12.6010", false),
    ("-55.676098,12.568337", false), ("55.676098", false), ("a,b", false), ("", false),
    ("55.676098,12.568337,3", false), ("99,12", false), ("55,200", false),
  ])
  func aPlaceIsKnownWithinTwoKilometres(_ text: String, _ isNear: Bool) {
    var places = WatchPlaces()
    places.add(Array("55.676098, 12.568337".utf8), 7)
    let bytes = Array(text.utf8)
    #expect((places.near(bytes.span.bytes) == 7) == isNear)
  }

  @Test func placesAreNearAcrossTheDateLine() {
    var places = WatchPlaces()
    places.add(Array("-16.5,179.995".utf8), 1)
    places.add(Array("no place".utf8), 2)
    let bytes = Array("-16.5,-179.995".utf8)
    #expect(places.near(bytes.span.bytes) == 1)
  }

  @Test func theShortestRoundTripIsKept() {
    var trips = RoundTrips(capacity: 2, function: SipHash13(key0: 1, key1: 2))
    let near = IPAddress(high: 0, low: 1)
    let far = IPAddress(high: 0, low: 2)
    trips.note(500, near)
    trips.note(300, near)
    trips.note(400, near)
    trips.note(0, near)
    trips.note(-7, far)
    #expect(trips[near] == 300)
    #expect(trips[far] == nil)
    trips.note(9, far)
    trips.note(1, IPAddress(high: 0, low: 3))
    #expect(trips[far] == 9)
    #expect(trips.refused == 1)
  }

  /// When something was sent is kept where there may be unlocks beside it, and only so often.
  @Test(arguments: [false, true])
  func timesAreKeptForUnlocksOnly(_ infersUnlocks: Bool) {
    var configuration = CaseConfiguration()
    configuration.infersUnlocks = infersUnlocks
    var limits = InspectorLimits()
    limits.sendsPerContact = 2
    var book = CaseBook(
      configuration: configuration, limits: limits, function: SipHash13(key0: 1, key1: 2),
      atlas: NoAtlas())
    let context = FlowContext(
      client: Endpoint(address: IPAddress(ipv4: 0x0a00_0001), port: 1000),
      server: Endpoint(address: IPAddress(ipv4: 0xc000_0201), port: 80), clientMAC: .none,
      serverMAC: .none, protocolNumber: 6, tunnelDepth: 0, vlans: VLANStack(), source: 0,
      start: Timestamp(nanoseconds: 0))
    for second in 0..<5 as Range<Int64> {
      book.sent(context, host: nil, nil, at: Timestamp(nanoseconds: second * 1_000_000_000))
    }
    let kept = book.contacts.map { $0.sends.count }
    let refused = book.refused
    #expect(kept == [infersUnlocks ? 2 : 0])
    #expect(refused == (infersUnlocks ? 3 : 0))
  }
}
