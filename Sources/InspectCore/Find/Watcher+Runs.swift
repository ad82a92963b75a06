/// Runs of base64 and hexadecimal digits, and what they are of.
extension Watcher {
  /// As many symbols that begin as base64 of text does are that, from the first on.
  private static let surelyEncoded = 64

  /// Takes a run of symbols, with the lines that go on with it.
  mutating func foundRun(_ bytes: RawSpan, _ line: Range<Int>, _ cursor: inout Cursor) {
    guard line.lowerBound >= cursor.runFloor else { return }
    let end = line.count < 60 ? line.upperBound : endOfLines(bytes, line)
    cursor.runFloor = end
    // Who decodes outward opens it.
    if line.lowerBound < cursor.opened { return }
    // Names and words have neither.
    let run = line.lowerBound..<end
    if index.hidesInLowercase || hasCapitalOrDigit(bytes, run) {
      scanRun(bytes, run, hasLines: end > line.upperBound)
    }
  }

  /// A line end is part of a run when the line is as long as encoders make them.
  private func endOfLines(_ bytes: RawSpan, _ first: Range<Int>) -> Int {
    var line = first
    while line.count >= 60, line.upperBound < bytes.byteCount {
      var next = line.upperBound
      if bytes[next] == 0x0D, next &+ 1 < bytes.byteCount { next &+= 1 }
      guard bytes[next] == 0x0A, next &+ 1 < bytes.byteCount, isSymbol(bytes[next &+ 1])
      else { break }
      line = (next &+ 1)..<endOfSymbols(bytes, from: next &+ 1)
    }
    return line.upperBound
  }

  private func endOfSymbols(_ bytes: RawSpan, from start: Int) -> Int {
    var offset = start
    while offset < bytes.byteCount {
      let count = (~ByteClasses(of: bytes, at: offset).symbols).trailingZeroBitCount
      if count < 64 { return offset &+ count }
      offset &+= 64
    }
    return offset
  }

  @inline(__always)
  private func isSymbol(_ byte: UInt8) -> Bool { symbols[Int(byte)] < 64 }

  private mutating func scanRun(_ bytes: RawSpan, _ run: Range<Int>, hasLines: Bool) {
    scanHexadecimalWords(bytes, run)
    if !index.digests.isEmpty { findEncodedDigests(bytes, run) }
    guard !index.table.isEmpty else { return }
    let place = hasLines ? run.lowerBound : mayHoldText(bytes, run, in: run) { _ in true }
    guard let place else { return }
    if run.count >= Watcher.surelyEncoded, Base64.isPlausible(bytes.extracting(run)) {
      return decodeBase64(bytes, run)
    }
    if hasLines {
      decodeLines(bytes, run)
    } else {
      decodeTexts(bytes, run, from: place)
    }
  }

  /// A run has eight symbols at least.
  private func hasCapitalOrDigit(_ bytes: RawSpan, _ run: Range<Int>) -> Bool {
    let ones = ByteScan.ones
    var offset = run.lowerBound
    while true {
      offset = min(offset, run.upperBound &- 8)
      let word = bytes.loadLittleEndian(offset, as: UInt64.self)
      let capitals = (word &+ (ones &* (0x80 - 0x41))) ^ (word &+ (ones &* (0x80 - 0x5B)))
      let digits = (word &+ (ones &* (0x80 - 0x30))) ^ (word &+ (ones &* (0x80 - 0x3A)))
      if (capitals | digits) & ByteScan.highs != 0 { return true }
      offset &+= 8
      if offset >= run.upperBound { return false }
    }
  }

  /// Where in `part` of a run without line ends the smallest part of a value may be: most have none.
  @inline(__always)
  private func mayHoldText(
    _ bytes: RawSpan, _ part: Range<Int>, in run: Range<Int>, where isNew: (Int) -> Bool
  ) -> Int? {
    guard index.isASCII else { return part.lowerBound }
    // A value is two whole groups of four symbols at least, or one when it is short.
    let groups = index.shortest < 8 ? 1 : 2
    let inner = index.inner
    return Watcher.firstText(bytes, part, groups: groups) { place in
      isNew(place) && Watcher.mayBeInside(bytes, run, place, groups: groups, inner)
    }
  }

  /// The first place from which on as many groups of four symbols, one or two, are text of ASCII, with
  /// a byte or two a character, and that `isWanted`. There are no line ends in `run`.
  @inline(__always)
  static func firstText(
    _ bytes: RawSpan, _ run: Range<Int>, groups: Int,
    where isWanted: (Int) -> Bool
  ) -> Int? {
    let bytes = bytes.extracting(first: run.upperBound)
    let needed = 4 &* groups
    var offset = run.lowerBound
    while offset &+ needed <= run.upperBound {
      let bits = SymbolBits(of: bytes, at: offset)
      let begins = min(run.upperBound &- offset, 64) &- needed
      var text = bits.text(groups: groups) & UInt64.max &>> UInt64(truncatingIfNeeded: 63 &- begins)
      while text != 0 {
        let place = offset &+ text.trailingZeroBitCount
        if isWanted(place) { return place }
        text &= text &- 1
      }
      offset &+= begins &+ 1
    }
    return nil
  }

  /// Whether what is encoded from `place` on may be the middle of a value: each two letters or digits
  /// in it follow each other in one. Where an escape may be, or a byte of two is zero, it is not told.
  private static func mayBeInside(
    _ bytes: RawSpan, _ run: Range<Int>, _ place: Int, groups: Int, _ inner: WatchPairs
  ) -> Bool {
    let symbols = ByteScan.word(bytes, at: place)
    // The backslash of an escape is five bytes before its last one: two groups.
    let groupsBefore = min((place &- run.lowerBound) / 4, 2)
    let before = groupsBefore > 0 ? ByteScan.word(bytes, at: place &- 4 &* groupsBefore) : 0
    let (first, second) = ByteBlock(before, symbols).base64.words
    let text = WatchText(ByteScan.packed(second.byteSwapped), count: 3 &* groups)
    let textBefore = WatchText(ByteScan.packed(first.byteSwapped), count: 3 &* groupsBefore)
    return text.hasEscape || textBefore.hasEscape || text.areInside(inner)
  }

  /// A few bytes of text, the first one highest.
  private struct WatchText {
    private let bytes: UInt64

    /// Other bytes than the first `count` do not count.
    init(_ bytes: UInt64, count: Int) {
      let rest = UInt64.max &>> UInt64(truncatingIfNeeded: 8 &* count)
      self.bytes = bytes & ~rest | (ByteScan.ones &* 0x2E) & rest
    }

    /// Percent signs, backslashes, zeros.
    var hasEscape: Bool {
      (WatchText.zeros(bytes) | WatchText.zeros(bytes ^ (ByteScan.ones &* 0x25))
        | WatchText.zeros(bytes ^ (ByteScan.ones &* 0x5C))) != 0
    }

    /// The lowest set bit is right (Mycroft).
    private static func zeros(_ bytes: UInt64) -> UInt64 {
      (bytes &- ByteScan.ones) & ~bytes & ByteScan.highs
    }

    /// Whether all letters and digits that follow each other do so in a value.
    func areInside(_ pairs: WatchPairs) -> Bool {
      let words = ByteClasses.words(in: bytes)
      var seconds = words & words &>> 8
      while seconds != 0 {
        let place = UInt64(seconds.trailingZeroBitCount &- 7)
        seconds &= seconds &- 1
        let pair = UInt32(truncatingIfNeeded: (bytes &>> place) & 0xFFFF).byteSwapped &>> 16
        guard pairs.contains(pair | 0x2020) else { return false }
      }
      return true
    }
  }

  /// Decodes what of a run without line ends is base64 of text, at whatever alignment: the first symbol
  /// may belong to something before. From `place` on there may be some.
  private mutating func decodeTexts(_ bytes: RawSpan, _ run: Range<Int>, from place: Int) {
    guard index.isASCII else {
      for skipped in 0..<min(4, run.count) {
        decodeBase64(bytes, (run.lowerBound &+ skipped)..<run.upperBound)
      }
      return
    }
    // Of each alignment what is before was looked at.
    var ends = InlineArray<4, Int>(repeating: 0)
    var next: Int? = place
    while let place = next {
      let text = rangeOfText(bytes, place, in: run)
      ends[place & 3] = text.upperBound
      decodeBase64(bytes, text)
      next = mayHoldText(bytes, (place &+ 1)..<run.upperBound, in: run) { $0 >= ends[$0 & 3] }
    }
  }

  /// The same where lines end in the run.
  private mutating func decodeLines(_ bytes: RawSpan, _ run: Range<Int>) {
    var lines = ByteBuffer(limit: 0)
    swap(&lines, &joined)
    var start = run.lowerBound
    while start < run.upperBound {
      lines.removeAll()
      var position = start
      while position < run.upperBound, !lines.isFull {
        let room = position &+ Watcher.window &- lines.count
        let end = min(endOfSymbols(bytes, from: position), run.upperBound, room)
        lines.append(bytes.extracting(position..<end))
        position = end
        while position < run.upperBound, !isSymbol(bytes[position]) { position &+= 1 }
      }
      let known = hits.count
      let all = 0..<lines.count
      if let place = mayHoldText(lines.bytes, all, in: all, where: { _ in true }) {
        decodeTexts(lines.bytes, all, from: place)
      }
      for hit in known..<hits.count {
        let places = (hits[hit].start, hits[hit].end)
        hits[hit].start = Watcher.symbol(number: places.0, bytes, from: start)
        hits[hit].end = Watcher.symbol(number: places.1, bytes, from: start)
      }
      dropRepeated(from: known)
      if position >= run.upperBound { break }
      start = Watcher.symbol(number: lines.count &- Watcher.overlap, bytes, from: start)
    }
    swap(&lines, &joined)
  }

  /// The groups of text around `place`, with two before and behind: a value may begin and end in them,
  /// and what it stands beside is there.
  private func rangeOfText(_ bytes: RawSpan, _ place: Int, in run: Range<Int>) -> Range<Int> {
    let first = max(place &- 8, run.lowerBound &+ (place &- run.lowerBound) & 3)
    // A character beyond ASCII may be in between.
    var end = place &+ 4
    var group = end
    while group &+ 4 <= run.upperBound, group &- end <= 8 {
      var bits: UInt32 = 0
      for offset in 0..<4 { bits = bits &<< 6 | UInt32(symbols[Int(bytes[group &+ offset])]) }
      group &+= 4
      if bits & 0x80_8080 == 0 { end = group }
    }
    return first..<min(run.upperBound, end &+ 8)
  }

  /// Hexadecimal digests and texts among the words of a run. Each has one of any as many bytes after
  /// each other as the shortest has.
  private mutating func scanHexadecimalWords(_ bytes: RawSpan, _ run: Range<Int>) {
    let least = index.shortestHexadecimal
    var floor = run.lowerBound
    var probe = floor &+ least &- 1
    while probe < run.upperBound {
      guard bytes[probe].hexDigitValue != nil else {
        probe &+= least
        continue
      }
      var first = probe
      while first > floor, bytes[first &- 1].hexDigitValue != nil { first &-= 1 }
      var end = probe &+ 1
      while end < run.upperBound, bytes[end].hexDigitValue != nil { end &+= 1 }
      let isWord =
        (first == run.lowerBound || !bytes[first &- 1].isAlphanumeric)
        && (end == run.upperBound || !bytes[end].isAlphanumeric)
      if isWord, end &- first >= least { scanHexadecimal(bytes, first..<end) }
      floor = end
      probe = end &+ least
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
      scanText(buffer.bytes, as: .hexadecimal, withRuns: false)
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
    guard run.count >= 22 else { return }
    findEncodedDigest(bytes, run)
    guard run.count > 22, run.count <= 4096 else { return }
    var start = run.lowerBound
    let whole = bytes.extracting(first: run.upperBound)
    while let slash = whole.firstOffset(of: 0x2F, from: start) {
      findEncodedDigest(bytes, start..<slash)
      start = slash &+ 1
    }
    if start > run.lowerBound { findEncodedDigest(bytes, start..<run.upperBound) }
  }

  private mutating func findEncodedDigest(_ bytes: RawSpan, _ word: Range<Int>) {
    guard word.count == 22 || word.count == 27 || word.count == 43 else { return }
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
      scanText(buffer.bytes, as: .base64, withRuns: false)
      for hit in known..<hits.count {
        let offsets = (hits[hit].start, hits[hit].end)
        hits[hit].start = Watcher.symbol(offsets.0, bytes, from: start)
        hits[hit].end = Watcher.symbol(offsets.1, bytes, from: start)
      }
      dropRepeated(from: known)
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
    let bytes = bytes.extracting(first: run.upperBound)
    while position < run.upperBound, !buffer.isFull {
      if count == 0, let (first, second) = ByteScan.base64(bytes, at: position),
        buffer.append(sixOf: first, andOf: second)
      {
        position &+= 16
        continue
      }
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
    symbol(number: offset &* 8 / 6, bytes, from: start)
  }

  private static func symbol(number: Int, _ bytes: RawSpan, from start: Int) -> Int {
    var left = number
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
  var base64Value: UInt8? {
    switch self {
    case 0x41...0x5A: self &- 0x41
    case 0x61...0x7A: self &- 0x47
    case 0x30...0x39: self &+ 4
    case 0x2B, 0x2D: 62
    case 0x2F, 0x5F: 63
    default: nil
    }
  }
}
