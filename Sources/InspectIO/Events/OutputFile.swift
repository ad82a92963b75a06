import Glibc

/// Where lines go: a file, or standard output (`-`). Writes are gathered; nothing is lost in silence.
public final class OutputFile {
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let file: String
    public let reason: String
    public var description: String { "\(file): cannot be written: \(reason)" }
  }

  private static let capacity = 1 << 16

  public let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  /// The first write that failed; later ones are not tried.
  public private(set) var failure: Failure?

  public init(_ path: String) throws(Failure) {
    let isStandardOutput = path == "-"
    self.path = isStandardOutput ? "standard output" : path
    descriptor =
      isStandardOutput
      ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(file: self.path, reason: systemMessage(errno))
    }
    buffer.reserveCapacity(OutputFile.capacity + 8192)
  }

  /// Writes all of `text` at once.
  public static func save(_ text: String, to path: String) throws(Failure) {
    let file = try OutputFile(path)
    file.append(text)
    file.flush()
    if let failure = file.failure { throw failure }
  }

  deinit {
    flush()
    if descriptor > STDERR_FILENO { close(descriptor) }
  }

  public func append(_ bytes: [UInt8]) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= OutputFile.capacity { flush() }
  }

  public func append(_ bytes: ArraySlice<UInt8>) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= OutputFile.capacity { flush() }
  }

  public func append(_ text: String) { append(Array(text.utf8)) }

  public func flush() {
    var start = 0
    while start < buffer.count, failure == nil {
      let written = buffer.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + start, $0.count - start)
      }
      if written >= 0 {
        start += written
      } else if errno != EINTR {
        failure = Failure(file: path, reason: systemMessage(errno))
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
