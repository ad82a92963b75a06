/// The shortest round trips to servers: what bounds how far away they are.
struct RoundTrips: ~Copyable {
  private var addresses: [IPAddress] = []
  private var shortest: [Int64] = []
  private var index: HashIndex
  private let function: SipHash13
  /// Servers that found no room; nothing is said of their distance.
  private(set) var refused: UInt64 = 0

  init(capacity: Int, function: SipHash13) {
    index = HashIndex(capacity: capacity)
    self.function = function
  }

  /// The shortest that was seen, in nanoseconds; nil when none was.
  subscript(address: IPAddress) -> Int64? {
    place(of: address, hash(address)).map { shortest[Int($0)] }
  }

  /// An answer came after so many nanoseconds. Clocks that went back say nothing.
  mutating func note(_ nanoseconds: Int64, _ address: IPAddress) {
    guard nanoseconds > 0 else { return }
    let hash = hash(address)
    if let known = place(of: address, hash) {
      shortest[Int(known)] = min(shortest[Int(known)], nanoseconds)
    } else if index.insert(hash, element: UInt32(addresses.count)) {
      addresses.append(address)
      shortest.append(nanoseconds)
    } else {
      refused &+= 1
    }
  }

  private func place(of address: IPAddress, _ hash: UInt32) -> UInt32? {
    index.find(hash) { addresses[Int($0)] == address }
  }

  private func hash(_ address: IPAddress) -> UInt32 {
    var state = function.begin()
    state.add(address.high)
    state.add(address.low)
    return UInt32(truncatingIfNeeded: state.finish())
  }
}
