import ArgumentParser
import Glibc
import InspectCore
import InspectIO

/// `inspectd analyze CAPTURE...`
struct Analyze: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Inspect saved captures.",
    discussion: """
      Captures are pcap or pcapng, plain or gzip; several are read as one timeline.

      Examples:
        inspectd analyze phone.pcapng --unlocks unlocks.csv
        inspectd analyze day1.pcap day2.pcap.gz --eve eve.jsonl --events http,alert,stats
        inspectd analyze phone.pcapng --fail-on high --quiet
        tcpdump -i wlan0 -w - | inspectd analyze - --device phone=192.168.7.20
      """)

  @Argument(help: ArgumentHelp("Captures; '-' reads standard input.", valueName: "capture"))
  var captures: [String]

  @OptionGroup var shared: SharedOptions

  @Option(
    help: ArgumentHelp(
      "Worker threads (default: the cores, or one for small captures). What comes from a pipe is "
        + "for one.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads: \(threads) is not between 1 and 256")
    }
  }

  func run() throws {
    Interruption.catchSignals()
    var evidence = try shared.evidenceRecorder()
    var captures = captures
    if evidence != nil {
      // Standard input cannot be read twice, and evidence is looked for once it is known of what.
      for index in captures.indices where captures[index] == "-" {
        captures[index] = try orFail { () throws(EvidenceBundle.Failure) in try evidence!.spool() }
      }
    }
    let reader: CaptureReader
    do throws(CaptureError) {
      reader = try CaptureReader(captures)
    } catch {
      throw fail(error)
    }
    var inspection: Inspection
    let logger = shared.logger()
    do throws(Inspection.Failure) {
      inspection = try Inspection(
        try shared.optionsOrFail(), files: captures,
        // The first packet's time helps to read logs that have no year.
        captured: reader.firstTimestamp.map { $0...$0 }, raisesAtOnce: false, reader: reader,
        threads: CaptureReader.threads(captures, asked: threads), logger: logger)
    } catch {
      throw fail(error)
    }
    var progress = ProgressBar(isShown: !shared.quiet)
    // Without room for its events the run has failed.
    while !Interruption.isRequested, inspection.output?.failure == nil,
      inspection.inspectBatches(ProgressBar.batchesPerLook)
    {
      progress.tick(inspection.packets) { reader.progress }
    }
    progress.end()
    inspection.finish()
    if evidence != nil {
      let options = try shared.options()
      try orFail { () throws(EvidenceBundle.Failure) in
        try evidence!.read(captures, as: inspection, options, logger: logger)
        try evidence!.finish(inspection)
      }
    }
    var damages = reader.damages.map { "\($0)" }
    if reader.hasMore, inspection.output?.failure == nil {
      damages.append("stopped before the end: what follows was not inspected")
    }
    try shared.end(inspection, damages: damages, drops: nil)
  }
}

extension SharedOptions {
  /// The options, which were validated when the command line was read.
  func optionsOrFail() throws(Inspection.Failure) -> InspectionOptions {
    do {
      return try options()
    } catch {
      throw Inspection.Failure("\(error)")
    }
  }
}

/// A line on a terminal that says how far we are, when the work takes longer than a second.
struct ProgressBar {
  static let batchesPerLook = 64
  private static let width = 40

  private let isShown: Bool
  private let start = ProgressBar.now()
  private var lastShown = 0.0
  private var wasShown = false

  init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  mutating func tick(_ packets: @autoclosure () -> UInt64, _ share: () -> Double?) {
    guard isShown else { return }
    let elapsed = ProgressBar.now() - start
    guard elapsed > 1, elapsed - lastShown > 0.2 else { return }
    lastShown = elapsed
    wasShown = true
    guard let share = share() else {
      writeError("\r\(packets()) packets")
      return
    }
    let filled = Int(share * Double(ProgressBar.width))
    let bar = String(repeating: "#", count: filled)
    let rest = String(repeating: " ", count: max(0, ProgressBar.width - filled))
    writeError("\r[\(bar)\(rest)] \(Int(share * 100)) %  \(packets()) packets")
  }

  func end() {
    if wasShown { writeError("\r\u{1b}[K") }
  }
}
