/// Identifiers in text of no known structure, and in binary data.
///
/// An identifier of 14 digits or more covers one of any twelve bytes after each other, and a
/// hardware address has a separator among any three of its middle: the rest is not looked at.
extension Finder {
  private static let stride = 12
  private static let fewestDigits = 14
  private static let mostDigits = 20
  private static let addressBytes = 17

  /// `meaning` is that of the name beside the whole text; a name right before a number goes before
  /// it.
  mutating func scanText(_ text: RawSpan, at start: Int, meaning: KeyMeaning) {
    guard text.byteCount >= Finder.fewestDigits else { return }
    // Nothing before `floor` is looked at again.
    var floor = 0
    var probe = 0
    while probe < text.byteCount {
      if text[probe].isASCIIDigit {
        let run = digitRun(in: text, around: probe, floor: floor)
        if run.count >= Finder.fewestDigits, run.count <= Finder.mostDigits {
          scanned(run, in: text, at: start, meaning: meaning)
        }
        if run.count >= Finder.fewestDigits {
          floor = run.upperBound
          probe = run.upperBound
          continue
        }
      }
      if let address = hardwareAddress(in: text, near: probe, floor: floor) {
        scanned(address, in: text, at: start, meaning: meaning)
        floor = address.upperBound
        probe = address.upperBound
        continue
      }
      probe &+= Finder.stride
    }
  }

  private func digitRun(in text: RawSpan, around probe: Int, floor: Int) -> Range<Int> {
    var first = probe
    while first > floor, text[first &- 1].isASCIIDigit { first &-= 1 }
    var end = probe &+ 1
    while end < text.byteCount, text[end].isASCIIDigit { end &+= 1 }
    return first..<end
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

  /// Shows a number or an address to the detectors when it stands alone.
  private mutating func scanned(
    _ range: Range<Int>, in text: RawSpan, at start: Int, meaning: KeyMeaning
  ) {
    guard standsAlone(range, in: text) else { return }
    let name = self.name(before: range.lowerBound, in: text)
    let named = keyNames.meaning(of: name, searchesEnd: true)
    let value = text.extracting(range)
    let leaf = Leaf(value, meaning: named != .none ? named : meaning)
    guard let detection = detect(leaf) else { return }
    note(detection, value, at: start &+ range.lowerBound, key: name, suffix: "text")
  }

  /// Digits within a word are part of a hash or a token; after a point they are a fraction.
  private func standsAlone(_ range: Range<Int>, in text: RawSpan) -> Bool {
    if range.lowerBound > 0 {
      let before = text[range.lowerBound &- 1]
      if before.isAlphanumeric || before == 0x3A && isAddressEdge(range) { return false }
      if before == 0x2E, range.lowerBound > 1, text[range.lowerBound &- 2].isASCIIDigit {
        return false
      }
    }
    guard range.upperBound < text.byteCount else { return true }
    let after = text[range.upperBound]
    if after.isAlphanumeric || after == 0x3A && isAddressEdge(range) { return false }
    return after != 0x2E || range.upperBound &+ 1 >= text.byteCount
      || !text[range.upperBound &+ 1].isASCIIDigit
  }

  private func isAddressEdge(_ range: Range<Int>) -> Bool { range.count == Finder.addressBytes }

  /// The word before a value: `imei` in `"imei" : "4901...`, `<imei>4901...`, `IMEI=4901...`.
  @_lifetime(copy text)
  private func name(before end: Int, in text: RawSpan) -> RawSpan {
    var last = end
    while last > 0, end &- last < 6, !text[last &- 1].isAlphanumeric { last &-= 1 }
    var first = last
    while first > 0, last &- first < 32 {
      let byte = text[first &- 1]
      guard byte.isAlphanumeric || byte == 0x5F || byte == 0x2D else { break }
      first &-= 1
    }
    return text.extracting(first..<last)
  }
}
