/// Values that nothing names, but that one device sends to several recipients: then they are
/// identifiers of the device.
///
/// A table of fixed size: of each value a keyed hash, who sent it, and 16 bits of the hash of each of
/// the first four recipients. A value from two devices is a constant of a program and never an identifier.
/// Recipients of one domain (`a.example.com`, `b.example.com`) are one.
public struct RecurringIdentifiers: ~Copyable {
  /// As many recipients make a value an identifier.
  public static var enough: Int { 3 }
  private static let ways = 4
  private static let sets = 2048

  private struct Entry {
    var value: UInt64 = 0
    var device: UInt64 = 0
    /// The first recipients, 16 bits each; no recipient is 0.
    var recipients: UInt64 = 0
    /// When it was seen last, in values.
    var seen: UInt64 = 0
    var isShared = false
  }

  private let function: SipHash13
  private var entries = [Entry](repeating: Entry(), count: sets * ways)
  private var clock: UInt64 = 0
  /// Values that were forgotten for others.
  public private(set) var forgotten: UInt64 = 0

  public init(function: SipHash13) { self.function = function }

  /// Notes that a device sent `value` to a recipient; says to how many it did so far, at most four,
  /// and 0 for a value of several devices. A UUID is the same without its hyphens.
  public mutating func note(_ value: RawSpan, device: UInt64, recipient: UInt64) -> Int {
    let hash = self.hash(of: value)
    clock &+= 1
    let first = Int(hash % UInt64(RecurringIdentifiers.sets)) &* RecurringIdentifiers.ways
    var place = first
    for way in first..<(first &+ RecurringIdentifiers.ways) {
      if entries[way].value == hash, entries[way].recipients != 0 {
        return noteAgain(way, device: device, recipient: recipient)
      }
      if entries[way].seen < entries[place].seen { place = way }
    }
    if entries[place].recipients != 0 { forgotten &+= 1 }
    entries[place] = Entry(
      value: hash, device: device, recipients: RecurringIdentifiers.short(recipient), seen: clock)
    return 1
  }

  private func hash(of value: RawSpan) -> UInt64 {
    guard DeviceDetector.isUUID(value) else { return function.hash(value) }
    var digits = InlineArray<32, UInt8>(repeating: 0)
    var count = 0
    for index in value.byteOffsets where value[index] != 0x2D {
      digits[count] = value[index]
      count &+= 1
    }
    return function.hash(unsafe digits.span.bytes)
  }

  private mutating func noteAgain(_ place: Int, device: UInt64, recipient: UInt64) -> Int {
    entries[place].seen = clock
    if entries[place].device != device { entries[place].isShared = true }
    if entries[place].isShared { return 0 }
    let short = RecurringIdentifiers.short(recipient)
    var count: UInt64 = 0
    while count < 4 {
      let known = entries[place].recipients >> (16 &* count) & 0xFFFF
      if known == short { break }
      if known == 0 {
        entries[place].recipients |= short << (16 &* count)
        break
      }
      count &+= 1
    }
    var all = count
    while all < 4, entries[place].recipients >> (16 &* all) & 0xFFFF != 0 { all &+= 1 }
    return Int(all)
  }

  /// Of the hash of a recipient what is kept: 1 to 65,535.
  private static func short(_ recipient: UInt64) -> UInt64 { recipient % 0xFFFF &+ 1 }

  /// The hash of a recipient: of the last two labels of its name, three when the last but one is
  /// short (`co.uk`); of an address in digits the first two numbers, because a service has many.
  func recipient(named host: RawSpan) -> UInt64 {
    if let last = host.byteOffsets.last, host[last].isASCIIDigit,
      let dot = host.firstOffset(of: 0x2E),
      let second = host.firstOffset(of: 0x2E, from: dot &+ 1)
    {
      return function.hash(host.extracting(first: second))
    }
    var dots = 0
    var start = host.byteCount
    var label = host.byteCount
    while start > 0 {
      if host[start &- 1] == 0x2E {
        dots &+= 1
        if dots == 2, label &- start > 3 { break }
        if dots == 3 { break }
        label = start &- 1
      }
      start &-= 1
    }
    return function.hash(host.extracting(droppingFirst: start))
  }

  /// The hash of a device without a hardware address.
  func device(at address: IPAddress) -> UInt64 {
    var state = function.begin()
    state.add(address.high)
    state.add(address.low)
    return state.finish()
  }

  /// The hash of a recipient without a name.
  func recipient(at address: IPAddress) -> UInt64 {
    var state = function.begin()
    state.add(address.high)
    // Of an IPv4 address the first half.
    state.add(address.isIPv4 ? address.low >> 16 : 0)
    return state.finish()
  }
}
