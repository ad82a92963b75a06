/// All flows that are open, found by key, and ended by the time of packets.
///
/// Each flow waits in the list of its time-out. A packet does not move it (that would touch its
/// neighbours' memory); when its turn comes and it was seen since, it goes to the back again. So the
/// oldest are near the front, a look costs little, and the idle time is exact where it matters: a
/// packet that comes after it starts a new flow.
public struct FlowTable: ~Copyable {
  /// The lists, by time-out; in the order in which flows are given up when the table is full.
  public enum Lifetime: UInt8, Sendable {
    case tcpClosed, tcpNew, datagramNew, datagramEstablished, tcpEstablished

    static var count: Int { 5 }
  }

  private struct List {
    var first = UInt32.max
    var last = UInt32.max
    /// When the first must be looked at.
    var due = Int64.max
  }

  /// A flow's place in its list. These lie together, apart from the flows: to take one out touches
  /// its neighbours, which nobody has looked at for long.
  private struct Link {
    var previous = UInt32.max
    var next = UInt32.max
    /// When the flow was put at the end of the list: `elapsed`.
    var placedAt: Int64 = 0
    /// In which turn that was.
    var turn: UInt64 = 0
  }

  private var flows: Slab<Flow>
  /// By place.
  private var links: [Link] = []
  /// The flows of the last packets: the next ones are most often of the same.
  private var recent = RecentFlows()
  /// The key that was looked for last in vain, and its hash: a flow with it begins most often.
  private var missed: (key: FlowKey, hash: UInt32)?
  private var index: HashIndex
  private let function: SipHash13
  private let limits: FlowLimits
  /// The shortest time-out, in nanoseconds.
  let shortest: Int64
  /// Nanoseconds that are more than each time-out.
  private let longest: Int64
  private var lists: InlineArray<5, List>
  /// The earliest `due` of all lists.
  private var nextDue = Int64.max
  /// The number of what happens now: it grows from packet to packet, and lists are in its order.
  var turn: UInt64 = 0
  /// Nanoseconds that passed since the beginning. It never goes back, as packets' times may.
  private var elapsed: Int64 = 0
  /// The latest time seen; captures are not always in order.
  public private(set) var now = FlowTable.never

  public init(limits: FlowLimits, function: SipHash13) {
    flows = Slab(capacity: limits.flows)
    index = HashIndex(capacity: limits.flows)
    lists = InlineArray(repeating: List())
    links.reserveCapacity(limits.flows)
    self.limits = limits
    var longest: Int64 = 0
    for number in 0..<Lifetime.count { longest = max(longest, limits.timeout(number)) }
    self.longest = longest &+ 1
    self.function = function
    var shortest = Int64.max
    for list in 0..<Lifetime.count { shortest = min(shortest, limits.timeout(list)) }
    self.shortest = shortest
  }

  public var count: Int { flows.count }
  public var isFull: Bool { flows.isFull }

  subscript(place: UInt32) -> Flow {
    @inline(__always) _read { yield flows[place] }
    @inline(__always) _modify { yield &flows[place] }
  }

  @inline(__always)
  mutating func find(_ packet: FlowEnds) -> UInt32? { findWithWay(packet)?.place }

  /// The same, with the way that the packet goes: from the lower end of the key to the upper, or back.
  @inline(__always)
  mutating func findWithWay(_ packet: FlowEnds) -> (place: UInt32, goesForth: Bool)? {
    let mixed = packet.mixed
    if let place = recent.place(mixed), flows.contains(place),
      let goesForth = flows[place].key.goesForth(packet)
    {
      return (place, goesForth)
    }
    let key = packet.key
    guard let place = find(key) else { return nil }
    recent.insert(mixed, place)
    return (place, key.lower == packet.source)
  }

  @inline(__always)
  mutating func find(_ key: FlowKey) -> UInt32? {
    let hash = key.hash(function)
    guard let place = index.find(hash, where: { flows[$0].key == key }) else {
      missed = (key, hash)
      return nil
    }
    return place
  }

  /// Takes a flow in that is not there yet; nil when the table is full.
  mutating func insert(
    _ key: FlowKey, _ context: FlowContext, in list: Lifetime
  ) -> UInt32? {
    let hash =
      if let missed, missed.key == key { missed.hash } else { key.hash(function) }
    let flow = Flow(key: key, context: context, hash: hash, list: list)
    guard let place = flows.insert(flow) else { return nil }
    guard index.insert(hash, element: place) else {
      flows.remove(place)
      return nil
    }
    append(place)
    return place
  }

  /// Takes the flow out.
  mutating func remove(_ place: UInt32) {
    unlink(place)
    index.remove(flows[place].hash, element: place)
    flows.discard(place)
  }

  /// Whether a packet at `time` comes too late for the flow.
  @inline(__always)
  func isExpired(_ place: UInt32, at time: Timestamp) -> Bool {
    let idle = flows[place].idle(at: time)
    return idle > shortest && idle > limits.timeout(Int(flows[place].list.rawValue))
  }

  /// Puts the flow into the list of another time-out.
  mutating func move(_ place: UInt32, to list: Lifetime) {
    guard flows[place].list != list else { return }
    unlink(place)
    flows[place].list = list
    append(place)
  }

  /// Follows the packets' time. It does not go back for packets that are a little out of order, but
  /// it does when one packet from the future had carried it away. Says whether a flow's turn has come.
  @inline(__always)
  @discardableResult
  mutating func advance(to time: Timestamp) -> Bool {
    if time > now {
      // More than all time-outs are as good as one of these.
      let passed = min(time.nanoseconds(since: now), longest)
      // Not beyond the end, which takes three hundred years, or a sender of absurd times.
      if now != FlowTable.never, elapsed < .max - passed { elapsed += passed }
      now = time
    } else if now.nanoseconds(since: time) > FlowTable.disorder {
      now = time
    }
    return elapsed > nextDue
  }

  private static var never: Timestamp { Timestamp(nanoseconds: .min) }

  /// Ten minutes.
  private static var disorder: Int64 { 600_000_000_000 }

  /// The flows of a list whose time is over, in the order of their turns; the caller ends them. Those
  /// that were seen since their turn wait for another.
  mutating func takeExpired(_ number: Int) -> [UInt32] {
    guard elapsed > lists[number].due else { return [] }
    var expired: [UInt32] = []
    var place = lists[number].first
    while place != UInt32.max, elapsed > due(place, number) {
      let next = links[Int(place)].next
      if flows[place].idle(at: now) > limits.timeout(number) {
        expired.append(place)
      } else {
        unlink(place)
        append(place)
      }
      place = next
    }
    sort(&expired)
    return expired
  }

  /// The first list, in the order in which flows are given up, that is not empty.
  var firstList: Int? {
    for number in 0..<Lifetime.count where lists[number].first != UInt32.max { return number }
    return nil
  }

  /// Some of a list's flows, in the order of their turns.
  func oldest(_ number: Int) -> [UInt32] {
    var oldest: [UInt32] = []
    var place = lists[number].first
    while place != UInt32.max {
      let isAnotherTurn = oldest.last.map { turn(of: $0) != turn(of: place) } ?? false
      if oldest.count >= FlowTable.batch, isAnotherTurn { break }
      oldest.append(place)
      place = links[Int(place)].next
    }
    sort(&oldest)
    return oldest
  }

  private static var batch: Int { 1024 }

  /// In which turn the flow was put into its list.
  func turn(of place: UInt32) -> UInt64 { links[Int(place)].turn }

  /// Lists are in the order of turns already; flows of one turn follow each other by their names, so
  /// that their order does not depend on who else is in the table.
  private func sort(_ places: inout [UInt32]) {
    var start = 0
    while start < places.count {
      var end = start + 1
      while end < places.count, turn(of: places[end]) == turn(of: places[start]) { end += 1 }
      if end - start > 1 {
        places[start..<end].sort { flows[$0].context.id < flows[$1].context.id }
      }
      start = end
    }
  }

  /// The flow to give up when the table is full: one that closed, else one that was never answered,
  /// else the one that waits longest.
  func victim() -> UInt32? { firstList.map { lists[$0].first } }

  /// When the flow's turn in its list has come: later flows of a list have later ones.
  private func due(_ place: UInt32, _ number: Int) -> Int64 {
    links[Int(place)].placedAt &+ limits.timeout(number)
  }

  /// Finds out anew when the list's first must be looked at.
  private mutating func refresh(_ number: Int) {
    let first = lists[number].first
    lists[number].due = first == UInt32.max ? .max : due(first, number)
    nextDue = lists[0].due
    for other in 1..<Lifetime.count { nextDue = min(nextDue, lists[other].due) }
  }

  private mutating func append(_ place: UInt32) {
    let number = Int(flows[place].list.rawValue)
    let last = lists[number].last
    // The slab gives its places one after the other.
    if Int(place) == links.count { links.append(Link()) }
    links[Int(place)] = Link(previous: last, placedAt: elapsed, turn: turn)
    if last == UInt32.max {
      lists[number].first = place
    } else {
      links[Int(last)].next = place
    }
    lists[number].last = place
    if last == UInt32.max { refresh(number) }
  }

  private mutating func unlink(_ place: UInt32) {
    let number = Int(flows[place].list.rawValue)
    let link = links[Int(place)]
    if link.previous == UInt32.max {
      lists[number].first = link.next
    } else {
      links[Int(link.previous)].next = link.next
    }
    if link.next == UInt32.max {
      lists[number].last = link.previous
    } else {
      links[Int(link.next)].previous = link.previous
    }
    if link.previous == UInt32.max { refresh(number) }
  }
}

/// How many flows there may be, and how long they may be silent.
public struct FlowLimits: Sendable {
  /// The most flows at a time; beyond it the one least likely to matter is ended (`forced`).
  public var flows = 262_144
  /// Seconds without a packet after which a flow is over.
  public var tcpNewSeconds: Int64 = 60
  public var tcpEstablishedSeconds: Int64 = 3600
  /// How long a closed connection waits for stragglers.
  public var tcpClosedSeconds: Int64 = 30
  public var datagramNewSeconds: Int64 = 60
  public var datagramEstablishedSeconds: Int64 = 300

  public init() {}

  /// The time-out of a list, in nanoseconds.
  @inline(__always)
  func timeout(_ list: Int) -> Int64 {
    let seconds =
      switch list {
      case 0: tcpClosedSeconds
      case 1: tcpNewSeconds
      case 2: datagramNewSeconds
      case 3: datagramEstablishedSeconds
      default: tcpEstablishedSeconds
      }
    return seconds &* 1_000_000_000
  }
}

/// Where some of the last packets' flows were, by a few bits of their ends: what it takes to ask is a
/// fraction of a keyed hash. Senders may make it useless, and then the index is asked as without it.
private struct RecentFlows {
  private struct Entry {
    var tag: UInt32
    var place: UInt32
  }

  private static var bits: UInt64 { 10 }

  private var entries = [Entry](
    repeating: Entry(tag: 0, place: .max), count: 1 << Int(RecentFlows.bits))

  /// The upper bits choose the entry, those below tell most others from it.
  @inline(__always)
  private static func slot(_ mixed: UInt64) -> (index: Int, tag: UInt32) {
    (
      Int(truncatingIfNeeded: mixed >> (64 - bits)),
      UInt32(truncatingIfNeeded: mixed >> (32 - bits))
    )
  }

  /// Where a flow with such ends was: it may be over, or another.
  @inline(__always)
  func place(_ mixed: UInt64) -> UInt32? {
    let (index, tag) = RecentFlows.slot(mixed)
    let entry = entries[index]
    return entry.tag == tag ? entry.place : nil
  }

  @inline(__always)
  mutating func insert(_ mixed: UInt64, _ place: UInt32) {
    let (index, tag) = RecentFlows.slot(mixed)
    entries[index] = Entry(tag: tag, place: place)
  }
}
