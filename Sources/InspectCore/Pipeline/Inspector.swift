/// Inspects packets one after the other: takes their layers off, sorts them into flows, puts streams
/// together and hands on what is in them.
///
/// All memory has bounds (`InspectorLimits`); none is taken for a packet.
public struct Inspector<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable, Map: Atlas & ~Copyable,
  Cipher: PacketCipher & ~Copyable
>: ~Copyable {
  private var shard: Shard<Sink, Decoder, Cipher>
  /// What is known of devices and destinations.
  public private(set) var cases: CaseBook<Map>

  /// `hashKey` must be random where the input may be hostile.
  public init(
    configuration: InspectorConfiguration, hashKey: (UInt64, UInt64), sink: consuming Sink,
    decoder: consuming Decoder, atlas: consuming Map, cipher: consuming Cipher
  ) {
    let function = SipHash13(key0: hashKey.0, key1: hashKey.1)
    shard = Shard(
      configuration: configuration, function: function, number: .only, sink: sink,
      decoder: decoder, cipher: cipher)
    cases = CaseBook(
      configuration: configuration.cases, limits: configuration.limits, function: function,
      atlas: atlas)
  }

  /// Looks at a packet. `originalByteCount` is what it had on the wire, `source` the number of the
  /// capture it is from.
  public mutating func inspect(
    _ bytes: RawSpan, at time: Timestamp, originalByteCount: Int, linkType: LinkType,
    source: UInt16 = 0
  ) {
    shard.inspect(
      bytes, at: time, originalByteCount: originalByteCount, linkType: linkType, source: source)
    if !shard.ledger.isEmpty { takeLedger() }
  }

  @inline(never)
  private mutating func takeLedger() {
    cases.take(&shard.ledger)
    cases.takeRaised { shard.sink.alert($0) }
  }

  /// The input is over: ends all flows and draws the conclusions.
  public mutating func finish() {
    while shard.finishSome() { takeLedger() }
    cases.conclude { shard.sink.alert($0) }
  }

  /// What was seen so far.
  public var statistics: InspectorCounters {
    var all = shard.statistics
    cases.add(to: &all)
    return all
  }

  /// The flow that the last packet was counted for (`FlowContext.id`), the innermost of a tunnel; 0
  /// for none. A packet that waits for its other fragments is counted when the last has come.
  public var latestFlow: UInt64 { shard.latestFlow }

  /// The flows that are open now.
  public var openFlows: Int { shard.openFlows }

  public var sink: Sink {
    _read { yield shard.sink }
    _modify { yield &shard.sink }
  }

  /// More unlocks of the configuration's tracks; see `CaseBook.append`.
  public mutating func append(unlocks: [[Timestamp]]) { cases.append(unlocks: unlocks) }
}
