import Glibc
import InspectCore

/// The transfer policy as dated text: comma-separated lines of three kinds.
///
///     as_of,2026-11-01
///     transfer,ORIGIN,COUNTRY,CLASS,SINCE,SCOPE,SOURCE
///     severity,RULE,CLASS,SEVERITY
///     weak,KIND
public struct PolicyFile: Sendable {
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let file: String
    public let line: Int
    public let reason: String
    public var description: String {
      line == 0 ? "\(file): \(reason)" : "\(file):\(line): \(reason)"
    }
  }

  /// The day that the table describes, as written.
  public private(set) var asOf = ""
  public private(set) var policy = TransferPolicy()

  /// The policy built into the program, for an origin: `EEA`, `UK`, `CH` or a country.
  public static func builtIn(home: String) throws(Failure) -> PolicyFile {
    try PolicyFile(
      text: String(decoding: PackageResources.transfer_policy_csv, as: UTF8.self),
      name: "built-in policy", home: home)
  }

  public init(path: String, home: String) throws(Failure) {
    guard let file = fopen(path, "re") else {
      throw Failure(file: path, line: 0, reason: systemMessage(errno))
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    guard count < bytes.count else {
      throw Failure(file: path, line: 0, reason: "is larger than a megabyte")
    }
    try self.init(text: String(decoding: bytes[..<count], as: UTF8.self), name: path, home: home)
  }

  init(text: String, name: String, home: String) throws(Failure) {
    let home = home.uppercased()
    let origin = PolicyFile.origin(of: home, in: text)
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map {
        PolicyFile.trimmed($0)
      }
      guard let kind = fields.first, !kind.isEmpty, !kind.hasPrefix("#") else { continue }
      guard take(fields, kind, origin: origin) else {
        throw Failure(file: name, line: number, reason: "cannot be understood: \(line)")
      }
    }
    guard home == "EEA" || home == "UK" || CountryCode(text: home) != nil else {
      throw Failure(
        file: name, line: 0, reason: "'\(home)' is no country (two letters), EEA, UK or CH")
    }
    if let country = CountryCode(text: home == "UK" ? "GB" : home) {
      policy.set(country, .domestic)
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let last = text.last, last == " " || last == "\r" { text.removeLast() }
    while text.first == " " { text.removeFirst() }
    return String(text)
  }

  /// Whose law it is: a country of the EEA has the EEA's.
  private static func origin(of home: String, in text: String) -> String {
    if home == "GB" { return "UK" }
    return text.contains("transfer,EEA,\(home),eea") ? "EEA" : home
  }

  private mutating func take(_ fields: [String], _ kind: String, origin: String) -> Bool {
    switch kind {
    case "as_of" where fields.count >= 2:
      asOf = fields[1]
    case "transfer" where fields.count >= 4:
      guard let country = CountryCode(text: fields[2]),
        let transfer = TransferClass(name: fields[3])
      else { return false }
      if fields[1] == origin { policy.set(country, transfer) }
    case "severity" where fields.count >= 4:
      guard let rule = Rule.allCases.first(where: { "\($0.name)" == fields[1] }),
        let transfer = TransferClass(name: fields[2])
      else { return false }
      let severity = Severity.allCases.first { "\($0.name)" == fields[3] }
      guard severity != nil || fields[3] == "none" else { return false }
      policy.set(rule, transfer, severity)
    case "weak" where fields.count >= 2:
      guard let kind = IdentifierKind.allCases.first(where: { "\($0.name)" == fields[1] }) else {
        return false
      }
      policy.setWeak(kind)
    default:
      return false
    }
    return true
  }
}

extension TransferClass {
  init?(name: String) {
    guard let known = TransferClass.allCases.first(where: { "\($0.name)" == name }) else {
      return nil
    }
    self = known
  }
}
