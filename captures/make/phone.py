"""A day of the phone: when it was unlocked, what it sent, and what a correct finding says."""

import datetime
import json
import struct

import placing
import scene
import wire
from placing import SECOND

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
# How likely an unlock is in each hour of the day (UTC).
ACTIVITY = [0] * 8 + [5, 2, 2, 2, 4, 2, 1, 2, 4, 3, 2, 1, 3, 4, 3, 1]
UNLOCKS = 24
NTP_ERA = 2208988800  # seconds from 1900 to 1970


def rfc3339(time):
  moment = datetime.datetime.fromtimestamp(time // SECOND, datetime.timezone.utc)
  return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{time % SECOND // 10**6:03d}Z"


def phone_date(time):
  """What the phone's own clock shows."""
  moment = datetime.datetime.fromtimestamp(
    time // SECOND + scene.PHONE_ZONE_SECONDS, datetime.timezone.utc)
  return moment.strftime("%Y-%m-%d %H:%M:%S")


class Day:
  """Composes `packets`, the unlock `log`, and the `sends` of the self-registration client."""

  def __init__(self, date, seed, registers):
    midnight = datetime.datetime.fromisoformat(f"{date}T00:00:00+00:00")
    self.start = int(midnight.timestamp()) * SECOND
    self.placer = placing.Placer(seed)
    self.recordings, self.resolved, self.packets, self.log = {}, {}, [], []
    self.sends = []  # (time, what became of it, whether it was a retry)
    self.unlocks, self.pair = self.draw_unlocks(registers)
    self.draw_sessions()
    self.background()
    self.push()
    for session in self.sessions:
      self.use(*session)
    if registers:
      self.register()
    # Nothing passes while the phone restarts.
    self.packets = [p for p in self.packets if not self.down <= p.time < self.up
                    and self.start <= p.time < self.start + 24 * HOUR]
    self.packets.sort(key=lambda packet: packet.time)
    self.log.sort()

  def draw(self, low, high):
    """A time or duration between two bounds, in seconds, as nanoseconds to the microsecond."""
    return int((low + (high - low) * self.placer.random.random()) * 10**6) * 1000

  def chance(self, probability):
    return self.placer.random.random() < probability

  def recording(self, name):
    if name not in self.recordings:
      self.recordings[name] = placing.load(name)
    return self.recordings[name]

  def add(self, name, at, host=None, **options):
    """Places a recording, and returns when its last packet passed."""
    placed = self.placer.place(self.recording(name), at, host, **options)
    self.packets += placed
    return placed[-1].time

  # When the phone is used

  def draw_unlocks(self, registers):
    """Irregular times by the hour's activity, the first at eight, one pair seconds apart. The day
    of the registrations needs two gaps in which a retry after one hour stands alone."""
    while True:
      times = [self.start + 8 * HOUR + 100_000_000]
      while len(times) < UNLOCKS - 1:
        hour = self.placer.number(24)
        if self.placer.random.random() * 5 < ACTIVITY[hour]:
          times.append(self.start + hour * HOUR + self.draw(0, 3600))
      times.sort()
      gaps = [after - before for before, after in zip(times, times[1:])]
      lonely = [index for index, gap in enumerate(gaps) if gap > 64 * MINUTE]
      if times[0] < self.start + 8 * HOUR or min(gaps) < 3 * MINUTE:
        continue
      if len(lonely) >= 2 or not registers:
        break
    first = next(i for i in range(8, len(times) - 1) if i not in lonely)
    partner = times[first] + self.draw(11, 14)
    return sorted([*times, partner]), partner

  def record_event(self, time, event):
    self.log.append((time // 10**6 * 10**6, event))

  def draw_sessions(self):
    """Screen on, unlock, screen off; and notifications that light the screen without unlock."""
    self.sessions = []
    for unlock, following in zip(self.unlocks, [*self.unlocks[1:], self.start + 24 * HOUR]):
      lit = unlock - self.draw(0.3, 1.6)
      dark = min(unlock + self.draw(7, 260), following - 5 * SECOND)
      self.record_event(lit, "screen_on")
      self.record_event(unlock, "unlock")
      self.record_event(dark, "screen_off")
      self.sessions.append((lit, unlock, dark))
    after_boot = next(u for u in self.unlocks if u > self.start + 17 * HOUR and u != self.pair)
    boot = after_boot - 44 * SECOND - self.draw(0, 5)
    self.down, self.up = boot - 12 * SECOND, boot + 21 * SECOND
    self.record_event(boot, "boot")
    for _ in range(9):
      lit = self.start + self.draw(7 * 3600, 23.5 * 3600)
      if all(abs(lit - unlock) > 6 * MINUTE for unlock in [*self.unlocks, boot]):
        self.record_event(lit, "screen_on")
        self.record_event(lit + self.draw(5, 9), "screen_off")

  # Ordinary traffic

  def resolve(self, host, at):
    """Asks for the host's address unless the answer of before is still good (300 s)."""
    if self.resolved.get(host, 0) > at > self.resolved.get(host, 0) - 300 * SECOND:
      return at
    self.resolved[host] = at + 300 * SECOND
    v6 = ":" in scene.HOSTS[host][0]
    if v6 or host in ("www.example.com", "news.example"):
      self.add(f"dns-aaaa-{host}", at - 400_000 if not v6 else at)
    return at if v6 else self.add(f"dns-a-{host}", at) + self.draw(0.001, 0.004)

  def visit(self, host, at, variant=None):
    variant = self.placer.number(3) if variant is None else variant
    if ":" in scene.HOSTS[host][0] and self.chance(0.5):
      self.add("neighbour-discovery", at - self.draw(0.001, 0.003))
    start = self.resolve(host, at)
    if ":" in scene.HOSTS[host][0]:
      start += self.draw(0.012, 0.02)
    self.add(f"https-{host}-{variant}", start, host)

  def ntp(self, at):
    """A time request; what the two sides write into it is the time of the capture."""
    def stamp(time):
      return struct.pack("!II", (time // SECOND + NTP_ERA) & 0xFFFFFFFF,
                         (time % SECOND << 32) // SECOND)
    asked = []
    def patch(packet):
      if placing.from_phone(packet):
        asked.append(stamp(packet.time))
        return packet.payload[:40] + asked[0]
      there = stamp(packet.time - 7 * 10**6)
      return packet.payload[:16] + there + asked[0] + there + there
    host = "time.android.com"
    self.add("ntp", self.resolve(host, at), host, patch=patch)

  def check(self, at):
    host = "connectivitycheck.gstatic.com"
    self.add("http-check", self.resolve(host, at), host)

  def background(self):
    """What the phone does whether it is used or not."""
    for tick in range(96):
      self.visit("beacon.example.com", self.start + tick * 15 * MINUTE + self.draw(418, 421))
    at = self.start + self.draw(60, 900)
    while at < self.start + 23.9 * HOUR:
      self.visit("mail.example.org", at)
      at += self.draw(22 * 60, 50 * 60)
    at = self.start + self.draw(5, 60)
    while at < self.start + 24 * HOUR:
      self.add("arp", at)
      at += self.draw(240, 1500)
    for hour in (3.2, 9.2, 15.2):
      self.add("dhcp-renew", self.start + self.draw(hour * 3600, hour * 3600 + 9))
    for hour in (2, 8.5, 14, 22):
      self.ntp(self.start + self.draw(hour * 3600, (hour + 1) * 3600))
    self.add("dhcp-discover", self.up + self.draw(0.1, 0.4))
    self.add("arp", self.up + self.draw(0.6, 0.7))
    self.add("neighbour-discovery", self.up + self.draw(0.8, 1))
    self.check(self.up + self.draw(1.1, 1.3))
    self.ntp(self.up + self.draw(3, 4))

  def push(self):
    """Two long-lived connections with a heartbeat each 28 minutes: one that stood before the
    capture began and ends with the restart, one from then to the end of the day."""
    packets = self.recording("push")
    beats = [index for index, packet in enumerate(packets) if index
             and packet.time - packets[index - 1].time > 60 * 10**6]
    at = self.start + self.draw(400, 1200)
    starts = {index: at + order * 28 * MINUTE + self.draw(0, 0.5)
              for order, index in enumerate(beats)}
    begun = [p for i, p in enumerate(packets) if i >= beats[0]]
    shifted = {index - beats[0]: time for index, time in starts.items()}
    placed = self.placer.place(begun, at, "push.example.com", starts=shifted)
    self.packets += [packet for packet in placed if packet.time < self.down]
    at = self.resolve("push.example.com", self.up + self.draw(2, 2.5))
    starts = {index: at + (order + 1) * 28 * MINUTE + self.draw(0, 0.5)
              for order, index in enumerate(beats)}
    placed = self.placer.place(packets, at, "push.example.com", starts=starts)
    self.packets += placed

  def use(self, lit, unlock, dark):
    """One time of use: the wake, and what the person looks at."""
    if self.chance(0.5):
      self.check(lit + self.draw(0.1, 0.8))
    if self.chance(0.3):
      self.add("mdns", lit + self.draw(0.2, 2.5))
    if unlock == self.sessions[5][1]:
      host = "images.example.org"
      self.visit("news.example", unlock + self.draw(3, 4), 2)
      self.add("http-image", self.resolve(host, unlock + self.draw(4.5, 5)), host)
    seconds = (dark - unlock) / SECOND
    for _ in range(1 + self.placer.number(6)):
      host = scene.BROWSED[self.placer.number(len(scene.BROWSED))]
      self.visit(host, unlock + self.draw(0.4, max(1, seconds * 0.8)))
      if host == "news.example":
        self.visit("cdn.news.example", unlock + self.draw(1, max(2, seconds)))
    if self.chance(0.25):
      self.add("quic-tail", unlock + self.draw(1, seconds), "video.example.net")

  # The finding

  def register(self):
    """A send soon after each unlock but the second of the pair (the client is still at it). Where
    the server does not answer, and nothing happens for an hour, one retry."""
    times = [unlock for unlock in self.unlocks if unlock != self.pair]
    lonely = [index for index, (before, after) in enumerate(zip(times, times[1:]))
              if after - before > 64 * MINUTE]
    near = [index for index in range(3, len(times) - 1) if index not in lonely]
    outcomes = {lonely[0]: "post-unanswered", lonely[-1]: "post-down", near[2]: "post-lost",
                near[-2]: "post-unanswered"}
    for index, unlock in enumerate(times):
      answer = "post-success" if self.chance(0.45) else "post-failure"
      outcome = outcomes.get(index, answer)
      both = (self.placer.random.random() + self.placer.random.random()) / 2
      began = self.send(unlock + int((0.6 + 1.25 * both) * 10**6) * 1000, outcome, False)
      if index in (lonely[0], lonely[-1]):
        again = "post-success" if index == lonely[0] else "post-lost"
        self.send(began + HOUR + self.draw(20.1, 21), again, True)

  def send(self, at, outcome, retry):
    """One send: the name, then the connection. The body carries the phone's own time."""
    old, new = scene.registration_body(), scene.registration_body(phone_date(at))
    self.add(f"dns-a-{scene.REGISTRATION}", at)
    self.add(outcome, at + self.draw(0.008, 0.02), scene.REGISTRATION,
             patch=lambda packet: packet.payload.replace(old, new))
    self.sends.append((at, outcome, retry))
    return at

  # Files

  def capture(self, comment, resolution):
    """The pcapng."""
    parts = [wire.section_header("captures/make/compose.py", comment),
             wire.interface("br-lan", "LAN bridge of the router", resolution)]
    parts += [wire.enhanced_packet(packet.time, wire.ethernet(packet), resolution)
              for packet in self.packets]
    parts.append(wire.interface_statistics(
      self.packets[0].time, self.packets[-1].time, len(self.packets), resolution))
    return b"".join(parts)

  def unlock_log(self):
    device = scene.PHONE_MAC.hex(":")
    return "".join(["time,device,event\n"] + [
      f"{rfc3339(time)},{device},{event}\n" for time, event in self.log]).encode()


PERSONAL = [("imei", "IMEI1"), ("iccid", "SIM1ICCID"), ("imsi", "SIM1LTEIMSI"),
            ("cell-id", "SIM1CELLID"), ("mac-address", "MACID")]


def expected(day, options):
  """What a correct finding says about the day of the registrations."""
  followed = sum(not retry for _, _, retry in day.sends)
  device = {"mac": scene.PHONE_MAC.hex(":"), "ip": scene.PHONE}
  there = {"ip": "1.8.0.1", "port": 80, "host": scene.REGISTRATION}
  kinds = [{"kind": kind, "where": "http.request.body", "path": f"base64 > json:{key}"}
           for kind, key in PERSONAL]
  def alert(rule, destination=there, **more):
    return {"event_type": "alert", "inspect": {
      "rule": rule, "device": device, "destination": destination, **more}}
  delivered = sum(outcome != "post-down" for _, outcome, _ in day.sends)
  def post(**more):
    return {"event_type": "http", "dest_ip": "1.8.0.1", "dest_port": 80, "http": {
      "hostname": scene.REGISTRATION, "http_method": "POST", "url": "/",
      "http_user_agent": scene.USER_AGENT,
      "request_length": len(scene.registration_body()), **more}}
  return [
    {"options": options}, {"exit": 3},
    alert("self-registration", severity="critical", encrypted=False, personal_data=kinds),
    alert("unlock-correlated-transfer", unlock={
      "unlocks": len(day.unlocks), "followed": followed, "sends": len(day.sends),
      "sends_after_unlock": followed}),
    {"needs": "geo", **alert(
      "personal-data-cross-border",
      {**there, "country": "CN", "asn": 4134, "transfer": "third-country"},
      severity="critical", encrypted=False, personal_data=kinds)},
    post(status=200), post(),
    {"matching": {"event_type": "http", "http": {"hostname": scene.REGISTRATION}},
     "is": delivered},
    {"event_type": "dns", "dns": {"type": "response", "answers": [
      {"rrname": scene.REGISTRATION, "rrtype": "A", "rdata": "1.8.0.1"}]}},
    {"event_type": "tls", "tls": {"sni": "beacon.example.com", "version": "TLS 1.2"}},
    {"event_type": "http", "http": {"hostname": "images.example.org", "status": 200}},
  ]


def expected_quiet(options):
  """What a correct finding says about a day without registrations: nothing worth an alarm."""
  return [{"options": options}] + [
    {"matching": {"event_type": "alert", "inspect": {"severity": severity}}, "is": 0}
    for severity in ("medium", "high", "critical")
  ] + [{"matching": {"event_type": "http", "http": {"hostname": scene.REGISTRATION}}, "is": 0},
       {"event_type": "tls", "tls": {"sni": "beacon.example.com", "version": "TLS 1.2"}}]


def lines(expectations):
  return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in expectations).encode()


def files():
  """The products: name and bytes."""
  for name, date, seed, registers, resolution in (
      ("nokia-7-plus", "2026-03-01", 20190321, True, 6),
      ("nokia-7-plus-updated", "2026-03-08", 20190131, False, 9)):
    day = Day(date, seed, registers)
    options = ["--unlocks", f"{name}-unlocks.csv",
               "--fail-on", "critical" if registers else "medium"]
    comment = "A phone that registers itself at each unlock. " if registers else (
      "The same phone after the update. ")
    yield f"{name}.pcapng", day.capture(
      comment + "Composed from recordings of real stacks; all identifiers are test values.",
      resolution)
    yield f"{name}-unlocks.csv", day.unlock_log()
    yield f"{name}.expected", lines(expected(day, options) if registers
                                    else expected_quiet(options))
