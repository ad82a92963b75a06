import ArgumentParser
import InspectIO

/// `inspectd unlocks FILE`
struct Unlocks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlocks",
    abstract: "Show how an unlock log is understood, as CSV.",
    discussion: "Example:\n  inspectd unlocks phone-events.txt")

  @Argument(help: "The log.")
  var file: String

  func run() throws {
    do throws(UnlockLogError) {
      let log = try UnlockLog.read(path: file)
      writeError("format: \(log.format.rawValue)\n")
      for warning in log.warnings { writeError("note: \(warning)\n") }
      try print(log)
    } catch {
      throw fail(error)
    }
  }

  private func print(_ log: UnlockLog) throws(UnlockLogError) {
    try? writeOutput(String(decoding: log.csv(), as: UTF8.self))
  }
}
