/// Which name a client asked for before it used an address: learned from the DNS answers that it got.
///
/// A name is the one of the question, in lower case, whatever aliases (CNAME) lead from it to the
/// address. The latest answer wins. A name stays usable for its time to live, and at least for
/// `retentionNanoseconds`, because programs keep addresses and connections longer than DNS lets them.
///
/// Each address is kept twice: for the client that asked, and for anybody, because a phone may ask
/// over IPv6 and connect over IPv4.
///
/// The table has a fixed capacity. When it is full, the clock algorithm (second chance) takes out an
/// entry that was not used since its last turn. All memory is reserved at the start; learning
/// allocates nothing.
public struct NameCache: ~Copyable {
  public enum Limit {
    /// Bytes of a name as text; longer ones are no host names (RFC 1035 §2.3.4).
    public static let nameByteCount = 255
    /// How often all answers are searched for a further alias. Aliases in order take one round.
    public static let aliasRounds = 16
    /// Answers of one message that are looked at.
    public static let answers = 256
  }

  public struct Statistics: Equatable, Sendable {
    /// Addresses that got a name which they did not have.
    public var learned = 0
    /// Of these, addresses that had another name before.
    public var replaced = 0
    /// Entries taken out because the table was full.
    public var evicted = 0
    /// Responses whose name is too long to be kept.
    public var oversizedNames = 0
  }

  /// For whom a name was found.
  public enum Asker: Sendable {
    /// The client itself asked for it.
    case client
    /// Another address asked for it, perhaps the same device's.
    case anybody
  }

  // Not private, as `Entry` is not: 6.3.1 fails on private elements of a `~Copyable` owner elsewhere.
  struct Name {
    var bytes = InlineArray<255, UInt8>(repeating: 0)
    var count = 0
    var references = 0

    var text: RawSpan {
      // Bytes have no padding that would be read.
      @_lifetime(borrow self) get { unsafe bytes.span.bytes.extracting(first: count) }
    }
  }

  struct Entry {
    let client: IPAddress
    let server: IPAddress
    var name: UInt32
    var next: UInt32
    var expires: Timestamp
    var isUsed = false
  }

  /// What one response teaches; `name` is its place once it has one.
  private struct Lesson {
    let client: IPAddress
    let time: Timestamp
    var name: UInt32?
  }

  private static var end: UInt32 { .max }
  /// The client of the entries for anybody: no host has this address (RFC 4291 §2.5.2).
  private static var anybody: IPAddress { IPAddress(high: 0, low: 0) }

  private let hash: SipHash13
  private var buckets: [UInt32]
  private var entries: Slab<Entry>
  private var names: Slab<Name>
  private var hand: UInt32 = 0
  private var text = ByteBuffer(limit: Limit.nameByteCount)

  public let retentionNanoseconds: Int64
  public private(set) var statistics = Statistics()

  /// - Parameters:
  ///   - capacity: entries, two for each address of a client; at least two.
  ///   - key0: with `key1` a random number that others cannot know.
  public init(
    capacity: Int, key0: UInt64, key1: UInt64,
    retentionNanoseconds: Int64 = 24 * 3600 * 1_000_000_000
  ) {
    precondition(capacity >= 2 && capacity <= 1 << 24)
    hash = SipHash13(key0: key0, key1: key1)
    var bucketCount = 2
    while bucketCount < capacity { bucketCount *= 2 }
    buckets = [UInt32](repeating: NameCache.end, count: bucketCount)
    entries = Slab(capacity: capacity)
    // One more: the name being learned, while all entries have others.
    names = Slab(capacity: capacity + 1)
    self.retentionNanoseconds = retentionNanoseconds
  }

  /// The entries that are there now.
  public var count: Int { entries.count }

  /// Takes the addresses of a response (A, AAAA, hints of HTTPS and SVCB) that `client` got.
  /// Anything but a successful response to a query is ignored.
  public mutating func learn(_ response: DNSMessage, client: IPAddress, at time: Timestamp) {
    guard response.isResponse, response.opcode == .query, response.responseCode == .noError
    else { return }
    var questions = response.questions
    guard let question = questions.next(), !question.name.isRoot else { return }
    text.removeAll()
    guard question.name.append(to: &text, lowercased: true) else {
      statistics.oversizedNames += 1
      return
    }
    let owner = NameCache.canonicalName(of: question.name, in: response)
    var lesson = Lesson(client: client, time: time)
    var answers = response.answers
    var examined = 0
    while examined < Limit.answers, let record = answers.next() {
      examined += 1
      guard record.name.equals(owner) else { continue }
      switch record.data {
      case .address(let address):
        learn(address, for: record.timeToLive, &lesson)
      case .serviceBinding(let binding) where text.bytes[0] != UInt8(ascii: "_"):
        binding.forEachHint { address in learn(address, for: record.timeToLive, &lesson) }
      default:
        continue
      }
    }
  }

  /// Takes the addresses that a multicast DNS or LLMNR response announces, under the names of the
  /// records themselves. A name that was asked for in DNS stays: anybody in the local network may
  /// announce anything.
  public mutating func learnAnnounced(_ response: DNSMessage, at time: Timestamp) {
    guard response.isResponse, response.responseCode == .noError else { return }
    learnAnnounced(response.answers, time)
    learnAnnounced(response.additionals, time)
  }

  private mutating func learnAnnounced(_ records: DNSRecords, _ time: Timestamp) {
    var records = records
    var examined = 0
    while examined < Limit.answers, let record = records.next() {
      examined += 1
      guard case .address(let address) = record.data, address != NameCache.anybody,
        find(address, NameCache.anybody) == nil
      else { continue }
      text.removeAll()
      guard record.name.append(to: &text, lowercased: true), !text.isEmpty else { continue }
      var lesson = Lesson(client: NameCache.anybody, time: time)
      let lifetime = max(Int64(record.timeToLive) * 1_000_000_000, retentionNanoseconds)
      store(
        address, client: NameCache.anybody, time.advanced(byNanoseconds: lifetime), &lesson)
    }
  }

  /// The name at the end of the aliases that start at `name`.
  @_lifetime(copy name, copy response)
  private static func canonicalName(of name: DNSName, in response: DNSMessage) -> DNSName {
    var owner = name
    for _ in 0..<Limit.aliasRounds {
      var hasMoved = false
      var answers = response.answers
      var examined = 0
      while examined < Limit.answers, let record = answers.next() {
        examined += 1
        guard record.type == .cname, record.name.equals(owner),
          case .name(let target) = record.data
        else { continue }
        owner = target
        hasMoved = true
      }
      if !hasMoved { break }
    }
    return owner
  }

  private mutating func learn(
    _ server: IPAddress, for seconds: UInt32, _ lesson: inout Lesson
  ) {
    guard server != NameCache.anybody else { return }
    let lifetime = max(Int64(seconds) * 1_000_000_000, retentionNanoseconds)
    let expires = lesson.time.advanced(byNanoseconds: lifetime)
    store(server, client: lesson.client, expires, &lesson)
    store(server, client: NameCache.anybody, expires, &lesson)
  }

  private mutating func store(
    _ server: IPAddress, client: IPAddress, _ expires: Timestamp, _ lesson: inout Lesson
  ) {
    guard let place = find(server, client) else {
      statistics.learned += 1
      insert(server, client, expires, &lesson)
      return
    }
    entries[place].expires = expires
    let old = entries[place].name
    guard !names[old].text.equals(text.bytes) else {
      lesson.name = old
      return
    }
    statistics.learned += 1
    statistics.replaced += 1
    guard let name = reference(&lesson) else { return }
    entries[place].name = name
    release(old)
  }

  private mutating func insert(
    _ server: IPAddress, _ client: IPAddress, _ expires: Timestamp, _ lesson: inout Lesson
  ) {
    // The name first: making room may release the one that was meant.
    guard let name = reference(&lesson) else { return }
    if entries.isFull { evict() }
    let bucket = bucket(server, client)
    let entry = Entry(
      client: client, server: server, name: name, next: buckets[bucket], expires: expires)
    guard let place = entries.insert(entry) else { return release(name) }
    buckets[bucket] = place
  }

  /// One more reference to the name being learned, which is stored when it is not yet.
  private mutating func reference(_ lesson: inout Lesson) -> UInt32? {
    if let name = lesson.name, names.contains(name) {
      names[name].references += 1
      return name
    }
    var name = Name()
    name.count = text.count
    name.references = 1
    for index in 0..<text.count { name.bytes[index] = text.bytes[index] }
    lesson.name = names.insert(name)
    return lesson.name
  }

  private mutating func release(_ name: UInt32) {
    names[name].references -= 1
    if names[name].references == 0 { names.remove(name) }
  }

  /// Takes one entry out, all places being taken.
  private mutating func evict() {
    while entries[hand].isUsed {
      entries[hand].isUsed = false
      hand = (hand + 1) % UInt32(entries.capacity)
    }
    let victim = hand
    hand = (hand + 1) % UInt32(entries.capacity)
    let next = entries[victim].next
    let bucket = bucket(entries[victim].server, entries[victim].client)
    if buckets[bucket] == victim {
      buckets[bucket] = next
    } else {
      var place = buckets[bucket]
      while entries[place].next != victim { place = entries[place].next }
      entries[place].next = next
    }
    release(entries.remove(victim).name)
    statistics.evicted += 1
  }

  private func bucket(_ server: IPAddress, _ client: IPAddress) -> Int {
    var state = hash.begin()
    if server.isIPv4, client.isIPv4 || client == NameCache.anybody {
      state.add(UInt64(server.ipv4) << 32 | UInt64(client.ipv4))
    } else {
      state.add(server.high)
      state.add(server.low)
      state.add(client.high)
      state.add(client.low)
    }
    return Int(truncatingIfNeeded: state.finish() & UInt64(buckets.count - 1))
  }

  private func find(_ server: IPAddress, _ client: IPAddress) -> UInt32? {
    var place = buckets[bucket(server, client)]
    while place != NameCache.end {
      if entries[place].server == server, entries[place].client == client { return place }
      place = entries[place].next
    }
    return nil
  }

  /// Appends the name that `client` asked for to get the address `server`, else the one that anybody
  /// asked for; says which it was, nil when there is none. Looking a name up keeps it longer.
  public mutating func appendName(
    of server: IPAddress, for client: IPAddress, at time: Timestamp, to buffer: inout ByteBuffer
  ) -> Asker? {
    guard count > 0 else { return nil }
    if append(server, client, time, to: &buffer) { return .client }
    return append(server, NameCache.anybody, time, to: &buffer) ? .anybody : nil
  }

  private mutating func append(
    _ server: IPAddress, _ client: IPAddress, _ time: Timestamp, to buffer: inout ByteBuffer
  ) -> Bool {
    guard let place = find(server, client), time <= entries[place].expires else { return false }
    entries[place].isUsed = true
    let name = entries[place].name
    buffer.append(names[name].text)
    return true
  }
}
