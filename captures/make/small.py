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


def anomaly(event, times=1):
  return {"matching": {"event_type": "anomaly", "dest_port": 80, "anomaly": {
    "type": "stream", "event": f"stream.{event}"}}, "is": times}


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
      lines = [post(status=200, request_length=633), count(http=1, dns=2, flow=2),
               anomaly("reassembly_seq_gap")]
    if "conflict" in name:
      lines.append(anomaly("reassembly_overlap_different_data"))
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


# TCP as its peers and its enemies use it


def only(packets, test):
  return next(packet for packet in packets if packet.is_tcp and test(packet))


def is_head(packet):
  return packet.is_tcp and packet.payload.startswith(b"POST ")


def before(packets, place, *added):
  """The packets with others before `place`, a moment earlier each."""
  at = packets.index(place)
  for number, packet in enumerate(added):
    packet.time = place.time - (len(added) - number) * 10_000
  return packets[:at] + list(added) + packets[at:]


def fast_open(packets, is_taken):
  """The SYN carries the head (RFC 7413). The server takes it, or ignores what is there."""
  syn, answer, head = packets[2], packets[3], only(packets, is_head)
  if not is_taken:
    syn.payload = b"GET /ignored HTTP/1.1\r\nHost: ignored.example\r\n\r\n"
    return packets
  syn.payload = head.payload
  answer.acknowledgment += len(head.payload)
  packets[4].sequence += len(head.payload)
  packets.remove(head)
  return packets


def crossing(packets):
  """Both sides open at the same time (RFC 9293 section 3.5, figure 7)."""
  syn, answer = packets[2], packets[3]
  other = answer.replace(flags=wire.SYN, acknowledgment=0, time=syn.time + 1000)
  mine = syn.replace(flags=wire.SYN | wire.ACK, acknowledgment=answer.sequence + 1,
                     time=syn.time + 2000)
  return packets[:3] + [other, mine] + packets[3:]


def exchanged(packets, first, second):
  """Two packets change places, their times stay."""
  first.time, second.time = second.time, first.time
  return sorted(packets, key=lambda packet: packet.time)


def kept_alive(packets):
  """Keep-alives of both kinds between head and body: without data, and with a byte of nothing."""
  body = only(packets, is_body)
  probe = body.replace(payload=b"", sequence=body.sequence - 1, flags=wire.ACK)
  reply = packets[3].replace(
    flags=wire.ACK, sequence=packets[3].sequence + 1, acknowledgment=body.sequence, options=b"")
  return before(packets, body, probe, reply, probe.replace(payload=b"\0"), reply.replace())


def closed_window(packets):
  """The server closes its window within the body: probes of one byte, which it drops."""
  body = only(packets, is_body)
  head, rest = body.payload[:100], body.payload[100:]
  reply = packets[3].replace(
    flags=wire.ACK, sequence=packets[3].sequence + 1, acknowledgment=body.sequence + 100,
    options=b"", window=0)
  probe = body.replace(sequence=body.sequence + 100, payload=rest[:1], flags=wire.ACK)
  last = body.replace(sequence=body.sequence + 100, payload=rest)
  at = packets.index(body)
  packets[at : at + 1] = [last]
  return before(packets, last, body.replace(payload=head), reply, probe, reply.replace(),
                probe.replace(), reply.replace(window=4000))


def reset_elsewhere(packets):
  """Between head and body somebody resets the connection with numbers that nobody believes."""
  body = only(packets, is_body)
  lies = [body.replace(payload=b"", flags=wire.RST, sequence=(body.sequence + away) & 0xFFFFFFFF)
          for away in (-1_000_000, 50_000_000)]
  return before(packets, body, *lies)


def reset_with_text(packets):
  """After the response the server resets, and says why (RFC 9293 section 3.5.2)."""
  last = [packet for packet in packets if packet.is_tcp and not placing.from_phone(packet)
          and packet.payload][-1]
  at = packets.index(last)
  return packets[: at + 1] + [last.replace(
    time=last.time + 1000, flags=wire.RST | wire.ACK, payload=b"HTTP/1.1 500 no\r\n\r\n",
    sequence=last.sequence + len(last.payload))]


def outside_window(packets):
  """A segment far outside of the window, which the server never sees as data."""
  body = only(packets, is_body)
  return before(packets, body, body.replace(
    payload=b"A" * 633, sequence=(body.sequence + 30_000_000) & 0xFFFFFFFF))


def twice(packets):
  """The same ports a minute later, with other sequence numbers."""
  tcp = [packet for packet in packets if packet.is_tcp]
  again = []
  for packet in tcp:
    moved = packet.replace(time=packet.time + 60 * 10**9,
                           sequence=(packet.sequence + 500_000_000) & 0xFFFFFFFF)
    if packet.flags & wire.ACK:
      moved.acknowledgment = (packet.acknowledgment + 500_000_000) & 0xFFFFFFFF
    again.append(moved)
  return packets + again


def forged(packets):
  """Before the body a segment with other data for its place, and a checksum that is wrong: the
  frames, the forged one among them."""
  body = only(packets, is_body)
  lie = body.replace(payload=b"A" * 633)
  packets = before(packets, body, lie)
  result = []
  for packet in packets:
    frame = wire.ethernet(packet)
    if packet is lie:
      frame = frame[:50] + bytes([frame[50] ^ 0xFF]) + frame[51:]
    result.append((packet.time, frame))
  return result


def tcp_in_the_field():
  changes = {
    "tcp-fast-open": (lambda packets: fast_open(packets, True), found()),
    "tcp-syn-data-ignored": (lambda packets: fast_open(packets, False), found() + [
      {"matching": {"event_type": "http", "http": {"hostname": "ignored.example"}}, "is": 0}]),
    "tcp-simultaneous-open": (crossing, found() + [
      {"event_type": "flow", "proto": "TCP", "flow": {"state": "closed"}}]),
    "tcp-data-before-syn": (
      lambda packets: exchanged(packets, packets[2], only(packets, is_head)), found()),
    "tcp-keep-alive": (kept_alive, found() + [anomaly("reassembly_overlap_different_data", 0)]),
    "tcp-zero-window": (closed_window, found() + [
      anomaly("reassembly_overlap_different_data", 0)]),
    "tcp-reset-outside-window": (reset_elsewhere, found() + [anomaly("rst_invalid_ack", 2)]),
    "tcp-reset-with-data": (reset_with_text, found() + [
      {"event_type": "flow", "proto": "TCP", "flow": {"state": "closed"}, "tcp": {"rst": True}},
      {"matching": {"event_type": "http", "http": {"status": 500}}, "is": 0}]),
    "tcp-outside-window": (outside_window, found() + [
      anomaly("est_packet_out_of_window"), anomaly("reassembly_seq_gap", 0)]),
    "tcp-port-reuse": (twice, [
      post(status=200), alert(), count(http=2, dns=2, flow=3),
      {"matching": {"event_type": "flow", "proto": "TCP", "flow": {"state": "closed"}}, "is": 2}]),
    "tcp-client-only": (
      lambda packets: [p for p in packets if not p.is_tcp or placing.from_phone(p)],
      [post(request_length=633), alert(), count(http=1, dns=2, flow=2)]),
    "tcp-server-only": (
      lambda packets: [p for p in packets if not p.is_tcp or not placing.from_phone(p)],
      [{"event_type": "http", "dest_ip": "1.8.0.1", "dest_port": 80, "http": {"status": 200}},
       count(http=1, dns=2, flow=2)]),
  }
  for name, (change, lines) in changes.items():
    yield f"{name}.pcap", wire.pcap(frames(change(registration(name)))), lines
  # With the checksums believed, what came first wins; verified, the forged segment is nothing.
  name = "tcp-wrong-checksum"
  data = wire.pcap(forged(registration(name)))
  yield f"{name}.pcap", data, [
    post(status=200), count(http=1, dns=2, flow=2),
    {"matching": {"event_type": "alert"}, "is": 0},
    anomaly("reassembly_overlap_different_data")]
  yield f"{name}-verified.pcap", data, [{"options": ["--verify-checksums"]}] + found() + [
    anomaly("reassembly_overlap_different_data", 0),
    {"matching": {"event_type": "anomaly", "anomaly": {
      "type": "decode", "event": "decoder.tcp.invalid_checksum"}}, "is": 1}]
  # From the middle of a body of many segments: the next request is found.
  name = "tcp-mid-body"
  packets = placed(name, ("http-keep-alive", "www.example.com"))
  first = only(packets, lambda p: p.payload.startswith(b"GET /1"))
  filling = b"".join(b"line %06d of a picture\n" % number for number in range(2000))
  parts = [filling[at : at + 400] for at in range(0, len(filling), 400)]
  start = first.sequence - len(filling)
  middle = [first.replace(
    payload=part, sequence=(start + index * 400) & 0xFFFFFFFF,
    time=first.time - (len(parts) - index) * 1000) for index, part in enumerate(parts)]
  yield f"{name}.pcap", wire.pcap(frames(middle + packets[packets.index(first):])), [
    page("/1"), page("/2"), page("/3"), count(http=3, flow=1, alert=0)]


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
    finding("self-registration", "dm.wo.com.cn", [
      {"kind": "imei", "path": "json:imei"}, {"kind": "imsi", "path": "json:imsi"},
      {"kind": "iccid", "path": "json:iccid"}], port=6001)]
  yield *exchange("registration-coap", "telecom-coap", scene.REGISTRATION), [
    finding("self-registration", scene.REGISTRATION, [
      {"kind": "imei", "where": "coap.payload", "path": "json:IMEI1"},
      {"kind": "iccid"}, {"kind": "imsi"}, {"kind": "cell-id"}], port=5683, host_from="dns"),
    {"event_type": "flow", "app_proto": "coap"}]
  # No Uri-Host: whose server it is, only the name server said.
  yield *exchange("registration-mobile", "mobile-coap", "m.fxltsbl.com"), [
    {"event_type": "alert", "inspect": {
      "rule": "self-registration",
      "destination": {"host": "m.fxltsbl.com", "port": 5683, "host_from": "dns"}}},
    # The number is the endpoint's name, with a right check digit.
    {"event_type": "alert", "inspect": {
      "rule": "personal-data-cleartext",
      "personal_data": [{"kind": "imei", "path": "query:ep", "confidence": "medium"}]}},
    {"event_type": "stats", "stats": {"findings": {"low": 0}}},
    {"event_type": "flow", "app_proto": "coap"}]


def geography():
  """The same server, as far away as it says, and too near."""
  for name, host, confidence in (("geo-far", scene.REGISTRATION, "database"),
                                 ("geo-contradicted", None, "contradicted")):
    packets = placed(name, (f"dns-a-{scene.REGISTRATION}", None), ("post-success", host))
    # The kinds stand as in the body.
    sentence = ("02:00:00:00:00:10 sent mac-address, imei, iccid, imsi, cell-id, unencrypted, to "
                f"{scene.REGISTRATION}, a server ")
    sentence += ("in CN. CN has no adequacy decision." if host else
                 "that the database puts in CN. CN has no adequacy decision. It answered within "
                 "3.1 ms, too fast for the 4250 km there: something nearer answered.")
    yield f"{name}.pcap", wire.pcap(frames(packets)), [
      {"options": ["--home", "DK"]},
      {"needs": "geo", "event_type": "alert", "inspect": {
        "rule": "personal-data-cross-border", "destination": {
          "country": "CN", "transfer": "third-country", "geo_confidence": confidence,
          "distance_km": 4250}, "explanation": sentence}}]


def hellos():
  """TLS that begins later, and QUIC."""
  for name, recording, host in (("tls-after-ftp", "tls-after-ftp", "cdn.news.example"),
                                ("tls-after-postgresql", "tls-after-postgresql",
                                 "shop.example.com"),
                                ("tls-after-ldap", "tls-after-ldap", "mail.example.org")):
    packets = placed(name, (recording, host))
    yield f"{name}.pcap", wire.pcap(frames(packets)), [
      {"event_type": "tls", "tls": {
        "sni": host, "version": "TLS 1.2", "subject": f"C=US, O=Example Services, CN={host}",
        "notbefore": "2026-01-01T00:00:00", "notafter": "2027-01-01T00:00:00"}},
      count(tls=1, http=0, flow=1)]

  host = "video.example.net"
  def quic(version, **more):
    return {"event_type": "quic", "dest_ip": "203.0.113.25", "dest_port": 443, "quic": {
      "version": version, **more}}
  for name, version, number in (("quic-retry", "1", 3), ("quic-split", "v2", 2),
                                ("quic-negotiation", "draft-29", 2)):
    packets = placed(name, (name, host))
    hello = {"sni": host, "client_alpns": ["h3"]}
    lines = [quic(version, **hello), quic(version, ja3s={"hash": "f4febc55ea12b31ae17cfb7e614afda8"}),
             {"event_type": "flow", "app_proto": "quic"}, count(quic=number, flow=1)]
    if name == "quic-retry":
      lines.append({"matching": quic(version, **hello), "is": 2})
    if name == "quic-negotiation":
      lines.append(quic(version, **hello, ech=True))
    yield f"{name}.pcap", wire.pcap(frames(packets)), lines


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
  for group in (link_layers, network_layers, tcp_orders, tcp_states, tcp_in_the_field,
                applications, hellos, watched, geography, file_forms):
    for name, data, expectations in group():
      yield name, data
      yield name.split(".")[0] + ".expected", phone.lines(expectations)
