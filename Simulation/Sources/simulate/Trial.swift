import InspectCore

/// What is wrong between the phone's log and the capture.
struct Flaws {
  /// How far the log is ahead, in seconds, and how much faster, in parts of a million.
  var offset = 0.0
  var drift = 0.0
  /// The log's resolution in seconds; 0: milliseconds.
  var resolution = 0.0
  /// Share of the sends that the capture misses.
  var lost = 0.0
  /// The study is told that the clocks agree.
  var isClockKnown = false
  /// Each unlock is noted once more, as for a second user.
  var isRepeated = false
  /// Who receives the phone's own time, in whole seconds.
  var words = Words.none

  enum Words { case none, others, own }

  /// How far a clock that was told is off, in the quadratic mean over the observed time, in seconds.
  func error(of clock: ClockShift, over duration: Double) -> Double {
    let offset = Double(clock.offset) / 1e9 - self.offset
    let slip = (clock.drift - drift) / 1e6 * duration / 2
    return (offset * offset + slip * slip / 3).squareRoot()
  }
}

/// A phone, its log and its destinations, and what the study says of them.
struct Trial {
  var results: [UnlockStudy.Result] = []
  /// On the capture's clock.
  var unlocks: [Double] = []

  private static let start: Int64 = 1_772_323_200_000_000_000

  static func at(_ seconds: Double) -> Timestamp {
    Timestamp(nanoseconds: start + Int64((seconds * 1e9).rounded()))
  }

  init(
    phone: Phone, senders: [Sender], flaws: Flaws,
    settings: UnlockStudy.Settings = UnlockStudy.Settings(), _ chance: inout Chance
  ) {
    var phone = phone
    var sends = senders.map { $0.sends(&phone, &chance) }
    for index in sends.indices {
      sends[index].removeAll { $0 >= phone.duration || chance.hits(flaws.lost) }
    }
    unlocks = phone.unlocks
    var log = UnlockStudy.Log()
    let middle = phone.duration / 2
    func logged(_ time: Double) -> Timestamp {
      var time = time + flaws.offset + flaws.drift / 1e6 * (time - middle)
      if flaws.resolution > 0 { time = (time / flaws.resolution).rounded(.down) * flaws.resolution }
      return Trial.at(time)
    }
    log.unlocks = phone.unlocks.map(logged)
    log.isCaptureClock = flaws.isClockKnown
    log.screenOffs = phone.screenOffs.map(logged)
    log.precision = Int64(max(flaws.resolution, 0.001) * 1e9)
    if flaws.isRepeated {
      log.unlocks = log.unlocks.flatMap { [$0, $0.advanced(byNanoseconds: 300_000_000)] }
    }
    if flaws.words != .none {
      // As the anchors of a case are found; the zone of the log is not the phone's concern.
      let offset = flaws.offset - (flaws.offset / 900).rounded() * 900
      log.anchor = ClockAnchor(
        shift: ClockShift(
          offset: Int64((offset + chance.even(-0.3, 0.1)) * 1e9),
          drift: flaws.drift + 3 * chance.normal()),
        uncertainty: 0.25)
    }
    let study = UnlockStudy(log, observed: Trial.at(0)...Trial.at(phone.duration), settings: settings)
    results = study.examine(
      sends.map { $0.map(Trial.at) }, anchoredBy: flaws.words == .own ? [0] : [])
  }

  /// How many unlocks had happened when the evidence of a destination sufficed.
  func unlocksNeeded(_ number: Int) -> Int? {
    guard let time = results[number].evidenceTime else { return nil }
    return unlocks.count { Trial.at($0) <= time }
  }
}
