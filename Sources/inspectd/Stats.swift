import ArgumentParser
import InspectIO

/// `inspectd stats EVE.jsonl`
struct Stats: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count alerts by country, hour and kind of data, for publication.",
    discussion: """
      No device and no address is in it, and counts below k are left out. With --epsilon noise is
      added to each count (discrete Laplace). See docs/statistics.md.

      Examples:
        inspectd stats eve.jsonl --k 10
        inspectd stats *.jsonl --k 10 --epsilon 0.5 --count devices --format json
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, json
  }

  @Argument(help: ArgumentHelp("Events as JSON lines; '-' reads standard input.", valueName: "eve"))
  var files: [String]

  @Option(help: "Counts below this are left out.")
  var k = 10

  @Option(help: "Adds noise: the smaller, the more. From 0.01 to 10.")
  var epsilon: Double?

  @Option(help: "What is counted: alerts or devices.")
  var count = AggregateStats.Unit.alerts

  @Option(help: "csv or json.")
  var format = Format.csv

  func validate() throws {
    guard k >= AggregateStats.leastK, k <= 1_000_000 else {
      throw ValidationError("--k: at least \(AggregateStats.leastK)")
    }
    if let epsilon, !(epsilon >= 0.01 && epsilon <= 10) {
      throw ValidationError("--epsilon: from 0.01 to 10")
    }
  }

  func run() throws {
    var events = RecordedEvents()
    do throws(InputFile.Failure) {
      for file in files { events.add(try InputFile.contents(of: file), file: file) }
    } catch {
      throw fail(error)
    }
    var statistics = AggregateStats(k: k, epsilon: epsilon, unit: count)
    statistics.add(events)
    try writeOutput(format == .csv ? statistics.csv() : statistics.json())
    for damage in events.damages.prefix(5) { writeError("inspectd: \(damage)\n") }
    if events.damageCount > 5 {
      writeError("inspectd: and \(events.damageCount - 5) more lines that are no events\n")
    }
    if events.damageCount > 0 { throw Ending.failed }
  }
}

extension AggregateStats.Unit: ExpressibleByArgument {}
