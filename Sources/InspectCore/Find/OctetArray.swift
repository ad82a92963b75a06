/// A hardware address as the array of its octets: `"mac":[0,0,94,0,83,1]`, also with signs, as Java
/// has bytes.
struct OctetArray {
  private static let octets = 6

  /// The array that the octets are in; 0 for none.
  private(set) var container: UInt32 = 0
  /// Where the first number is.
  private(set) var start = 0
  private(set) var kind = IdentifierKind.macAddress
  private var address: UInt64 = 0
  private var count = 0

  init() {}

  init(_ kind: IdentifierKind, in container: UInt32, at start: Int) {
    self.kind = kind
    self.container = container
    self.start = start
  }

  /// Adds a number; what is no octet makes the array none.
  mutating func append(_ number: RawSpan) {
    let isNegative = number.byteCount > 1 && number[0] == 0x2D
    let digits = number.extracting(droppingFirst: isNegative ? 1 : 0)
    guard count < OctetArray.octets, digits.byteCount >= 1, digits.byteCount <= 3 else {
      return container = 0
    }
    var value = 0
    for index in digits.byteOffsets {
      guard digits[index].isASCIIDigit else { return container = 0 }
      value = value &* 10 &+ Int(digits[index] &- 0x30)
    }
    guard value <= (isNegative ? 128 : 255) else { return container = 0 }
    address = address << 8 | UInt64(UInt8(truncatingIfNeeded: isNegative ? 0 &- value : value))
    count &+= 1
  }

  /// The address in hexadecimal digits, when it is one's.
  var digits: Digits? {
    guard container > 0, count == OctetArray.octets,
      HardwareAddress(octets: address).isOfOneInterface
    else { return nil }
    var digits = Digits()
    for place in 0..<12 {
      let digit = UInt8(truncatingIfNeeded: address >> UInt64(44 &- 4 &* place)) & 15
      _ = digits.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
    }
    return digits
  }
}
