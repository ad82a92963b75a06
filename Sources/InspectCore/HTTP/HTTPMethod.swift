/// A request method (RFC 9110 §9 and the IANA registry), with the ones of WebDAV (RFC 4918, 3253,
/// 3648, 3744, 4437, 4791, 5323, 5842), UPnP, and those common in captures.
///
/// The most frequent come first: the search for a name goes in this order.
public enum HTTPMethod: UInt8, Sendable {
  /// None of the below; its name is in the request.
  case unknown
  case get, post, head, put, options, connect, delete, patch, trace
  case notify, mSearch, subscribe, unsubscribe
  case propfind, proppatch, mkcol, copy, move, lock, unlock, search, report
  case versionControl, checkout, checkin, uncheckout, mkworkspace, update, label, merge
  case baselineControl, mkactivity, orderpatch, acl, bind, rebind, unbind
  case mkredirectref, updateredirectref, mkcalendar, link, unlink, query
  case bcopy, bdelete, bmove, bpropfind, bproppatch, poll, bitsPost, ccmPost
  case rpcInData, rpcOutData, sstpDuplexPost, purge, track, debug, source

  /// The method of that name, which is case-sensitive.
  public init(_ name: RawSpan) {
    self = .unknown
    if name.hasBytes("GET"), name.byteCount == 3 {
      self = .get
      return
    }
    for method in HTTPMethod.all
    where method.name.utf8CodeUnitCount == name.byteCount && name.hasBytes(method.name) {
      self = method
      return
    }
  }

  /// The name on the wire; empty for `unknown`.
  public var name: StaticString {
    switch self {
    case .unknown: ""
    case .get: "GET"
    case .post: "POST"
    case .head: "HEAD"
    case .put: "PUT"
    case .options: "OPTIONS"
    case .connect: "CONNECT"
    case .delete: "DELETE"
    case .patch: "PATCH"
    case .trace: "TRACE"
    case .notify: "NOTIFY"
    case .mSearch: "M-SEARCH"
    case .subscribe: "SUBSCRIBE"
    case .unsubscribe: "UNSUBSCRIBE"
    case .propfind: "PROPFIND"
    case .proppatch: "PROPPATCH"
    case .mkcol: "MKCOL"
    case .copy: "COPY"
    case .move: "MOVE"
    case .lock: "LOCK"
    case .unlock: "UNLOCK"
    case .search: "SEARCH"
    case .report: "REPORT"
    case .versionControl: "VERSION-CONTROL"
    case .checkout: "CHECKOUT"
    case .checkin: "CHECKIN"
    case .uncheckout: "UNCHECKOUT"
    case .mkworkspace: "MKWORKSPACE"
    case .update: "UPDATE"
    case .label: "LABEL"
    case .merge: "MERGE"
    case .baselineControl: "BASELINE-CONTROL"
    case .mkactivity: "MKACTIVITY"
    case .orderpatch: "ORDERPATCH"
    case .acl: "ACL"
    case .bind: "BIND"
    case .rebind: "REBIND"
    case .unbind: "UNBIND"
    case .mkredirectref: "MKREDIRECTREF"
    case .updateredirectref: "UPDATEREDIRECTREF"
    case .mkcalendar: "MKCALENDAR"
    case .link: "LINK"
    case .unlink: "UNLINK"
    case .query: "QUERY"
    case .bcopy: "BCOPY"
    case .bdelete: "BDELETE"
    case .bmove: "BMOVE"
    case .bpropfind: "BPROPFIND"
    case .bproppatch: "BPROPPATCH"
    case .poll: "POLL"
    case .bitsPost: "BITS_POST"
    case .ccmPost: "CCM_POST"
    case .rpcInData: "RPC_IN_DATA"
    case .rpcOutData: "RPC_OUT_DATA"
    case .sstpDuplexPost: "SSTP_DUPLEX_POST"
    case .purge: "PURGE"
    case .track: "TRACK"
    case .debug: "DEBUG"
    case .source: "SOURCE"
    }
  }

  /// The known methods in their order, without an array.
  static var all: All { All() }

  struct All: Sequence, IteratorProtocol {
    private var rawValue: UInt8 = 0

    mutating func next() -> HTTPMethod? {
      rawValue &+= 1
      return HTTPMethod(rawValue: rawValue)
    }
  }

  enum PrefixMatch {
    case no, needMore
    case yes(HTTPMethod)
  }

  /// The letters that methods begin with, A in bit 0: most of what is not HTTP is told by one byte.
  static var initials: UInt32 { 0b00_0011_1111_1111_1000_1100_1111 }

  /// Whether `bytes` begin with a known method and a space.
  static func match(_ bytes: RawSpan) -> PrefixMatch {
    guard !bytes.isEmpty else { return .needMore }
    let letter = bytes[0] &- UInt8(ascii: "A")
    guard letter < 26, initials >> UInt32(letter) & 1 != 0 else { return .no }
    var isPrefix = false
    for method in all {
      let name = method.name
      let count = name.utf8CodeUnitCount
      if bytes.byteCount > count {
        if bytes[count] == UInt8(ascii: " "), bytes.hasBytes(name) { return .yes(method) }
      } else if !isPrefix {
        isPrefix = bytes.isPrefix(of: name)
      }
    }
    return isPrefix ? .needMore : .no
  }

  /// The longest known method that `bytes` end with: what was before it belongs to something else.
  static func longestSuffix(of bytes: RawSpan) -> HTTPMethod? {
    var longest: HTTPMethod?
    for method in all {
      let count = method.name.utf8CodeUnitCount
      guard bytes.hasBytes(method.name, at: bytes.byteCount - count) else { continue }
      if count > longest?.name.utf8CodeUnitCount ?? 0 { longest = method }
    }
    return longest
  }
}

extension RawSpan {
  /// Whether `text` begins with these bytes.
  func isPrefix(of text: StaticString) -> Bool {
    guard byteCount <= text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { buffer in
      for index in byteOffsets where unsafe buffer[index] != self[index] { return false }
      return true
    }
  }
}
