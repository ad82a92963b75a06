"""Packets, and the files they are kept in: parsing, building, checksums, pcap and pcapng.

Only what the captures need: Ethernet, ARP as bytes, IPv4, IPv6, TCP, UDP, ICMP. Times are integer
nanoseconds since 1970, so that no output depends on floating point.
"""

import dataclasses
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806

LINK_NULL, LINK_ETHERNET, LINK_RAW, LINK_LOOP, LINK_SLL, LINK_SLL2 = 0, 1, 101, 108, 113, 276


@dataclasses.dataclass
class Packet:
  """A frame of Ethernet, taken apart as far as it was understood; `build` puts it together."""

  time: int
  destination_mac: bytes
  source_mac: bytes
  ethertype: int
  source: bytes = b""
  destination: bytes = b""
  hop_limit: int = 64
  identification: int = 0
  fragment: int = 0  # the 16 bits of flags and fragment offset (IPv4)
  flow_label: int = 0  # class and flow label (IPv6)
  protocol: int = -1
  source_port: int = 0
  destination_port: int = 0
  sequence: int = 0
  acknowledgment: int = 0
  flags: int = 0
  window: int = 0
  options: bytes = b""
  payload: bytes = b""  # of the innermost layer that was understood

  def replace(self, **changes):
    return dataclasses.replace(self, **changes)

  @property
  def is_tcp(self):
    return self.protocol == TCP


def checksum(data):
  """The Internet checksum (RFC 1071)."""
  if len(data) % 2:
    data += b"\0"
  total = sum(struct.unpack(f"!{len(data) // 2}H", data))
  while total >> 16:
    total = (total & 0xFFFF) + (total >> 16)
  return ~total & 0xFFFF


def parse(time, frame):
  """Takes an Ethernet frame apart."""
  packet = Packet(time, frame[0:6], frame[6:12], struct.unpack("!H", frame[12:14])[0])
  body = frame[14:]
  if packet.ethertype == IPV4:
    header = (body[0] & 15) * 4
    length, packet.identification, packet.fragment = struct.unpack("!HHH", body[2:8])
    packet.hop_limit, packet.protocol = body[8], body[9]
    packet.source, packet.destination = body[12:16], body[16:20]
    body = body[header:length]
  elif packet.ethertype == IPV6:
    packet.flow_label = struct.unpack("!I", body[:4])[0] & 0x0FFFFFFF
    length, packet.protocol, packet.hop_limit = struct.unpack("!HBB", body[4:8])
    packet.source, packet.destination = body[8:24], body[24:40]
    body = body[40 : 40 + length]
  else:
    packet.payload = body
    return packet
  if packet.protocol == TCP:
    packet.source_port, packet.destination_port = struct.unpack("!HH", body[:4])
    packet.sequence, packet.acknowledgment = struct.unpack("!II", body[4:12])
    offset, packet.flags = (body[12] >> 4) * 4, body[13]
    packet.window = struct.unpack("!H", body[14:16])[0]
    packet.options, packet.payload = body[20:offset], body[offset:]
  elif packet.protocol == UDP:
    packet.source_port, packet.destination_port, length = struct.unpack("!HHH", body[:6])
    packet.payload = body[8:length]
  else:
    packet.payload = body
  return packet


def transport(packet):
  """The TCP segment, UDP datagram or other payload, with its checksum."""
  if packet.protocol == TCP:
    offset = (20 + len(packet.options)) // 4
    body = struct.pack(
      "!HHIIBBHHH", packet.source_port, packet.destination_port, packet.sequence,
      packet.acknowledgment, offset << 4, packet.flags, packet.window, 0, 0)
    body, at = body + packet.options + packet.payload, 16
  elif packet.protocol == UDP:
    length = 8 + len(packet.payload)
    body = struct.pack("!HHHH", packet.source_port, packet.destination_port, length, 0)
    body, at = body + packet.payload, 6
  elif packet.protocol == ICMPV6:
    body, at = packet.payload[:2] + b"\0\0" + packet.payload[4:], 2
  else:
    return packet.payload
  pseudo = packet.source + packet.destination + struct.pack("!II", len(body), packet.protocol)
  value = checksum(pseudo + body)
  if packet.protocol == UDP and value == 0:
    value = 0xFFFF
  return body[:at] + struct.pack("!H", value) + body[at + 2 :]


def ipv4(packet, body, fragment=None, protocol=None, options=b""):
  """An IPv4 packet around `body`."""
  fragment = packet.fragment if fragment is None else fragment
  words = 5 + len(options) // 4
  header = struct.pack(
    "!BBHHHBBH", 0x40 | words, 0, words * 4 + len(body), packet.identification, fragment,
    packet.hop_limit, packet.protocol if protocol is None else protocol, 0)
  header += packet.source + packet.destination + options
  return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body


def ipv6(packet, body, next_header=None):
  """An IPv6 packet around `body`, which begins with the extension headers if there are any."""
  return struct.pack(
    "!IHBB", 0x60000000 | packet.flow_label, len(body),
    packet.protocol if next_header is None else next_header, packet.hop_limit,
  ) + packet.source + packet.destination + body


def network(packet):
  """The IP packet, or the body of any other EtherType."""
  if packet.ethertype == IPV4:
    return ipv4(packet, transport(packet))
  if packet.ethertype == IPV6:
    return ipv6(packet, transport(packet))
  return packet.payload


def ethernet(packet, vlans=(), body=None):
  """The frame; `vlans` are (tag protocol, VLAN identifier), outermost first."""
  tags = b"".join(struct.pack("!HH", protocol, identifier) for protocol, identifier in vlans)
  body = network(packet) if body is None else body
  return (
    packet.destination_mac + packet.source_mac + tags + struct.pack("!H", packet.ethertype) + body)


def link(packet, kind, outgoing=False, body=None):
  """The frame of another link type; `outgoing` is what a cooked capture says of the direction."""
  body = network(packet) if body is None else body
  direction = 4 if outgoing else 0
  if kind == LINK_ETHERNET:
    return ethernet(packet, body=body)
  if kind == LINK_RAW:
    return body
  if kind in (LINK_NULL, LINK_LOOP):
    # AF_INET is 2 everywhere, AF_INET6 is 30 on Darwin; NULL has the host's byte order.
    family = 2 if packet.ethertype == IPV4 else 30
    return struct.pack("<I" if kind == LINK_NULL else ">I", family) + body
  address = packet.source_mac + b"\0\0"
  if kind == LINK_SLL:
    header = struct.pack("!HHH", direction, 1, 6)
    return header + address + struct.pack("!H", packet.ethertype) + body
  if kind == LINK_SLL2:
    return struct.pack("!HHIHBB", packet.ethertype, 0, 3, 1, direction, 6) + address + body
  raise ValueError(f"link type {kind}")


# Files


def read_pcap(path):
  """The frames of a little-endian microsecond Ethernet pcap, as tcpdump writes it here."""
  data = path.read_bytes()
  if struct.unpack("<I", data[:4])[0] != 0xA1B2C3D4:
    raise ValueError(f"{path}: not a pcap of this machine's tcpdump")
  frames, at = [], 24
  while at < len(data):
    seconds, micros, captured, _ = struct.unpack("<IIII", data[at : at + 16])
    frames.append((seconds * 10**9 + micros * 1000, data[at + 16 : at + 16 + captured]))
    at += 16 + captured
  return frames


def pcap(frames, link_type=LINK_ETHERNET, order="<", nanoseconds=False, snap_length=262144):
  """A pcap file of (time, frame)."""
  magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
  parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)]
  for time, frame in frames:
    kept = frame[:snap_length]
    parts.append(struct.pack(
      order + "IIII", time // 10**9, time % 10**9 // unit, len(kept), len(frame)) + kept)
  return b"".join(parts)


def padded(data):
  return data + b"\0" * (-len(data) % 4)


def option(code, value):
  value = value.encode() if isinstance(value, str) else value
  return struct.pack("<HH", code, len(value)) + padded(value)


def block(kind, body):
  """A pcapng block."""
  length = struct.pack("<I", 12 + len(body))
  return struct.pack("<I", kind) + length + body + length


END_OF_OPTIONS = option(0, b"")


def section_header(application, comment):
  """A Section Header Block: comment, hardware, operating system, application."""
  return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
               + option(1, comment) + option(2, "Network namespaces with veth")
               + option(3, "Linux") + option(4, application) + END_OF_OPTIONS)


def interface(name, description, resolution=9, link_type=LINK_ETHERNET, snap_length=262144):
  """An Interface Description Block; a time stamp counts units of 10 to the minus `resolution`."""
  return block(1, struct.pack("<HHI", link_type, 0, snap_length)
               + option(2, name) + option(3, description) + option(9, bytes([resolution]))
               + option(12, "Linux") + END_OF_OPTIONS)


def enhanced_packet(time, frame, resolution=9, interface_number=0):
  stamp = time // 10 ** (9 - resolution)
  return block(6, struct.pack(
    "<IIIII", interface_number, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame),
  ) + padded(frame))


def interface_statistics(start, end, count, resolution=9):
  """An Interface Statistics Block: nothing was dropped."""
  def stamp(time):
    units = time // 10 ** (9 - resolution)
    return struct.pack("<II", units >> 32, units & 0xFFFFFFFF)
  return block(5, struct.pack("<I", 0) + stamp(end) + option(2, stamp(start))
               + option(3, stamp(end)) + option(4, struct.pack("<Q", count))
               + option(5, struct.pack("<Q", 0)) + END_OF_OPTIONS)
