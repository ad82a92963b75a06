import Glibc
import InspectCore

/// What an address look-up found.
public struct GeoAnswer: Equatable, Sendable {
  public var address: IPAddress
  /// All databases together; nil when none knows the address.
  public var location: GeoLocation?
  /// Each database by itself, in their order; nil where it knows nothing.
  public var records: [GeoRecord?]
}

/// The work behind `geo build` and `geo lookup`; whoever calls it does the printing.
public enum GeoCommand {
  /// Makes the default database.
  ///
  /// - Parameters:
  ///   - from: a folder with `geoip`, `geoip6` and `location.db` at or below it; nil to take them
  ///     out of Debian's packages.
  ///   - output: where to write; nil for the user's own place (``outputPath(environment:)``).
  ///   - progress: called before each long step with what it is.
  public static func build(
    from: String?, output: String?, progress: (String) -> Void
  ) throws(GeoError) -> GeoBuildReport {
    let output = output ?? outputPath()
    guard let from else {
      let folder = try GeoFile.makeTemporaryFolder()
      defer { GeoFile.remove(folder) }
      let notes = try GeoFetch.packages(into: folder, progress: progress)
      var builder = GeoBuilder(folder: folder)
      var report = try builder.build(to: output, progress: progress)
      report.notes = notes + report.notes
      return report
    }
    var builder = GeoBuilder(folder: from)
    return try builder.build(to: output, progress: progress)
  }

  /// Asks the databases in turn about each address.
  public static func lookup(_ addresses: [IPAddress], in databases: [GeoDatabase]) -> [GeoAnswer] {
    var atlas = GeoAtlas(databases, keeping: 1)
    var answers: [GeoAnswer] = []
    for address in addresses {
      let records = databases.map { $0.lookup(address) }
      answers.append(
        GeoAnswer(address: address, location: atlas.locate(address), records: records))
    }
    return answers
  }

  /// Where `geo build` writes: `$INSPECTD_DATA/geo.mmdb`, or `inspectd/geo.mmdb` in the user's data
  /// folder (XDG Base Directory Specification), or that of the system when there is no user.
  public static func outputPath(environment: (String) -> String? = variable) -> String {
    userPath(environment) ?? systemPaths[0]
  }

  /// The default database, if there is one: the user's, then the system's.
  public static func defaultDatabase(environment: (String) -> String? = variable) -> String? {
    let user = userPath(environment).map { [$0] } ?? []
    return (user + systemPaths).first { GeoFile.exists($0) }
  }

  /// A variable of the process's environment; nil when it is not set, or empty.
  public static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  private static let systemPaths = ["/var/lib/inspectd/geo.mmdb", "/usr/share/inspectd/geo.mmdb"]

  private static func userPath(_ environment: (String) -> String?) -> String? {
    if let folder = environment("INSPECTD_DATA") { return "\(folder)/geo.mmdb" }
    // The specification has relative paths ignored.
    if let folder = environment("XDG_DATA_HOME"), folder.hasPrefix("/") {
      return "\(folder)/inspectd/geo.mmdb"
    }
    return environment("HOME").map { "\($0)/.local/share/inspectd/geo.mmdb" }
  }
}
