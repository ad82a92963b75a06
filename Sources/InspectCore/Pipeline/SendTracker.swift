/// When a flow's client sent something that is not yet attributed to a host.
///
/// What counts for the correlation with unlocks is the beginning of a burst: a connection, or data
/// after silence. Retransmissions are none. Who the burst went to is known only when a name was
/// seen, so the time waits here until then.
struct SendState {
  /// Silence after which data begins a new burst (domain knowledge: apps send in bursts; two seconds
  /// join the packets of one).
  static var burstGap: Int64 { 2_000_000_000 }

  // `never` where there is none: optional times would take twice the room.
  private var begun = SendState.never
  private var latest = SendState.never

  private static var never: Timestamp { Timestamp(nanoseconds: .min) }

  init() {}

  /// When the burst began that waits for its host.
  var pending: Timestamp? { begun == SendState.never ? nil : begun }

  /// The client sent something at `time`; returns a burst that must be attributed first.
  @inline(__always)
  mutating func sent(at time: Timestamp) -> Timestamp? {
    let last = latest
    latest = max(last, time)
    if last != SendState.never, time.nanoseconds(since: last) <= SendState.burstGap { return nil }
    defer { begun = time }
    return pending
  }

  /// The burst that waits, which is attributed now.
  mutating func attribute() -> Timestamp? {
    defer { begun = SendState.never }
    return pending
  }
}
