import Glibc
import InspectCore

/// The transfer policy as dated text: comma-separated lines of these kinds.
///
///     as_of,2026-11-01
///     transfer,ORIGIN,COUNTRY,CLASS,SINCE,SCOPE,SOURCE
///     severity,RULE,CLASS,SEVERITY
///     kind,KIND,STEPS
///     when,CIRCUMSTANCE,STEPS
///
/// `weak,KIND` is an older way to say `kind,KIND,-1`.
public struct PolicyFile: Sendable {
  public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
    public let file: String
    public let line: Int
    public let reason: String
    public var description: String {
      line == 0 ? "\(file): \(reason)" : "\(file):\(line): \(reason)"
    }
  }

  /// What a country's class rests on, as written.
  public struct Basis: Sendable {
    public let since: String
    public let scope: String
    public let source: String
  }

  /// The day that the table describes, as written.
  public private(set) var asOf = ""
  public private(set) var policy = TransferPolicy()
  /// Whose law it is: `EEA`, `UK`, `CH` or a country.
  public let origin: String
  /// Whether the table has any transfer line for the origin.
  public private(set) var coversOrigin = false
  private var bases: [CountryCode: Basis] = [:]

  /// What the class of `country` rests on; nil for a country without a line.
  public func basis(_ country: CountryCode) -> Basis? { bases[country] }

  /// The policy built into the program, for an origin: `EEA`, `UK`, `CH` or a country.
  public static func builtIn(home: String) throws(Failure) -> PolicyFile {
    try PolicyFile(
      bytes: PackageResources.transfer_policy_csv, name: "built-in policy", home: home)
  }

  public init(path: String, home: String) throws(Failure) {
    guard let file = fopen(path, "re") else {
      throw Failure(file: path, line: 0, reason: systemMessage(errno))
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else {
      throw Failure(file: path, line: 0, reason: systemMessage(errno))
    }
    guard count < bytes.count else {
      throw Failure(file: path, line: 0, reason: "is larger than a megabyte")
    }
    bytes.removeLast(bytes.count - count)
    try self.init(bytes: bytes, name: path, home: home)
  }

  init(text: String, name: String, home: String) throws(Failure) {
    try self.init(bytes: Array(text.utf8), name: name, home: home)
  }

  private init(bytes: [UInt8], name: String, home: String) throws(Failure) {
    guard let home = HomeCountry(home) else {
      throw Failure(file: name, line: 0, reason: "'\(home)' is no country, EEA, UK or CH")
    }
    let lines = PolicyFile.lines(of: bytes)
    // A country of the EEA has the EEA's law.
    let isInEEA = lines.contains {
      $0.count >= 4 && $0[0] == "transfer" && $0[1] == "EEA" && $0[2] == home.name && $0[3] == "eea"
    }
    origin = isInEEA ? "EEA" : home.name
    for (index, fields) in lines.enumerated() {
      guard let kind = fields.first, !kind.isEmpty, !kind.hasPrefix("#") else { continue }
      if let reason = take(fields, kind) {
        throw Failure(file: name, line: index + 1, reason: reason)
      }
    }
    if let country = home.country { policy.set(country, .domestic) }
  }

  /// The fields of each line, without blanks around them. By bytes: this is read at every start.
  private static func lines(of bytes: [UInt8]) -> [[String]] {
    var lines: [[String]] = []
    var fields: [String] = []
    var start = 0
    for end in 0...bytes.count {
      let byte = end < bytes.count ? bytes[end] : UInt8(ascii: "\n")
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") else { continue }
      fields.append(trimmed(bytes, start, end))
      start = end + 1
      guard byte == UInt8(ascii: "\n") else { continue }
      lines.append(fields)
      fields.removeAll()
    }
    return lines
  }

  private static func trimmed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> String {
    func isBlank(_ byte: UInt8) -> Bool { byte.isASCIISpaceOrTab || byte == UInt8(ascii: "\r") }
    var (start, end) = (start, end)
    while start < end, isBlank(bytes[start]) { start += 1 }
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Takes a line in; returns what is wrong with it.
  private mutating func take(_ fields: [String], _ kind: String) -> String? {
    switch kind {
    case "as_of":
      guard fields.count >= 2, PolicyFile.isDate(fields[1]) else {
        return "as_of wants a date as 2026-11-01"
      }
      asOf = fields[1]
    case "transfer": return takeTransfer(fields)
    case "severity": return takeSeverity(fields)
    case "kind", "weak":
      guard fields.count >= 2, let kind = WatchFile.kinds[fields[1]] else {
        return "'\(fields.dropFirst().first ?? "")' is no kind of personal data"
      }
      guard let steps = fields[0] == "weak" ? -1 : PolicyFile.steps(fields) else {
        return "steps are a number from -3 to 3"
      }
      policy.set(kind, steps: steps)
    case "when":
      let known = TransferPolicy.Circumstance.allCases
      guard fields.count >= 2, let circumstance = known.first(where: { $0.name.isText(fields[1]) })
      else { return "when wants encrypted or correlated" }
      guard let steps = PolicyFile.steps(fields) else { return "steps are a number from -3 to 3" }
      policy.set(circumstance, steps: steps)
    default:
      return "'\(kind)' is none of as_of, transfer, severity, kind, when"
    }
    return nil
  }

  private mutating func takeTransfer(_ fields: [String]) -> String? {
    guard fields.count >= 4 else { return "transfer wants an origin, a country and a class" }
    guard fields[1] == origin || HomeCountry(fields[1]) != nil else {
      return "origin '\(fields[1])' is no country, EEA, UK or CH"
    }
    guard let country = CountryCode(text: fields[2]) else {
      return "'\(fields[2])' is no country code of two capital letters"
    }
    guard let transfer = TransferClass(name: fields[3]) else {
      let names = TransferClass.allCases.map { "\($0.name)" }.joined(separator: ", ")
      return "class '\(fields[3])' is none of \(names)"
    }
    guard fields[1] == origin else { return nil }
    coversOrigin = true
    policy.set(country, transfer)
    let more = fields.dropFirst(4) + ["", "", ""]
    bases[country] = Basis(
      since: more[more.startIndex], scope: more[more.startIndex + 1],
      source: more[more.startIndex + 2])
    return nil
  }

  private mutating func takeSeverity(_ fields: [String]) -> String? {
    guard fields.count >= 4 else { return "severity wants a rule, a class and a severity" }
    guard let rule = Rule.allCases.first(where: { $0.name.isText(fields[1]) }) else {
      return "'\(fields[1])' is no rule"
    }
    guard let transfer = TransferClass(name: fields[2]) else {
      return "'\(fields[2])' is no transfer class"
    }
    let severity = Severity.allCases.first { $0.name.isText(fields[3]) }
    guard severity != nil || fields[3] == "none" else {
      return "'\(fields[3])' is none of low, medium, high, critical, none"
    }
    policy.set(rule, transfer, severity)
    return nil
  }

  private static func steps(_ fields: [String]) -> Int8? {
    guard fields.count >= 3, let steps = Int8(fields[2]), (-3...3).contains(steps) else {
      return nil
    }
    return steps
  }

  private static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, let month = Int(parts[1]), let day = Int(parts[2])
    else { return false }
    return Int(parts[0]) != nil && (1...12).contains(month) && (1...31).contains(day)
  }
}

extension TransferClass {
  init?(name: String) {
    guard let known = TransferClass.allCases.first(where: { $0.name.isText(name) }) else {
      return nil
    }
    self = known
  }
}

/// Where the law comes from, and the capture if it is a country.
public struct HomeCountry: Sendable {
  /// `EEA`, `UK`, `CH` or a country's code.
  public let name: String
  /// Nil for the EEA.
  public let country: CountryCode?

  /// Nil for anything else than `EEA`, `UK` and the codes of ISO 3166-1, in either case.
  public init?(_ text: String) {
    let text = text.uppercased()
    if text == "EEA" {
      name = text
      country = nil
      return
    }
    let code = text == "UK" ? "GB" : text
    guard let country = CountryCode(text: code), HomeCountry.has(code) else {
      return nil
    }
    name = code == "GB" ? "UK" : code
    self.country = country
  }

  /// ISO 3166-1, as of 2026, and `XK`, which the United Nations do not list but registries use.
  private static let codes: StaticString =
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """

  private static func has(_ code: String) -> Bool {
    codes.withUTF8Buffer { codes in
      stride(from: 0, to: codes.count, by: 3).contains { start in
        codes[start..<start + 2].elementsEqual(code.utf8)
      }
    }
  }
}

extension StaticString {
  /// Whether it says the same, without making a string of it.
  func isText(_ text: String) -> Bool {
    withUTF8Buffer { $0.elementsEqual(text.utf8) }
  }
}
