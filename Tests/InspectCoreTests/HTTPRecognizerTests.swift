import Foundation
import InspectCore
import Testing

@Suite struct HTTPRecognizerTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    var outcome: String
    var bytes: [UInt8]

    var testDescription: String { "\(outcome) \(bytes.map(HTTPScript.escaped).joined())" }
  }

  static var vectors: [Vector] {
    get throws {
      let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Vectors/http-recognizer.txt")
      return try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        .filter { !$0.hasPrefix("#") }
        .map { line in
          let space = line.firstIndex(of: " ")!
          let bytes = HTTPScript.unescaped(line[line.index(after: space)...])
          return Vector(outcome: String(line[..<space]), bytes: bytes)
        }
    }
  }

  private func recognize(_ bytes: some Collection<UInt8>) -> HTTPRecognizer.Outcome {
    let copy = Array(bytes)
    return HTTPRecognizer.recognize(copy.span.bytes)
  }

  @Test(arguments: try HTTPRecognizerTests.vectors)
  func outcomeIsAsExpected(_ vector: Vector) {
    #expect("\(recognize(vector.bytes))" == vector.outcome)
  }

  /// What few bytes say, more bytes never take back.
  @Test(arguments: try HTTPRecognizerTests.vectors)
  func outcomesAreFinal(_ vector: Vector) {
    var before = HTTPRecognizer.Outcome.needMore
    for count in 0...vector.bytes.count {
      let outcome = recognize(vector.bytes.prefix(count))
      if before != .needMore { #expect(outcome == before, "\(count)") }
      before = outcome
    }
  }

  @Test func everyKnownMethodIsRecognized() {
    var rawValue: UInt8 = 1
    while let method = HTTPMethod(rawValue: rawValue) {
      let name = method.name.withUTF8Buffer { Array(unsafe $0) }
      #expect(recognize(name + Array(" /x HTTP/1.1\r\n".utf8)) == .request)
      let found = HTTPMethod(name.span.bytes)
      #expect(found == method)
      rawValue += 1
    }
    #expect(rawValue > 50)
  }

  @Test func aLongTargetIsNotWaitedForForEver() {
    let target = [UInt8](repeating: 0x61, count: 10_000)
    #expect(recognize(Array("GET /".utf8) + target) == .request)
    #expect(recognize(Array("GET /".utf8) + target.prefix(8000)) == .needMore)
  }
}

@Suite struct HTTPAuthorityTests {
  @Test(
    arguments: [
      ("a.example", "a.example", nil), ("a.example:80", "a.example", 80), ("a:", "a", nil),
      ("[::1]", "[::1]", nil), ("[::1]:8080", "[::1]", 8080), ("::1", ":", 1),
      ("a:65536", "a:65536", nil), ("a:b", "a:b", nil), (":5", "", 5), ("", "", nil),
      ("]", "]", nil),
      ("a:99999999999999999999", "a:99999999999999999999", nil),
    ] as [(String, String, UInt16?)])
  func portsAreSplitOff(_ text: String, _ host: String, _ port: UInt16?) {
    let bytes = Array(text.utf8)
    let authority = HTTPAuthority(bytes.span.bytes)
    let hostBytes = authority.host.byteOffsets.map { authority.host[$0] }
    let found = authority.port
    #expect(hostBytes == Array(host.utf8))
    #expect(found == port)
  }
}
