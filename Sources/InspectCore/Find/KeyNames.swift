/// What the name beside a value promises that the value is.
struct KeyMeaning: Equatable {
  enum Group: UInt8 {
    case none
    case imei, imeisv, meid, imsi, iccid
    /// Any identifier of the device.
    case device
    case androidID, advertisingID, mac, bssid, ssid
    case cellID
    /// What stands beside a cell id: the area, the network.
    case cellArea
    case latitude, longitude, location
    case serial, phone, email, password, authorization
  }

  var group: Group
  /// Whether the name means nothing else. A weak one (`sn`, `cid`) needs more evidence.
  var isStrong: Bool

  static var none: Self { Self(group: .none, isStrong: false) }
}

/// The names that senders give to identifiers: a hash table, filled once.
///
/// Names are compared without case, `_`, `-`, `.` and spaces. The names are those of public code,
/// papers and SDK adapters.
struct KeyNames: ~Copyable {
  private struct Entry {
    var hash: UInt64 = 0
    var name: StaticString = ""
    var meaning = KeyMeaning.none
  }

  private static let capacity = 512
  /// Longer names are looked at by their end only.
  private static let longest = 32
  private var entries = [Entry](repeating: Entry(), count: capacity)
  /// By first letter, a bit a length: most names of a text end here.
  private var lengths = [UInt32](repeating: 0, count: 32)

  init() {
    addTelephony()
    addDevice()
    addPlaces()
    addPeople()
  }

  private mutating func addTelephony() {
    add(.imei, "imei", "imeis", "imei1", "imei2", "phoneimei", "deviceimei")
    add(.imeisv, "imeisv")
    add(.meid, "meid", "meid1", "meid2")
    add(.imsi, "imsi", "simimsi", "subscriberid", "imsi1", "imsi2")
    add(.iccid, "iccid", "simserial", "simserialnumber", "simserialno", "iccid1", "iccid2")
    add(.phone, "msisdn", "phonenumber", "userphone", "mobilenumber", "line1number")
    add(.phone, strong: false, "phone", "mobile", "tel")
  }

  private mutating func addDevice() {
    add(.device, "deviceid")
    add(.device, strong: false, "did", "dvid", "devid")
    add(.androidID, "androidid", "openudid")
    add(.androidID, strong: false, "aid", "andi", "asid", "udid", "dpid")
    add(
      .advertisingID, "idfa", "gaid", "gpsadid", "googleaid", "googleid", "advertisingid",
      "advertisingtrackingid", "advertiserid", "aifa", "rdid", "oaid", "idfv")
    add(.advertisingID, strong: false, "ifa", "ifv", "adid", "vendorid")
    add(.mac, "mac", "macid", "macaddress", "macaddr", "wifimac", "wmac")
    add(.serial, "serial", "serialno", "serialnumber", "hwid", "cpuid", "boardid", "roserialno")
    add(.serial, strong: false, "sn")
  }

  private mutating func addPlaces() {
    add(.bssid, "bssid")
    add(.bssid, strong: false, "ap")
    add(.ssid, "ssid", "wifiname", "wifissid")
    add(.cellID, "cellid", "eci", "sim1cellid", "sim2cellid", "baseid", "nci")
    add(.cellID, strong: false, "cid", "ci", "bsid")
    add(.cellArea, "lac", "tac", "mcc", "mnc", "mccmnc", "enb")
    add(.latitude, "lat", "latitude", "geolatitude")
    add(.longitude, "lng", "lon", "long", "longitude", "geolongitude")
    add(.location, "loc", "gps", "location", "coord", "coordinates", "latlng", "latlon", "geo")
  }

  private mutating func addPeople() {
    add(.email, "email", "emailaddress", "useremail")
    add(.email, strong: false, "mail", "em", "e")
    add(.password, "password", "passwd", "pwd", "userpassword")
    add(.authorization, "authorization", "proxyauthorization")
  }

  private mutating func add(
    _ group: KeyMeaning.Group, strong isStrong: Bool = true, _ names: StaticString...
  ) {
    for name in names {
      let hash = name.withUTF8Buffer { buffer in KeyNames.hash(unsafe buffer.span.bytes).hash }
      var place = Int(hash % UInt64(KeyNames.capacity))
      while entries[place].hash != 0 { place = (place &+ 1) % KeyNames.capacity }
      entries[place] = Entry(
        hash: hash, name: name, meaning: KeyMeaning(group: group, isStrong: isStrong))
      let first = name.withUTF8Buffer { buffer in Int(unsafe buffer[0] & 31) }
      // Separators make a name longer: four at most, or it takes the way of the long ones.
      let count = UInt32(name.utf8CodeUnitCount)
      lengths[first] |= UInt32(0b11111) << min(count, 26)
    }
  }

  /// The meaning of `name`; `searchesEnd` also finds a telling name at its end
  /// (`device.phoneImei2`), for values that are worth it.
  func meaning(of name: RawSpan, searchesEnd: Bool) -> KeyMeaning {
    guard name.byteCount > 0, name.byteCount <= 4 &* KeyNames.longest else { return .none }
    if searchesEnd || lengths[Int(name[0] & 31)] >> UInt32(min(name.byteCount, 31)) & 1 == 1 {
      let exact = lookup(name)
      if exact.group != .none || !searchesEnd { return exact }
      return meaningOfEnd(name)
    }
    return .none
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
    var text = InlineArray<32, UInt8>(repeating: 0)
    var start = text.count
    var index = name.byteCount
    while index > 0, start > 0 {
      index &-= 1
      let byte = name[index].lowercasedASCII
      if KeyNames.isSeparator(byte) || start == text.count && !byte.isASCIILetter { continue }
      start &-= 1
      text[start] = byte
    }
    let end = unsafe text.span.bytes.extracting(droppingFirst: start)
    let group: KeyMeaning.Group =
      if end.hasSuffix("imei") {
        .imei
      } else if end.hasSuffix("imeisv") {
        .imeisv
      } else if end.hasSuffix("imsi") {
        .imsi
      } else if end.hasSuffix("iccid") {
        .iccid
      } else if end.hasSuffix("bssid") {
        .bssid
      } else if end.hasSuffix("macaddress") || end.hasSuffix("macaddr") {
        .mac
      } else if end.hasSuffix("androidid") {
        .androidID
      } else if end.hasSuffix("serialnumber") || end.hasSuffix("serialno") {
        .serial
      } else {
        .none
      }
    return KeyMeaning(group: group, isStrong: group != .none)
  }

  /// FNV-1a over what is compared, and how many bytes that is. Never 0.
  private static func hash(_ name: RawSpan) -> (hash: UInt64, count: Int) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var count = 0
    for index in name.byteOffsets {
      let byte = name[index].lowercasedASCII
      if isSeparator(byte) { continue }
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      count &+= 1
    }
    return (hash | 1, count)
  }

  /// Also the brackets of `imei[]`.
  private static func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x5F, 0x2D, 0x2E, 0x20, 0x5B, 0x5D: true
    default: false
    }
  }
}

extension RawSpan {
  func hasSuffix(_ text: StaticString) -> Bool {
    hasBytes(text, at: byteCount &- text.utf8CodeUnitCount)
  }
}
