import Testing

@testable import InspectCore

/// Writes DTLS records.
private enum DTLSBuilder {
  static func hello(_ name: String, cookie: [UInt8] = [], padding: Int = 0) -> [UInt8] {
    let extensions =
      TLSBuilder.extension(21, [UInt8](repeating: 0, count: padding)) + TLSBuilder.serverName(name)
    return [0xfe, 0xfd] + [UInt8](repeating: 7, count: 32) + [0] + TLSBuilder.vector(1, cookie)
      + TLSBuilder.vector(2, [0x13, 1]) + [1, 0] + TLSBuilder.vector(2, extensions)
  }

  /// The part of a message that lies in `range`.
  static func part(
    _ body: [UInt8], _ range: Range<Int>, type: UInt8 = 1, sequence: Int = 0
  ) -> [UInt8] {
    [type] + TLSBuilder.number(body.count, 3) + TLSBuilder.number(sequence, 2)
      + TLSBuilder.number(range.lowerBound, 3) + TLSBuilder.number(range.count, 3) + body[range]
  }

  static func record(
    _ fragment: [UInt8], type: UInt8 = 22, version: [UInt8] = [0xfe, 0xfd], epoch: Int = 0
  ) -> [UInt8] {
    [type] + version + TLSBuilder.number(epoch, 2) + [0, 0, 0, 0, 0, 1]
      + TLSBuilder.vector(2, fragment)
  }

  static func client(_ name: String, version: [UInt8] = [0xfe, 0xfd]) -> [UInt8] {
    let body = hello(name)
    return record(part(body, 0..<body.count), version: version)
  }
}

@Suite struct DTLSTests {
  private typealias Build = DTLSBuilder

  private func recognises(_ bytes: [UInt8]) -> Bool {
    DTLSRecognizer.recognize(bytes.span.bytes)
  }

  @Test func recordsAreToldByTheirContent() {
    for version: [UInt8] in [[0xfe, 0xff], [0xfe, 0xfd], [1, 0]] {
      #expect(recognises(Build.client("example.com", version: version)))
    }
    let body = Build.hello("example.com")
    let half = Build.record(Build.part(body, 0..<40))
    #expect(recognises(half))
    #expect(recognises(half + Build.record(Build.part(body, 40..<body.count))))
    // The answer that asks for a cookie, and what comes from the middle of a connection.
    let verify: [UInt8] = [0xfe, 0xff, 4, 1, 2, 3, 4]
    #expect(recognises(Build.record(Build.part(verify, 0..<7, type: 3), version: [0xfe, 0xff])))
    #expect(recognises(Build.record([1, 2, 3], type: 23, epoch: 1)))
  }

  @Test func othersAreNot() {
    let whole = Build.client("example.com")
    for count in 0..<whole.count { #expect(!recognises(Array(whole.prefix(count))), "\(count)") }
    #expect(!recognises(whole + [0]))
    #expect(!recognises(Build.client("example.com", version: [3, 3])))
    #expect(!recognises(Build.record([], type: 23, epoch: 1)))
    #expect(!recognises(Build.record([1, 2, 3], type: 26, epoch: 1)))
    // Nothing but a handshake begins in clear text.
    #expect(!recognises(Build.record([1, 2, 3], type: 23)))
    #expect(!recognises(Build.record(Build.part([1, 2], 0..<2, type: 99))))
    // A part that goes beyond its message, or its record.
    var part = Build.part([1, 2, 3], 0..<3)
    part[3] = 2
    #expect(!recognises(Build.record(part)))
    #expect(!recognises(Build.record(Build.part([1, 2, 3], 0..<3).dropLast())))
    #expect(!recognises(Build.record([1] + [0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 8))))
  }

  /// The host of the flow, and how the flow ended up.
  private func host(_ datagrams: [[UInt8]]) -> (name: String?, kind: String?) {
    var network = Network(serverPort: 5684)
    for datagram in datagrams { network.datagram(datagram) }
    network.finish()
    #expect(network.events.isEmpty)
    let name = network.core.sink.hosts.first.flatMap { $0 }.map {
      String(decoding: network.core.cases.hosts[$0], as: UTF8.self)
    }
    return (name, network.core.sink.flows.first)
  }

  @Test func theServersNameIsTheFlows() {
    for version: [UInt8] in [[0xfe, 0xff], [0xfe, 0xfd]] {
      let found = host([Build.client("Mobile.Example", version: version)])
      #expect(found == ("mobile.example", "dtls"))
    }
    // Behind STUN, as in a call.
    let binding = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 3, count: 12)
    #expect(host([binding, Build.client("call.example"), binding]) == ("call.example", "dtls"))
    // The first hello is lost; the second has a cookie.
    let again = Build.hello("again.example", cookie: [UInt8](repeating: 9, count: 20))
    let second = Build.record(Build.part(again, 0..<again.count, sequence: 1))
    #expect(host([second]) == ("again.example", "dtls"))
    #expect(host([Build.record([1, 2, 3], type: 23, epoch: 1)]) == (nil, "dtls"))
  }

  @Test func partsComeInAnyOrderAndAgain() {
    let body = Build.hello("parts.example", padding: 300)
    let ranges = [0..<100, 100..<101, 90..<250, 250..<body.count]
    let parts = ranges.map { Build.record(Build.part(body, $0)) }
    #expect(host(parts).name == "parts.example")
    #expect(host(parts.reversed()).name == "parts.example")
    #expect(host([parts[1], parts[3], parts[1], parts[0], parts[2]]).name == "parts.example")
    #expect(host([parts.flatMap { $0 }]).name == "parts.example")
    #expect(host(Array(parts.dropFirst())) == (nil, "dtls"))
    // Those of another hello do not mix.
    let other = Build.hello("other.example", cookie: [1], padding: 300)
    let head = Build.record(Build.part(other, 0..<120, sequence: 1))
    let tail = Build.record(Build.part(other, 120..<other.count, sequence: 1))
    #expect(host([parts[0], parts[2], head, tail]).name == "other.example")
    #expect(host([parts[0], parts[2], head, parts[3]]).name == nil)
  }

  @Test func everyPrefixOfAHelloIsSafe() {
    let body = Build.hello("prefix.example", cookie: [1, 2, 3])
    for count in 0...body.count {
      let cut = Array(body.prefix(count))
      let found = host([Build.record(Build.part(cut, 0..<count))])
      #expect(found.name == (count == body.count ? "prefix.example" : nil), "\(count)")
    }
  }

  /// What is kept has bounds, and what finds no room is counted.
  @Test func statesAreBounded() {
    let body = Build.hello("large.example", padding: 9000)
    #expect(host([Build.record(Build.part(body, 0..<body.count))]).name == "large.example")
    var configuration = InspectorConfiguration()
    configuration.limits.dtlsHellos = 0
    for padding in [0, 9000] {
      var network = Network(serverPort: 5684, configuration: configuration)
      let body = Build.hello("full.example", padding: padding)
      network.datagram(Build.record(Build.part(body, 0..<50)))
      network.finish()
      let counters = network.core.statistics
      #expect(counters.applicationFull == 1)
      #expect(counters.encryptedBytes == 75)
      #expect(counters.unknownBytes == 0)
    }
  }
}
