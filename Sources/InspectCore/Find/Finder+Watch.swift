/// Watched values among what a message holds.
///
/// Each layer is searched as it is, before it is taken apart; only where something was found are its
/// leaves looked at one by one, to say which of them it is. A hit that no leaf shows is noted with the
/// layer's path.
extension Finder {
  /// A layer's hits, and what was so before it.
  struct WatchLayer {
    var hits: Range<Int>
    var wasHot: Bool
  }

  /// Searches a layer before it is looked at. Base64 that begins before `opened` is decoded anyhow.
  mutating func watch(
    _ layer: RawSpan, opened: Int = 0, isText: Bool = false
  ) -> WatchLayer {
    guard watcher != nil else { return WatchLayer(hits: 0..<0, wasHot: false) }
    let first = watcher?.hits.count ?? 0
    watcher?.scan(layer, opened: opened, isText: isText)
    let hits = first..<(watcher?.hits.count ?? first)
    let before = isWatchHot
    if !hits.isEmpty { isWatchHot = true }
    return WatchLayer(hits: hits, wasHot: before)
  }

  /// Searches a whole part. When it is base64 and nothing else, it is searched as what it is decoded
  /// to.
  mutating func watch(part bytes: RawSpan, _ part: MessagePart) -> WatchLayer {
    guard watcher != nil, part == .httpRequestBody || part == .httpResponseBody,
      bytes.byteCount >= 256, bytes.byteCount <= limits.decodedBytes, limits.depth > 0
    else {
      // HTTP has no control characters in its heads (RFC 9110 §5.5).
      let isHead = part == .httpURL || part == .httpRequestHeader || part == .httpRequestCookie
      return watch(bytes, isText: isHead)
    }
    let (blank, end) = bytes.trimmed
    guard blank < end, Encoding(of: bytes.extracting(blank..<end)) == .base64 else {
      return watch(bytes)
    }
    return watch(bytes, opened: blank &+ 1)
  }

  /// Notes what `watch` found in `bytes` and no leaf has shown.
  mutating func endWatch(_ layer: WatchLayer, _ bytes: RawSpan) {
    guard watcher != nil else { return }
    isWatchHot = layer.wasHot
    for place in layer.hits {
      guard let hit = watcher?.hits[place], !hasNoted(hit.value), isEvident(hit, .none) else {
        continue
      }
      let range = max(hit.start, 0)..<min(max(hit.end, hit.start), bytes.byteCount)
      noteWatched(hit, bytes.extracting(range), at: hit.start, key: RawSpan())
    }
    watcher?.truncate(to: layer.hits.lowerBound)
    if let counters = watcher?.counters { watchCounters = counters }
  }

  /// Whether this leaf is to be asked at all.
  @inline(__always)
  var watchesLeaves: Bool { isWatchHot || watchesAllLeaves }

  /// Looks for watched values in a leaf. Returns the detection of one that is the whole of it; others
  /// are noted.
  mutating func watched(_ value: RawSpan, at start: Int, key: RawSpan, _ meaning: KeyMeaning)
    -> WatchHit?
  {
    guard watcher != nil else { return nil }
    let first = watcher?.hits.count ?? 0
    if isWatchHot { watcher?.scan(value) }
    var whole: WatchHit?
    if watchesAllLeaves {
      whole = watcher?.whole(value)
      if let hit = whole, !isEvident(hit, meaning) { whole = nil }
      if whole == nil {
        watcher?.addWords(of: value)
        watcher?.addNames(of: value)
      }
    }
    for place in first..<(watcher?.hits.count ?? first) {
      guard let hit = watcher?.hits[place], isEvident(hit, meaning) else { continue }
      if whole == nil, hit.form == .plain, value.isAllOf(hit.start, hit.end) {
        whole = hit
      } else if whole?.value != hit.value {
        let range = max(hit.start, 0)..<min(max(hit.end, hit.start), value.byteCount)
        let isPart = hit.form == .plain || hit.form == .hmac
        noteWatched(
          hit, value.extracting(range), at: start &+ hit.start, key: key,
          suffix: isPart ? "text" : "")
      }
    }
    watcher?.truncate(to: first)
    return whole
  }

  /// In a long list chance finds national numbers: they count beside a name that says so.
  private func isEvident(_ hit: WatchHit, _ meaning: KeyMeaning) -> Bool {
    guard hit.isNational, watchIndex?.isDense ?? false else { return true }
    return meaning.group == .phone
  }

  func hasNoted(_ value: UInt32) -> Bool {
    for record in records where record.detection.watched == value { return true }
    return false
  }

  /// Notes a watched value, in the form in which it is on the list.
  mutating func noteWatched(
    _ hit: WatchHit, _ value: RawSpan, at start: Int, key: RawSpan, suffix: StaticString = ""
  ) {
    guard let detection = watchedDetection(hit) else { return }
    // A part of a text that is looked at again by itself.
    for record in records where record.offset == start && record.detection.watched == hit.value {
      return
    }
    note(
      detection, value, at: start, key: key,
      suffix: hit.form.label.utf8CodeUnitCount > 0 ? hit.form.label : suffix)
  }

  /// Appends the form that a value has on its list, whatever form it was found in; false when there
  /// is none.
  static func appendCanonical(
    of value: UInt32, _ index: WatchIndex?, to notes: inout ByteBuffer
  ) -> Bool {
    guard value != .max, let index else { return false }
    let text = index.text(of: value)
    for position in text { notes.append(index.texts[position]) }
    return !text.isEmpty
  }

  func watchedDetection(_ hit: WatchHit, instead known: Detection? = nil) -> Detection? {
    guard let index = watchIndex else { return nil }
    var kind = index.kind(of: hit.value)
    // What was watched as any text may be known for what it is.
    if kind == .text, let known { kind = known.kind }
    let normalization: Detection.Normalization =
      switch WatchStyle(kind) {
      case .digits: .digits
      case .hexadecimal: .hexadecimal
      case .alphanumeric, .exact: .lowercase
      }
    var detection = Detection(kind, .certain, as: normalization)
    detection.precision = known?.precision ?? 0
    detection.watched = hit.value
    return detection
  }
}

extension Watcher {
  /// The value that `leaf` is as a whole: a short one, or one of which only the HMAC is known.
  mutating func whole(_ leaf: RawSpan) -> WatchHit? {
    guard leaf.byteCount >= 3, leaf.byteCount <= WatchCanonical.longest else { return nil }
    if !index.leaves.isEmpty {
      var hash = WatchHash()
      for position in leaf.byteOffsets { hash.add(leaf[position].lowercasedASCII) }
      let entry = index.leaves.find(hash.value) { index.equals($0, leaf) }
      if let entry {
        counters.hits &+= 1
        return WatchHit(value: entry.value, form: .plain, start: 0, end: leaf.byteCount)
      }
    }
    return index.codes.isEmpty ? nil : authenticated(leaf)
  }

  /// The same for the words of a text that could be a number, a hardware address or a mail address.
  mutating func addWords(of text: RawSpan) {
    guard !index.codes.isEmpty else { return }
    var start = 0
    var words = 0
    while start < text.byteCount, words < Watcher.mostWords {
      while start < text.byteCount, !text[start].isOfToken { start &+= 1 }
      var end = start
      var isTelling = false
      while end < text.byteCount, text[end].isOfToken {
        if text[end].isASCIIDigit || text[end] == 0x40 { isTelling = true }
        end &+= 1
      }
      let isAll = start == 0 && end == text.byteCount
      if isTelling, text[start] == 0x2B || text[start].isASCIIDigit,
        let hit = grouped(in: text, from: start, beyond: end)
      {
        words &+= 1
        hits.append(hit)
        start = hit.end
        continue
      }
      // A full stop ends a sentence.
      let last = end > start && text[end &- 1] == 0x2E ? end &- 1 : end
      if isTelling, !isAll, last &- start >= 5, last &- start <= WatchCanonical.longest {
        words &+= 1
        if var hit = authenticated(text.extracting(start..<last)) {
          hit.start = start
          hit.end = last
          hits.append(hit)
        }
      }
      start = end &+ 1
    }
  }

  /// A number of several groups from `start` on: `07700 900123`, `+44 (0)7700 900 123`; what is all of
  /// the text, or its first word alone, is looked at otherwise.
  private mutating func grouped(in text: RawSpan, from start: Int, beyond first: Int) -> WatchHit? {
    guard start == 0 || !text[start &- 1].isWatchWord else { return nil }
    // Where groups end, the last three.
    var ends = InlineArray<3, Int>(repeating: 0)
    var digits = 0
    var signs = 0
    var index = text[start] == 0x2B ? start &+ 1 : start
    while index < text.byteCount, digits <= 15, signs <= 2 {
      if text[index].isASCIIDigit {
        digits &+= 1
        signs = 0
      } else {
        guard WatchStyle.digits.allows(separator: text[index]) else { break }
        if signs == 0, digits >= 7, index > first { ends = [index, ends[0], ends[1]] }
        signs &+= 1
      }
      index &+= 1
    }
    let isEnd = index == text.byteCount || signs > 0 || !text[index].isWatchWord
    if isEnd, signs == 0, digits >= 7, digits <= 15, index > first {
      ends = [index, ends[0], ends[1]]
    }
    for place in ends.indices where ends[place] > 0 && (start > 0 || ends[place] < text.byteCount) {
      if var hit = authenticated(text.extracting(start..<ends[place])) {
        hit.start = start
        hit.end = ends[place]
        return hit
      }
    }
    return nil
  }

  /// The same for the names in a text: words with a capital in front, and up to two behind them.
  mutating func addNames(of text: RawSpan) {
    guard index.codeKinds.contains(.text) else { return }
    var start = 0
    while start < text.byteCount {
      guard text[start].isOfName else {
        start &+= 1
        continue
      }
      let mayBegin = text[start] &- 0x41 < 26 || text[start] >= 0xC3
      var end = start
      var next = 0
      for count in 0..<3 {
        while end < text.byteCount, text[end].isOfName { end &+= 1 }
        if count == 0 { next = end }
        let isWhole =
          (start == 0 || !text[start &- 1].isWatchWord)
          && (end == text.byteCount || !text[end].isWatchWord)
        if mayBegin, isWhole, end &- start >= 3, end &- start <= WatchCanonical.longest,
          start > 0 || end < text.byteCount
        {
          guard namesLeft > 0 else { return countHMACLimit() }
          namesLeft &-= 1
          if var hit = authenticated(text.extracting(start..<end)) {
            hit.start = start
            hit.end = end
            hits.append(hit)
            next = end
            break
          }
        }
        guard mayBegin, end &+ 1 < text.byteCount, text[end] == 0x20, text[end &+ 1].isOfName else {
          break
        }
        end &+= 1
      }
      start = next
    }
  }

  /// Tries the ways in which a value like this may have been written when its HMAC was made.
  private mutating func authenticated(_ leaf: RawSpan) -> WatchHit? {
    let shape = WatchShape(leaf)
    guard shape.isOf(index.codeKinds) else { return nil }
    var found = lookUp(leaf)
    var buffer = takeScratch()
    var variant = 0
    while found == nil, variant < WatchShape.mostVariants {
      buffer.removeAll()
      if shape.write(variant, leaf, index.codeKinds, into: &buffer) { found = lookUp(buffer.bytes) }
      variant &+= 1
    }
    giveBack(buffer)
    guard let found else { return nil }
    counters.hits &+= 1
    var hit = WatchHit(value: found, form: .hmac, start: 0, end: leaf.byteCount)
    hit.isNational = shape.isNational && index.kind(of: found) == .phoneNumber
    return hit
  }

  private mutating func lookUp(_ text: RawSpan) -> UInt32? {
    guard let authenticate = index.authenticate, hmacsLeft > 0 else {
      countHMACLimit()
      return nil
    }
    hmacsLeft &-= 1
    counters.hmacs &+= 1
    return index.value(code: authenticate(text))
  }
}

extension WatchIndex {
  /// Whether `leaf` is the value of this entry and nothing else, without regard to case.
  func equals(_ entry: Entry, _ leaf: RawSpan) -> Bool {
    let text = text(of: entry.value)
    let first = text.lowerBound &+ entry.prefix
    guard text.count &- entry.prefix &- entry.suffix == leaf.byteCount else { return false }
    for position in leaf.byteOffsets
    where texts[first &+ position] != leaf[position].lowercasedASCII {
      return false
    }
    return true
  }
}

/// What a leaf looks like: what a value behind an HMAC may have been written as.
struct WatchShape {
  static var mostVariants: Int { 6 }

  private enum Shape {
    case number, address, mail, other
  }

  private let shape: Shape
  /// Digits, or letters and digits.
  private let count: Int
  private let zeros: Int
  private let hasPlus: Bool

  /// Whether a telephone number would be one without its country.
  var isNational: Bool { shape == .number && zeros < 2 && !hasPlus }

  init(_ leaf: RawSpan) {
    var digits = 0
    var hexadecimals = 0
    var others = 0
    var separators = 0
    var zeros = 0
    var hasAt = false
    for position in leaf.byteOffsets {
      let byte = leaf[position]
      if byte.isASCIIDigit {
        if byte == 0x30, digits == zeros { zeros &+= 1 }
        digits &+= 1
      } else if byte.hexDigitValue != nil {
        hexadecimals &+= 1
      } else if WatchStyle.digits.allows(separator: byte) || byte == 0x3A || byte == 0x2B {
        separators &+= 1
      } else {
        others &+= 1
        if byte == 0x40 { hasAt = true }
      }
    }
    self.zeros = zeros
    hasPlus = leaf.byteCount > 0 && leaf[0] == 0x2B
    count = digits &+ hexadecimals
    if hasAt {
      shape = .mail
    } else if others > 0 {
      shape = .other
    } else if hexadecimals == 0, digits >= 5, digits <= 22, separators <= 8 {
      shape = .number
    } else {
      shape = digits &+ hexadecimals >= 12 ? .address : .other
    }
  }

  /// Whether a value of one of these kinds may look so.
  func isOf(_ kinds: KindSet) -> Bool {
    switch shape {
    case .number:
      for kind in IdentifierKind.allCases where kinds.contains(kind) {
        if WatchStyle(kind) != .exact || kind == .text { return true }
      }
      return kinds.contains(.credentials) || kinds.contains(.ssid)
    case .address: return kinds.rawValue != 0
    case .mail: return kinds.contains(.email) || hasText(kinds)
    case .other:
      return hasText(kinds) || kinds.contains(.iban) || kinds.contains(.nationalIDFinland)
        || kinds.contains(.location)
    }
  }

  private func hasText(_ kinds: KindSet) -> Bool {
    kinds.contains(.text) || kinds.contains(.ssid) || kinds.contains(.credentials)
      || kinds.contains(.serialNumber)
  }

  /// Writes another way to write the leaf; false when there is none of this number.
  func write(
    _ variant: Int, _ leaf: RawSpan, _ kinds: KindSet, into buffer: inout ByteBuffer
  ) -> Bool {
    switch shape {
    case .number: return writeNumber(variant, leaf, kinds, into: &buffer)
    case .address:
      guard count == 12, kinds.contains(.macAddress) || kinds.contains(.bssid), variant < 4 else {
        return variant == 4 && writeWord(leaf, isUpper: false, grouped: false, into: &buffer)
      }
      return writeWord(leaf, isUpper: variant & 1 == 0, grouped: variant < 2, into: &buffer)
    case .other where variant == 1:
      // An account's number in groups.
      return kinds.contains(.iban) && leaf.byteCount <= 42
        && writeWord(leaf, isUpper: false, grouped: false, into: &buffer)
    case .mail, .other:
      guard variant == 0 else { return false }
      var isChanged = false
      for position in leaf.byteOffsets {
        let byte = leaf[position].lowercasedASCII
        if byte != leaf[position] { isChanged = true }
        buffer.append(byte)
      }
      return isChanged
    }
  }

  private func writeNumber(
    _ variant: Int, _ leaf: RawSpan, _ kinds: KindSet, into buffer: inout ByteBuffer
  ) -> Bool {
    let isPhone = kinds.contains(.phoneNumber)
    var skipped = 0
    switch variant {
    case 0: break
    case 1 where isPhone:
      buffer.append(0x2B)
      skipped = zeros
    case 2 where isPhone && zeros > 0: skipped = zeros
    case 3 where isPhone && zeros == 0:
      buffer.append(0x30)
      buffer.append(0x30)
    case 4 where isPhone && isNational && zeros == 0: buffer.append(0x30)
    default: return false
    }
    for position in leaf.byteOffsets {
      let byte = leaf[position]
      guard byte.isASCIIDigit else { continue }
      // `+44 (0)7700`: the zero is dialled within the country only.
      if byte == 0x30, hasPlus, leaf.hasBytes("(0)", at: position &- 1) { continue }
      if skipped > 0 { skipped &-= 1 } else { buffer.append(byte) }
    }
    return true
  }

  private func writeWord(
    _ leaf: RawSpan, isUpper: Bool, grouped: Bool, into buffer: inout ByteBuffer
  ) -> Bool {
    var written = 0
    for position in leaf.byteOffsets {
      let byte = leaf[position].lowercasedASCII
      guard byte.isAlphanumeric else { continue }
      if grouped, written > 0, written & 1 == 0 { buffer.append(0x3A) }
      buffer.append(isUpper && byte.isASCIILetter ? byte & 0xDF : byte)
      written &+= 1
    }
    return true
  }
}

extension UInt8 {
  /// What the words of names are made of, in ASCII and beyond.
  fileprivate var isOfName: Bool {
    isASCIILetter || self >= 0x80 || self == 0x2D || self == 0x27
  }

  /// What numbers, hardware addresses and mail addresses are made of, without spaces.
  fileprivate var isOfToken: Bool {
    isAlphanumeric || self == 0x2B || self == 0x2D || self == 0x2E || self == 0x3A || self == 0x40
      || self == 0x5F
  }
}

extension RawSpan {
  /// Whether nothing but signs stands outside of `start..<end`.
  fileprivate func isAllOf(_ start: Int, _ end: Int) -> Bool {
    for index in 0..<min(start, byteCount) where self[index].isWatchWord { return false }
    for index in min(end, byteCount)..<byteCount where self[index].isWatchWord { return false }
    return true
  }
}
