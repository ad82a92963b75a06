/// A message of the Constrained Application Protocol (RFC 7252 §3).
///
///      0               1               2               3
///     +---+---+-------+---------------+-------------------------------+
///     |Ver| T |  TKL  |     Code      |          Message ID           |
///     +---+---+-------+---------------+-------------------------------+
///     |   Token (TKL bytes) ...
///     +---------------------------------------------------------------+
///     |   Options ...
///     +---------------+-----------------------------------------------+
///     |   0xff        |   Payload ...
///     +---------------+-----------------------------------------------+
struct CoAPMessage: ~Escapable {
  static var headerByteCount: Int { 4 }
  static var port: UInt16 { 5683 }

  /// Numbers of options (RFC 7252 §5.10).
  enum OptionNumber {
    static let uriHost = 3, uriPath = 11, contentFormat = 12, uriQuery = 15
  }

  let bytes: RawSpan
  private let optionsOffset: Int
  private let optionsEnd: Int
  let payload: RawSpan

  /// Nil when it is none: all options are walked over.
  @_lifetime(copy bytes)
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= CoAPMessage.headerByteCount, bytes[0] >> 6 == 1 else { return nil }
    let tokenByteCount = Int(bytes[0] & 0x0f)
    let start = CoAPMessage.headerByteCount + tokenByteCount
    // Classes 1, 6 and 7 are reserved (§12.1); an empty message has nothing behind its header.
    let codeClass = bytes[1] >> 5
    let isUsed = codeClass == 0 || codeClass == 2 || codeClass == 4 || codeClass == 5
    guard tokenByteCount <= 8, bytes.byteCount >= start, isUsed else { return nil }
    if bytes[1] == 0 {
      guard bytes.byteCount == CoAPMessage.headerByteCount else { return nil }
    }
    var options = Options(bytes, at: start)
    while options.next() != nil {}
    guard options.isWhole else { return nil }
    self.bytes = bytes
    optionsOffset = start
    optionsEnd = options.position
    payload = bytes.extracting(droppingFirst: options.payloadOffset)
  }

  /// Whether `bytes` are, on whatever port, what phones and modules register with: a POST to a
  /// carrier's host, of `/rd` with a name (OMA LwM2M 1.0 §5.3.1), or of `/nb` with JSON, perhaps in
  /// base64.
  static func isRegistration(_ bytes: RawSpan) -> Bool {
    // Confirmable or not, and POST: little else begins so.
    guard bytes.byteCount >= 12, bytes[0] & 0xE0 == 0x40, bytes[1] == 2,
      let message = CoAPMessage(bytes)
    else { return false }
    if let host = message.value(OptionNumber.uriHost), isCarriers(host) { return true }
    guard let path = message.value(OptionNumber.uriPath), path.byteCount == 2 else { return false }
    if path.hasBytes("rd") {
      var options = message.options
      while let option = options.next() {
        if option.number == OptionNumber.uriQuery, option.value.hasBytes("ep=") { return true }
      }
      return false
    }
    guard path.hasBytes("nb"), message.payload.byteCount >= 16 else { return false }
    return message.payload[0] == 0x7B || message.payload.hasBytes("ey")
      || message.payload.hasBytes("ew")
  }

  private static func isCarriers(_ host: RawSpan) -> Bool {
    host.equalsIgnoringCase("zzhc.vnet.cn") || host.equalsIgnoringCase("m.fxltsbl.com")
      || host.equalsIgnoringCase("shipei.fxltsbl.com")
  }

  /// 0.01 to 0.31: a method (§12.1.1).
  var isRequest: Bool { bytes[1] >> 5 == 0 && bytes[1] != 0 }
  var isPost: Bool { bytes[1] == 2 }
  var messageIdentifier: UInt16 { bytes.load(2) }

  var options: Options {
    @_lifetime(copy self) get { Options(bytes.extracting(first: optionsEnd), at: optionsOffset) }
  }

  struct Option: ~Escapable {
    let number: Int
    let value: RawSpan

    @_lifetime(copy value)
    fileprivate init(number: Int, value: RawSpan) {
      self.number = number
      self.value = value
    }
  }

  /// The options in the order of their numbers (§3.1).
  struct Options: ~Escapable {
    private let bytes: RawSpan
    fileprivate private(set) var position: Int
    private var number = 0
    /// No option goes beyond the message.
    private(set) var isWhole = true

    @_lifetime(copy bytes)
    fileprivate init(_ bytes: RawSpan, at offset: Int) {
      self.bytes = bytes
      position = offset
    }

    /// Behind the marker, or at the end.
    fileprivate var payloadOffset: Int { position < bytes.byteCount ? position + 1 : position }

    @_lifetime(copy self)
    mutating func next() -> Option? {
      guard isWhole, position < bytes.byteCount, bytes[position] != 0xff else {
        // A marker without a payload is an error (§3).
        if position == bytes.byteCount - 1, bytes[position] == 0xff { isWhole = false }
        return nil
      }
      var cursor = position + 1
      guard let delta = extended(bytes[position] >> 4, &cursor),
        let length = extended(bytes[position] & 0x0f, &cursor),
        length <= bytes.byteCount - cursor
      else {
        isWhole = false
        return nil
      }
      number += delta
      position = cursor + length
      return Option(number: number, value: bytes.extracting(cursor..<position))
    }

    private func extended(_ nibble: UInt8, _ cursor: inout Int) -> Int? {
      switch nibble {
      case 13:
        guard cursor < bytes.byteCount else { return nil }
        cursor += 1
        return Int(bytes[cursor - 1]) + 13
      case 14:
        guard bytes.byteCount - cursor >= 2 else { return nil }
        cursor += 2
        return Int(bytes.load(cursor - 2, as: UInt16.self)) + 269
      case 15: return nil
      default: return Int(nibble)
      }
    }
  }

  /// Appends path and query as they stand in a URI (§6.5): `/rd?ep=...`.
  func appendURI(to buffer: inout ByteBuffer) {
    append(CoAPMessage.OptionNumber.uriPath, first: "/", others: "/", to: &buffer)
    append(CoAPMessage.OptionNumber.uriQuery, first: "?", others: "&", to: &buffer)
  }

  /// Appends the path without the first slash.
  func appendPath(to buffer: inout ByteBuffer) {
    append(CoAPMessage.OptionNumber.uriPath, first: "", others: "/", to: &buffer)
  }

  private func append(
    _ number: Int, first: StaticString, others: StaticString, to buffer: inout ByteBuffer
  ) {
    var options = options
    var count = 0
    while let option = options.next() {
      guard option.number == number else { continue }
      buffer.append(count == 0 ? first : others)
      buffer.append(option.value)
      count += 1
    }
  }

  /// The value of the first option with this number.
  @_lifetime(copy self)
  func value(_ number: Int) -> RawSpan? {
    var options = options
    while let option = options.next() {
      if option.number == number { return option.value }
    }
    return nil
  }
}
