import ArgumentParser
import InspectIO

/// `inspectd watch hash`
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Prepare lists of watched values.", subcommands: [Hash.self])

  struct Hash: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "hash",
      abstract: "Write a watch list with HMACs in place of its values.",
      discussion: """
        The list can then be used where nobody may read it, with the same key. The key file is made
        when there is none, readable by its owner only.

        Example:
          inspectd watch hash secret-numbers.csv --watch-key watch.key > numbers.csv
        """)

    @Argument(help: "The list: CSV kind,value,label[,class]; '-' reads standard input.")
    var file: String

    @Option(help: ArgumentHelp("The key; made when there is none.", valueName: "file"))
    var watchKey: String

    @Flag(help: "Leave wrong lines out instead of stopping.")
    var watchLenient = false

    func run() throws {
      do {
        try WatchHashing.list(
          file, keyPath: watchKey, isLenient: watchLenient,
          note: { writeError("note: \($0)\n") },
          write: { try writeOutput(String(decoding: $0, as: UTF8.self)) })
      } catch let failure as WatchFile.Failure {
        throw fail(failure)
      }
    }
  }
}
