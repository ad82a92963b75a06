import InspectCore
import Testing

@Suite struct DNSStreamTests {
  private static let messages: [[UInt8]] = {
    var query = DNSBuilder(flags: 0x0100, questions: 1)
    query.question("example.com", .a)
    var other = query
    other.bytes[0] = 0x77
    return [query.bytes, [], other.bytes, [1]]
  }()

  private static let stream = messages.flatMap { message -> [UInt8] in
    [0, UInt8(message.count)] + message
  }

  private func feed(_ stream: inout DNSStream, _ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    var found: [[UInt8]] = []
    let bytes = Array(bytes)
    stream.consume(bytes.span.bytes) { message in
      found.append(message.byteOffsets.map { message[$0] })
    }
    return found
  }

  @Test func everySegmentationGivesTheSame() {
    let all = Self.stream
    for first in 0...all.count {
      for second in first...all.count {
        var stream = DNSStream()
        let found =
          feed(&stream, all[..<first]) + feed(&stream, all[first..<second])
          + feed(&stream, all[second...])
        #expect(found == Self.messages)
      }
    }
    var stream = DNSStream()
    var found: [[UInt8]] = []
    for byte in all { found += feed(&stream, [byte]) }
    #expect(found == Self.messages)
  }

  @Test func aGapInsideAMessageLosesOnlyThat() {
    let all = Self.stream
    let start = 2 + Self.messages[0].count + 2
    for first in 2..<Self.messages[0].count + 1 {
      for end in first + 1...Self.messages[0].count + 2 {
        var stream = DNSStream()
        var found = feed(&stream, all[..<first])
        stream.gap(end - first)
        found += feed(&stream, all[end...])
        let (isLost, damaged) = (stream.isLost, stream.damagedMessages)
        #expect(found == Array(Self.messages[1...]))
        #expect(!isLost)
        #expect(damaged == 1)
      }
    }
    #expect(all[start - 2] == 0 && all[start - 1] == 0)
  }

  @Test func beyondItsEndTheStreamIsLostUntilAMessageStarts() {
    var stream = DNSStream()
    _ = feed(&stream, Self.stream[..<5])
    stream.gap(1000)
    let lost = feed(&stream, [1, 2, 3, 4, 5])
    let isLost = stream.isLost
    let found = feed(&stream, Self.stream)
    let isLostAgain = stream.isLost
    #expect(lost.isEmpty)
    #expect(isLost)
    #expect(found == Self.messages)
    #expect(!isLostAgain)
  }

  @Test func afterResetNothingIsLeft() {
    var stream = DNSStream()
    _ = feed(&stream, Self.stream[..<5])
    stream.gap(1000)
    stream.reset()
    let found = feed(&stream, Self.stream)
    let damaged = stream.damagedMessages
    #expect(found == Self.messages)
    #expect(damaged == 0)
  }
}
