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
///
/// A file changes the built-in table: each line takes the place of the one for the same country, rule
/// and class, kind or circumstance, and what a file does not say stays. The country `*` takes all
/// built-in countries of its origin away.
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
  /// How many lines of a file take effect, its date left aside; nil for the built-in table alone.
  public private(set) var changes: Int?
  private var bases: [CountryCode: Basis] = [:]

  /// What the class of `country` rests on; nil for a country without a line.
  public func basis(_ country: CountryCode) -> Basis? { bases[country] }

  /// The policy built into the program, for an origin: `EEA`, `UK`, `CH` or a country.
  public static func builtIn(home: String) throws(Failure) -> PolicyFile {
    try PolicyFile(changedBy: nil, home: home)
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
    try self.init(changedBy: Lines(bytes, name: path), home: home)
  }

  /// The built-in table as the lines of `text` change it.
  init(text: String, name: String, home: String) throws(Failure) {
    try self.init(changedBy: Lines(Array(text.utf8), name: name), home: home)
  }

  private init(changedBy file: Lines?, home: String) throws(Failure) {
    let builtIn = Lines(PackageResources.transfer_policy_csv, name: "built-in policy")
    guard let home = HomeCountry(home) else {
      let name = file?.name ?? builtIn.name
      throw Failure(file: name, line: 0, reason: "'\(home)' is no country, EEA, UK or CH")
    }
    // A country of the EEA has the EEA's law.
    let isInEEA = file?.isInEEA(home.name) ?? builtIn.isInEEA(home.name) ?? false
    origin = isInEEA ? "EEA" : home.name
    _ = try take(builtIn)
    if let file {
      if file.clears(origin) || file.clears(home.name) {
        policy.removeCountries()
        bases = [:]
      }
      changes = try take(file) + takeOwn(file, of: home)
    }
    if let country = home.country { policy.set(country, .domestic) }
  }

  /// Takes all lines in; says how many took effect.
  private mutating func take(_ lines: Lines) throws(Failure) -> Int {
    var effective = 0
    for (index, fields) in lines.fields.enumerated() {
      guard let kind = fields.first, !kind.isEmpty, !kind.hasPrefix("#") else { continue }
      switch take(fields, kind) {
      case .success(let hasEffect): effective += hasEffect ? 1 : 0
      case .failure(let wrong):
        throw Failure(file: lines.name, line: index + 1, reason: wrong.reason)
      }
    }
    return effective
  }

  /// What is said of a country of the EEA alone goes before what is said of all. The lines were
  /// looked at.
  private mutating func takeOwn(_ lines: Lines, of home: HomeCountry) -> Int {
    guard home.name != origin else { return 0 }
    var effective = 0
    for fields in lines.fields where fields.first == "transfer" {
      guard HomeCountry(fields[1])?.name == home.name else { continue }
      set(fields)
      effective += 1
    }
    return effective
  }

  /// The fields of a text's lines.
  private struct Lines {
    let name: String
    let fields: [[String]]

    init(_ bytes: [UInt8], name: String) {
      self.name = name
      let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
      fields = PolicyFile.lines(of: hasMark ? Array(bytes.dropFirst(3)) : bytes)
    }

    /// Whether a country has the EEA's law; nil when the text does not say so.
    func isInEEA(_ country: String) -> Bool? {
      let said = fields.last {
        $0.count >= 4 && $0[0] == "transfer" && $0[2] == country && $0[1].uppercased() == "EEA"
      }
      return said.map { $0[3] == "eea" } ?? (clears("EEA") ? false : nil)
    }

    /// Whether the built-in countries of an origin are taken away.
    func clears(_ origin: String) -> Bool {
      fields.contains {
        $0.count >= 4 && $0[0] == "transfer" && $0[2] == "*"
          && HomeCountry($0[1])?.name == origin
      }
    }
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

  /// What is wrong with a line.
  private struct Wrong: Error, ExpressibleByStringInterpolation {
    let reason: String
    init(stringLiteral reason: String) { self.reason = reason }
  }

  /// Takes a line in; says whether it has an effect on the origin.
  private mutating func take(_ fields: [String], _ kind: String) -> Result<Bool, Wrong> {
    switch kind {
    case "as_of":
      guard fields.count >= 2, PolicyFile.isDate(fields[1]) else {
        return .failure("as_of wants a date as 2026-11-01")
      }
      asOf = fields[1]
      return .success(false)
    case "transfer": return takeTransfer(fields)
    case "severity": return takeSeverity(fields)
    case "kind", "weak":
      guard fields.count >= 2, let kind = WatchFile.kinds[fields[1]] else {
        return .failure("'\(fields.dropFirst().first ?? "")' is no kind of personal data")
      }
      guard let steps = fields[0] == "weak" ? -1 : PolicyFile.steps(fields) else {
        return .failure("steps are a number from -3 to 3")
      }
      policy.set(kind, steps: steps)
    case "when":
      let known = TransferPolicy.Circumstance.allCases
      guard fields.count >= 2, let circumstance = known.first(where: { $0.name.isText(fields[1]) })
      else { return .failure("when wants encrypted or correlated") }
      guard let steps = PolicyFile.steps(fields) else {
        return .failure("steps are a number from -3 to 3")
      }
      policy.set(circumstance, steps: steps)
    default:
      return .failure("'\(kind)' is none of as_of, transfer, severity, kind, when")
    }
    return .success(true)
  }

  private mutating func takeTransfer(_ fields: [String]) -> Result<Bool, Wrong> {
    guard fields.count >= 4 else {
      return .failure("transfer wants an origin, a country and a class")
    }
    // Most are written as they are named.
    let giver = fields[1] == origin ? origin : HomeCountry(fields[1])?.name
    guard let giver else { return .failure("origin '\(fields[1])' is no country, EEA, UK or CH") }
    guard fields[2] == "*" || CountryCode(text: fields[2]) != nil else {
      return .failure("'\(fields[2])' is no country code of two capital letters")
    }
    guard fields[2] != "UK" else { return .failure("the code of the United Kingdom is GB") }
    guard let transfer = TransferClass(name: fields[3]) else {
      let names = TransferClass.allCases.map { "\($0.name)" }.joined(separator: ", ")
      return .failure("class '\(fields[3])' is none of \(names)")
    }
    guard fields[2] != "*" || transfer == .thirdCountry else {
      return .failure("countries without a line (*) are third-country")
    }
    guard giver == origin else { return .success(false) }
    set(fields)
    return .success(true)
  }

  /// Takes in what a transfer line says, which was looked at.
  private mutating func set(_ fields: [String]) {
    coversOrigin = true
    guard let country = CountryCode(text: fields[2]), let transfer = TransferClass(name: fields[3])
    else { return }
    policy.set(country, transfer)
    let more = fields.dropFirst(4) + ["", "", ""]
    bases[country] = Basis(
      since: more[more.startIndex], scope: more[more.startIndex + 1],
      source: more[more.startIndex + 2])
  }

  private mutating func takeSeverity(_ fields: [String]) -> Result<Bool, Wrong> {
    guard fields.count >= 4 else {
      return .failure("severity wants a rule, a class and a severity")
    }
    guard let rule = Rule.allCases.first(where: { $0.name.isText(fields[1]) }) else {
      return .failure("'\(fields[1])' is no rule")
    }
    guard let transfer = TransferClass(name: fields[2]) else {
      return .failure("'\(fields[2])' is no transfer class")
    }
    let severity = Severity.allCases.first { $0.name.isText(fields[3]) }
    guard severity != nil || fields[3] == "none" else {
      return .failure("'\(fields[3])' is none of low, medium, high, critical, none")
    }
    policy.set(rule, transfer, severity)
    return .success(true)
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
