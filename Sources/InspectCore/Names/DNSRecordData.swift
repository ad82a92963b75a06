/// What a record says, as its type defines it.
public enum DNSRecordData: ~Escapable {
  /// A (RFC 1035 §3.4.1), AAAA (RFC 3596 §2.2).
  case address(IPAddress)
  /// NS, CNAME, PTR, DNAME, MB, MD, MF, MG, MR: a name and nothing else.
  case name(DNSName)
  /// MX (RFC 1035 §3.3.9).
  case mailExchange(preference: UInt16, exchange: DNSName)
  /// TXT, SPF: character-strings (RFC 1035 §3.3.14).
  case text(ShortStrings)
  /// SRV (RFC 2782).
  case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
  case startOfAuthority(DNSStartOfAuthority)
  /// SVCB, HTTPS.
  case serviceBinding(DNSServiceBinding)
  /// CAA (RFC 8659 §4.1).
  case certificationAuthority(flags: UInt8, tag: RawSpan, value: RawSpan)
  case options(DNSOptions)
  /// A type of which only the bytes are shown.
  case other(RawSpan)
  /// The bytes are not what the type asks for.
  case malformed(RawSpan)

  @_lifetime(copy record)
  init(_ record: DNSRecord) {
    if let data = DNSRecordData(parsing: record) {
      self = data
    } else {
      self = .malformed(record.rawData)
    }
  }

  @_lifetime(copy record)
  private init?(parsing record: DNSRecord) {
    let raw = record.rawData
    switch record.type {
    case .a where record.recordClass == .internet:
      guard raw.byteCount == 4 else { return nil }
      self = .address(IPAddress(ipv4: raw.load(0)))
    case .aaaa:
      guard raw.byteCount == 16 else { return nil }
      self = .address(IPAddress(high: raw.load(0), low: raw.load(8)))
    case .ns, .cname, .ptr, .dname, .mb, .md, .mf, .mg, .mr:
      guard let name = record.name(at: 0) else { return nil }
      self = .name(name)
    case .mx:
      guard let exchange = record.name(at: 2) else { return nil }
      self = .mailExchange(preference: raw.load(0), exchange: exchange)
    case .txt, .spf:
      guard let text = ShortStrings(raw) else { return nil }
      self = .text(text)
    case .srv:
      guard let target = record.name(at: 6) else { return nil }
      self = .service(
        priority: raw.load(0), weight: raw.load(2), port: raw.load(4), target: target)
    case .soa:
      guard let authority = DNSStartOfAuthority(record) else { return nil }
      self = .startOfAuthority(authority)
    case .svcb, .https:
      guard let binding = DNSServiceBinding(record) else { return nil }
      self = .serviceBinding(binding)
    case .caa:
      guard raw.byteCount >= 2, raw.byteCount >= 2 + Int(raw[1]) else { return nil }
      let valueOffset = 2 + Int(raw[1])
      self = .certificationAuthority(
        flags: raw[0], tag: raw.extracting(2..<valueOffset),
        value: raw.extracting(droppingFirst: valueOffset))
    case .opt:
      self = .options(DNSOptions(record))
    default:
      self = .other(raw)
    }
  }

  /// Appends the data as text on one line, as EVE's `rdata` has it: an address, a name (of MX the
  /// exchange alone), of TXT all strings one behind the other, of SRV, SOA, SVCB, HTTPS and CAA what a
  /// zone file has, of all others hexadecimal digits.
  public func append(to buffer: inout ByteBuffer) {
    switch self {
    case .address(let address):
      buffer.append(address)
    case .name(let name), .mailExchange(_, let name):
      name.append(to: &buffer)
    case .text(var text):
      while let string = text.next() { buffer.append(string) }
    case .service(let priority, let weight, let port, let target):
      buffer.append(decimal: UInt64(priority))
      buffer.append(spaceAndDecimal: UInt64(weight))
      buffer.append(spaceAndDecimal: UInt64(port))
      buffer.append(UInt8(ascii: " "))
      target.append(to: &buffer)
    case .startOfAuthority(let authority):
      authority.append(to: &buffer)
    case .serviceBinding(let binding):
      binding.append(to: &buffer)
    case .certificationAuthority(let flags, let tag, let value):
      buffer.append(decimal: UInt64(flags))
      buffer.append(UInt8(ascii: " "))
      buffer.append(tag)
      buffer.append(" \"")
      buffer.append(value)
      buffer.append(UInt8(ascii: "\""))
    case .options(let options):
      buffer.append(hex: options.data)
    case .other(let bytes), .malformed(let bytes):
      buffer.append(hex: bytes)
    }
  }
}

extension DNSRecord {
  /// The name at `offset` of RDATA, if there is one and it ends inside.
  @_lifetime(copy self)
  fileprivate func name(at offset: Int) -> DNSName? {
    guard let name = try? DNSName(message, at: dataOffset + offset), name.endOffset <= endOffset
    else { return nil }
    return name
  }
}

/// SOA (RFC 1035 §3.3.13). Times are in seconds.
public struct DNSStartOfAuthority: ~Escapable {
  public let primaryName: DNSName
  public let responsibleName: DNSName
  private let numbers: RawSpan

  @_lifetime(copy record)
  fileprivate init?(_ record: DNSRecord) {
    guard let primary = record.name(at: 0),
      let responsible = record.name(at: primary.endOffset - record.dataOffset),
      record.endOffset - responsible.endOffset >= 20
    else { return nil }
    primaryName = primary
    responsibleName = responsible
    numbers = record.message.extracting(responsible.endOffset..<record.endOffset)
  }

  public var serial: UInt32 { numbers.load(0) }
  public var refresh: UInt32 { numbers.load(4) }
  public var retry: UInt32 { numbers.load(8) }
  public var expire: UInt32 { numbers.load(12) }
  public var minimum: UInt32 { numbers.load(16) }

  func append(to buffer: inout ByteBuffer) {
    primaryName.append(to: &buffer)
    buffer.append(UInt8(ascii: " "))
    responsibleName.append(to: &buffer)
    for offset in stride(from: 0, to: 20, by: 4) {
      buffer.append(spaceAndDecimal: UInt64(numbers.load(offset, as: UInt32.self)))
    }
  }
}

/// SVCB and HTTPS (RFC 9460 §2.2).
public struct DNSServiceBinding: ~Escapable {
  /// Keys of parameters (RFC 9460 §14.3.2).
  public enum Key {
    public static let alpn: UInt16 = 1, port: UInt16 = 3, ipv4Hint: UInt16 = 4
    public static let encryptedClientHello: UInt16 = 5, ipv6Hint: UInt16 = 6
  }

  /// 0 is the alias form.
  public let priority: UInt16
  /// The root stands for the owner of the record.
  public let target: DNSName
  private let parameterBytes: RawSpan

  @_lifetime(copy record)
  fileprivate init?(_ record: DNSRecord) {
    guard let target = record.name(at: 2) else { return nil }
    priority = record.message.load(record.dataOffset)
    self.target = target
    parameterBytes = record.message.extracting(target.endOffset..<record.endOffset)
    var parameters = Parameters(parameterBytes)
    while parameters.next() != nil {}
    guard parameters.isAtEnd else { return nil }
  }

  public struct Parameter: ~Escapable {
    public let key: UInt16
    public let value: RawSpan

    @_lifetime(copy value)
    fileprivate init(key: UInt16, value: RawSpan) {
      self.key = key
      self.value = value
    }
  }

  public struct Parameters: ~Escapable {
    private var rest: RawSpan

    @_lifetime(copy bytes)
    fileprivate init(_ bytes: RawSpan) { rest = bytes }

    fileprivate var isAtEnd: Bool { rest.isEmpty }

    @_lifetime(copy self)
    public mutating func next() -> Parameter? {
      guard rest.byteCount >= 4 else { return nil }
      let end = 4 + Int(rest.load(2, as: UInt16.self))
      guard end <= rest.byteCount else { return nil }
      let parameter = Parameter(key: rest.load(0), value: rest.extracting(4..<end))
      rest = rest.extracting(droppingFirst: end)
      return parameter
    }
  }

  public var parameters: Parameters {
    @_lifetime(copy self) get { Parameters(parameterBytes) }
  }

  /// The value of the first parameter with this key.
  @_lifetime(copy self)
  public func value(_ key: UInt16) -> RawSpan? {
    var parameters = parameters
    while let parameter = parameters.next() {
      if parameter.key == key { return parameter.value }
    }
    return nil
  }

  /// The protocols that the service speaks (RFC 7301 §6).
  public var alpn: ShortStrings? {
    @_lifetime(copy self) get {
      guard let value = value(Key.alpn) else { return nil }
      return ShortStrings(value)
    }
  }

  public var hasEncryptedClientHello: Bool { value(Key.encryptedClientHello) != nil }

  /// Calls `body` with each address of the hints.
  public func forEachHint(_ body: (IPAddress) -> Void) {
    if let value = value(Key.ipv4Hint) {
      for offset in stride(from: 0, through: value.byteCount - 4, by: 4) {
        body(IPAddress(ipv4: value.load(offset)))
      }
    }
    if let value = value(Key.ipv6Hint) {
      for offset in stride(from: 0, through: value.byteCount - 16, by: 16) {
        body(IPAddress(high: value.load(offset), low: value.load(offset + 8)))
      }
    }
  }

  func append(to buffer: inout ByteBuffer) {
    buffer.append(decimal: UInt64(priority))
    buffer.append(UInt8(ascii: " "))
    if target.isRoot { buffer.append(UInt8(ascii: ".")) } else { target.append(to: &buffer) }
    var parameters = parameters
    while let parameter = parameters.next() {
      buffer.append(UInt8(ascii: " "))
      append(parameter, to: &buffer)
    }
  }

  private func append(_ parameter: Parameter, to buffer: inout ByteBuffer) {
    let value = parameter.value
    var separator = UInt8(ascii: "=")
    switch parameter.key {
    case Key.alpn:
      buffer.append("alpn")
      guard var protocols = ShortStrings(value) else { return }
      while let name = protocols.next() {
        buffer.append(separator)
        buffer.append(name)
        separator = UInt8(ascii: ",")
      }
    case Key.port where value.byteCount == 2:
      buffer.append("port=")
      buffer.append(decimal: UInt64(value.load(0, as: UInt16.self)))
    case Key.ipv4Hint:
      buffer.append("ipv4hint")
      for offset in stride(from: 0, through: value.byteCount - 4, by: 4) {
        buffer.append(separator)
        buffer.append(IPAddress(ipv4: value.load(offset)))
        separator = UInt8(ascii: ",")
      }
    case Key.ipv6Hint:
      buffer.append("ipv6hint")
      for offset in stride(from: 0, through: value.byteCount - 16, by: 16) {
        buffer.append(separator)
        buffer.append(IPAddress(high: value.load(offset), low: value.load(offset + 8)))
        separator = UInt8(ascii: ",")
      }
    case Key.encryptedClientHello:
      buffer.append("ech")
    default:
      buffer.append("key")
      buffer.append(decimal: UInt64(parameter.key))
    }
  }
}

/// The pseudo record of EDNS (RFC 6891 §6.1.2).
public struct DNSOptions: ~Escapable {
  /// The largest UDP payload that the sender takes, in bytes.
  public let payloadByteCount: UInt16
  private let bits: UInt32
  public let data: RawSpan

  @_lifetime(copy record)
  init(_ record: DNSRecord) {
    payloadByteCount = record.classBits
    bits = record.timeToLive
    data = record.rawData
  }

  /// The upper eight of the twelve bits of the response code.
  public var upperResponseCode: UInt8 { UInt8(bits >> 24) }
  public var version: UInt8 { UInt8(bits >> 16 & 0xff) }
  /// DNSSEC records are wanted (RFC 3225 §3).
  public var isDNSSECOK: Bool { bits & 0x8000 != 0 }

  /// The value of the first option with this code (IANA, "DNS EDNS0 Option Codes"), if it is whole.
  @_lifetime(copy self)
  public func value(_ code: UInt16) -> RawSpan? {
    var rest = data
    while rest.byteCount >= 4 {
      let end = 4 + Int(rest.load(2, as: UInt16.self))
      guard end <= rest.byteCount else { return nil }
      if rest.load(0, as: UInt16.self) == code { return rest.extracting(4..<end) }
      rest = rest.extracting(droppingFirst: end)
    }
    return nil
  }
}
