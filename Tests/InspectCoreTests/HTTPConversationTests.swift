import InspectCore
import Testing

private let names = ["http-messages", "http-damaged", "http-losses"]

@Suite struct HTTPConversationTests {
  static var vectors: [HTTPScript] {
    get throws { try names.flatMap { try HTTPScript.all(in: $0) } }
  }

  @Test(arguments: try HTTPConversationTests.vectors)
  func eventsAreAsExpected(_ script: HTTPScript) {
    #expect(script.events() == script.expected)
  }

  @Test(arguments: try HTTPConversationTests.vectors)
  func cutsDoNotMatter(_ script: HTTPScript) {
    for length in 1...3 { #expect(script.events { _ in length } == script.expected) }
    let longest = script.steps.map(\.byteCount).max() ?? 0
    for first in 0...longest {
      // Each run is cut once, `first` bytes from its end.
      let events = script.events { remaining in remaining > first ? remaining - first : remaining }
      #expect(events == script.expected, "\(first) from the end")
    }
  }

  @Test(arguments: try HTTPConversationTests.vectors)
  func everyPrefixIsSafe(_ script: HTTPScript) {
    for index in script.steps.indices {
      guard case .bytes(let bytes, let direction) = script.steps[index] else { continue }
      for count in 0...bytes.count {
        var prefix = script
        prefix.steps[index] = .bytes(Array(bytes[..<count]), direction)
        prefix.steps.removeSubrange((index + 1)...)
        prefix.steps += [.finish(.toServer), .finish(.toClient)]
        let events = prefix.events()
        #expect(events == prefix.events { _ in 1 })
        #expect(events.count { $0.hasPrefix("request") } == events.count { $0.isRequestEnd })
      }
    }
  }

  @Test func memoryIsUsedAgainAfterAReset() throws {
    var conversation = HTTPConversation()
    for script in try HTTPConversationTests.vectors {
      let events = script.events(&conversation) { _ in 1 }
      #expect(events == script.expected)
      conversation.reset()
    }
  }

  /// Whatever is changed, moved or lost: it does not crash, and cuts do not matter.
  @Test(arguments: 0..<20)
  func mutationsGiveTheSameEventsInAnySegmentation(_ part: Int) throws {
    var random = HTTPRandom(state: UInt64(part) &* 77 &+ 1)
    let vectors = try HTTPConversationTests.vectors
    var limits = HTTPLimits()
    if part % 2 == 1 {
      limits.headByteCount = 100
      limits.lineByteCount = 40
      limits.fieldCount = 3
      limits.chunkLineByteCount = 8
      limits.trailerByteCount = 10
      limits.resynchronizationByteCount = 0
    }
    for round in 0..<1000 {
      let script = vectors.randomElement(using: &random)!.mutated(&random)
      var (first, second) = (random, random)
      second.state ^= 0xffff
      let events = script.events(limits: limits) { _ in .random(in: 1...40, using: &first) }
      let others = script.events(limits: limits) { _ in .random(in: 1...200, using: &second) }
      #expect(events == others, "round \(round): \(script.steps)")
    }
  }

  @Test func messagesAfterAGapAreFound() {
    let request = "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\na=b\nc="
    let chunks = "POST /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
    let bytes = Array((request + chunks).utf8)
    let tail = Array("GET /last HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
    for start in 0..<bytes.count {
      for count in [1, 2, 7, 40] where start + count <= bytes.count {
        let script = HTTPScript(steps: [
          .bytes(Array(bytes[..<start]), .toServer), .gap(count, .toServer),
          .bytes(bytes[(start + count)...] + tail, .toServer),
        ])
        let events = script.events()
        #expect(events == script.events { _ in 1 })
        let last = events.last { $0.hasPrefix("request") }
        #expect(last?.contains("GET /last 1.1 host=h") == true, "\(start) + \(count): \(events)")
      }
    }
  }
}

@Suite struct HTTPLimitTests {
  private func events(_ limits: HTTPLimits, _ text: String) -> [String] {
    let script = HTTPScript(steps: [.bytes(Array(text.utf8), .toServer)])
    let whole = script.events(limits: limits)
    #expect(whole == script.events(limits: limits) { _ in 1 })
    #expect(whole == script.events(limits: limits) { _ in 1460 })
    return whole
  }

  /// The message goes on to be framed; what follows it is found.
  @Test(arguments: [0, 65_000, 65_500, 65_535, 65_536, 65_537, 66_000, 70_000, 200_000])
  func aLongHeadIsFramed(_ count: Int) {
    let filler = String(repeating: "X-Filler: 0123456789\r\n", count: count / 22)
    let text =
      "POST / HTTP/1.1\r\n\(filler)X-Long: \(String(repeating: "x", count: count % 22))\r\n"
      + "X-After: 1\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n\r\n"
    let events = events(HTTPLimits(), text)
    let headByteCount = text.utf8.count - "abcGET /2 HTTP/1.1\r\n\r\n".utf8.count
    #expect(events.contains("anomaly > headTooLong") == (headByteCount > 65536))
    #expect(events.contains("field X-After = 1") == (count == 0))
    #expect(
      Array(events.suffix(4)) == [
        "body > abc", "end > complete", "request 1 GET /2 1.1", "end > complete",
      ])
  }

  @Test func aLongRequestLineIsCut() {
    let target = "/" + String(repeating: "a", count: 100_000)
    let events = events(
      HTTPLimits(), "POST \(target) HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n\r\n")
    #expect(events[0].hasPrefix("request 0 POST /aaaa"))
    #expect(events[0].utf8.count > 60_000)
    #expect(
      Array(events.dropFirst()) == [
        "anomaly > headTooLong", "anomaly > lineTooLong", "body > x", "end > complete",
        "request 1 GET / 1.1", "end > complete",
      ])
  }

  @Test func aLongFieldLineIsCountedAndRead() {
    let value = String(repeating: "v", count: 20_000)
    let events = events(HTTPLimits(), "GET / HTTP/1.1\r\nX-V: \(value)\r\n\r\n")
    #expect(events.contains("field X-V = \(value)"))
    #expect(events.contains("anomaly > lineTooLong"))
  }

  @Test func manyFieldsAreCountedAndTheFramingIsRead() {
    let fields = (0..<200).map { "X-\($0): \($0)\r\n" }.joined()
    let events = events(HTTPLimits(), "PUT / HTTP/1.1\r\n\(fields)Content-Length: 2\r\n\r\nok")
    #expect(events.count { $0.hasPrefix("field") } == 128)
    #expect(Array(events.suffix(3)) == ["anomaly > tooManyFields", "body > ok", "end > complete"])
  }

  @Test func longLinesOfChunksAreCounted() {
    let long = String(repeating: "e", count: 20_000)
    let events = events(
      HTTPLimits(),
      "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;\(long)\r\nok\r\n0\r\nX-T: \(long)\r\n\r\n"
    )
    #expect(
      events == [
        "request 0 PUT / 1.1", "anomaly > chunkLineTooLong", "body > ok",
        "anomaly > trailerTooLong",
        "end > complete",
      ])
  }

  @Test func theSearchForAMessageEnds() {
    var limits = HTTPLimits()
    limits.resynchronizationByteCount = 100_000
    let noise = String(repeating: "0123456789\n", count: 10_000)
    let events = events(limits, "?\(noise)GET / HTTP/1.1\r\n\r\n")
    #expect(
      Array(events.prefix(2)) == [
        "anomaly > unexpectedBytes", "anomaly > resynchronizationFailed",
      ])
    #expect(events.count == 3)
    #expect(events[2].hasPrefix("notHTTP > "))
  }

  @Test func tooManyRequestsWaitForTheirResponses() {
    let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
    let response = Array("HTTP/1.1 304 Not Modified\r\n\r\n".utf8)
    let script = HTTPScript(steps: [
      .bytes(Array(repeatElement(request, count: 70).joined()), .toServer),
      .bytes(Array(repeatElement(response, count: 70).joined()), .toClient),
      .bytes(request, .toServer), .bytes(response, .toClient),
    ])
    let events = script.events()
    #expect(events.count { $0 == "anomaly > tooManyOutstandingRequests" } == 1)
    #expect(events.count { $0.hasPrefix("response 304") && $0.hasSuffix("unknown") } == 6)
    #expect(events.contains("response 304 1.1 'Not Modified' to 63 get"))
    #expect(events.suffix(2).first == "response 304 1.1 'Not Modified' to 70 get")
  }
}

extension String {
  fileprivate var isRequestEnd: Bool { hasPrefix("end >") }
}

extension HTTPScript.Step {
  var byteCount: Int {
    if case .bytes(let bytes, _) = self { bytes.count } else { 0 }
  }
}

extension HTTPScript {
  /// With a few bytes changed, dropped, doubled or lost.
  func mutated(_ random: inout HTTPRandom) -> HTTPScript {
    var script = self
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let index = Int.random(in: 0..<script.steps.count, using: &random)
      guard case .bytes(var bytes, let direction) = script.steps[index], bytes.count > 1 else {
        continue
      }
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(place + Int.random(in: 1...30, using: &random), bytes.count)
      switch UInt8.random(in: 0..<7, using: &random) {
      case 0: bytes[place] = .random(in: .min ... .max, using: &random)
      case 1: bytes[place] = Array("\r\n :0HG/".utf8).randomElement(using: &random)!
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.insert(contentsOf: Array("\r\n\r\n".utf8), at: place)
      case 5:
        script.steps.insert(.gap(end - place, direction), at: index)
        script.steps.insert(.bytes(Array(bytes[..<place]), direction), at: index)
        bytes.removeSubrange(..<end)
        script.steps[index + 2] = .bytes(bytes, direction)
        continue
      default: bytes.insert(contentsOf: Array("GET / HTTP/1.1\r\n".utf8), at: place)
      }
      script.steps[index] = .bytes(bytes, direction)
    }
    if Bool.random(using: &random) { script.steps += [.finish(.toServer), .finish(.toClient)] }
    return script
  }
}
