import CMaxMindDB
import Glibc
import InspectCore

/// What one database says of one address; what it does not know is nil.
public struct GeoRecord: Equatable, Sendable {
  /// Where the network is believed to be used.
  public var country: CountryCode?
  /// Where its block is registered.
  public var registeredCountry: CountryCode?
  /// Whom it stands for, elsewhere (a military base, an embassy).
  public var representedCountry: CountryCode?
  /// The autonomous system that announces it.
  public var asn: UInt32?
  public var organization: String?
  /// One address, many places: the country is the owner's, if anything.
  public var isAnycast = false
  /// How many leading bits of the address the answer holds for: 0...32 for IPv4, 0...128 for IPv6.
  public var prefixLength = 0

  public init() {}
}

/// One MaxMind DB file, opened and searched by libmaxminddb.
///
/// It is mapped, not read: replace it by renaming a new file over it, as `geo build` does. Look-ups
/// change nothing, so that threads may share it.
public final class GeoDatabase: @unchecked Sendable {
  public let path: String
  /// As the file says, for example `GeoLite2-Country`, `ipinfo country_asn.mmdb`.
  public let databaseType: String
  /// When it was made, in seconds since 1970-01-01 UTC.
  public let buildEpoch: UInt64
  /// The English description, or the first there is; may be empty.
  public let description: String

  private let handle: UnsafeMutablePointer<MMDB_s>

  /// Opens the file at `path` and checks all that a look-up relies on.
  public init(path: String) throws(GeoError) {
    let (tail, fileByteCount) = try GeoFile.tail(of: path, MMDBMetadata.maximumByteCount)
    let metadata = try GeoDatabase.metadata(tail.span.bytes, fileByteCount, path)
    self.path = path
    databaseType = metadata.databaseType
    buildEpoch = metadata.buildEpoch
    description = metadata.description
    let opened = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
    let status = MMDB_open(path, UInt32(MMDB_MODE_MMAP), opened)
    guard status == MMDB_SUCCESS else {
      opened.deallocate()
      throw .damaged(file: path, reason: String(cString: MMDB_strerror(status)))
    }
    // Last: a throw after the last property is set would run `deinit`.
    handle = opened
  }

  deinit {
    MMDB_close(handle)
    handle.deallocate()
  }

  /// What its licence wants to be said where its data is shown; nil when we know of nothing.
  public var attribution: String? {
    let type = databaseType.lowercased()
    if type.hasPrefix("geolite2") {
      return "This product includes GeoLite2 data created by MaxMind, https://www.maxmind.com"
    }
    if type.hasPrefix("dbip") { return "IP geolocation by DB-IP, https://db-ip.com" }
    if type.hasPrefix("ipinfo") { return "IP address data powered by IPinfo, https://ipinfo.io" }
    if type.hasPrefix("inspectd") { return description }
    return nil
  }

  /// How old the data is at `moment`, in whole days; negative when it was made later.
  public func ageInDays(at moment: Timestamp) -> Int {
    (Int(moment.nanoseconds / 1_000_000_000) - Int(buildEpoch)) / 86_400
  }

  /// What it knows of `address`: nil when nothing. A damaged record is as good as none.
  public func lookup(_ address: IPAddress) -> GeoRecord? {
    let found = search(address)
    guard found.found_entry else { return nil }
    let section = UnsafeRawBufferPointer(
      start: handle.pointee.data_section, count: Int(handle.pointee.data_section_size))
    var record = GeoRecord()
    var decoder = MMDBDecoder(section.bytes)
    record.read(Int(found.entry.offset), &decoder)
    guard record != GeoRecord() else { return nil }
    // libmaxminddb counts in the tree's 128 bits, also for IPv4, unless the file is IPv4 only.
    let isNarrow = address.isIPv4 && handle.pointee.metadata.ip_version == 6
    record.prefixLength = max(0, Int(found.netmask) - (isNarrow ? 96 : 0))
    return record
  }

  private func search(_ address: IPAddress) -> MMDB_lookup_result_s {
    var status: Int32 = MMDB_SUCCESS
    if address.isIPv4 {
      var socketAddress = sockaddr_in()
      socketAddress.sin_family = sa_family_t(AF_INET)
      socketAddress.sin_addr.s_addr = address.ipv4.bigEndian
      return withUnsafePointer(to: &socketAddress) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          MMDB_lookup_sockaddr(handle, $0, &status)
        }
      }
    }
    var socketAddress = sockaddr_in6()
    socketAddress.sin6_family = sa_family_t(AF_INET6)
    withUnsafeMutableBytes(of: &socketAddress.sin6_addr) {
      $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
      $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return withUnsafePointer(to: &socketAddress) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        MMDB_lookup_sockaddr(handle, $0, &status)
      }
    }
  }

  /// libmaxminddb takes the sizes in the metadata at their word, and multiplies them in 32 bits.
  private static func metadata(
    _ tail: RawSpan, _ fileByteCount: Int, _ path: String
  ) throws(GeoError) -> MMDBMetadata {
    guard let start = MMDBMetadata.start(in: tail) else {
      throw .notADatabase(file: path, reason: "no MaxMind DB metadata at its end")
    }
    guard let metadata = MMDBMetadata(tail.extracting(droppingFirst: start)),
      let nodeCount = metadata.nodeCount, let recordSize = metadata.recordSize,
      let ipVersion = metadata.ipVersion, let majorVersion = metadata.majorVersion
    else { throw .damaged(file: path, reason: "its metadata cannot be read") }
    guard majorVersion == 2 else {
      throw .notADatabase(file: path, reason: "unknown format version \(majorVersion)")
    }
    guard [24, 28, 32].contains(recordSize), ipVersion == 4 || ipVersion == 6, nodeCount > 0,
      nodeCount <= UInt64(fileByteCount), metadata.buildEpoch <= UInt64(Int64.max)
    else { throw .damaged(file: path, reason: "its metadata makes no sense") }
    let treeByteCount = Int(nodeCount) * Int(recordSize) / 4
    guard treeByteCount + 16 <= fileByteCount - (tail.byteCount - start) - 14,
      treeByteCount <= Int(UInt32.max)
    else { throw .damaged(file: path, reason: "the file is shorter than its search tree") }
    return metadata
  }
}

extension GeoRecord {
  /// The keys of GeoLite2 and DB-IP (nested), IPinfo and ip-location-db (flat).
  fileprivate mutating func read(_ offset: Int, _ decoder: inout MMDBDecoder) {
    guard let map = decoder.item(at: offset), var cursor = MMDBDecoder.Cursor(map) else { return }
    while let (key, value) = decoder.next(&cursor) {
      let name = decoder.bytes(key)
      if name.equals("country") {
        // IPinfo has the country's name here, its older files the code.
        country = country ?? GeoRecord.country(value, &decoder)
      } else if name.equals("country_code") {
        country = GeoRecord.code(value, decoder) ?? country
      } else if name.equals("registered_country") {
        registeredCountry = GeoRecord.country(value, &decoder)
      } else if name.equals("represented_country") {
        representedCountry = GeoRecord.country(value, &decoder)
      } else if name.equals("traits"), var traits = MMDBDecoder.Cursor(value) {
        while let (key, value) = decoder.next(&traits) {
          readNetwork(decoder.bytes(key), value, decoder)
        }
      } else {
        readNetwork(name, value, decoder)
      }
    }
  }

  private mutating func readNetwork(
    _ name: RawSpan, _ value: MMDBDecoder.Item, _ decoder: borrowing MMDBDecoder
  ) {
    if name.equals("autonomous_system_number") || name.equals("asn") {
      asn = GeoRecord.systemNumber(value, decoder) ?? asn
    } else if name.equals("autonomous_system_organization") || name.equals("as_name") {
      organization = decoder.string(value) ?? organization
    } else if name.equals("is_anycast"), value.kind == .boolean {
      isAnycast = value.size != 0
    }
  }

  /// `{"iso_code": "CN"}`, or the code alone.
  private static func country(
    _ value: MMDBDecoder.Item, _ decoder: inout MMDBDecoder
  ) -> CountryCode? {
    guard var cursor = MMDBDecoder.Cursor(value) else { return code(value, decoder) }
    while let (key, value) = decoder.next(&cursor) {
      if decoder.bytes(key).equals("iso_code") { return code(value, decoder) }
    }
    return nil
  }

  private static func code(
    _ value: MMDBDecoder.Item, _ decoder: borrowing MMDBDecoder
  ) -> CountryCode? {
    value.kind == .string ? CountryCode(decoder.bytes(value)) : nil
  }

  /// A number, or IPinfo's "AS4134".
  private static func systemNumber(
    _ value: MMDBDecoder.Item, _ decoder: borrowing MMDBDecoder
  ) -> UInt32? {
    if let number = decoder.unsigned(value) { return UInt32(exactly: number) }
    guard value.kind == .string else { return nil }
    let text = decoder.bytes(value)
    guard text.hasPrefixIgnoringCase("as"), text.byteCount > 2, text.byteCount <= 12 else {
      return nil
    }
    var number: UInt64 = 0
    for index in 2..<text.byteCount {
      guard text[index].isASCIIDigit else { return nil }
      number = number * 10 + UInt64(text[index] & 0x0f)
    }
    return UInt32(exactly: number)
  }
}
