import InspectCore

/// Several captures, read as one in the order of time.
@safe
public struct CaptureTimeline: ~Copyable {
  /// A capture that is open, and whether it has a packet for us.
  private struct OpenCapture: ~Copyable {
    var file: CaptureFile
    /// Its place in the order given.
    let number: UInt16
    var hasPacket = false
  }

  private let captures: UnsafeMutablePointer<OpenCapture>
  private let count: Int
  private var current = 0
  private var hasBegun = false
  private let failures: [CaptureError]

  /// Opens the captures, at least one. Those that cannot be opened are left out, and named among the
  /// `damages`; when none is left, the first one's failure throws.
  public init(_ paths: [String]) throws(CaptureError) {
    precondition(!paths.isEmpty && paths.count < Int(UInt16.max))
    captures = .allocate(capacity: paths.count)
    var opened = 0
    var failures: [CaptureError] = []
    for (number, path) in paths.enumerated() {
      do throws(CaptureError) {
        let file = try CaptureFile(path)
        (captures + opened).initialize(to: OpenCapture(file: file, number: UInt16(number)))
        opened += 1
      } catch {
        failures.append(error)
      }
    }
    guard opened > 0 else {
      captures.deallocate()
      throw failures[0]
    }
    count = opened
    self.failures = failures
  }

  deinit {
    captures.deinitialize(count: count)
    captures.deallocate()
  }

  /// What was wrong with the captures, each one's first damage.
  public var damages: [CaptureError] {
    failures + (0..<count).compactMap { captures[$0].file.damage }
  }

  /// How much was read, from 0 to 1, of the captures of which that can be known; nil where of none.
  public var progress: Double? {
    var sum = 0.0
    var known = 0
    for index in 0..<count {
      guard let part = captures[index].file.progress else { continue }
      sum += part
      known += 1
    }
    return known == 0 ? nil : sum / Double(known)
  }

  /// Goes to the next packet in time; false when all captures are at their end.
  public mutating func advance() -> Bool {
    if hasBegun {
      captures[current].hasPacket = captures[current].file.advance()
    } else {
      hasBegun = true
      for index in 0..<count { captures[index].hasPacket = captures[index].file.advance() }
    }
    if count > 1 { chooseEarliest() }
    return captures[current].hasPacket
  }

  /// Goes to the next packet if that takes no reading; after false `advance` does.
  @inline(__always)
  mutating func advanceAtHand() -> Bool {
    guard captures[current].file.advanceAtHand() else { return false }
    if count > 1 { chooseEarliest() }
    return true
  }

  private mutating func chooseEarliest() {
    for index in 0..<count where captures[index].hasPacket {
      if !captures[current].hasPacket
        || captures[index].file.timestamp < captures[current].file.timestamp
      {
        current = index
      }
    }
  }

  /// The packet that `advance` went to.
  public var packet: CapturedPacket {
    @_lifetime(borrow self) get {
      // The bytes stay where they are until the capture goes on, which takes a change of us.
      let packet = CapturedPacket(at: captures[current].file.place)
      return unsafe _overrideLifetime(packet, borrowing: self)
    }
  }

  /// Where it lies, as long as somebody holds its memory or until the next `advance`.
  var place: PacketPlace { captures[current].file.place }

  /// Adds the memory that packets lie in until the next `advance`.
  func append(memoriesTo memories: inout [WindowMemory]) {
    for index in 0..<count { memories.append(captures[index].file.memory) }
  }

  /// The number of the capture that the packet is from, in the order given.
  public var source: UInt16 { captures[current].number }
}
