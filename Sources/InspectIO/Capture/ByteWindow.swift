import CZlib
import Glibc

/// Memory that packets lie in. It stays as long as somebody holds it, and who wants to write to it
/// must be the only one.
final class WindowMemory: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    start = .allocate(byteCount: byteCount, alignment: 4096)
    self.byteCount = byteCount
  }

  deinit { start.deallocate() }
}

/// A file or a stream of bytes, seen through a window that moves forward.
///
/// The window is a buffer that is used again, small enough to stay in a core's own cache: what was
/// read is at hand there when it is looked at, memory stays flat, and nobody who shortens the file
/// can end the process (decision 7). Where somebody still holds the buffer, another takes its place.
@safe
struct ByteWindow: ~Copyable {
  /// 64 KiB to 512 KiB are equally fast where a core has 512 KiB of second-level cache, and smaller
  /// cores have less (docs/performance.md).
  private static let capacity = 1 << 17
  private static let inputCapacity = 1 << 16

  let file: String
  private let descriptor: Int32
  /// What it sees through; larger than `capacity` after a longer record.
  private(set) var memory = WindowMemory(byteCount: ByteWindow.capacity)
  /// Its beginning.
  private var base: UnsafeMutableRawPointer
  /// Memory of the usual size that somebody held when we went on, and may still hold.
  private var others: [WindowMemory] = []
  /// Undoes gzip, if the stream is compressed, from compressed `input`.
  private var inflater: UnsafeMutablePointer<z_stream>?
  private var input: UnsafeMutablePointer<UInt8>?
  /// Where the valid bytes of `memory` end, and where we are.
  private var end = 0
  private var position = 0
  /// What the stream has given before `memory` begins.
  private var consumed: UInt64 = 0
  private var isAtEnd = false
  /// Whether it is known if the stream is compressed.
  private var isStarted = false
  /// The size of the file, where it is known; of the compressed one if it is compressed.
  let fileByteCount: UInt64?
  private var rawByteCount: UInt64 = 0

  /// Opens a file; `-` is standard input.
  init(_ path: String) throws(CaptureError) {
    let isStandardInput = path == "-"
    file = isStandardInput ? "standard input" : path
    descriptor = isStandardInput ? STDIN_FILENO : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw CaptureError(file: file, offset: 0, reason: .cannotOpen(systemMessage(errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw CaptureError(file: file, offset: 0, reason: .isDirectory)
    }
    let isFile = status.st_mode & S_IFMT == S_IFREG
    fileByteCount = isFile ? UInt64(status.st_size) : nil
    if isFile { posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
    base = memory.start
  }

  deinit {
    input?.deallocate()
    if let inflater {
      inflateEnd(inflater)
      inflater.deallocate()
    }
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// Where we are in the (decompressed) file.
  var offset: UInt64 { consumed + UInt64(position) }

  /// How much of the file was read, from 0 to 1; nil when its size is not known.
  var progress: Double? {
    guard let total = fileByteCount, total > 0 else { return nil }
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
  @inline(__always)
  mutating func require(_ count: Int) throws(CaptureError) -> Bool {
    end - position >= count ? true : try bring(count)
  }

  private mutating func bring(_ count: Int) throws(CaptureError) -> Bool {
    if !isStarted {
      isStarted = true
      try beginStream()
    }
    while end - position < count {
      guard !isAtEnd else { return false }
      try readMore(atLeast: count)
    }
    return true
  }

  func error(_ reason: CaptureError.Reason) -> CaptureError {
    CaptureError(file: file, offset: offset, reason: reason)
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
    let compressed = UnsafeMutablePointer<UInt8>.allocate(capacity: ByteWindow.capacity)
    compressed.update(from: base.assumingMemoryBound(to: UInt8.self), count: end)
    input = compressed
    inflater.pointee.next_in = compressed
    inflater.pointee.avail_in = UInt32(end)
    self.inflater = inflater
    end = 0
    isAtEnd = false
  }

  private mutating func readMore(atLeast count: Int) throws(CaptureError) {
    makeRoom(for: count)
    if let inflater {
      try inflateMore(inflater, room: memory.byteCount)
    } else {
      let got = try readRaw(base + end, memory.byteCount - end)
      end += got
      if got == 0 { isAtEnd = true }
    }
  }

  /// Puts what is not yet passed at the beginning of memory that is ours alone and has room for
  /// `count` bytes.
  private mutating func makeRoom(for count: Int) {
    let rest = UnsafeRawBufferPointer(start: start, count: end - position)
    let isLonger = count > memory.byteCount
    if isLonger || !isKnownUniquelyReferenced(&memory) {
      let other =
        isLonger
        ? WindowMemory(byteCount: max(count, memory.byteCount * 2))
        : takeFreeMemory() ?? WindowMemory(byteCount: memory.byteCount)
      other.start.copyMemory(from: rest.baseAddress!, byteCount: rest.count)
      if memory.byteCount == ByteWindow.capacity { others.append(memory) }
      memory = other
      base = other.start
    } else if position > 0 {
      base.copyMemory(from: rest.baseAddress!, byteCount: rest.count)
    }
    consumed += UInt64(position)
    end -= position
    position = 0
  }

  /// Memory that nobody else holds any more; to ask the system for some costs more than to read it full.
  private mutating func takeFreeMemory() -> WindowMemory? {
    guard memory.byteCount == ByteWindow.capacity,
      let free = others.indices.first(where: { isKnownUniquelyReferenced(&others[$0]) })
    else { return nil }
    return others.remove(at: free)
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
