/// A record of Datagram TLS (RFC 6347 §4.1; `DTLSPlaintext` of RFC 9147 §4). Several may share a
/// datagram.
///
///      0               1               2               3
///     +---------------+-------------------------------+---------------+
///     | Content Type  |            Version            |    Epoch ...
///     +---------------+-------------------------------+---------------+
///      ... Epoch      |   Sequence Number (48) ...
///     +---------------+-----------------------------------------------+
///      ... Sequence Number            |            Length             |
///     +-------------------------------+-------------------------------+
///     | Fragment ...
///
/// What DTLS 1.3 encrypts has another header, which alone says too little to be told.
struct DTLSRecord: ~Escapable {
  private enum Offset {
    static let version = 1, epoch = 3, length = 11, fragment = 13
  }

  let type: TLSContentType
  /// 0 as long as nothing is encrypted.
  let epoch: UInt16
  let fragment: RawSpan
  /// What follows the record in its datagram.
  let rest: RawSpan

  /// Takes the first record off a datagram.
  @_lifetime(copy datagram)
  init(_ datagram: RawSpan) throws(WireError) {
    try datagram.require(Offset.fragment, for: .tls)
    type = TLSContentType(rawValue: datagram[0])
    if case .unknown = type { throw .malformed(.tls, .record) }
    switch datagram.load(Offset.version, as: UInt16.self) {
    // DTLS 1.0, 1.2 (which 1.3 says too), and OpenSSL's before there was an RFC.
    case 0xfeff, 0xfefd, 0x0100: break
    default: throw .malformed(.tls, .version)
    }
    epoch = datagram.load(Offset.epoch)
    let length = Int(datagram.load(Offset.length, as: UInt16.self))
    guard length > 0, length <= TLSRecordHeader.maximumLength else {
      throw .malformed(.tls, .length)
    }
    let end = Offset.fragment + length
    try datagram.require(end, for: .tls)
    fragment = datagram.extracting(Offset.fragment..<end)
    rest = datagram.extracting(droppingFirst: end)
  }
}

/// A handshake message, or a part of it (RFC 6347 §4.2.2).
///
///     type(1)  length(3)  message sequence(2)  fragment offset(3)  fragment length(3)  body
struct DTLSFragment: ~Escapable {
  private enum Offset {
    static let length = 1, sequence = 4, start = 6, byteCount = 9, body = 12
  }

  let type: UInt8
  /// Bytes of the whole message.
  let messageByteCount: Int
  let messageSequence: UInt16
  /// Where `body` lies in the message.
  let offset: Int
  let body: RawSpan

  /// Takes the first part off a record of epoch 0.
  @_lifetime(copy record)
  init(_ record: RawSpan) throws(WireError) {
    try record.require(Offset.body, for: .tls)
    type = record[0]
    messageByteCount = DTLSFragment.number(record, Offset.length)
    messageSequence = record.load(Offset.sequence)
    offset = DTLSFragment.number(record, Offset.start)
    let byteCount = DTLSFragment.number(record, Offset.byteCount)
    guard TLSHandshakeType.isKnown(type), offset + byteCount <= messageByteCount,
      messageByteCount <= TLSConversation.Limit.messageByteCount
    else { throw .malformed(.tls, .length) }
    try record.require(Offset.body + byteCount, for: .tls)
    body = record.extracting(Offset.body..<Offset.body + byteCount)
  }

  private static func number(_ record: RawSpan, _ offset: Int) -> Int {
    Int(record[offset]) << 16 | Int(record.load(offset + 1, as: UInt16.self))
  }
}

/// Whether a datagram is DTLS, whatever the port: nothing but records, and where the first is in
/// clear text, a handshake's.
enum DTLSRecognizer {
  static func recognize(_ datagram: RawSpan) -> Bool {
    guard let first = try? DTLSRecord(datagram) else { return false }
    if first.epoch == 0 {
      guard first.type == .handshake, (try? DTLSFragment(first.fragment)) != nil
      else { return false }
    }
    var rest = first.rest
    // Each record takes bytes, so that this ends.
    while !rest.isEmpty {
      guard let record = try? DTLSRecord(rest) else { return false }
      rest = record.rest
    }
    return true
  }
}

/// A client's hello whose parts come in several datagrams, in any order (RFC 6347 §4.2.3).
struct DTLSHello: ~Copyable {
  private var parts = CryptoStream()
  private var sequence: UInt16?
  private var byteCount = 0

  /// Takes a part in. Those of another message begin anew: a client says its hello again, with the
  /// cookie that it was given.
  mutating func add(_ part: DTLSFragment) {
    if sequence != part.messageSequence || byteCount != part.messageByteCount {
      sequence = part.messageSequence
      byteCount = part.messageByteCount
      parts.removeAll()
    }
    // What finds no room was not seen; the client sends it again.
    _ = parts.add(part.body, at: UInt64(part.offset))
  }

  var isWhole: Bool { sequence != nil && parts.front.byteCount >= byteCount }

  /// The message without its head, as far as it is here.
  var body: RawSpan {
    @_lifetime(borrow self) get {
      parts.front.extracting(first: min(byteCount, parts.front.byteCount))
    }
  }
}
