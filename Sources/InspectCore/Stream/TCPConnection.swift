/// The two directions of a TCP connection as an observer follows them (RFC 9293 §3.3).
struct TCPConnection {
  /// What one side sent.
  struct Half {
    /// The sequence number of the next byte to hand on; meaningful once `isSynchronised`.
    var next: UInt32 = 0
    /// The initial sequence number, if the SYN was seen.
    var initial: UInt32?
    var isSynchronised = false
    /// The sequence number that the FIN took.
    var fin: UInt32?
    /// The consumer was told that nothing follows.
    var isEnded = false
    /// Whether the consumer still reads; else bytes are only counted.
    var isWanted = true
    /// The peer acknowledged what came before this.
    var acknowledged: UInt32?
    /// The widest window that this side offered its peer, in bytes; 0 while none was seen.
    var window: UInt32 = 0
    /// How much the window's number must be shifted (RFC 7323 §2): all that is allowed when the SYN
    /// was not seen.
    var windowShift: UInt8 = 14
    /// What is held came with the SYN: nobody knows yet whether the peer takes it.
    var holdsEarlyData = false
    /// Where the last bytes that were handed on are remembered.
    var memory = UInt32.max
    // What came too early, in order of sequence numbers.
    var firstHeld = UInt32.max
    var heldCount: UInt16 = 0
    /// Segments far outside of what may come, in a row.
    var strays: UInt8 = 0

    /// Takes the number of a SYN that was seen before the connection was known.
    mutating func begin(with initial: UInt32) {
      self.initial = initial
      next = initial &+ 1
      isSynchronised = true
    }

    /// Whether data with this sequence number follow what was handed on, and nothing stands in their
    /// way.
    @inline(__always)
    func isNext(_ sequenceNumber: UInt32) -> Bool {
      next == sequenceNumber && firstHeld == UInt32.max && isSynchronised && !isEnded
        && !holdsEarlyData && fin == nil
    }

    /// Whether no more than `note` is to be done for an acknowledgment of what came before `number`.
    @inline(__always)
    func mayNote(_ number: UInt32, window: Int) -> Bool {
      firstHeld == UInt32.max && !holdsEarlyData
        && (!isSynchronised || abs(number.distance(after: next)) <= window)
    }

    /// The peer acknowledged what came before `number`.
    @inline(__always)
    mutating func note(_ number: UInt32) {
      if let acknowledged, number.distance(after: acknowledged) <= 0 { return }
      acknowledged = number
    }
  }

  // What each segment asks for comes first.
  private var halves = InlineArray<2, Half>(repeating: Half())
  var handshake = Handshake.waiting
  /// The number of a client's SYN that came into the open connection, if the last SYN was one.
  var doubtfulSYN: UInt32?

  /// How far the handshake is, for the time it takes.
  enum Handshake {
    case waiting
    case asked(Timestamp)
    /// Answered, or asked twice: which SYN is answered cannot be told (Karn and Partridge, 1987).
    case over
  }

  /// To be read, one of two is chosen: an index that is not known would copy both to the stack first.
  /// To be changed, there is one place to yield from: an accessor with two is not inlined.
  subscript(direction: Direction) -> Half {
    @inline(__always) get { direction == .toServer ? halves[0] : halves[1] }
    @inline(__always) _modify { yield &halves[Int(direction.rawValue)] }
  }

  var toServer: Half {
    @inline(__always) _read { yield halves[0] }
    @inline(__always) _modify { yield &halves[0] }
  }

  var toClient: Half {
    @inline(__always) _read { yield halves[1] }
    @inline(__always) _modify { yield &halves[1] }
  }
}

/// Numbers on the circle of 2³² (RFC 9293 §3.4).
extension UInt32 {
  /// How far this is ahead of `other`; negative when it is behind.
  @inline(__always)
  func distance(after other: UInt32) -> Int { Int(Int32(bitPattern: self &- other)) }
}
