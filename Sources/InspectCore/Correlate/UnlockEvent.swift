/// What a phone's log says happened to its screen.
public enum UnlockKind: UInt8, Sendable, CaseIterable {
  /// The keyguard was dismissed: the owner is in.
  case unlock
  /// The screen lit up. A notification does that too, so it is no unlock.
  case screenOn
  case screenOff
  case lock
  /// The phone started, or was unlocked for the first time after that.
  case boot
}

/// One line of an unlock log.
public struct UnlockEvent: Hashable, Sendable {
  public var time: Timestamp
  public var kind: UnlockKind
  /// How far the true time may lie from `time`, on either side, in nanoseconds.
  public var precision: Int64

  public init(time: Timestamp, kind: UnlockKind, precision: Int64) {
    self.time = time
    self.kind = kind
    self.precision = precision
  }
}

/// Tells where a burst of sends begins: what a phone sends within two seconds of its last send to
/// the same destination is one act, not several pieces of evidence.
public struct Bursts: Sendable {
  /// Times closer than this to the one before belong to its burst, in nanoseconds (2 s).
  public static let gap: Int64 = 2_000_000_000

  private var last: Timestamp?

  public init() {}

  /// Whether `time` begins a burst. Times come in order; one from the past belongs to the burst.
  public mutating func begins(at time: Timestamp) -> Bool {
    guard let last else {
      self.last = time
      return true
    }
    self.last = max(last, time)
    return time.nanoseconds(since: last) >= Bursts.gap
  }

  /// The beginnings of the bursts in `times`, which are sorted.
  public static func collapse(_ times: [Timestamp]) -> [Timestamp] {
    var bursts = Bursts()
    return times.filter { bursts.begins(at: $0) }
  }
}
