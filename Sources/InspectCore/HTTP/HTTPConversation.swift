/// HTTP/1.x on one connection (RFC 9112), as a passive observer sees it: in any segmentation, from
/// the middle, with losses, or one direction only.
///
/// Bodies and heads that lie whole in the bytes given are lent from there; only a head that goes
/// over several is copied, into a buffer that `reset` keeps.
public struct HTTPConversation: ~Copyable {
  private var requests: HTTPStream
  private var responses: HTTPStream
  private var pairing = HTTPPairing()

  public init(limits: HTTPLimits = HTTPLimits()) {
    requests = HTTPStream(.toServer, limits)
    responses = HTTPStream(.toClient, limits)
  }

  /// Takes the next bytes of a direction, in order.
  ///
  /// After `tunnel` or `notHTTP` the rest, and all later bytes of that direction, are not looked at.
  public mutating func consume<Handler: HTTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ direction: Direction, at: Timestamp, handler: inout Handler
  ) -> HTTPVerdict {
    switch direction {
    case .toServer: requests.consume(bytes, at: at, &pairing, &handler)
    case .toClient: responses.consume(bytes, at: at, &pairing, &handler)
    }
  }

  /// Takes note that the next `byteCount` bytes of a direction will never come.
  public mutating func gap<Handler: HTTPHandler & ~Copyable>(
    _ byteCount: Int, _ direction: Direction, at: Timestamp, handler: inout Handler
  ) {
    switch direction {
    case .toServer: requests.gap(byteCount, at, &pairing, &handler)
    case .toClient: responses.gap(byteCount, at, &pairing, &handler)
    }
  }

  /// Takes note that a direction has ended (FIN, RST, time-out). A head that is not whole is
  /// reported as it stands when its start line is.
  public mutating func finish<Handler: HTTPHandler & ~Copyable>(
    _ direction: Direction, at: Timestamp, handler: inout Handler
  ) {
    switch direction {
    case .toServer: requests.finish(at, &pairing, &handler)
    case .toClient: responses.finish(at, &pairing, &handler)
    }
  }

  /// Says that a direction's first bytes may be in the middle of a message: before anything else.
  public mutating func startMidStream(_ direction: Direction) {
    switch direction {
    case .toServer: requests.startMidStream(&pairing)
    case .toClient: responses.startMidStream(&pairing)
    }
  }

  /// After `tunnel` or `notHTTP`: what of earlier bytes comes before those at the verdict's offset.
  @_lifetime(borrow self)
  public func heldBytes(_ direction: Direction) -> RawSpan {
    switch direction {
    case .toServer: requests.buffer.bytes
    case .toClient: responses.buffer.bytes
    }
  }

  /// After `tunnel`: the protocol that follows an Upgrade; `none` after CONNECT.
  var upgrade: HTTPUpgrade { pairing.upgrade }

  /// Back to the beginning, for another connection. The memory is kept.
  public mutating func reset() {
    requests.reset()
    responses.reset()
    pairing = HTTPPairing()
  }
}
