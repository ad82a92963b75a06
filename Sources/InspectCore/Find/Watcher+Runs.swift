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
    guard hasLines || mayHoldText(bytes, run) else { return }
    if run.count >= Watcher.surelyEncoded, Base64.isPlausible(bytes.extracting(run)) {
      return decodeBase64(bytes, run)
    }
    decodeTexts(bytes, run)
    // The first symbols may be names or a path, from which a sign parts what is encoded.
    var starts = 0
    var position = run.lowerBound
    while position < min(run.upperBound, run.lowerBound &+ 96), starts < 6 {
      if symbols[Int(bytes[position])] >= 62 {
        starts &+= 1
        let end = min(run.upperBound, position &+ 1 &+ 2 &* WatchCanonical.longest)
        if mayBegin(bytes, (position &+ 1)..<end) { decodeBase64(bytes, (position &+ 1)..<end) }
      }
      position &+= 1
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

  /// Whether the smallest part of a value may be in a run without line ends: most have none.
  private func mayHoldText(_ bytes: RawSpan, _ run: Range<Int>) -> Bool {
    guard index.isASCII else { return true }
    let groups = smallestText.symbols / 4
    let inner = index.inner
    return Watcher.firstText(bytes, run, groups: groups) { place in
      Watcher.mayBeInside(bytes, run, place, groups: groups, inner)
    } != nil
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
    var last: UInt8 = 0
    // The backslash of an escape is five bytes before its last one: two groups.
    var group = max(place &- 8, place &- (place &- run.lowerBound) / 4 &* 4)
    while group < place &+ 4 &* groups {
      var bits: UInt32 = 0
      for symbol in 0..<4 {
        bits = bits << 6 | UInt32(bytes[group &+ symbol].base64Value ?? 0)
      }
      for shift: UInt32 in [16, 8, 0] {
        let byte = UInt8(truncatingIfNeeded: bits >> shift)
        if byte == 0x25 || byte == 0x5C || byte == 0 { return true }
        guard group >= place else { continue }
        let isWord = byte.isAlphanumeric
        if isWord, last != 0, !inner.contains(UInt32(last) | UInt32(byte | 0x20) << 8) {
          return false
        }
        last = isWord ? byte | 0x20 : 0
      }
      group &+= 4
    }
    return true
  }

  /// A value is two whole groups of four symbols at least, or one when it is short: how many symbols
  /// these are, and the high bits of the bytes that they encode.
  private var smallestText: (symbols: Int, highs: UInt64) {
    index.shortest < 8 ? (4, 0x80_8080) : (8, 0x8080_8080_8080)
  }

  /// Text at one of the four alignments of a run, as far as whole groups go.
  private struct Region {
    /// Where the last symbol of the first and of the last groups is.
    var first = 0
    var last = 0
    /// Which symbol of the run the latter is, from 1; 0 for no region.
    var number = 0
    /// How often the groups were followed by more, here and where they were most.
    var inARow = 0
    var most = 0
  }

  /// Decodes what of a run is base64 of text, at whatever alignment: the first symbol may belong to
  /// something before.
  private mutating func decodeTexts(_ bytes: RawSpan, _ run: Range<Int>) {
    guard index.isASCII else {
      for skipped in 0..<min(4, run.count) {
        decodeBase64(bytes, (run.lowerBound &+ skipped)..<run.upperBound)
      }
      return
    }
    let (ahead, highs) = smallestText
    let needed = (index.shortest &- 2) / 3 &- ahead / 4 &+ 1
    var window: UInt64 = 0
    var number = 0
    var regions = InlineArray<4, Region>(repeating: Region())
    var position = run.lowerBound
    while position < run.upperBound {
      let symbol = symbols[Int(bytes[position])]
      position &+= 1
      guard symbol < 64 else { continue }
      window = window &<< 6 | UInt64(symbol)
      number &+= 1
      // Most end here: what is no ASCII.
      guard window & highs == 0, number >= ahead, Watcher.isText(window, highs) else { continue }
      var region = regions[number & 3]
      // A character beyond ASCII may be in between.
      if region.number > 0, number &- region.number <= 12 {
        region.inARow = number &- region.number == 4 ? region.inARow &+ 1 : 1
      } else {
        if region.most >= needed { decode(region, ahead, bytes, run) }
        region = Region(first: position &- 1, inARow: 1)
      }
      region.last = position &- 1
      region.number = number
      region.most = max(region.most, region.inARow)
      regions[number & 3] = region
    }
    for alignment in 0..<4 where regions[alignment].number > 0 {
      let region = regions[alignment]
      if region.most >= needed { decode(region, ahead, bytes, run) }
    }
  }

  /// Whether bytes of ASCII are printable, or text of two bytes each (UTF-16).
  @inline(__always)
  private static func isText(_ window: UInt64, _ highs: UInt64) -> Bool {
    let low = window & (highs | highs &- highs &>> 7)
    return (low &+ highs &>> 1 &+ highs &>> 2) & highs == highs
      || low & 0xFF00_FF00_FF00 == 0 || low & 0x00FF_00FF_00FF == 0
  }

  /// With two groups before and behind: a value may begin and end in them, and what it stands beside
  /// is there.
  private mutating func decode(
    _ region: Region, _ ahead: Int, _ bytes: RawSpan, _ run: Range<Int>
  ) {
    var first = region.first
    var left = ahead &+ 7
    while left > 0, first > run.lowerBound {
      // Before the run's first group nothing is.
      first &-= 1
      if isSymbol(bytes[first]) { left &-= 1 }
    }
    // A part of a group in front is not of this alignment.
    while left & 3 != 0, first < region.first {
      if isSymbol(bytes[first]) { left &+= 1 }
      first &+= 1
    }
    while first < region.first, !isSymbol(bytes[first]) { first &+= 1 }
    var end = region.last &+ 1
    var more = 8
    while more > 0, end < run.upperBound {
      if isSymbol(bytes[end]) { more &-= 1 }
      end &+= 1
    }
    decodeBase64(bytes, first..<end)
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
