extension Flow {
  /// What a SYN between the ports of a flow is.
  enum Synchronisation {
    /// Of the flow's connection.
    case part
    /// The beginning of another.
    case another
    /// Forged or late, as long as the server does not accept it.
    case doubtful
  }

  /// A SYN with another number, or after the close, begins another connection. Into one that is open
  /// anybody can send it: the server refuses it then (RFC 5961 §4), unless it has forgotten the
  /// connection, which its SYN/ACK says.
  mutating func judge(
    _ segment: borrowing TCPSegment, from source: Endpoint
  ) -> Synchronisation {
    let direction = direction(from: source)
    let number = segment.sequenceNumber
    if segment.flags.ack {
      guard direction == .toClient, let doubtful = tcp.doubtfulSYN else { return .part }
      return segment.acknowledgmentNumber == doubtful &+ 1 ? .another : .part
    }
    tcp.doubtfulSYN = nil
    if state == .closed { return .another }
    let half = tcp[direction]
    guard let initial = half.initial else {
      // Segments may come before their SYN; those of an older connection lie elsewhere.
      let behind = half.next.distance(after: number &+ 1)
      return half.isSynchronised && (behind < 0 || behind > 65_536) ? .another : .part
    }
    if initial == number { return .part }
    guard direction == .toServer, tcp.toClient.initial != nil else { return .another }
    tcp.doubtfulSYN = number
    return .doubtful
  }

  /// Whether data flows although no handshake was seen.
  var isInTheMiddle: Bool {
    context.protocolNumber == IPProtocol.tcp.rawValue
      && tcp.toServer.initial == nil && tcp.toClient.initial == nil
  }

  /// Takes note of a segment's control bits, and of those that the peer believes.
  @inline(__always)
  mutating func note(_ flags: TCPFlags, _ accepted: TCPFlags, _ direction: Direction) {
    if direction == .toServer {
      toServer.tcpFlags.formUnion(flags)
    } else {
      toClient.tcpFlags.formUnion(flags)
    }
    if accepted.rst || (tcp.toServer.fin != nil && tcp.toClient.fin != nil) {
      state = .closed
    } else if state == .new, flags.ack, !flags.syn, tcp.toServer.initial != nil,
      tcp.toClient.initial != nil
    {
      state = .established
    }
  }
}
