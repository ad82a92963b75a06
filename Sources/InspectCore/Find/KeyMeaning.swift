/// What the name beside a value promises that the value is.
struct KeyMeaning: Equatable {
  enum Group: UInt8 {
    case none
    /// Something else: order numbers, times, versions, sessions. Digits under such a name are not
    /// taken for an identifier by their structure alone.
    case other
    case imei, imeisv, meid, imsi, iccid
    /// Any identifier of the device.
    case device
    case androidID, advertisingID, mac, bssid, ssid
    case cellID
    /// Network, area and cell in one value.
    case cellGlobalID
    /// What stands beside a cell id: the area, the network.
    case cellArea
    /// What stands beside a hardware address of a scan: how strong its signal is.
    case signal
    case latitude, longitude, location, geohash
    case serial, phone, email, password, authorization
    case nationalDenmark, nationalNorway, nationalSweden, nationalFinland
    /// Any country's.
    case nationalID
    case card, iban
  }

  /// How a sender hid the value that the name promises.
  enum Digest: UInt8 {
    case none, md5, sha1, sha256
    /// The name says only that it is hashed.
    case some

    /// What a path says of it.
    var label: StaticString {
      switch self {
      case .none: ""
      case .md5: "md5"
      case .sha1: "sha1"
      case .sha256: "sha256"
      case .some: "hash"
      }
    }
  }

  var group: Group
  /// Whether the name means nothing else. A weak one (`sn`, `cid`) needs more evidence.
  var isStrong: Bool
  var digest = Digest.none

  static var none: Self { Self(group: .none, isStrong: false) }

  /// What the name promises as the segment of a path before `segment`: `/phone/12345678` is a thing of
  /// a shop, and `/serial/12345678` an entry, unless the value says more.
  func inPath(of segment: RawSpan) -> KeyMeaning {
    switch group {
    case .serial: return KeyMeaning(group: group, isStrong: false, digest: digest)
    case .phone where !isStrong && !PhoneNumber.isLong(segment): return .none
    default: return self
    }
  }

  /// Whether the value says something only together with another.
  var isHalf: Bool {
    switch group {
    case .latitude, .longitude, .cellArea: true
    case .cellID: !isStrong
    default: false
    }
  }

  /// Whether only the value can tell that it is something.
  var promisesNothing: Bool { group == .none || group == .other }

  /// Whether the name says what the value is, and not that it is a text.
  var isDecisive: Bool { isStrong && group != .other }

  /// Whether the name leaves open what the value is.
  var isOpen: Bool { group == .none || group == .device }
}
