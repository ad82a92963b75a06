/// A place on the earth: two numbers that belong together.
enum LocationDetector {
  /// A value with both numbers: `55.676098,12.568337`, also as a `geo:` URI (RFC 5870), in degrees
  /// and minutes, as a sentence of a receiver (NMEA 0183), or a geohash under a name.
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    if leaf.meaning.group == .geohash { return geohash(leaf) }
    guard leaf.shape.digits >= 4, leaf.shape.signs >= 1 else { return nil }
    if value[0] == 0x24, let sentence = NMEASentence(value) { return sentence.detection }
    if value.hasPrefixIgnoringCase("geo:") { return uri(value) }
    switch leaf.meaning.group {
    case .location: return pair(value) ?? compass(value) ?? minutes(value)
    case .none, .other:
      if let place = compass(value) ?? minutes(value) { return place }
      guard leaf.shape.letters == 0, leaf.shape.hasComma, leaf.shape.hasPoint,
        let place = pair(value), place.precision < 12
      else { return nil }
      // Two numbers may be anything.
      return Detection(.location, .low, as: .verbatim, precision: place.precision)
    default: return nil
    }
  }

  private static func uri(_ value: RawSpan) -> Detection? {
    let pair = value.extracting(droppingFirst: 4)
    // An altitude and parameters may follow.
    let end = pair.firstOffset(ofEither: 0x3B, or: 0x3F, from: 0) ?? pair.byteCount
    return self.pair(pair.extracting(first: end))
  }

  /// Latitude and longitude with a comma, `;`, `|`, `/` or a space between them, perhaps in
  /// brackets; longitude first when only that makes sense.
  private static func pair(_ value: RawSpan) -> Detection? {
    var value = value.trimmingWhitespace
    if value.byteCount > 2, value[0] == 0x5B || value[0] == 0x28 {
      value = value.extracting(1..<(value.byteCount &- 1))
    }
    guard let first = separator(in: value, from: 0), first > 0 else { return nil }
    let rest = value.extracting(droppingFirst: first &+ 1).trimmingWhitespace
    let end = separator(in: rest, from: 0) ?? rest.byteCount
    let one = value.extracting(first: first).trimmingWhitespace
    let other = rest.extracting(first: end)
    return detect(latitude: one, longitude: other) ?? detect(latitude: other, longitude: one)
  }

  private static func separator(in value: RawSpan, from start: Int) -> Int? {
    var index = start
    while index < value.byteCount {
      switch value[index] {
      case 0x2C, 0x3B, 0x7C, 0x2F, 0x20: return index
      default: index &+= 1
      }
    }
    return nil
  }

  /// `55°40'34"N 12°34'06"E`: with the letters of both hemispheres it can be nothing else.
  private static func compass(_ value: RawSpan) -> Detection? {
    guard value.byteCount >= 12, value.byteCount <= 64 else { return nil }
    let last = value[value.byteCount &- 1] | 0x20
    let leads = value[0] | 0x20 == 0x6E || value[0] | 0x20 == 0x73
    guard leads || last == 0x65 || last == 0x77 else { return nil }
    for index in 1..<(value.byteCount &- 1) {
      let letter = value[index] | 0x20
      let isEnd = leads ? letter == 0x65 || letter == 0x77 : letter == 0x6E || letter == 0x73
      guard isEnd, leads || value[index] & 0x20 == 0 else { continue }
      let place = leads ? index : index &+ 1
      return detect(
        latitude: value.extracting(first: place).trimmingSigns,
        longitude: value.extracting(droppingFirst: place).trimmingSigns)
    }
    return nil
  }

  /// `2234.4669,N,11354.3287,E`: as a receiver writes it.
  private static func minutes(_ value: RawSpan) -> Detection? {
    guard value.byteCount >= 20, value.byteCount <= 40,
      value[value.byteCount &- 1] == 0x45 || value[value.byteCount &- 1] == 0x57,
      let sign = value.firstOffset(ofEither: 0x4E, or: 0x53, from: 0),
      let place = MinutePlace.range(in: value, around: sign),
      place.range == 0..<value.byteCount
    else { return nil }
    return MinutePlace.detection(decimals: place.decimals)
  }

  /// (0, 0) is where programs are that know no place. With fewer than three decimals it is a
  /// region, not where somebody is.
  static func detect(latitude: RawSpan, longitude: RawSpan) -> Detection? {
    guard let latitude = Coordinate(latitude, limit: 90),
      let longitude = Coordinate(longitude, limit: 180), latitude.isScaled == longitude.isScaled,
      latitude.microdegrees != 0 || longitude.microdegrees != 0
    else { return nil }
    let decimals = min(latitude.decimals, longitude.decimals)
    return Detection(
      .location, decimals >= 3 ? .medium : .low, as: .verbatim,
      precision: precision(decimals: decimals))
  }

  /// What the last decimal is worth, in metres: a degree is 111 km.
  static func precision(decimals: Int) -> UInt32 {
    var metres: UInt32 = 111_000
    for _ in 0..<min(decimals, 5) { metres /= 10 }
    return max(metres, 1)
  }

  /// Five to twelve symbols, each of which halves the area five times.
  private static func geohash(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    guard value.byteCount >= 5, value.byteCount <= 12, leaf.shape.signs == 0, !value.isNullLike
    else { return nil }
    for index in value.byteOffsets {
      switch value[index] | 0x20 {
      case 0x61, 0x69, 0x6C, 0x6F: return nil
      default: continue
      }
    }
    // Half of the longer side: 2.4 km, 610 m, 76 m, 19 m, 2.4 m, then less than a metre.
    let metres: InlineArray<8, UInt32> = [2400, 610, 76, 19, 2, 1, 1, 1]
    return Detection(
      .location, .medium, as: .lowercase, precision: metres[value.byteCount &- 5],
      label: "geohash")
  }
}

/// A sentence of a satellite receiver (NMEA 0183) that has a position:
///
///     $GPGGA,123519,4807.038,N,01131.000,E,1,08,...*47
///     $GPRMC,123519,A,4807.038,N,01131.000,E,...*6A
///     $GPGLL,4807.038,N,01131.000,E,123519*..
struct NMEASentence {
  let detection: Detection

  init?(_ text: RawSpan) {
    guard text.byteCount >= 24, text[0] == 0x24, text[1] == 0x47 || text[1] == 0x42,
      text[6] == 0x2C
    else { return nil }
    let place =
      if text.hasBytes("GGA", at: 3) {
        2
      } else if text.hasBytes("RMC", at: 3) {
        3
      } else if text.hasBytes("GLL", at: 3) {
        1
      } else {
        0
      }
    guard place > 0, let latitude = NMEASentence.angle(text, field: place, limit: 90),
      let longitude = NMEASentence.angle(text, field: place &+ 2, limit: 180)
    else { return nil }
    // A minute is 1,852 m.
    var metres: UInt32 = 1852
    for _ in 0..<min(latitude, longitude, 4) { metres /= 10 }
    let isChecked = NMEASentence.hasRightSum(text)
    detection = Detection(
      .location, isChecked ? .high : .medium, as: .verbatim, precision: max(metres, 1),
      label: "nmea")
  }

  /// The decimals of the minutes in `dddmm.mmmm`; nil when the field is none, or its hemisphere.
  private static func angle(_ text: RawSpan, field: Int, limit: Int) -> Int? {
    let value = self.field(field, of: text)
    let hemisphere = self.field(field &+ 1, of: text)
    let whole = limit == 90 ? 4 : 5
    guard value.byteCount >= whole, value.byteCount <= 16, hemisphere.byteCount == 1 else {
      return nil
    }
    switch hemisphere[0] {
    case 0x4E, 0x53: guard limit == 90 else { return nil }
    case 0x45, 0x57: guard limit == 180 else { return nil }
    default: return nil
    }
    var degrees = 0
    for index in value.byteOffsets {
      if index == whole {
        guard value[index] == 0x2E else { return nil }
      } else {
        guard value[index].isASCIIDigit else { return nil }
        if index < whole &- 2 { degrees = degrees &* 10 &+ Int(value[index] &- 0x30) }
      }
    }
    guard degrees <= limit, value[whole &- 2] < 0x36 else { return nil }
    return max(value.byteCount &- whole &- 1, 0)
  }

  /// The bytes between two commas; the sentence's name is field 0.
  @_lifetime(copy text)
  private static func field(_ number: Int, of text: RawSpan) -> RawSpan {
    var start = 0
    for _ in 0..<number {
      guard let comma = text.firstOffset(of: 0x2C, from: start) else { return RawSpan() }
      start = comma &+ 1
    }
    return text.extracting(start..<(text.firstOffset(of: 0x2C, from: start) ?? text.byteCount))
  }

  /// The exclusive or of the bytes between `$` and `*`, in two hexadecimal digits.
  private static func hasRightSum(_ text: RawSpan) -> Bool {
    guard let star = text.firstOffset(of: 0x2A), star &+ 2 < text.byteCount,
      let high = text[star &+ 1].hexDigitValue, let low = text[star &+ 2].hexDigitValue
    else { return false }
    var sum: UInt8 = 0
    for index in 1..<star { sum ^= text[index] }
    return sum == high << 4 | low
  }
}

extension RawSpan {
  /// Without spaces, commas and semicolons at both ends.
  fileprivate var trimmingSigns: RawSpan {
    @_lifetime(copy self) get {
      var start = 0
      var end = byteCount
      while start < end, isSign(at: start) { start &+= 1 }
      while end > start, isSign(at: end &- 1) { end &-= 1 }
      return extracting(start..<end)
    }
  }

  private func isSign(at index: Int) -> Bool {
    self[index] == 0x20 || self[index] == 0x2C || self[index] == 0x3B
  }
}
