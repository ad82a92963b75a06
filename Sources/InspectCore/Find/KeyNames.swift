/// The names that senders give to identifiers: a hash table, filled once.
///
/// Names are compared without case, `_`, `-`, `.`, `:`, spaces and brackets. The names are those of
/// public code, papers and SDK adapters.
struct KeyNames: ~Copyable {
  private struct Entry {
    var hash: UInt64 = 0
    var name: StaticString = ""
    var meaning = KeyMeaning.none
  }

  private static let capacity = 1024
  /// Longer names are looked at by their end only.
  private static let longest = 32
  private var entries = [Entry](repeating: Entry(), count: capacity)
  /// By first letter, a bit a length: most names of a text end here.
  private var lengths = [UInt32](repeating: 0, count: 32)
  /// By first letter, a bit a last letter.
  private var lasts = [UInt32](repeating: 0, count: 32)

  init() {
    addTelephony()
    addDevice()
    addPlaces()
    addPeople()
    addHashed()
    addOthers()
  }

  private mutating func addTelephony() {
    add(.imei, "imei", "imeis", "imei1", "imei2", "phoneimei", "deviceimei", "imeinumber")
    // Apple's names.
    add(.imei, "internationalmobileequipmentidentity", "mobileequipmentidentifier")
    add(.imsi, "internationalmobilesubscriberidentity")
    add(.iccid, "integratedcircuitcardidentity")
    add(.imeisv, "imeisv")
    add(.meid, "meid", "meid1", "meid2")
    add(.imsi, "imsi", "simimsi", "subscriberid", "imsi1", "imsi2")
    add(.iccid, "iccid", "simserial", "simserialnumber", "simserialno", "iccid1", "iccid2", "eid")
    add(
      .phone, "msisdn", "phonenumber", "userphone", "mobilenumber", "line1number", "mobilephone",
      "phoneno", "telephone", "cellphone", "mobileno", "telefon", "telnr", "mobilnummer")
    // What gateways of mobile networks add to requests.
    add(.phone, "callinglineid", "upcallinglineid", "xupcallinglineid")
    add(.phone, strong: false, "phone", "mobile", "tel")
  }

  private mutating func addDevice() {
    add(.device, "deviceid", "deviceuuid", "deviceudid", "deviceguid")
    add(.device, strong: false, "did", "dvid", "devid")
    // The name of an LwM2M client (OMA LwM2M 1.0 §5.3.1).
    add(.device, strong: false, "ep")
    add(.androidID, "androidid", "openudid", "ssaid")
    add(.androidID, strong: false, "aid", "andi", "asid", "udid", "dpid")
    add(
      .advertisingID, "idfa", "gaid", "gpsadid", "googleaid", "googleid", "advertisingid",
      "advertisingtrackingid", "advertiserid", "aifa", "rdid", "oaid", "idfv", "googleadid",
      "googleadvertisingid", "advertisingidentifier", "adidentifier", "aaid",
      "resettabledeviceid")
    add(.advertisingID, strong: false, "ifa", "ifv", "adid", "vendorid")
    add(
      .mac, "mac", "macid", "macaddress", "macaddr", "wifimac", "wmac", "hwaddr", "ethaddr",
      "btmac", "bluetoothmac", "bluetoothaddress", "wlanmac", "wlan0mac", "ethernetmac", "lanmac")
    add(.mac, "devicemac", "phonemac", "macwlan", "macwifi", "macbt", "wifiaddress", "macs")
    add(.mac, "macaddresses")
    add(
      .serial, "serial", "serialno", "serialnumber", "hwid", "cpuid", "boardid", "roserialno",
      "deviceserial", "hardwareid")
    add(.serial, strong: false, "sn")
  }

  private mutating func addPlaces() {
    add(.bssid, "bssid", "bssids", "apmac", "wifibssid", "routermac")
    add(.bssid, strong: false, "ap")
    add(.ssid, "ssid", "wifiname", "wifissid", "networkname")
    add(.signal, "rssi", "signal", "signalstrength", "dbm", "level")
    add(.cellID, "cellid", "eci", "sim1cellid", "sim2cellid", "baseid", "nci", "cellidentity")
    add(.cellID, strong: false, "cid", "ci", "bsid")
    add(.cellGlobalID, "cgi", "ecgi", "ncgi", "celltower", "cell", "basestation", "cellinfo")
    add(.cellArea, "lac", "tac", "mcc", "mnc", "mccmnc", "enb", "locationareacode")
    add(.latitude, "lat", "latitude", "geolatitude", "late6", "late7", "latitudee6", "latitudee7")
    add(.latitude, "gpslat", "gpslatitude", "userlat", "geolat", "mylat", "currentlatitude")
    add(.latitude, "userlatitude", "devicelatitude", "lastlatitude", "currentlat", "poslat")
    add(.longitude, "lng", "lon", "long", "longitude", "geolongitude", "lnge6", "lone6")
    add(.longitude, "lnge7", "lone7", "longitudee6", "longitudee7", "gpslng", "gpslon")
    add(.longitude, "gpslongitude", "userlng", "userlon", "geolng", "geolon", "mylng", "mylon")
    add(.longitude, "currentlongitude", "userlongitude", "devicelongitude", "lastlongitude")
    add(.longitude, "currentlng", "currentlon", "poslon", "poslng")
    // Of journeys: from where, to where.
    add(.latitude, "startlat", "endlat", "pickuplat", "dropofflat", "fromlat", "tolat", "homelat")
    add(.latitude, "originlat", "destlat", "destinationlat", "worklat", "srclat", "dstlat")
    add(.longitude, "startlng", "endlng", "pickuplng", "dropofflng", "fromlng", "tolng", "homelng")
    add(.longitude, "originlng", "destlng", "destinationlng", "worklng", "srclng", "dstlng")
    add(.longitude, "startlon", "endlon", "pickuplon", "dropofflon", "fromlon", "tolon", "homelon")
    add(.longitude, "originlon", "destlon", "destinationlon", "worklon", "srclon", "dstlon")
    add(.location, "loc", "gps", "location", "coord", "coordinates", "latlng", "latlon", "geo")
    add(.location, "ll", "position", "coords", "latlong", "lnglat", "lonlat", "gpslocation")
    add(.geohash, "geohash")
  }

  private mutating func addPeople() {
    add(.email, "email", "emailaddress", "useremail", "mailaddress")
    add(.email, strong: false, "mail", "em", "e")
    add(
      .password, "password", "passwd", "pwd", "userpassword", "passphrase", "userpass",
      "loginpassword", "newpassword", "oldpassword", "passcode", "kennwort", "adgangskode")
    add(.password, "passord", "losenord", "salasana", "wifipassword", "psk")
    add(.password, strong: false, "pass", "pw")
    add(.authorization, "authorization", "proxyauthorization")
    add(.nationalDenmark, "cpr", "cprnr", "cprnummer", "cprno", "cprnumber")
    add(.nationalNorway, "fnr", "fodselsnummer", "fodselsnr", "dnummer", "dnr", "hnummer")
    add(.nationalSweden, "pnr", "samordningsnummer", "personnr")
    add(.nationalFinland, "hetu", "henkilotunnus", "henkilotunnusnumero")
    add(
      .nationalID, "nationalid", "nationalidnumber", "personalid", "personnummer", "ssn",
      "personalidentitycode", "personalnumber", "personnumber", "idnumber", "nin")
    add(
      .card, "card", "cardnumber", "cardno", "pan", "ccnumber", "creditcard", "creditcardnumber",
      "ccnum", "cardnum", "kortnummer", "paymentcard", "debitcard")
    add(.card, strong: false, "cc", "number")
    add(.iban, "iban", "accountiban", "ibannumber")
  }

  /// Names of hashes that do not end with the name of the function, or shorten the other one.
  private mutating func addHashed() {
    add(.imei, digest: .md5, "didmd5", "md5imei")
    add(.imei, digest: .sha1, "didsha1", "sha1imei")
    add(.androidID, digest: .md5, "dpidmd5")
    add(.androidID, digest: .sha1, "dpidsha1")
    add(.email, digest: .some, "hashedemail", "emailhash", "hem")
  }

  private mutating func addOthers() {
    add(.other, "id", "order", "orderid", "orderno", "ordernumber", "invoice", "invoiceid")
    add(.other, "ts", "timestamp", "time", "t", "date", "now", "created", "updated", "modified")
    add(.other, "createdat", "updatedat", "expires", "expiry", "exp", "iat", "nbf", "start", "end")
    add(.other, "sid", "session", "sessionid", "jsessionid", "phpsessid", "token", "csrf", "nonce")
    add(.other, "etag", "hash", "md5", "sha1", "sha256", "checksum", "crc", "sig", "sign")
    add(.other, "signature", "uuid", "guid", "requestid", "reqid", "traceid", "spanid", "txid")
    add(.other, "transactionid", "tid", "pid", "appid", "itemid", "productid", "articleid")
    add(.other, "version", "ver", "v", "build", "versioncode", "buildnumber", "sku", "ean", "gtin")
    add(.other, "isbn", "upc", "width", "height", "size", "length", "offset", "count", "total")
    add(.other, "price", "amount", "sum", "seq", "sequence", "duration", "cb", "rnd", "random")
    add(.other, "rand", "r", "cachebuster", "dc", "correlator", "ord", "tracking", "trackingid")
    add(.other, "trackingnumber", "parcel", "postid", "userid", "uid", "campaignid", "zoneid")
    add(.other, "messageid", "references", "inreplyto", "contentid", "ref", "reference")
    add(.other, "gid", "ga", "gclid", "fbclid", "fbp", "clientid", "visitorid", "hit", "sequenceid")
  }

  private mutating func add(
    _ group: KeyMeaning.Group, strong isStrong: Bool = true, digest: KeyMeaning.Digest = .none,
    _ names: StaticString...
  ) {
    for name in names {
      let (hash, count) = name.withUTF8Buffer { buffer in
        KeyNames.hash(unsafe buffer.span.bytes)
      }
      guard count > 0 else { continue }
      var place = Int(hash % UInt64(KeyNames.capacity))
      while entries[place].hash != 0 { place = (place &+ 1) % KeyNames.capacity }
      entries[place] = Entry(
        hash: hash, name: name,
        meaning: KeyMeaning(group: group, isStrong: isStrong, digest: digest))
      let (first, last) = name.withUTF8Buffer { buffer in
        (Int(unsafe buffer[0] & 31), UInt32(unsafe buffer[buffer.count - 1] & 31))
      }
      lasts[first] |= 1 << last
      // Separators make a name longer: four at most, or it takes the way of the long ones.
      lengths[first] |= UInt32(0b11111) << min(UInt32(count), 31)
    }
  }

  /// The meaning of `name`; `searchesEnd` also finds a telling name at its end
  /// (`device.phoneImei2`) and names of hashes (`imei_md5`), for values that are worth it.
  func meaning(of name: RawSpan, searchesEnd: Bool) -> KeyMeaning {
    guard name.byteCount > 0, name.byteCount <= 4 &* KeyNames.longest else { return .none }
    var start = 0
    var end = name.byteCount
    while start < end, KeyNames.isSeparator(name[start]) { start &+= 1 }
    while end > start, KeyNames.isSeparator(name[end &- 1]) { end &-= 1 }
    guard start < end else { return .none }
    let word = name.extracting(start..<end)
    let first = Int(word[0] & 31)
    if lasts[first] >> UInt32(word[word.byteCount &- 1] & 31) & 1 == 1,
      lengths[first] >> UInt32(min(word.byteCount, 31)) & 1 == 1
        || searchesEnd && word.byteCount <= KeyNames.longest
    {
      let exact = lookup(word)
      if exact.group != .none { return exact }
    }
    if let owned = KeyNames.withoutOwner(word) {
      let meaning = lookup(owned)
      if meaning.group != .none { return meaning }
    }
    return searchesEnd ? meaningOfEnd(word) : .none
  }

  /// What is behind `x-`, `device.`, `user_`, ...: they say whose it is.
  @_lifetime(copy name)
  private static func withoutOwner(_ name: RawSpan) -> RawSpan? {
    var end = 0
    while end < min(name.byteCount, 8), !isSeparator(name[end]) { end &+= 1 }
    guard end > 0, end &+ 1 < name.byteCount, isSeparator(name[end]) else { return nil }
    let owner = name.extracting(first: end)
    let isOwner =
      switch end {
      case 1: owner[0] | 0x20 == 0x78
      case 2: owner.equalsIgnoringCase("my")
      case 3:
        owner.equalsIgnoringCase("dev") || owner.equalsIgnoringCase("app")
          || owner.equalsIgnoringCase("cur")
      case 4: owner.equalsIgnoringCase("user") || owner.equalsIgnoringCase("last")
      case 5: owner.equalsIgnoringCase("phone")
      case 6: owner.equalsIgnoringCase("device") || owner.equalsIgnoringCase("client")
      case 7: owner.equalsIgnoringCase("current")
      default: false
      }
    return isOwner ? name.extracting(droppingFirst: end &+ 1) : nil
  }

  private func lookup(_ name: RawSpan) -> KeyMeaning {
    let (hash, count) = KeyNames.hash(name)
    var place = Int(hash % UInt64(KeyNames.capacity))
    while entries[place].hash != 0 {
      let entry = entries[place]
      if entry.hash == hash, entry.name.utf8CodeUnitCount == count { return entry.meaning }
      place = (place &+ 1) % KeyNames.capacity
    }
    return .none
  }

  /// The names that no other word ends with (`meid` would find `game_id`), digits after them
  /// left aside.
  private func meaningOfEnd(_ name: RawSpan) -> KeyMeaning {
    guard KeyNames.canEnd(name) else { return .none }
    var text = InlineArray<32, UInt8>(repeating: 0)
    var start = text.count
    var index = name.byteCount
    while index > 0, start > 0 {
      index &-= 1
      let byte = name[index].lowercasedASCII
      if KeyNames.isSeparator(byte) { continue }
      start &-= 1
      text[start] = byte
    }
    let end = unsafe text.span.bytes.extracting(droppingFirst: start)
    let hashed = meaningOfHashed(end)
    if hashed.group != .none { return hashed }
    var last = end.byteCount
    while last > 0, !end[last &- 1].isASCIILetter { last &-= 1 }
    let group = KeyNames.group(ofEnd: end.extracting(first: last))
    return KeyMeaning(group: group, isStrong: group != .none)
  }

  /// Whether a telling end may be there, by its last two letters, or the name of a hash in front.
  /// `name` has no separators at its ends.
  private static func canEnd(_ name: RawSpan) -> Bool {
    guard name.byteCount >= 4 else { return false }
    switch name[0] | 0x20 {
    case 0x6D where name.hasPrefixIgnoringCase("md5"): return true
    case 0x73 where name.hasPrefixIgnoringCase("sha"): return true
    case 0x68 where name.hasPrefixIgnoringCase("hash"): return true
    default: break
    }
    // Digits behind it are left aside, as in `imei2`.
    var last = name.byteCount &- 1
    while last > 1, !name[last].isASCIILetter { last &-= 1 }
    switch (name[last &- 1] | 0x20, name[last] | 0x20) {
    // imei, imsi, iccid, imeisv, address, addr, number, no, msisdn, password, hash, md5, sha1.
    case (0x65, 0x69), (0x73, 0x69), (0x69, 0x64), (0x73, 0x76), (0x73, 0x73), (0x64, 0x72),
      (0x65, 0x72), (0x6E, 0x6F), (0x64, 0x6E), (0x72, 0x64), (0x73, 0x68), (0x6D, 0x64),
      (0x68, 0x61):
      return true
    // latitude, longitude.
    case (0x64, 0x65): return true
    default: return false
    }
  }

  private static func group(ofEnd end: RawSpan) -> KeyMeaning.Group {
    if end.hasSuffix("imei") { return .imei }
    if end.hasSuffix("imeisv") { return .imeisv }
    if end.hasSuffix("imsi") { return .imsi }
    if end.hasSuffix("iccid") { return .iccid }
    if end.hasSuffix("bssid") { return .bssid }
    if end.hasSuffix("macaddress") || end.hasSuffix("macaddr") { return .mac }
    if end.hasSuffix("androidid") { return .androidID }
    if end.hasSuffix("advertisingid") { return .advertisingID }
    if end.hasSuffix("serialnumber") || end.hasSuffix("serialno") { return .serial }
    if end.hasSuffix("phonenumber") || end.hasSuffix("msisdn") { return .phone }
    if end.hasSuffix("password") { return .password }
    if end.hasSuffix("latitude") { return .latitude }
    if end.hasSuffix("longitude") { return .longitude }
    return .none
  }

  /// `imei_md5`, `sha1_mac`, `email_sha256`: a name of an identifier beside that of a function.
  private func meaningOfHashed(_ name: RawSpan) -> KeyMeaning {
    let digest: KeyMeaning.Digest
    let base: RawSpan
    if name.hasSuffix("md5") {
      (digest, base) = (.md5, name.extracting(first: name.byteCount &- 3))
    } else if name.hasSuffix("sha1") {
      (digest, base) = (.sha1, name.extracting(first: name.byteCount &- 4))
    } else if name.hasSuffix("sha256") {
      (digest, base) = (.sha256, name.extracting(first: name.byteCount &- 6))
    } else if name.hasSuffix("hash") {
      (digest, base) = (.some, name.extracting(first: name.byteCount &- 4))
    } else if name.hasBytes("md5") {
      (digest, base) = (.md5, name.extracting(droppingFirst: 3))
    } else if name.hasBytes("sha256") {
      (digest, base) = (.sha256, name.extracting(droppingFirst: 6))
    } else if name.hasBytes("sha1") {
      (digest, base) = (.sha1, name.extracting(droppingFirst: 4))
    } else if name.hasBytes("hashed") {
      (digest, base) = (.some, name.extracting(droppingFirst: 6))
    } else {
      return .none
    }
    guard base.byteCount > 1 else { return .none }
    var meaning = lookup(base)
    switch meaning.group {
    case .imei, .meid, .imsi, .iccid, .device, .androidID, .advertisingID, .mac, .bssid, .serial,
      .phone, .email, .nationalDenmark, .nationalNorway, .nationalSweden, .nationalFinland:
      meaning.digest = digest
      return meaning
    default: return .none
    }
  }

  /// FNV-1a over what is compared, and how many bytes that is. Never 0.
  private static func hash(_ name: RawSpan) -> (hash: UInt64, count: Int) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var count = 0
    for index in name.byteOffsets {
      var byte = name[index]
      if byte.isASCIILetter { byte |= 0x20 } else if isSeparator(byte) { continue }
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      count &+= 1
    }
    return (hash | 1, count)
  }

  /// Also the brackets of `imei[]`, and the colon of an XML prefix.
  @inline(__always)
  private static func isSeparator(_ byte: UInt8) -> Bool {
    guard !byte.isASCIILetter else { return false }
    switch byte {
    case 0x5F, 0x2D, 0x2E, 0x20, 0x5B, 0x5D, 0x3A: return true
    default: return false
    }
  }
}

extension RawSpan {
  func hasSuffix(_ text: StaticString) -> Bool {
    hasBytes(text, at: byteCount &- text.utf8CodeUnitCount)
  }
}
