import Glibc
import InspectCore
import Logging

/// A run from options to conclusions: what `analyze` and `live` have in common.
public struct Inspection: ~Copyable {
  /// A reason that ends a run before it began, in one line.
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
  }

  /// Who inspects: one alone, or a team.
  private var alone: WholeInspector?
  private var team: ShardTeam?
  private let events: Held<EventSink>
  public let output: OutputFile?
  public let atlas: SharedAtlas
  public let policy: PolicyFile
  public let deviceNames: [String]
  public let usesScreenOn: Bool
  /// A log of unlocks was given, with or without any.
  let hasUnlockLog: Bool
  /// That of the experiment; nil without one.
  let plan: ExperimentPlan?
  private let planPath: String
  /// What reading the watch lists came to; nil without one.
  public let watched: WatchFile.Outcome?
  /// How many packets were looked at so far.
  public private(set) var packets: UInt64 = 0
  private var first: Timestamp?
  private var last = Timestamp(nanoseconds: 0)
  private var feed: UnlockFeed
  private let filter: PacketFilter?
  /// The captures that are read; nil where packets come one by one.
  private let reader: CaptureReader?
  /// Batches of them that were looked at.
  private var batches = 0
  let description: RunDescription

  /// `files` are the captures' names; `captured` is their span of time where it is known. `threads` is
  /// how many are to look at what a `reader` reads.
  public init(
    _ options: InspectionOptions, files: [String], captured: ClosedRange<Timestamp>?,
    raisesAtOnce: Bool, reader: CaptureReader? = nil, threads: Int = 1, logger: Logger
  ) throws(Failure) {
    let policy = try Inspection.policy(options)
    if policy.changes == 0, let path = options.policyPath {
      logger.warning("\(path) changes nothing for transfers from \(policy.origin)")
    }
    let atlas = try Inspection.atlas(options, at: captured?.lowerBound ?? Inspection.now, logger)
    let watch = try Inspection.watch(options, logger)
    let unlocks = try UnlockTracks(options, captured: captured, logger: logger)
    let filter = try Inspection.filter(options)
    let output = try Inspection.output(options)
    let key = IdentifierMask.installationKey()
    if !key.isKept {
      logger.warning("no place to keep the hash key: hashes of this run stand alone")
    }

    var configuration = InspectorConfiguration()
    configuration.limits = options.limits
    configuration.cases.local =
      options.local.isEmpty ? InspectionOptions.defaultLocal : options.local
    configuration.cases.devices = options.devices.map { $0.device }
    configuration.cases.unlocks = unlocks.tracks
    configuration.cases.infersUnlocks = options.infersUnlocks
    configuration.cases.policy = policy.policy
    configuration.cases.raisesAtOnce = raisesAtOnce
    configuration.watch = watch?.index
    configuration.verifiesChecksums = options.verifiesChecksums
    let names = options.devices.map { $0.name }
    func sink(_ destination: (any EventDestination)?, _ atlas: SharedAtlas) -> EventSink {
      EventSink(
        output: destination, types: options.events,
        mask: IdentifierMask(key: key.key, reveals: options.reveals), atlas: atlas,
        policy: policy, deviceNames: names, files: files, hashesBodies: options.hashesBodies,
        keepsReport: options.needsRecord)
    }
    let hashKey = IdentifierMask.tableKey(from: key.key)
    events = Held(sink(output, atlas))
    func begin(users: Int) {
      reader?.begin(users: users, filter: filter, sharesByFlow: !options.verifiesChecksums)
    }
    if threads > 1, let reader {
      alone = nil
      team = ShardTeam(
        threads: threads,
        cases: WholeCase(
          configuration: configuration, hashKey: hashKey, atlas: Held(AtlasView(atlas))),
        output: output, reader: reader, begin: begin,
        makeShard: { number, log in
          WholeShard(
            configuration: configuration, hashKey: hashKey, number: number,
            sink: Held(sink(output == nil ? nil : log, atlas.another)),
            decoder: Held(BodyDecoder()),
            cipher: Held(AESCipher()))
        })
    } else {
      begin(users: 1)
      team = nil
      alone = WholeInspector(
        configuration: configuration, hashKey: hashKey, sink: events,
        decoder: Held(BodyDecoder()), atlas: Held(AtlasView(atlas)), cipher: Held(AESCipher()))
    }
    self.output = output
    self.atlas = atlas
    self.policy = policy
    deviceNames = names
    usesScreenOn = unlocks.usesScreenOn
    hasUnlockLog = !options.unlockLogs.isEmpty
    plan = unlocks.plan
    planPath = options.experimentPath ?? ""
    watched = watch?.outcome
    feed = UnlockFeed(options, unlocks.tracks)
    self.filter = filter
    self.reader = reader
    description = Inspection.description(options, files, atlas, policy)
  }

  /// Without its folders, which may tell more of the user than the reader needs to know.
  private static func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static func description(
    _ options: InspectionOptions, _ files: [String], _ atlas: SharedAtlas, _ policy: PolicyFile
  ) -> RunDescription {
    let captures = files.map { path in
      let size = CaptureDigest.describe(path, hashes: options.needsRecord)
      return RunDescription.Capture(
        file: fileName(path), bytes: size?.bytes, sha256: size?.sha256)
    }
    let databases = atlas.databases.map {
      RunDescription.Database(
        type: $0.databaseType, built: GeoBuilder.day($0.buildEpoch), attribution: $0.attribution)
    }
    return RunDescription(
      version: Version.text, captures: captures, databases: databases, home: options.home,
      policyAsOf: policy.asOf, policyFile: options.policyPath.map(Inspection.fileName),
      unlockLogs: options.unlockLogs.count)
  }

  /// What the transfer policy is, for people.
  var policyText: String {
    let base = "as of \(policy.asOf), for transfers from \(policy.origin)"
    guard let changes = policy.changes, let file = description.policy_file else { return base }
    return base + ": the built-in table, changed by \(changes) lines of \(file)"
  }

  /// The report on what was found, in HTML; only where the options asked for one, after `finish`.
  public func report() -> String {
    var recorded = RecordedEvents()
    recorded.add(Array(events.value.reportLines.joined()), file: "events")
    return Report.html(recorded)
  }

  /// Looks at a packet, if the filter lets it pass, and says whether it did. Not for who has a reader.
  @discardableResult
  public mutating func inspect(_ packet: borrowing CapturedPacket, source: UInt16) -> Bool {
    if let filter, !filter.passes(packet) { return false }
    note((packet.timestamp, packet.timestamp), packets: 1)
    alone?.inspect(
      packet.bytes, at: packet.timestamp, originalByteCount: packet.originalByteCount,
      linkType: packet.linkType, source: source)
    return true
  }

  /// Looks at the next batches of packets that the reader reads; false when there are none.
  public mutating func inspectBatches(_ count: Int) -> Bool {
    for _ in 0..<count {
      guard let reader, let batch = reader.batch(batches) else { return false }
      if batch.count > 0 {
        note(
          (batch[0].place.timestamp, batch[batch.count - 1].place.timestamp), packets: batch.count)
      }
      for index in 0..<batch.count {
        let entry = batch[index]
        let packet = entry.packet
        alone?.inspect(
          packet.bytes, at: packet.timestamp, originalByteCount: packet.originalByteCount,
          linkType: packet.linkType, source: entry.source)
      }
      team?.inspect(batch)
      reader.leave(batches)
      batches += 1
    }
    return true
  }

  /// Takes note of packets with these first and last times.
  private mutating func note(_ times: (Timestamp, Timestamp), packets count: Int) {
    if first == nil { first = times.0 }
    last = times.1
    packets += UInt64(count)
  }

  /// Takes in what was added to the unlock logs since they were read.
  public mutating func refreshUnlocks() {
    if let new = feed.next() { alone?.append(unlocks: new) }
  }

  /// The flow that the last packet was counted for, 0 for none; only without a team.
  var latestFlow: UInt64 {
    switch alone {
    case .some(let core): core.latestFlow
    case .none: 0
    }
  }

  /// The events of the alerts, in their order, and of the statistics; see `EventSink`.
  var reportLines: [[UInt8]] { events.value.reportLines }

  /// What was seen; of a team only after `finish`.
  public var statistics: InspectorCounters {
    switch alone {
    case .some(let core): core.statistics
    case .none:
      switch team {
      case .some(let team): team.statistics
      case .none: InspectorCounters()
      }
    }
  }

  /// What the unlock logs and the capture had in common; meaningful after `finish`.
  var unlockCoverage: UnlockCoverage {
    switch alone {
    case .some(let core): core.unlockCoverage
    case .none:
      switch team {
      case .some(let team): team.unlockCoverage
      case .none: .noLog
      }
    }
  }

  /// What was raised so far.
  public var alerts: [Alert] { events.value.alerts }

  /// The span of time that was seen.
  public var observed: ClosedRange<Timestamp>? { first.map { min($0, last)...max($0, last) } }

  /// What of the experiment's plan does not lie in the capture, at its end; nil where all does.
  public var planRemark: ExperimentPlan.Remark? { plan?.remark(planPath, observed: observed) }

  /// Ends flows, draws the conclusions and writes what is left.
  public mutating func finish(drops: LiveCapture.Drops? = nil) {
    // What was read is looked at by all or by none.
    reader?.stop()
    while inspectBatches(1) {}
    alone?.finish()
    team?.finish { events.value.alert($0) }
    events.value.stats(statistics, drops: drops, run: description, at: last)
    output?.flush()
  }

  private static func policy(_ options: InspectionOptions) throws(Failure) -> PolicyFile {
    do throws(PolicyFile.Failure) {
      guard let path = options.policyPath else { return try .builtIn(home: options.home) }
      return try PolicyFile(path: path, home: options.home)
    } catch {
      throw Failure(error.description)
    }
  }

  private static func atlas(
    _ options: InspectionOptions, at moment: Timestamp?, _ logger: Logger
  ) throws(Failure) -> SharedAtlas {
    var paths = options.geoPaths
    if paths.isEmpty {
      guard let standard = GeoCommand.defaultDatabase() else {
        logger.warning(
          "no geolocation database: countries stay unknown; make one with: inspectd geo build")
        return SharedAtlas([])
      }
      paths = [standard]
    }
    var databases: [GeoDatabase] = []
    do throws(GeoError) {
      for path in paths { databases.append(try GeoDatabase(path: path)) }
    } catch {
      throw Failure(error.message)
    }
    for database in databases {
      guard let moment else { break }
      let age = database.ageInDays(at: moment)
      if age > SharedAtlas.staleDays {
        logger.warning(
          "\(database.path): made \(age) days before the capture: countries may have changed")
      } else if age < 0 {
        logger.warning(
          "\(database.path): made \(-age) days after the capture: countries may have changed")
      }
    }
    return SharedAtlas(databases, at: moment, home: HomeCountry(options.home)?.country)
  }

  /// The clock's time: when a live capture is made.
  private static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  private static func watch(
    _ options: InspectionOptions, _ logger: Logger
  ) throws(Failure) -> (index: WatchIndex, outcome: WatchFile.Outcome)? {
    guard !options.watchLists.isEmpty else { return nil }
    do throws(WatchFile.Failure) {
      let watch = try WatchFile.index(
        options.watchLists, keyPath: options.watchKeyPath, isLenient: options.watchesLeniently)
      for failure in watch.outcome.failures { logger.warning("left out: \(failure)") }
      if watch.outcome.wrongLines > watch.outcome.failures.count {
        logger.warning("left out: \(watch.outcome.wrongLines) wrong lines in all")
      }
      if watch.index.droppedForms > 0 {
        logger.warning(
          "the watch lists are long: \(watch.index.droppedForms) rarer digests are not looked for")
      }
      return watch
    } catch {
      throw Failure(error.description)
    }
  }

  private static func output(_ options: InspectionOptions) throws(Failure) -> OutputFile? {
    guard let path = options.evePath else { return nil }
    do throws(OutputFile.Failure) {
      return try OutputFile(path)
    } catch {
      throw Failure(error.description)
    }
  }

  private static func filter(_ options: InspectionOptions) throws(Failure) -> PacketFilter? {
    guard let expression = options.filter else { return nil }
    do throws(PacketFilter.SyntaxError) {
      return try PacketFilter(expression)
    } catch {
      throw Failure(error.description)
    }
  }

  /// Whose a log is that names `device`, or none: it is of the only device that was named, or else of
  /// the only one there is.
  static func owner(
    of device: String?, _ options: InspectionOptions
  ) -> CaseConfiguration.UnlockTrack.Owner {
    guard let device, !device.isEmpty else {
      return options.devices.count == 1 ? .named(0) : .only
    }
    if let named = options.devices.firstIndex(where: { $0.name == device }) { return .named(named) }
    if let mac = MACAddress(text: device) {
      let named = options.devices.firstIndex { $0.device.macs.contains(mac) }
      return named.map { .named($0) } ?? .mac(mac)
    }
    if let address = IPAddress(text: device) {
      let named = options.devices.firstIndex { $0.device.addresses.contains(address) }
      return named.map { .named($0) } ?? .address(address)
    }
    // A name that no option explains: the phone's own, say. It is the one there is.
    return .only
  }
}
