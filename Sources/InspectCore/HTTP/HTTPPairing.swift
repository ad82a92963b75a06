/// The requests of a connection that wait for their responses, in order (RFC 9112 §9.3.2), and what
/// one direction must know of the other.
struct HTTPPairing {
  struct Request {
    var method: HTTPMethod
    var number: UInt32
    var isSimple: Bool
  }

  /// Where the answer to a CONNECT stands.
  enum Connect {
    case none, outstanding, refused
  }

  static var capacity: Int { 64 }
  private static var simpleFlag: UInt8 { 0x80 }

  private var methods = InlineArray<64, UInt8>(repeating: 0)
  private var first = 0
  private var count = 0
  /// Requests after those in `methods`, of which only the number is known.
  private var forgotten: UInt32 = 0
  private var nextNumber: UInt32 = 0
  private var hasPipelined = false

  /// The responses are searched after a loss: some may have passed unseen.
  var areResponsesLost = false
  /// CONNECT or Upgrade succeeded: what follows is another protocol.
  var isSwitched = false
  var connect = Connect.none
  /// What the last request's Upgrade field asks for.
  var upgrade = HTTPUpgrade.none
  /// The request whose body waits for `100 Continue`, before its first byte.
  var awaitsContinue: UInt32?
  private(set) var lastAnswer: (number: UInt32, status: UInt16)?

  var upcomingNumber: UInt32 { nextNumber }
  var hasForgotten: Bool { forgotten > 0 }

  mutating func push(_ method: HTTPMethod, isSimple: Bool) {
    if areResponsesLost, !hasPipelined {
      // A client that does not pipeline has got the answers to all before.
      count = 0
      forgotten = 0
    }
    if count > 0, !areResponsesLost { hasPipelined = true }
    nextNumber &+= 1
    guard count < HTTPPairing.capacity, forgotten == 0 else {
      forgotten &+= 1
      return
    }
    let place = (first &+ count) & (HTTPPairing.capacity - 1)
    methods[place] = method.rawValue | (isSimple ? HTTPPairing.simpleFlag : 0)
    count += 1
    if method == .connect { connect = .outstanding }
  }

  /// The request that the next response answers; nil when it was not seen.
  var front: Request? {
    guard count > 0 else { return nil }
    let code = methods[first]
    return Request(
      method: HTTPMethod(rawValue: code & ~HTTPPairing.simpleFlag) ?? .unknown,
      number: nextNumber &- forgotten &- UInt32(truncatingIfNeeded: count),
      isSimple: code & HTTPPairing.simpleFlag != 0)
  }

  /// Notes the final response to `front`.
  mutating func pop(status: UInt16) {
    guard let request = front else {
      if forgotten > 0 { forgotten &-= 1 }
      return
    }
    first = (first &+ 1) & (HTTPPairing.capacity - 1)
    count -= 1
    lastAnswer = (request.number, status)
    if request.method == .connect, connect == .outstanding, status / 100 != 2 {
      connect = .refused
    }
  }
}
