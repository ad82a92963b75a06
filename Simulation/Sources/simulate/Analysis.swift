import Glibc

/// The C library's functions.
enum Analysis {
  static func log(_ x: Double) -> Double { Glibc.log(x) }
  static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  static func cosine(_ turns: Double) -> Double { Glibc.cos(2 * .pi * turns) }

  /// Of the processor, for this process: others may use it as well.
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
