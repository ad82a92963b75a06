/// How much work and memory one message may cost. Each is a count of bytes where nothing else is
/// said.
public struct FinderLimits: Sendable {
  /// The most layers in each other, that is elements of a path (`form:q > base64 > json:x` has 3).
  public var depth = 8
  /// The most that all layers of a message may decode to.
  public var decodedBytes = 1 << 20
  /// The most values (leaves and containers) of a message.
  public var nodes = 1 << 18
  /// The longest path; a longer one is cut.
  public var pathBytes = 256
  /// The most findings of a message, counted in findings. A quarter of them may be of low confidence.
  public var findings = 64
  /// The longest value of a finding; a longer one is cut.
  public var valueBytes = 256
  /// The most compressed layers of a message, inside each other or beside.
  public var compressedLayers = 8
  /// The most values of a message that are remembered because they may be identifiers (`candidate`).
  public var candidates = 16
  /// Memory of a layer that is kept for the next message.
  public var keptBytes = 1 << 16

  public init() {}
}

/// Which limits a message met.
public struct FinderLimitSet: RawRepresentable, Equatable, Sendable {
  public private(set) var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static var depth: Self { Self(rawValue: 1) }
  public static var decodedBytes: Self { Self(rawValue: 2) }
  public static var nodes: Self { Self(rawValue: 4) }
  public static var path: Self { Self(rawValue: 8) }
  public static var findings: Self { Self(rawValue: 16) }
  /// Containers of one JSON text, or elements of an XML text, in each other.
  public static var nesting: Self { Self(rawValue: 32) }
  public static var compressedLayers: Self { Self(rawValue: 64) }

  public var isEmpty: Bool { rawValue == 0 }
  /// Whether all was looked at: paths may be cut.
  var areOfPathOnly: Bool { rawValue & ~Self.path.rawValue == 0 }
  public func contains(_ other: Self) -> Bool { rawValue & other.rawValue == other.rawValue }
  public mutating func insert(_ other: Self) { rawValue |= other.rawValue }
}

/// What a finder has done since it was made: the proof of coverage.
public struct FinderCounters: Equatable, Sendable {
  public internal(set) var messages: UInt64 = 0
  public internal(set) var bytes: UInt64 = 0
  public internal(set) var decodedBytes: UInt64 = 0
  public internal(set) var nodes: UInt64 = 0
  public internal(set) var findings: UInt64 = 0
  /// Messages that met the limit of this name.
  public internal(set) var depthLimits: UInt64 = 0
  public internal(set) var decodedBytesLimits: UInt64 = 0
  public internal(set) var nodesLimits: UInt64 = 0
  public internal(set) var pathLimits: UInt64 = 0
  public internal(set) var findingsLimits: UInt64 = 0
  public internal(set) var nestingLimits: UInt64 = 0
  public internal(set) var compressedLayersLimits: UInt64 = 0
  /// Messages that met any of these but the path's, so that not all of them was looked at.
  public internal(set) var limitedMessages: UInt64 = 0
  /// Compressed layers that nobody could undo.
  public internal(set) var undecodedLayers: UInt64 = 0

  public init() {}

  mutating func add(_ other: FinderCounters) {
    messages &+= other.messages
    bytes &+= other.bytes
    decodedBytes &+= other.decodedBytes
    nodes &+= other.nodes
    findings &+= other.findings
    depthLimits &+= other.depthLimits
    decodedBytesLimits &+= other.decodedBytesLimits
    nodesLimits &+= other.nodesLimits
    pathLimits &+= other.pathLimits
    findingsLimits &+= other.findingsLimits
    nestingLimits &+= other.nestingLimits
    compressedLayersLimits &+= other.compressedLayersLimits
    limitedMessages &+= other.limitedMessages
    undecodedLayers &+= other.undecodedLayers
  }

  mutating func count(_ facts: borrowing MessageFacts, bytes: Int) {
    messages &+= 1
    self.bytes &+= UInt64(bytes)
    decodedBytes &+= UInt64(facts.decodedBytes)
    nodes &+= UInt64(facts.nodes)
    findings &+= UInt64(facts.findings)
    if facts.limits.contains(.depth) { depthLimits &+= 1 }
    if facts.limits.contains(.decodedBytes) { decodedBytesLimits &+= 1 }
    if facts.limits.contains(.nodes) { nodesLimits &+= 1 }
    if facts.limits.contains(.path) { pathLimits &+= 1 }
    if facts.limits.contains(.findings) { findingsLimits &+= 1 }
    if facts.limits.contains(.nesting) { nestingLimits &+= 1 }
    if facts.limits.contains(.compressedLayers) { compressedLayersLimits &+= 1 }
    if !facts.limits.areOfPathOnly { limitedMessages &+= 1 }
    undecodedLayers &+= UInt64(facts.undecodedLayers)
  }
}
