/// A message of a satellite tracker in the protocol of Concox's GT06, which many makers use: binary,
/// in clear, its log-in the IMEI in digits of four bits (GT06 GPS tracker communication protocol,
/// Concox, §4 and §5).
///
///     78 78 0D 01  01 23 45 67 89 01 23 45  00 01  8C DD  0D 0A
///           |  |   IMEI, with a zero before |      CRC
///           |  log-in                       number
///           length
struct TrackerMessage {
  enum Kind: UInt8 {
    case login = 0x01
    case location = 0x12
    case alarm = 0x16
    case locationByServer = 0x22
    case alarmByServer = 0x26
    case other = 0
  }

  let kind: Kind
  /// What it says, without length, number and sum.
  let content: Range<Int>
  let end: Int
  /// Whether the sum is right.
  let isChecked: Bool

  /// The message that begins at `start`; nil when none does.
  init?(_ bytes: RawSpan, at start: Int) {
    guard start &+ 10 <= bytes.byteCount else { return nil }
    // With 79 79 the length has two bytes.
    let mark: UInt16 = bytes.load(start)
    guard mark == 0x7878 || mark == 0x7979 else { return nil }
    let isLong = mark == 0x7979
    let count = isLong ? Int(bytes.load(start &+ 2, as: UInt16.self)) : Int(bytes[start &+ 2])
    let first = start &+ (isLong ? 4 : 3)
    guard count >= 5, first &+ count &+ 2 <= bytes.byteCount else { return nil }
    let last = first &+ count
    guard bytes[last] == 0x0D, bytes[last &+ 1] == 0x0A else { return nil }
    kind = Kind(rawValue: bytes[first]) ?? .other
    content = (first &+ 1)..<(last &- 4)
    end = last &+ 2
    let sum: UInt16 = bytes.load(last &- 2)
    isChecked = sum == TrackerMessage.sum(bytes.extracting((start &+ 2)..<(last &- 2)))
  }

  /// CRC-16 of ITU-T X.25 (the frame check sequence of HDLC).
  static func sum(_ bytes: RawSpan) -> UInt16 {
    var sum: UInt16 = 0xFFFF
    for index in bytes.byteOffsets {
      sum ^= UInt16(bytes[index])
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x8408 : sum >> 1 }
    }
    return ~sum
  }

  /// Whether a message says what a tracker does. Without its sum only a log-in counts, and what
  /// begins as one by chance has no IMEI.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard let first = TrackerMessage(bytes, at: 0) else { return false }
    return first.isChecked || first.identity(bytes) != nil
  }

  /// The IMEI of a log-in.
  func identity(_ bytes: RawSpan) -> Digits? {
    guard kind == .login, content.count >= 8 else { return nil }
    var digits = Digits()
    for place in 0..<16 {
      let byte = bytes[content.lowerBound &+ place / 2]
      let digit = place & 1 == 0 ? byte >> 4 : byte & 15
      guard digit <= 9 else { return nil }
      if place == 0 {
        guard digit == 0 else { return nil }
      } else if !digits.append(0x30 &+ digit) {
        return nil
      }
    }
    return digits.areAllEqual ? nil : digits
  }

  /// Where the tracker is: 1/1,800,000 degrees, north and east positive; nil when it says nothing of
  /// it, or does not know.
  func place(_ bytes: RawSpan) -> (latitude: Int, longitude: Int)? {
    guard hasPlace, isChecked, content.count >= 18 else { return nil }
    let first = content.lowerBound &+ 7
    let latitude = Int(bytes.load(first, as: UInt32.self))
    let longitude = Int(bytes.load(first &+ 4, as: UInt32.self))
    let course: UInt16 = bytes.load(first &+ 9)
    let unit = 1_800_000
    guard course & 0x1000 != 0, latitude <= 90 &* unit, longitude <= 180 &* unit,
      latitude | longitude != 0
    else { return nil }
    return (
      course & 0x400 != 0 ? latitude : 0 &- latitude,
      course & 0x800 == 0 ? longitude : 0 &- longitude
    )
  }

  /// The cell that the tracker is in, and where its number is.
  func cell(_ bytes: RawSpan) -> (number: UInt32, offset: Int)? {
    guard hasPlace, isChecked else { return nil }
    // An alarm says first how long it is.
    let isAlarm = kind == .alarm || kind == .alarmByServer
    let first = content.lowerBound &+ 18 &+ (isAlarm ? 1 : 0)
    guard first &+ 8 <= content.upperBound else { return nil }
    let country: UInt16 = bytes.load(first)
    let number = UInt32(bytes[first &+ 5]) << 16 | UInt32(bytes.load(first &+ 6, as: UInt16.self))
    guard country >= 200, country < 800, number > 255, number < 0xFF_FFFF else { return nil }
    return (number, first &+ 5)
  }

  private var hasPlace: Bool { kind != .login && kind != .other }
}

/// A place in degrees and minutes, as receivers write it and trackers pass it on, with or without
/// commas: `2232.9806N11404.9355E`, `2234.4669,N,11354.3287,E`.
enum MinutePlace {
  /// The place around the first hemisphere's letter, `N` or `S`, at `sign`; and how many digits of
  /// the minutes' fraction both numbers have.
  static func range(in text: RawSpan, around sign: Int) -> (range: Range<Int>, decimals: Int)? {
    let hasComma = sign > 0 && text[sign &- 1] == 0x2C
    let end = sign &- (hasComma ? 1 : 0)
    var point = end
    while point > 0, end &- point < 7, text[point &- 1].isASCIIDigit { point &-= 1 }
    let decimals = end &- point
    let start = point &- 5
    guard decimals >= 2, decimals <= 6, start >= 0, text[point &- 1] == 0x2E,
      isAngle(text, start, whole: 4, limit: 90),
      start == 0 || !text[start &- 1].isAlphanumeric || isStatus(text, start &- 1)
    else { return nil }
    var position = sign &+ 1
    if hasComma {
      guard position < text.byteCount, text[position] == 0x2C else { return nil }
      position &+= 1
    }
    guard position &+ 6 <= text.byteCount, text[position &+ 5] == 0x2E,
      isAngle(text, position, whole: 5, limit: 180)
    else { return nil }
    var last = position &+ 6
    while last < text.byteCount, last &- position < 13, text[last].isASCIIDigit { last &+= 1 }
    let others = last &- position &- 6
    guard others >= 2, others <= 6 else { return nil }
    if hasComma {
      guard last < text.byteCount, text[last] == 0x2C else { return nil }
      last &+= 1
    }
    guard last < text.byteCount, text[last] == 0x45 || text[last] == 0x57 else { return nil }
    let isNowhere = isZero(text, start..<end) && isZero(text, position..<last)
    return isNowhere ? nil : (start..<(last &+ 1), min(decimals, others))
  }

  /// `A` before it says that the place is valid.
  private static func isStatus(_ text: RawSpan, _ index: Int) -> Bool {
    text[index] == 0x41 && index > 0 && text[index &- 1].isASCIIDigit
  }

  /// Degrees, then two digits of minutes.
  private static func isAngle(_ text: RawSpan, _ start: Int, whole: Int, limit: Int) -> Bool {
    var degrees = 0
    for index in 0..<whole {
      guard text[start &+ index].isASCIIDigit else { return false }
      if index < whole &- 2 { degrees = degrees &* 10 &+ Int(text[start &+ index] &- 0x30) }
    }
    return degrees <= limit && text[start &+ whole &- 2] < 0x36
  }

  private static func isZero(_ text: RawSpan, _ range: Range<Int>) -> Bool {
    for index in range where text[index].isASCIIDigit && text[index] != 0x30 { return false }
    return true
  }

  static func detection(decimals: Int) -> Detection {
    // A minute is 1,852 m.
    var metres: UInt32 = 1852
    for _ in 0..<min(decimals, 4) { metres /= 10 }
    return Detection(.location, .medium, as: .verbatim, precision: max(metres, 1), label: "nmea")
  }
}

extension Finder {
  /// Looks at the messages of a tracker; what is none any more is looked at as it is.
  mutating func walkTracker(_ bytes: RawSpan, at start: Int) {
    let outside = path.count
    appendToPath("gt06")
    var position = 0
    while countNode(), let message = TrackerMessage(bytes, at: position) {
      trackerMessage(message, in: bytes, at: start)
      position = message.end
    }
    path.truncate(to: outside)
    guard position < bytes.byteCount else { return }
    visit(
      bytes.extracting(droppingFirst: position), at: start &+ position, key: RawSpan(), depth: 0)
  }

  private mutating func trackerMessage(
    _ message: TrackerMessage, in bytes: RawSpan, at start: Int
  ) {
    if let digits = message.identity(bytes) {
      let isSure = message.isChecked || Luhn.isValid(digits.bytes)
      note(
        Detection(.imei, isSure ? .high : .medium, as: .digits), digits.bytes,
        at: start &+ message.content.lowerBound, key: RawSpan())
    }
    if let place = message.place(bytes), var buffer = takeBuffer() {
      buffer.append(degrees: place.latitude)
      buffer.append(0x2C)
      buffer.append(degrees: place.longitude)
      note(
        Detection(.location, .high, as: .verbatim, precision: 10), buffer.bytes,
        at: start &+ message.content.lowerBound &+ 7, key: RawSpan())
      giveBack(buffer)
    }
    if let cell = message.cell(bytes), var buffer = takeBuffer() {
      buffer.append(decimal: UInt64(cell.number))
      note(
        Detection(.cellID, .medium, as: .digits), buffer.bytes, at: start &+ cell.offset,
        key: RawSpan())
      giveBack(buffer)
    }
  }

  /// Looks for places in degrees and minutes, and for the IMEI of a TK103's log-in, in what a tracker
  /// says in text.
  mutating func scanTracker(_ text: RawSpan, at start: Int) {
    var position = 0
    while let sign = ByteScan.firstOffset(of: 0x4E, or: 0x53, in: text, from: position) {
      position = sign &+ 1
      guard let place = MinutePlace.range(in: text, around: sign) else { continue }
      position = place.range.upperBound
      guard !isInSentence(place.range.lowerBound, text) else { continue }
      note(
        MinutePlace.detection(decimals: place.decimals), text.extracting(place.range),
        at: start &+ place.range.lowerBound, key: RawSpan(), suffix: "text")
    }
    scanHandshake(text, at: start)
  }

  /// A receiver's sentence is found as a whole.
  private func isInSentence(_ place: Int, _ text: RawSpan) -> Bool {
    var index = place
    while index > 0, place &- index < 40, text[index &- 1] > 0x20 {
      index &-= 1
      if text[index] == 0x24 { return NMEASentence(text.extracting(droppingFirst: index)) != nil }
    }
    return false
  }

  /// `(013612345678BP05` and fifteen digits: the number of the tracker, a command, its IMEI.
  private mutating func scanHandshake(_ text: RawSpan, at start: Int) {
    guard text.byteCount >= 32, text[0] == 0x28, text.hasBytes("BP05", at: 13) else { return }
    let range = 17..<32
    for index in range where !text[index].isASCIIDigit { return }
    let number = text.extracting(range)
    guard Luhn.isValid(number), !hasNoted(.imei, at: start &+ range.lowerBound) else { return }
    note(
      Detection(.imei, .high, as: .digits), number, at: start &+ range.lowerBound, key: RawSpan(),
      suffix: "text")
  }
}

extension ByteBuffer {
  /// Appends 1/1,800,000 degrees as degrees with five decimals, about a metre.
  fileprivate mutating func append(degrees: Int) {
    if degrees < 0 { append(0x2D) }
    let scaled = (UInt64(degrees.magnitude) &+ 9) / 18
    append(decimal: scaled / 100_000)
    append(0x2E)
    var unit: UInt64 = 10_000
    while unit > 0 {
      append(UInt8(truncatingIfNeeded: 0x30 &+ scaled / unit % 10))
      unit /= 10
    }
  }
}
