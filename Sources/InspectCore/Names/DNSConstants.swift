/// The type of a record or question (IANA, "Domain Name System (DNS) Parameters").
public enum DNSType: Equatable, Sendable {
  case a, ns, md, mf, cname, soa, mb, mg, mr, null, wks, ptr, hinfo, minfo, mx, txt, rp, afsdb
  case sig, key, aaaa, loc, srv, naptr, kx, cert, dname, opt, apl, ds, sshfp, ipseckey, rrsig
  case nsec, dnskey, dhcid, nsec3, nsec3param, tlsa, smimea, hip, cds, cdnskey, openpgpkey, csync
  case zonemd, svcb, https, spf, tkey, tsig, ixfr, axfr, mailb, maila, any, uri, caa
  case unknown(UInt16)

  public init(rawValue: UInt16) {
    switch rawValue {
    case 1: self = .a
    case 2: self = .ns
    case 3: self = .md
    case 4: self = .mf
    case 5: self = .cname
    case 6: self = .soa
    case 7: self = .mb
    case 8: self = .mg
    case 9: self = .mr
    case 10: self = .null
    case 11: self = .wks
    case 12: self = .ptr
    case 13: self = .hinfo
    case 14: self = .minfo
    case 15: self = .mx
    case 16: self = .txt
    case 17: self = .rp
    case 18: self = .afsdb
    case 24: self = .sig
    case 25: self = .key
    case 28: self = .aaaa
    case 29: self = .loc
    case 33: self = .srv
    case 35: self = .naptr
    case 36: self = .kx
    case 37: self = .cert
    case 39: self = .dname
    case 41: self = .opt
    case 42: self = .apl
    case 43: self = .ds
    case 44: self = .sshfp
    case 45: self = .ipseckey
    case 46: self = .rrsig
    case 47: self = .nsec
    case 48: self = .dnskey
    case 49: self = .dhcid
    case 50: self = .nsec3
    case 51: self = .nsec3param
    case 52: self = .tlsa
    case 53: self = .smimea
    case 55: self = .hip
    case 59: self = .cds
    case 60: self = .cdnskey
    case 61: self = .openpgpkey
    case 62: self = .csync
    case 63: self = .zonemd
    case 64: self = .svcb
    case 65: self = .https
    case 99: self = .spf
    case 249: self = .tkey
    case 250: self = .tsig
    case 251: self = .ixfr
    case 252: self = .axfr
    case 253: self = .mailb
    case 254: self = .maila
    case 255: self = .any
    case 256: self = .uri
    case 257: self = .caa
    default: self = .unknown(rawValue)
    }
  }

  public var rawValue: UInt16 {
    switch self {
    case .a: 1
    case .ns: 2
    case .md: 3
    case .mf: 4
    case .cname: 5
    case .soa: 6
    case .mb: 7
    case .mg: 8
    case .mr: 9
    case .null: 10
    case .wks: 11
    case .ptr: 12
    case .hinfo: 13
    case .minfo: 14
    case .mx: 15
    case .txt: 16
    case .rp: 17
    case .afsdb: 18
    case .sig: 24
    case .key: 25
    case .aaaa: 28
    case .loc: 29
    case .srv: 33
    case .naptr: 35
    case .kx: 36
    case .cert: 37
    case .dname: 39
    case .opt: 41
    case .apl: 42
    case .ds: 43
    case .sshfp: 44
    case .ipseckey: 45
    case .rrsig: 46
    case .nsec: 47
    case .dnskey: 48
    case .dhcid: 49
    case .nsec3: 50
    case .nsec3param: 51
    case .tlsa: 52
    case .smimea: 53
    case .hip: 55
    case .cds: 59
    case .cdnskey: 60
    case .openpgpkey: 61
    case .csync: 62
    case .zonemd: 63
    case .svcb: 64
    case .https: 65
    case .spf: 99
    case .tkey: 249
    case .tsig: 250
    case .ixfr: 251
    case .axfr: 252
    case .mailb: 253
    case .maila: 254
    case .any: 255
    case .uri: 256
    case .caa: 257
    case .unknown(let number): number
    }
  }

  /// The registered name; nil when there is none.
  public var name: StaticString? {
    switch self {
    case .a: "A"
    case .ns: "NS"
    case .md: "MD"
    case .mf: "MF"
    case .cname: "CNAME"
    case .soa: "SOA"
    case .mb: "MB"
    case .mg: "MG"
    case .mr: "MR"
    case .null: "NULL"
    case .wks: "WKS"
    case .ptr: "PTR"
    case .hinfo: "HINFO"
    case .minfo: "MINFO"
    case .mx: "MX"
    case .txt: "TXT"
    case .rp: "RP"
    case .afsdb: "AFSDB"
    case .sig: "SIG"
    case .key: "KEY"
    case .aaaa: "AAAA"
    case .loc: "LOC"
    case .srv: "SRV"
    case .naptr: "NAPTR"
    case .kx: "KX"
    case .cert: "CERT"
    case .dname: "DNAME"
    case .opt: "OPT"
    case .apl: "APL"
    case .ds: "DS"
    case .sshfp: "SSHFP"
    case .ipseckey: "IPSECKEY"
    case .rrsig: "RRSIG"
    case .nsec: "NSEC"
    case .dnskey: "DNSKEY"
    case .dhcid: "DHCID"
    case .nsec3: "NSEC3"
    case .nsec3param: "NSEC3PARAM"
    case .tlsa: "TLSA"
    case .smimea: "SMIMEA"
    case .hip: "HIP"
    case .cds: "CDS"
    case .cdnskey: "CDNSKEY"
    case .openpgpkey: "OPENPGPKEY"
    case .csync: "CSYNC"
    case .zonemd: "ZONEMD"
    case .svcb: "SVCB"
    case .https: "HTTPS"
    case .spf: "SPF"
    case .tkey: "TKEY"
    case .tsig: "TSIG"
    case .ixfr: "IXFR"
    case .axfr: "AXFR"
    case .mailb: "MAILB"
    case .maila: "MAILA"
    case .any: "ANY"
    case .uri: "URI"
    case .caa: "CAA"
    case .unknown: nil
    }
  }

  /// Appends the name, or the number of a type without a name.
  public func append(to buffer: inout ByteBuffer) {
    if let name { buffer.append(name) } else { buffer.append(decimal: UInt64(rawValue)) }
  }
}

/// What became of a question: RCODE, with EDNS twelve bits long (IANA, "DNS RCODEs").
public enum DNSResponseCode: Equatable, Sendable {
  case noError, formatError, serverFailure, nameError, notImplemented, refused
  case nameExists, recordSetExists, noRecordSet, notAuthoritative, notZone, stateful
  case badVersion, badKey, badTime, badMode, badName, badAlgorithm, badTruncation, badCookie
  case unknown(UInt16)

  public init(rawValue: UInt16) {
    switch rawValue {
    case 0: self = .noError
    case 1: self = .formatError
    case 2: self = .serverFailure
    case 3: self = .nameError
    case 4: self = .notImplemented
    case 5: self = .refused
    case 6: self = .nameExists
    case 7: self = .recordSetExists
    case 8: self = .noRecordSet
    case 9: self = .notAuthoritative
    case 10: self = .notZone
    case 11: self = .stateful
    case 16: self = .badVersion
    case 17: self = .badKey
    case 18: self = .badTime
    case 19: self = .badMode
    case 20: self = .badName
    case 21: self = .badAlgorithm
    case 22: self = .badTruncation
    case 23: self = .badCookie
    default: self = .unknown(rawValue)
    }
  }

  public var rawValue: UInt16 {
    switch self {
    case .noError: 0
    case .formatError: 1
    case .serverFailure: 2
    case .nameError: 3
    case .notImplemented: 4
    case .refused: 5
    case .nameExists: 6
    case .recordSetExists: 7
    case .noRecordSet: 8
    case .notAuthoritative: 9
    case .notZone: 10
    case .stateful: 11
    case .badVersion: 16
    case .badKey: 17
    case .badTime: 18
    case .badMode: 19
    case .badName: 20
    case .badAlgorithm: 21
    case .badTruncation: 22
    case .badCookie: 23
    case .unknown(let number): number
    }
  }

  /// The registered name; nil when there is none.
  public var name: StaticString? {
    switch self {
    case .noError: "NOERROR"
    case .formatError: "FORMERR"
    case .serverFailure: "SERVFAIL"
    case .nameError: "NXDOMAIN"
    case .notImplemented: "NOTIMP"
    case .refused: "REFUSED"
    case .nameExists: "YXDOMAIN"
    case .recordSetExists: "YXRRSET"
    case .noRecordSet: "NXRRSET"
    case .notAuthoritative: "NOTAUTH"
    case .notZone: "NOTZONE"
    case .stateful: "DSOTYPENI"
    case .badVersion: "BADVERS"
    case .badKey: "BADKEY"
    case .badTime: "BADTIME"
    case .badMode: "BADMODE"
    case .badName: "BADNAME"
    case .badAlgorithm: "BADALG"
    case .badTruncation: "BADTRUNC"
    case .badCookie: "BADCOOKIE"
    case .unknown: nil
    }
  }

  /// Appends the name, or the number of a code without a name.
  public func append(to buffer: inout ByteBuffer) {
    if let name { buffer.append(name) } else { buffer.append(decimal: UInt64(rawValue)) }
  }
}

/// What a message asks for (IANA, "DNS OpCodes").
public enum DNSOpcode: Equatable, Sendable {
  case query, inverseQuery, status, notify, update, statefulOperations
  case unknown(UInt8)

  public init(rawValue: UInt8) {
    switch rawValue {
    case 0: self = .query
    case 1: self = .inverseQuery
    case 2: self = .status
    case 4: self = .notify
    case 5: self = .update
    case 6: self = .statefulOperations
    default: self = .unknown(rawValue)
    }
  }

  public var rawValue: UInt8 {
    switch self {
    case .query: 0
    case .inverseQuery: 1
    case .status: 2
    case .notify: 4
    case .update: 5
    case .statefulOperations: 6
    case .unknown(let number): number
    }
  }

  /// The registered name; nil when there is none.
  public var name: StaticString? {
    switch self {
    case .query: "QUERY"
    case .inverseQuery: "IQUERY"
    case .status: "STATUS"
    case .notify: "NOTIFY"
    case .update: "UPDATE"
    case .statefulOperations: "DSO"
    case .unknown: nil
    }
  }
}

/// The class of a record or question (IANA, "DNS CLASSes").
public enum DNSClass: Equatable, Sendable {
  case internet, chaos, hesiod, none, any
  case unknown(UInt16)

  public init(rawValue: UInt16) {
    switch rawValue {
    case 1: self = .internet
    case 3: self = .chaos
    case 4: self = .hesiod
    case 254: self = .none
    case 255: self = .any
    default: self = .unknown(rawValue)
    }
  }

  public var rawValue: UInt16 {
    switch self {
    case .internet: 1
    case .chaos: 3
    case .hesiod: 4
    case .none: 254
    case .any: 255
    case .unknown(let number): number
    }
  }

  var isKnown: Bool {
    if case .unknown = self { return false }
    return true
  }
}
