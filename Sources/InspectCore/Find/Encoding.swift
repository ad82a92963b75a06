/// What a value looks like from its first bytes, when they are text.
enum Encoding: Equatable {
  case plain, json, xml, php, url, dataURI, multipart, webToken, base64, base64OfBinary, form
  case percent, hexadecimal, hexadecimalPairs, hexadecimalOfBinary

  init(of value: RawSpan) {
    let count = value.byteCount
    guard count >= 8 else {
      self = .plain
      return
    }
    switch value[0] {
    case 0x7B, 0x5B:
      if JSONReader.begins(value) {
        self = .json
        return
      }
    case 0x22:
      if value[count &- 1] == 0x22 {
        self = .json
        return
      }
    case 0x3C:
      if XMLReader.begins(value) {
        self = .xml
        return
      }
    case 0x2D:
      if Multipart.boundary(of: value) != nil {
        self = .multipart
        return
      }
    case 0x61, 0x4F:
      if PHPSerialized.begins(value) {
        self = .php
        return
      }
    case 0x64, 0x44:
      if DataURI.data(of: value) != nil {
        self = .dataURI
        return
      }
    case 0x68, 0x48:
      if value.hasPrefixIgnoringCase("http://") || value.hasPrefixIgnoringCase("https://") {
        self = .url
        return
      }
    default: break
    }
    self.init(ofCoded: value)
  }

  private init(ofCoded value: RawSpan) {
    if DeviceDetector.isUUID(value) {
      // Its digits and hyphens are symbols of base64.
      self = .plain
    } else if let hexadecimal = Hexadecimal.plausibility(of: value) {
      // Before base64, of which hexadecimal digits are symbols.
      self = hexadecimal == .text ? .hexadecimal : .hexadecimalOfBinary
    } else if HexadecimalPairs.isPlausible(value) {
      self = .hexadecimalPairs
    } else if JSONWebToken.segments(of: value) != nil {
      self = .webToken
    } else if Hexadecimal.begins(value) {
      // A hash: its digits are symbols of base64 by chance.
      self = .plain
    } else if let base64 = Base64.plausibility(of: value) {
      self = base64 == .text ? .base64 : .base64OfBinary
    } else if Form.begins(value, at: 0) {
      self = .form
    } else if PercentEncoding.isPlausible(value) {
      self = .percent
    } else {
      self = .plain
    }
  }
}

/// What decoded bytes are worth a look as.
enum Plausibility {
  case text
  /// They begin as a binary format does, or a compressed one.
  case binary
}

/// What bytes that are no text look like.
enum BinaryEncoding: Equatable {
  case gzip, zlib, deflate, utf16LittleEndian, utf16BigEndian, propertyList, grpc, protobuf
  case messagePack, cbor

  /// Judges by the first bytes, of which there are `total`, and costs little; a walk over all of
  /// them may still find that it is something else. Nil when it is nothing known.
  init?(of bytes: RawSpan, total: Int) {
    guard bytes.byteCount >= 8 else { return nil }
    if let compressed = BinaryEncoding.compressed(bytes) {
      self = compressed
    } else if let endianness = UTF16.endianness(of: bytes) {
      self = endianness
    } else if bytes.hasBytes("bplist0") {
      self = .propertyList
    } else if bytes[0] == 0, Int(bytes.load(1, as: UInt32.self)) == total &- 5 {
      self = .grpc
    } else if ProtobufMessage.mayBegin(bytes, total: total) {
      self = .protobuf
    } else if MessagePack.mayBegin(bytes) {
      self = .messagePack
    } else if CBOR.mayBegin(bytes) {
      self = .cbor
    } else {
      return nil
    }
  }

  /// gzip (RFC 1952 §2.3.1), zlib (RFC 1950 §2.2) with the usual window.
  private static func compressed(_ bytes: RawSpan) -> BinaryEncoding? {
    if bytes[0] == 0x1F, bytes[1] == 0x8B, bytes[2] == 8 { return .gzip }
    if bytes[0] == 0x78, bytes.load(0, as: UInt16.self) % 31 == 0 { return .zlib }
    return nil
  }

  /// A deflate stream (RFC 1951 §3.2.3) has no mark but the type of its first block.
  static func mayBeDeflate(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= 16 && beginsDeflate(bytes[0])
  }

  static func beginsDeflate(_ byte: UInt8) -> Bool { byte & 6 == 2 || byte & 6 == 4 }
}

extension RawSpan {
  /// Whether the first bytes are no text: a control character or no UTF-8 is among them.
  var beginsBinary: Bool {
    let probe = extracting(first: min(byteCount, 64))
    if ByteScan.isPrintable(probe) { return false }
    var judge = TextJudge()
    for index in probe.byteOffsets where !judge.accept(probe[index]) {
      // C programs end what they send with NUL.
      return probe[index] != 0 || index &+ 1 < byteCount
    }
    return false
  }
}
