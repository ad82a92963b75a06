import Crypto
import Glibc
import InspectCore

/// How identifiers are shown: masked, and with a keyed hash under which equal values are equal.
public struct IdentifierMask: Sendable {
  private let key: SymmetricKey
  /// Whether values are shown in full, because the user asked for it.
  public let reveals: Bool

  public init(key: [UInt8], reveals: Bool) {
    self.key = SymmetricKey(data: key)
    self.reveals = reveals
  }

  /// `49...18`; short values show less, and the shortest nothing.
  public func text(_ value: [UInt8]) -> [UInt8] {
    guard !reveals else { return value }
    let shown = value.count >= 10 ? 2 : value.count >= 6 ? 1 : 0
    // Whole characters only: a cut one would show as something else.
    guard value.prefix(shown).allSatisfy({ $0 < 0x80 }),
      value.suffix(shown).allSatisfy({ $0 < 0x80 })
    else { return Array("...".utf8) }
    return value.prefix(shown) + Array("...".utf8) + value.suffix(shown)
  }

  /// A path, in which names of fields stand: those that are numbers or mail addresses themselves are
  /// masked like values.
  public func path(_ path: [UInt8]) -> [UInt8] {
    guard !reveals else { return path }
    var shown: [UInt8] = []
    var start = 0
    while start < path.count {
      var end = start
      var digits = 0
      var hasAt = false
      while end < path.count, IdentifierMask.isOfName(path[end]) {
        if path[end].isASCIIDigit { digits += 1 }
        if path[end] == UInt8(ascii: "@") { hasAt = true }
        end += 1
      }
      let name = Array(path[start..<end])
      shown += digits >= 6 || hasAt ? text(name) : name
      if end < path.count { shown.append(path[end]) }
      start = end + 1
    }
    return shown
  }

  /// What ends a name in a path: spaces, `>`, `:`, `.`, brackets.
  private static func isOfName(_ byte: UInt8) -> Bool {
    byte.isASCIIDigit || byte.isASCIILetter || byte >= 0x80
      || "@_+-%*$~".utf8.contains(byte)
  }

  /// The first 16 hexadecimal digits of HMAC-SHA-256 (RFC 2104) of the value's normal form.
  public func hmac(_ normalized: [UInt8]) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: normalized, using: key)
    return Hexadecimal.text(code.prefix(8))
  }

  /// The installation's key: made at the first run, and kept where only its user reads it. Without
  /// a place to keep it, a key for this run alone, and `isKept` false.
  public static func installationKey() -> (key: [UInt8], isKept: Bool) {
    guard let folder = DataFolder.path() else { return (random(), false) }
    let path = folder + "/hmac.key"
    if let known = read(path) { return (known, true) }
    let key = random()
    guard DataFolder.make(folder) else { return (key, false) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      // Another run may have made it just now.
      return read(path).map { ($0, true) } ?? (key, false)
    }
    defer { close(descriptor) }
    let written = key.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    return (key, written == key.count)
  }

  /// The key of the tables whose keys come from senders (`SipHash13`): of an installation always the
  /// same, so that a run can be repeated to the byte, and as secret as the key of the hashes, from which
  /// it does not follow to one who sees those (RFC 5869).
  static func tableKey(from key: [UInt8]) -> (UInt64, UInt64) {
    let bytes = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: key), info: Array("inspectd hash tables".utf8),
      outputByteCount: 16
    ).withUnsafeBytes { Array($0) }
    func word(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
    return (word(bytes[..<8]), word(bytes[8...]))
  }

  private static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var key = [UInt8](repeating: 0, count: 32)
    let got = key.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    return got == 32 ? key : nil
  }

  private static func random() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }
}

/// Where the program keeps what it makes (XDG Base Directory Specification).
enum DataFolder {
  static func path() -> String? {
    func variable(_ name: String) -> String? {
      guard let value = getenv(name) else { return nil }
      let text = String(cString: value)
      return text.isEmpty ? nil : text
    }
    if let own = variable("INSPECTD_DATA") { return own }
    if let data = variable("XDG_DATA_HOME") { return data + "/inspectd" }
    return variable("HOME").map { $0 + "/.local/share/inspectd" }
  }

  /// Makes the folder and those above it.
  static func make(_ path: String) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      guard make(String(path[..<slash])) else { return false }
    }
    return mkdir(path, 0o700) == 0 || errno == EEXIST
  }
}

/// Community ID v1 (https://github.com/corelight/community-id-spec), seed 0.
enum CommunityID {
  static func text(_ context: FlowContext) -> String {
    let isICMP = context.protocolNumber == 1 || context.protocolNumber == 58
    var source = context.client
    var destination = context.server
    var isOneWay = false
    if isICMP {
      source.port = UInt16(context.icmpType)
      let version: ICMPMessage.Version = context.protocolNumber == 58 ? .six : .four
      if let counterpart = ICMPMessage.counterpart(of: context.icmpType, version) {
        destination.port = UInt16(counterpart)
      } else {
        destination.port = UInt16(context.icmpCode)
        isOneWay = true
      }
    }
    let isOrdered =
      source.address != destination.address
      ? source.address < destination.address : source.port <= destination.port
    if !isOneWay, !isOrdered { swap(&source, &destination) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(40)
    bytes += [0, 0]
    append(source.address, to: &bytes)
    append(destination.address, to: &bytes)
    bytes += [context.protocolNumber, 0]
    if isICMP || IPProtocol(rawValue: context.protocolNumber).hasPorts {
      bytes += [UInt8(source.port >> 8), UInt8(source.port & 0xff)]
      bytes += [UInt8(destination.port >> 8), UInt8(destination.port & 0xff)]
    }
    return "1:" + Base64Text.encode(Insecure.SHA1.hash(data: bytes))
  }

  private static func append(_ address: IPAddress, to bytes: inout [UInt8]) {
    for index in (address.isIPv4 ? 12 : 0)..<16 { bytes.append(address.byte(index)) }
  }
}

/// Base64 (RFC 4648 §4), with padding.
enum Base64Text {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.underestimatedCount + 2) / 3 * 4)
    var word = 0
    var bits = 0
    for byte in bytes {
      word = (word & 0xff) << 8 | Int(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(alphabet[word >> bits & 63])
      }
    }
    if bits > 0 { text.append(alphabet[word << (6 - bits) & 63]) }
    while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
    return String(decoding: text, as: UTF8.self)
  }
}
