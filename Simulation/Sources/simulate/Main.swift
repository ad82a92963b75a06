import InspectCore

/// `simulate [NAME...] [--runs N] [--lines TEXT]`: prints the tables of docs/unlock-evaluation.md,
/// or of those about recall and the clock only the lines with TEXT in their names.
@main
enum Main {
  nonisolated(unsafe) private static var lines: String?

  static var tables: [(String, (Int) -> Void)] {
    [
      ("recall", recall), ("alarms", alarms), ("clock", clock), ("doubts", doubts),
      ("worlds", worlds),
      ("levels", levels),
      ("shapes", shapes), ("people", people), ("calibration", calibration),
      ("inferred", inferred), ("speed", speed),
    ]
  }

  static func main() {
    var names: [String] = []
    var runs = 100
    var arguments = CommandLine.arguments.dropFirst().makeIterator()
    while let argument = arguments.next() {
      if argument == "--runs" {
        runs = arguments.next().flatMap { Int($0) } ?? runs
      } else if argument == "--lines" {
        lines = arguments.next()
      } else {
        names.append(argument)
      }
    }
    for (name, table) in tables where names.isEmpty || names.contains(name) {
      print("## \(name), \(runs) runs")
      let start = Analysis.seconds()
      table(runs)
      print("(\(text(Analysis.seconds() - start, 1)) s)\n")
    }
  }

  // MARK: Phones

  /// Destinations that have nothing to do with unlocks, or only through the owner.
  static func company(_ chance: inout Chance) -> [Sender] {
    var senders: [Sender] = []
    for _ in 0..<4 { senders.append(user(&chance)) }
    for _ in 0..<3 {
      senders.append(
        .beacon(
          period: Analysis.exp(chance.even(Analysis.log(20), Analysis.log(21_600))),
          jitter: chance.even(0, 0.3)))
    }
    senders.append(.push(perDay: chance.even(5, 60), wakes: 0))
    senders.append(.service(perDay: chance.even(20, 400)))
    senders.append(.screenOff(median: chance.even(0.5, 4), share: chance.even(0.6, 1)))
    senders.append(.random(perDay: chance.even(2, 200)))
    return senders
  }

  static func user(_ chance: inout Chance) -> Sender {
    let lag: Sender.Lag
    switch chance.integer(0, 3) {
    case 0: lag = .even(1, chance.even(15, 60))
    case 1: lag = .exponential(from: 1, mean: chance.even(5, 25))
    case 2: lag = .logNormal(median: chance.even(5, 20), spread: chance.even(0.7, 1.2))
    default: lag = .gamma(from: 1, shape: 2, mean: chance.even(8, 25))
    }
    return .use(
      share: chance.even(0.1, 0.8), lag: lag, followUps: chance.hits(0.5) ? chance.even(4, 30) : 0)
  }

  static func trigger(_ share: Double, _ chance: inout Chance) -> Sender {
    .trigger(
      median: chance.even(0.3, 5), spread: chance.even(0.1, 0.4), share: share,
      others: chance.hits(0.5) ? chance.even(1, 24) : 0)
  }

  // MARK: Tables

  struct Score {
    var found = 0
    var of = 0
    var needed: [Int] = []
    /// How far the clock that was told is off, and how far by its own words, in seconds.
    var errors: [Double] = []
    var doubts: [Double] = []
    /// How often the one is within the other.
    var covered: String {
      let count = zip(errors, doubts).count { $0 <= $1 }
      return errors.isEmpty ? "-" : "\(text(100 * Double(count) / Double(errors.count), 1)) %"
    }
    var share: String { of == 0 ? "-" : "\(text(100 * Double(found) / Double(of), 1)) %" }
  }

  static func score(
    _ runs: Int, unlocks: Int, share: Double, seed: UInt64, flaws: Flaws = Flaws(),
    company isInCompany: Bool = true, habits: Habits = Habits(),
    lag: ((Double) -> Sender.Lag)? = nil
  ) -> (trigger: Score, others: Score) {
    var trigger = Score()
    var others = Score()
    for run in 0..<runs {
      var chance = Chance(seed: seed &+ UInt64(run) &* 7_919)
      let phone = Phone(unlocks: unlocks, habits: habits, &chance)
      var asked = Main.trigger(share, &chance)
      if let lag {
        asked = .shaped(lag(chance.even(0.3, 5)), share: share, others: chance.even(0, 12))
      }
      let senders = [asked] + (isInCompany ? company(&chance) : [])
      let trial = Trial(phone: phone, senders: senders, flaws: flaws, &chance)
      for (index, result) in trial.results.enumerated() {
        let isFound = result.verdict == .unlock
        if index == 0 {
          trigger.errors.append(flaws.error(of: result.clock, over: phone.duration))
          trigger.doubts.append(result.clockUncertainty ?? 0)
          trigger.of += 1
          if isFound {
            trigger.found += 1
            if let needed = trial.unlocksNeeded(index) { trigger.needed.append(needed) }
          }
        } else {
          others.of += 1
          if isFound { others.found += 1 }
        }
      }
    }
    trigger.needed.sort()
    return (trigger, others)
  }

  static func row(
    _ name: String, _ score: @autoclosure () -> (trigger: Score, others: Score), clock: Bool = false
  ) {
    if let lines, !name.contains(lines) { return }
    let score = score()
    func quantile<Value: Comparable>(_ values: [Value], _ tenths: Int) -> Value? {
      values.isEmpty ? nil : values.sorted()[values.count * tenths / 10]
    }
    func number<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "-" }
    let needed = score.trigger.needed
    var cells = [
      name, score.trigger.share, "\(score.others.found) of \(score.others.of)",
      number(quantile(needed, 5)), number(quantile(needed, 9)),
    ]
    if clock {
      cells.append(number(quantile(score.trigger.errors, 5).map { text($0, 1) }))
      cells.append(number(quantile(score.trigger.errors, 9).map { text($0, 1) }))
      cells.append(number(quantile(score.trigger.doubts, 5).map { text($0, 1) }))
      cells.append(score.trigger.covered)
    }
    print("| \(cells.joined(separator: " | ")) |")
  }

  static func head(_ first: String, clock: Bool = false) {
    var cells = [first, "found", "false alarms", "unlocks needed: median", "90 %"]
    if clock { cells += ["error of the clock: median", "90 %", "uncertainty told", "covers"] }
    print("| \(cells.joined(separator: " | ")) |")
    print("|\(String(repeating: " --- |", count: cells.count))")
  }

  static func recall(_ runs: Int) {
    head("hit rate, unlocks")
    for share in [1, 0.8] {
      for unlocks in [40, 12, 20, 100, 300] {
        // The others are run less often.
        let runs = unlocks == 40 ? runs : max(1, runs / 3)
        row(
          "\(share), \(unlocks) (\(runs))",
          score(runs, unlocks: unlocks, share: share, seed: 1))
      }
    }
  }

  /// The receiver's operating curve: what would be found, and wrongly found, at other levels of the
  /// e-value; everything else that an alert needs is as it is.
  static func levels(_ runs: Int) {
    let levels = [1.0, 2, 5, 10, 20, 50, 100, 1_000]
    print("| hit rate | \(levels.map { text($0, 0) }.joined(separator: " | ")) |")
    print("| --- |\(String(repeating: " --- |", count: levels.count))")
    var settings = UnlockStudy.Settings()
    settings.level = 1
    var others = [Int](repeating: 0, count: levels.count)
    var count = 0
    for share in [0.5, 0.6, 0.7, 0.8, 0.9, 1] {
      var found = [Int](repeating: 0, count: levels.count)
      for run in 0..<runs {
        var chance = Chance(seed: 3 &+ UInt64(run) &* 7_919)
        let phone = Phone(unlocks: 40, days: 2, &chance)
        let senders = [trigger(share, &chance)] + company(&chance)
        let trial = Trial(
          phone: phone, senders: senders, flaws: Flaws(), settings: settings, &chance)
        count += trial.results.count - 1
        for (index, result) in trial.results.enumerated() where result.verdict == .unlock {
          for place in levels.indices where result.eValue ?? 0 >= levels[place] {
            if index == 0 { found[place] += 1 } else { others[place] += 1 }
          }
        }
      }
      let shares = found.map { "\(text(100 * Double($0) / Double(runs), 1)) %" }
      print("| \(text(share, 1)) | \(shares.joined(separator: " | ")) |")
    }
    let wrong = others.map { "\($0)" }.joined(separator: " | ")
    print("| false, of \(count) | \(wrong) |")
  }

  static func clock(_ runs: Int) {
    head("flaw, 40 unlocks", clock: true)
    let quarter = 900.0
    for share in [1, 0.8] {
      for isInCompany in [true, false] {
        let place = "hit rate \(share)\(isInCompany ? "" : ", alone")"
        for (name, flaws) in [
          ("none", Flaws()), ("offset 60 s", Flaws(offset: 60)),
          ("offset -117.3 s", Flaws(offset: -117.3)), ("offset 3 s", Flaws(offset: 3)),
          ("offset 1 s", Flaws(offset: 1)), ("offset -1 s", Flaws(offset: -1)),
          ("zone 15 min", Flaws(offset: quarter)),
          ("zone -30 min, 4 s", Flaws(offset: -2 * quarter + 4)),
          ("zone 1 h, 7 s", Flaws(offset: 4 * quarter + 7)),
          ("zone 5 h 45, 12 s", Flaws(offset: 23 * quarter + 12)),
          ("zone -8 h, -20 s", Flaws(offset: -32 * quarter - 20)),
          ("drift 50 ppm", Flaws(drift: 50)),
          ("offset 60 s, drift -40 ppm", Flaws(offset: 60, drift: -40)),
          ("offset -75 s, drift 40 ppm", Flaws(offset: -75, drift: 40)),
          ("whole seconds", Flaws(resolution: 1)), ("5 % lost", Flaws(lost: 0.05)),
          ("offset 60 s, words of others", Flaws(offset: 60, words: .others)),
          ("offset 60 s, own words", Flaws(offset: 60, words: .own)),
          ("zone 1 h, words of others", Flaws(offset: 4 * quarter + 30, words: .others)),
          ("drift 50 ppm, words of others", Flaws(drift: 50, words: .others)),
        ] {
          row(
            "\(place), \(name)",
            score(runs, unlocks: 40, share: share, seed: 5, flaws: flaws, company: isInCompany),
            clock: true)
        }
      }
    }
  }

  /// Phones and owners of other habits.
  static func worlds(_ runs: Int) {
    head("phone, owner, capture; hit rate")
    for share in [1, 0.8] {
      for (name, unlocks, habits, flaws) in [
        ("a week with a weekend, 120", 120, Habits(days: 7, isLateAtWeekends: true), Flaws()),
        ("double unlocks, 40", 40, Habits(doubles: 0.3), Flaws()),
        ("noted twice, for two users, 40", 40, Habits(), Flaws(isRepeated: true)),
        ("8 unlocks", 8, Habits(), Flaws()), ("10 unlocks", 10, Habits(), Flaws()),
        ("15 unlocks", 15, Habits(), Flaws()),
        ("15 unlocks in two hours", 15, Habits(days: 1.0 / 12), Flaws()),
        ("20 % lost, 40", 40, Habits(), Flaws(lost: 0.2)),
        ("all at once: seconds, 10 % lost, 90 s, doubles, 40", 40, Habits(doubles: 0.2),
          Flaws(offset: 90, resolution: 1, lost: 0.1)),
      ] {
        row(
          "\(name); \(share)",
          score(runs, unlocks: unlocks, share: share, seed: 7, flaws: flaws, habits: habits))
      }
    }
    for (name, lag) in [
      ("even, by a half", { .even(0.5 * $0, 1.5 * $0) }),
      ("gamma (4)", { .gamma(from: 0, shape: 4, mean: 1.09 * $0) }),
      ("gamma (2), 0.2 s on", { .gamma(from: 0.2, shape: 2, mean: 1.2 * ($0 - 0.2)) }),
      ("log-normal, 0.5", { .logNormal(median: $0, spread: 0.5) }),
      ("log-normal, 0.6", { .logNormal(median: $0, spread: 0.6) }),
    ] as [(String, (Double) -> Sender.Lag)] {
      for share in [1, 0.8] {
        row(
          "lags 0.3-5 s: \(name); \(share)",
          score(runs, unlocks: 40, share: share, seed: 9, lag: lag))
      }
    }
  }

  /// Each kind of destination by itself, in the company of others, and what it is called.
  static func alarms(_ runs: Int) {
    print("| destination | unlocks | false alarms | called |")
    print("| --- | --- | --- | --- |")
    let kinds: [(String, Sender)] = [
      ("use 0.8, even 1-15 s", .use(share: 0.8, lag: .even(1, 15), followUps: 0)),
      ("use 0.8, even 1-30 s", .use(share: 0.8, lag: .even(1, 30), followUps: 8)),
      (
        "use 0.8, 1 s + exponential 5 s",
        .use(share: 0.8, lag: .exponential(from: 1, mean: 5), followUps: 0)
      ),
      (
        "use 0.8, 1 s + exponential 8 s",
        .use(share: 0.8, lag: .exponential(from: 1, mean: 8), followUps: 0)
      ),
      (
        "use 0.8, log-normal 5 s, 0.8",
        .use(share: 0.8, lag: .logNormal(median: 5, spread: 0.8), followUps: 0)
      ),
      (
        "use 0.8, log-normal 8 s, 0.6",
        .use(share: 0.8, lag: .logNormal(median: 8, spread: 0.6), followUps: 6)
      ),
      (
        "use 0.8, 1 s + gamma 8 s",
        .use(share: 0.8, lag: .gamma(from: 1, shape: 2, mean: 8), followUps: 0)
      ),
      (
        "use 0.5, 1 s + exponential 8 s",
        .use(share: 0.5, lag: .exponential(from: 1, mean: 8), followUps: 10)
      ),
      ("beacon 20 s", .beacon(period: 20, jitter: 0)),
      ("beacon 60 s, jitter 30 %", .beacon(period: 60, jitter: 0.3)),
      ("beacon 300 s", .beacon(period: 300, jitter: 0.05)),
      ("beacon 1 h", .beacon(period: 3_600, jitter: 0.1)),
      ("push, 30 bursts a day", .push(perDay: 30, wakes: 0)),
      ("push that wakes the owner", .push(perDay: 30, wakes: 0.6)),
      ("service of the day, 300", .service(perDay: 300)),
      ("at screen-off, 1 s", .screenOff(median: 1, share: 1)),
      ("random, 500 a day", .random(perDay: 500)),
    ]
    for unlocks in [40, 200] {
      for (name, kind) in kinds {
        var found = 0
        var names: [String: Int] = [:]
        for run in 0..<runs {
          var chance = Chance(seed: 11 &+ UInt64(run) &* 104_729)
          let phone = Phone(unlocks: unlocks, days: 2, &chance)
          let trial = Trial(
            phone: phone, senders: [kind] + company(&chance), flaws: Flaws(), &chance)
          let verdict = trial.results[0].verdict
          if verdict == .unlock { found += 1 }
          names["\(verdict.name)", default: 0] += 1
        }
        let called = names.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
        print("| \(name) | \(unlocks) | \(found) of \(runs) | \(called.joined(separator: ", ")) |")
      }
    }
  }

  /// Under pure nulls: how often p-values lie below levels, and e-values above their reciprocals.
  static func calibration(_ runs: Int) {
    print("| null | p <= 0.5 | 0.2 | 0.1 | 0.05 | 0.01 | e >= 2 | 5 | 20 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    let kinds: [(String, Sender)] = [
      ("beacon 20 s", .beacon(period: 20, jitter: 0.1)),
      ("beacon 60 s", .beacon(period: 60, jitter: 0)),
      ("random, 2,000 a day", .random(perDay: 2_000)), ("random, 200 a day", .random(perDay: 200)),
      ("service, 1,000 a day", .service(perDay: 1_000)),
      ("push, 100 bursts a day", .push(perDay: 100, wakes: 0)),
    ]
    for (name, kind) in kinds {
      var values: [Double] = []
      var evidence: [Double] = []
      for run in 0..<runs * 10 {
        var chance = Chance(seed: 17 &+ UInt64(run) &* 15_485_863)
        let phone = Phone(unlocks: 40, days: 2, &chance)
        let trial = Trial(phone: phone, senders: [kind], flaws: Flaws(), &chance)
        values.append(trial.results[0].statistics.pValue ?? 1)
        evidence.append(trial.results[0].eValue ?? 0)
      }
      let below = [0.5, 0.2, 0.1, 0.05, 0.01].map { level in
        text(Double(values.count { $0 <= level }) / Double(values.count), 3)
      }
      let above = [2.0, 5, 20].map { level in
        text(Double(evidence.count { $0 >= level }) / Double(evidence.count), 4)
      }
      print("| \(name) | \((below + above).joined(separator: " | ")) |")
    }
  }

  static func speed(_ runs: Int) {
    var chance = Chance(seed: 23)
    var log = UnlockStudy.Log()
    log.precision = 1_000_000
    let duration = 100.0 * 86_400
    log.unlocks = (0..<10_000).map { _ in chance.even(0, duration) }.sorted().map(Trial.at)
    let sends = (0..<1_000).map { _ in
      (0..<1_000).map { _ in chance.even(0, duration) }.sorted().map(Trial.at)
    }
    let start = Analysis.seconds()
    let study = UnlockStudy(log, observed: Trial.at(0)...Trial.at(duration))
    let results = study.examine(sends)
    let elapsed = Analysis.seconds() - start
    print(
      "offline, 1,000 pairs x 10,000 unlocks x 1,000,000 sends: \(text(elapsed, 2)) s,",
      "\(results.count { $0.verdict == .unlock }) found")
    let laws = LagLaws()
    var tracker = LagTracker(laws)
    let begin = Analysis.seconds()
    var count = 0
    for list in sends {
      // One unlock for each send, on an average.
      let unlocks = (0..<list.count).map { log.unlocks[$0 * 10] }
      tracker.reset(laws)
      for send in list {
        tracker.send(at: send, unlocks: unlocks, from: Trial.at(0), laws, level: 20)
        count += 1
      }
    }
    let each = (Analysis.seconds() - begin) / Double(count) * 1e6
    print("online, a send and an unlock: \(text(each, 3)) µs")
  }

  static func text(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return "\(rounded)"
  }
}
