import CZlib
import Glibc

/// A file or a stream of bytes, seen through a window that moves forward.
///
/// A plain file is mapped, and the window is the file: nothing is copied, and what lies behind the
/// position is given back to the system, so that memory stays flat. A pipe or a compressed file is
/// read into a buffer that is used again.
@safe
struct ByteWindow: ~Copyable {
  private enum Backing {
    case mapping(byteCount: Int)
    case stream(capacity: Int, inflater: UnsafeMutablePointer<z_stream>?)
  }

  private static let streamCapacity = 1 << 20
  private static let inputCapacity = 1 << 16
  /// How much may lie behind the position before it is given back.
  private static let dropStep = 16 << 20

  let file: String
  private let descriptor: Int32
  private var backing: Backing
  private var base: UnsafeMutableRawPointer
  /// Compressed input, for a stream that is.
  private var input: UnsafeMutablePointer<UInt8>?
  /// Where the valid bytes of `base` end, and where we are.
  private var end = 0
  private var position = 0
  /// What the stream has given before `base` begins.
  private var consumed: UInt64 = 0
  private var dropped = 0
  private var isAtEnd = false
  /// Whether it is known if the stream is compressed.
  private var isStarted = false
  /// The size of the file, where it is known; of the compressed one if it is compressed.
  let fileByteCount: UInt64?
  private var rawByteCount: UInt64 = 0

  /// Opens a file; `-` is standard input.
  init(_ path: String) throws(CaptureError) {
    let opened = try ByteWindow.open(path)
    file = opened.file
    descriptor = opened.descriptor
    fileByteCount = opened.byteCount.map { UInt64($0) }
    if let mapping = opened.mapping, let byteCount = opened.byteCount {
      base = mapping
      backing = .mapping(byteCount: byteCount)
      end = byteCount
      isAtEnd = true
      isStarted = true
    } else {
      base = .allocate(byteCount: ByteWindow.streamCapacity, alignment: 4096)
      backing = .stream(capacity: ByteWindow.streamCapacity, inflater: nil)
    }
  }

  private struct Opened {
    let file: String
    let descriptor: Int32
    /// Known for a file.
    var byteCount: Int?
    /// A plain file, mapped.
    var mapping: UnsafeMutableRawPointer?
  }

  private static func open(_ path: String) throws(CaptureError) -> Opened {
    let isStandardInput = path == "-"
    let file = isStandardInput ? "standard input" : path
    let descriptor = isStandardInput ? STDIN_FILENO : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw CaptureError(file: file, offset: 0, reason: .cannotOpen(systemMessage(errno)))
    }
    var opened = Opened(file: file, descriptor: descriptor)
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      close(descriptor)
      throw CaptureError(file: file, offset: 0, reason: .isDirectory)
    case S_IFREG:
      opened.byteCount = Int(status.st_size)
      if !isCompressed(descriptor) { opened.mapping = map(descriptor, Int(status.st_size)) }
    default:
      break
    }
    return opened
  }

  /// Maps a whole file, if it can be.
  private static func map(_ descriptor: Int32, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount > 0, lseek(descriptor, 0, SEEK_CUR) == 0,
      let mapped = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0),
      mapped != MAP_FAILED
    else { return nil }
    madvise(mapped, byteCount, MADV_SEQUENTIAL)
    return mapped
  }

  deinit {
    switch backing {
    case .mapping(let byteCount): munmap(base, byteCount)
    case .stream(_, let inflater):
      base.deallocate()
      if let inflater {
        inflateEnd(inflater)
        inflater.deallocate()
      }
    }
    input?.deallocate()
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// Where we are in the (decompressed) file.
  var offset: UInt64 { consumed + UInt64(position) }

  /// How much of the file was read, from 0 to 1; nil when its size is not known.
  var progress: Double? {
    guard let total = fileByteCount, total > 0 else { return nil }
    if case .mapping = backing { return Double(position) / Double(total) }
    return Double(rawByteCount) / Double(total)
  }

  /// The bytes from here on that are at hand.
  var bytes: RawSpan {
    @_lifetime(borrow self) get {
      let span = unsafe RawSpan(_unsafeStart: base + position, byteCount: end - position)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The place of the first of them, good until the next change.
  var start: UnsafeRawPointer { UnsafeRawPointer(base + position) }

  /// Goes forward by `count` bytes, which must be at hand.
  mutating func skip(_ count: Int) {
    precondition(count >= 0 && count <= end - position)
    position += count
  }

  /// Brings at least `count` bytes from here on to hand; false when the input ends before.
  mutating func require(_ count: Int) throws(CaptureError) -> Bool {
    if !isStarted {
      isStarted = true
      try beginStream()
    }
    if position - dropped >= ByteWindow.dropStep { try dropBehind() }
    while end - position < count {
      guard !isAtEnd else { return false }
      try readMore(atLeast: count)
    }
    return true
  }

  func error(_ reason: CaptureError.Reason) -> CaptureError {
    CaptureError(file: file, offset: offset, reason: reason)
  }

  private static func isCompressed(_ descriptor: Int32) -> Bool {
    var magic: (UInt8, UInt8) = (0, 0)
    return withUnsafeMutableBytes(of: &magic) { bytes in
      pread(descriptor, bytes.baseAddress, 2, 0) == 2 && bytes[0] == 0x1f && bytes[1] == 0x8b
    }
  }

  /// Gives the mapping's pages behind the position back.
  private mutating func dropBehind() throws(CaptureError) {
    guard case .mapping(let byteCount) = backing else { return }
    let edge = position & ~4095
    madvise(base + dropped, edge - dropped, MADV_DONTNEED)
    dropped = edge
    // Reading a page that is no longer in the file would end the process.
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= byteCount else {
      throw error(.shrank)
    }
  }

  /// Reads the first bytes of a stream and finds out whether it is compressed.
  private mutating func beginStream() throws(CaptureError) {
    while end < 2, !isAtEnd { try readMore(atLeast: 2) }
    guard end >= 2, base.load(fromByteOffset: 0, as: UInt8.self) == 0x1f,
      base.load(fromByteOffset: 1, as: UInt8.self) == 0x8b
    else { return }
    let inflater = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    inflater.initialize(to: z_stream())
    // 15 bits of window; 32 lets zlib find the gzip header.
    guard
      inflateInit2_(inflater, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      inflater.deallocate()
      throw error(.readFailed("zlib cannot start"))
    }
    let compressed = UnsafeMutablePointer<UInt8>.allocate(capacity: ByteWindow.streamCapacity)
    compressed.update(from: base.assumingMemoryBound(to: UInt8.self), count: end)
    input = compressed
    inflater.pointee.next_in = compressed
    inflater.pointee.avail_in = UInt32(end)
    backing = .stream(capacity: ByteWindow.streamCapacity, inflater: inflater)
    end = 0
    isAtEnd = false
  }

  private mutating func readMore(atLeast count: Int) throws(CaptureError) {
    guard case .stream(let capacity, let inflater) = backing else { return }
    if position > 0 {
      base.copyMemory(from: base + position, byteCount: end - position)
      consumed += UInt64(position)
      end -= position
      position = 0
    }
    var room = capacity
    if count > capacity {
      room = max(count, capacity * 2)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 4096)
      larger.copyMemory(from: base, byteCount: end)
      base.deallocate()
      base = larger
      backing = .stream(capacity: room, inflater: inflater)
    }
    if let inflater {
      try inflateMore(inflater, room: room)
    } else {
      let got = try readRaw(base + end, room - end)
      end += got
      if got == 0 { isAtEnd = true }
    }
  }

  private mutating func readRaw(
    _ target: UnsafeMutableRawPointer, _ count: Int
  ) throws(CaptureError) -> Int {
    while true {
      let got = read(descriptor, target, count)
      if got >= 0 {
        rawByteCount += UInt64(got)
        return got
      }
      guard errno == EINTR else { throw error(.readFailed(systemMessage(errno))) }
      // Ctrl-C while we wait for a pipe ends the input, not the program.
      if Interruption.isRequested { return 0 }
    }
  }

  private mutating func inflateMore(
    _ inflater: UnsafeMutablePointer<z_stream>, room: Int
  ) throws(CaptureError) {
    guard let input else { return }
    let before = end
    while end == before {
      if inflater.pointee.avail_in == 0 {
        let got = try readRaw(input, ByteWindow.inputCapacity)
        guard got > 0 else {
          isAtEnd = true
          throw error(.truncated)
        }
        inflater.pointee.next_in = input
        inflater.pointee.avail_in = UInt32(got)
      }
      inflater.pointee.next_out = (base + end).assumingMemoryBound(to: UInt8.self)
      inflater.pointee.avail_out = UInt32(clamping: room - end)
      let offered = inflater.pointee.avail_out
      let status = inflate(inflater, Z_NO_FLUSH)
      end += Int(offered - inflater.pointee.avail_out)
      switch status {
      case Z_OK, Z_BUF_ERROR: continue
      case Z_STREAM_END:
        guard try nextMember(inflater) else {
          isAtEnd = true
          return
        }
      default:
        isAtEnd = true
        throw error(.damaged("the gzip data is broken"))
      }
    }
  }

  /// A gzip file may have several members (RFC 1952 §2.2); false when there is no other.
  private mutating func nextMember(
    _ inflater: UnsafeMutablePointer<z_stream>
  ) throws(CaptureError) -> Bool {
    guard let input else { return false }
    if inflater.pointee.avail_in == 0 {
      let got = try readRaw(input, ByteWindow.inputCapacity)
      guard got > 0 else { return false }
      inflater.pointee.next_in = input
      inflater.pointee.avail_in = UInt32(got)
    }
    return inflater.pointee.next_in[0] == 0x1f && inflateReset(inflater) == Z_OK
  }
}
