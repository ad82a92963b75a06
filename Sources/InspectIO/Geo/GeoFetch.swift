import Glibc

/// Takes the sources of a build out of Debian's packages, without installing them: `tor-geoipdb`
/// depends on the tor daemon, which nobody wants for its data.
enum GeoFetch {
  /// Downloads and unpacks into `folder`; returns notes about what could not be had.
  static func packages(
    into folder: String, progress: (String) -> Void
  ) throws(GeoError) -> [String] {
    var notes: [String] = []
    try package("tor-geoipdb", into: folder, progress)
    do throws(GeoError) {
      try package("libloc-database", into: folder, progress)
    } catch {
      notes.append("No package libloc-database: \(error.message)")
    }
    return notes
  }

  private static func package(
    _ name: String, into folder: String, _ progress: (String) -> Void
  ) throws(GeoError) {
    progress("downloading \(name)")
    try run(["apt-get", "-q", "download", name], in: folder)
    guard
      let file = GeoFile.entries(of: folder).first(where: {
        $0.hasPrefix(name + "_") && $0.hasSuffix(".deb")
      })
    else { throw .program("apt-get", reason: "downloaded no package \(name)") }
    progress("unpacking \(name)")
    try run(["dpkg-deb", "-x", file, "unpacked-\(name)"], in: folder)
  }

  /// Runs a program that is found in PATH, and waits for it; its last words are the error's.
  static func run(_ command: [String], in folder: String) throws(GeoError) {
    let name = command[0]
    let log = "\(folder)/\(name).log"
    // `apt-get download` knows no other place than the current one; the shell goes there, since
    // posix_spawn's own way (addchdir) is not in every C library.
    let shell = ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder] + command
    let status = try spawn(shell, log)
    guard status != 127 << 8 else {
      throw .program(
        name,
        reason: "not found; without Debian's tools, give a folder with the files (--from)")
    }
    guard status == 0 else {
      throw .program(name, reason: "failed: \(lastWords(log)) (\(command.joined(separator: " ")))")
    }
  }

  /// The status that `waitpid` gives.
  private static func spawn(_ command: [String], _ log: String) throws(GeoError) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var process = pid_t()
    let failure = posix_spawn(&process, command[0], &actions, nil, &arguments, &environment)
    guard failure == 0 else { throw .program(command[0], reason: GeoFile.reason(failure)) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw .program(command[0], reason: GeoFile.reason()) }
    }
    return status
  }

  /// What the programs may know of our environment: how to find things and the way out.
  private static var variables: [String] {
    var variables = ["LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"]
    for name in [
      "PATH", "HOME", "TMPDIR", "APT_CONFIG", "http_proxy", "https_proxy", "no_proxy",
    ] {
      if let value = getenv(name) { variables.append("\(name)=\(String(cString: value))") }
    }
    return variables
  }

  /// The last line with an error in the log, or the last line.
  private static func lastWords(_ log: String) -> String {
    guard let bytes = try? GeoFile.contents(of: log) else { return "no output" }
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map {
      String(decoding: $0, as: UTF8.self)
    }
    return lines.last { $0.hasPrefix("E:") } ?? lines.last ?? "no output"
  }
}
