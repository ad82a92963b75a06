"""QUIC's Initial packets (RFC 9000, RFC 9001, RFC 9369), sealed as a client and a server would.

Needs the package `cryptography`, for recording only. The hellos are of our making; what follows the
handshake's Initial packets is random bytes behind headers of the right form, as an observer without
the keys sees them.
"""

import hashlib
import hmac
import random
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

V1, V2, DRAFT_29 = 1, 0x6B3343CF, 0xFF00001D
SALTS = {
  V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
  V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
  DRAFT_29: "afbfec289993d24c9e9786f19c6111e04390a899",
}
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)


def expand(secret, label, length):
  """HKDF-Expand-Label (RFC 8446 section 7.1) for at most 32 bytes."""
  label = b"tls13 " + label
  info = struct.pack("!HB", length, len(label)) + label + b"\0\1"
  return hmac.new(secret, info, hashlib.sha256).digest()[:length]


def keys(version, connection, side):
  """Key, initialization vector and header key of a side (RFC 9001 section 5.2)."""
  initial = hmac.new(bytes.fromhex(SALTS[version]), connection, hashlib.sha256).digest()
  secret, prefix = expand(initial, side + b" in", 32), b"quicv2 " if version == V2 else b"quic "
  return [expand(secret, prefix + label, length)
          for label, length in ((b"key", 16), (b"iv", 12), (b"hp", 16))]


def integer(value):
  """An integer of variable length (RFC 9000 section 16), in two bytes where one would do."""
  return struct.pack("!H", 0x4000 | value)


def long_header(version, kind, destination, source, low=0):
  kind = (kind + 1) % 4 if version == V2 else kind
  return (bytes([0xC0 | kind << 4 | low]) + struct.pack("!I", version)
          + bytes([len(destination)]) + destination + bytes([len(source)]) + source)


def initial(version, number, frames, destination, source, key, side, token=b"", size=0):
  """A sealed Initial packet; `size` is what padding makes it at least."""
  head = long_header(version, INITIAL, destination, source, 1) + integer(len(token)) + token
  frames += bytes(max(0, size - len(head) - 2 - 2 - len(frames) - 16))
  head += integer(2 + len(frames) + 16) + struct.pack("!H", number)
  key, vector, header_key = keys(version, key, side)
  nonce = bytes(a ^ b for a, b in zip(vector, number.to_bytes(12, "big")))
  sealed = AESGCM(key).encrypt(nonce, frames, head)
  mask = Cipher(algorithms.AES(header_key), modes.ECB()).encryptor().update(sealed[2:18])
  return (bytes([head[0] ^ mask[0] & 15]) + head[1:-2]
          + bytes([head[-2] ^ mask[1], head[-1] ^ mask[2]]) + sealed)


def crypto(data, start, end):
  return b"\x06" + integer(start) + integer(end - start) + data[start:end]


ACKNOWLEDGMENT = b"\x02\0\0\0\0"


def opaque(noise, version, kind, destination, source, size):
  """A packet with a long header whose content nobody reads."""
  return (long_header(version, kind, destination, source, noise.randrange(4))
          + integer(size) + noise.randbytes(size))


def short(noise, destination, size):
  return bytes([0x40 | noise.randrange(64)]) + destination + noise.randbytes(size)


def vector(width, data):
  return len(data).to_bytes(width, "big") + data


def extension(kind, data):
  return struct.pack("!H", kind) + vector(2, data)


def numbers(*values):
  return b"".join(struct.pack("!H", value) for value in values)


def client_hello(noise, host, source, share=32, encrypted=False):
  """A client's hello for HTTP/3; `share` is the size of its key share."""
  name = host.encode()
  extensions = [
    extension(0, vector(2, b"\0" + vector(2, name))),
    extension(10, vector(2, numbers(0x11EC, 29, 23))),
    extension(13, vector(2, numbers(0x0403, 0x0804, 0x0401))),
    extension(16, vector(2, vector(1, b"h3"))),
    extension(43, vector(1, numbers(0x0304))),
    extension(45, vector(1, b"\x01")),
    extension(51, vector(2, numbers(29) + vector(2, noise.randbytes(share)))),
    extension(57, b"\x0f" + vector(1, source) + b"\x01\x04\x80\x00\x75\x30"),
  ]
  if encrypted:
    extensions.append(extension(0xFE0D, b"\0" + numbers(1, 1) + b"\x07" + vector(2, noise.randbytes(32))
                                + vector(2, noise.randbytes(176))))
  body = (b"\x03\x03" + noise.randbytes(32) + b"\0" + vector(2, numbers(0x1301, 0x1302, 0x1303))
          + b"\x01\0" + vector(2, b"".join(extensions)))
  return b"\x01" + vector(3, body)


def server_hello(noise):
  extensions = (extension(43, numbers(0x0304))
                + extension(51, numbers(29) + vector(2, noise.randbytes(32))))
  body = b"\x03\x03" + noise.randbytes(32) + b"\0" + numbers(0x1301) + b"\0" + vector(2, extensions)
  return b"\x02" + vector(3, body)


def answer(noise, version, chosen, source, key):
  """The server's first flight: its hello, and what it seals with the next keys, in one datagram."""
  hello = server_hello(noise)
  return (initial(version, 0, ACKNOWLEDGMENT + crypto(hello, 0, len(hello)), source, chosen, key,
                  b"server")
          + opaque(noise, version, HANDSHAKE, source, chosen, 900))


def rest(noise, version, chosen, source, key):
  """The client's acknowledgment, then both sides with short headers."""
  acknowledgment = initial(version, 9, ACKNOWLEDGMENT, chosen, source, key, b"client", size=1200)
  yield True, acknowledgment
  yield True, opaque(noise, version, HANDSHAKE, chosen, source, 60) + short(noise, chosen, 90)
  yield False, short(noise, source, 600)
  yield True, short(noise, chosen, 30)


def retry(host):
  """Version 1; the server asks with a Retry for another beginning."""
  noise = random.Random(f"retry {host}")
  first, chosen, source, token = (noise.randbytes(size) for size in (8, 12, 5, 40))
  hello = client_hello(noise, host, source)
  frames = crypto(hello, 0, len(hello))
  yield True, initial(V1, 0, frames, first, source, first, b"client", size=1200)
  yield False, long_header(V1, RETRY, source, chosen, 5) + token + noise.randbytes(16)
  yield True, initial(V1, 1, frames, chosen, source, chosen, b"client", token, 1200)
  final = noise.randbytes(8)
  yield False, answer(noise, V1, final, source, chosen)
  yield from rest(noise, V1, final, source, chosen)


def split(host):
  """Version 2; the hello has a large key share and lies in two packets, in frames out of order with
  pings between, the later packet first; 0-RTT goes with them."""
  noise = random.Random(f"split {host}")
  first, chosen, source = (noise.randbytes(size) for size in (14, 6, 0))
  hello = client_hello(noise, host, source, share=1184)
  cuts = [0, 31, 90, 400, 780, 1100, len(hello)]
  pieces = [crypto(hello, start, end) for start, end in zip(cuts, cuts[1:])]
  yield True, (initial(V2, 1, b"\x01".join([pieces[5], pieces[1]]), first, source, first, b"client")
               + opaque(noise, V2, ZERO_RTT, first, source, 500))
  yield True, initial(V2, 0, b"\0\x01\0".join([pieces[3], pieces[0], pieces[4], pieces[2]]), first,
                      source, first, b"client", size=1200)
  yield False, answer(noise, V2, chosen, source, first)
  yield from rest(noise, V2, chosen, source, first)


def negotiation(host):
  """A version that nobody speaks, the server's list, then draft 29 with an encrypted ClientHello."""
  noise = random.Random(f"negotiation {host}")
  first, second, chosen, source = (noise.randbytes(size) for size in (8, 8, 8, 8))
  yield True, (long_header(0x57414954, INITIAL, first, source)
               + integer(0) + integer(1160) + noise.randbytes(1160))
  yield False, (bytes([0xA7]) + bytes(4) + bytes([8]) + source + bytes([8]) + first
                + struct.pack("!III", 0x3A4A5A6A, V1, DRAFT_29))
  hello = client_hello(noise, host, source, encrypted=True)
  yield True, initial(DRAFT_29, 0, crypto(hello, 0, len(hello)), second, source, second, b"client",
                      size=1200)
  yield False, answer(noise, DRAFT_29, chosen, source, second)
  yield from rest(noise, DRAFT_29, chosen, source, second)


EXCHANGES = {"quic-retry": retry, "quic-split": split, "quic-negotiation": negotiation}
