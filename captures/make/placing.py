"""Recordings put to other times, ports and distances, as if they had happened then and there.

What is changed: time, client port, IP identification, hop limit, TCP sequence numbers (with
acknowledgments and SACK blocks), the values of TCP time stamps, DNS identifiers, all checksums.
What is not: segmentation, flags, windows, payloads (unless the caller patches them).
"""

import pathlib
import random
import struct

import scene
import wire

RECORDINGS = pathlib.Path(__file__).resolve().parent / "recordings"
SECOND = 10**9


def load(name):
  """The packets of a recording."""
  return [wire.parse(*frame) for frame in wire.read_pcap(RECORDINGS / f"{name}.pcap")]


def from_phone(packet):
  return packet.source_mac == scene.PHONE_MAC


def rewrite_options(options, stamp, echo, shift):
  """TCP options with other time stamps (RFC 7323) and shifted SACK blocks (RFC 2018)."""
  result, at = b"", 0
  while at < len(options):
    kind = options[at]
    length = 1 if kind < 2 else options[at + 1]
    value = options[at : at + length]
    if kind == 8:
      value = b"\x08\x0a" + struct.pack(
        "!II", *(f(number) for f, number in zip((stamp, echo), struct.unpack("!II", value[2:]))))
    elif kind == 5:
      edges = struct.unpack(f"!{(length - 2) // 4}I", value[2:])
      value = value[:2] + b"".join(
        struct.pack("!I", (edge + shift) & 0xFFFFFFFF) for edge in edges)
    result, at = result + value, at + length
  return result


class Placer:
  """Places recordings; the seed decides every choice."""

  def __init__(self, seed):
    self.random = random.Random(seed)
    self.used_ports = set()

  def number(self, limit):
    """An integer below `limit`; `random()` is the one method whose sequence Python promises."""
    return int(self.random.random() * limit)

  def port(self):
    """A port of Linux's ephemeral range that was not used before."""
    while True:
      port = 32768 + self.number(28232)
      if port not in self.used_ports:
        self.used_ports.add(port)
        return port

  def times(self, packets, at, round_trip, starts):
    """When each packet passes: the recorded gaps, and the round trip whenever it is the server's
    turn (or a time-out, which grows with the round trip). `starts` sets the time of a packet."""
    now, previous, sent = at, None, {True: -1, False: -1}
    for index, packet in enumerate(packets):
      phone = from_phone(packet)
      end = packet.sequence + len(packet.payload)
      if previous:
        now += max(packet.time - previous.time, 1000)
        if from_phone(previous) and not phone:
          now += round_trip + int(round_trip * 0.1 * self.random.random())
        elif phone and not from_phone(previous):
          now += self.number(2_500_000)
        elif packet.payload and end <= sent[phone]:
          now += 2 * round_trip
      if index in starts:
        now = max(now, starts[index])
      sent[phone] = max(sent[phone], end)
      previous = packet
      yield now

  def place(self, packets, at, host=None, starts=None, patch=None):
    """The packets of one exchange from the time `at`; `patch(packet)` may change a payload."""
    _, hops, micros = scene.HOSTS[host] if host else (None, 0, 3000)
    ports, offsets = {}, {}
    def fresh(table, key, limit):
      return table.setdefault(key, self.number(limit))
    stamps, last, result = {True: {}, False: {}}, {True: 0, False: 0}, []
    for packet, now in zip(packets, self.times(packets, at, micros * 1000, starts or {})):
      phone = from_phone(packet)
      moved = packet.replace(time=now)
      for field in ("source_port", "destination_port"):
        port = getattr(packet, field)
        if port >= 32768:
          if port not in ports:
            ports[port] = self.port()
          setattr(moved, field, ports[port])
      if packet.ethertype == wire.IPV4:
        moved.identification = (
          packet.identification + fresh(offsets, ("identification", phone), 65536)) & 0xFFFF
      if not phone and host:
        moved.hop_limit = 64 - hops
      if packet.is_tcp:
        shift = {side: fresh(offsets, ("sequence", side), 2**32) for side in (True, False)}
        moved.sequence = (packet.sequence + shift[phone]) & 0xFFFFFFFF
        if packet.flags & wire.ACK:
          moved.acknowledgment = (packet.acknowledgment + shift[not phone]) & 0xFFFFFFFF
        base = fresh(offsets, ("stamp", phone), 2**31)
        later = ((now - at) - (packet.time - packets[0].time)) // 10**6

        def stamp(value):
          new = max((value + base + later) & 0xFFFFFFFF, last[phone])
          stamps[phone][value] = last[phone] = new
          return new

        def echo(value):
          return stamps[not phone].get(value, 0) if value else 0

        moved.options = rewrite_options(packet.options, stamp, echo, shift[not phone])
      elif packet.protocol == wire.UDP and 53 in (packet.source_port, packet.destination_port):
        moved.payload = struct.pack(
          "!H", fresh(offsets, "query", 65536)) + packet.payload[2:]
      if patch:
        moved.payload = patch(moved)
      result.append(moved)
    return result
