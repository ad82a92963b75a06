import Glibc

/// A whole file, or standard input (`-`), in memory.
public enum InputFile {
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let file: String
    public let reason: String
    public var description: String { "\(file): \(reason)" }
  }

  /// The largest that is read: 1 GiB.
  public static let maximumByteCount = 1 << 30

  /// How many bytes a file has now; -1 when that cannot be said.
  static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : -1
  }

  public static func contents(of path: String) throws(Failure) -> [UInt8] {
    let name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(file: name, reason: systemMessage(errno)) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw Failure(file: name, reason: "offset \(bytes.count): \(systemMessage(errno))")
      }
      if count == 0 { return bytes }
      guard bytes.count + count <= maximumByteCount else {
        throw Failure(file: name, reason: "larger than \(maximumByteCount >> 20) MiB")
      }
      bytes.append(contentsOf: buffer[..<count])
    }
  }
}
