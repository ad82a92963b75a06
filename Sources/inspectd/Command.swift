import ArgumentParser
import InspectIO

@main
struct Command: AsyncParsableCommand {
  func run() async throws {}
}
