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

  /// One step worse; `critical` stays.
  var raised: Severity { Severity(rawValue: rawValue + 1) ?? .critical }
  /// One step better; `low` stays.
  var lowered: Severity { rawValue == 0 ? .low : Severity(rawValue: rawValue - 1) ?? .low }
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
public struct TransferPolicy: Sendable {
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
  /// A bit for each kind that identifies a person less directly.
  private var weakKinds: UInt64 = 0

  public init() {}

  public mutating func set(_ country: CountryCode, _ transfer: TransferClass) {
    if let index = countries.firstIndex(where: { $0.code == country }) {
      countries[index].transfer = transfer
    } else {
      countries.append(Country(code: country, transfer: transfer))
    }
  }

  public mutating func set(_ rule: Rule, _ transfer: TransferClass, _ severity: Severity?) {
    severities[Int(rule.rawValue) * TransferClass.allCases.count + Int(transfer.rawValue)] =
      severity
  }

  public mutating func setWeak(_ kind: IdentifierKind) { weakKinds |= 1 << UInt64(kind.rawValue) }

  /// A country that is not listed has no decision.
  public func transfer(to country: CountryCode?) -> TransferClass {
    guard let country else { return .unknown }
    for known in countries where known.code == country { return known.transfer }
    return .thirdCountry
  }

  /// How grave a finding of these kinds is; nil raises no alert. Kinds that all are weak count one
  /// step less.
  public func severity(_ rule: Rule, _ transfer: TransferClass, _ kinds: KindSet) -> Severity? {
    let place = Int(rule.rawValue) * TransferClass.allCases.count + Int(transfer.rawValue)
    guard let base = severities[place] else { return nil }
    let isWeak = kinds.rawValue != 0 && kinds.rawValue & ~weakKinds == 0
    return isWeak ? base.lowered : base
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
