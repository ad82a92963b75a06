/// SipHash-1-3, a keyed hash for tables whose keys come from senders (Aumasson and Bernstein,
/// "SipHash: a fast short-input PRF", 2012). It takes whole 64-bit words, least significant byte
/// first as the paper reads them.
public struct SipHash13: Sendable {
  private let key0: UInt64
  private let key1: UInt64

  /// The 128-bit key must be random and secret where the input is hostile.
  public init(key0: UInt64, key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
  }

  @inline(__always)
  public func begin() -> State { State(key0: key0, key1: key1, finalRounds: 3, rounds: 1) }

  /// The hash of any bytes.
  public func hash(_ bytes: RawSpan) -> UInt64 {
    var state = begin()
    state.add(bytes)
    return state.finish()
  }

  public struct State: Sendable {
    private var v0, v1, v2, v3: UInt64
    private var byteCount: UInt64 = 0
    private let rounds: Int
    private let finalRounds: Int

    /// SipHash-c-d has `rounds` = c and `finalRounds` = d; the paper's vectors are of 2-4.
    @inline(__always)
    init(key0: UInt64, key1: UInt64, finalRounds: Int, rounds: Int) {
      v0 = key0 ^ 0x736f_6d65_7073_6575
      v1 = key1 ^ 0x646f_7261_6e64_6f6d
      v2 = key0 ^ 0x6c79_6765_6e65_7261
      v3 = key1 ^ 0x7465_6462_7974_6573
      self.rounds = rounds
      self.finalRounds = finalRounds
    }

    @inline(__always)
    private mutating func round() {
      v0 = v0 &+ v1
      v1 = v1 << 13 | v1 >> 51
      v1 ^= v0
      v0 = v0 << 32 | v0 >> 32
      v2 = v2 &+ v3
      v3 = v3 << 16 | v3 >> 48
      v3 ^= v2
      v0 = v0 &+ v3
      v3 = v3 << 21 | v3 >> 43
      v3 ^= v0
      v2 = v2 &+ v1
      v1 = v1 << 17 | v1 >> 47
      v1 ^= v2
      v2 = v2 << 32 | v2 >> 32
    }

    @inline(__always)
    private mutating func compress(_ word: UInt64) {
      v3 ^= word
      for _ in 0..<rounds { round() }
      v0 ^= word
    }

    /// Adds eight bytes.
    @inline(__always)
    public mutating func add(_ word: UInt64) {
      compress(word)
      byteCount &+= 8
    }

    /// Adds the last bytes; nothing may be added after them unless they are a multiple of eight.
    public mutating func add(_ bytes: RawSpan) {
      var offset = 0
      while bytes.byteCount - offset >= 8 {
        add(bytes.loadLittleEndian(offset, as: UInt64.self))
        offset += 8
      }
      tail = 0
      var shift: UInt64 = 0
      while offset < bytes.byteCount {
        tail |= UInt64(bytes[offset]) << shift
        shift += 8
        offset += 1
        byteCount &+= 1
      }
    }

    private var tail: UInt64 = 0

    @inline(__always)
    public mutating func finish() -> UInt64 {
      compress(byteCount << 56 | tail)
      v2 ^= 0xff
      for _ in 0..<finalRounds { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }
  }
}
