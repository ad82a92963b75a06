/// Over what a hello came: the first letter of a JA4 fingerprint.
public enum TLSTransport: Sendable { case tcp, quic }

/// The strings that fingerprints of hellos are hashed from. Hashing is the program's. GREASE is left
/// out everywhere. Give buffers with room: what does not fit is missing, and so the hash wrong.
extension TLSClientHello {
  /// Numbers of a list that JA4 sorts; hellos with more have no JA4.
  public static var sortedNumbersLimit: Int { 256 }

  /// Appends the string of JA3 (Althouse, Atkinson, Atkins, 2017), whose MD5 is the fingerprint:
  /// `version,cipher suites,extensions,groups,point formats`, decimal numbers with `-` between.
  public func appendJA3(to buffer: inout ByteBuffer) {
    buffer.append(decimal: UInt64(legacyVersion.rawValue))
    buffer.append(UInt8(ascii: ","))
    buffer.append(joined: cipherSuites)
    buffer.append(UInt8(ascii: ","))
    buffer.append(joinedTypes: extensions)
    buffer.append(UInt8(ascii: ","))
    if let groups = list(TLSExtensionType.supportedGroups, lengthByteCount: 2) {
      buffer.append(joined: TLSNumbers(groups))
    }
    buffer.append(UInt8(ascii: ","))
    if let formats = list(TLSExtensionType.ecPointFormats, lengthByteCount: 1) {
      for index in formats.byteOffsets {
        if index > 0 { buffer.append(UInt8(ascii: "-")) }
        buffer.append(decimal: UInt64(formats[index]))
      }
    }
  }

  /// Appends the first part of JA4 (FoxIO, "JA4: TLS Client Fingerprinting"), as `t13d1516h2`: not
  /// hashed.
  public func appendJA4Prefix(_ transport: TLSTransport, to buffer: inout ByteBuffer) {
    buffer.append(UInt8(ascii: transport == .quic ? "q" : "t"))
    switch version {
    case .tls13: buffer.append("13")
    case .tls12: buffer.append("12")
    case .tls11: buffer.append("11")
    case .tls10: buffer.append("10")
    case .ssl3: buffer.append("s3")
    case .ssl2: buffer.append("s2")
    case .tls13Draft, .facebookDraft, .unknown: buffer.append("00")
    }
    buffer.append(UInt8(ascii: `extension`(TLSExtensionType.serverName) == nil ? "i" : "d"))
    var cipherSuites = cipherSuites
    var count = 0
    while cipherSuites.nextMeaningful() != nil { count += 1 }
    buffer.append(twoDigits: count)
    count = 0
    var extensions = extensions
    while let found = extensions.next() { count += found.type.isGREASE ? 0 : 1 }
    buffer.append(twoDigits: count)
    appendJA4Protocol(to: &buffer)
  }

  /// The first and the last character of the first protocol name; of its hexadecimal digits when one
  /// of them is no letter or digit.
  private func appendJA4Protocol(to buffer: inout ByteBuffer) {
    guard var names = applicationProtocols, let name = names.next(), name.byteCount > 0 else {
      buffer.append("00")
      return
    }
    let (first, last) = (name[0], name[name.byteCount - 1])
    if first.isASCIIAlphanumeric, last.isASCIIAlphanumeric {
      buffer.append(first)
      buffer.append(last)
    } else {
      buffer.append(hexDigit: first >> 4)
      buffer.append(hexDigit: last & 15)
    }
  }

  /// Appends the string of the second part of JA4: the sorted cipher suites. The fingerprint has the
  /// first twelve hexadecimal digits of its SHA-256; twelve zeros when it is empty. False when there
  /// are too many.
  public func appendJA4CipherSuites(to buffer: inout ByteBuffer) -> Bool {
    var sorted = TLSSortedNumbers()
    var cipherSuites = cipherSuites
    while let number = cipherSuites.nextMeaningful() {
      guard sorted.insert(number) else { return false }
    }
    sorted.append(to: &buffer)
    return true
  }

  /// Appends the string of the third part of JA4: the sorted extensions without server name and
  /// application protocols, then behind `_` the signature algorithms in their order. The fingerprint
  /// has the first twelve hexadecimal digits of its SHA-256; twelve zeros when it is empty. False when
  /// there are too many.
  public func appendJA4Extensions(to buffer: inout ByteBuffer) -> Bool {
    var sorted = TLSSortedNumbers()
    var extensions = extensions
    while let found = extensions.next() {
      guard !found.type.isGREASE, found.type != TLSExtensionType.serverName,
        found.type != TLSExtensionType.applicationProtocols
      else { continue }
      guard sorted.insert(found.type) else { return false }
    }
    sorted.append(to: &buffer)
    guard let list = list(TLSExtensionType.signatureAlgorithms, lengthByteCount: 2)
    else { return true }
    var separator = UInt8(ascii: "_")
    var algorithms = TLSNumbers(list)
    while let number = algorithms.nextMeaningful() {
      buffer.append(separator)
      buffer.append(hex: number)
      separator = UInt8(ascii: ",")
    }
    return true
  }

  /// The list in an extension, behind its length; what is there when it is shorter.
  @_lifetime(copy self)
  private func list(_ type: UInt16, lengthByteCount: Int) -> RawSpan? {
    guard let data = `extension`(type), data.byteCount >= lengthByteCount else { return nil }
    return data.extracting(droppingFirst: lengthByteCount)
  }
}

extension TLSServerHello {
  /// Appends the string of JA3S, whose MD5 is the fingerprint: `version,cipher suite,extensions`.
  public func appendJA3S(to buffer: inout ByteBuffer) {
    buffer.append(decimal: UInt64(legacyVersion.rawValue))
    buffer.append(UInt8(ascii: ","))
    buffer.append(decimal: UInt64(cipherSuite))
    buffer.append(UInt8(ascii: ","))
    buffer.append(joinedTypes: extensions)
  }
}

/// Numbers in rising order, in a fixed place. Equal ones stay.
private struct TLSSortedNumbers {
  private var numbers = InlineArray<256, UInt16>(repeating: 0)
  private var count = 0

  /// False when it is full.
  mutating func insert(_ number: UInt16) -> Bool {
    guard count < TLSClientHello.sortedNumbersLimit else { return false }
    var place = count
    while place > 0, numbers[place - 1] > number {
      numbers[place] = numbers[place - 1]
      place -= 1
    }
    numbers[place] = number
    count += 1
    return true
  }

  func append(to buffer: inout ByteBuffer) {
    for index in 0..<count {
      if index > 0 { buffer.append(UInt8(ascii: ",")) }
      buffer.append(hex: numbers[index])
    }
  }
}

extension ByteBuffer {
  fileprivate mutating func append(joined numbers: TLSNumbers) {
    var numbers = numbers
    var isFirst = true
    while let number = numbers.nextMeaningful() {
      if !isFirst { append(UInt8(ascii: "-")) }
      isFirst = false
      append(decimal: UInt64(number))
    }
  }

  fileprivate mutating func append(joinedTypes extensions: TLSExtensions) {
    var extensions = extensions
    var isFirst = true
    while let found = extensions.next() {
      guard !found.type.isGREASE else { continue }
      if !isFirst { append(UInt8(ascii: "-")) }
      isFirst = false
      append(decimal: UInt64(found.type))
    }
  }

  fileprivate mutating func append(twoDigits number: Int) {
    let number = UInt8(min(number, 99))
    append(UInt8(ascii: "0") + number / 10)
    append(UInt8(ascii: "0") + number % 10)
  }
}

extension UInt8 {
  fileprivate var isASCIIAlphanumeric: Bool { isASCIIDigit || isASCIILetter }
}
