/// What names a person or lets one in: mail addresses and passwords.
enum PersonDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    // "PASS anna@example.com" is how anonymous users log in.
    if leaf.meaning.group == .password, leaf.meaning.isStrong || LoginLine.isSecret(leaf.value) {
      return password(leaf)
    }
    guard leaf.shape.hasAt, leaf.meaning.group != .authorization else { return nil }
    let start = leaf.value.hasPrefixIgnoringCase("mailto:") ? 7 : 0
    guard MailAddress.isValid(leaf.value.extracting(droppingFirst: start)) else { return nil }
    switch leaf.meaning.group {
    case .email: return Detection(.email, leaf.meaning.isStrong ? .high : .medium, as: .lowercase)
    // Identifiers of messages (RFC 5322 §3.6.4) are written alike.
    case .other: return Detection(.email, .low, as: .lowercase)
    default: return Detection(.email, .medium, as: .lowercase)
    }
  }

  private static func password(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    // `pwd` is a directory as well.
    guard value.byteCount <= 128, value.byteCount >= (leaf.meaning.isStrong ? 2 : 4),
      !value.isNullLike, value[0] != 0x2F
    else { return nil }
    return Detection(.credentials, .medium, as: .verbatim)
  }
}

/// The usual subset of an addr-spec (RFC 5322 §3.4.1): a dot-atom, `@`, a name of two labels whose
/// last is a top-level domain.
enum MailAddress {
  static func isValid(_ value: RawSpan) -> Bool {
    guard value.byteCount >= 6, value.byteCount <= 254, let at = value.firstOffset(of: 0x40),
      at > 0, at <= 64
    else { return false }
    for index in 0..<at {
      switch value[index] {
      case 0x2E: guard index > 0, index &+ 1 < at, value[index &- 1] != 0x2E else { return false }
      case 0x2B, 0x2D, 0x5F, 0x25, 0x27: continue
      case let byte: guard byte.isAlphanumeric else { return false }
      }
    }
    var label = 0
    var dots = 0
    for index in (at &+ 1)..<value.byteCount {
      let byte = value[index]
      if byte == 0x2E {
        guard label > 0 else { return false }
        label = 0
        dots &+= 1
      } else {
        guard byte.isAlphanumeric || byte == 0x2D && label > 0 else { return false }
        label &+= 1
      }
    }
    guard dots > 0, label >= 2 else { return false }
    return TopLevelDomain.contains(value.extracting(droppingFirst: value.byteCount &- label))
  }

  /// The bytes of an address around the `@` at `at`, no further back than `floor`.
  static func range(in text: RawSpan, around at: Int, floor: Int) -> Range<Int>? {
    var start = at
    while start > floor, at &- start < 64, isOfAddress(text[start &- 1]) { start &-= 1 }
    var end = at &+ 1
    while end < text.byteCount, end &- at < 190, isOfDomain(text[end]) { end &+= 1 }
    while end > at, !text[end &- 1].isAlphanumeric { end &-= 1 }
    while start < at, !text[start].isAlphanumeric { start &+= 1 }
    // `git@host:path` is where a program has its text from.
    let isRepository =
      at &- start == 3 && text.hasBytes("git@", at: start) && end < text.byteCount
      && text[end] == 0x3A
    return start < at && end > at &+ 3 && !isRepository ? start..<end : nil
  }

  private static func isOfAddress(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || byte == 0x2E || byte == 0x2B || byte == 0x2D || byte == 0x5F
      || byte == 0x25
  }

  private static func isOfDomain(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || byte == 0x2E || byte == 0x2D
  }
}

/// The last labels of host names (IANA root zone): all of two letters, and of the others those that
/// mail is sent to. Names of files (`a@2x.png`) have other ends.
enum TopLevelDomain {
  private static let generic: StaticString = """
    academy aero agency app arpa art asia associates bank bar beer berlin best bio biz blog build \
    business bzh cafe camp capital car care cash cat center charity chat church city claims clinic \
    cloud club coach codes college com community company consulting cool coop corsica cymru \
    dental design dev digital direct directory doctor earth edu education email energy engineering \
    eco eus events example expert express family farm fi finance financial fit fitness football foundation \
    fun fund gal gallery games gives global gmbh gold gov graphics green group guide guru hamburg \
    health help hiv hospital host hosting house icu immo inc info institute insurance int \
    international investments irish jobs jetzt kaufen koeln land law lawyer legal life limited link \
    live llc loan loans london love ltd ltda management market marketing mba media medical memorial \
    men mil mobi moe money museum music name navy net network news ngo ninja nrw nyc one ong online \
    onl org page paris partners party pharmacy photo photography photos pictures plus post press \
    pro productions properties pub quebec reisen rent repair report rest review reviews rocks ruhr \
    run saarland sale school science scot services shop shopping show site social software solar \
    solutions space srl store stream studio support swiss systems tax team tech technology tel test \
    tips tirol today tokyo tools top tours town trade training travel university vet video villas \
    vin vip vision voyage wales wang watch webcam website wedding wien wiki win wine work works \
    world wtf xin xxx xyz yoga zone
    """

  /// A bit a second letter, for each first letter: the country codes in use.
  private static let countries: InlineArray<26, UInt32> = {
    var table = InlineArray<26, UInt32>(repeating: 0)
    let codes: StaticString = """
      acadaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjbmbnbobrbsbtbwbybzcacccdcfcgchcickclcmcn\
      cocrcucvcwcxcyczdedjdkdmdodzeceeegereseteufifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgtgugwgy\
      hkhmhnhrhthuidieiliminioiqirisitjejmjojpkekgkhkikmknkpkrkwkykzlalblclilklrlsltlulvlymamcmdme\
      mgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpmpnprpsptpwpyqa\
      rerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsusvsxsysztctdtftgthtjtktltmtntotrtttvtwtzuaugukus\
      uyuzvavcvevgvivnvuwfwsyeytzazmzw
      """
    codes.withUTF8Buffer { buffer in
      for place in stride(from: 0, to: buffer.count &- 1, by: 2) {
        let (first, second) = unsafe (buffer[place], buffer[place &+ 1])
        table[Int(first &- 0x61)] |= 1 << UInt32(second &- 0x61)
      }
    }
    return table
  }()

  static func contains(_ label: RawSpan) -> Bool {
    for index in label.byteOffsets where !label[index].isASCIILetter {
      // Names in other scripts (RFC 5890).
      return label.hasPrefixIgnoringCase("xn--")
    }
    if label.byteCount == 2 {
      let row = countries[Int(label[0].lowercasedASCII &- 0x61)]
      return row >> UInt32(label[1].lowercasedASCII &- 0x61) & 1 == 1
    }
    return generic.withUTF8Buffer { buffer in
      var matches = true
      var position = 0
      for index in 0...buffer.count {
        let byte = unsafe index < buffer.count ? buffer[index] : 0x20
        guard byte == 0x20 else {
          if matches {
            matches = position < label.byteCount && label[position].lowercasedASCII == byte
          }
          position &+= 1
          continue
        }
        if matches, position == label.byteCount { return true }
        (matches, position) = (true, 0)
      }
      return false
    }
  }
}
