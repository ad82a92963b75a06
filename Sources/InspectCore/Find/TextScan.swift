/// Identifiers in text of no known structure, and in binary data.
///
/// A number of six digits or more covers one of any six bytes after each other, a hardware address
/// has a separator among any three of its middle, and the rest has a sign that is rare (`@`, `+`,
/// `$`) and is looked for 32 bytes at a time: most bytes are not looked at one by one.
extension Finder {
  private static let stride = 6
  private static let fewestDigits = 6
  private static let addressBytes = 17
  private static let shortestText = 8

  /// `meaning` is that of the name beside the whole text; a name right before a number goes before
  /// it. `shape` is that of the text, where it is known.
  mutating func scanText(
    _ text: RawSpan, at start: Int, meaning: KeyMeaning, shape: ValueShape? = nil
  ) {
    guard text.byteCount >= Finder.shortestText else { return }
    facts.examinedBytes &+= text.byteCount
    if shape?.mayHoldNumbers ?? true { scanNumbers(text, at: start, meaning: meaning) }
    if shape.map({ $0.hasAt || $0.hasPlus }) ?? true {
      scanSigns(text, at: start, meaning: meaning)
    }
    if shape?.hasDollar ?? true { scanSentences(text, at: start) }
  }

  private mutating func scanNumbers(_ text: RawSpan, at start: Int, meaning: KeyMeaning) {
    // Nothing before `floor` is looked at again.
    var floor = 0
    var probe = 0
    // Up to here there is something; beyond it the next window is looked at.
    var windowEnd = 0
    var isBehindWindow = true
    while probe < text.byteCount {
      if probe >= windowEnd {
        // What begins before the probe may reach beyond it, unless the window before had nothing.
        let window = isBehindWindow ? probe : max(floor, probe &- Finder.addressBytes)
        windowEnd = window &+ NumberMarks.step
        isBehindWindow = !NumberMarks(of: text, at: window).mayBeNumbers
        if isBehindWindow {
          if text.byteCount &- window <= NumberMarks.byteCount { return }
          probe = windowEnd
          continue
        }
      }
      if text[probe].isASCIIDigit {
        let run = digitRun(in: text, around: probe, floor: floor)
        if run.count >= Finder.fewestDigits {
          floor = max(number(run, in: text, floor: floor, at: start, meaning), run.upperBound)
          probe = floor
          continue
        }
        if run.count == 4, let end = grouped(run, in: text, floor: floor, at: start, meaning) {
          floor = end
          probe = end
          continue
        }
      }
      if let address = hardwareAddress(in: text, near: probe, floor: floor) {
        scanned(address, in: text, at: start, meaning: meaning)
        if Finder.isSignal(in: text, at: address.upperBound) { facts.signalled &+= 1 }
        floor = address.upperBound
        probe = address.upperBound
        continue
      }
      probe &+= Finder.stride
    }
  }

  /// Whether the strength of a signal stands behind an address: `00:00:5e:00:53:01,-52`, perhaps
  /// after the frequency in megahertz.
  private static func isSignal(in text: RawSpan, at end: Int) -> Bool {
    guard end &+ 4 <= text.byteCount else { return false }
    let sign = text[end]
    switch sign {
    case 0x2C, 0x3B, 0x7C, 0x40, 0x3D, 0x20, 0x09: break
    default: return isScanned(in: text, at: end)
    }
    var place = end &+ 1
    if place &+ 8 <= text.byteCount, text[place &+ 4] == sign, text[place].isASCIIDigit {
      place &+= 5
    }
    return text[place] == 0x2D && text[place &+ 1].isASCIIDigit && text[place &+ 2].isASCIIDigit
  }

  /// Whether the strength stands by its name in one of the next lines, as `iwlist` and `iw` print
  /// what they hear: `Address: 00:00:5E:00:53:01`, ..., `Signal level=-52 dBm`.
  private static func isScanned(in text: RawSpan, at end: Int) -> Bool {
    guard text[end] == 0x0A || text[end] == 0x0D || text[end] == 0x28 else { return false }
    let window = text.extracting(end..<min(end &+ 320, text.byteCount))
    var position = 0
    while let sign = ByteScan.firstOffset(of: 0x3D, or: 0x3A, in: window, from: position) {
      position = sign &+ 1
      // The next one begins.
      if sign >= 2, sign &+ 15 <= window.byteCount,
        HardwareAddress(window.extracting((sign &- 2)..<(sign &+ 15))) != nil
      {
        return false
      }
      var value = position
      while value < window.byteCount, window[value] == 0x20 { value &+= 1 }
      guard value &+ 2 < window.byteCount, window[value] == 0x2D, window[value &+ 1].isASCIIDigit
      else { continue }
      let name = window.extracting(first: sign)
      if name.hasSuffix("ignal level") || name.hasSuffix("ignal") { return true }
    }
    return false
  }

  private func digitRun(in text: RawSpan, around probe: Int, floor: Int) -> Range<Int> {
    var first = probe
    while first > floor, text[first &- 1].isASCIIDigit { first &-= 1 }
    var end = probe &+ 1
    while end < text.byteCount, text[end].isASCIIDigit { end &+= 1 }
    return first..<end
  }

  /// Looks at a number and what is written with it; returns where that ends.
  private mutating func number(
    _ run: Range<Int>, in text: RawSpan, floor: Int, at start: Int, _ meaning: KeyMeaning
  ) -> Int {
    if run.lowerBound > floor, text[run.lowerBound &- 1].isASCIILetter {
      // `DK5000400440116243`; else digits within a word are part of a hash or a token.
      let word = word(around: run, in: text, floor: floor)
      if word.count >= 15, word.count <= 34, text[word.lowerBound].isASCIILetter {
        scanned(word, in: text, at: start, meaning: meaning)
      }
      return word.upperBound
    }
    switch run.count {
    case 6, 8:
      if let grouped = groupedIMEI(run, in: text, floor: floor) {
        scanned(grouped, in: text, at: start, meaning: meaning)
        return grouped.upperBound
      }
      guard let end = endOfPersonalNumber(run, in: text) else { return run.upperBound }
      scanned(run.lowerBound..<end, in: text, at: start, meaning: meaning)
      return end
    case 7: return run.upperBound
    case 9...13:
      // Too common without a name; an international number is found by its sign.
      let name = name(before: run.lowerBound, in: text)
      let isNamed = keyNames.meaning(of: name, searchesEnd: false).group != .none
      if run.count == 11 || isNamed || meaning.group != .none && meaning.group != .other {
        scanned(run, in: text, at: start, meaning: meaning)
      }
      return run.upperBound
    case 19 where isFilled(run, in: text):
      scanned(run.lowerBound..<(run.upperBound &+ 1), in: text, at: start, meaning: meaning)
      return run.upperBound &+ 1
    case 14...20, 32:
      scanned(run, in: text, at: start, meaning: meaning)
      return run.upperBound
    default: return run.upperBound
    }
  }

  /// Whether the filler of an odd number of BCD digits stands behind a card's number, and nothing that
  /// goes on: `8914800000000000006F`.
  private func isFilled(_ run: Range<Int>, in text: RawSpan) -> Bool {
    let end = run.upperBound
    return end < text.byteCount && text[end] | 0x20 == 0x66
      && text.hasBytes("89", at: run.lowerBound)
      && (end &+ 1 == text.byteCount || !text[end &+ 1].isAlphanumeric)
  }

  /// The letters and digits around a number, as far as an account's number goes.
  private func word(around run: Range<Int>, in text: RawSpan, floor: Int) -> Range<Int> {
    var first = run.lowerBound
    while first > floor, run.lowerBound &- first < 34, text[first &- 1].isAlphanumeric {
      first &-= 1
    }
    var end = run.upperBound
    while end < text.byteCount, end &- run.upperBound < 34, text[end].isAlphanumeric { end &+= 1 }
    return first..<end
  }

  /// Where the number ends that begins with a date: `070761-4285`, `19121212-1212`, `131052-308T`.
  private func endOfPersonalNumber(_ run: Range<Int>, in text: RawSpan) -> Int? {
    let end = run.upperBound &+ 5
    guard end <= text.byteCount else { return nil }
    let sign = text[run.upperBound]
    guard sign == 0x2D || sign == 0x2B || run.count == 6 && sign.isASCIILetter else { return nil }
    for index in 1...3 where !text[run.upperBound &+ index].isASCIIDigit { return nil }
    let last = text[end &- 1]
    return last.isASCIIDigit || run.count == 6 && last.isASCIILetter ? end : nil
  }

  /// An IMEI as it is printed: `49-015420-323751-8`, or as a URN has it (RFC 7254 §3),
  /// `49015420-323751-8`, with any one sign; only behind its name.
  private func groupedIMEI(_ run: Range<Int>, in text: RawSpan, floor: Int) -> Range<Int>? {
    let end = run.upperBound &+ 9
    guard end <= text.byteCount else { return nil }
    let sign = text[run.upperBound]
    guard sign == 0x2D || sign == 0x20 || sign == 0x2E || sign == 0x2F,
      text[run.upperBound &+ 7] == sign, text[end &- 1].isASCIIDigit
    else { return nil }
    for index in 1...6 where !text[run.upperBound &+ index].isASCIIDigit { return nil }
    var first = run.lowerBound
    if run.count == 6 {
      guard first &- 3 >= floor, text[first &- 1] == sign, text[first &- 2].isASCIIDigit,
        text[first &- 3].isASCIIDigit
      else { return nil }
      first &-= 3
    }
    let name = name(before: first, in: text)
    switch keyNames.meaning(of: name, searchesEnd: true).group {
    case .imei, .imeisv, .meid: return first..<end
    default: return nil
    }
  }

  /// Looks at groups of four with one sign between them: `4111 1111 1111 1111`,
  /// `DK50 0040 0440 1162 43`; returns where they end, nil when they are none.
  private mutating func grouped(
    _ run: Range<Int>, in text: RawSpan, floor: Int, at start: Int, _ meaning: KeyMeaning
  ) -> Int? {
    guard run.upperBound &+ 4 < text.byteCount else { return nil }
    let sign = text[run.upperBound]
    guard sign == 0x20 || sign == 0x2D else { return nil }
    var first = run.lowerBound
    while first &- 5 >= floor, run.lowerBound &- first < 40, text[first &- 1] == sign,
      isGroup(text, first &- 5, 4)
    {
      first &-= 5
    }
    // Words of four letters are no groups: an account's number begins with two letters and two digits.
    while first < run.lowerBound, !isNumber(text, first), !isAccountHead(text, first) {
      first &+= 5
    }
    // A card has digits only: the word behind it is none of it.
    let isCard = text[first].isASCIIDigit
    var end = run.upperBound
    while end < text.byteCount, end &- run.lowerBound < 44, text[end] == sign {
      var count = 0
      while count < 4, end &+ 1 &+ count < text.byteCount,
        text[end &+ 1 &+ count].isAlphanumeric,
        !isCard || text[end &+ 1 &+ count].isASCIIDigit
      {
        count &+= 1
      }
      guard count > 0 else { break }
      end &+= 1 &+ count
      if count < 4 { break }
    }
    guard end &- first >= 18 else { return nil }
    scanned(first..<end, in: text, at: start, meaning: meaning)
    return end
  }

  private func isNumber(_ text: RawSpan, _ start: Int) -> Bool {
    for index in start..<(start &+ 4) where !text[index].isASCIIDigit { return false }
    return true
  }

  private func isAccountHead(_ text: RawSpan, _ start: Int) -> Bool {
    text[start].isASCIILetter && text[start &+ 1].isASCIILetter && text[start &+ 2].isASCIIDigit
      && text[start &+ 3].isASCIIDigit
  }

  private func isGroup(_ text: RawSpan, _ start: Int, _ count: Int) -> Bool {
    for index in start..<(start &+ count) where !text[index].isAlphanumeric { return false }
    return true
  }

  /// The address of which a separator is at `probe` or one of the two bytes after it.
  private func hardwareAddress(in text: RawSpan, near probe: Int, floor: Int) -> Range<Int>? {
    for index in probe..<min(probe &+ 3, text.byteCount) {
      let separator = text[index]
      guard separator == 0x3A || separator == 0x2D else { continue }
      var first = index
      // An address has five separators: what lies further back is of another.
      var back = 0
      while back < 4, first &- 3 >= floor, text[first &- 3] == separator {
        first &-= 3
        back &+= 1
      }
      first &-= 2
      let end = first &+ Finder.addressBytes
      guard first >= floor, end <= text.byteCount,
        HardwareAddress(text.extracting(first..<end)) != nil
      else { continue }
      return first..<end
    }
    return nil
  }

  // MARK: Signs

  /// Mail addresses around `@`, telephone numbers behind `+`.
  private mutating func scanSigns(_ text: RawSpan, at start: Int, meaning: KeyMeaning) {
    var floor = 0
    var position = 0
    while let sign = ByteScan.firstOffset(of: 0x40, or: 0x2B, in: text, from: position) {
      position = sign &+ 1
      let found =
        text[sign] == 0x40
        ? MailAddress.range(in: text, around: sign, floor: floor)
        : phoneNumber(in: text, at: sign)
      guard let found else { continue }
      scanned(found, in: text, at: start, meaning: meaning)
      floor = found.upperBound
      position = max(position, floor)
    }
  }

  /// The digits behind a `+`, with what people write between them.
  private func phoneNumber(in text: RawSpan, at plus: Int) -> Range<Int>? {
    guard plus == 0 || !text[plus &- 1].isAlphanumeric else { return nil }
    var end = plus &+ 1
    var last = plus
    var digits = 0
    while end < min(text.byteCount, plus &+ 24), digits < 15 {
      let byte = text[end]
      if byte.isASCIIDigit {
        digits &+= 1
        last = end
      } else {
        switch byte {
        case 0x20, 0x2D, 0x2E, 0x28, 0x29: break
        default: return digits >= 8 ? plus..<(last &+ 1) : nil
        }
        guard end &- last < 3 else { break }
      }
      end &+= 1
    }
    return digits >= 8 ? plus..<(last &+ 1) : nil
  }

  /// Sentences of a satellite receiver, each from `$` to the end of its line.
  private mutating func scanSentences(_ text: RawSpan, at start: Int) {
    var position = 0
    while let dollar = ByteScan.firstOffset(of: 0x24, in: text, from: position) {
      position = dollar &+ 1
      guard position < text.byteCount, text[position] == 0x47 || text[position] == 0x42 else {
        continue
      }
      let probe = text.extracting(dollar..<min(dollar &+ 96, text.byteCount))
      let end = probe.firstOffset(ofEither: 0x0D, or: 0x0A, from: 0) ?? probe.byteCount
      let line = probe.extracting(first: end)
      guard let sentence = NMEASentence(line) else { continue }
      note(sentence.detection, line, at: start &+ dollar, key: RawSpan(), suffix: "text")
    }
  }

  // MARK: What was found

  /// Shows a value to the detectors when it stands alone.
  private mutating func scanned(
    _ range: Range<Int>, in text: RawSpan, at start: Int, meaning: KeyMeaning
  ) {
    guard standsAlone(range, in: text) else { return }
    let name = self.name(before: range.lowerBound, in: text)
    let named = keyNames.meaning(of: name, searchesEnd: true)
    let value = text.extracting(range)
    if watchIndex?.codes.isEmpty == false,
      let hit = watched(value, at: start &+ range.lowerBound, key: name, named),
      !hasNoted(hit.value)
    {
      return noteWatched(hit, value, at: start &+ range.lowerBound, key: name, suffix: "text")
    }
    let leaf = Leaf(value, meaning: named.group != .none ? named : meaning)
    if leaf.shape.hasAt, let imsi = NetworkAccessIdentifier.imsi(in: value) {
      return note(
        Detection(.imsi, .high, as: .digits), value.extracting(imsi),
        at: start &+ range.lowerBound &+ imsi.lowerBound, key: name, suffix: "nai")
    }
    guard let detection = detect(leaf) else { return }
    // What only its name makes something is that as a whole, not a number in it.
    if named.group == .none, detection.kind == .serialNumber || detection.kind == .credentials {
      return
    }
    if hasNoted(detection.kind, at: start &+ range.lowerBound) { return }
    note(detection, value, at: start &+ range.lowerBound, key: name, suffix: "text")
  }

  /// Digits within a word are part of a hash or a token; after a point they are a fraction.
  private func standsAlone(_ range: Range<Int>, in text: RawSpan) -> Bool {
    if range.lowerBound > 0 {
      let before = text[range.lowerBound &- 1]
      if before.isAlphanumeric || before == 0x3A && isAddressEdge(range, in: text) { return false }
      if before == 0x2E, range.lowerBound > 1, text[range.lowerBound &- 2].isASCIIDigit {
        return false
      }
    }
    guard range.upperBound < text.byteCount else { return true }
    let after = text[range.upperBound]
    if after.isAlphanumeric || after == 0x3A && isAddressEdge(range, in: text) { return false }
    return after != 0x2E || range.upperBound &+ 1 >= text.byteCount
      || !text[range.upperBound &+ 1].isASCIIDigit
  }

  private func isAddressEdge(_ range: Range<Int>, in text: RawSpan) -> Bool {
    range.count == Finder.addressBytes && !text[range.lowerBound &+ 2].isAlphanumeric
  }

  /// The word before a value: `imei` in `"imei" : "4901...`, `<imei>4901...`, `IMEI=4901...`, `IMEI
  /// is 4901...`.
  @_lifetime(copy text)
  private func name(before end: Int, in text: RawSpan) -> RawSpan {
    let nearest = word(before: end, in: text)
    var word = nearest
    // `phone number is`: two words may stand between.
    for _ in 0..<2 where Finder.standsBetween(text.extracting(word)) {
      word = self.word(before: word.lowerBound, in: text)
    }
    // A word that may name anything (`my number is`) tells less than none.
    let isNamed = keyNames.meaning(of: text.extracting(word), searchesEnd: true).isStrong
    return text.extracting(isNamed ? word : nearest)
  }

  /// Whether a word stands between a name and its value in a sentence.
  private static func standsBetween(_ word: RawSpan) -> Bool {
    switch word.byteCount {
    case 2:
      word.equalsIgnoringCase("is") || word.equalsIgnoringCase("no")
        || word.equalsIgnoringCase("nr") || word.equalsIgnoringCase("er")
    case 3: word.equalsIgnoringCase("was")
    case 6: word.equalsIgnoringCase("number")
    default: false
    }
  }

  private func word(before end: Int, in text: RawSpan) -> Range<Int> {
    var last = end
    while last > 0, end &- last < 6, !text[last &- 1].isAlphanumeric { last &-= 1 }
    var first = last
    while first > 0, last &- first < 32 {
      let byte = text[first &- 1]
      guard byte.isAlphanumeric || byte == 0x5F || byte == 0x2D else { break }
      first &-= 1
    }
    return first..<last
  }
}
