import InspectCore

/// What a run was asked to do: the options that `analyze` and `live` share.
public struct InspectionOptions: Sendable {
  /// A device that the user named.
  public struct NamedDevice: Sendable {
    public var name: String
    public var device: CaseConfiguration.NamedDevice

    /// Reads `NAME=ADDR[,ADDR]`; nil when it is something else.
    public init?(_ text: String) {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
      name = String(text[..<equals])
      device = CaseConfiguration.NamedDevice(macs: [], addresses: [])
      for part in text[text.index(after: equals)...].split(separator: ",") {
        if let mac = MACAddress(text: String(part)) {
          device.macs.append(mac)
        } else if let address = IPAddress(text: String(part)) {
          device.addresses.append(address)
        } else {
          return nil
        }
      }
      guard !device.macs.isEmpty || !device.addresses.isEmpty else { return nil }
    }
  }

  public var evePath: String?
  public var events: Set<EventType> = [.alert, .stats]
  public var unlockLogs: [String] = []
  /// The plan of a randomised experiment, by which the unlocks were made.
  public var experimentPath: String?
  public var infersUnlocks = false
  public var devices: [NamedDevice] = []
  /// Empty: `defaultLocal`.
  public var local: [CIDR] = []
  public var home = "EEA"
  public var policyPath: String?
  /// Empty: the default database, if there.
  public var geoPaths: [String] = []
  public var watchLists: [String] = []
  public var watchKeyPath: String?
  /// Whether wrong lines of watch lists are left out.
  public var watchesLeniently = false
  public var filter: String?
  /// How much memory the inspector may take.
  public var limits = InspectorLimits()
  public var reveals = false
  public var hashesBodies = false
  /// Packets with a wrong checksum are not believed.
  public var verifiesChecksums = false
  /// Where an HTML report goes.
  public var reportPath: String?
  /// The folder for evidence.
  public var evidencePath: String?
  /// Whether something is made of the run's own events at its end.
  var needsRecord: Bool { reportPath != nil || evidencePath != nil }

  public init() {}

  /// Private, link-local and unique-local ranges (RFC 1918, 3927, 4193, 4291, 6598), and loopback.
  public static let defaultLocal: [CIDR] = [
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
    "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128",
  ].compactMap { CIDR(text: $0) }
}
