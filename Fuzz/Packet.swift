@testable import InspectCore

/// A byte of link type, then a packet: the layers come off, and every view lies inside the packet.
let fuzzPacket: @Sendable (RawSpan) -> Void = { input in
  var packet = input
  let numbers: [UInt32] = [
    0, 1, 9, 12, 50, 51, 104, 105, 108, 113, 119, 127, 147, 163, 192, 228, 229, 239, 276,
  ]
  let linkType = LinkType(rawValue: numbers[packet.takeByte() % numbers.count])
  var link = PacketDecoder.Link()
  guard let network = try? PacketDecoder.network(of: packet, linkType: linkType, link: &link)
  else { return }
  descend(network, in: packet, depth: 0)
}

private func descend(_ network: PacketDecoder.Network, in packet: RawSpan, depth: Int) {
  switch network {
  case .ipv4(let bytes):
    require(bytes.isInside(packet), "IPv4 packet outside of its frame")
    guard let view = try? IPv4Packet(bytes) else { return }
    require(view.cutByteCount >= 0, "less than nothing was cut")
    _ = view.hasValidChecksum
    check(PacketDecoder.Datagram(view), in: bytes, depth: depth)
  case .ipv6(let bytes):
    require(bytes.isInside(packet), "IPv6 packet outside of its frame")
    guard let view = try? IPv6Packet(bytes), let datagram = try? PacketDecoder.Datagram(view)
    else { return }
    require(view.cutByteCount >= 0, "less than nothing was cut")
    check(datagram, in: bytes, depth: depth)
  case .aggregate(let frames):
    require(frames.isInside(packet), "aggregated frames outside of their frame")
    var rest = frames
    while !rest.isEmpty {
      guard let part = try? AggregatedFrame(rest) else { return }
      require(part.payload.isInside(rest), "an aggregated frame outside of the others")
      require(part.paddedByteCount > 0, "an aggregated frame of nothing")
      rest = rest.extracting(droppingFirst: part.paddedByteCount)
    }
  case .arp, .encrypted, .other, .unknownLinkType, .tooManyLayers: return
  }
}

private func check(_ datagram: PacketDecoder.Datagram, in packet: RawSpan, depth: Int) {
  let payload = datagram.payload
  require(payload.isInside(packet), "payload outside of its packet")
  _ = datagram.hasValidChecksum
  if depth < 8, datagram.mayCarry, let tunnel = try? datagram.tunnel() {
    require(tunnel.bytes.isInside(payload), "what a tunnel carries is outside of it")
    var link = PacketDecoder.Link()
    if let inner = try? PacketDecoder.walk(tunnel.bytes, from: tunnel.layer, link: &link) {
      descend(inner, in: tunnel.bytes, depth: depth + 1)
    }
  }
  if let segment = try? TCPSegment(payload) {
    require(segment.payload.isInside(payload), "segment's payload outside")
    require(segment.windowShift ?? 0 <= 14, "window shift")
  }
  if let datagram = try? UDPDatagram(payload) {
    require(datagram.payload.isInside(payload), "datagram's payload outside")
  }
  for version in [ICMPMessage.Version.four, .six] {
    guard let message = try? ICMPMessage(payload, version: version) else { continue }
    if let quoted = message.quotedPacket {
      require(quoted.isInside(payload), "quoted packet outside")
    }
  }
}
