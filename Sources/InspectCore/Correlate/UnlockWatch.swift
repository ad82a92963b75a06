/// Tests pairs of a phone and a destination against the phone's unlocks while the capture goes on,
/// in bounded memory.
///
/// Error control over the pairs is that of e-values (e-BH: Wang and Ramdas 2022): with K pairs
/// under test the k largest are reported when each of them reaches K / (k x 0.05). The expected
/// share of false ones among those reported is then at most 5 %, however the pairs depend on each
/// other, as they do in one phone. LORD and SAFFRON would need p-values in an order that is
/// independent of their values.
struct UnlockWatch {
  private static let falseDiscoveryRate = 0.05

  private struct Track {
    var unlocks: [Timestamp]
    var precision: Int64
    var laws: LagLaws
  }

  private struct Pair {
    var number: Int
    var track: Int
    var tracker: LagTracker
    var last: Timestamp
    var isReported = false
    var value = 1.0
  }

  private var tracks: [Track] = []
  private var pairs: [Pair] = []
  /// By the pair's number: its place, or -1.
  private var places: [Int32] = []
  private let capacity: Int
  /// Pairs that made room for others; their evidence so far is gone.
  private(set) var evicted: UInt64 = 0

  init(_ tracks: [CaseConfiguration.UnlockTrack], capacity: Int) {
    self.capacity = max(1, capacity)
    for track in tracks {
      self.tracks.append(
        Track(
          unlocks: Bursts.collapse(track.log.unlocks), precision: track.log.precision,
          laws: LagLaws(precision: track.log.precision)))
    }
  }

  func unlocks(of track: Int) -> [Timestamp] { tracks[track].unlocks }

  /// The e-value of a pair; nil when it is not watched.
  func value(of number: Int) -> Double? { place(of: number).map { pairs[$0].value } }

  mutating func append(_ unlocks: [[Timestamp]]) {
    for (index, new) in unlocks.enumerated() where index < tracks.count {
      for time in new {
        if let last = tracks[index].unlocks.last, time.nanoseconds(since: last) < Bursts.gap {
          continue
        }
        tracks[index].unlocks.append(time)
      }
    }
  }

  /// A send; true when with it the evidence of this pair suffices for the first time.
  mutating func send(track: Int, pair number: Int, at time: Timestamp, from start: Timestamp)
    -> Bool
  {
    let place = take(number, track, time)
    pairs[place].last = time
    let isAnswer = pairs[place].tracker.send(
      at: time, unlocks: tracks[track].unlocks, from: start, tracks[track].laws, level: .infinity)
    guard isAnswer, !pairs[place].isReported else { return false }
    pairs[place].value = pairs[place].tracker.value(tracks[track].laws)
    guard pairs[place].tracker.answered >= 4,
      pairs[place].value >= 1 / UnlockWatch.falseDiscoveryRate, isDiscovery(pairs[place].value)
    else { return false }
    pairs[place].isReported = true
    return true
  }

  /// Whether e-BH rejects the null of a pair with this value.
  private func isDiscovery(_ value: Double) -> Bool {
    var larger = 0
    var values: [Double] = []
    for pair in pairs {
      if pair.value >= value {
        larger += 1
      } else if pair.value >= 1 / UnlockWatch.falseDiscoveryRate {
        values.append(pair.value)
      }
    }
    let count = Double(pairs.count)
    if value * Double(larger) * UnlockWatch.falseDiscoveryRate >= count { return true }
    values.sort(by: >)
    for (index, smaller) in values.enumerated()
    where smaller * Double(larger + index + 1) * UnlockWatch.falseDiscoveryRate >= count {
      return true
    }
    return false
  }

  private func place(of number: Int) -> Int? {
    guard number < places.count, places[number] >= 0 else { return nil }
    return Int(places[number])
  }

  /// The pair's place; a new pair takes that of the one with the least evidence, and among equal
  /// ones of the one silent for longest, when there is no room.
  private mutating func take(_ number: Int, _ track: Int, _ time: Timestamp) -> Int {
    if let place = place(of: number) { return place }
    while places.count <= number { places.append(-1) }
    if pairs.count < capacity {
      places[number] = Int32(pairs.count)
      pairs.append(
        Pair(
          number: number, track: track,
          tracker: LagTracker(tracks[track].laws, precision: tracks[track].precision), last: time))
      return pairs.count - 1
    }
    var victim = 0
    for index in pairs.indices
    where (pairs[index].tracker.answered, pairs[index].last)
      < (pairs[victim].tracker.answered, pairs[victim].last)
    {
      victim = index
    }
    evicted &+= 1
    places[pairs[victim].number] = -1
    places[number] = Int32(victim)
    pairs[victim] = Pair(
      number: number, track: track,
      tracker: LagTracker(tracks[track].laws, precision: tracks[track].precision), last: time)
    return victim
  }
}
