"""Captures of protocols that no recording has: the packets are written here, byte by byte.

Handshakes and acknowledgments are what a plain TCP stack sends; what is said comes from the examples
of the protocols' documents, and from scene.py.
"""

import base64
import json
import struct

import phone
import scene
import wire
from small import NOON, count

SERVER = "93.184.216.34"
MOBILE = "1.8.0.1"
MAIL_INSIDE = "192.168.7.25"


class Talk:
  """A conversation of the phone with a server; each message is a segment, or a datagram."""

  def __init__(self, server, port, client_port=40_000, protocol=wire.TCP, at=NOON):
    self.ends = {
      True: (scene.PHONE_MAC, scene.PHONE, client_port),
      False: (scene.ROUTER_MAC, server, port),
    }
    self.protocol, self.time, self.packets = protocol, at, []
    self.sequence = {True: 1000, False: 5000}
    if protocol == wire.TCP:
      self.send(True, flags=wire.SYN)
      self.send(False, flags=wire.SYN | wire.ACK)
      self.send(True, flags=wire.ACK)

  def send(self, from_phone, payload=b"", flags=0):
    source, destination = self.ends[from_phone], self.ends[not from_phone]
    self.time += 5_000_000
    self.packets.append(wire.Packet(
      self.time, destination[0], source[0], wire.IPV4, scene.packed(source[1]),
      scene.packed(destination[1]), protocol=self.protocol, source_port=source[2],
      destination_port=destination[2], sequence=self.sequence[from_phone],
      acknowledgment=self.sequence[not from_phone] if flags & wire.ACK else 0, flags=flags,
      window=65535, payload=payload, identification=len(self.packets) + 1))
    self.sequence[from_phone] += len(payload) + bool(flags & (wire.SYN | wire.FIN))

  def say(self, from_phone, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    self.send(from_phone, payload, wire.PSH | wire.ACK if self.protocol == wire.TCP else 0)

  def ask(self, *messages):
    for message in messages:
      self.say(True, message)

  def answer(self, *messages):
    for message in messages:
      self.say(False, message)

  def lines(self, text):
    """Lines of a dialogue; those of the server begin with `<`."""
    for line in text.strip().split("\n"):
      if line.startswith("<"):
        self.answer(line[1:] + "\r\n")
      else:
        self.ask(line + "\r\n")

  def close(self):
    self.send(True, flags=wire.FIN | wire.ACK)
    self.send(False, flags=wire.FIN | wire.ACK)
    self.send(True, flags=wire.ACK)

  def pcap(self):
    return wire.pcap([(packet.time, wire.ethernet(packet)) for packet in self.packets])


# DNS


def name(text):
  return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def question(text, kind):
  return name(text) + struct.pack("!HH", kind, 1)


def record(owner, kind, ttl, data):
  return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def message(identifier, flags, questions, answers=(), authorities=(), additionals=()):
  sections = [questions, answers, authorities, additionals]
  return struct.pack("!HHHHHH", identifier, flags, *map(len, sections)) + b"".join(
    b"".join(section) for section in sections)


POINTER = b"\xc0\x0c"


def dns_streams():
  """Two queries in a segment, their answers split; then what each type of record says."""
  def framed(data):
    return struct.pack("!H", len(data)) + data

  talk = Talk(scene.ROUTER, 53)
  queries = [message(7, 0x0100, [question("Www.Example.COM", 1)]),
             message(8, 0x0100, [question("example.com", 16)])]
  talk.ask(b"".join(map(framed, queries)))
  alias = record(POINTER, 5, 300, name("web.example.net"))
  address = record(name("web.example.net"), 1, 60, scene.packed(SERVER))
  text = record(POINTER, 16, 30, b"\x05v=one\x03two")
  mail = record(POINTER, 15, 30, b"\0\x0a" + name("mx.example.com"))
  service = record(POINTER, 33, 30, struct.pack("!HHH", 1, 2, 443) + name("srv.example.com"))
  authority = record(POINTER, 6, 30, name("ns.example.com") + name("admin.example.com")
                     + struct.pack("!IIIII", 1, 2, 3, 4, 5))
  options = record(b"\0", 41, 0, b"")
  answers = framed(message(7, 0x8180, [question("Www.Example.COM", 1)], [alias, address])) + framed(
    message(8, 0x8580, [question("example.com", 16)], [text, mail, service], [authority], [options]))
  for start in range(0, len(answers), 50):
    talk.answer(answers[start : start + 50])
  talk.close()
  yield "dns-tcp.pcap", talk.pcap(), [
    {"event_type": "dns", "proto": "TCP", "dest_port": 53, "dns": {
      "version": 3, "type": "request", "id": 7, "flags": "100", "rd": True, "opcode": 0,
      "queries": [{"rrname": "Www.Example.COM", "rrtype": "A"}]}},
    {"event_type": "dns", "proto": "TCP", "src_port": 53, "dns": {
      "type": "response", "id": 7, "flags": "8180", "qr": True, "ra": True, "rcode": "NOERROR",
      "answers": [{"rrname": "Www.Example.COM", "rrtype": "CNAME", "rdata": "web.example.net"},
                  {"rrname": "web.example.net", "rrtype": "A", "ttl": 60, "rdata": SERVER}]}},
    {"event_type": "dns", "dns": {
      "type": "response", "id": 8, "aa": True,
      "answers": [{"rrtype": "TXT", "rdata": "v=one"}, {"rrtype": "TXT", "rdata": "two"},
                  {"rrtype": "MX", "rdata": "mx.example.com"},
                  {"rrtype": "SRV", "srv": {"port": 443, "name": "srv.example.com"}}],
      "authorities": [{"rrtype": "SOA", "soa": {"mname": "ns.example.com", "minimum": 5}}]}},
    {"event_type": "flow", "app_proto": "dns"},
    count(dns=4, flow=1, anomaly=0)]


def dns_oddities():
  """Repeated and unanswered queries, a response to none, a damaged end, another port; mDNS."""
  talk = Talk(scene.ROUTER, 53, 40_001, wire.UDP)
  query = message(1, 0x0100, [question("a.example.com", 1)])
  reply = message(1, 0x8180, [question("a.example.com", 1)],
                  [record(POINTER, 1, 60, scene.packed(SERVER))])
  talk.ask(query)
  talk.answer(reply)
  talk.ask(query)
  talk.answer(reply)
  talk.ask(message(2, 0x0100, [question("lost.example.com", 28)]))
  packets = talk.packets
  alone = Talk(scene.ROUTER, 53, 40_002, wire.UDP, talk.time)
  alone.answer(message(3, 0x8183, [question("none.example.com", 1)], (), (), [b"\xc0"]))
  other = Talk(SERVER, 5300, 40_003, wire.UDP, alone.time)
  other.ask(message(4, 0x0100, [question("other.example.com", 1)]))
  group = Talk("224.0.0.251", 5353, 5353, wire.UDP, other.time)
  group.ask(message(0, 0, [question("phone.local", 1)]))
  talk.packets = packets + alone.packets + other.packets + group.packets
  yield "dns-oddities.pcap", talk.pcap(), [
    {"event_type": "dns", "src_port": 53, "dns": {
      "type": "response", "id": 3, "rcode": "NXDOMAIN",
      "queries": [{"rrname": "none.example.com", "rrtype": "A"}]}},
    {"event_type": "dns", "dest_port": 5300, "dns": {
      "queries": [{"rrname": "other.example.com", "rrtype": "A"}]}},
    {"event_type": "mdns", "mdns": {"queries": [{"rrname": "phone.local", "rrtype": "a"}]}},
    count(dns=7, mdns=1, flow=4)]


# HTTP/2


def field(key, value, added=False):
  """A field without Huffman's code (RFC 7541 section 6.2)."""
  key, value = key.encode(), value.encode()
  assert len(key) < 127 and len(value) < 127
  return bytes([0x40 if added else 0, len(key)]) + key + bytes([len(value)]) + value


def frame(kind, flags, stream, payload=b""):
  return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, ACKNOWLEDGED = frame(4, 0, 0), frame(4, 1, 0)


def http2():
  """Two streams at once: a POST over CONTINUATION with padded data, and a GET before it is answered."""
  body = json.dumps({"imei": "490154203237518"}).encode()
  head = (b"\x83\x86" + field(":path", "/report", True) + field(":authority", "api.example.com", True)
          + field("user-agent", "okhttp/4.9.0", True) + field("content-type", "application/json"))
  talk = Talk(SERVER, 8080)
  talk.ask(PREFACE + SETTINGS + frame(1, 0x20, 1, b"\0\0\0\0\x10" + head[:20]) + frame(9, 4, 1, head[20:]))
  talk.answer(SETTINGS + ACKNOWLEDGED)
  # The authority and the user agent are in the table by now.
  talk.ask(frame(0, 8, 1, b"\x04" + body[:9] + b"\0" * 4) + frame(1, 5, 3, b"\x82\x86\x84\xbf\xbe"),
           frame(0, 1, 1, body[9:]) + ACKNOWLEDGED)
  talk.answer(frame(1, 4, 3, b"\x88" + field("content-type", "text/html; charset=utf-8")),
              frame(0, 1, 3, b"hello") + frame(1, 5, 1, field(":status", "202")))
  talk.answer(frame(7, 0, 0, struct.pack("!II", 3, 0)))
  talk.close()
  yield "http2.pcap", talk.pcap(), [
    {"event_type": "http", "http": {
      "version": "2", "hostname": "api.example.com", "url": "/report", "http_method": "POST",
      "status": 202, "http_user_agent": "okhttp/4.9.0", "request_length": len(body), "length": 0}},
    {"event_type": "http", "http": {
      "version": "2", "hostname": "api.example.com", "url": "/", "http_method": "GET",
      "status": 200, "http_content_type": "text/html", "length": 5}},
    {"event_type": "alert", "inspect": {
      "rule": "personal-data-cleartext", "destination": {"host": "api.example.com"},
      "personal_data": [{"kind": "imei", "where": "http.request.body", "path": "json:imei"}]}},
    {"event_type": "flow", "app_proto": "http2"},
    count(http=2, flow=1, anomaly=0)]


def http2_upgrade():
  """HTTP/1.1 that goes on as HTTP/2: the request is the first stream (RFC 7540 section 3.2)."""
  talk = Talk(SERVER, 80)
  talk.ask("GET /first HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade, HTTP2-Settings\r\n"
           "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
  talk.answer(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + SETTINGS)
  talk.ask(PREFACE + SETTINGS)
  talk.answer(frame(1, 4, 1, b"\x88") + frame(0, 1, 1, b"one"))
  talk.ask(frame(1, 5, 3, b"\x82\x86" + field(":path", "/second") + field(":authority", "api.example.com")))
  talk.answer(frame(1, 5, 3, b"\x8d"))
  talk.close()
  yield "http2-upgrade.pcap", talk.pcap(), [
    {"event_type": "http", "http": {"protocol": "HTTP/1.1", "url": "/first", "status": 101}},
    {"event_type": "http", "http": {"version": "2", "url": "/first", "status": 200, "length": 3}},
    {"event_type": "http", "http": {"version": "2", "url": "/second", "status": 404}},
    count(http=3, flow=1)]


def websocket():
  """A message in two frames with a ping between them, masked."""
  def masked(first, text):
    key, data = b"\x12\x34\x56\x78", text.encode()
    coded = bytes(byte ^ key[index % 4] for index, byte in enumerate(data))
    return bytes([first, 0x80 | len(data)]) + key + coded

  talk = Talk(SERVER, 80)
  talk.ask("GET /socket HTTP/1.1\r\nHost: ws.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
  talk.answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
  talk.ask(masked(0x01, '{"imei":"4901542'), masked(0x89, "?"), masked(0x80, '03237518"}'))
  talk.answer(b"\x81\x02ok")
  talk.close()
  yield "websocket.pcap", talk.pcap(), [
    {"event_type": "http", "http": {"hostname": "ws.example.com", "url": "/socket", "status": 101}},
    {"event_type": "alert", "inspect": {
      "destination": {"host": "ws.example.com"},
      "personal_data": [{"kind": "imei", "where": "websocket.message", "path": "json:imei"}]}},
    {"event_type": "flow", "app_proto": "websocket"},
    count(http=1, flow=1)]


# Mail


def mail():
  """Two transactions in a session, the second pipelined in chunks; one to somebody who withdrew
  consent; another that goes on in TLS."""
  talk = Talk(SERVER, 587)
  talk.lines("""
<220 mx.example.com ESMTP
HELO [192.168.7.20
<501 what
EHLO phone.example.com
<250-mx.example.com
<250 CHUNKING
MAIL FROM:<owner@example.com> SIZE=120
<250 ok
RCPT TO:<first@example.org>
<250 ok
rcpt to: <second@example.org>
<250 ok
DATA
<354 go on
From: Owner <owner@example.com>
To: first@example.org, Second <second@example.org>
Cc: third@example.org
Subject: a subject
  over two lines

..a line with a dot
.
<250 taken
""")
  talk.ask("MAIL FROM:<>\r\nRCPT TO:<fourth@example.org>\r\nBDAT 12\r\nSubject: x\r\nBDAT 8 LAST\r\n\r\nmore\r\n")
  talk.answer("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n")
  talk.lines("QUIT\n<221 bye")
  talk.close()
  yield "smtp.pcap", talk.pcap(), [
    {"event_type": "smtp", "dest_port": 587, "smtp": {
      "helo": "phone.example.com", "mail_from": "<owner@example.com>",
      "rcpt_to": ["<first@example.org>", "<second@example.org>"]},
     "email": {"from": "Owner <owner@example.com>",
               "to": ["first@example.org", "Second <second@example.org>"],
               "cc": ["third@example.org"], "subject": "a subject over two lines"}},
    {"event_type": "smtp", "smtp": {
      "helo": "phone.example.com", "mail_from": "<>", "rcpt_to": ["<fourth@example.org>"]}},
    {"event_type": "flow", "app_proto": "smtp"},
    count(smtp=2, flow=1)]
  # To a server outside, and to one of the inside: consent was withdrawn wherever the mailbox is.
  for name, server in (("smtp-withdrawn", SERVER), ("smtp-withdrawn-inside", MAIL_INSIDE)):
    talk = Talk(server, 25)
    talk.lines("""
<220 mx.example.com ESMTP
EHLO shop.example.com
<250 mx.example.com
MAIL FROM:<shop@example.com>
<250 ok
RCPT TO:<gone@example.org>
<250 ok
RCPT TO:<other@example.org>
<250 ok
DATA
<354 go on
From: Shop <shop@example.com>
To: other@example.org
Subject: offers

Only this week.
.
<250 taken
""")
    talk.close()
    rules = [] if server == SERVER else [
      {"matching": {"event_type": "alert", "inspect": {"rule": "personal-data-cleartext"}}, "is": 0},
      {"event_type": "stats", "stats": {"findings": {"low": 0, "forgotten_values": 0}, "finder": {
        "undecoded_layers": 0, "compressed_layers_limits": 0}}}]
    yield f"{name}.pcap", talk.pcap(), [
      {"options": ["--watch", "watch-list.csv"]},
      {"event_type": "alert", "inspect": {
        "rule": "withdrawn-consent", "severity": "medium",
        "destination": {"ip": server, "port": 25},
        "personal_data": [{"kind": "email", "where": "smtp.message", "confidence": "certain",
                           "watched": "customer 2"}]}},
      {"matching": {"event_type": "alert", "inspect": {"rule": "withdrawn-consent"}}, "is": 1},
      *rules, count(smtp=1, flow=1)]
  talk = Talk(SERVER, 25)
  talk.lines("<220 mx.example.com ESMTP\nEHLO phone.example.com\n<250-mx.example.com\n<250 STARTTLS\n"
             "STARTTLS\n<220 go on")
  # A ClientHello of TLS 1.2 with a server name.
  server = b"mx.example.com"
  extension = struct.pack("!HHHBH", 0, len(server) + 5, len(server) + 3, 0, len(server)) + server
  hello = (b"\3\3" + bytes(32) + b"\0" + b"\0\2\xc0\x2f" + b"\1\0"
           + struct.pack("!H", len(extension)) + extension)
  hello = b"\1" + struct.pack("!I", len(hello))[1:] + hello
  talk.ask(b"\x16\3\1" + struct.pack("!H", len(hello)) + hello)
  talk.close()
  yield "smtp-starttls.pcap", talk.pcap(), [
    {"event_type": "smtp", "smtp": {"helo": "phone.example.com"}},
    {"event_type": "tls", "tls": {"sni": "mx.example.com"}},
    {"event_type": "flow", "app_proto": "tls"},
    count(smtp=1, tls=1, flow=1)]


# Registrations over CoAP, and what nobody knows


def coap(code, options, payload=b""):
  """A confirmable message; options of at most 268 bytes, in the order of their numbers."""
  data, before = bytes([0x40, code, 0x12, 0x34]), 0
  for number, value in options:
    value = value.encode() if isinstance(value, str) else value
    assert number - before < 13 and len(value) < 269
    length = len(value) if len(value) < 13 else 13
    data += bytes([(number - before) << 4 | length])
    data += (bytes([len(value) - 13]) if length == 13 else b"") + value
    before = number
  return data + (b"\xff" + payload if payload else b"")


def registrations():
  """The two other operators' self-registrations (docs: the issue's facts)."""
  talk = Talk(MOBILE, 5683, 40_010, wire.UDP)
  talk.ask(coap(2, [(3, "m.fxltsbl.com"), (11, "rd"), (12, b"\x28"), (15, "ep=490154203237518"),
                    (15, "lt=86400"), (15, "lwm2m=1.0")], b"</1/0>,</3/0>"))
  talk.answer(bytes([0x60, 0x41, 0x12, 0x34]))
  yield "lwm2m.pcap", talk.pcap(), [
    {"event_type": "alert", "inspect": {
      "rule": "self-registration", "destination": {"host": "m.fxltsbl.com", "host_from": "coap"}}},
    {"event_type": "flow", "app_proto": "coap"},
    count(flow=1, anomaly=0)]
  body = json.dumps({"REGVER": "8.0", "MEID": "", "IMEI1": "490154203237518"}).encode()
  talk = Talk(MOBILE, 5683, 40_011, wire.UDP)
  talk.ask(coap(2, [(11, "nb"), (12, b"\x32")], base64.b64encode(body)))
  yield "nb-iot.pcap", talk.pcap(), [
    {"event_type": "alert", "inspect": {
      "rule": "self-registration",
      "personal_data": [{"kind": "imei", "where": "coap.payload", "path": "base64 > json:IMEI1"}]}},
    count(flow=1)]


def log_ins():
  """FTP and POP3, whose log-ins are in clear text."""
  for name, port, greeting in (("ftp-login", 21, "220 ready"), ("pop3-login", 110, "+OK ready")):
    talk = Talk(SERVER, port)
    talk.lines(f"<{greeting}\nUSER anna\n<331 go on\nPASS not-a-secret\n<230 welcome")
    talk.close()
    yield f"{name}.pcap", talk.pcap(), [
      {"event_type": "alert", "inspect": {"rule": "personal-data-cleartext", "personal_data": [{
        "kind": "credentials", "where": "tcp.payload", "path": "login", "confidence": "high"}]}},
      count(alert=1, flow=1)]


def unknown():
  """A line protocol and a datagram that nobody knows."""
  talk = Talk(SERVER, 9000)
  talk.ask("LOGIN imei=4901542", "03237518&v=1\n")
  talk.answer("OK\n")
  talk.close()
  datagrams = Talk(SERVER, 9001, 40_020, wire.UDP, talk.time)
  datagrams.ask('{"imei":"490154203237518"}')
  talk.packets += datagrams.packets
  yield "unknown-protocols.pcap", talk.pcap(), [
    # One device, one destination, one kind: the datagram is the second time of the same alert.
    {"event_type": "alert", "dest_port": 9000, "inspect": {
      "count": 2, "personal_data": [{"kind": "imei", "where": "tcp.payload"}]}},
    {"event_type": "flow", "proto": "TCP", "app_proto": "failed"},
    count(flow=2)]


def files():
  """The products: name and bytes; the expectation goes by the name up to its first dot."""
  for group in (dns_streams, dns_oddities, http2, http2_upgrade, websocket, mail, registrations,
                log_ins, unknown):
    for title, data, expectations in group():
      yield title, data
      yield title.split(".")[0] + ".expected", phone.lines(expectations)
