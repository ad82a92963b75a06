import CZlib
import Foundation
import InspectCore
import Testing

/// Names and values as senders write them, in every encoding that the finder opens.
enum Encoder: CaseIterable, CustomTestStringConvertible, Sendable {
  case json, jsonNumber, jsonEscaped, jsonInJSON, jsonLines, jsonCut
  case form, formSemicolon, formPercent, query, percentJSON, percentTwice, cookie
  case base64, base64URL, base64CRLF, base64Twice, base64InJSON, dataURI
  case hexadecimal, hexadecimalPairs, csv, csvTabs
  case xml, xmlAttribute, xmlNamed, xmlEntities, xmlCDATA
  case multipart, multipartBase64, multipartQuoted, mail
  case gzip, zlibInBase64, deflateInBase64, gzipInMultipart
  case utf16, utf16Big, utf16InBase64
  case protobuf, protobufInBase64, grpc, msgpack, cbor, bplist, webToken

  var testDescription: String { "\(self)" }

  /// The part of a request that it belongs to.
  var part: MessagePart {
    switch self {
    case .query: .httpURL
    case .cookie: .httpRequestCookie
    case .mail: .smtpMessage
    default: .httpRequestBody
    }
  }

  typealias Field = (key: String, value: String)

  func encode(_ fields: [Field]) -> [UInt8] {
    let padded = [("v", "1.2"), ("model", "TA-1046")] + fields + [("note", "nothing here")]
    let json = Encoder.json(padded)
    let plain = Encoder.form(padded)
    switch self {
    case .json: return Array(json.utf8)
    case .jsonNumber: return Array(Encoder.json(padded, numbers: true).utf8)
    case .jsonEscaped: return Array(Encoder.escapedJSON(padded).utf8)
    case .jsonInJSON: return Array(Encoder.json([("payload", json)]).utf8)
    case .jsonLines: return Array("{\"a\":1}\n\(json)\n".utf8)
    case .jsonCut: return Array(("{\"a\":x," + json.dropFirst()).utf8)
    case .form: return Array(plain.utf8)
    case .formSemicolon: return Array(plain.replacingOccurrences(of: "&", with: ";").utf8)
    case .formPercent: return Array(Encoder.form(padded, escapesAll: true).utf8)
    case .query: return Array("/v1/collect?\(plain)".utf8)
    case .percentJSON: return Array("data=\(Encoder.percent(json))".utf8)
    case .percentTwice:
      return Array("data=\(Encoder.percent(Encoder.percent(json)))".utf8)
    case .cookie:
      return Array(padded.map { "\($0.0)=\(Encoder.percent($0.1))" }.joined(separator: "; ").utf8)
    default: return encodeDeeper(padded, json)
    }
  }

  private func encodeDeeper(_ fields: [Field], _ json: String) -> [UInt8] {
    let base64 = Data(json.utf8).base64EncodedString()
    switch self {
    case .base64: return androidBase64(json)
    case .base64URL:
      return Array(Encoder.urlSafe(base64).utf8)
    case .base64CRLF:
      return Array(
        Data(json.utf8).base64EncodedString(options: [.lineLength76Characters]).utf8)
    case .base64Twice: return Array(Data(base64.utf8).base64EncodedString().utf8)
    case .base64InJSON: return Array(Encoder.json([("data", base64)]).utf8)
    case .dataURI:
      return Array(Encoder.json([("u", "data:application/json;base64,\(base64)")]).utf8)
    case .hexadecimal: return Array(json.utf8.map { Encoder.hex($0) }.joined().utf8)
    case .hexadecimalPairs:
      return Array(json.utf8.map { Encoder.hex($0) }.joined(separator: " ").utf8)
    case .csv: return Encoder.table(fields, ",")
    case .csvTabs: return Encoder.table(fields, "\t")
    case .webToken:
      let header = Encoder.urlSafe(Data(#"{"alg":"HS256","typ":"JWT"}"#.utf8).base64EncodedString())
      return Array(
        "{\"auth\":\"\(header).\(Encoder.urlSafe(base64)).c2lnbmF0dXJlLW9mLW5vYm9keQ\"}".utf8)
    case .xml, .xmlAttribute, .xmlNamed, .xmlEntities, .xmlCDATA: return encodeXML(fields)
    case .multipart, .multipartBase64, .multipartQuoted, .mail, .gzipInMultipart:
      return encodeParts(fields, json)
    default: return encodeBinary(fields, json)
    }
  }

  /// The names, and a row of values (RFC 4180).
  private static func table(_ fields: [Field], _ separator: String) -> [UInt8] {
    let cells = fields.map { field in
      let isPlain = !field.value.contains { "\"\n\(separator)".contains($0) }
      return isPlain ? field.value : "\"\(field.value.replacing("\"", with: "\"\""))\""
    }
    let lines = [fields.map(\.key), cells].map { $0.joined(separator: separator) }
    return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
  }

  private func encodeXML(_ fields: [Field]) -> [UInt8] {
    if self == .xmlAttribute {
      let attributes = fields.map { "\($0.key)=\"\(Encoder.entities($0.value))\"" }
      return Array("<r>\n<p \(attributes.joined(separator: " "))/>\n</r>".utf8)
    }
    let body = fields.map { key, value in
      let text = Encoder.entities(value)
      switch self {
      case .xmlNamed: return "<string name=\"\(key)\">\(text)</string>"
      case .xmlEntities:
        let all = value.unicodeScalars.map { "&#\($0.value);" }.joined()
        return "<\(key)>\(all)</\(key)>"
      case .xmlCDATA: return "<\(key)><![CDATA[\(value)]]></\(key)>"
      default: return "<\(key)>\(text)</\(key)>"
      }
    }.joined(separator: "\n")
    return Array("<?xml version=\"1.0\"?>\n<r xmlns=\"urn:x\">\n\(body)\n</r>".utf8)
  }

  private func encodeParts(_ fields: [Field], _ json: String) -> [UInt8] {
    let boundary = "----FormBoundary7MA4YWxk"
    if self == .mail {
      let text = Encoder.quotedPrintable(json)
      return Array(
        """
        Subject: =?utf-8?Q?R=C3=A9port?=\r
        MIME-Version: 1.0\r
        Content-Type: multipart/mixed; boundary="xx"\r
        \r
        --xx\r
        Content-Type: application/json\r
        Content-Transfer-Encoding: quoted-printable\r
        \r
        \(text)\r
        --xx--\r

        """.utf8)
    }
    if self == .gzipInMultipart {
      let head =
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.gz\"\r\n\r\n"
      return Array(head.utf8) + Zlib.deflate(Array(json.utf8), windowBits: 31)
        + Array("\r\n--\(boundary)--\r\n".utf8)
    }
    var text = ""
    for (key, value) in fields {
      text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(key)\"\r\n"
      switch self {
      case .multipartBase64:
        text += "Content-Transfer-Encoding: base64\r\n\r\n\(Data(value.utf8).base64EncodedString())"
      case .multipartQuoted:
        text +=
          "Content-Transfer-Encoding: quoted-printable\r\n\r\n\(Encoder.quotedPrintable(value))"
      default: text += "\r\n\(value)"
      }
      text += "\r\n"
    }
    return Array((text + "--\(boundary)--\r\n").utf8)
  }

  private func encodeBinary(_ fields: [Field], _ json: String) -> [UInt8] {
    let bytes = Array(json.utf8)
    switch self {
    case .gzip: return Zlib.deflate(bytes, windowBits: 31)
    case .zlibInBase64: return Encoder.base64(Zlib.deflate(bytes, windowBits: 15))
    case .deflateInBase64: return Encoder.base64(Zlib.deflate(bytes, windowBits: -15))
    case .utf16: return json.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    case .utf16Big: return [0xFE, 0xFF] + json.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    case .utf16InBase64:
      return Encoder.base64(json.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    case .protobuf: return BinaryForms.protobuf(fields)
    case .protobufInBase64: return Encoder.base64(BinaryForms.protobuf(fields))
    case .grpc:
      let message = BinaryForms.protobuf(fields)
      return [0, 0, 0, UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    case .msgpack: return BinaryForms.msgpack(fields)
    case .cbor: return BinaryForms.cbor(fields)
    case .bplist: return BinaryForms.bplist(fields)
    default: return bytes
    }
  }

  // MARK: Text forms

  static func json(_ fields: [Field], numbers: Bool = false) -> String {
    let members = fields.map { key, value in
      let isNumber =
        numbers && !value.isEmpty && value.allSatisfy(\.isNumber) && !value.hasPrefix("0")
      return "\"\(key)\":" + (isNumber ? value : "\"\(escape(value))\"")
    }
    return "{\(members.joined(separator: ","))}"
  }

  private static func escape(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
      .replacingOccurrences(of: "\n", with: "\\n")
  }

  static func escapedJSON(_ fields: [Field]) -> String {
    func escaped(_ text: String) -> String {
      text.utf16.map { String(format: "\\u%04x", $0) }.joined()
    }
    let members = fields.map { "\"\(escaped($0.key))\":\"\(escaped($0.value))\"" }
    return "{\(members.joined(separator: ","))}"
  }

  static func form(_ fields: [Field], escapesAll: Bool = false) -> String {
    fields.map { "\($0.key)=\(percent($0.value, all: escapesAll))" }.joined(separator: "&")
  }

  static func percent(_ text: String, all: Bool = false) -> String {
    text.utf8.map { byte -> String in
      let scalar = UnicodeScalar(byte)
      let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
      return isPlain && !all ? String(scalar) : "%" + hex(byte).uppercased()
    }.joined()
  }

  static func hex(_ byte: UInt8) -> String {
    String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
  }

  static func base64(_ bytes: [UInt8]) -> [UInt8] { Array(Data(bytes).base64EncodedString().utf8) }

  static func urlSafe(_ base64: String) -> String {
    base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
  }

  static func entities(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: "\"", with: "&quot;")
  }

  static func quotedPrintable(_ text: String) -> String {
    var result = ""
    var column = 0
    for byte in text.utf8 {
      let isPlain = byte >= 0x21 && byte <= 0x7E && byte != 0x3D
      result += isPlain ? String(UnicodeScalar(byte)) : "=" + hex(byte).uppercased()
      column += isPlain ? 1 : 3
      if column > 70 {
        result += "=\r\n"
        column = 0
      }
    }
    return result
  }
}

/// Binary formats, written by their specifications.
enum BinaryForms {
  static func protobuf(_ fields: [Encoder.Field]) -> [UInt8] {
    func text(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
      precondition(bytes.count < 128 * 128)
      let length =
        bytes.count < 128
        ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127) | 128, UInt8(bytes.count >> 7)]
      return [number << 3 | 2] + length + bytes
    }
    // An integer, and a map of names and values.
    return [0x08, 0x96, 0x01]
      + fields.flatMap { text(3, text(1, Array($0.key.utf8)) + text(2, Array($0.value.utf8))) }
  }

  static func msgpack(_ fields: [Encoder.Field]) -> [UInt8] {
    func text(_ value: String) -> [UInt8] {
      let bytes = Array(value.utf8)
      return (bytes.count < 32 ? [0xA0 | UInt8(bytes.count)] : [0xD9, UInt8(bytes.count)]) + bytes
    }
    return [0x82] + text("d") + [0x80 | UInt8(fields.count)]
      + fields.flatMap { text($0.key) + text($0.value) } + text("n") + [0xCD, 0x01, 0x00]
  }

  static func cbor(_ fields: [Encoder.Field]) -> [UInt8] {
    func text(_ value: String) -> [UInt8] {
      let bytes = Array(value.utf8)
      return (bytes.count < 24 ? [0x60 | UInt8(bytes.count)] : [0x78, UInt8(bytes.count)]) + bytes
    }
    return [0xA2] + text("d") + [0xBF] + fields.flatMap { text($0.key) + text($0.value) } + [0xFF]
      + text("n") + [0x19, 0x01, 0x00]
  }

  static func bplist(_ fields: [Encoder.Field]) -> [UInt8] {
    var bytes = Array("bplist00".utf8)
    var offsets: [Int] = []
    func text(_ value: String) -> [UInt8] {
      let content = Array(value.utf8)
      return content.count < 15
        ? [0x50 | UInt8(content.count)] + content : [0x5F, 0x10, UInt8(content.count)] + content
    }
    offsets.append(bytes.count)
    bytes += fields.count < 15 ? [0xD0 | UInt8(fields.count)] : [0xDF, 0x10, UInt8(fields.count)]
    bytes += (0..<fields.count).map { UInt8(1 + $0) }
    bytes += (0..<fields.count).map { UInt8(1 + fields.count + $0) }
    for part in fields.map(\.key) + fields.map(\.value) {
      offsets.append(bytes.count)
      bytes += text(part)
    }
    let table = bytes.count
    for offset in offsets { bytes += [UInt8(offset >> 8), UInt8(offset & 255)] }
    func long(_ value: Int) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
    return bytes + [0, 0, 0, 0, 0, 0, 2, 1] + long(offsets.count) + long(0) + long(table)
  }
}

enum Zlib {
  /// `windowBits` as zlib has them: 15 zlib, 31 gzip, -15 neither.
  static func deflate(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return [] }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1024)
    let count = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        _ = CZlib.deflate(&stream, Z_FINISH)
        return output.count - Int(stream.avail_out)
      }
    }
    return Array(output.prefix(count))
  }
}
