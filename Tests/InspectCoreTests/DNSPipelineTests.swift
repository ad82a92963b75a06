import InspectCore
import Testing

@Suite struct DNSPipelineTests {
  static func query(_ name: String = "Www.Example.com") -> [UInt8] {
    var builder = DNSBuilder(flags: 0x0100, questions: 1)
    builder.question(name, .a)
    return builder.bytes
  }

  static func response(_ name: String = "Www.Example.com") -> [UInt8] {
    var builder = DNSBuilder(flags: 0x8180, questions: 1, answers: 1)
    let owner = builder.question(name, .a)
    builder.record(pointer: owner, .a) { $0.bytes += [192, 0, 2, 1] }
    return builder.bytes
  }

  private func framed(_ messages: [[UInt8]]) -> [UInt8] {
    messages.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 0xff)] + $0 }
  }

  private func events(_ serverPort: UInt16, _ run: (inout Network) -> Void) -> [String] {
    var network = Network(serverPort: serverPort)
    run(&network)
    network.finish()
    return network.events
  }

  private static let request = "dns request Www.Example.com to "
  private static let answer = "dns response Www.Example.com to 40000"

  /// Unanswered queries, repeated ones, and responses that nobody asked for.
  @Test func eachMessageIsAnEvent() {
    #expect(events(53) { $0.datagram(Self.query()) } == [Self.request + "53"])
    #expect(events(53) { $0.datagram(Self.response(), .toClient) } == [Self.answer])
    let twice = events(53) {
      for _ in 0..<2 {
        $0.datagram(Self.query())
        $0.datagram(Self.response(), .toClient)
      }
    }
    #expect(twice == [Self.request + "53", Self.answer, Self.request + "53", Self.answer])
  }

  @Test func otherPortsNeedACertainMessage() {
    let found = events(5300) {
      $0.datagram(Self.query())
      $0.datagram(Self.response(), .toClient)
    }
    #expect(found == [Self.request + "5300", Self.answer])
    #expect(events(5300) { $0.datagram(Self.query() + [0]) }.isEmpty)
    #expect(events(5300) { $0.datagram(Self.query("localhost")) }.isEmpty)
    var strange = Self.query()
    strange[2] |= 0x04
    #expect(events(5300) { $0.datagram(strange) }.isEmpty)
    #expect(events(5300) { $0.datagram(Array(repeating: 0, count: 40)) }.isEmpty)
  }

  @Test func whatIsNoDNSOnItsPortIsNone() {
    let found = events(53) { $0.datagram(Array(repeating: 0xff, count: 60)) }
    #expect(found.allSatisfy { $0.hasPrefix("anomaly") })
    #expect(events(53) { $0.datagram([1, 2, 3]) }.isEmpty)
  }

  @Test func aDamagedAdditionalSectionLeavesTheRest() {
    var message = Self.response()
    message[11] = 1
    let found = events(53) { $0.datagram(message + [0xc0], .toClient) }
    #expect(found == ["anomaly dns.truncated", Self.answer])
  }

  @Test func namesThatAreNotDNSHaveTheirOwnEvents() {
    #expect(events(5353) { $0.datagram(Self.query("a.local")) } == ["mdns request a.local to 5353"])
    #expect(events(5355) { $0.datagram(Self.query("a")) } == ["llmnr request a to 5355"])
  }

  @Test(arguments: [53, 5300] as [UInt16])
  func streamsGiveTheSameInEverySegmentation(_ port: UInt16) {
    let bytes = framed([Self.query(), Self.query("b.example"), Self.query("c.example")])
    let expected = [
      Self.request + "\(port)", "dns request b.example to \(port)",
      "dns request c.example to \(port)",
    ]
    // Elsewhere the first message must lie in one segment.
    let first = port == 53 ? 1 : Self.query().count + 2
    for cut in first...bytes.count {
      let found = events(port) {
        $0.connect()
        $0.say(Array(bytes[..<cut]))
        $0.say(Array(bytes[cut...]))
        $0.say(framed([Self.response()]), .toClient)
        $0.close()
      }
      #expect(found == expected + [Self.answer], "\(cut)")
    }
  }

  @Test func aLossInAStreamLosesOnlyItsMessage() {
    let found = events(53) {
      $0.connect()
      let all = framed([Self.query("a.example"), Self.query("b.example")])
      $0.say(Array(all.prefix(20)))
      $0.lose(4)
      $0.say(Array(all.dropFirst(24)))
      $0.close()
    }
    #expect(found.contains("dns request b.example to 53"))
    #expect(!found.contains("dns request a.example to 53"))
  }

  @Test func theNameOfAnAnswerIsTheHostOfTheNextFlow() {
    var network = Network(serverPort: 53)
    network.datagram(Self.query("zzhc.example"))
    network.datagram(Self.response("zzhc.example"), .toClient)
    network.finish()
    #expect(network.core.statistics.dnsMessages == 2)
  }
}
