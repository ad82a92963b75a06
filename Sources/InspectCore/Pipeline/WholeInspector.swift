/// An `Inspector` of one fixed type, for programs in other modules.
///
/// A generic type is compiled to fast code only where the compiler sees its sources and its
/// arguments together. Another module sees no sources: it would run the generic form, which looks
/// types up for every packet. So this module makes the code itself, for arguments that are
/// references. What that costs is an indirect call for an event, none for a packet.
public struct WholeInspector: ~Copyable {
  private var inspector: Inspector<SinkReference, DecoderReference, AtlasReference, CipherReference>

  /// `hashKey` must be random where the input may be hostile. `Held` makes an object of any sink,
  /// decoder, atlas or cipher.
  public init(
    configuration: InspectorConfiguration, hashKey: (UInt64, UInt64),
    sink: any InspectionSink & AnyObject, decoder: any ContentDecoder & AnyObject,
    atlas: any Atlas & AnyObject, cipher: any PacketCipher & AnyObject
  ) {
    inspector = Inspector(
      configuration: configuration, hashKey: hashKey, sink: SinkReference(object: sink),
      decoder: DecoderReference(object: decoder), atlas: AtlasReference(object: atlas),
      cipher: CipherReference(object: cipher))
  }

  /// See `Inspector.inspect`.
  public mutating func inspect(
    _ bytes: RawSpan, at time: Timestamp, originalByteCount: Int, linkType: LinkType,
    source: UInt16 = 0
  ) {
    inspector.inspect(
      bytes, at: time, originalByteCount: originalByteCount, linkType: linkType, source: source)
  }

  /// The input is over: ends all flows and draws the conclusions.
  public mutating func finish() { inspector.finish() }

  /// What was seen so far.
  public var statistics: InspectorCounters { inspector.statistics }

  /// See `Inspector.latestFlow`.
  public var latestFlow: UInt64 { inspector.latestFlow }

  /// The flows that are open now.
  public var openFlows: Int { inspector.openFlows }

  /// What the unlock logs and the capture had in common.
  public var unlockCoverage: UnlockCoverage { inspector.cases.unlockCoverage }

  /// More unlocks while the capture goes on; see `CaseBook.append`.
  public mutating func append(unlocks: [[Timestamp]]) { inspector.append(unlocks: unlocks) }
}

/// One of several that share the packets of a capture: each is shown all, and looks at the flows that
/// are its own. Of fixed type, as `WholeInspector`.
public struct WholeShard: ~Copyable {
  private var shard: Shard<SinkReference, DecoderReference, CipherReference>
  private let number: ShardNumber

  /// `hashKey` must be the same for all, and random where the input may be hostile.
  public init(
    configuration: InspectorConfiguration, hashKey: (UInt64, UInt64), number: ShardNumber,
    sink: any InspectionSink & AnyObject, decoder: any ContentDecoder & AnyObject,
    cipher: any PacketCipher & AnyObject
  ) {
    var configuration = configuration
    configuration.limits = configuration.limits.shared(by: number.count)
    self.number = number
    shard = Shard(
      configuration: configuration, function: SipHash13(key0: hashKey.0, key1: hashKey.1),
      number: number, sink: SinkReference(object: sink),
      decoder: DecoderReference(object: decoder), cipher: CipherReference(object: cipher))
  }

  /// See `Inspector.inspect`. What a `glance` tells to be another shard's is not looked at.
  public mutating func inspect(
    _ bytes: RawSpan, _ glance: PacketGlance, at time: Timestamp, originalByteCount: Int,
    linkType: LinkType, source: UInt16 = 0
  ) {
    guard glance.concerns(number) else {
      return shard.pass(
        glance, at: time, byteCount: bytes.byteCount, originalByteCount: originalByteCount)
    }
    shard.inspect(
      bytes, at: time, originalByteCount: originalByteCount, linkType: linkType, source: source)
  }

  /// The input is over: ends some of the flows that are open; false when there were none.
  public mutating func finishSome() -> Bool { shard.finishSome() }

  /// What was found that concerns more than a flow, since it was last taken.
  public mutating func takeRecords() -> CaseRecords { shard.ledger.takeRecords() }

  /// What was seen so far; of what all shards see alike, the first alone counts.
  public var statistics: InspectorCounters { shard.statistics }

  /// The flows that are open now.
  public var openFlows: Int { shard.openFlows }
}

/// What several shards found out of devices and destinations, put together.
public struct WholeCase: ~Copyable {
  private var cases: CaseBook<AtlasReference>

  public init(
    configuration: InspectorConfiguration, hashKey: (UInt64, UInt64), atlas: any Atlas & AnyObject
  ) {
    cases = CaseBook(
      configuration: configuration.cases, limits: configuration.limits,
      function: SipHash13(key0: hashKey.0, key1: hashKey.1), atlas: AtlasReference(object: atlas))
  }

  /// Learns what entries of `records` refer to; must come before `take`.
  public mutating func open(_ records: borrowing CaseRecords, of shard: Int) {
    cases.open(records, of: shard)
  }

  /// Takes in the entry at `index`. A shard's entries must come in their order, those of all shards in
  /// the order of their moments; `candidate` is the reader's place among what may recur, 0 at first.
  public mutating func take(
    _ index: Int, of records: borrowing CaseRecords, _ candidate: inout Int, shard: Int
  ) {
    cases.take(index, of: records, &candidate, ledger: shard)
  }

  /// The input is over: draws the conclusions, and gives the alerts in the order of time.
  public mutating func conclude(_ give: (Alert) -> Void) { cases.conclude(give) }

  /// Adds what it counted to what a shard did.
  public func add(to all: inout InspectorCounters) { cases.add(to: &all) }

  /// What the unlock logs and the capture had in common.
  public var unlockCoverage: UnlockCoverage { cases.unlockCoverage }
}

/// A sink, decoder, atlas or cipher as an object, so that it can be shared.
public final class Held<Value: ~Copyable> {
  public var value: Value

  public init(_ value: consuming Value) { self.value = value }
}

extension Held: InspectionSink where Value: InspectionSink & ~Copyable {
  public func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason) {
    value.flow(flow, ended: reason)
  }
  public func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext) {
    value.http(transaction, context)
  }
  public func tls(_ session: borrowing TLSSession, _ context: FlowContext) {
    value.tls(session, context)
  }
  public func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp
  ) { value.quic(hello, version, context, at: time) }
  public func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    value.dns(message, context, at: time)
  }
  public func multicastDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    value.multicastDNS(message, context, at: time)
  }
  public func linkLocalDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    value.linkLocalDNS(message, context, at: time)
  }
  public func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext) {
    value.smtp(transaction, context)
  }
  public func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    value.anomaly(anomaly, context, at: time)
  }
  public func alert(_ alert: Alert) { value.alert(alert) }
  public func turn(to moment: Moment) { value.turn(to: moment) }
  public var wantsFingerprints: Bool { value.wantsFingerprints }
  public var wantsBodies: Bool { value.wantsBodies }
  public func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32
  ) { value.body(bytes, coding, direction, place: place) }
  public func bodyEnded(_ direction: Direction, place: UInt32) {
    value.bodyEnded(direction, place: place)
  }
}

extension Held: ContentDecoder where Value: ContentDecoder & ~Copyable {
  public func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome { value.decode(bytes, coding, into: &output) }
}

extension Held: Atlas where Value: Atlas & ~Copyable {
  public func locate(_ address: IPAddress) -> Location { value.locate(address) }
}

extension Held: PacketCipher where Value: PacketCipher & ~Copyable {
  public func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    value.extract(salt: salt, from: material)
  }
  public func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret {
    value.expand(secret, info: info)
  }
  public func encrypt(_ block: PacketKeys.Block, key: PacketKeys.Block) -> PacketKeys.Block {
    value.encrypt(block, key: key)
  }
  public func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool {
    value.open(sealed, key: key, nonce: nonce, authenticating: header, into: &output)
  }
}

// The only existentials of the core: bound to classes, which Embedded Swift has.

private struct SinkReference: InspectionSink {
  var object: any InspectionSink & AnyObject

  mutating func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason) {
    object.flow(flow, ended: reason)
  }
  mutating func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext) {
    object.http(transaction, context)
  }
  mutating func tls(_ session: borrowing TLSSession, _ context: FlowContext) {
    object.tls(session, context)
  }
  mutating func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp
  ) { object.quic(hello, version, context, at: time) }
  mutating func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    object.dns(message, context, at: time)
  }
  mutating func multicastDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    object.multicastDNS(message, context, at: time)
  }
  mutating func linkLocalDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    object.linkLocalDNS(message, context, at: time)
  }
  mutating func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext) {
    object.smtp(transaction, context)
  }
  mutating func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    object.anomaly(anomaly, context, at: time)
  }
  mutating func alert(_ alert: Alert) { object.alert(alert) }
  mutating func turn(to moment: Moment) { object.turn(to: moment) }
  var wantsFingerprints: Bool { object.wantsFingerprints }
  var wantsBodies: Bool { object.wantsBodies }
  mutating func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32
  ) { object.body(bytes, coding, direction, place: place) }
  mutating func bodyEnded(_ direction: Direction, place: UInt32) {
    object.bodyEnded(direction, place: place)
  }
}

private struct DecoderReference: ContentDecoder {
  var object: any ContentDecoder & AnyObject

  mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome { object.decode(bytes, coding, into: &output) }
}

private struct AtlasReference: Atlas {
  var object: any Atlas & AnyObject

  mutating func locate(_ address: IPAddress) -> Location { object.locate(address) }
}

private struct CipherReference: PacketCipher {
  var object: any PacketCipher & AnyObject

  mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    object.extract(salt: salt, from: material)
  }
  mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret {
    object.expand(secret, info: info)
  }
  mutating func encrypt(_ block: PacketKeys.Block, key: PacketKeys.Block) -> PacketKeys.Block {
    object.encrypt(block, key: key)
  }
  mutating func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool {
    object.open(sealed, key: key, nonce: nonce, authenticating: header, into: &output)
  }
}
