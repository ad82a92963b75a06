import InspectCore

extension Severity {
  /// The severity of a name, as options, policies and events have it.
  public init?(text: String) {
    guard let known = Severity.allCases.first(where: { $0.text == text }) else { return nil }
    self = known
  }

  public var text: String { "\(name)" }
}
