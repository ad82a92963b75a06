import Crypto
import Glibc

/// A file as it lies on the disk: what evidence is checked against.
enum CaptureDigest {
  /// The size and the SHA-256 digest; nil for what is no regular file, or cannot be read.
  static func describe(_ path: String, hashes: Bool) -> (bytes: UInt64, sha256: String?)? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = UInt64(status.st_size)
    guard hashes else { return (size, nil) }
    var digest = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return (size, nil) }
      if count == 0 { break }
      buffer.withUnsafeBytes { digest.update(bufferPointer: .init(rebasing: $0[..<count])) }
    }
    return (size, Hexadecimal.text(digest.finalize()))
  }
}
