import Glibc
import InspectCore

/// Files and folders of the geolocation databases, through the system's calls.
enum GeoFile {
  /// The largest source file that a build reads: an IPFire database is 55 MB.
  static let maximumByteCount = 512 << 20

  /// The whole file.
  static func contents(of path: String) throws(GeoError) -> [UInt8] {
    let (descriptor, byteCount) = try open(path)
    defer { close(descriptor) }
    guard byteCount <= maximumByteCount else {
      throw .notADatabase(file: path, reason: "larger than \(maximumByteCount >> 20) MB")
    }
    return try read(descriptor, from: 0, byteCount, path)
  }

  /// The last bytes of the file, at most `limit`, and how many it has in all.
  static func tail(
    of path: String, _ limit: Int
  ) throws(GeoError) -> (bytes: [UInt8], fileByteCount: Int) {
    let (descriptor, byteCount) = try open(path)
    defer { close(descriptor) }
    let start = max(0, byteCount - limit)
    return (try read(descriptor, from: start, byteCount - start, path), byteCount)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Writes `bytes` beside `path` and renames, so that readers see the old file or the new one,
  /// whole. The folder is made when it is missing.
  static func replace(_ path: String, with bytes: [UInt8]) throws(GeoError) {
    try makeFolder(of: path)
    var template = Array("\(path).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let temporary = string(template)
    guard descriptor >= 0 else { throw .system(file: path, doing: "write", reason: reason()) }
    do throws(GeoError) {
      defer { close(descriptor) }
      try write(bytes, to: descriptor, path)
      guard fchmod(descriptor, 0o644) == 0, fsync(descriptor) == 0 else {
        throw .system(file: path, doing: "write", reason: reason())
      }
      guard rename(temporary, path) == 0 else {
        throw .system(file: path, doing: "replace", reason: reason())
      }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// The first regular file named `name` at or below `folder`, in the order of names, at most
  /// eight folders down; links to folders are not followed.
  static func find(_ name: String, below folder: String, depth: Int = 8) -> String? {
    var folders: [String] = []
    for entry in entries(of: folder) {
      let path = "\(folder)/\(entry)"
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      let kind = status.st_mode & S_IFMT
      if entry == name, kind == S_IFREG || kind == S_IFLNK { return path }
      if kind == S_IFDIR { folders.append(path) }
    }
    guard depth > 0 else { return nil }
    for path in folders {
      if let found = find(name, below: path, depth: depth - 1) { return found }
    }
    return nil
  }

  /// The names in `folder`, sorted; none when it cannot be read.
  static func entries(of folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// A new folder of our own for temporary files.
  static func makeTemporaryFolder() throws(GeoError) -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/inspectd-geo.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .system(file: parent, doing: "make a folder in it", reason: reason())
    }
    return string(template)
  }

  /// Removes `path` and all below it, as far as it can.
  static func remove(_ path: String, depth: Int = 16) {
    var status = stat()
    guard depth > 0, lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for entry in entries(of: path) { remove("\(path)/\(entry)", depth: depth - 1) }
    rmdir(path)
  }

  /// What the system said last.
  static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

  private static func open(_ path: String) throws(GeoError) -> (Int32, Int) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(file: path, doing: "open", reason: reason()) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      close(descriptor)
      throw .notADatabase(file: path, reason: isFolder ? "a folder" : "not a regular file")
    }
    return (descriptor, Int(status.st_size))
  }

  private static func read(
    _ descriptor: Int32, from start: Int, _ count: Int, _ path: String
  ) throws(GeoError) -> [UInt8] {
    var failure: GeoError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(
          descriptor, buffer.baseAddress! + filled, count - filled, off_t(start + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          failure =
            got == 0
            ? .damaged(file: path, reason: "it became shorter while it was read")
            : .system(file: path, doing: "read", reason: reason())
          return
        }
        filled += got
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private static func write(
    _ bytes: [UInt8], to descriptor: Int32, _ path: String
  ) throws(GeoError) {
    var done = 0
    while done < bytes.count {
      let wrote = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done)
      }
      if wrote < 0, errno == EINTR { continue }
      guard wrote > 0 else { throw .system(file: path, doing: "write", reason: reason()) }
      done += wrote
    }
  }

  private static func makeFolder(of path: String) throws(GeoError) {
    let bytes = Array(path.utf8)
    for index in bytes.indices.dropFirst() where bytes[index] == UInt8(ascii: "/") {
      let folder = String(decoding: bytes[..<index], as: UTF8.self)
      guard mkdir(folder, 0o755) == 0 || errno == EEXIST || exists(folder) else {
        throw .system(file: folder, doing: "make this folder", reason: reason())
      }
    }
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
