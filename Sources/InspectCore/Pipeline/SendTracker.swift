/// When a flow's client sent something that is not yet attributed to a host.
///
/// What counts for the correlation with unlocks is the beginning of a burst: a connection, or data
/// after silence. Retransmissions are none. Who the burst went to is known only when a name was
/// seen, so the time waits here until then.
struct SendState {
  /// Silence after which data begins a new burst (domain knowledge: apps send in bursts; two seconds
  /// join the packets of one).
  static var burstGap: Int64 { 2_000_000_000 }

  /// When the burst began that waits for its host.
  private(set) var pending: Timestamp?
  private var latest: Timestamp?

  init() {}

  /// The client sent something at `time`; returns a burst that must be attributed first.
  mutating func sent(at time: Timestamp) -> Timestamp? {
    defer { latest = max(latest ?? time, time) }
    if let latest, time.nanoseconds(since: latest) <= SendState.burstGap { return nil }
    defer { pending = time }
    return pending
  }

  /// The burst that waits, which is attributed now.
  mutating func attribute() -> Timestamp? {
    defer { pending = nil }
    return pending
  }
}
