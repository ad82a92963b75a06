import InspectCore

/// Triggers and people whose lags have other laws than those that the study compares, each alone and
/// with a clock that is known: what they are taken for is a matter of the lags.
extension Main {
  /// Triggers of many shapes, at three hit rates, 40 unlocks.
  static func shapes(_ runs: Int) {
    print("| lag of the trigger | hit rate 1 | 0.8 | 0.6 |")
    print("| --- | --- | --- | --- |")
    for (name, lag) in shapes {
      var shares: [String] = []
      for (seed, share) in [(41, 1.0), (43, 0.8), (47, 0.6)] {
        var score = Score()
        for run in 0..<runs {
          var chance = Chance(seed: UInt64(seed) &+ UInt64(run) &* 6_151)
          let phone = Phone(unlocks: 40, days: 2, &chance)
          let sender = Sender.shaped(
            lag, share: share, others: chance.hits(0.5) ? chance.even(1, 24) : 0)
          let trial = Trial(
            phone: phone, senders: [sender], flaws: Flaws(isClockKnown: true), &chance)
          score.of += 1
          if trial.results[0].verdict == .unlock { score.found += 1 }
        }
        shares.append(score.share)
      }
      print("| \(name) | \(shares.joined(separator: " | ")) |")
    }
  }

  private static var shapes: [(String, Sender.Lag)] {
    var shapes: [(String, Sender.Lag)] = []
    for median in [0.3, 1, 2, 3, 5] {
      for spread in [0.3, 0.5, 0.7] {
        shapes.append(
          ("log-normal, \(median) s, \(spread)", .logNormal(median: median, spread: spread)))
      }
      shapes.append(
        ("normal, \(median) s, a fifth", .normal(mean: median, deviation: 0.2 * median)))
      shapes.append(
        ("even, \(median) s, by a half", .even(0.5 * median, 1.5 * median)))
      shapes.append(
        ("exponential, median \(median) s", .exponential(from: 0, mean: median / 0.693)))
      shapes.append(
        ("gamma (3), \(median) s", .gamma(from: 0, shape: 3, mean: median * 1.12)))
    }
    return shapes
  }

  /// People of many habits, opening an application after 0.8 and 0.5 of the unlocks.
  static func people(_ runs: Int) {
    print("| lag of the person | 0.8, 40 unlocks | 0.5, 40 | 0.8, 200 | 0.5, 200 |")
    print("| --- | --- | --- | --- | --- |")
    for (name, lag) in habits {
      var shares: [String] = []
      for unlocks in [40, 200] {
        for share in [0.8, 0.5] {
          var found = 0
          for run in 0..<runs {
            var chance = Chance(seed: 53 &+ UInt64(run) &* 3_079)
            let phone = Phone(unlocks: unlocks, days: 2, &chance)
            let sender = Sender.use(
              share: share, lag: lag, followUps: chance.hits(0.5) ? chance.even(4, 30) : 0)
            let trial = Trial(
              phone: phone, senders: [sender], flaws: Flaws(isClockKnown: true), &chance)
            if trial.results[0].verdict == .unlock { found += 1 }
          }
          shares.append("\(found) of \(runs)")
        }
      }
      print("| \(name) | \(shares.joined(separator: " | ")) |")
    }
  }

  private static var habits: [(String, Sender.Lag)] {
    [
      ("even, 1 to 10 s", .even(1, 10)), ("even, 1 to 12 s", .even(1, 12)),
      ("even, 1 to 15 s", .even(1, 15)), ("even, 1 to 20 s", .even(1, 20)),
      ("even, 1 to 30 s", .even(1, 30)), ("even, 2 to 20 s", .even(2, 20)),
      ("1 s + exponential, 3 s", .exponential(from: 1, mean: 3)),
      ("1 s + exponential, 4 s", .exponential(from: 1, mean: 4)),
      ("1 s + exponential, 5 s", .exponential(from: 1, mean: 5)),
      ("1 s + exponential, 8 s", .exponential(from: 1, mean: 8)),
      ("1 s + exponential, 15 s", .exponential(from: 1, mean: 15)),
      ("log-normal, 4 s, 0.8", .logNormal(median: 4, spread: 0.8)),
      ("log-normal, 5 s, 0.6", .logNormal(median: 5, spread: 0.6)),
      ("log-normal, 5 s, 0.8", .logNormal(median: 5, spread: 0.8)),
      ("log-normal, 6 s, 0.6", .logNormal(median: 6, spread: 0.6)),
      ("log-normal, 8 s, 0.6", .logNormal(median: 8, spread: 0.6)),
      ("log-normal, 10 s, 1", .logNormal(median: 10, spread: 1)),
      ("1 s + gamma (2), 7 s", .gamma(from: 1, shape: 2, mean: 7)),
      ("1 s + gamma (2), 9 s", .gamma(from: 1, shape: 2, mean: 9)),
    ]
  }

  /// How well the clock is known by what is said of it: phones with destinations of one kind, and laws
  /// that the study does not have. The log is up to 100 s off, either way.
  static func doubts(_ runs: Int) {
    print(
      "| destinations | tells | error: median | 90 % | 95 % | uncertainty told: median | 90 % | covers |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (name, unlocks, senders) in witnesses {
      var score = Score()
      for run in 0..<runs {
        var chance = Chance(seed: 59 &+ UInt64(run) &* 7_919)
        let flaws = Flaws(offset: chance.even(-100, 100))
        let phone = Phone(unlocks: unlocks, days: 2, &chance)
        let trial = Trial(phone: phone, senders: senders(&chance), flaws: flaws, &chance)
        guard let result = trial.results.first, let doubt = result.clockUncertainty else {
          continue
        }
        score.errors.append(flaws.error(of: result.clock, over: phone.duration))
        score.doubts.append(doubt)
      }
      let (errors, doubts) = (score.errors.sorted(), score.doubts.sorted())
      func at(_ values: [Double], _ share: Double) -> String {
        values.isEmpty ? "-" : text(values[Int(share * Double(values.count - 1))], 1)
      }
      print(
        "| \(name) | \(errors.count) of \(runs) | \(at(errors, 0.5)) | \(at(errors, 0.9)) | "
          + "\(at(errors, 0.95)) | \(at(doubts, 0.5)) | \(at(doubts, 0.9)) | \(score.covered) |")
    }
  }

  private static var witnesses: [(String, Int, (inout Chance) -> [Sender])] {
    func users(
      _ lag: @escaping (inout Chance) -> Sender.Lag
    ) -> (inout Chance) -> [Sender] {
      { chance in
        (0..<4).map { _ in
          .use(
            share: chance.even(0.1, 0.8), lag: lag(&chance),
            followUps: chance.hits(0.5) ? chance.even(4, 30) : 0)
        }
      }
    }
    return [
      ("trigger (1) and company", 40, { [trigger(1, &$0)] + company(&$0) }),
      ("trigger (0.8) and company", 40, { [trigger(0.8, &$0)] + company(&$0) }),
      ("trigger (0.8) and company, 15 unlocks", 15, { [trigger(0.8, &$0)] + company(&$0) }),
      ("trigger (0.8) and company, 200 unlocks", 200, { [trigger(0.8, &$0)] + company(&$0) }),
      ("company", 40, { company(&$0) }),
      ("trigger (1)", 40, { [trigger(1, &$0)] }), ("trigger (0.8)", 40, { [trigger(0.8, &$0)] }),
      ("three triggers (0.8)", 40, { chance in (0..<3).map { _ in trigger(0.8, &chance) } }),
      (
        "trigger (0.8), gamma (2), 0.2 s on", 40,
        { [.shaped(.gamma(from: 0.2, shape: 2, mean: $0.even(0.5, 5)), share: 0.8, others: 0)] }
      ),
      (
        "trigger (0.8), even by a half", 40,
        {
          let median = $0.even(0.3, 5)
          return [.shaped(.even(0.5 * median, 1.5 * median), share: 0.8, others: 0)]
        }
      ),
      ("four people, even from 1 s", 40, users { .even(1, $0.even(15, 60)) }),
      ("four people, even from 3 s", 40, users { .even(3, $0.even(15, 60)) }),
      ("four people, 1 s + exponential", 40, users { .exponential(from: 1, mean: $0.even(5, 25)) }),
      (
        "four people, log-normal", 40,
        users { .logNormal(median: $0.even(5, 20), spread: $0.even(0.7, 1.2)) }
      ),
      (
        "four people, 1 s + gamma (2)", 40,
        users { .gamma(from: 1, shape: 2, mean: $0.even(8, 25)) }
      ),
    ]
  }

  /// What the traffic alone shows of the unlocks, and what alarms come of that, with a phone whose
  /// radio sleeps and joins the network anew, and with one that only sends.
  static func inferred(_ runs: Int) {
    print(
      "| phone, owner | moments that are unlocks | unlocks shown | triggers found | false alarms |")
    print("| --- | --- | --- | --- | --- |")
    for (name, joins, checks, services) in [
      ("nothing but applications", 0.0, 0.0, 0), ("two services of the system", 0, 0, 2),
      ("connectivity check", 0, 0.9, 0), ("joins the network", 0.8, 0, 0),
      ("all of these", 0.8, 0.9, 2),
    ] {
      inferred(name, runs, joins: joins, checks: checks, services: services)
    }
  }

  private static func inferred(
    _ name: String, _ runs: Int, joins: Double, checks: Double, services: Int
  ) {
    var (unlocks, shown, moments, right) = (0, 0, 0, 0)
    var found = 0
    var alarms = (0, 0)
    for run in 0..<runs {
      var chance = Chance(seed: 29 &+ UInt64(run) &* 7_907)
      var phone = Phone(unlocks: 40, days: 2, &chance)
      var senders = [trigger(1, &chance)] + company(&chance)
      let nulls = 1..<senders.count
      for _ in 0..<services {
        senders.append(.trigger(median: chance.even(0.5, 2), spread: 0.4, share: 0.8, others: 12))
      }
      let check = senders.count
      senders.append(.trigger(median: 0.4, spread: 0.3, share: checks, others: 0))
      let sends = senders.map { $0.sends(&phone, &chance).map(Trial.at) }
      // The radio joins anew at an unlock after a longer sleep, and sometimes at any time.
      var joined: [Timestamp] = []
      for (index, unlock) in phone.unlocks.enumerated() {
        let asleep = unlock - (index > 0 ? phone.screenOffs[index - 1] : 0)
        if asleep > 300, chance.hits(joins) {
          joined.append(Trial.at(unlock + chance.logNormal(0.3, 0.4)))
        }
      }
      if joins > 0 {
        for _ in 0..<6 { joined.append(Trial.at(chance.even(0, phone.duration))) }
      }
      let isCheck = senders.indices.map { $0 == check }
      let wakes = InferredUnlocks(sends, checks: isCheck, joins: joined.sorted())
      let times = wakes.times
      let truth = phone.unlocks.map(Trial.at)
      func isNear(_ moment: Timestamp, _ unlock: Timestamp) -> Bool {
        abs(moment.seconds(since: unlock)) <= 5
      }
      unlocks += truth.count
      shown += truth.count { unlock in times.contains { isNear($0, unlock) } }
      moments += times.count
      right += times.count { moment in truth.contains { isNear(moment, $0) } }
      let observed = Trial.at(0)...Trial.at(phone.duration)
      var results: [UnlockStudy.Result] = []
      for number in 0..<nulls.upperBound {
        results += UnlockStudy(inferred: wakes.times(without: number), observed: observed)
          .examine([sends[number]])
      }
      UnlockStudy.control(&results)
      if results[0].verdict == .unlock { found += 1 }
      alarms.0 += results[nulls].count { $0.verdict == .unlock }
      alarms.1 += nulls.count
    }
    func share(_ part: Int, _ whole: Int) -> String {
      whole == 0 ? "-" : "\(text(100 * Double(part) / Double(whole), 1)) %"
    }
    print(
      "| \(name) | \(share(right, moments)) of \(moments) | \(share(shown, unlocks))"
        + " | \(share(found, runs)) | \(alarms.0) of \(alarms.1) |")
  }
}
