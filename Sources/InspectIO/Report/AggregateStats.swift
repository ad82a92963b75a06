/// Counts of alerts by country, hour and kind, of recorded events, that can be published: there is no
/// device and no address in them, and no count that could be of few.
///
/// - Small cells: a cell of fewer than `k` alerts (or devices) is left out (primary suppression). So that it cannot
///   be found by taking the others from a total, all totals are sums of the cells that are shown
///   (which is why no complementary suppression is needed). How many were left out in all is never
///   said: of two cells that make 18 each has the 9 that is the most below 10, and who knows one cell
///   knows the other.
/// - Noise: with `epsilon` each cell that the domain has gets a discrete Laplace (two-sided geometric)
///   variable of scale 1/ε (Ghosh, Roughgarden and Sundararajan, "Universally Utility-Maximizing
///   Privacy Mechanisms", 2009) from the system's secure generator, before small cells are left out.
///   An alert is in one cell for each of its kinds: one alert more or less is then ε-private for each
///   of its kinds.
public struct AggregateStats: Sendable {
  struct Cell: Hashable, Comparable {
    var country: String
    /// `2026-03-01T08`, in UTC.
    var hour: String
    var kind: String

    static func < (left: Cell, right: Cell) -> Bool {
      (left.country, left.hour, left.kind) < (right.country, right.hour, right.kind)
    }
  }

  /// Fewer would single out: below this there is no statistic.
  public static let leastK = 2

  /// What is counted.
  public enum Unit: String, CaseIterable, Sendable {
    case alerts, devices
  }

  public let k: Int
  public let epsilon: Double?
  public let unit: Unit
  private(set) var counts: [Cell: Int] = [:]

  /// `epsilon` is positive; nil adds no noise.
  public init(k: Int, epsilon: Double? = nil, unit: Unit = .alerts) {
    self.unit = unit
    self.k = max(k, AggregateStats.leastK)
    self.epsilon = epsilon
  }

  /// Counts the alerts, each as often as it was seen, or the devices that have any.
  ///
  /// Several rules say the same of the same data: it is counted once.
  public mutating func add(_ events: RecordedEvents) {
    var seen: [Sighting: Int] = [:]
    for alert in events.alerts {
      let destination = alert.inspect.destination
      for kind in Set(alert.inspect.personal_data?.map(\.kind) ?? []) {
        let cell = Cell(
          country: destination.country ?? "unknown", hour: String(alert.timestamp.prefix(13)),
          kind: kind)
        var sighting = Sighting(cell: cell, device: alert.inspect.device)
        if unit == .alerts {
          sighting.time = alert.timestamp
          sighting.destination = destination.ip
        }
        let count = unit == .alerts ? max(alert.inspect.count ?? 1, 1) : 1
        seen[sighting] = max(seen[sighting] ?? 0, count)
      }
    }
    for (sighting, count) in seen { counts[sighting.cell, default: 0] += count }
  }

  private struct Sighting: Hashable {
    var cell: Cell
    var device: RecordedAlert.Device
    var time = ""
    var destination = ""
  }

  /// What may be shown, in order, and whether anything was left out.
  func published(
    using generator: inout some RandomNumberGenerator
  ) -> (cells: [(cell: Cell, count: Int)], leavesOut: Bool) {
    var shown: [(cell: Cell, count: Int)] = []
    var leavesOut = false
    // In a fixed order, so that the noise of a cell does not tell of another.
    for cell in domain {
      var count = counts[cell] ?? 0
      if let epsilon {
        count += AggregateStats.discreteLaplace(epsilon: epsilon, using: &generator)
      }
      if count >= k { shown.append((cell, count)) } else if count > 0 { leavesOut = true }
    }
    return (shown, leavesOut)
  }

  /// All cells that could be: with noise also those without an alert, or that a cell is there would
  /// tell that there was one.
  private var domain: [Cell] {
    guard epsilon != nil else { return counts.keys.sorted() }
    let countries = Set(counts.keys.map(\.country)).sorted()
    let hours = Set(counts.keys.map(\.hour)).sorted()
    let kinds = Set(counts.keys.map(\.kind)).sorted()
    return countries.flatMap { country in
      hours.flatMap { hour in kinds.map { Cell(country: country, hour: hour, kind: $0) } }
    }
  }

  /// The difference of two geometric variables with P(n) proportional to exp(-ε n).
  static func discreteLaplace(
    epsilon: Double, using generator: inout some RandomNumberGenerator
  ) -> Int {
    geometric(epsilon, &generator) - geometric(epsilon, &generator)
  }

  /// How many trials of probability exp(-ε) succeed in a row. Each trial is of the generator's bits:
  /// no logarithm, whose last digits would tell of the count (Mironov, 2012).
  private static func geometric(
    _ epsilon: Double, _ generator: inout some RandomNumberGenerator
  ) -> Int {
    var count = 0
    while count < 1 << 24, bernoulli(exponent: epsilon, &generator) { count += 1 }
    return count
  }

  /// True with probability exp(-x) (Canonne, Kamath and Steinke, "The Discrete Gaussian for
  /// Differential Privacy", 2020, algorithm 1).
  private static func bernoulli(
    exponent x: Double, _ generator: inout some RandomNumberGenerator
  ) -> Bool {
    var rest = x
    while rest > 1 {
      guard bernoulliOfFraction(1, &generator) else { return false }
      rest -= 1
    }
    return bernoulliOfFraction(rest, &generator)
  }

  /// True with probability exp(-x), x at most 1.
  private static func bernoulliOfFraction(
    _ x: Double, _ generator: inout some RandomNumberGenerator
  ) -> Bool {
    var round = 1.0
    while Double.random(in: 0..<1, using: &generator) < x / round { round += 1 }
    return round.truncatingRemainder(dividingBy: 2) == 1
  }

  // MARK: Output

  /// `country,hour,kind,alerts` and a line for each cell.
  public func csv() -> String {
    var generator = SystemRandomNumberGenerator()
    return csv(using: &generator)
  }

  func csv(using generator: inout some RandomNumberGenerator) -> String {
    let (cells, leavesOut) = published(using: &generator)
    var text = "# k=\(k)\(epsilon.map { " epsilon=\($0)" } ?? "")"
    text += " suppressed=\(leavesOut ? "some" : "none")\n"
    text += "country,hour,kind,\(unit.rawValue)\n"
    for (cell, count) in cells {
      text += "\(cell.country),\(cell.hour):00Z,\(cell.kind),\(count)\n"
    }
    return text
  }

  /// One object; `suppressed` says whether cells were left out.
  public func json() -> String {
    var generator = SystemRandomNumberGenerator()
    let (cells, leavesOut) = published(using: &generator)
    var json = JSONWriter()
    json.beginObject()
    json.field("k", k)
    if let epsilon { json.field("epsilon", epsilon, digits: 6) }
    json.field("suppressed", leavesOut)
    json.beginArray("cells")
    for (cell, count) in cells {
      json.beginObject()
      json.field("country", cell.country)
      json.field("hour", cell.hour + ":00Z")
      json.field("kind", cell.kind)
      json.field(unit == .alerts ? "alerts" as StaticString : "devices", count)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    json.endLine()
    return String(decoding: json.bytes, as: UTF8.self)
  }
}
