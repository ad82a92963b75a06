/// A domain name in a DNS message, possibly compressed (RFC 1035 §3.1, §4.1.4).
///
///     label:    0 0 L L L L L L   L bytes follow; L = 0 ends the name
///     pointer:  1 1 O O O O O O   O O O O O O O O   the name goes on at offset O of the message
///
/// `init` follows the whole name once: pointers go backwards, to before the labels that they end, so
/// that no name can loop.
public struct DNSName: ~Escapable {
  public enum Limit {
    /// Bytes of a name without compression, the last zero included (RFC 1035 §2.3.4).
    public static let wireByteCount = 255
    /// Pointers in one name: as many as a name can have labels.
    public static let pointers = 127
    /// Bytes of a name as text, when each byte is written `\DDD`.
    public static let textByteCount = 4 * wireByteCount
  }

  private let message: RawSpan
  private let offset: Int
  /// Where the message goes on behind the name.
  public let endOffset: Int
  /// The bytes of the name without compression, the last zero included.
  public let wireByteCount: Int

  /// The name at `offset` of `message`.
  @_lifetime(copy message)
  public init(_ message: RawSpan, at offset: Int) throws(WireError) {
    var position = offset
    // A pointer must point before the run of labels that it ends.
    var runStart = offset
    var end: Int?
    var wireByteCount = 1
    var pointers = 0
    while true {
      try message.requireByte(position)
      let length = message[position]
      if length == 0 { break }
      if length < 64 {
        wireByteCount += Int(length) + 1
        guard wireByteCount <= Limit.wireByteCount else { throw .malformed(.dns, .name) }
        position += Int(length) + 1
      } else if length >= 0xc0 {
        try message.requireByte(position + 1)
        let target = Int(message.load(position, as: UInt16.self) & 0x3fff)
        pointers += 1
        guard target < runStart, target >= DNSMessage.headerByteCount, pointers <= Limit.pointers
        else { throw .malformed(.dns, .pointer) }
        if end == nil { end = position + 2 }
        position = target
        runStart = target
      } else {
        // 01 and 10 are extended label types that nobody uses (RFC 6891 §5).
        throw .malformed(.dns, .name)
      }
    }
    self.message = message
    self.offset = offset
    self.wireByteCount = wireByteCount
    endOffset = end ?? position + 1
  }

  /// The root has no label.
  public var isRoot: Bool { wireByteCount == 1 }

  /// The labels from left to right.
  public var labels: Labels {
    @_lifetime(copy self) get { Labels(message, at: offset) }
  }

  public struct Labels: ~Escapable {
    private let message: RawSpan
    fileprivate private(set) var position: Int

    @_lifetime(copy message)
    fileprivate init(_ message: RawSpan, at offset: Int) {
      self.message = message
      position = offset
    }

    // `DNSName.init` has followed all of it before.
    @_lifetime(copy self)
    public mutating func next() -> RawSpan? {
      while message[position] >= 0xc0 {
        position = Int(message.load(position, as: UInt16.self) & 0x3fff)
      }
      let length = Int(message[position])
      guard length > 0 else { return nil }
      let start = position + 1
      position = start + length
      return message.extracting(start..<position)
    }
  }

  /// Whether the first label is a NetBIOS name: 32 letters from A to P (RFC 1001 §14.1).
  var isNetBIOSName: Bool {
    var labels = labels
    guard let label = labels.next(), label.byteCount == 32 else { return false }
    for index in label.byteOffsets where label[index] &- UInt8(ascii: "A") >= 16 { return false }
    return true
  }

  /// Whether it is a host's name, or a service's: two labels or more of letters, digits, hyphens and
  /// underscores, the last one beginning with a letter (RFC 1123 §2.1, RFC 8552).
  var isHostName: Bool {
    var labels = labels
    var count = 0
    var first: UInt8 = 0
    while let label = labels.next() {
      for index in label.byteOffsets {
        let byte = label[index]
        guard byte.isASCIILetter || byte.isASCIIDigit || byte == 0x2d || byte == 0x5f
        else { return false }
      }
      first = label[0]
      count &+= 1
    }
    return count >= 2 && first.isASCIILetter
  }

  /// Whether both are the same name; ASCII letters count without their case (RFC 4343).
  public func equals(_ other: DNSName) -> Bool {
    guard wireByteCount == other.wireByteCount else { return false }
    let isOneMessage = message.isIdentical(to: other.message)
    var mine = labels
    var others = other.labels
    while let label = mine.next() {
      guard let counterpart = others.next(), label.equalsIgnoringCase(counterpart)
      else { return false }
      // What compression lets both end in is compared no further.
      if isOneMessage, mine.position == others.position { return true }
    }
    return true
  }

  /// Appends the name as text, without the last dot: labels with dots between them; a dot or a
  /// backslash in a label as `\.` and `\\`, a byte that is no printable ASCII as `\DDD` (RFC 1035
  /// §5.1). The case is kept unless `lowercased`. The root appends nothing. False when it did not fit:
  /// then the buffer is as it was.
  @discardableResult
  public func append(to buffer: inout ByteBuffer, lowercased: Bool = false) -> Bool {
    let start = buffer.count
    var labels = labels
    var fits = true
    while let label = labels.next() {
      if buffer.count > start { fits = fits && buffer.append(UInt8(ascii: ".")) }
      fits = fits && label.appendEscaped(to: &buffer, lowercased: lowercased)
    }
    if !fits { buffer.truncate(to: start) }
    return fits
  }
}

extension RawSpan {
  func requireByte(_ offset: Int) throws(WireError) {
    guard offset < byteCount else {
      throw .truncated(.dns, needed: offset + 1, available: byteCount)
    }
  }

  /// Appends these bytes as a label of text; false when they do not fit.
  fileprivate func appendEscaped(to buffer: inout ByteBuffer, lowercased: Bool) -> Bool {
    if needsNoEscape {
      return lowercased ? buffer.append(lowercasing: self) : buffer.append(self) == byteCount
    }
    for index in byteOffsets {
      let byte = self[index]
      if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "\\") {
        guard buffer.append(UInt8(ascii: "\\")), buffer.append(byte) else { return false }
      } else if byte > 0x20, byte < 0x7f {
        guard buffer.append(lowercased ? byte.lowercasedASCII : byte) else { return false }
      } else {
        guard buffer.append(UInt8(ascii: "\\")), buffer.append(0x30 + byte / 100),
          buffer.append(0x30 + byte / 10 % 10), buffer.append(0x30 + byte % 10)
        else { return false }
      }
    }
    return true
  }

  /// Whether all bytes are printable and neither a space, a dot nor a backslash.
  private var needsNoEscape: Bool {
    for index in byteOffsets {
      let byte = self[index]
      guard byte &- 0x21 < 0x5e, byte != UInt8(ascii: "."), byte != UInt8(ascii: "\\")
      else { return false }
    }
    return true
  }
}
