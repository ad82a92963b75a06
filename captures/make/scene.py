"""Who takes part: the phone, its router, the servers and their addresses.

Every identifier is a documented test value (the IMEI of the 3GPP examples, the test network
001-01, the documentation MAC addresses of RFC 7042, the ICCID of the Android emulator); nobody
owns one. Names are under example domains (RFC 2606, RFC 6761), but for the two that the case is
about: zzhc.vnet.cn and the connectivity check of Android, and the other carriers' registration hosts. The addresses were chosen for the
country that geolocation gives them; no packet ever left the machine that recorded this.
"""

import base64
import hashlib
import ipaddress
import json

PHONE_MAC = bytes.fromhex("020000000010")
ROUTER_MAC = bytes.fromhex("020000000001")
PHONE, ROUTER = "192.168.7.20", "192.168.7.1"
PHONE_V6, ROUTER_V6 = "2001:db8:7::20", "2001:db8:7::1"
PHONE_LINK_LOCAL, ROUTER_LINK_LOCAL = "fe80::ff:fe00:10", "fe80::ff:fe00:1"

REGISTRATION = "zzhc.vnet.cn"
USER_AGENT = "Dalvik/2.1.0 (Linux; U; Android 9; Nokia 7 plus Build/PPR1.180610.011)"

# name: (address, hops away from the router, round trip in microseconds)
HOSTS = {
  REGISTRATION: ("1.8.0.1", 19, 212_000),
  "connectivitycheck.gstatic.com": ("142.250.74.35", 9, 14_000),
  "www.example.com": ("93.184.216.34", 11, 98_000),
  "shop.example.com": ("93.184.216.40", 11, 97_000),
  "beacon.example.com": ("192.0.43.10", 14, 151_000),
  "push.example.com": ("192.0.43.22", 14, 149_000),
  "news.example": ("194.71.11.173", 8, 17_000),
  "cdn.news.example": ("130.225.254.116", 7, 11_000),
  "weather.example": ("157.249.81.141", 6, 9_000),
  "mail.example.org": ("194.109.6.66", 10, 29_000),
  "images.example.org": ("193.166.3.2", 9, 24_000),
  "time.android.com": ("216.239.35.0", 9, 15_000),
  "video.example.net": ("203.0.113.25", 10, 21_000),
  "api.example.com": ("93.184.216.41", 11, 96_000),
  "dm.wo.com.cn": ("1.8.0.2", 20, 231_000),
  "m.fxltsbl.com": ("1.8.0.3", 20, 240_000),
  "v6.example.com": ("2606:2800:220:1:248:1893:25c8:1946", 11, 99_000),
}
BROWSED = ("www.example.com", "shop.example.com", "news.example", "cdn.news.example",
           "weather.example", "mail.example.org", "v6.example.com")
REGISTRATION_V6 = "2001:db8:4134::1"

# The capture is in UTC, the phone's own clock shows Central European Time (UTC+1 on 1 March).
PHONE_ZONE_SECONDS = 3600


def packed(address):
  return ipaddress.ip_address(address).packed


def registration_json(date, keys=None):
  """What the self-registration client reports, with `date` from the phone's own clock."""
  values = {
    "REGVER": "5.0", "MEID": "", "MODEL": "HMD-Nokia 7 plus", "SWVER": "00WW_3_22C",
    "OSVER": "android 9", "UETYPE": "1", "MACID": "00:00:5E:00:53:01", "ROM": "64G", "RAM": "4G",
    "IMEI1": "490154203237518", "IMEI2": "", "SIM1ICCID": "89014103211118510720",
    "SIM2ICCID": "", "SIM1CDMAIMSI": "", "SIM1LTEIMSI": "001010123456789", "SIM2CDMAIMSI": "",
    "SIM2LTEIMSI": "", "SIM1CELLID": "26385429", "SIM2CELLID": "", "SIM1TYPE": "2",
    "DATASIM": "1", "SIM1VoLTESW": "1", "ACCESSTYPE": "2", "REGDATE": date,
  }
  keys = keys or values.keys()
  return json.dumps({key: values[key] for key in keys}, separators=(",", ":")).encode()


def base64_lines(data):
  """Android's Base64.DEFAULT: a line feed after every 76 characters and after the last."""
  text = base64.b64encode(data)
  return b"".join(text[at : at + 76] + b"\n" for at in range(0, len(text), 76))


def registration_body(date="2026-03-01 09:00:01", keys=None):
  return base64_lines(registration_json(date, keys))


def registration_head(length, extra=""):
  return (
    f"POST / HTTP/1.1\r\nContent-Type: application/encrypted-json\r\n{extra}"
    f"User-Agent: {USER_AGENT}\r\nHost: {REGISTRATION}\r\nConnection: Keep-Alive\r\n"
    f"Accept-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n").encode()


# What a watch list names: numbers of Ofcom's range for drama, example addresses.
PROTECTED, WITHDRAWN, WITHDRAWN_MAIL = "+447700900123", "+447700900456", "gone@example.org"


def watched_profile():
  """An app's profile: a number that must never leave, as its MD5."""
  number = hashlib.md5(PROTECTED.encode()).hexdigest()
  return json.dumps({"user": "u-1", "contacts": [{"name": "A", "h": number}]}).encode()


def watched_message():
  """A message service's API: two recipients who withdrew consent, and one who did not."""
  return json.dumps({
    "from": "Example", "to": ["+44 7700 900456", "+44 7700 900789"],
    "personalizations": [{"to": [{"email": "Gone@Example.org"}]}], "text": "News"}).encode()


UNICOM_TARGET = "/register?ver=1.1&model=TA-1046&manuf=HMD&sign=00000000000000000000000000000000"


def unicom_body():
  """China Unicom's dialect, as far as public code shows it."""
  return json.dumps({"imei": "490154203237518", "imsi": "001010123456789",
                     "iccid": "89014103211118510720"}, separators=(",", ":")).encode()


def coap_post(path, payload, queries=(), content_format=None):
  """A confirmable POST (RFC 7252): its Uri-Path, Content-Format and Uri-Query options."""
  options = [(11, part.encode()) for part in path.split("/")]
  if content_format is not None:
    options.append((12, bytes([content_format])))
  options += [(15, query.encode()) for query in queries]
  data, last = b"", 0
  for number, value in options:
    length = len(value)
    extended = bytes([length - 13]) if length >= 13 else b""
    data += bytes([(number - last) << 4 | (13 if length >= 13 else length)]) + extended + value
    last = number
  head = bytes([0x42, 0x02]) + b"\x53\x01" + b"\xc0\xde"
  return head + data + (b"\xff" + payload if payload else b"")


def coap_created():
  """2.01 Created, piggybacked on the acknowledgment."""
  return bytes([0x62, 0x41]) + b"\x53\x01" + b"\xc0\xde"


def registration_reply(success):
  body = (b'{"resultCode":"0","resultDesc":"Success"}' if success
          else b'{"resultCode":"1","resultDesc":"Failure"}')
  return (b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json;charset=UTF-8\r\n"
          b"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n" % len(body)) + body
