import ArgumentParser
import Glibc
import InspectCore
import InspectIO

/// `inspectd experiment plan | run`
struct MakeExperiment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiment",
    abstract: "Plan a randomised experiment with unlocks: the best evidence there is.",
    subcommands: [Plan.self, Run.self])

  struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "plan",
      abstract: "Draw slots at random times: unlock and lock again, or leave the phone alone.",
      discussion: """
        Capture while the slots pass, then: inspectd analyze CAPTURE --experiment plan.csv

        Examples:
          inspectd experiment plan --output plan.csv --html timer.html
          inspectd experiment plan --slots 30 --device phone --seed 7
        """)

    @Option(
      help: ArgumentHelp("Write the plan to FILE; default: standard output.", valueName: "file"))
    var output: String?

    @Option(
      help: ArgumentHelp(
        "Also write a page that counts down and says what to do.", valueName: "file"))
    var html: String?

    @Option(help: "How many slots, 12 to 1000; half of them unlocks.")
    var slots = 20

    @Option(help: "The shortest and the longest gap in seconds, as 60-300.")
    var gaps = "60-300"

    @Option(help: "When it begins (RFC 3339 with its zone); default: now.")
    var start: String?

    @Option(help: "Seed of the draw; default: drawn, and written into the plan.")
    var seed: UInt64?

    @Option(help: "The phone: a name of --device, a MAC or an IP address.")
    var device: String?

    func validate() throws {
      guard (ExperimentPlan.fewestSlots...ExperimentPlan.slotLimit).contains(slots) else {
        throw ValidationError(
          "--slots: \(ExperimentPlan.fewestSlots) to \(ExperimentPlan.slotLimit)")
      }
      _ = try bounds()
      _ = try beginning()
      if let device, device.contains(where: { ",\"\n".contains($0) }) {
        throw ValidationError("--device: no commas, quotation marks or line breaks")
      }
    }

    private func bounds() throws -> ClosedRange<Double> {
      let parts = gaps.split(separator: "-").map { Double($0) }
      guard parts.count == 2, let low = parts[0], let high = parts[1], low >= 15, low <= high,
        high <= 86_400
      else { throw ValidationError("--gaps: '\(gaps)' is not as 60-300, with 15 s at least") }
      return low...high
    }

    private func beginning() throws -> Timestamp {
      guard let start else {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(nanoseconds: Int64(now.tv_sec) * 1_000_000_000)
      }
      guard let moment = TimeText.read(start), moment.hasZone else {
        throw ValidationError("--start: '\(start)' is no time as 2026-03-01T08:00:00Z")
      }
      return moment.time
    }

    func run() throws {
      let plan = ExperimentPlan(
        seed: seed ?? UInt64.random(in: 1...999_999_999), slots: slots, start: try beginning(),
        gaps: try bounds(), device: device)
      try write(plan.csv(), to: output)
      if let html { try write(plan.html(), to: html) }
    }

    private func write(_ text: String, to path: String?) throws {
      guard let path else { return try writeOutput(text) }
      do throws(OutputFile.Failure) {
        try OutputFile.save(text, to: path)
      } catch {
        throw fail(error)
      }
    }
  }

  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run",
      abstract: "Say on the terminal, at each slot of a plan, what to do.",
      discussion: "Example:\n  inspectd experiment run plan.csv")

    @Argument(help: "The plan.")
    var plan: String

    /// A slot that is over for longer is left out, in seconds.
    private static let patience: Int64 = 5

    private static func secondsLeft(_ slot: Experiment.Slot) -> Int64 {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      return slot.time.nanoseconds / 1_000_000_000 - Int64(now.tv_sec)
    }

    func run() throws {
      Interruption.catchSignals()
      let slots: [Experiment.Slot]
      do throws(UnlockLogError) {
        slots = try ExperimentPlan.read(path: plan).slots
      } catch {
        throw fail(error)
      }
      let late = slots.count { Run.secondsLeft($0) < -Run.patience }
      if late == slots.count { throw fail("\(plan): all slots are over; plan anew") }
      if late > 0 { writeError("\(late) slots are over\n") }
      for (index, slot) in slots.enumerated().dropFirst(late) {
        while !Interruption.isRequested {
          let left = Run.secondsLeft(slot)
          guard left > 0 else { break }
          writeError("\r\(index + 1) of \(slots.count) in \(left) s   ")
          usleep(200_000)
        }
        if Interruption.isRequested { return }
        writeError("\r\u{7}")
        try writeOutput("\(index + 1) of \(slots.count): \(ExperimentPlan.instruction(slot))\n")
      }
    }
  }
}
