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
}
