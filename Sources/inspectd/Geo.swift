import ArgumentParser
import InspectCore
import InspectIO

/// `inspectd geo build | lookup`
struct Geo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "geo",
    abstract: "Build the default country and ASN database, or look addresses up.",
    subcommands: [Build.self, Lookup.self])

  struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "build",
      abstract: "Build the default database from the IPFire data in Debian's packages.",
      discussion: """
        The data is CC BY-SA 4.0, IPFire Location, https://location.ipfire.org/.

        Examples:
          inspectd geo build
          inspectd geo build --from unpacked/ --output geo.mmdb
        """)

    @Option(help: "A folder with geoip, geoip6 and location.db, instead of fetching the packages.")
    var from: String?

    @Option(help: "Where to write; default: the user's data folder.")
    var output: String?

    func run() throws {
      do throws(GeoError) {
        let report = try GeoCommand.build(from: from, output: output) { writeError("\($0)\n") }
        for note in report.notes { writeError("note: \(note)\n") }
        try writeReport("\(report.output): \(report.byteCount) bytes. \(report.description)\n")
      } catch {
        throw fail(error.message)
      }
    }

    private func writeReport(_ text: String) throws(GeoError) { writeError(text) }
  }

  struct Lookup: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lookup",
      abstract: "Say where addresses are, as tab-separated lines.",
      discussion: "Example:\n  inspectd geo lookup 1.8.0.1 2001:db8::1")

    @Argument(help: "IPv4 or IPv6 addresses.")
    var addresses: [String]

    @Option(help: ArgumentHelp("Database (MMDB); repeatable.", valueName: "file"))
    var geo: [String] = []

    func validate() throws {
      for address in addresses where IPAddress(text: address) == nil {
        throw ValidationError("'\(address)' is no IP address")
      }
    }

    func run() throws {
      let paths = geo.isEmpty ? [GeoCommand.defaultDatabase()].compactMap { $0 } : geo
      guard !paths.isEmpty else {
        throw fail("no geolocation database; make one with: inspectd geo build")
      }
      var databases: [GeoDatabase] = []
      do throws(GeoError) {
        for path in paths { databases.append(try GeoDatabase(path: path)) }
      } catch {
        throw fail(error.message)
      }
      let asked = addresses.compactMap { IPAddress(text: $0) }
      for answer in GeoCommand.lookup(asked, in: databases) {
        let place = answer.location
        let number = place?.asn.map { "AS\($0)" } ?? "-"
        let anycast = place?.isAnycast == true ? "\tanycast" : ""
        try writeOutput(
          "\(answer.address.text)\t\(place?.country?.text ?? "-")\t\(number)\t"
            + "\(place?.organization ?? "-")\(anycast)\n")
      }
    }
  }
}
