import InspectCore

/// The plan of an experiment with randomised slots, as a file.
///
///     # inspectd experiment, seed 42, 20 slots, 10 unlocks
///     time,device,action
///     2026-03-01T08:02:10Z,,unlock
///     2026-03-01T08:05:01Z,,sham
public struct ExperimentPlan: Sendable {
  /// Times are Unix nanoseconds; slots of either kind.
  public private(set) var slots: [Experiment.Slot] = []
  public private(set) var device: String?
  public private(set) var seed: UInt64?

  /// The most slots, and the fewest from which anything follows.
  public static let slotLimit = 1_000
  public static let fewestSlots = 12

  /// Draws a plan: gaps evenly between the two bounds, in seconds, and an unlock in half of the
  /// slots, which ones by a shuffle. The same seed gives the same plan.
  public init(
    seed: UInt64, slots count: Int, start: Timestamp, gaps: ClosedRange<Double>, device: String?
  ) {
    self.seed = seed
    self.device = device
    var random = SplitMix64(seed: seed)
    let count = min(max(count, 2), ExperimentPlan.slotLimit)
    var isUnlock = (0..<count).map { $0 < (count + 1) / 2 }
    isUnlock.shuffle(using: &random)
    var time = start
    for unlock in isUnlock {
      let gap = gaps.lowerBound + random.unit() * (gaps.upperBound - gaps.lowerBound)
      time = time.advanced(byNanoseconds: Int64(gap.rounded()) * 1_000_000_000)
      slots.append(Experiment.Slot(time: time, isUnlock: unlock))
    }
  }

  /// Reads the plan at `path`.
  public static func read(path: String) throws(UnlockLogError) -> ExperimentPlan {
    let bytes: [UInt8]
    do throws(InputFile.Failure) {
      bytes = try InputFile.contents(of: path)
    } catch {
      throw UnlockLogError(path, .notRead(error.reason))
    }
    return try ExperimentPlan(bytes, name: path)
  }

  init(_ bytes: [UInt8], name: String) throws(UnlockLogError) {
    var records = CSV(bytes[...], separator: UInt8(ascii: ","))
    do throws(CSVError) {
      guard let header = try records.next() else {
        throw CSVError(line: 1, expected: ExperimentPlan.header, found: [])
      }
      let names = header.cells.map { $0.prefix(64).text.lowercased() }
      guard let time = names.firstIndex(of: "time"), let action = names.firstIndex(of: "action")
      else {
        throw CSVError(line: header.line, expected: ExperimentPlan.header, found: bytes[...])
      }
      let owner = names.firstIndex(of: "device")
      while let record = try records.next() {
        guard record.cells.count > max(time, action), slots.count < ExperimentPlan.slotLimit,
          let moment = TimeText.readEither(record.cells[time]), moment.hasZone,
          let isUnlock = ExperimentPlan.action(record.cells[action])
        else {
          throw CSVError(
            line: record.line,
            expected: "a slot (time with its zone, device, and unlock or sham)",
            found: Array(record.cells.joined(separator: [UInt8(ascii: ",")]))[...])
        }
        if let owner, owner < record.cells.count, !record.cells[owner].isEmpty {
          device = record.cells[owner].text
        }
        slots.append(Experiment.Slot(time: moment.time, isUnlock: isUnlock))
      }
    } catch {
      throw UnlockLogError(name, line: error.line, expected: error.expected, found: error.found)
    }
    slots.sort { $0.time < $1.time }
  }

  /// Whether slots of both kinds are enough for a conclusion.
  public var isEnough: Bool {
    let unlocks = slots.count { $0.isUnlock }
    return slots.count >= ExperimentPlan.fewestSlots && unlocks > 0 && unlocks < slots.count
  }

  /// What is wrong with the plan beside a capture of `observed`; nil where nothing is.
  /// - Parameter name: of the plan's file.
  public func remark(_ name: String, observed: ClosedRange<Timestamp>?) -> Remark? {
    guard let observed, let first = slots.first, let last = slots.last else { return nil }
    let seen = slots.count { observed.contains($0.time) }
    guard seen < slots.count else { return nil }
    func text(_ time: Timestamp) -> String { TimeText.rfc3339(time, fractionDigits: 0) }
    let spans =
      "the slots are from \(text(first.time)) to \(text(last.time)), "
      + "the capture from \(text(observed.lowerBound)) to \(text(observed.upperBound))"
    return Remark(
      text: seen == 0
        ? "\(name): no slot of the plan lies in the capture: \(spans)"
        : "\(name): only \(seen) of \(slots.count) slots lie in the capture: \(spans)",
      isFatal: seen < ExperimentPlan.fewestSlots)
  }

  /// What is wrong with a plan, in one line.
  public struct Remark: Sendable {
    public let text: String
    /// The experiment says nothing.
    public let isFatal: Bool
  }

  private static let header = "the header time,device,action of an experiment's plan"

  private static func action(_ text: ArraySlice<UInt8>) -> Bool? {
    switch text.prefix(16).text.lowercased() {
    case "unlock": true
    case "sham": false
    default: nil
    }
  }

  /// The plan as a file.
  public func csv() -> String {
    let unlocks = slots.count { $0.isUnlock }
    var text = "# inspectd experiment"
    if let seed { text += ", seed \(seed)" }
    text += ", \(slots.count) slots, \(unlocks) unlocks\ntime,device,action\n"
    for slot in slots {
      let time = TimeText.rfc3339(slot.time, fractionDigits: 0)
      text += "\(time),\(device ?? ""),\(slot.isUnlock ? "unlock" : "sham")\n"
    }
    return text
  }

  /// What to do in a slot.
  public static func instruction(_ slot: Experiment.Slot) -> String {
    slot.isUnlock ? "UNLOCK the phone, count to three, LOCK it" : "leave the phone alone"
  }

  /// A page that counts down to each slot and says what to do; it needs nothing from elsewhere.
  /// Only digits and words of ours are in it.
  public func html() -> String {
    let moments = slots.map {
      "[\($0.time.nanoseconds / 1_000_000),\($0.isUnlock ? 1 : 0)]"
    }
    return """
      <!doctype html>
      <html lang="en"><meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>inspectd experiment</title>
      <style>
      body { font: 2.5rem sans-serif; text-align: center; margin: 10vh 5vw; background: #fff; color: #222 }
      #now { font-size: 5rem; font-weight: bold; min-height: 2.4em }
      .unlock { background: #ffd54f } .sham { background: #cfd8dc }
      small { font-size: 1.2rem; color: #666 }
      </style>
      <p id="now"></p><p id="next"></p><small id="count"></small>
      <script>
      const slots = [\(moments.joined(separator: ","))];
      function tick() {
        const now = Date.now();
        const done = slots.filter(s => s[0] <= now).length;
        const last = done ? slots[done - 1] : null;
        const isNow = last && now - last[0] < 8000;
        document.body.className = isNow ? (last[1] ? "unlock" : "sham") : "";
        document.getElementById("now").textContent =
          isNow ? (last[1] ? "UNLOCK, count to three, LOCK" : "Leave it alone") :
          done == slots.length ? "Done" : "Wait";
        document.getElementById("next").textContent = done < slots.length
          ? Math.ceil((slots[done][0] - now) / 1000) + " s" : "";
        document.getElementById("count").textContent = done + " of " + slots.length + " slots";
      }
      setInterval(tick, 100); tick();
      </script></html>

      """
  }
}
