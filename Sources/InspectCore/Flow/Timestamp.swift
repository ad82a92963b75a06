/// A moment on the capture's clock: nanoseconds since 1970-01-01 00:00:00 UTC.
///
/// It always comes from a packet or a log, never from the machine's clock, so that a replayed
/// capture gives the same answers.
public struct Timestamp: Hashable, Comparable, Sendable {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// From seconds; what lies outside the range (years 1677 to 2262) is clamped.
  public init(seconds: Double) {
    let scaled = seconds * 1e9
    nanoseconds =
      scaled >= 9.2e18 ? .max : scaled <= -9.2e18 ? .min : scaled == scaled ? Int64(scaled) : 0
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The time from `earlier` to here, in nanoseconds; clamped, never trapping.
  public func nanoseconds(since earlier: Timestamp) -> Int64 {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return overflow ? (earlier.nanoseconds < 0 ? .max : .min) : difference
  }

  /// The time from `earlier` to here, in seconds.
  public func seconds(since earlier: Timestamp) -> Double {
    Double(nanoseconds(since: earlier)) / 1e9
  }

  /// This moment moved by `nanoseconds`; clamped, never trapping.
  public func advanced(byNanoseconds step: Int64) -> Timestamp {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(step)
    return Timestamp(nanoseconds: overflow ? (step > 0 ? .max : .min) : sum)
  }
}
