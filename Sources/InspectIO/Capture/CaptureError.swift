import Glibc

/// Why a capture cannot be read, or not further.
public struct CaptureError: Error, Equatable, CustomStringConvertible, Sendable {
  public enum Reason: Equatable, Sendable {
    case cannotOpen(String)
    case isDirectory
    case empty
    case notACapture
    case readFailed(String)
    /// The bytes at the offset are not what the format says must be there.
    case damaged(String)
    /// The file ends inside a record.
    case truncated
  }

  public let file: String
  /// Where in the file (decompressed), in bytes.
  public let offset: UInt64
  public let reason: Reason

  public var description: String {
    switch reason {
    case .cannotOpen(let why): "\(file): cannot be opened: \(why)"
    case .isDirectory: "\(file): is a directory, not a capture"
    case .empty: "\(file): is empty"
    case .notACapture: "\(file): is neither pcap nor pcapng (offset 0)"
    case .readFailed(let why): "\(file): cannot be read at offset \(offset): \(why)"
    case .damaged(let why): "\(file): damaged at offset \(offset): \(why)"
    case .truncated: "\(file): ends inside a record at offset \(offset)"
    }
  }
}

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }
