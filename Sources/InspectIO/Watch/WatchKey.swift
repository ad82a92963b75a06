import Crypto
import Glibc
import InspectCore

/// The secret under which watch lists are kept: the bytes of a file. A line feed that ends a line of
/// printable text is the editor's, and does not count.
public struct WatchKey: Sendable {
  /// Keys of more bytes are no keys but files.
  static var mostBytes: Int { 4096 }
  static var fewestBytes: Int { 8 }

  private let start: HMAC<SHA256>

  public init(path: String) throws(WatchFile.Failure) {
    var bytes = try WatchFile.read(path)
    if bytes.last == 0x0A, bytes.dropLast().allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
      bytes.removeLast()
    }
    guard bytes.count >= WatchKey.fewestBytes, bytes.count <= WatchKey.mostBytes else {
      throw WatchFile.Failure(
        file: path, line: 0,
        reason: "is no key: it has \(bytes.count) bytes, "
          + "\(WatchKey.fewestBytes) to \(WatchKey.mostBytes) are wanted")
    }
    self.init(bytes)
  }

  init(_ bytes: [UInt8]) { start = HMAC<SHA256>(key: SymmetricKey(data: bytes)) }

  /// Makes a key of 32 random bytes that only its user can read; false when there is a file already.
  static func make(path: String) throws(WatchFile.Failure) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor < 0, errno == EEXIST { return false }
    var generator = SystemRandomNumberGenerator()
    let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let written =
      descriptor < 0 ? -1 : key.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    let reason = errno
    if descriptor >= 0 { close(descriptor) }
    guard written == key.count else {
      throw WatchFile.Failure(
        file: path, line: 0, reason: "cannot be written: \(systemMessage(reason))")
    }
    return true
  }

  var authenticate: @Sendable (RawSpan) -> WatchCode {
    { text in
      var hmac = start
      text.withUnsafeBytes { hmac.update(data: $0) }
      return WatchCode(hmac.finalize())
    }
  }

  func code(_ text: [UInt8]) -> WatchCode { authenticate(text.span.bytes) }
}

extension WatchCode {
  init(_ code: some Sequence<UInt8>) {
    var words: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in code.prefix(32).enumerated() {
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.init(words[0], words[1], words[2], words[3])
  }

  /// 64 lower-case hexadecimal digits.
  var text: String {
    var bytes: [UInt8] = []
    for index in 0..<4 {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)))
      }
    }
    return Hexadecimal.text(bytes)
  }
}

/// Digests by swift-crypto.
struct CryptoDigests: WatchDigests {
  func prefix(_ digest: WatchDigest, of bytes: [UInt8]) -> UInt64 {
    switch digest {
    case .md5: prefix(Insecure.MD5.hash(data: bytes))
    case .sha1: prefix(Insecure.SHA1.hash(data: bytes))
    case .sha256: prefix(SHA256.hash(data: bytes))
    }
  }

  private func prefix(_ digest: some Digest) -> UInt64 {
    digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }
}

/// `inspectd watch hash`: a list in which no value is readable.
public enum WatchHashing {
  /// Writes `path`'s list with each value as its HMAC. The key is made when there is none.
  public static func list(
    _ path: String, keyPath: String, isLenient: Bool, note: (String) -> Void,
    write: ([UInt8]) throws -> Void
  ) throws {
    if try WatchKey.make(path: keyPath) { note("\(keyPath): made a new key") }
    let key = try WatchKey(path: keyPath)
    var reader = try WatchFile.Reader(path: path)
    var output = Array("kind,value,label,class\n".utf8)
    while true {
      do throws(WatchFile.Failure) {
        guard let entry = try reader.next() else { break }
        var codes: [WatchCode] = []
        switch entry.value {
        case .code(let known): codes.append(known)
        case .clear(let value):
          codes.append(key.code(try normal(value, entry, path)))
          if let national = WatchIndex.nationalForm(Array(value), entry.kind) {
            codes.append(key.code(national))
          }
        }
        for code in codes {
          output += Array("\(entry.kind.name),hmac-sha256:\(code.text),".utf8)
          CSV.append(entry.label.text, to: &output)
          output += Array(",\(entry.watchClass.name)\n".utf8)
        }
      } catch {
        guard isLenient, error.line > 1 else { throw error }
        note(error.description)
      }
      if output.count > 1 << 20 {
        try write(output)
        output.removeAll(keepingCapacity: true)
      }
    }
    try write(output)
  }

  private static func normal(
    _ value: ArraySlice<UInt8>, _ entry: WatchFile.Entry, _ path: String
  ) throws(WatchFile.Failure) -> [UInt8] {
    do throws(WatchRefusal) {
      return try WatchIndex.normalForm(Array(value), entry.kind)
    } catch {
      throw WatchFile.Failure(file: path, line: entry.line, reason: "\(error.reason)")
    }
  }
}
