/// Which way a packet or a byte of a flow goes. The client is who sent the SYN, or the first packet.
public enum Direction: UInt8, Sendable {
  case toServer, toClient

  public var opposite: Direction { self == .toServer ? .toClient : .toServer }
}
