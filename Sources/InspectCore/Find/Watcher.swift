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
}

/// Looks for watched values in bytes, whatever they are: raw, or a layer that was decoded.
///
/// One pass goes from word to word and asks, for the few words that begin like a value, a table; a
/// second finds runs of base64 and hexadecimal digits, decodes them, and looks inside in the same
/// way. In the steady state nothing is allocated, and time is linear in the bytes.
struct Watcher: ~Copyable {
  /// The most hits of a message that are kept.
  private static let mostHits = 64
  /// The most HMACs that are computed for a message.
  private static let mostHMACs = 256
  /// The most words of a leaf that are looked at for lists of HMACs.
  static let mostWords = 32
  /// The most base64 that is decoded at once; longer runs overlap by `overlap`.
  private static let window = 1 << 15
  private static let overlap = 512

  let index: WatchIndex
  var hits: [WatchHit] = []
  var counters = WatchCounters()
  private var scratch = ByteBuffer(limit: Watcher.window)
  var hmacsLeft = 0
  private var metHMACLimit = false
  private var metLimit = false
  /// The six bits of each base64 symbol, of either alphabet (RFC 4648 §4, §5); 64 for other bytes.
  private let symbols: [UInt8]

  init(_ index: WatchIndex) {
    self.index = index
    symbols = (0..<256).map { UInt8($0).base64Value ?? 64 }
    hits.reserveCapacity(Watcher.mostHits)
  }

  /// A message begins.
  mutating func begin() {
    hits.removeAll(keepingCapacity: true)
    hmacsLeft = Watcher.mostHMACs
    metLimit = false
    metHMACLimit = false
  }

  /// Counted once a message.
  mutating func countHMACLimit() {
    if !metHMACLimit { counters.hmacLimits &+= 1 }
    metHMACLimit = true
  }

  private mutating func add(_ hit: WatchHit) {
    guard hits.count < Watcher.mostHits else {
      if !metLimit { counters.hitsLimits &+= 1 }
      metLimit = true
      return
    }
    counters.hits &+= 1
    hits.append(hit)
  }

  /// Forgets the hits beyond the first `count`.
  mutating func truncate(to count: Int) {
    if count < hits.count { hits.removeLast(hits.count &- count) }
  }

  // MARK: A layer

  /// Adds what is in `bytes` to the hits.
  mutating func scan(_ bytes: RawSpan) {
    guard bytes.byteCount >= 4 else { return }
    if !index.table.isEmpty { scanWords(bytes, as: .plain) }
    if !index.table.isEmpty || !index.digests.isEmpty { scanRuns(bytes) }
    if index.hasLongNumbers, bytes.isBinary { scanBCD(bytes) }
  }

  /// Goes from the beginning of a word to the beginning of the next, eight bytes at a time.
  private mutating func scanWords(_ bytes: RawSpan, as form: WatchForm) {
    var offset = 0
    var floor = 0
    // Whether the byte before was of a word, in the high bit of the lowest byte.
    var carry: UInt64 = 0
    while offset < bytes.byteCount {
      let word: UInt64
      if offset &+ 8 <= bytes.byteCount {
        word = bytes.loadLittleEndian(offset, as: UInt64.self)
      } else {
        var tail: UInt64 = 0
        var index = bytes.byteCount
        while index > offset {
          index &-= 1
          tail = tail << 8 | UInt64(bytes[index])
        }
        word = tail
      }
      let marks = Watcher.wordMarks(word)
      var starts = marks & ~(marks << 8 | carry)
      carry = (marks >> 63) << 7
      while starts != 0 {
        let position = offset &+ starts.trailingZeroBitCount / 8
        starts &= starts &- 1
        if position >= floor { floor = max(floor, wordBegins(bytes, position, form)) }
      }
      offset &+= 8
    }
  }

  /// The high bit of each byte that is a letter, a digit, or beyond ASCII.
  @inline(__always)
  private static func wordMarks(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs = ones &* 0x80
    let low = word & ~highs
    let folded = low | ones &* 0x20
    let letters = (folded &+ ones &* (0x80 - 0x61)) & ~(folded &+ ones &* (0x80 - 0x7B))
    let digits = (low &+ ones &* (0x80 - 0x30)) & ~(low &+ ones &* (0x80 - 0x3A))
    // All bytes beyond ASCII but FE and FF.
    let others = word & ~(low &+ ones &* 2)
    return (letters | digits | others) & highs
  }

  /// A word begins at `position`; returns where the value ends that it is, or 0.
  @inline(__always)
  private mutating func wordBegins(_ bytes: RawSpan, _ position: Int, _ form: WatchForm) -> Int {
    if position > 0 {
      let before = bytes[position &- 1]
      // An escape is a part of what it stands for.
      if before == 0x25 || before == 0x5C {
        let end = probe(bytes, token: position, from: position &- 1, dropped: 0, form)
        if end > 0 { return end }
      }
    }
    let first = bytes[position]
    guard index.firsts[Int(first)] || first == 0x30 && index.hasPhoneNumbers else { return 0 }
    let end = probe(bytes, token: position, from: position, dropped: 0, form)
    if end > 0 || first != 0x30 || !index.hasPhoneNumbers { return end }
    let isDouble = position &+ 1 < bytes.byteCount && bytes[position &+ 1] == 0x30
    let dropped = isDouble ? 2 : 1
    return probe(bytes, token: position, from: position &+ dropped, dropped: dropped, form)
  }

  private mutating func probe(
    _ bytes: RawSpan, token: Int, from start: Int, dropped: Int, _ form: WatchForm
  ) -> Int {
    var reader = WatchReader(bytes, at: start)
    var hash = WatchHash()
    for _ in 0..<4 {
      guard let byte = reader.next() else { return 0 }
      hash.add(byte)
    }
    guard index.fours.contains(hash.value) else { return 0 }
    var count = 4
    var best = 0
    while count < index.longest, let byte = reader.next() {
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
}

// MARK: Runs

extension Watcher {
  /// Finds runs of base64 symbols that are long enough to hide a value. Each has one of any `least`
  /// bytes after each other: the rest is not looked at.
  private mutating func scanRuns(_ bytes: RawSpan) {
    let least = index.shortestRun
    var floor = 0
    var probe = least &- 1
    while probe < bytes.byteCount {
      guard isSymbol(bytes[probe]) else {
        probe &+= least
        continue
      }
      var first = probe
      while first > floor, isSymbol(bytes[first &- 1]) { first &-= 1 }
      let end = endOfRun(bytes, first: first, from: probe &+ 1)
      floor = end
      if end &- first >= least { scanRun(bytes, first..<end) }
      probe = end &+ least &- 1
    }
  }

  /// A line end is part of a run when the line is as long as encoders make them.
  private func endOfRun(_ bytes: RawSpan, first: Int, from start: Int) -> Int {
    var line = first
    var end = start
    while end < bytes.byteCount {
      if isSymbol(bytes[end]) {
        end &+= 1
        continue
      }
      guard end &- line >= 60 else { break }
      var next = end
      if bytes[next] == 0x0D, next &+ 1 < bytes.byteCount { next &+= 1 }
      guard bytes[next] == 0x0A, next &+ 1 < bytes.byteCount, isSymbol(bytes[next &+ 1])
      else { break }
      line = next &+ 1
      end = line
    }
    return end
  }

  @inline(__always)
  private func isSymbol(_ byte: UInt8) -> Bool { symbols[Int(byte)] < 64 }

  private mutating func scanRun(_ bytes: RawSpan, _ run: Range<Int>) {
    scanWordsOfRun(bytes, run)
    if !index.digests.isEmpty { findEncodedDigests(bytes, run) }
    guard !index.table.isEmpty else { return }
    // The first symbol may belong to something before: all four beginnings are tried, and those
    // behind the first signs that names and paths have as well.
    let plausible = alignments(bytes, run)
    for alignment in 0..<4 where plausible >> UInt8(alignment) & 1 == 1 {
      decodeBase64(bytes, (run.lowerBound &+ alignment)..<run.upperBound)
    }
    var starts = 0
    var position = run.lowerBound
    while position < min(run.upperBound, run.lowerBound &+ 96), starts < 6 {
      if !bytes[position].isAlphanumeric {
        starts &+= 1
        let end = min(run.upperBound, position &+ 1 &+ 2 &* WatchCanonical.longest)
        if mayBegin(bytes, (position &+ 1)..<end) { decodeBase64(bytes, (position &+ 1)..<end) }
      }
      position &+= 1
    }
  }

  /// A bit for each alignment at which enough ASCII is in a row to be a value: the high bits of three
  /// bytes are in the first three of four symbols. Most runs, and all digits of numbers and hashes,
  /// end here.
  private func alignments(_ bytes: RawSpan, _ run: Range<Int>) -> UInt8 {
    guard index.isASCII else { return 0b1111 }
    let enough = index.shortest
    var inARow = InlineArray<4, Int>(repeating: 0)
    var found: UInt8 = 0
    var number = 0
    for position in run {
      let symbol = symbols[Int(bytes[position])]
      guard symbol < 64 else { continue }
      for place in 0..<3 {
        let alignment = (number &- place) & 3
        if symbol >> UInt8(5 &- 2 &* place) & 1 == 0 {
          inARow[alignment] &+= 1
          if inARow[alignment] >= enough { found |= 1 << UInt8(alignment) }
        } else {
          inARow[alignment] = 0
        }
      }
      number &+= 1
    }
    return found
  }

  /// Whether the first bytes that `run` encodes are ASCII, as many as a value has.
  private func mayBegin(_ bytes: RawSpan, _ run: Range<Int>) -> Bool {
    guard index.isASCII else { return true }
    var decoded = 0
    var number = 0
    for position in run {
      let symbol = symbols[Int(bytes[position])]
      guard symbol < 64 else { continue }
      let place = number & 3
      number &+= 1
      guard place < 3 else { continue }
      guard symbol >> UInt8(5 &- 2 &* place) & 1 == 0 else { return false }
      decoded &+= 1
      if decoded >= index.shortest { return true }
    }
    return false
  }

  /// Hexadecimal digests and texts among the words of a run.
  private mutating func scanWordsOfRun(_ bytes: RawSpan, _ run: Range<Int>) {
    var start = run.lowerBound
    while start < run.upperBound {
      var end = start
      var isHexadecimal = true
      while end < run.upperBound, bytes[end].isAlphanumeric {
        if bytes[end].hexDigitValue == nil { isHexadecimal = false }
        end &+= 1
      }
      if isHexadecimal, end &- start >= 12 { scanHexadecimal(bytes, start..<end) }
      start = end &+ 1
    }
  }

  private mutating func scanHexadecimal(_ bytes: RawSpan, _ word: Range<Int>) {
    for digest in WatchDigest.allCases where word.count == 2 &* digest.byteCount {
      var prefix: UInt64 = 0
      for place in 0..<8 {
        let byte = WatchReader.hexadecimal(bytes, at: word.lowerBound &+ 2 &* place) ?? 0
        prefix = prefix << 8 | UInt64(byte)
      }
      if let value = index.value(digest: digest, prefix: prefix) {
        add(WatchHit(value: value, form: digest.form, start: word.lowerBound, end: word.upperBound))
        return
      }
    }
    guard !index.table.isEmpty, word.count >= 2 &* index.shortest,
      !index.isASCII || mayEncodeText(bytes, word)
    else { return }
    var buffer = takeScratch()
    // An odd number of digits has one that belongs to something before.
    for skipped in 0...(word.count & 1) {
      let first = word.lowerBound &+ skipped
      buffer.removeAll()
      var position = first
      while position &+ 1 < word.upperBound, !buffer.isFull {
        buffer.append(WatchReader.hexadecimal(bytes, at: position) ?? 0)
        position &+= 2
      }
      let known = hits.count
      scanWords(buffer.bytes, as: .hexadecimal)
      for hit in known..<hits.count {
        hits[hit].start = first &+ 2 &* hits[hit].start
        hits[hit].end = first &+ 2 &* hits[hit].end
      }
    }
    giveBack(buffer)
  }

  /// Whether enough pairs of hexadecimal digits in a row are ASCII: their first digit is below 8.
  private func mayEncodeText(_ bytes: RawSpan, _ word: Range<Int>) -> Bool {
    for skipped in 0...(word.count & 1) {
      var inARow = 0
      var position = word.lowerBound &+ skipped
      while position &+ 1 < word.upperBound {
        inARow = bytes[position] < 0x38 ? inARow &+ 1 : 0
        if inARow >= index.shortest { return true }
        position &+= 2
      }
    }
    return false
  }

  /// A digest in base64 is a run of its own, with or without padding, or between slashes.
  private mutating func findEncodedDigests(_ bytes: RawSpan, _ run: Range<Int>) {
    findEncodedDigest(bytes, run)
    guard run.count > 22, run.count <= 4096 else { return }
    var start = run.lowerBound
    for position in run where bytes[position] == 0x2F {
      findEncodedDigest(bytes, start..<position)
      start = position &+ 1
    }
    if start > run.lowerBound { findEncodedDigest(bytes, start..<run.upperBound) }
  }

  private mutating func findEncodedDigest(_ bytes: RawSpan, _ word: Range<Int>) {
    for digest in WatchDigest.allCases where word.count == (digest.byteCount &* 8 &+ 5) / 6 {
      var bits: UInt64 = 0
      for place in 0..<11 {
        guard let symbol = bytes[word.lowerBound &+ place].base64Value else { return }
        // Eleven symbols are 66 bits: of the last one four count.
        bits = place < 10 ? bits << 6 | UInt64(symbol) : bits << 4 | UInt64(symbol >> 2)
      }
      if let value = index.value(digest: digest, prefix: bits) {
        add(
          WatchHit(
            value: value, form: digest.encodedForm, start: word.lowerBound, end: word.upperBound))
      }
    }
  }

  // MARK: Base64

  /// Decodes symbols from the first of `run` on, line ends left aside, and looks at what they are.
  private mutating func decodeBase64(_ bytes: RawSpan, _ run: Range<Int>) {
    var buffer = takeScratch()
    var start = run.lowerBound
    while start < run.upperBound {
      buffer.removeAll()
      let end = decode(bytes, start..<run.upperBound, into: &buffer)
      let known = hits.count
      scanWords(buffer.bytes, as: .base64)
      for hit in known..<hits.count {
        let offsets = (hits[hit].start, hits[hit].end)
        hits[hit].start = Watcher.symbol(offsets.0, bytes, from: start)
        hits[hit].end = Watcher.symbol(offsets.1, bytes, from: start)
      }
      if end >= run.upperBound { break }
      // A whole number of groups back.
      start = Watcher.symbol((buffer.count &- Watcher.overlap) / 3 &* 3, bytes, from: start)
    }
    giveBack(buffer)
  }

  /// Fills `buffer`; returns where it stopped.
  private func decode(
    _ bytes: RawSpan, _ run: Range<Int>, into buffer: inout ByteBuffer
  ) -> Int {
    var bits: UInt32 = 0
    var count = 0
    var position = run.lowerBound
    while position < run.upperBound, !buffer.isFull {
      let symbol = symbols[Int(bytes[position])]
      if symbol < 64 {
        bits = bits << 6 | UInt32(symbol)
        count &+= 6
        if count >= 8 {
          count &-= 8
          buffer.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
      }
      position &+= 1
    }
    return position
  }

  /// Where the symbol is in which the decoded byte at `offset` begins.
  private static func symbol(_ offset: Int, _ bytes: RawSpan, from start: Int) -> Int {
    var left = offset &* 8 / 6
    var position = start
    while position < bytes.byteCount {
      if bytes[position].base64Value != nil {
        if left == 0 { break }
        left &-= 1
      }
      position &+= 1
    }
    return position
  }

  // MARK: Binary numbers

  /// Numbers of two digits a byte: 14 digits and more anywhere, shorter ones behind the octets that
  /// say their length and type (TS 24.008 §10.5.4.7, TS 23.040 §9.1.2.5).
  private mutating func scanBCD(_ bytes: RawSpan) {
    var start = 0
    while start &+ 4 <= bytes.byteCount {
      guard bytes[start].isDigitPair || bytes[start] >> 4 <= 9 else {
        start &+= 1
        continue
      }
      let isTyped =
        start >= 2 && bytes[start &- 1] >> 7 == 1 && bytes[start &- 2] >= 5
        && bytes[start &- 2] <= 20
      // Whole bytes, low digit first or high digit first; or from the second half of a byte, of
      // which the first says what follows.
      if bytes[start].isDigitPair {
        probeBCD(bytes, start &* 2, isSwapped: true, isTyped: isTyped)
        probeBCD(bytes, start &* 2, isSwapped: false, isTyped: false)
      }
      if bytes[start &+ 1].isDigitPair {
        probeBCD(bytes, start &* 2 &+ 1, isSwapped: true, isTyped: false)
      }
      start &+= 1
    }
  }

  private mutating func probeBCD(_ bytes: RawSpan, _ half: Int, isSwapped: Bool, isTyped: Bool) {
    var hash = WatchHash()
    var count = 0
    var position = half
    var found: (entry: WatchIndex.Entry, end: Int)?
    while position < 2 &* bytes.byteCount, count < 20 {
      let byte = bytes[position &>> 1]
      let isLow = (position & 1 == 0) == isSwapped
      let digit = isLow ? byte & 15 : byte >> 4
      guard digit <= 9 else { break }
      hash.add(0x30 &+ digit)
      count &+= 1
      position &+= 1
      if count == 4, !index.fours.contains(hash.value) { return }
      if count == 8, !index.eights.contains(hash.value) { return }
      guard count >= 14 || isTyped && count >= 7 else { continue }
      let entry = index.table.find(hash.value) {
        index.equalsDigits($0, bytes, half, count, isSwapped: isSwapped)
      }
      guard let entry else { continue }
      let isWhole =
        count >= 14 || Int(bytes[half / 2 &- 2]) == count || Watcher.isFilled(bytes, position)
      if isWhole { found = (entry, position) }
    }
    guard let found else { return }
    add(
      WatchHit(
        value: found.entry.value, form: .bcd, start: half / 2, end: (found.end &+ 1) / 2))
  }

  /// Whether the half after a number is the filler of an odd number of digits.
  private static func isFilled(_ bytes: RawSpan, _ position: Int) -> Bool {
    position & 1 == 1 && bytes[position &>> 1] >> 4 == 15
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

extension WatchIndex {
  /// Whether `count` digits from the half byte `half` on are this value, without what the entry
  /// leaves out at its end. National numbers need more evidence than such digits have.
  func equalsDigits(
    _ entry: Entry, _ bytes: RawSpan, _ half: Int, _ count: Int, isSwapped: Bool
  ) -> Bool {
    let text = text(of: entry.value)
    guard entry.prefix == 0, WatchStyle(kind(of: entry.value)) == .digits,
      text.count &- entry.suffix == count
    else { return false }
    for place in 0..<count {
      let position = half &+ place
      let byte = bytes[position &>> 1]
      let isLow = (position & 1 == 0) == isSwapped
      guard texts[text.lowerBound &+ place] == 0x30 &+ (isLow ? byte & 15 : byte >> 4) else {
        return false
      }
    }
    return true
  }
}

extension WatchDigest {
  var form: WatchForm {
    switch self {
    case .md5: .md5
    case .sha1: .sha1
    case .sha256: .sha256
    }
  }

  var encodedForm: WatchForm {
    switch self {
    case .md5: .base64MD5
    case .sha1: .base64SHA1
    case .sha256: .base64SHA256
    }
  }
}

extension UInt8 {
  /// Of either alphabet (RFC 4648 §4, §5).
  fileprivate var base64Value: UInt8? {
    switch self {
    case 0x41...0x5A: self &- 0x41
    case 0x61...0x7A: self &- 0x47
    case 0x30...0x39: self &+ 4
    case 0x2B, 0x2D: 62
    case 0x2F, 0x5F: 63
    default: nil
    }
  }

  fileprivate var isDigitPair: Bool { self >> 4 <= 9 && self & 15 <= 9 }
  /// A word goes on with this byte, unless it begins a no-break space.
  fileprivate var goesOn: Bool { isWatchWord && self != 0xC2 }
}

extension RawSpan {
  /// Whether the first bytes have some that no text has.
  fileprivate var isBinary: Bool {
    for index in 0..<min(byteCount, 4096) {
      let byte = self[index]
      if byte < 9 || byte &- 0x0E < 0x12 || byte == 0x7F { return true }
    }
    return false
  }
}
