import FoundationEssentials

/// What a report is made of: the alerts and the last statistics among EVE lines, of this program's
/// making. Events of other types, and fields that it does not know, are passed over.
public struct RecordedEvents: Sendable {
  /// A line that is no event.
  public struct Damage: Sendable, CustomStringConvertible {
    public let file: String
    /// From 1.
    public let line: Int
    public let reason: String
    public var description: String { "\(file): line \(line): \(reason)" }
  }

  public private(set) var alerts: [RecordedAlert] = []
  public private(set) var stats: RecordedStats?
  /// How many lines were events of any type.
  public private(set) var eventCount = 0
  /// The first lines that were none, at most a hundred, and how many there are.
  public private(set) var damages: [Damage] = []
  public private(set) var damageCount = 0

  private static let damagesKept = 100

  public init() {}

  /// Takes the events of a file in, one JSON object a line.
  public mutating func add(_ bytes: [UInt8], file: String) {
    let decoder = JSONDecoder()
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard line.contains(where: { $0 > 0x20 }) else { continue }
      do {
        try add(Data(line), decoder)
        eventCount += 1
      } catch {
        damageCount += 1
        if damages.count < RecordedEvents.damagesKept {
          damages.append(Damage(file: file, line: number, reason: RecordedEvents.reason(error)))
        }
      }
    }
  }

  private mutating func add(_ line: Data, _ decoder: JSONDecoder) throws {
    switch try decoder.decode(EventHead.self, from: line).event_type {
    case "alert":
      // An alert of another program has no `inspect`.
      if try decoder.decode(InspectHead.self, from: line).inspect != nil {
        alerts.append(try decoder.decode(RecordedAlert.self, from: line))
      }
    case "stats": stats = try decoder.decode(RecordedStats.self, from: line)
    default: break
    }
  }

  /// In one line, without the content of the event.
  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "no JSON object" }
    switch error {
    case .keyNotFound(let key, _): return "no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of another type"
    case .dataCorrupted: return "no JSON object"
    @unknown default: return "no JSON object"
    }
  }
}

// The names below are those of the events.

private struct EventHead: Decodable {
  let event_type: String
}

private struct InspectHead: Decodable {
  struct Inspect: Decodable {}
  let inspect: Inspect?
}

/// An `alert` event.
public struct RecordedAlert: Decodable, Sendable {
  struct Inspect: Decodable {
    let rule: String
    let severity: String
    let device: Device
    let destination: Destination
    let personal_data: [Item]?
    let unlock: Unlock?
    let encrypted: Bool
    let count: Int?
    let explanation: String
  }

  struct Device: Decodable, Hashable {
    let mac: String?
    let ip: String?
    let name: String?
  }

  struct Destination: Decodable {
    let ip: String
    let port: Int?
    let host: String?
    let host_from: String?
    let country: String?
    let registered_country: String?
    let asn: Int?
    let as_org: String?
    let transfer: String
    let geo_confidence: String?
  }

  struct Item: Decodable, Hashable {
    let kind: String
    let `where`: String
    let path: String
    let offset: Int?
    let value: String
    let hmac: String?
    let confidence: String
    let watched: String?
    let precision_m: Int?
  }

  struct Unlock: Decodable {
    let unlocks: Int
    let followed: Int
    let sends: Int
    let sends_after_unlock: Int
    let expected: Double?
    let lift: Double?
    let window_s: Double?
    let lag_median_s: Double?
    let lag_iqr_s: Double?
    let e_value: Double?
    let p_value: Double?
    let q_value: Double?
    let clock_offset_s: Double?
    let clock_uncertainty_s: Double?
  }

  let timestamp: String
  let proto: String?
  let pcap_filename: String?
  let inspect: Inspect
}

/// The `stats` event at the end of a run.
public struct RecordedStats: Decodable, Sendable {
  struct Stats: Decodable {
    let capture: [String: Count]?
    let decoder: [String: Count]?
    let flow: [String: Count]?
    let tcp: [String: Count]?
    let app_layer: [String: Count]?
    let payload: [String: Count]?
    let findings: [String: Count]?
    let run: RunDescription?
  }

  /// A number; nil for a member that is something else.
  struct Count: Decodable {
    let value: Int?

    init(from decoder: any Decoder) throws {
      value = try? decoder.singleValueContainer().decode(Int.self)
    }
  }

  let timestamp: String
  let stats: Stats
}
