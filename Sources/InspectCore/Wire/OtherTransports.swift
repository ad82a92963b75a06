// Transports of which only the header's beginning is read.

/// A packet of the Stream Control Transmission Protocol (RFC 9260 §3.1): its ports.
///
///      0                    2                      4                   8
///     +--------------------+----------------------+-------------------+----------+- - - -
///     |    Source Port     |   Destination Port   | Verification Tag  | Checksum | Chunks
///     +--------------------+----------------------+-------------------+----------+- - - -
public struct SCTPPacket: ~Escapable {
  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(12, for: .sctp)
    self.bytes = bytes
  }

  public var sourcePort: UInt16 { bytes.load(0) }
  public var destinationPort: UInt16 { bytes.load(2) }
}

/// An Encapsulating Security Payload (RFC 4303 §2): its index; the rest is encrypted.
///
///      0                              4                   8
///     +------------------------------+-------------------+- - - -
///     |   Security Parameters Index  |  Sequence Number  | Payload
///     +------------------------------+-------------------+- - - -
public struct EncapsulatingSecurityPayload: ~Escapable {
  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(8, for: .esp)
    self.bytes = bytes
  }

  public var securityParametersIndex: UInt32 { bytes.load(0) }
}
