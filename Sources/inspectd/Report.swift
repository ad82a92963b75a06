import ArgumentParser
import InspectIO

/// `inspectd report EVE.jsonl`
struct MakeReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a report in HTML from recorded events.",
    discussion: """
      The events are those that analyze and live write with --eve; the report shows the alerts and
      the last statistics among them. It is one file without scripts, for a browser or a printer.

      Examples:
        inspectd report eve.jsonl > report.html
        inspectd report monday.jsonl tuesday.jsonl --output week.html
      """)

  @Argument(help: ArgumentHelp("Events as JSON lines; '-' reads standard input.", valueName: "eve"))
  var files: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where to write; default: standard output.", valueName: "file"))
  var output = "-"

  func run() throws {
    var events = RecordedEvents()
    do throws(InputFile.Failure) {
      for file in files { events.add(try InputFile.contents(of: file), file: file) }
    } catch {
      throw fail(error)
    }
    do throws(OutputFile.Failure) {
      try OutputFile.save(InspectIO.Report.html(events), to: output)
    } catch {
      throw fail(error)
    }
    // The report is made of what could be read; what could not is said.
    for damage in events.damages.prefix(5) { writeError("inspectd: \(damage)\n") }
    if events.damageCount > 5 {
      writeError("inspectd: and \(events.damageCount - 5) more lines that are no events\n")
    }
    if events.damageCount > 0 { throw Ending.failed }
  }
}
