#!/usr/bin/env python3
"""Writes Fuzz/corpus/TARGET/ from captures/: what each target is fed, in the form that it reads.

The same captures give the same files. Names are a hash of the content, so that equal seeds are one.
"""

import hashlib
import pathlib
import random
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "Fuzz" / "corpus"
LINKS = [
  0, 1, 9, 12, 50, 51, 104, 105, 108, 113, 119, 127, 147, 163, 192, 228, 229, 239, 276]
# What one capture gives a target at most, how long a seed may be, and how many a target gets.
PER_CAPTURE, LONGEST, MOST = 3, 12_000, 80


def put(target, data):
  folder = CORPUS / target
  folder.mkdir(parents=True, exist_ok=True)
  if data and len(data) <= LONGEST:
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def packets(data):
  """Link type and bytes of each packet of a little-endian pcap; none of other files."""
  if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
    return
  link, at = struct.unpack("<I", data[20:24])[0] & 0xFFFF, 24
  while at + 16 <= len(data):
    captured = struct.unpack("<I", data[at + 8 : at + 12])[0]
    yield link, data[at + 16 : at + 16 + captured]
    at += 16 + captured


def transport(frame):
  """(protocol, ports, payload) of an IPv4 packet in an Ethernet frame; None for all else."""
  if frame[12:14] != b"\x08\x00":
    return None
  packet = frame[14:]
  packet = packet[: struct.unpack("!H", packet[2:4])[0]]
  protocol, body = packet[9], packet[(packet[0] & 15) * 4 :]
  if protocol == 6 and len(body) >= 20:
    return 6, struct.unpack("!HH", body[:4]), body[(body[12] >> 4) * 4 :]
  if protocol == 17 and len(body) >= 8:
    return 17, struct.unpack("!HH", body[:4]), body[8:]
  return None


def turns(payloads):
  """A conversation as `forEachTurn` reads it."""
  return b"".join(struct.pack("!BH", direction, len(data)) + data for direction, data in payloads)


def conversations(data):
  """By pair of ports: the protocol and what each side says, in order."""
  found = {}
  for link, frame in packets(data):
    parsed = transport(frame) if link == 1 else None
    if parsed and parsed[2]:
      protocol, (source, destination), payload = parsed
      key = (protocol, frozenset((source, destination)))
      found.setdefault(key, []).append((int(source < destination), destination, payload))
  return found


def seed(path):
  data = path.read_bytes()
  if len(data) < LONGEST // 3:
    put("capture", data)
  put("pipeline", data)
  for link, frame in list(packets(data))[:PER_CAPTURE]:
    link = 12 if link == 101 else link
    if link in LINKS:
      put("packet", bytes([LINKS.index(link)]) + frame)
  for (protocol, ports), said in list(conversations(data).items())[:PER_CAPTURE]:
    first = said[0][2]
    if protocol == 17 and 53 in ports:
      for _, _, payload in said:
        put("dns", payload)
    elif protocol == 17 and 5683 in ports:
      for _, _, payload in said:
        put("coap", payload)
    elif protocol == 6:
      target = (
        "tls" if first[0] in (0x16, 0x80) else
        "http2" if first.startswith(b"PRI ") else
        "smtp" if first.startswith((b"220 ", b"EHLO ")) else "http")
      put(target, turns((direction, payload) for direction, _, payload in said))
      for _, destination, payload in said:
        if target == "http" and destination < 1024 and len(payload) > 16:
          put("finder", payload.split(b"\r\n\r\n", 1)[-1])
        if target == "http2":
          put("hpack", b"\0" + b"".join(header_blocks(payload)))
        if payload[:1] == b"\x16" and payload[5:6] == b"\1" and len(payload) > 60:
          put("quic", turns(initials(payload[5:])))
          put("dtls", datagram(payload[5:]))


def header_blocks(data):
  """The header blocks of HTTP/2 frames, each behind its length."""
  data = data.removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
  while len(data) >= 9:
    length = int.from_bytes(data[:3], "big")
    if data[3] in (1, 9):
      yield struct.pack("!H", length) + data[9 : 9 + length]
    data = data[9 + length :]


def datagram(hello):
  """A hello of TLS as one of DTLS: without a cookie, in one part, in one record."""
  version, rest = b"\xfe\xfd", hello[6:]
  end = 33 + rest[32]
  body = version + rest[:end] + b"\0" + rest[end:]
  length = len(body).to_bytes(3, "big")
  part = hello[:1] + length + b"\0\0" + b"\0\0\0" + length + body
  return b"\x16" + version + bytes(8) + struct.pack("!H", len(part)) + part


def initials(hello):
  """Initial packets with a hello in two CRYPTO frames, as the target's cipher opens them: in clear
  text, behind a number of one byte, with any tag."""
  half = len(hello) // 2
  for start, part in ((half, hello[half:]), (0, hello[:half])):
    text = struct.pack("!BHH", 6, 0x4000 | start, 0x4000 | len(part)) + part
    sealed = b"\0" + text + bytes(max(0, 40 - len(text))) + bytes(16)
    yield 0, b"\xc0\0\0\0\1\x08ABCDEFGH\0\0" + struct.pack("!H", 0x4000 | len(sealed)) + sealed


def texts():
  """The finder's own vectors: each encoding and identifier."""
  lines = (ROOT / "Tests/InspectCoreTests/Vectors/finder.txt").read_text().split("\n\n")
  for vector in lines:
    digits = "".join(line for line in vector.splitlines() if line and line[0] not in "#=")
    try:
      put("finder", bytes.fromhex(digits))
    except ValueError:
      pass


def invented():
  """A line too long; fragments and segments in the targets' own forms, orders drawn from a seed."""
  numbers = random.Random(2026)
  put("smtp", turns([(0, b"EHLO a\r\nMAIL FROM:<" + b"a" * 5000 + b">\r\nRCPT TO:<b>\r\n")]))
  for _ in range(12):
    parts = [(at, 8 if at == 5 else 0) for at in range(6)]
    numbers.shuffle(parts)
    put("fragments", b"".join(
      bytes([last | numbers.randrange(2), at, 5 if last else 1]) + bytes([at] * (5 if last else 8))
      for at, last in parts))
    segments = [(at * 100, 100) for at in range(10)]
    numbers.shuffle(segments)
    put("tcp", bytes([numbers.randrange(2)]) + b"".join(
      struct.pack("!BHBH", numbers.choice((0x40, 0x44, 0x41)), at, count, numbers.randrange(1000))
      for at, count in segments))


def thin():
  """A hash decides which stay: as good as chance, and the same each time."""
  for folder in CORPUS.iterdir():
    for path in sorted(folder.iterdir())[MOST:]:
      path.unlink()


if __name__ == "__main__":
  for capture in sorted(ROOT.glob("captures/*.pcap*")):
    seed(capture)
  texts()
  invented()
  thin()
