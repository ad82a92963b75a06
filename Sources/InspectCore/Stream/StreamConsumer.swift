/// Who receives the bytes of TCP connections, in order and each once.
public protocol StreamConsumer: ~Copyable {
  /// Bytes that follow those before. They are a view into the packet, or into what was held back.
  mutating func received(
    _ bytes: RawSpan, _ direction: Direction, of flow: inout Flow, at time: Timestamp)

  /// Bytes that the capture does not have.
  mutating func lost(
    _ byteCount: Int, _ direction: Direction, of flow: inout Flow, at time: Timestamp)

  /// Nothing follows in this direction. It is called once for each.
  mutating func ended(_ direction: Direction, of flow: inout Flow, at time: Timestamp)

  /// Something is wrong with a segment. What it says of the stream is left out, unless its bytes
  /// are in the right place.
  mutating func irregular(_ anomaly: Anomaly, of flow: inout Flow, at time: Timestamp)
}
