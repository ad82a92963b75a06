import Testing

@testable import InspectCore

@Suite struct GoogleQUICTests {
  private func hello(_ values: [(String, String)]) -> [UInt8] {
    var entries: [UInt8] = []
    var content: [UInt8] = []
    for (tag, value) in values {
      content += Array(value.utf8)
      entries += Array(tag.utf8) + [UInt8](repeating: 0, count: 4 - tag.utf8.count)
      entries += TLSBuilder.number(content.count, 4).reversed()
    }
    return Array("CHLO".utf8) + [UInt8(values.count), 0, 0, 0] + entries + content
  }

  private static let values = [
    ("PAD", String(repeating: "-", count: 30)), ("SNI", "g.example"), ("VER", "Q0xx"),
    ("UAID", "Agent/1"),
  ]

  private func run(_ datagram: [UInt8]) -> [String] {
    var conversation = QUICConversation()
    var opener = InitialOpener(ToyCipher())
    var recorder = QUICRecorder()
    conversation.consume(datagram.span.bytes, .toServer, opener: &opener, handler: &recorder)
    conversation.finish(handler: &recorder)
    return recorder.lines
  }

  /// Flags, identifier, version, number, hash, private flags before Q034, and a STREAM frame.
  private func packet(_ version: String, numberFlags: UInt8 = 0) -> [UInt8] {
    let numberByteCount = [1, 2, 4, 6][Int(numberFlags >> 4)]
    let head: [UInt8] = [0x0d | numberFlags] + [UInt8](repeating: 7, count: 8) + Array(version.utf8)
    let hash = [UInt8](repeating: 0x43, count: numberByteCount + 12)
    let isPrivate = version < "Q034"
    return head + hash + (isPrivate ? [1] : []) + [0xa0, 1, 0, 4] + hello(Self.values)
  }

  @Test(arguments: ["Q024", "Q025", "Q030", "Q033", "Q034", "Q035", "Q039", "Q043"])
  func hellosBeforeTheLongHeader(_ version: String) {
    for flags: UInt8 in [0, 0x10, 0x20, 0x30] {
      let datagram = packet(version, numberFlags: flags)
      let isQUIC = QUICRecognizer.recognize(datagram.span.bytes)
      #expect(isQUIC)
      #expect(run(datagram) == ["toServer \(version) google Agent/1 g.example"])
    }
  }

  @Test func hellosWithTheLongHeader() {
    let identifier = [UInt8](repeating: 3, count: 8)
    for (first, version, number) in [(0xff, "Q044", 4), (0xc3, "Q046", 4), (0xc0, "Q046", 1)] {
      let datagram =
        [UInt8(first)] + Array(version.utf8) + [0x50] + identifier
        + [UInt8](repeating: 1, count: number + 12) + [0x40, 0, 0, 0, 0xa0, 1, 4, 0]
        + hello(Self.values)
      #expect(run(datagram) == ["toServer \(version) google Agent/1 g.example"])
    }
  }

  /// Q050 seals its packets as QUIC does, and has its own hello in them, at any offset.
  @Test func hellosThatAreSealed() {
    let hello = hello(Self.values)
    let half = hello.count / 2
    let frames =
      [8] + QUICBuilder.number(half) + TLSBuilder.vector(1, Array(hello[half...]))
      + [8, 0] + TLSBuilder.vector(1, Array(hello[..<half]))
    let datagram = QUICBuilder.initial(frames, version: 0x5130_3530, destination: [1, 2, 3])
    #expect(run(datagram) == ["toServer Q050 google Agent/1 g.example"])
  }

  @Test func aRepetitionIsNoOtherHello() {
    var conversation = QUICConversation()
    var opener = InitialOpener(ToyCipher())
    var recorder = QUICRecorder()
    for flags: UInt8 in [0, 0x10, 0x20] {
      let datagram = packet("Q043", numberFlags: flags)
      conversation.consume(datagram.span.bytes, .toServer, opener: &opener, handler: &recorder)
    }
    #expect(recorder.lines.count == 1)
  }

  @Test func otherFormsAreNone() {
    let whole = packet("Q043")
    for count in 0..<whole.count { #expect(run(Array(whole.prefix(count))).isEmpty) }
    for bit in 0..<whole.count * 8 {
      var wrong = whole
      wrong[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = run(wrong)
    }
    #expect(run(packet("Q047")).isEmpty)
    #expect(run(packet("R043")).isEmpty)
    let ends = hello([("SNI", "abc"), ("VER", "x")])
    var wrong = ends
    // The second end before the first.
    wrong[20] = 1
    let isHello = [ends, wrong, hello([])].map { GoogleClientHello($0.span.bytes) != nil }
    #expect(isHello == [true, false, false])
  }
}
