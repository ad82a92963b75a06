/// The IMSI in the names by which phones log in to networks (3GPP TS 23.003 §13.3, §14.3, §19.3):
/// `0<IMSI>@nai.epc.mnc<MNC>.mcc<MCC>.3gppnetwork.org`. The digit in front says which method of
/// authentication is meant; names of the IMS have none.
enum NetworkAccessIdentifier {
  /// Where the IMSI is. It begins with the country that the realm names.
  static func imsi(in name: RawSpan) -> Range<Int>? {
    let realm: StaticString = ".3gppnetwork.org"
    let end = name.byteCount &- realm.utf8CodeUnitCount
    guard end > 24, name.byteCount <= Leaf.longest,
      name.extracting(droppingFirst: end).equalsIgnoringCase(realm),
      let at = name.firstOffset(of: 0x40), at >= 14, at <= 18, end &- at > 8
    else { return nil }
    for index in 0..<at where !name[index].isASCIIDigit { return nil }
    let country = name.extracting((end &- 7)..<end)
    guard country.hasPrefixIgnoringCase(".mcc") else { return nil }
    // What says how long it is may look like digits as well.
    for start in 0...3 where at &- start == 14 || at &- start == 15 {
      if country.extracting(droppingFirst: 4).equals(name.extracting(start..<(start &+ 3))) {
        return start..<at
      }
    }
    return nil
  }
}
