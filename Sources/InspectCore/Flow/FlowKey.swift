/// What makes packets belong together, the same for both directions: the two end points in a fixed
/// order, the protocol, the VLANs and the depth in tunnels.
public struct FlowKey: Equatable, Sendable {
  public let lowerAddress: IPAddress
  public let upperAddress: IPAddress
  /// The ports in the order of the addresses, the protocol number, the tunnel depth.
  private let rest: UInt64
  private let vlans: VLANStack

  @inline(__always)
  public init(
    source: Endpoint, destination: Endpoint, protocolNumber: UInt8, vlans: VLANStack,
    tunnelDepth: UInt8
  ) {
    let isOrdered =
      source.address != destination.address
      ? source.address < destination.address : source.port <= destination.port
    let (lower, upper) = isOrdered ? (source, destination) : (destination, source)
    lowerAddress = lower.address
    upperAddress = upper.address
    rest = FlowKey.rest(lower, upper, protocolNumber, tunnelDepth)
    self.vlans = vlans
  }

  @inline(__always)
  private static func rest(
    _ lower: Endpoint, _ upper: Endpoint, _ protocolNumber: UInt8, _ tunnelDepth: UInt8
  ) -> UInt64 {
    UInt64(lower.port) << 48 | UInt64(upper.port) << 32
      | UInt64(protocolNumber) << 8 | UInt64(tunnelDepth)
  }

  /// Whether it is the key of a packet like this one, which takes less than to make that: true where
  /// the packet goes from the lower end to the upper, false where it goes back, nil where it is of
  /// another key.
  @inline(__always)
  func goesForth(_ packet: FlowEnds) -> Bool? {
    func isFrom(_ lower: Endpoint, to upper: Endpoint) -> Bool {
      lowerAddress == lower.address && upperAddress == upper.address
        && rest == FlowKey.rest(lower, upper, packet.protocolNumber, packet.tunnelDepth)
    }
    guard vlans == packet.vlans else { return nil }
    if isFrom(packet.source, to: packet.destination) { return true }
    return isFrom(packet.destination, to: packet.source) ? false : nil
  }

  /// The two ends, with what stands in the place of their ports.
  var lower: Endpoint {
    @inline(__always) get {
      Endpoint(address: lowerAddress, port: UInt16(truncatingIfNeeded: rest >> 48))
    }
  }
  var upper: Endpoint {
    @inline(__always) get {
      Endpoint(address: upperAddress, port: UInt16(truncatingIfNeeded: rest >> 32))
    }
  }

  /// A keyed hash: who does not know the key cannot make flows collide.
  @inline(__always)
  func hash(_ function: SipHash13) -> UInt32 {
    var state = function.begin()
    if lowerAddress.isIPv4, upperAddress.isIPv4 {
      state.add(lowerAddress.low << 32 | UInt64(upperAddress.ipv4))
    } else {
      state.add(lowerAddress.high)
      state.add(lowerAddress.low)
      state.add(upperAddress.high)
      state.add(upperAddress.low)
    }
    state.add(rest)
    if vlans.rawValue != 0 { state.add(vlans.rawValue) }
    return UInt32(truncatingIfNeeded: state.finish())
  }
}

/// What the flow of a packet follows from.
struct FlowEnds {
  let source: Endpoint
  let destination: Endpoint
  let protocolNumber: UInt8
  let vlans: VLANStack
  let tunnelDepth: UInt8

  /// A few bits of the ends, the same for both directions. No secret is in them.
  @inline(__always)
  var mixed: UInt64 {
    let addresses =
      (source.address.low ^ destination.address.low)
      &+ (source.address.high ^ destination.address.high)
    let ports = UInt64(source.port ^ destination.port)
    return (addresses ^ ports << 32) &* 0x9E37_79B9_7F4A_7C15
  }

  var key: FlowKey {
    @inline(__always) get {
      FlowKey(
        source: source, destination: destination, protocolNumber: protocolNumber, vlans: vlans,
        tunnelDepth: tunnelDepth)
    }
  }
}

/// An address and a port; the port is 0 where the protocol has none.
public struct Endpoint: Equatable, Sendable {
  public var address: IPAddress
  public var port: UInt16

  public init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }
}

/// The VLAN identifiers of a frame, outermost first; the first four are kept.
public struct VLANStack: Equatable, Sendable {
  /// Four times sixteen bits: 0 for none, else the identifier plus one.
  public private(set) var rawValue: UInt64 = 0

  public init() {}

  public static var capacity: Int { 4 }

  public var count: Int { (64 - rawValue.leadingZeroBitCount + 15) / 16 }

  /// The identifier at `index`, outermost first.
  public subscript(index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: rawValue >> UInt64(16 * index)) &- 1
  }

  /// Adds the identifier of the next tag; one beyond the capacity is left out.
  public mutating func append(_ identifier: UInt16) {
    guard count < VLANStack.capacity else { return }
    rawValue |= UInt64((identifier & 0x0fff) + 1) << UInt64(16 * count)
  }
}
