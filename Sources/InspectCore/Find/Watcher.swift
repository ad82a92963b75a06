/// A watched value that was found.
struct WatchHit {
  var value: UInt32
  var form: WatchForm
  /// Where it begins and ends, as it was sent.
  var start: Int
  var end: Int
  /// A telephone number without its country: chance finds such in long lists.
  var isNational = false
}

/// What a search for watched values has done: the proof of coverage.
public struct WatchCounters: Equatable, Sendable {
  /// Values that were found, in all forms.
  public internal(set) var hits: UInt64 = 0
  /// Messages with more hits than are kept.
  public internal(set) var hitsLimits: UInt64 = 0
  public internal(set) var hmacs: UInt64 = 0
  /// Messages with more candidates for lists of HMACs than are looked at.
  public internal(set) var hmacLimits: UInt64 = 0

  public init() {}

  mutating func add(_ other: WatchCounters) {
    hits &+= other.hits
    hitsLimits &+= other.hitsLimits
    hmacs &+= other.hmacs
    hmacLimits &+= other.hmacLimits
  }
}

/// Looks for watched values in bytes, whatever they are: raw, or a layer that was decoded.
///
/// One pass, sixteen bytes at a time, finds where words begin and asks a table for the few that begin
/// like a value; where many symbols of base64 follow each other, what may be text or a digest in them
/// is decoded, and looked at in the same way. In the steady state nothing is allocated, and time is
/// linear in the bytes.
struct Watcher: ~Copyable {
  /// The most hits of a message that are kept.
  private static let mostHits = 64
  /// The most HMACs that are computed for a message.
  private static let mostHMACs = 256
  /// The most words of a leaf that are looked at for lists of HMACs.
  static let mostWords = 32
  /// The most words, alone and with those behind them, that are tried as names, of a message.
  static let mostNames = 40
  /// The most base64 that is decoded at once; longer runs overlap by `overlap`.
  static let window = 1 << 15
  static let overlap = 512

  let index: WatchIndex
  var hits: [WatchHit] = []
  var counters = WatchCounters()
  private var scratch = ByteBuffer(limit: Watcher.window)
  /// Base64 without its line ends.
  var joined = ByteBuffer(limit: Watcher.window)
  var hmacsLeft = 0
  var namesLeft = 0
  private var metHMACLimit = false
  private var metLimit = false
  /// The six bits of each base64 symbol, of either alphabet (RFC 4648 §4, §5); 64 for other bytes.
  let symbols: [UInt8]

  init(_ index: WatchIndex) {
    self.index = index
    symbols = (0..<256).map { UInt8($0).base64Value ?? 64 }
    hits.reserveCapacity(Watcher.mostHits)
  }

  /// A message begins.
  mutating func begin() {
    hits.clear()
    hmacsLeft = Watcher.mostHMACs
    namesLeft = Watcher.mostNames
    metLimit = false
    metHMACLimit = false
  }

  /// Counted once a message.
  mutating func countHMACLimit() {
    if !metHMACLimit { counters.hmacLimits &+= 1 }
    metHMACLimit = true
  }

  mutating func add(_ hit: WatchHit) {
    guard hits.count < Watcher.mostHits else {
      if !metLimit { counters.hitsLimits &+= 1 }
      metLimit = true
      return
    }
    counters.hits &+= 1
    hits.append(hit)
  }

  /// Forgets those of the hits from the `first` on that are among those before: parts of what is
  /// decoded overlap.
  mutating func dropRepeated(from first: Int) {
    var kept = first
    for place in first..<hits.count {
      let hit = hits[place]
      let isKnown = hits[..<kept].contains {
        $0.value == hit.value && $0.form == hit.form && $0.start == hit.start
      }
      if isKnown {
        counters.hits &-= 1
      } else {
        hits[kept] = hit
        kept &+= 1
      }
    }
    truncate(to: kept)
  }

  /// Forgets the hits beyond the first `count`.
  mutating func truncate(to count: Int) {
    if count < hits.count { hits.removeLast(hits.count &- count) }
  }

  // MARK: A layer

  /// What goes over from a block to the next.
  struct Cursor {
    /// What is before these was looked at: for words, and for runs.
    var floor = 0
    var runFloor = 0
    /// How many symbols of base64 end here.
    var open = 0
    /// What is before is base64 that is decoded outward.
    var opened = 0
  }

  /// Adds what is in `bytes` to the hits. Base64 that begins before `opened` is left to who decodes
  /// it outward. `isText` says that there are no control characters.
  mutating func scan(_ bytes: RawSpan, opened: Int = 0, isText: Bool = false) {
    guard bytes.byteCount >= index.fewestBytes else { return }
    if bytes.byteCount >= min(index.shortest, 22), !index.table.isEmpty || !index.digests.isEmpty {
      scanText(bytes, as: .plain, withRuns: true, opened: opened)
    }
    if index.hasLongNumbers, !isText, bytes.isBinary { scanBCD(bytes) }
  }

  /// Looks at the beginnings of words, and at runs of base64 symbols.
  mutating func scanText(
    _ bytes: RawSpan, as form: WatchForm, withRuns: Bool, opened: Int = 0
  ) {
    let index = index
    // Where no text of the list can be, only what is written as a number is looked at.
    let looksAtAll =
      index.hasTexts
      && (!index.areTextsMail
        || ByteScan.firstOffset(of: 0x40, or: 0x25, or: 0x5C, in: bytes) != nil)
    var cursor = Cursor(opened: opened)
    var offset = 0
    // Whether the byte before is of a word, and whether it is an escape's sign.
    var carry: UInt64 = 0
    var plainCarry: UInt64 = 0
    var escapeCarry: UInt64 = 0
    while offset < bytes.byteCount {
      let classes = ByteClasses(of: bytes, at: offset)
      // Behind a byte beyond ASCII, which may be of no letter, a word may begin, too.
      let plain = classes.words & classes.symbols
      var starts =
        classes.words & ~(classes.words &<< 1 | carry) | plain & ~(plain &<< 1 | plainCarry)
      // An escape is a part of what it stands for.
      let escaped = classes.escapes &<< 1 | escapeCarry
      carry = classes.words &>> 63
      plainCarry = plain &>> 63
      escapeCarry = classes.escapes &>> 63
      if !looksAtAll, classes.escapes == 0 {
        starts &= classes.numbersBegin(index.shortest) | escaped
      }
      starts &= index.firsts.marks(of: bytes, at: offset) | escaped
      while starts != 0 {
        let place = starts.trailingZeroBitCount
        starts &= starts &- 1
        let position = offset &+ place
        let isEscaped = escaped &>> UInt64(truncatingIfNeeded: place) & 1 == 1
        if !isEscaped {
          let word = ByteScan.word(bytes, at: position)
          guard index.prefixes.mayBegin(UInt32(truncatingIfNeeded: word)),
            index.prefixes.contains(word, bytes, position)
          else { continue }
        }
        guard position >= cursor.floor else { continue }
        let end = wordBegins(bytes, position, isEscaped: isEscaped, form)
        cursor.floor = max(cursor.floor, end)
      }
      if withRuns { takeSymbols(classes.symbols, bytes, offset, &cursor) }
      offset &+= 64
    }
    // With nothing behind them the last ones have ended.
    if withRuns, cursor.open >= index.shortestRun {
      foundRun(bytes, (offset &- cursor.open)..<offset, &cursor)
    }
  }

  @inline(__always)
  private mutating func takeSymbols(
    _ marks: UInt64, _ bytes: RawSpan, _ offset: Int, _ cursor: inout Cursor
  ) {
    let first = offset &- cursor.open
    let head = (~marks).trailingZeroBitCount
    guard head < 64 else {
      cursor.open &+= 64
      return
    }
    if head &+ cursor.open >= index.shortestRun {
      foundRun(bytes, first..<(offset &+ head), &cursor)
    }
    cursor.open = (~marks).leadingZeroBitCount
    // Where eight follow each other, and then as many as are looked at, up to sixteen.
    var begins = marks & marks &>> 1
    begins &= begins &>> 2
    begins &= begins &>> 4
    guard begins != 0 else { return }
    begins &= begins &>> UInt64(min(index.shortestRun, 16) &- 8)
    // Neither the one that began before nor the one that goes on.
    begins &= .max &<< UInt64(head) & .max &>> UInt64(cursor.open)
    while begins != 0 {
      let first = begins.trailingZeroBitCount
      let end = first &+ (~(marks &>> UInt64(first))).trailingZeroBitCount
      if end &- first >= index.shortestRun {
        foundRun(bytes, (offset &+ first)..<(offset &+ end), &cursor)
      }
      guard end < 64 else { return }
      begins &= .max &<< UInt64(end)
    }
  }

  /// A word begins at `position`, as a value may, or an escape before it; returns where the value ends that it is, or 0.
  private mutating func wordBegins(
    _ bytes: RawSpan, _ position: Int, isEscaped: Bool, _ form: WatchForm
  ) -> Int {
    if isEscaped {
      if mayBegin(bytes, escape: position &- 1) {
        let end = probe(bytes, token: position, from: position &- 1, dropped: 0, form)
        if end > 0 { return end }
      }
      let word = ByteScan.word(bytes, at: position)
      guard index.prefixes.mayBegin(UInt32(truncatingIfNeeded: word)),
        index.prefixes.contains(word, bytes, position)
      else { return 0 }
    }
    let end = probe(bytes, token: position, from: position, dropped: 0, form)
    if end > 0 || bytes[position] != 0x30 || !index.hasPhoneNumbers { return end }
    let isDouble = position &+ 1 < bytes.byteCount && bytes[position &+ 1] == 0x30
    let dropped = isDouble ? 2 : 1
    guard index.prefixes.contains(bytes, position &+ dropped) else { return 0 }
    return probe(bytes, token: position, from: position &+ dropped, dropped: dropped, form)
  }

  /// Whether a value may begin with what the escape at `position` stands for, or right behind that.
  private func mayBegin(_ bytes: RawSpan, escape position: Int) -> Bool {
    var reader = WatchReader(bytes, at: position)
    guard let first = reader.nextDecoded(), !WatchReader.breaks(first) else { return false }
    if first.isWatchWord { return index.prefixes.mayBegin(with: first) }
    return index.prefixes.contains(bytes, reader.position)
  }

  private mutating func probe(
    _ bytes: RawSpan, token: Int, from start: Int, dropped: Int, _ form: WatchForm
  ) -> Int {
    var reader = WatchReader(bytes, at: start)
    var hash = WatchHash()
    // What stands before the first one is none of the value's.
    guard let first = reader.next() else { return 0 }
    hash.add(first)
    let allowed = index.separators
    for _ in 1..<4 {
      guard let byte = reader.next(allowed: allowed) else { return 0 }
      hash.add(byte)
    }
    guard index.fours.contains(hash.value) else { return 0 }
    var count = 4
    var best = 0
    while count < index.longest, let byte = reader.next(allowed: allowed) {
      hash.add(byte)
      count &+= 1
      if count < WatchLimits.shortestInText { continue }
      let isEnd =
        reader.position >= bytes.byteCount || !bytes[reader.position].goesOn
      if isEnd, let entry = find(hash, bytes, token, start, dropped, reader) {
        let isNational = index.kind(of: entry.value) == .phoneNumber && entry.prefix > 0
        add(
          WatchHit(
            value: entry.value, form: form, start: token, end: reader.position,
            isNational: isNational))
        best = reader.position
      }
      if count == 8, !index.eights.contains(hash.value) { break }
    }
    return best
  }

  @inline(__always)
  private func find(
    _ hash: WatchHash, _ bytes: RawSpan, _ token: Int, _ start: Int, _ dropped: Int,
    _ reader: borrowing WatchReader
  ) -> WatchIndex.Entry? {
    let position = reader.position
    let separators = reader.separators
    return index.table.find(hash.value) {
      index.matches(
        $0, bytes, token: token, start: start, dropped: dropped, end: position,
        separators: separators)
    }
  }

  // MARK: Memory

  mutating func takeScratch() -> ByteBuffer {
    var buffer = ByteBuffer(limit: 0)
    swap(&buffer, &scratch)
    buffer.removeAll()
    return buffer
  }

  mutating func giveBack(_ buffer: consuming ByteBuffer) { scratch = buffer }
}

extension UInt8 {
  /// A word goes on with this byte; with one beyond ASCII it may.
  fileprivate var goesOn: Bool { isAlphanumeric }
}

extension RawSpan {
  /// Whether the first bytes have some that no text has.
  fileprivate var isBinary: Bool { ByteScan.hasControls(extracting(first: min(byteCount, 4096))) }
}
