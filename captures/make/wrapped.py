"""Registrations inside other link layers and inside tunnels: the recordings, re-wrapped.

The wrapping is written from the standards that `Sources/InspectCore/Wire` names, in the other
direction. Ends of tunnels have documentation addresses (RFC 5737, RFC 3849).
"""

import struct

import phone
import placing
import scene
import small
import wire

HERE, THERE = "198.51.100.1", "203.0.113.1"
HERE_V6, THERE_V6 = "2001:db8:1::1", "2001:db8:2::1"
ACCESS_POINT = bytes.fromhex("00005e005301")
EXPECTED = small.post(status=200), small.alert()


# Link layers


def ethernet_header(packet, ethertype):
  return packet.destination_mac + packet.source_mac + struct.pack("!H", ethertype)


def llc(packet):
  """LLC and SNAP (RFC 1042) around the IP packet."""
  return b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", packet.ethertype) + wire.network(packet)


def ppp(packet, framed=True, compressed=False):
  """RFC 1661; framed as in HDLC, or with the protocol field compressed."""
  number = 0x21 if packet.ethertype == wire.IPV4 else 0x57
  head = bytes([number]) if compressed else struct.pack("!H", number)
  return (b"\xff\x03" if framed else b"") + head + wire.network(packet)


def pppoe(packet):
  """The session 7 (RFC 2516), without the Ethernet header."""
  frame = ppp(packet, framed=False)
  return struct.pack("!BBHH", 0x11, 0, 7, len(frame)) + frame


def mpls(*labels):
  """A label stack (RFC 3032)."""
  return b"".join(
    struct.pack("!I", label << 12 | (index == len(labels) - 1) << 8 | 64)
    for index, label in enumerate(labels))


def cisco_hdlc(packet):
  return struct.pack("!BBH", 0x0F, 0, packet.ethertype) + wire.network(packet)


def wireless(packet, kind="station", body=None, flags=0):
  """A data frame (IEEE 802.11): from or to a station, with QoS, or with four addresses."""
  source, destination = packet.source_mac, packet.destination_mac
  body = llc(packet) if body is None else body
  if kind == "four":
    return (struct.pack("<BBH", 0x88, 0x03 | flags, 0) + ACCESS_POINT + ACCESS_POINT
            + destination + struct.pack("<H", 0x10) + source + b"\0\0" + body)
  uplink = placing.from_phone(packet)
  addresses = (ACCESS_POINT + source + destination if uplink
               else destination + ACCESS_POINT + source)
  aggregate = 0x80 if kind == "aggregate" else 0
  qos = struct.pack("<H", aggregate) if kind in ("qos", "aggregate") else b""
  head = struct.pack("<BBH", 0x88 if qos else 0x08, (0x01 if uplink else 0x02) | flags, 0)
  return head + addresses + struct.pack("<H", 0x20) + qos + body


def aggregated(packets):
  """The subframes of an A-MSDU: each but the last is padded to a multiple of four."""
  parts = []
  for packet in packets:
    body = llc(packet)
    parts.append(packet.destination_mac + packet.source_mac + struct.pack("!H", len(body)) + body)
  return b"".join(part + bytes(-len(part) % 4) for part in parts[:-1]) + parts[-1]


def radiotap(frame, padded=False):
  """TSFT and Flags: the frame check sequence is there, and perhaps padding of the header."""
  flags = 0x10 | (0x20 if padded else 0)
  return struct.pack("<BBHIQB", 0, 0, 17, 0x03, 1, flags) + frame + b"\xde\xad\xbe\xef"


def link(name, kind, wrap, lines=None):
  packets = small.registration(name)
  return f"{name}.pcap", wire.pcap([(p.time, wrap(p)) for p in packets], kind), (
    small.found() if lines is None else lines)


def link_layers():
  ether = wire.LINK_ETHERNET
  yield link("mpls", ether, lambda p: (
    ethernet_header(p, 0x8847) + mpls(16, 17, 18) + wire.network(p)))
  yield link("mpls-pseudowire", ether, lambda p: (
    ethernet_header(p, 0x8847) + mpls(16, 17) + bytes(4) + wire.ethernet(p, [(0x8100, 7)])),
    small.found() + [{**small.post(), "vlan": [7]}])
  yield link("pppoe", ether, lambda p: ethernet_header(p, 0x8864) + pppoe(p) + bytes(6))
  yield link("pppoe-vlan", ether, lambda p: (
    p.destination_mac + p.source_mac + struct.pack("!HHH", 0x8100, 7, 0x8864) + pppoe(p)),
    small.found() + [{**small.post(), "vlan": [7]}])
  yield link("llc-snap", ether, lambda p: ethernet_header(p, len(llc(p))) + llc(p))
  yield link("vlan-stack", ether, lambda p: wire.ethernet(
    p, [(0x88A8, 100), (0x9100, 200), (0x8100, 300)]),
    small.found() + [{**small.post(), "vlan": [100, 200, 300]}])
  yield link("backbone", ether, lambda p: (
    ethernet_header(p, 0x88E7) + struct.pack("!I", 5) + wire.ethernet(p)))
  yield link("fabricpath", ether, lambda p: (
    ethernet_header(p, 0x8903) + struct.pack("!H", 0x0040) + wire.ethernet(p)))
  yield link("pcapdroid-trailer", ether, lambda p: (
    wire.ethernet(p) + bytes(-len(wire.network(p)) % 4)
    + struct.pack("!Ii20sI", 0x01072021, 10123, b"an example app", 0xDEADBEEF)))
  yield link("ppp", 9, ppp)
  yield link("ppp-compressed", 50, lambda p: ppp(p, framed=False, compressed=True))
  yield link("ppp-with-direction", 204, lambda p: bytes([placing.from_phone(p)]) + ppp(p))
  yield link("pppoe-link", 51, pppoe)
  yield link("cisco-hdlc", 104, cisco_hdlc)
  yield link("cisco-hdlc-as-ppp", 50, cisco_hdlc)
  yield link("llc", 100, llc)
  yield link("wireless", 105, wireless)
  yield link("wireless-qos", 105, lambda p: wireless(p, "qos"))
  yield link("wireless-four-addresses", 105, lambda p: wireless(p, "four"))
  yield link("radiotap", 127, lambda p: radiotap(wireless(p)))
  yield link("radiotap-padded", 127, lambda p: radiotap(
    wireless(p, "qos", bytes(2) + llc(p)), padded=True))
  yield link("prism", 119, lambda p: (
    struct.pack("<II", 0x44, 144) + bytes(136) + wireless(p)))
  yield link("avs", 163, lambda p: struct.pack("!II", 0x80211001, 64) + bytes(56) + wireless(p))
  yield link("ppi", 192, lambda p: struct.pack("<BBHI", 0, 0, 8, 1) + wire.ethernet(p))
  yield link("pktap", 258, lambda p: (
    struct.pack("<III", 108, 1, 1) + bytes(96) + wire.ethernet(p)))
  yield link("nflog", 239, lambda p: (
    struct.pack("!BBH", 2, 0, 5) + struct.pack("<HHI", 8, 4, 3)
    + struct.pack("<HH", 4 + len(wire.network(p)), 9) + wire.padded(wire.network(p))))
  yield link("ipnet", 226, lambda p: (
    struct.pack("!BBHI", 1, 2, 0, len(wire.network(p))) + bytes(16) + wire.network(p)))
  yield link("ipv4-link", 228, wire.network)
  yield from wireless_aggregate()
  yield from not_decoded()


def wireless_aggregate():
  """Two packets of the same sender in one frame, wherever two follow each other; with the check
  sequence."""
  packets, frames, most = small.registration("wireless-aggregate"), [], 0
  while packets:
    uplink = placing.from_phone(packets[0])
    group = [packets.pop(0)]
    while packets and placing.from_phone(packets[0]) == uplink and len(group) < 2:
      group.append(packets.pop(0))
    most = max(most, len(group))
    frame = wireless(group[0], "aggregate", aggregated(group))
    frames.append((group[0].time, frame + b"\xde\xad\xbe\xef"))
  assert most == 2
  yield "wireless-aggregate.pcap", wire.pcap(frames, 105), small.found() + [small.count(anomaly=0)]


def not_decoded():
  nothing = small.count(http=0, dns=0, flow=0, alert=0)
  yield link("wireless-protected", 105, lambda p: wireless(
    p, body=bytes(8) + llc(p), flags=0x40), [nothing, {
      "event_type": "stats", "stats": {"decoder": {
        "encrypted_frames": len(small.registration("wireless-protected")), "invalid": 0}}}])
  yield link("unknown-link-type", 147, wire.ethernet, [nothing, {
    "event_type": "stats", "stats": {"decoder": {
      "unknown_link_type": len(small.registration("unknown-link-type")),
      "unknown_link_types": [{
        "link_type": 147, "pkts": len(small.registration("unknown-link-type"))}]}}}])


# Tunnels


def outer(packet, protocol, body, identification=0):
  """An IPv4 packet between the ends of the tunnel, the way that `packet` goes."""
  ends = [scene.packed(HERE), scene.packed(THERE)]
  source, destination = ends if placing.from_phone(packet) else reversed(ends)
  carrier = wire.Packet(
    packet.time, packet.destination_mac, packet.source_mac, wire.IPV4, source, destination,
    protocol=protocol, payload=body, identification=identification)
  return carrier


def outer_v6(packet, protocol, body):
  ends = [scene.packed(HERE_V6), scene.packed(THERE_V6)]
  source, destination = ends if placing.from_phone(packet) else reversed(ends)
  return wire.Packet(
    packet.time, packet.destination_mac, packet.source_mac, wire.IPV6, source, destination,
    protocol=protocol, payload=body)


def outer_udp(packet, port, body, own_port=None):
  carrier = outer(packet, wire.UDP, body)
  uplink = placing.from_phone(packet)
  own_port = own_port or port
  carrier.source_port, carrier.destination_port = (
    (own_port, port) if uplink else (port, own_port))
  return carrier


def gre(kind, body, flags=0, fields=b""):
  return struct.pack("!HH", flags, kind) + fields + body


def erspan2(packet):
  """Type II: version 1, VLAN 7, session 1; then the mirrored frame."""
  return gre(0x88BE, struct.pack("!HHI", 0x1007, 0x0001, 0) + wire.ethernet(packet), 0x1000,
             struct.pack("!I", 1))


def erspan3(packet):
  """Type III, with a platform's subheader."""
  head = struct.pack("!HHIHH", 0x2007, 0x0001, 0, 0, 0x0001) + bytes(8)
  return gre(0x22EB, head + wire.ethernet(packet), 0x1000, struct.pack("!I", 1))


def enhanced_gre(packet):
  """Version 1 of GRE (RFC 2637): a PPP frame of the call 9, with numbers."""
  frame = ppp(packet)
  return gre(0x880B, frame, 0x3081, struct.pack("!HHII", len(frame), 9, 1, 1))


def vxlan(body):
  return struct.pack("!II", 0x08000000, 5 << 8) + body


def geneve(kind, body):
  """With an option of two words."""
  return struct.pack("!BBHI", 2, 0, kind, 5 << 8) + struct.pack("!HBBI", 0x0102, 1, 1, 0) + body


def gtp_user(body, extended=True):
  """A G-PDU; with a sequence number and a PDU session container (3GPP TS 38.415)."""
  fields = struct.pack("!HBB", 1, 0, 0x85) + b"\x01\x10\x01\x00" if extended else b""
  return struct.pack("!BBHI", 0x36 if extended else 0x30, 255, len(fields) + len(body),
                     0x01020304) + fields + body


def l2tp(frame):
  """A data message with a length and a sequence number (RFC 2661)."""
  return struct.pack("!HHHHHH", 0x4802, 12 + len(frame), 3, 4, 1, 0) + frame


def teredo(packet, body):
  """Up with authentication (no client, no value), down with an origin (RFC 4380)."""
  if placing.from_phone(packet):
    return b"\x00\x01\x00\x00" + bytes(8) + b"\x00" + body
  return b"\x00\x00" + struct.pack("!H", 0xFFFF ^ 40000) + bytes(4) + body


def sums(packets, count):
  """What the flows of a registration say of packets and bytes; `count(packet)` are its bytes."""
  result = []
  for protocol in (wire.UDP, wire.TCP):
    mine = [p for p in packets if p.protocol == protocol]
    up, down = ([p for p in mine if placing.from_phone(p) == side] for side in (True, False))
    result.append({
      "pkts_toserver": len(up), "pkts_toclient": len(down),
      "bytes_toserver": sum(map(count, up)), "bytes_toclient": sum(map(count, down))})
  return result


def network_size(packet):
  return len(wire.network(packet))


def frame_size(packet):
  return len(wire.ethernet(packet))


def tunnel(name, wrap, kind, tunnel_end, size=network_size, outer_flows=1, v6=False, depth=1,
           vlan=None):
  """A capture of a registration in a tunnel, and all that is said of its flows."""
  packets = (small.registration_v6 if v6 else small.registration)(name)
  frames = [(p.time, wire.ethernet(wrap(p))) for p in packets]
  dns, tcp = sums(packets, size)
  inside = {"tunnel": {**tunnel_end, "depth": depth}, **({"vlan": vlan} if vlan else {})}
  lines = [{"options": small.LOCAL_V6}] if v6 else []
  return f"{name}.pcap", wire.pcap(frames), lines + [
    *EXPECTED, {**small.post(), **inside},
    {"event_type": "flow", "proto": "UDP", "dest_port": 53, "flow": dns, **inside},
    {"event_type": "flow", "proto": "TCP", "dest_port": 80, "flow": tcp, **inside},
    {"event_type": "flow", **tunnel_end},
    small.count(http=1, dns=2, flow=2 + outer_flows, anomaly=0),
    {"event_type": "stats", "stats": {"decoder": {kind: len(packets) * depth, "invalid": 0}}}]


def ends(protocol, port=None, own_port=None):
  value = {"src_ip": HERE, "dest_ip": THERE, "proto": protocol}
  if port:
    value |= {"src_port": own_port or port, "dest_port": port}
  return value


def tunnels():
  gre_ends, ip_ends = ends("GRE"), ends("IP-in-IP")
  yield tunnel("ip-in-ip", lambda p: outer(p, 4, wire.network(p)), "ip_in_ip", ip_ends)
  yield tunnel("6in4", lambda p: outer(p, 41, wire.network(p)), "ip_in_ip", ends("IPv6"), v6=True)
  v6_ends = {"src_ip": HERE_V6, "dest_ip": THERE_V6, "proto": "IPv6"}
  yield tunnel("ipv6-in-ipv6", lambda p: outer_v6(p, 41, wire.network(p)), "ip_in_ip", v6_ends,
               v6=True)
  yield tunnel("4in6", lambda p: outer_v6(p, 4, wire.network(p)), "ip_in_ip",
               {**v6_ends, "proto": "IP-in-IP"})
  yield tunnel("gre", lambda p: outer(p, 47, gre(0x0800, wire.network(p))), "gre", gre_ends)
  yield tunnel("gre-options", lambda p: outer(p, 47, gre(
    0x0800, wire.network(p), 0xF000,
    struct.pack("!HHII", 0, 0, 42, 1) + b"\0\0\0\x04" + bytes(4) + bytes(4))), "gre", gre_ends)
  yield tunnel("gre-ethernet", lambda p: outer(p, 47, gre(
    0x6558, wire.ethernet(p), 0x2000, struct.pack("!I", 42))), "gre", gre_ends, frame_size)
  yield tunnel("pptp", lambda p: outer(p, 47, enhanced_gre(p)), "gre", gre_ends,
               lambda p: len(ppp(p)))
  yield tunnel("erspan-1", lambda p: outer(p, 47, gre(0x88BE, wire.ethernet(p))), "erspan",
               gre_ends, frame_size)
  yield tunnel("erspan-2", lambda p: outer(p, 47, erspan2(p)), "erspan", gre_ends,
               lambda p: 8 + frame_size(p), vlan=[7])
  yield tunnel("erspan-3", lambda p: outer(p, 47, erspan3(p)), "erspan", gre_ends,
               lambda p: 20 + frame_size(p), vlan=[7])
  yield tunnel("vxlan", lambda p: outer_udp(p, 4789, vxlan(wire.ethernet(p)), 49152), "vxlan",
               ends("UDP", 4789, 49152), frame_size)
  yield tunnel("geneve", lambda p: outer_udp(p, 6081, geneve(0x6558, wire.ethernet(p)), 49152),
               "geneve", ends("UDP", 6081, 49152), frame_size)
  yield tunnel("geneve-ip", lambda p: outer_udp(p, 6081, geneve(0x0800, wire.network(p)), 49152),
               "geneve", ends("UDP", 6081, 49152))
  yield tunnel("gtp-user", lambda p: outer_udp(p, 2152, gtp_user(wire.network(p))), "gtp",
               ends("UDP", 2152))
  yield tunnel("l2tp", lambda p: outer_udp(p, 1701, l2tp(ppp(p))), "l2tp", ends("UDP", 1701),
               lambda p: len(ppp(p)))
  yield tunnel("teredo", lambda p: outer_udp(p, 3544, teredo(p, wire.network(p)), 40000),
               "teredo", ends("UDP", 3544, 40000), v6=True)
  yield from nested_tunnels()
  yield from fragments_in_tunnels()
  yield from no_tunnels()


def nested(packet, depth):
  body = wire.network(packet)
  for _ in range(depth):
    carrier = outer(packet, 4, body)
    body = wire.network(carrier)
  return carrier


def nested_tunnels():
  """Eight tunnels in each other are followed, not nine."""
  yield tunnel("ip-in-ip-nested", lambda p: nested(p, 8), "ip_in_ip", ends("IP-in-IP"),
               outer_flows=8, depth=8)
  packets = small.registration("ip-in-ip-too-deep")
  yield "ip-in-ip-too-deep.pcap", wire.pcap(
    [(p.time, wire.ethernet(nested(p, 9))) for p in packets]), [
      small.count(http=0, dns=0, flow=9, alert=0, anomaly=len(packets)),
      {"event_type": "anomaly", "anomaly": {"event": "decoder.too_many_layers"}},
      {"event_type": "stats", "stats": {"decoder": {"too_many_layers": len(packets)}}}]


def fragments_in_tunnels():
  """The segment with the body in IP fragments, each of them in a GRE packet that is in fragments
  too; the last ones first."""
  data, number = [], 0
  for packet in small.registration("fragments-in-tunnel"):
    if not small.is_body(packet):
      body = gre(0x0800, wire.network(packet))
      data.append((packet.time, wire.ethernet(outer(packet, 47, body))))
      continue
    for time, frame in reversed(small.ipv4_fragments(packet)):
      number += 1
      carrier = outer(packet.replace(time=time), 47, gre(0x0800, frame[14:]), number)
      data += reversed(small.ipv4_fragments(carrier, 128))
  data = [(data[0][0] + index * 1000, frame) for index, (_, frame) in enumerate(data)]
  yield "fragments-in-tunnel.pcap", wire.pcap(data), [
    *EXPECTED, small.count(http=1, dns=2, flow=3, anomaly=0)]


def damaged_fragments():
  """A fragment that overlaps the one before and disagrees: what came first is right. One that would
  end beyond the longest packet."""
  data = []
  for packet in small.registration("ipv4-fragments-overlap"):
    parts = small.frames([packet])
    if small.is_body(packet):
      parts = small.ipv4_fragments(packet)
      time, first = parts[0]
      length, place = struct.pack("!H", 20 + 128), struct.pack("!H", 0x2000 | 128 // 8)
      header = first[:16] + length + first[18:20] + place + first[22:34]
      parts.insert(1, (time + 1, header + b"A" * 128))
    data += parts
  yield "ipv4-fragments-overlap.pcap", wire.pcap(data), small.found() + [
    {"event_type": "anomaly", "anomaly": {"type": "decode", "event": "decoder.ipv4.frag_overlap"}}]
  query = small.registration("ipv4-fragment-too-long")[0]
  body = wire.ipv4(query, bytes(100), fragment=0x1FFF)
  yield "ipv4-fragment-too-long.pcap", wire.pcap([(query.time, wire.ethernet(query, body=body))]), [
    {"event_type": "anomaly", "anomaly": {"event": "decoder.ipv4.frag_pkt_too_large"}},
    small.count(flow=0, anomaly=1)]


def no_tunnels():
  """DNS and a registration whose ports are those of tunnels are just that."""
  def moved(packet):
    if packet.protocol != wire.UDP:
      return packet
    side = "source_port" if placing.from_phone(packet) else "destination_port"
    return packet.replace(**{side: 4789})
  packets = [moved(p) for p in small.registration("tunnel-port")]
  yield "tunnel-port.pcap", wire.pcap(small.frames(packets)), small.found() + [
    {"event_type": "dns", "src_port": 4789},
    {"event_type": "stats", "stats": {"decoder": {"vxlan": 0}}}]


# Flows without ports


def sctp(packet):
  """An INIT chunk between the ports 7 (RFC 9260)."""
  return struct.pack("!HHII", 7, 9, 0, 0) + bytes([1, 0]) + struct.pack("!HIIHHI", 20, 1, 65535,
                                                                       1, 1, 1)


def other_flows():
  """SCTP, ESP one way each, IGMP, an echo, a time stamp, and an AH around a registration."""
  query, answer, *_ = small.registration("other-flows")
  later = [0]

  def frame(packet, protocol, body):
    later[0] += 10**8
    moved = packet.replace(time=packet.time + later[0], protocol=protocol, payload=body)
    return moved.time, wire.ethernet(moved)

  def echo(kind):
    return struct.pack("!BBHHH", kind, 0, 0, 1, 1) + bytes(32)

  data = [
    frame(query, 132, sctp(query)), frame(answer, 132, sctp(answer)[2:4] + sctp(answer)[:2]
                                          + sctp(answer)[4:]),
    frame(query, 50, struct.pack("!II", 0x1001, 1) + bytes(64)),
    frame(answer, 50, struct.pack("!II", 0x2002, 1) + bytes(64)),
    frame(query, 50, struct.pack("!II", 0x1001, 2) + bytes(64)),
    frame(query, 2, bytes(8)),
    frame(query, 1, echo(8)), frame(answer, 1, echo(0)), frame(query, 1, echo(8)),
    frame(query, 1, struct.pack("!BBHHHIII", 13, 0, 0, 1, 1, 0, 0, 0))]
  both = {"pkts_toserver": 1, "pkts_toclient": 1, "state": "established"}
  flow = {"event_type": "flow", "src_ip": scene.PHONE, "dest_ip": scene.ROUTER}
  back = {"event_type": "flow", "src_ip": scene.ROUTER, "dest_ip": scene.PHONE}
  yield "other-flows.pcap", wire.pcap(data), [
    {**flow, "proto": "SCTP", "src_port": 7, "dest_port": 9, "flow": both},
    {**flow, "proto": "ESP", "spi": 0x1001, "flow": {"pkts_toserver": 2, "pkts_toclient": 0}},
    {**back, "proto": "ESP", "spi": 0x2002, "flow": {"pkts_toserver": 1, "state": "new"}},
    {**flow, "proto": "IGMP", "flow": {"pkts_toserver": 1}},
    {**flow, "proto": "ICMP", "icmp_type": 8, "icmp_code": 0, "response_icmp_type": 0,
     "response_icmp_code": 0, "flow": {**both, "pkts_toserver": 2}},
    {**flow, "proto": "ICMP", "icmp_type": 13, "flow": {"pkts_toserver": 1, "state": "new"}},
    {"matching": {"event_type": "flow", "proto": "ESP", "src_port": 0}, "is": 0},
    small.count(flow=6, http=0)]
  moment, request = frame(query, 1, echo(8))
  exceeded = struct.pack("!BBHI", 11, 0, 0, 0) + request[14 : 14 + 28]
  yield "icmp-error-echo.pcap", wire.pcap([(moment, request), frame(answer, 1, exceeded)]), [
    {**flow, "proto": "ICMP", "icmp_type": 8, "flow": {**both, "state": "new"}},
    small.count(flow=1)]
  packets = small.registration("authentication-header")
  data = [(p.time, wire.ethernet(p, body=wire.ipv4(
    p, struct.pack("!BBHII", p.protocol, 4, 0, 0x3003, 1) + bytes(12) + wire.transport(p),
    protocol=51))) for p in packets]
  yield "authentication-header.pcap", wire.pcap(data), small.found()


def files():
  for group in (link_layers, tunnels, damaged_fragments, other_flows):
    for name, data, expectations in group():
      yield name, data
      yield name.split(".")[0] + ".expected", phone.lines(expectations)
