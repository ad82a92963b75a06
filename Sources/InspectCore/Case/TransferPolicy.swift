/// What a transfer of personal data to a country is under the law of its origin.
public enum TransferClass: UInt8, CaseIterable, Sendable {
  case domestic, eea, adequate, conditional, thirdCountry, unknown

  /// The name in events and policy files.
  public var name: StaticString {
    switch self {
    case .domestic: "domestic"
    case .eea: "eea"
    case .adequate: "adequate"
    case .conditional: "conditional"
    case .thirdCountry: "third-country"
    case .unknown: "unknown"
    }
  }

  /// Whether the data leaves the area whose law protects it.
  public var crossesBorder: Bool {
    switch self {
    case .adequate, .conditional, .thirdCountry: true
    case .domestic, .eea, .unknown: false
    }
  }
}

public enum Severity: UInt8, CaseIterable, Comparable, Sendable {
  case low, medium, high, critical

  /// The name in events, policy files and options.
  public var name: StaticString {
    switch self {
    case .low: "low"
    case .medium: "medium"
    case .high: "high"
    case .critical: "critical"
    }
  }

  public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

  /// So many steps worse, or better when negative; neither beyond `critical` nor below `low`.
  func moved(by steps: Int) -> Severity {
    let step = min(max(Int(rawValue) + steps, 0), Int(Severity.critical.rawValue))
    return Severity(rawValue: UInt8(step)) ?? .critical
  }
}

/// The rules that raise alerts.
public enum Rule: UInt8, CaseIterable, Sendable {
  case personalDataCleartext, personalDataCrossBorder, unlockCorrelatedTransfer
  case protectedIdentifier, withdrawnConsent, selfRegistration

  /// The name in events and policy files.
  public var name: StaticString {
    switch self {
    case .personalDataCleartext: "personal-data-cleartext"
    case .personalDataCrossBorder: "personal-data-cross-border"
    case .unlockCorrelatedTransfer: "unlock-correlated-transfer"
    case .protectedIdentifier: "protected-identifier"
    case .withdrawnConsent: "withdrawn-consent"
    case .selfRegistration: "self-registration"
    }
  }
}

/// The law of transfers as dated data: which country is what for an origin, and how grave a finding
/// is. The program reads it from a file; nothing of it is in code.
///
/// A severity is that of the rule and the transfer's class, moved by the steps of what was sent, and
/// of the circumstances.
public struct TransferPolicy: Sendable {
  /// What makes the same finding graver or less grave.
  public enum Circumstance: UInt8, CaseIterable, Sendable {
    /// Nobody on the way could read it.
    case encrypted
    /// The host is called at each unlock of the screen, and received personal data.
    case correlated

    /// The name in policy files.
    public var name: StaticString {
      switch self {
      case .encrypted: "encrypted"
      case .correlated: "correlated"
      }
    }
  }

  public struct Country: Sendable {
    public var code: CountryCode
    public var transfer: TransferClass

    public init(code: CountryCode, transfer: TransferClass) {
      self.code = code
      self.transfer = transfer
    }
  }

  /// For the origin of this run.
  private var countries: [Country] = []
  /// By rule and transfer class; nil raises no alert.
  private var severities = InlineArray<36, Severity?>(repeating: nil)
  /// By kind of personal data: what it identifies less directly counts less.
  private var kindSteps = InlineArray<32, Int8>(repeating: 0)
  private var circumstanceSteps = InlineArray<2, Int8>(repeating: 0)

  public init() {}

  public mutating func set(_ country: CountryCode, _ transfer: TransferClass) {
    if let index = countries.firstIndex(where: { $0.code == country }) {
      countries[index].transfer = transfer
    } else {
      countries.append(Country(code: country, transfer: transfer))
    }
  }

  /// Takes all decisions away.
  public mutating func removeCountries() { countries.removeAll() }

  public mutating func set(_ rule: Rule, _ transfer: TransferClass, _ severity: Severity?) {
    severities[Int(rule.rawValue) * TransferClass.allCases.count + Int(transfer.rawValue)] =
      severity
  }

  public mutating func set(_ kind: IdentifierKind, steps: Int8) {
    kindSteps[Int(kind.rawValue)] = steps
  }

  public mutating func set(_ circumstance: Circumstance, steps: Int8) {
    circumstanceSteps[Int(circumstance.rawValue)] = steps
  }

  /// A country that is not listed has no decision.
  public func transfer(to country: CountryCode?) -> TransferClass {
    guard let country else { return .unknown }
    for known in countries where known.code == country { return known.transfer }
    return .thirdCountry
  }

  /// How grave a finding of these kinds is; nil raises no alert. Of several kinds the gravest counts.
  public func severity(
    _ rule: Rule, _ transfer: TransferClass, _ kinds: KindSet, isEncrypted: Bool = false,
    isCorrelated: Bool = false
  ) -> Severity? {
    let place = Int(rule.rawValue) * TransferClass.allCases.count + Int(transfer.rawValue)
    guard let base = severities[place] else { return nil }
    var steps: Int?
    for kind in IdentifierKind.allCases where kinds.contains(kind) {
      steps = max(steps ?? Int.min, Int(kindSteps[Int(kind.rawValue)]))
    }
    var sum = steps ?? 0
    if isEncrypted { sum += Int(circumstanceSteps[0]) }
    if isCorrelated { sum += Int(circumstanceSteps[1]) }
    return base.moved(by: sum)
  }
}

/// Kinds of personal data, as a set.
public struct KindSet: Hashable, Sendable {
  public private(set) var rawValue: UInt64 = 0

  public init() {}

  public mutating func insert(_ kind: IdentifierKind) { rawValue |= 1 << UInt64(kind.rawValue) }
  public mutating func formUnion(_ other: KindSet) { rawValue |= other.rawValue }
  public func contains(_ kind: IdentifierKind) -> Bool {
    rawValue >> UInt64(kind.rawValue) & 1 != 0
  }
  public var isEmpty: Bool { rawValue == 0 }
}
