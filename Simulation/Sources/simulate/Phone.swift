import InspectCore

/// Numbers as people and programs make them.
struct Chance {
  private var source: SplitMix64

  init(seed: UInt64) { source = SplitMix64(seed: seed) }

  mutating func unit() -> Double { source.unit() }
  mutating func even(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }
  mutating func hits(_ share: Double) -> Bool { unit() < share }
  mutating func integer(_ low: Int, _ high: Int) -> Int {
    low + Int(unit() * Double(high - low + 1))
  }

  mutating func exponential(_ mean: Double) -> Double {
    -mean * Analysis.log(1 - unit())
  }

  /// Box and Muller.
  mutating func normal() -> Double {
    (-2 * Analysis.log(1 - unit())).squareRoot() * Analysis.cosine(unit())
  }

  mutating func logNormal(_ median: Double, _ spread: Double) -> Double {
    median * Analysis.exp(spread * normal())
  }

  /// Gamma with a whole shape: a sum of exponentials.
  mutating func gamma(_ shape: Int, _ mean: Double) -> Double {
    (0..<shape).reduce(0) { sum, _ in sum + exponential(mean / Double(shape)) }
  }
}

/// What may differ between owners.
struct Habits {
  var days = 2.0
  /// Each seventh and sixth day begins four hours later.
  var isLateAtWeekends = false
  /// How many unlocks have another one within seconds.
  var doubles = 0.0
}

/// A phone and its owner over some days: when it was unlocked, for how long, and in which mood.
struct Phone {
  /// Seconds from the start.
  var unlocks: [Double] = []
  var screenOffs: [Double] = []
  let duration: Double

  /// - Parameter count: how many unlocks, in spells of several within minutes, mostly by day.
  init(unlocks count: Int, days: Double, _ chance: inout Chance) {
    self.init(unlocks: count, habits: Habits(days: days), &chance)
  }

  init(unlocks count: Int, habits: Habits, _ chance: inout Chance) {
    duration = habits.days * 86_400
    while unlocks.count < count {
      let start = chance.even(60, duration - 1_800)
      let hour = start.truncatingRemainder(dividingBy: 86_400) / 3_600
      let isWeekend = habits.isLateAtWeekends && Int(start / 86_400) % 7 > 4
      // Awake from seven to eleven, most in the evening.
      let awake = hour < 1 || hour > (isWeekend ? 11 : 7) ? (hour > 17 ? 1 : 0.6) : 0.05
      guard chance.hits(awake) else { continue }
      var time = start
      for _ in 0..<min(count - unlocks.count, chance.hits(0.5) ? 1 : chance.integer(2, 5)) {
        guard !unlocks.contains(where: { abs($0 - time) < 12 }), time < duration - 120 else {
          break
        }
        unlocks.append(time)
        if chance.hits(habits.doubles), unlocks.count < count {
          unlocks.append(time + chance.even(3, 8))
        }
        time += max(15, chance.logNormal(90, 0.9))
      }
    }
    unlocks.sort()
    for (index, unlock) in unlocks.enumerated() {
      let next = index + 1 < unlocks.count ? unlocks[index + 1] : duration
      screenOffs.append(min(unlock + max(4, chance.logNormal(45, 0.9)), next - 2))
    }
  }

  /// How busy the owner is, from 0 to 1: the services of the day follow it.
  func activity(at time: Double) -> Double {
    let hour = time.truncatingRemainder(dividingBy: 86_400) / 3_600
    return hour < 1 || hour > 7 ? 1 : 0.1
  }
}

/// One destination of a phone and what makes the phone send to it.
enum Sender {
  /// Waits for the unlock: median of the lag, its spread (of the logarithm), how often, and how
  /// often otherwise a day.
  case trigger(median: Double, spread: Double, share: Double, others: Double)
  /// The same with lags that are not logarithmic-normal.
  case shaped(Lag, share: Double, others: Double)
  /// The owner opens an application, by chance of `share`, after `lag`, and it sends on while used.
  case use(share: Double, lag: Lag, followUps: Double)
  case beacon(period: Double, jitter: Double)
  /// Messages that come in bursts; some wake the owner.
  case push(perDay: Double, wakes: Double)
  /// By day more than by night.
  case service(perDay: Double)
  /// When the screen goes dark.
  case screenOff(median: Double, share: Double)
  /// At any time.
  case random(perDay: Double)

  /// A lag, in seconds.
  enum Lag {
    case normal(mean: Double, deviation: Double)
    case even(Double, Double)
    case exponential(from: Double, mean: Double)
    case logNormal(median: Double, spread: Double)
    case gamma(from: Double, shape: Int, mean: Double)

    func draw(_ chance: inout Chance) -> Double {
      switch self {
      case .even(let low, let high): chance.even(low, high)
      case .normal(let mean, let deviation): max(0.05, mean + deviation * chance.normal())
      case .exponential(let from, let mean): from + chance.exponential(mean)
      case .logNormal(let median, let spread): chance.logNormal(median, spread)
      case .gamma(let from, let shape, let mean): from + chance.gamma(shape, mean)
      }
    }
  }

  /// The times of sending on `phone`, sorted.
  func sends(_ phone: inout Phone, _ chance: inout Chance) -> [Double] {
    var times: [Double] = []
    switch self {
    case .trigger(let median, let spread, let share, let others):
      for unlock in phone.unlocks where chance.hits(share) {
        times.append(unlock + chance.logNormal(median, spread))
      }
      times += scattered(others, phone, &chance)
    case .shaped(let lag, let share, let others):
      for unlock in phone.unlocks where chance.hits(share) {
        times.append(unlock + lag.draw(&chance))
      }
      times += scattered(others, phone, &chance)
    case .use(let share, let lag, let followUps):
      for (index, unlock) in phone.unlocks.enumerated() where chance.hits(share) {
        // Nobody is quicker than a second.
        var time = unlock + max(1, lag.draw(&chance))
        times.append(time)
        guard followUps > 0 else { continue }
        while true {
          time += 2 + chance.exponential(followUps)
          guard time < phone.screenOffs[index] else { break }
          times.append(time)
        }
      }
    case .beacon(let period, let jitter):
      var time = chance.even(0, period)
      while time < phone.duration {
        times.append(time + period * jitter * chance.even(-0.5, 0.5))
        time += period
      }
    case .push(let perDay, let wakes):
      for start in scattered(perDay, phone, &chance) {
        for _ in 0..<chance.integer(1, 8) { times.append(start + chance.exponential(20)) }
        guard wakes > 0, chance.hits(wakes) else { continue }
        let unlock = start + chance.logNormal(6, 0.7)
        guard unlock < phone.duration - 60,
          !phone.unlocks.contains(where: { abs($0 - unlock) < 12 })
        else { continue }
        phone.unlocks.append(unlock)
        phone.screenOffs.append(unlock + 20)
      }
      phone.unlocks.sort()
      phone.screenOffs.sort()
    case .service(let perDay):
      times = scattered(perDay, phone, &chance).filter {
        chance.hits(phone.activity(at: $0))
      }
    case .screenOff(let median, let share):
      for off in phone.screenOffs where chance.hits(share) {
        times.append(off + chance.logNormal(median, 0.3))
      }
    case .random(let perDay):
      times = scattered(perDay, phone, &chance)
    }
    return times.sorted()
  }

  private func scattered(_ perDay: Double, _ phone: Phone, _ chance: inout Chance) -> [Double] {
    guard perDay > 0 else { return [] }
    var times: [Double] = []
    var time = chance.exponential(86_400 / perDay)
    while time < phone.duration {
      times.append(time)
      time += chance.exponential(86_400 / perDay)
    }
    return times
  }
}
