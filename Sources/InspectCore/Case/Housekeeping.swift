/// Hosts that phones ask at each wake-up for reasons of their own: whether there is a way out, and
/// what time it is. They follow the unlock truly and receive nothing about the owner.
enum Housekeeping {
  private static let names: [StaticString] = [
    "connectivitycheck.gstatic.com", "connectivitycheck.android.com", "clients3.google.com",
    "captive.apple.com", "www.appleiphonecell.com", "connectivity-check.ubuntu.com",
    "connectivitycheck.platform.hicloud.com", "connect.rom.miui.com", "detectportal.firefox.com",
    "www.msftconnecttest.com", "time.android.com", "time.google.com", "time.apple.com",
    "time.windows.com", "ntp.org",
  ]

  /// Whether `host`, in lower case, is one of them or below it.
  static func includes(_ host: [UInt8]) -> Bool {
    for name in names {
      let count = name.utf8CodeUnitCount
      guard host.count >= count else { continue }
      let start = host.count - count
      guard start == 0 || host[start - 1] == UInt8(ascii: ".") else { continue }
      let isEqual = name.withUTF8Buffer { buffer in
        for index in 0..<count where unsafe buffer[index] != host[start + index] { return false }
        return true
      }
      if isEqual { return true }
    }
    return false
  }
}
