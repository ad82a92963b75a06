"""The small captures, a feature each: what the file is, and what a correct reader says of it.

All are re-wrapped, cut, reordered or simply placed recordings; nothing in them was invented but
what a function here says.
"""

import datetime
import struct
import zlib

import phone
import placing
import scene
import wire

NOON = int(datetime.datetime.fromisoformat("2026-03-01T12:00:00+00:00").timestamp()) * 10**9
LOCAL_V6 = ["--local", "2001:db8:7::/64"]


def placed(name, *recordings):
  """The recordings one after the other; the name of the capture is the seed."""
  placer, at, packets = placing.Placer(zlib.crc32(name.encode())), NOON, []
  for recording, host in recordings:
    packets += placer.place(placing.load(recording), at, host)
    at = packets[-1].time + 12_345_678
  return packets


def registration(name, recording="post-success"):
  """The name asked for, then the POST."""
  return placed(name, (f"dns-a-{scene.REGISTRATION}", None), (recording, scene.REGISTRATION))


def registration_v6(name):
  return placed(name, ("dns-aaaa-ipv6", None), ("post-ipv6", scene.REGISTRATION))


def frames(packets):
  return [(packet.time, wire.ethernet(packet)) for packet in packets]


def is_body(packet):
  """Whether this is the segment with the body of the POST."""
  return packet.is_tcp and packet.payload == scene.registration_body()


def segments(packet, *cuts):
  """One segment as several; a cut is (start, end) in its payload."""
  return [packet.replace(
    time=packet.time + index * 20_000, payload=packet.payload[start:end],
    identification=(packet.identification + index) & 0xFFFF,
    sequence=(packet.sequence + start) & 0xFFFFFFFF) for index, (start, end) in enumerate(cuts)]


def with_body(packets, change):
  """The packets, with what `change` makes of the segment with the body in its place."""
  result = []
  for packet in packets:
    result += change(packet) if is_body(packet) else [packet]
  return result


FIFTHS = [(0, 130), (130, 260), (260, 390), (390, 520), (520, 633)]


# What is expected


def post(**more):
  return {"event_type": "http", "http": {
    "hostname": scene.REGISTRATION, "http_method": "POST", "url": "/", "protocol": "HTTP/1.1",
    **more}}


def alert(paths=True):
  """The self-registration, with the identifiers that its body carries."""
  return {"event_type": "alert", "inspect": {
    "rule": "self-registration", "destination": {"host": scene.REGISTRATION}, "encrypted": False,
    "personal_data": [
      {"kind": kind, **({"path": f"base64 > json:{key}"} if paths else {})}
      for kind, key in phone.PERSONAL]}}


def count(**numbers):
  return {"count": numbers}


def found(options=None, **more):
  """A registration that was seen whole."""
  lines = [post(status=200, **more), alert(), count(http=1, dns=2, flow=2)]
  return ([{"options": options}] if options else []) + lines


def page(url, status=200, host="www.example.com", method="GET", **more):
  return {"event_type": "http", "http": {
    "hostname": host, "http_method": method, "url": url, "status": status, **more}}


# Link layer and network layer


def link_layers():
  for name, tags in (("vlan", [(0x8100, 7)]), ("qinq", [(0x88A8, 100), (0x8100, 7)])):
    packets = registration(name)
    yield f"{name}.pcap", wire.pcap(
      [(p.time, wire.ethernet(p, tags)) for p in packets]), found() + [
        {**post(), "vlan": [identifier for _, identifier in tags]}]
  for name, kind in (("linux-cooked", wire.LINK_SLL), ("linux-cooked-v2", wire.LINK_SLL2),
                     ("null", wire.LINK_NULL), ("loop", wire.LINK_LOOP),
                     ("raw-ip", wire.LINK_RAW)):
    packets = registration(name) + [
      p.replace(time=p.time + 10**9) for p in placed(name, ("dns-aaaa-ipv6", None))]
    data = [(p.time, wire.link(p, kind, placing.from_phone(p))) for p in packets]
    yield f"{name}.pcap", wire.pcap(data, kind), [
      post(status=200), alert(), count(http=1, dns=4, flow=3)]


def ipv4_fragments(packet, size=256):
  """The IP fragments of a packet (RFC 791)."""
  body, result = wire.transport(packet), []
  for at in range(0, len(body), size):
    more = 0x2000 if at + size < len(body) else 0
    result.append((packet.time + at * 100, wire.ethernet(packet, body=wire.ipv4(
      packet, body[at : at + size], fragment=more | at // 8))))
  return result


def ipv6_fragments(packet, size=256):
  """The fragments of a packet, each with a Fragment header (RFC 8200 section 4.5)."""
  body, result = wire.transport(packet), []
  for at in range(0, len(body), size):
    more = 1 if at + size < len(body) else 0
    header = struct.pack("!BBHI", packet.protocol, 0, at | more, 0x20260301)
    result.append((packet.time + at * 100, wire.ethernet(packet, body=wire.ipv6(
      packet, header + body[at : at + size], next_header=44))))
  return result


def reordered(fragments):
  """The last fragment first; the times stay in order."""
  return [(time, frame) for (time, _), (_, frame) in zip(fragments, reversed(fragments))]


def extension_headers(packet):
  """Hop-by-Hop Options, Destination Options, a Routing header with no segments left, and for the
  segment with the body an atomic fragment (RFC 8200, RFC 6946)."""
  pad = b"\x01\x04" + bytes(4)
  headers = bytes([60, 0]) + pad + bytes([43, 0]) + pad
  last = bytes([packet.protocol, 0, 0, 0]) + bytes(4)
  if is_body(packet):
    last = bytes([44]) + last[1:] + struct.pack("!BBHI", packet.protocol, 0, 0, 0x20260302)
  return packet.time, wire.ethernet(packet, body=wire.ipv6(
    packet, headers + last + wire.transport(packet), next_header=0))


def network_layers():
  for name, order in (("ipv4-fragments", list), ("ipv4-fragments-out-of-order", reordered)):
    data = []
    for packet in registration(name):
      data += order(ipv4_fragments(packet)) if is_body(packet) else frames([packet])
    yield f"{name}.pcap", wire.pcap(data), found()
  for name, order in (("ipv6-fragments", list), ("ipv6-fragments-out-of-order", reordered)):
    data = []
    for packet in registration_v6(name):
      data += order(ipv6_fragments(packet)) if is_body(packet) else frames([packet])
    yield f"{name}.pcap", wire.pcap(data), found(LOCAL_V6)
  packets = registration_v6("ipv6-post")
  yield "ipv6-post.pcap", wire.pcap(frames(packets)), found(LOCAL_V6) + [
    {**post(), "dest_ip": scene.REGISTRATION_V6, "dest_port": 80}]
  data = [extension_headers(p) if p.is_tcp and placing.from_phone(p) else frames([p])[0]
          for p in registration_v6("ipv6-extension-headers")]
  yield "ipv6-extension-headers.pcap", wire.pcap(data), found(LOCAL_V6)
  shift = NOON - placing.load("icmp-error")[0].time
  packets = [p.replace(time=p.time + shift) for p in placing.load("icmp-error")]
  both = {"pkts_toserver": 1, "pkts_toclient": 1}
  yield "icmp-error.pcap", wire.pcap(frames(packets)), [
    {"event_type": "flow", "proto": "UDP", "dest_ip": scene.ROUTER, "dest_port": 53, "flow": both},
    {"event_type": "flow", "proto": "TCP", "dest_ip": "198.51.100.99", "dest_port": 80,
     "flow": {**both, "state": "new"}},
    count(flow=2, dns=1, http=0)]


# TCP


def tcp_orders():
  def rearranged(order):
    def change(packet):
      parts = segments(packet, *FIFTHS)
      return [parts[i].replace(time=parts[at].time) for at, i in enumerate(order)]
    return change

  def conflicting(packet):
    first, second = segments(packet, (0, 300), (200, 633))
    return [first, second.replace(payload=b"A" * 100 + second.payload[100:])]

  def conflicting_later(packet):
    last, middle, first = segments(packet, (300, 633), (200, 400), (0, 220))
    return [last, middle.replace(payload=middle.payload[:100] + b"A" * 100), first]

  changes = {
    "tcp-out-of-order": rearranged([3, 0, 4, 2, 1]),
    "tcp-retransmission": lambda packet: [
      packet, *(packet.replace(time=packet.time + wait * 10**6,
                               identification=(packet.identification + wait) & 0xFFFF)
                for wait in (3, 60, 180))],
    "tcp-overlap": lambda packet: segments(packet, (0, 300), (200, 450), (150, 350), (440, 633)),
    "tcp-overlap-conflict": conflicting,
    "tcp-overlap-conflict-out-of-order": conflicting_later,
    "tcp-gap": lambda packet: [
      part for index, part in enumerate(segments(packet, *FIFTHS)) if index != 2],
  }
  for name, change in changes.items():
    packets = with_body(registration(name), change)
    lines = found()
    if name == "tcp-gap":
      lines = [post(status=200), count(http=1, dns=2, flow=2)]
    yield f"{name}.pcap", wire.pcap(frames(packets)), lines


def wrapped(packets):
  """Sequence numbers that pass 2^32: the client's in the body, the server's in the reply."""
  tcp = [packet for packet in packets if packet.is_tcp]
  begin = {placing.from_phone(p): p.sequence for p in tcp if p.flags & wire.SYN}
  shift = {True: 2**32 - 234 - 300 - begin[True], False: 2**32 - 80 - begin[False]}
  for packet in tcp:
    side = placing.from_phone(packet)
    packet.sequence = (packet.sequence + shift[side]) & 0xFFFFFFFF
    if packet.flags & wire.ACK:
      packet.acknowledgment = (packet.acknowledgment + shift[not side]) & 0xFFFFFFFF
  return packets


def tcp_states():
  packets = wrapped(registration("tcp-sequence-wrap"))
  yield "tcp-sequence-wrap.pcap", wire.pcap(frames(packets)), found()
  packets = registration("tcp-single-bytes", "post-single-bytes")
  yield "tcp-single-bytes.pcap", wire.pcap(frames(packets)), [
    post(status=200), {"event_type": "alert", "inspect": {
      "rule": "self-registration", "personal_data": [
        {"kind": "imei", "path": "base64 > json:IMEI1"},
        {"kind": "iccid", "path": "base64 > json:SIM1ICCID"}]}}, count(http=1, dns=2, flow=2)]
  packets = placed("tcp-mid-stream", ("http-keep-alive", "www.example.com"))
  second = next(i for i, p in enumerate(packets) if p.payload.startswith(b"GET /2"))
  yield "tcp-mid-stream.pcap", wire.pcap(frames(packets[second:])), [
    page("/2"), page("/3"), count(http=2, flow=1, alert=0)]
  packets = placed("tcp-reset", ("http-reset", "www.example.com"))
  yield "tcp-reset.pcap", wire.pcap(frames(packets)), [
    page("/reset"), {"event_type": "flow", "flow": {"state": "closed"}, "tcp": {"rst": True}},
    count(http=1, flow=1, alert=0)]
  packets = registration("tcp-no-response", "post-unanswered")
  yield "tcp-no-response.pcap", wire.pcap(frames(packets)), [
    post(), alert(), {"matching": {"event_type": "http", "http": {"status": 200}}, "is": 0},
    count(http=1, dns=2, flow=2)]
  packets = registration("tcp-syn-unanswered", "post-down")
  yield "tcp-syn-unanswered.pcap", wire.pcap(frames(packets)), [
    {"event_type": "flow", "proto": "TCP", "dest_ip": "1.8.0.1", "dest_port": 80, "flow": {
      "state": "new", "pkts_toserver": len(packets) - 2, "pkts_toclient": 0}},
    count(http=0, dns=2, flow=2)]


# HTTP and TLS


def applications():
  web = "www.example.com"
  def exchange(name, recording, host=web):
    return f"{name}.pcap", wire.pcap(frames(placed(name, (recording, host))))
  pages = [page(f"/{number}", length=7) for number in range(1, 5)]
  yield *exchange("http-pipelining", "http-pipelining"), pages + [count(http=4, flow=1, alert=0)]
  yield *exchange("http-keep-alive", "http-keep-alive"), pages[:3] + [
    count(http=3, flow=1, alert=0)]
  yield *exchange("http-chunked", "http-chunked"), [
    page("/upload", method="POST"), page("/after"), count(http=2, flow=1, alert=0)]
  yield *exchange("http-no-body", "http-no-body"), [
    page("/head", method="HEAD", length=0), page("/none", 204, length=0),
    page("/same", 304, length=0), page("/last", length=5), count(http=4, flow=1, alert=0)]
  yield *exchange("http-connect", "http-connect"), [
    page("news.example:80", method="CONNECT", host="news.example"),
    page("/tunnelled", host="news.example"), count(http=2, flow=1, alert=0)]
  yield *exchange("http-close-delimited", "http-close-delimited"), [
    page("/old", protocol="HTTP/1.0", length=14), count(http=1, flow=1, alert=0)]
  yield *exchange("http-gzip-response", "http-image", "images.example.org"), [
    page("/header.png", host="images.example.org", http_content_type="image/png"),
    count(http=1, flow=1, alert=0)]
  for name, recording in (("http-gzip-request", "post-gzip"),
                          ("http-deflate-request", "post-deflate"),
                          ("http-raw-deflate-request", "post-raw-deflate")):
    packets = registration(name, recording)
    yield f"{name}.pcap", wire.pcap(frames(packets)), [
      post(status=200), alert(paths=False), count(http=1, dns=2, flow=2)]
  packets = registration("http-expect-continue", "post-expect-continue")
  yield "http-expect-continue.pcap", wire.pcap(frames(packets)), found()
  subject = {"subject": "C=US, O=Example Services, CN=www.example.com",
             "issuerdn": "C=SE, O=Example Trust, CN=Example Test CA"}
  yield *exchange("tls-split-client-hello", "tls-split-client-hello"), [
    {"event_type": "tls", "dest_port": 443, "tls": {"sni": web, "version": "TLS 1.2", **subject}},
    count(tls=1, http=0, flow=1)]
  yield *exchange("tls-1-3", "https-news.example-0", "news.example"), [
    {"event_type": "tls", "tls": {"sni": "news.example", "version": "TLS 1.3"}},
    count(tls=1, http=0, flow=1)]


# Watched values, and the other carriers' self-registrations


def watched():
  def exchange(name, recording, host):
    return f"{name}.pcap", wire.pcap(frames(placed(
      name, (f"dns-a-{host}", None), (recording, host))))
  def finding(rule, host, items, **more):
    return {"event_type": "alert", "inspect": {
      "rule": rule, "destination": {"host": host, **more}, "personal_data": items}}
  listed = {"options": ["--watch", "watch-list.csv"]}
  api = "api.example.com"
  path = "json:contacts[0].h > md5"
  yield *exchange("watch-protected", "api-profile", api), [
    {"options": ["--watch", "watch-list.csv", "--fail-on", "critical"]}, {"exit": 3},
    finding("protected-identifier", api, [{
      "kind": "phone-number", "path": path, "confidence": "certain", "watched": "secret"}]),
    finding("personal-data-cleartext", api, [{"kind": "phone-number", "path": path}]),
    {"matching": {"event_type": "alert", "inspect": {"rule": "withdrawn-consent"}}, "is": 0},
    count(http=1, flow=2)]
  hashed = ["--watch", "watch-list-hashed.csv", "--watch-key", "watch-list.key"]
  recipients = [
    {"kind": "phone-number", "path": "json:to[0]", "watched": "customer 1"},
    {"kind": "email", "path": "json:personalizations[0].to[0].email", "watched": "customer 2"}]
  for name, options in (("watch-withdrawn", listed["options"]), ("watch-hashed", hashed)):
    yield *exchange(name, "api-message", api), [
      {"options": options}, finding("withdrawn-consent", api, recipients),
      {"matching": {"event_type": "alert", "inspect": {"rule": "protected-identifier"}}, "is": 0},
      count(http=1, flow=2)]
  yield *exchange("registration-port", "telecom-9998", scene.REGISTRATION), [
    finding("self-registration", scene.REGISTRATION, [{"kind": "imei"}], port=9998)]
  yield *exchange("registration-unicom", "unicom-register", "dm.wo.com.cn"), [
    finding("self-registration", "dm.wo.com.cn", [{"kind": "imei", "path": "json:imei"}], port=6001)]


def geography():
  """The same server, as far away as it says, and too near."""
  for name, host, confidence in (("geo-far", scene.REGISTRATION, "database"),
                                 ("geo-contradicted", None, "contradicted")):
    packets = placed(name, (f"dns-a-{scene.REGISTRATION}", None), ("post-success", host))
    yield f"{name}.pcap", wire.pcap(frames(packets)), [
      {"options": ["--home", "DK"]},
      {"needs": "geo", "event_type": "alert", "inspect": {
        "rule": "personal-data-cross-border", "destination": {
          "country": "CN", "transfer": "third-country", "geo_confidence": confidence,
          "distance_km": 4250}}}]


# Files


def two_interfaces():
  """Two interfaces of different link types and clocks, blocks of unknown types, the query of DNS
  in a Simple Packet Block, which has no time."""
  packets = registration("two-interfaces")
  query, answer, *rest = packets
  frame = wire.ethernet(query)
  parts = [
    wire.section_header("captures/make/compose.py", "Two interfaces."),
    wire.interface("eth0", "Ethernet, microseconds", 6),
    wire.block(0x80000BAD, b"a block for local use"[:20]),
    wire.interface("tun0", "raw IP, nanoseconds", 9, wire.LINK_RAW),
    wire.block(3, struct.pack("<I", len(frame)) + wire.padded(frame)),
    wire.block(4, struct.pack("<HH", 0, 0)),  # a Name Resolution Block without records
    wire.enhanced_packet(answer.time, wire.ethernet(answer), 6, 0),
    wire.block(0x0000F00D, bytes(8)),
    *(wire.enhanced_packet(p.time, wire.network(p), 9, 1) for p in rest)]
  return b"".join(parts)


def gzipped(data):
  """A gzip member (RFC 1952). Python's own writes another header in each version."""
  packer = zlib.compressobj(9, zlib.DEFLATED, -15)
  return (b"\x1f\x8b\x08" + bytes(6) + b"\xff" + packer.compress(data) + packer.flush()
          + struct.pack("<II", zlib.crc32(data), len(data)))


def file_forms():
  def plain(name, **options):
    return wire.pcap(frames(registration(name)), **options)
  yield "nanosecond.pcap", plain("nanosecond", nanoseconds=True), found()
  yield "big-endian.pcap", plain("big-endian", order=">"), found()
  yield "two-interfaces.pcapng", two_interfaces(), found()
  yield "compressed.pcap.gz", gzipped(plain("compressed")), found()
  whole = plain("truncated")
  yield "truncated.pcap", whole[:-40], [{"exit": 1}] + found()
  yield "snaplen.pcap", plain("snaplen", snap_length=350), [
    post(status=200), count(http=1, dns=2, flow=2)]
  yield "empty.pcap", wire.pcap([]), [count(flow=0, http=0, dns=0, alert=0)]
  yield "zero-bytes.pcap", b"", [{"exit": 1}, count(flow=0)]
  packets = registration("wrong-length")
  start = [wire.section_header("captures/make/compose.py", "A block of wrong length."),
           wire.interface("br-lan", "LAN bridge of the router")]
  blocks = [wire.enhanced_packet(p.time, wire.ethernet(p)) for p in packets]
  damaged = blocks[-1][:4] + struct.pack("<I", 7) + blocks[-1][8:]
  yield "wrong-length.pcapng", b"".join([*start, *blocks[:-1], damaged]), [{"exit": 1}] + found()


def files():
  """The products: name and bytes; the expectation goes by the name up to its first dot."""
  for group in (link_layers, network_layers, tcp_orders, tcp_states, applications, watched,
                geography, file_forms):
    for name, data, expectations in group():
      yield name, data
      yield name.split(".")[0] + ".expected", phone.lines(expectations)
