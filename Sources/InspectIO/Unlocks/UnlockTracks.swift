import InspectCore
import Logging

/// The unlock logs and the experiment of a run, by device, as the core wants them.
struct UnlockTracks {
  private(set) var tracks: [CaseConfiguration.UnlockTrack] = []
  private(set) var usesScreenOn = false
  private(set) var plan: ExperimentPlan?
  private var byDevice: [String: CaseConfiguration.UnlockTrack] = [:]

  init(
    _ options: InspectionOptions, captured: ClosedRange<Timestamp>?, logger: Logger?
  ) throws(Inspection.Failure) {
    for path in options.unlockLogs {
      do throws(UnlockLogError) {
        let log = try UnlockLog.read(path: path, hints: UnlockLog.Hints(captured: captured))
        for warning in log.warnings { logger?.warning("\(path): \(warning)") }
        take(log, options)
      } catch {
        throw Inspection.Failure("\(error)")
      }
    }
    if let path = options.experimentPath {
      do throws(UnlockLogError) {
        let plan = try ExperimentPlan.read(path: path)
        guard plan.isEnough else { throw UnlockLogError(path, .fewSlots(plan.slots.count)) }
        self.plan = plan
        take(plan, options)
      } catch {
        throw Inspection.Failure("\(error)")
      }
    }
    tracks = byDevice.sorted { $0.key < $1.key }.map {
      var track = $0.value
      track.log.unlocks.sort()
      track.log.screenOns.sort()
      track.log.screenOffs.sort()
      track.log.boots.sort()
      return track
    }
  }

  private mutating func take(_ log: UnlockLog, _ options: InspectionOptions) {
    if log.usesScreenOn { usesScreenOn = true }
    let kind: UnlockKind = log.usesScreenOn ? .screenOn : .unlock
    for entry in log.entries {
      var track = byDevice[entry.device ?? ""] ?? new(entry.device, options)
      let time = entry.event.time
      switch entry.event.kind {
      case kind:
        track.log.unlocks.append(time)
        track.log.precision = max(track.log.precision, entry.event.precision)
        track.log.isScreenOn = track.log.isScreenOn || log.usesScreenOn
      case .screenOff: track.log.screenOffs.append(time)
      case .boot: track.log.boots.append(time)
      case .screenOn: track.log.screenOns.append(time)
      case .unlock, .lock: break
      }
      switch entry.clock {
      case .log, .phone, .phoneLocal: track.isPhoneClock = true
      case .receiver, .hand: break
      }
      byDevice[entry.device ?? ""] = track
    }
  }

  /// The slots belong to the one phone whose log there is, or stand for a log.
  private mutating func take(_ plan: ExperimentPlan, _ options: InspectionOptions) {
    let key = byDevice.count == 1 ? byDevice.keys.first ?? "" : plan.device ?? ""
    var track = byDevice[key] ?? new(plan.device, options)
    let experiment = Experiment(slots: plan.slots)
    track.log.experiment = experiment
    if track.log.unlocks.isEmpty {
      track.log.unlocks = plan.slots.filter { $0.isUnlock }.map { $0.time }
      track.log.precision = experiment.precision
      // The slots are judged where they were planned.
      track.log.isCaptureClock = true
    }
    byDevice[key] = track
  }

  private func new(
    _ device: String?, _ options: InspectionOptions
  ) -> CaseConfiguration.UnlockTrack {
    CaseConfiguration.UnlockTrack(
      owner: Inspection.owner(of: device, options), log: UnlockStudy.Log())
  }
}

/// Unlock logs that grow while a capture goes on.
public struct UnlockFeed {
  private let options: InspectionOptions
  private var sizes: [Int]
  private var seen: [Timestamp?]

  init(_ options: InspectionOptions, _ tracks: [CaseConfiguration.UnlockTrack]) {
    self.options = options
    sizes = options.unlockLogs.map { InputFile.size(of: $0) }
    seen = tracks.map { $0.log.unlocks.last }
  }

  /// What is new since the last time, by track; nil when nothing is, or it cannot be read just now.
  public mutating func next() -> [[Timestamp]]? {
    let now = options.unlockLogs.map { InputFile.size(of: $0) }
    guard now != sizes else { return nil }
    sizes = now
    do throws(Inspection.Failure) {
      let tracks = try UnlockTracks(options, captured: nil, logger: nil).tracks
      guard tracks.count == seen.count else { return nil }
      var new: [[Timestamp]] = []
      for (index, track) in tracks.enumerated() {
        let last = seen[index]
        new.append(track.log.unlocks.filter { time in last.map { time > $0 } ?? true })
        seen[index] = track.log.unlocks.last
      }
      return new
    } catch {
      // A line may be half written: the next look sees it whole.
      return nil
    }
  }
}
