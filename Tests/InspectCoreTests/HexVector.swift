import Foundation
import Testing

/// A vector of `Vectors/NAME.txt`: a line `# why`, the bytes, and after `=>` what comes of them.
struct HexVector: CustomTestStringConvertible, Sendable {
  var why: String
  var bytes: [UInt8] = []
  var expected = ""

  var testDescription: String { why }

  static func all(in name: String) -> [HexVector] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Vectors/\(name).txt")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    var vectors: [HexVector] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# ") {
        vectors.append(HexVector(why: String(line.dropFirst(2))))
      } else if line.hasPrefix("=> "), !vectors.isEmpty {
        vectors[vectors.count - 1].expected = String(line.dropFirst(3))
      } else if !vectors.isEmpty {
        let digits = line.filter { $0 != " " }.map { $0 }
        vectors[vectors.count - 1].bytes += stride(from: 0, to: digits.count - 1, by: 2)
          .compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
      }
    }
    return vectors
  }
}

/// A vector of `Vectors/finder.txt`.
typealias FindVector = HexVector

extension HexVector {
  static let all = all(in: "finder")
}
