import ArgumentParser
import InspectCore
import InspectIO
import Logging

/// How much memory a run may take.
enum MemoryProfile: String, CaseIterable, ExpressibleByArgument {
  case standard, router
}

/// The options that `analyze` and `live` share.
struct SharedOptions: ParsableArguments {
  @Option(help: "Write events as JSON lines to FILE ('-': standard output).")
  var eve: String?

  @Option(help: "Types of events: flow,http,tls,dns,quic,smtp,anomaly,alert,stats or all.")
  var events = "alert,stats"

  @Option(help: ArgumentHelp("Log of screen unlocks; repeatable.", valueName: "file"))
  var unlocks: [String] = []

  @Option(help: ArgumentHelp("The plan of an experiment with unlocks.", valueName: "file"))
  var experiment: String?

  @Flag(help: "Without a log, infer wake-ups from the traffic.")
  var inferUnlocks = false

  @Option(help: ArgumentHelp("Name a phone by MAC or IP addresses.", valueName: "name=addr[,addr]"))
  var device: [String] = []

  @Option(help: ArgumentHelp("A network that is the inside; repeatable.", valueName: "cidr"))
  var local: [String] = []

  @Option(help: "Whose law is the origin of transfers: a country, EEA, UK or CH.")
  var home = "EEA"

  @Option(help: ArgumentHelp("Transfer policy instead of the built-in one.", valueName: "file"))
  var policy: String?

  @Option(help: ArgumentHelp("Geolocation database (MMDB); repeatable.", valueName: "file"))
  var geo: [String] = []

  @Option(
    help: ArgumentHelp(
      "Watched values: CSV kind,value,label[,class]; repeatable.", valueName: "file"))
  var watch: [String] = []

  @Option(help: ArgumentHelp("Key of the HMACs in watch lists.", valueName: "file"))
  var watchKey: String?

  @Flag(help: "Leave wrong lines of watch lists out instead of stopping.")
  var watchLenient = false

  @Option(help: ArgumentHelp("Capture filter, pcap-filter(7).", valueName: "bpf"))
  var filter: String?

  @Option(help: ArgumentHelp("Write a self-contained HTML report.", valueName: "file.html"))
  var report: String?

  @Flag(help: "Do not believe packets with a wrong checksum (captures often see unfinished ones).")
  var verifyChecksums = false

  @Option(help: "How much memory to take: standard, or router (24 MB, for 10,000 flows).")
  var profile = MemoryProfile.standard

  @Option(
    help: ArgumentHelp(
      "Write packets, events and digests for each alert into a new folder.", valueName: "dir"))
  var evidence: String?

  @Flag(help: "Write identifiers in full instead of masked.")
  var reveal = false

  @Flag(help: "Add length and SHA-256 of message bodies to http events.")
  var hashBodies = false

  @Option(
    help: ArgumentHelp(
      "Exit with 3 when an alert of this severity or worse was raised: low, medium, high, critical.",
      valueName: "severity"))
  var failOn: String?

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @Flag(name: .short, help: "More log on standard error.")
  var verbose = false

  func validate() throws {
    _ = try options()
    _ = try failLevel()
    if let filter {
      do throws(PacketFilter.SyntaxError) {
        _ = try PacketFilter(filter)
      } catch {
        throw ValidationError("--filter: \(error.reason)")
      }
    }
  }

  func failLevel() throws -> Severity? {
    guard let failOn else { return nil }
    guard let level = Severity(text: failOn) else {
      throw ValidationError("--fail-on: '\(failOn)' is none of low, medium, high, critical")
    }
    return level
  }

  func options() throws -> InspectionOptions {
    var options = InspectionOptions()
    options.evePath = eve
    options.events = try eventTypes()
    options.unlockLogs = unlocks
    options.experimentPath = experiment
    options.infersUnlocks = inferUnlocks
    options.devices = try device.map { text in
      guard let named = InspectionOptions.NamedDevice(text) else {
        throw ValidationError(
          "--device: '\(text)' is not NAME=ADDR[,ADDR] with MAC or IP addresses")
      }
      return named
    }
    options.local = try local.map { text in
      guard let network = CIDR(text: text) else {
        throw ValidationError("--local: '\(text)' is no network such as 10.0.0.0/8")
      }
      return network
    }
    guard HomeCountry(home) != nil else {
      throw ValidationError("--home: '\(home)' is no country (two letters), EEA, UK or CH")
    }
    options.home = home
    if watchKey != nil, watch.isEmpty {
      throw ValidationError("--watch-key: there is no --watch")
    }
    options.watchLists = watch
    options.watchKeyPath = watchKey
    options.watchesLeniently = watchLenient
    options.policyPath = policy
    options.geoPaths = geo
    options.filter = filter
    if profile == .router { options.limits = .router }
    options.reveals = reveal
    options.hashesBodies = hashBodies
    options.verifiesChecksums = verifyChecksums
    options.reportPath = report
    options.evidencePath = evidence
    return options
  }

  private func eventTypes() throws -> Set<EventType> {
    if events == "all" { return Set(EventType.allCases) }
    var types: Set<EventType> = []
    for name in events.split(separator: ",") {
      guard let type = EventType(rawValue: String(name)) else {
        throw ValidationError(
          "--events: '\(name)' is none of "
            + EventType.allCases.map(\.rawValue).joined(separator: ",") + " or all")
      }
      types.insert(type)
    }
    return types
  }

  /// Nil where no evidence is wanted. It is begun before the work, so that a folder that cannot be
  /// written is known at once.
  func evidenceRecorder() throws -> EvidenceRecorder? {
    guard let evidence else { return nil }
    return try orFail { () throws(EvidenceBundle.Failure) in
      try EvidenceRecorder(directory: evidence)
    }
  }

  func logger() -> Logger {
    var logger = Logger(label: "inspectd") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = verbose ? .debug : quiet ? .error : .warning
    return logger
  }

  /// Writes the summary where no events go, and says how the run ends.
  func end(
    _ inspection: borrowing Inspection, damages: [String], drops: LiveCapture.Drops?
  ) throws {
    var damages = damages
    let remark = inspection.planRemark
    if let remark, remark.isFatal { damages.append(remark.text) }
    for damage in damages { writeError("inspectd: \(damage)\n") }
    if let remark, !remark.isFatal { writeError("inspectd: \(remark.text)\n") }
    if eve == nil {
      let key = IdentifierMask.installationKey().key
      let mask = IdentifierMask(key: key, reveals: reveal)
      try writeOutput(
        Summary.render(inspection, mask: mask, damages: damages, drops: drops))
    }
    if let report {
      do throws(OutputFile.Failure) {
        try OutputFile.save(inspection.report(), to: report)
      } catch {
        throw fail(error)
      }
    }
    if let failure = inspection.output?.failure { throw fail(failure) }
    if !damages.isEmpty { throw Ending.failed }
    if let level = try failLevel() {
      let alerts = inspection.alerts
      if alerts.contains(where: { $0.severity >= level }) { throw Ending.findings }
    }
  }
}
