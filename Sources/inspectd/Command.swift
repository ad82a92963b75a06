import ArgumentParser
import Glibc
import InspectIO
import Logging

/// The program's name, version and commands.
@main
struct Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspectd",
    abstract: "Shows which personal data a device sends, in which encoding, to whom and where.",
    discussion: """
      Examples:
        inspectd analyze capture.pcapng --unlocks unlocks.csv
        inspectd analyze *.pcap --eve eve.jsonl --events all
        tcpdump -i br-lan -w - | inspectd analyze -
        inspectd live -i br-lan --device phone=02:00:00:00:00:10
        inspectd geo build
      """,
    version: "inspectd \(Version.text)",
    subcommands: [
      Analyze.self, Live.self, Geo.self, Unlocks.self, MakeExperiment.self, Watch.self,
      MakeReport.self, Stats.self,
    ])
}

/// What a command ends with beside success; a wrong command line is 64.
enum Ending {
  /// The job could not be done.
  static let failed = ExitCode(1)
  /// There are findings at the `--fail-on` level.
  static let findings = ExitCode(3)
}

/// One line on standard error, then the end.
func fail(_ reason: some CustomStringConvertible) -> ExitCode {
  writeError("inspectd: \(reason)\n")
  return Ending.failed
}

/// Does the job, or says why it cannot be done.
func orFail<Value: ~Copyable, Failure: Error & CustomStringConvertible>(
  _ job: () throws(Failure) -> Value
) throws -> Value {
  do throws(Failure) {
    return try job()
  } catch {
    throw fail(error)
  }
}

func writeError(_ text: String) {
  var text = text
  text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func writeOutput(_ text: String) throws {
  var text = text
  var start = 0
  try text.withUTF8 { bytes in
    while start < bytes.count {
      let written = write(STDOUT_FILENO, bytes.baseAddress! + start, bytes.count - start)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw fail("standard output: \(String(cString: strerror(errno)))") }
      start += written
    }
  }
}
