#!/usr/bin/env python3
"""Records the exchanges that the captures are composed of, from real stacks.

Two network namespaces, `phone` and `world`, are joined by a veth pair; the addresses of all
servers are on the loopback of `world`. Client and server are sockets of this process, made in the
one and the other namespace; tcpdump records on the router's end of the pair, as on a router's LAN
bridge. Needs root, iproute2, tcpdump and openssl, and for QUIC the package `cryptography` of Python. Nothing
leaves the namespaces.

  record.py            all recordings
  record.py NAME...    those whose name begins with NAME
"""

import contextlib
import ctypes
import fcntl
import gzip
import os
import pathlib
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import scene

RECORDINGS = pathlib.Path(__file__).resolve().parent / "recordings"
PHONE_SPACE, WORLD_SPACE = f"phone-{os.getpid()}", f"world-{os.getpid()}"
MTU = 1500


def run(*command):
  subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def enter(space):
  """Moves this thread to a namespace; a socket stays in the one where it was made."""
  with open(f"/run/netns/{space}") as handle:
    if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), 0x40000000):
      raise OSError(ctypes.get_errno(), "setns")


def disable_offloads(device):
  """ethtool -K: the stack does checksums and segmentation, so that tcpdump sees them done."""
  with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
    for command in (0x17, 0x15, 0x1F, 0x24, 0x2C):  # tx and rx checksums, TSO, GSO, GRO
      value = ctypes.create_string_buffer(struct.pack("II", command, 0))
      request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
      with contextlib.suppress(OSError):
        fcntl.ioctl(handle, 0x8946, request)


def build_network():
  """The phone's LAN and, behind the router, the world."""
  for space in (PHONE_SPACE, WORLD_SPACE):
    run("ip", "netns", "add", space)
    run("ip", "-n", space, "link", "set", "lo", "up")
  run("ip", "link", "add", "wlan0", "netns", PHONE_SPACE, "type", "veth",
      "peer", "name", "br-lan", "netns", WORLD_SPACE)
  ends = ((PHONE_SPACE, "wlan0", scene.PHONE_MAC, scene.PHONE, scene.PHONE_V6,
           scene.PHONE_LINK_LOCAL),
          (WORLD_SPACE, "br-lan", scene.ROUTER_MAC, scene.ROUTER, scene.ROUTER_V6,
           scene.ROUTER_LINK_LOCAL))
  for space, device, mac, v4, v6, link_local in ends:
    run("ip", "-n", space, "link", "set", device, "addrgenmode", "none")
    run("ip", "-n", space, "link", "set", device, "address", mac.hex(":"), "mtu", str(MTU))
    run("ip", "-n", space, "addr", "add", f"{v4}/24", "dev", device)
    run("ip", "-n", space, "link", "set", device, "up")
    run("ip", "-n", space, "addr", "add", f"{v6}/64", "dev", device, "nodad")
    run("ip", "-n", space, "addr", "add", f"{link_local}/64", "dev", device, "nodad")
    enter(space)
    disable_offloads(device)
  run("ip", "-n", PHONE_SPACE, "route", "add", "default", "via", scene.ROUTER)
  run("ip", "-n", PHONE_SPACE, "-6", "route", "add", "default", "via", scene.ROUTER_V6)
  enter(WORLD_SPACE)
  pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
  for address in [host[0] for host in scene.HOSTS.values()] + [scene.REGISTRATION_V6]:
    width = 128 if ":" in address else 32
    run("ip", "-n", WORLD_SPACE, "addr", "add", f"{address}/{width}", "dev", "lo",
        *(["nodad"] if width == 128 else []))


def remove_network():
  for space in (PHONE_SPACE, WORLD_SPACE):
    subprocess.run(["ip", "netns", "del", space], check=False)


@contextlib.contextmanager
def tcpdump(name, expression):
  """Records what passes the router's end of the pair into recordings/NAME.pcap."""
  RECORDINGS.mkdir(exist_ok=True)
  target = RECORDINGS / f"{name}.pcap"
  process = subprocess.Popen(
    ["ip", "netns", "exec", WORLD_SPACE, "tcpdump", "-i", "br-lan", "-p", "-n", "-U",
     "--immediate-mode", "-Z", "root", "-w", str(target), expression],
    stderr=subprocess.PIPE, text=True)
  while "listening on" not in process.stderr.readline():
    if process.poll() is not None:
      raise RuntimeError("tcpdump did not start")
  try:
    yield
    time.sleep(0.15)
  finally:
    process.send_signal(signal.SIGINT)
    process.wait()
  print(name)


def make_socket(space, kind, address):
  enter(space)
  return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


class Conversation:
  """Both ends of a TCP connection of the phone to a server of the world."""

  def __init__(self, address, port):
    listener = make_socket(WORLD_SPACE, socket.SOCK_STREAM, address)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen()
    self.client = make_socket(PHONE_SPACE, socket.SOCK_STREAM, address)
    self.client.connect((address, port))
    self.server = listener.accept()[0]
    listener.close()
    for end in (self.client, self.server):
      end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
      end.settimeout(5)

  def send(self, sender, receiver, *pieces):
    """Sends each piece by a write of its own, and reads it at the other end before the next."""
    for piece in pieces:
      sender.sendall(piece)
      received = 0
      while received < len(piece):
        received += len(receiver.recv(len(piece) - received))
    time.sleep(0.002)

  def ask(self, *pieces):
    self.send(self.client, self.server, *pieces)

  def answer(self, *pieces):
    self.send(self.server, self.client, *pieces)

  def close(self, by_server=False):
    first, second = (self.server, self.client) if by_server else (self.client, self.server)
    first.close()
    time.sleep(0.001)
    second.close()
    time.sleep(0.001)

  def reset(self, end):
    """Closes with a RST."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()
    time.sleep(0.01)
    (self.server if end is self.client else self.client).close()


class Secure:
  """TLS over a conversation, pumped by hand so that the segmentation is ours."""

  def __init__(self, conversation, host, version, alpn, reframe=lambda hello: [hello]):
    self.link = conversation
    self.ends = [self.make(False, host, version, alpn), self.make(True, host, version, alpn)]
    self.reframe = reframe
    done = [False, False]
    while not all(done):
      for index in (0, 1):
        if not done[index]:
          with contextlib.suppress(ssl.SSLWantReadError):
            self.ends[index][0].do_handshake()
            done[index] = True
        self.flush(index)

  @staticmethod
  def make(server, host, version, alpn):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(alpn)
    if server:
      context.load_cert_chain(certificate(host), CERTIFICATES / "leaf.key")
      context.num_tickets = 1
    else:
      context.load_verify_locations(CERTIFICATES / "ca.pem")
      context.verify_flags &= ~ssl.VERIFY_X509_STRICT
      # The certificates are of the day that the capture shows, not of the day of recording.
      context.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    names = {} if server else {"server_hostname": host}
    return context.wrap_bio(incoming, outgoing, server, **names), incoming, outgoing

  def flush(self, index):
    """Carries what one end wrote to the other."""
    data = self.ends[index][2].read()
    if data:
      pieces, self.reframe = self.reframe(data), lambda more: [more]
      (self.link.answer if index else self.link.ask)(*pieces)
      self.ends[1 - index][1].write(b"".join(pieces))

  def say(self, index, data):
    for at in range(0, len(data), 1300):
      self.ends[index][0].write(data[at : at + 1300])
    self.flush(index)
    received = 0
    while received < len(data):
      received += len(self.ends[1 - index][0].read(len(data) - received))

  def ask(self, data):
    self.say(0, data)

  def answer(self, data):
    self.say(1, data)

  def close(self):
    with contextlib.suppress(ssl.SSLError):
      self.ends[0][0].unwrap()
    self.flush(0)
    self.link.close()


CERTIFICATES = pathlib.Path(tempfile.mkdtemp(prefix="captures-"))


def certificate_authority():
  """An authority of our own; its key is thrown away at the end of the run."""
  run_openssl = lambda *words: run("openssl", *words)
  for name in ("ca", "leaf"):
    run_openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                "-out", str(CERTIFICATES / f"{name}.key"))
  (CERTIFICATES / "index.txt").write_text("")
  (CERTIFICATES / "serial").write_text("1000\n")
  (CERTIFICATES / "ca.cnf").write_text(
    f"[ca]\ndefault_ca=d\n[d]\ndatabase={CERTIFICATES}/index.txt\nserial={CERTIFICATES}/serial\n"
    f"new_certs_dir={CERTIFICATES}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
    "copy_extensions=copy\nemail_in_dn=no\n[p]\ncountryName=optional\n"
    "organizationName=optional\ncommonName=supplied\n"
    "[v]\nbasicConstraints=critical,CA:TRUE\n"
    "[req]\ndistinguished_name=n\n[n]\n")
  sign("ca", "/C=SE/O=Example Trust/CN=Example Test CA", "-selfsign", "-extensions", "v")


def sign(name, subject, *options):
  request, config = CERTIFICATES / f"{name}.csr", CERTIFICATES / "ca.cnf"
  key = CERTIFICATES / ("ca.key" if "-selfsign" in options else "leaf.key")
  run("openssl", "req", "-new", "-config", str(config), "-key", str(key), "-subj", subject,
      "-out", str(request), *([] if "-selfsign" in options else
                             ["-addext", f"subjectAltName=DNS:{name}"]))
  authority = [] if "-selfsign" in options else ["-cert", str(CERTIFICATES / "ca.pem")]
  subprocess.run(
    ["openssl", "ca", "-batch", "-notext", "-preserveDN", "-config", str(config), "-keyfile",
     str(CERTIFICATES / "ca.key"), *authority, "-startdate", "20260101000000Z", "-enddate",
     "20270101000000Z", "-in", str(request), "-out", str(CERTIFICATES / f"{name}.pem"), *options],
    check=True, capture_output=True)


def certificate(host):
  path = CERTIFICATES / f"{host}.pem"
  if not path.exists():
    sign(host, f"/C=US/O=Example Services/CN={host}")
  return path


# Exchanges of UDP


def udp_exchange(server, port, query, reply, client_port=0):
  """One datagram there and, unless `reply` is None, one back."""
  asked = make_socket(WORLD_SPACE, socket.SOCK_DGRAM, server)
  asked.bind((server, port))
  asking = make_socket(PHONE_SPACE, socket.SOCK_DGRAM, server)
  asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
  if client_port:
    asking.bind(("", client_port))
  asking.sendto(query, (server, port))
  asked.settimeout(2)
  _, sender = asked.recvfrom(2048)
  if reply is not None:
    asked.sendto(reply, sender)
    asking.settimeout(2)
    asking.recvfrom(2048)
  asked.close()
  asking.close()


def dns_name(name):
  return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def dns_query(identifier, name, kind):
  return struct.pack("!HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + dns_name(name) + struct.pack(
    "!HH", kind, 1)


def dns_reply(identifier, name, kind, address):
  """An answer with the compressed name, or none when there is no address of that family."""
  answers = b""
  if address:
    data = scene.packed(address)
    answers = struct.pack("!HHHIH", 0xC00C, kind, 1, 300, len(data)) + data
  return (struct.pack("!HHHHHH", identifier, 0x8180, 1, 1 if answers else 0, 0, 0)
          + dns_name(name) + struct.pack("!HH", kind, 1) + answers)


def record_dns():
  identifiers = random.Random(5301)
  for name, (address, _, _) in scene.HOSTS.items():
    for label, kind, width in (("a", 1, "."), ("aaaa", 28, ":")):
      if label == "aaaa" and name not in ("v6.example.com", "www.example.com", "news.example"):
        continue
      identifier, found = identifiers.randrange(65536), address if width in address else None
      yield f"dns-{label}-{name}", "udp port 53", lambda: udp_exchange(
        scene.ROUTER, 53, dns_query(identifier, name, kind),
        dns_reply(identifier, name, kind, found))
  yield "dns-aaaa-ipv6", "udp port 53", lambda: udp_exchange(
    scene.ROUTER_V6, 53, dns_query(0x1281, scene.REGISTRATION, 28),
    dns_reply(0x1281, scene.REGISTRATION, 28, scene.REGISTRATION_V6))


def record_datagrams():
  def ntp():
    # The times are filled in when the day is composed.
    udp_exchange(scene.HOSTS["time.android.com"][0], 123, b"\x1b" + b"\0" * 47,
                 b"\x1c\x01\x00\xec" + b"\0" * 8 + b"GOOG" + b"\0" * 32)

  def quic_tail():
    # Short-header packets of a connection that began elsewhere: opaque without its keys. The
    # payload is random, which is all that an observer could tell of the real thing.
    generator, address = random.Random(443), scene.HOSTS["video.example.net"][0]
    server = make_socket(WORLD_SPACE, socket.SOCK_DGRAM, address)
    server.bind((address, 443))
    client = make_socket(PHONE_SPACE, socket.SOCK_DGRAM, address)
    for count in (61, 37, 44, 38):
      client.sendto(bytes([0x40 | generator.randrange(64)]) + generator.randbytes(count),
                    (address, 443))
      _, phone = server.recvfrom(2048)
      for size in (1200, 1200, 420):
        server.sendto(bytes([0x40 | generator.randrange(64)]) + generator.randbytes(size), phone)
        client.recv(2048)
      time.sleep(0.01)

  def mdns():
    client = make_socket(PHONE_SPACE, socket.SOCK_DGRAM, "")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.bind(("", 5353))
    client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(scene.PHONE))
    client.sendto(struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + dns_name("_googlecast._tcp.local")
                  + struct.pack("!HH", 12, 1), ("224.0.0.251", 5353))

  yield "ntp", "udp port 123", ntp
  yield "quic-tail", "udp port 443", quic_tail
  yield "mdns", "udp port 5353", mdns


def record_quic():
  def exchange(datagrams):
    address = scene.HOSTS["video.example.net"][0]
    server = make_socket(WORLD_SPACE, socket.SOCK_DGRAM, address)
    server.bind((address, 443))
    client = make_socket(PHONE_SPACE, socket.SOCK_DGRAM, address)
    client.settimeout(2)
    phone = None
    for from_phone, datagram in datagrams:
      if from_phone:
        client.sendto(datagram, (address, 443))
        _, phone = server.recvfrom(2048)
      else:
        server.sendto(datagram, phone)
        client.recv(2048)
      time.sleep(0.002)
    client.close()
    server.close()

  import quic
  for name, datagrams in quic.EXCHANGES.items():
    yield name, "udp port 443", lambda: exchange(datagrams("video.example.net"))


def dhcp_message(operation, kind, server, address, extra=b""):
  """A DHCP message (RFC 2131) about the phone."""
  message = struct.pack("!BBBBIHH", operation, 1, 6, 0, 0x3903F326, 0, 0)
  message += (scene.packed(address) if kind == 3 and extra == b"" else b"\0" * 4)
  message += scene.packed(address if operation == 2 else "0.0.0.0") + b"\0" * 8
  message += scene.PHONE_MAC + b"\0" * 202 + b"\x63\x82\x53\x63" + bytes([53, 1, kind])
  if operation == 1:
    message += bytes([12, 12]) + b"Nokia-7-plus" + bytes([55, 4, 1, 3, 6, 51]) + extra
  else:
    router = scene.packed(server)
    message += (bytes([54, 4]) + router + bytes([51, 4]) + struct.pack("!I", 43200)
                + bytes([1, 4, 255, 255, 255, 0, 3, 4]) + router + bytes([6, 4]) + router)
  return (message + b"\xff").ljust(300, b"\0")


def record_dhcp():
  def renew():
    udp_exchange(scene.ROUTER, 67, dhcp_message(1, 3, scene.ROUTER, scene.PHONE),
                 dhcp_message(2, 5, scene.ROUTER, scene.PHONE), client_port=68)

  def discover():
    run("ip", "-n", PHONE_SPACE, "addr", "del", f"{scene.PHONE}/24", "dev", "wlan0")
    ends = []
    for space, device, port in ((PHONE_SPACE, b"wlan0", 68), (WORLD_SPACE, b"br-lan", 67)):
      end = make_socket(space, socket.SOCK_DGRAM, "")
      end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
      end.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
      end.bind(("", port))
      end.settimeout(2)
      ends.append(end)
    address = bytes([50, 4]) + scene.packed(scene.PHONE)
    server = bytes([54, 4]) + scene.packed(scene.ROUTER)
    for kind, reply, extra in ((1, 2, address), (3, 5, address + server)):
      ends[0].sendto(dhcp_message(1, kind, scene.ROUTER, scene.PHONE, extra),
                     ("255.255.255.255", 67))
      ends[1].recv(2048)
      ends[1].sendto(dhcp_message(2, reply, scene.ROUTER, scene.PHONE), ("255.255.255.255", 68))
      ends[0].recv(2048)
    for end in ends:
      end.close()
    run("ip", "-n", PHONE_SPACE, "addr", "add", f"{scene.PHONE}/24", "dev", "wlan0")
    run("ip", "-n", PHONE_SPACE, "route", "add", "default", "via", scene.ROUTER)

  def neighbours(server):
    for space, device in ((PHONE_SPACE, "wlan0"), (WORLD_SPACE, "br-lan")):
      run("ip", "-n", space, "neigh", "flush", "dev", device)
    udp_exchange(server, 9, b"x", None)

  yield "dhcp-renew", "udp port 67 or udp port 68", renew
  yield "dhcp-discover", "udp port 67 or udp port 68", discover
  yield "arp", "arp", lambda: neighbours(scene.ROUTER)
  yield "neighbour-discovery", "icmp6 and (ip6[40] == 135 or ip6[40] == 136)", (
    lambda: neighbours(scene.ROUTER_V6))


# The registration


def post(address=scene.HOSTS[scene.REGISTRATION][0], success=True, keys=None, encode=None):
  link = Conversation(address, 80)
  body, extra = scene.registration_body(keys=keys), ""
  if encode:
    body, extra = encode[1](body), f"Content-Encoding: {encode[0]}\r\n"
  link.ask(scene.registration_head(len(body), extra), body)
  link.answer(scene.registration_reply(success))
  link.close()


def raw_deflate(data):
  packer = zlib.compressobj(9, zlib.DEFLATED, -15)
  return packer.compress(data) + packer.flush()


def record_registration():
  address = scene.HOSTS[scene.REGISTRATION][0]

  def unanswered():
    """The server takes the request and says nothing; after 20 seconds the client gives up."""
    link, body = Conversation(address, 80), scene.registration_body()
    link.ask(scene.registration_head(len(body)), body)
    time.sleep(20)
    link.reset(link.client)

  def lost():
    """Nothing comes back any more once the connection stands: the request is sent again."""
    link, body = Conversation(address, 80), scene.registration_body()
    run("ip", "-n", WORLD_SPACE, "route", "add", "blackhole", f"{scene.PHONE}/32")
    link.client.sendall(scene.registration_head(len(body)))
    link.client.sendall(body)
    time.sleep(12)
    link.reset(link.client)
    run("ip", "-n", WORLD_SPACE, "route", "del", "blackhole", f"{scene.PHONE}/32")

  def down():
    """The server does not answer at all: the kernel sends the SYN again and again."""
    run("ip", "-n", WORLD_SPACE, "addr", "del", f"{address}/32", "dev", "lo")
    run("ip", "-n", WORLD_SPACE, "route", "add", "blackhole", f"{address}/32")
    client = make_socket(PHONE_SPACE, socket.SOCK_STREAM, address)
    client.settimeout(20)
    with contextlib.suppress(OSError):
      client.connect((address, 80))
    client.close()
    run("ip", "-n", WORLD_SPACE, "route", "del", "blackhole", f"{address}/32")
    run("ip", "-n", WORLD_SPACE, "addr", "add", f"{address}/32", "dev", "lo")

  def in_single_bytes():
    link = Conversation(address, 80)
    body = scene.registration_body(keys=("REGVER", "IMEI1", "SIM1ICCID"))
    request = scene.registration_head(len(body)) + body
    link.ask(*(request[at : at + 1] for at in range(len(request))))
    link.answer(scene.registration_reply(True))
    link.close()

  def expect_continue():
    link, body = Conversation(address, 80), scene.registration_body()
    link.ask(scene.registration_head(len(body), "Expect: 100-continue\r\n"))
    link.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
    link.ask(body)
    link.answer(scene.registration_reply(True))
    link.close()

  yield "post-success", "tcp port 80", post
  yield "post-failure", "tcp port 80", lambda: post(success=False)
  yield "post-unanswered", "tcp port 80", unanswered
  yield "post-lost", "tcp port 80", lost
  yield "post-down", "tcp port 80", down
  yield "post-ipv6", "tcp port 80", lambda: post(scene.REGISTRATION_V6)
  yield "post-gzip", "tcp port 80", lambda: post(
    encode=("gzip", lambda body: gzip.compress(body, 9, mtime=0)))
  yield "post-deflate", "tcp port 80", lambda: post(
    encode=("deflate", lambda body: zlib.compress(body, 9)))
  yield "post-raw-deflate", "tcp port 80", lambda: post(encode=("deflate", raw_deflate))
  yield "post-single-bytes", "tcp port 80", in_single_bytes
  yield "post-expect-continue", "tcp port 80", expect_continue


# Watched values, and the other carriers' self-registrations


def record_watched():
  def send(host, port, target, content_type, body, answer):
    link = Conversation(scene.HOSTS[host][0], port)
    name = host if port == 80 else f"{host}:{port}"
    link.ask((f"POST {target} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {scene.USER_AGENT}\r\n"
              f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n").encode(), body)
    link.answer(answer)
    link.close()

  yield "api-profile", "tcp port 80", lambda: send(
    "api.example.com", 80, "/v1/profile", "application/json", scene.watched_profile(), reply(b"{}"))
  yield "api-message", "tcp port 80", lambda: send(
    "api.example.com", 80, "/v1/messages", "application/json", scene.watched_message(),
    reply(b"{}"))
  yield "telecom-9998", "tcp port 9998", lambda: send(
    scene.REGISTRATION, 9998, "/", "application/encrypted-json", scene.registration_body(),
    scene.registration_reply(True))
  yield "unicom-register", "tcp port 6001", lambda: send(
    "dm.wo.com.cn", 6001, scene.UNICOM_TARGET, "application/json", scene.unicom_body(),
    reply(b"{}"))
  keys = ("REGVER", "IMEI1", "SIM1ICCID", "SIM1LTEIMSI", "SIM1CELLID")
  yield "telecom-coap", "udp port 5683", lambda: udp_exchange(
    scene.HOSTS[scene.REGISTRATION][0], 5683, scene.coap_post(
      "nb", scene.registration_json("2026-03-01 09:00:01", keys), content_format=50),
    scene.coap_created())
  yield "mobile-coap", "udp port 5683", lambda: udp_exchange(
    scene.HOSTS["m.fxltsbl.com"][0], 5683, scene.coap_post(
      "rd", b"</1/0>,</3/0>", ("ep=490154203237518", "lt=86400", "b=U"), content_format=40),
    scene.coap_created())


# Other exchanges of HTTP


def get(path, host="www.example.com", method="GET", extra=""):
  return (f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {scene.USER_AGENT}\r\n"
          f"{extra}\r\n").encode()


def reply(body, status="200 OK", headers=()):
  lines = [f"HTTP/1.1 {status}", "Content-Type: text/plain", *headers,
           f"Content-Length: {len(body)}"]
  return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def picture():
  """A PNG of 96 by 96 pixels, a gradient with a little noise."""
  noise, rows = random.Random(96), b""
  for y in range(96):
    rows += b"\0" + bytes(min(255, x + y + noise.randrange(4)) for x in range(96))
  def chunk(kind, data):
    return (struct.pack("!I", len(data)) + kind + data
            + struct.pack("!I", zlib.crc32(kind + data)))
  return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack("!IIBBBBB", 96, 96, 8, 0, 0, 0, 0))
          + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def chunks(data, size, extension=b""):
  parts = [data[at : at + size] for at in range(0, len(data), size)]
  return [b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts]


def scripted(host, port, *steps, by_server=False):
  """A connection in which the phone (True) and the server (False) write what the steps say."""
  def run_script():
    link = Conversation(scene.HOSTS[host][0], port)
    for from_phone, *pieces in steps:
      (link.ask if from_phone else link.answer)(*pieces)
    link.close(by_server)
  return run_script


def record_http():
  web = "www.example.com"
  yield "http-check", "tcp port 80", scripted(
    "connectivitycheck.gstatic.com", 80,
    (True, get("/generate_204", "connectivitycheck.gstatic.com", extra="Connection: close\r\n")),
    (False, b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    by_server=True)
  yield "http-image", "tcp port 80", scripted(
    "images.example.org", 80,
    (True, get("/header.png", "images.example.org", extra="Accept-Encoding: gzip\r\n")),
    (False, b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: gzip\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n",
     *chunks(gzip.compress(picture(), 9, mtime=0), 1024), b"0\r\n\r\n"))
  yield "http-pipelining", "tcp port 80", scripted(
    web, 80, (True, b"".join(get(f"/{number}") for number in range(1, 5))),
    (False, b"".join(reply(b"page %d\n" % number) for number in range(1, 5))))
  yield "http-keep-alive", "tcp port 80", scripted(
    web, 80, *(step for number in range(1, 4)
               for step in ((True, get(f"/{number}")), (False, reply(b"page %d\n" % number)))))
  yield "http-chunked", "tcp port 80", scripted(
    web, 80,
    (True, get("/upload", method="POST", extra="Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"),
     *chunks(b"The quick brown fox jumps over the lazy dog.\n", 16, b";name=value;q=\"a;b\""),
     b"0;last\r\nX-Sum: 1\r\n\r\n"),
    (False, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"5\r\nhel", b"lo\r\n00006 ; x\r\n worl", b"d\r\n0\r\nExpires: 0\r\n", b"X-End: 1\r\n\r\n"),
    (True, get("/after")), (False, reply(b"after\n")))
  yield "http-no-body", "tcp port 80", scripted(
    web, 80, (True, get("/head", method="HEAD")),
    (False, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"),
    (True, get("/none")), (False, b"HTTP/1.1 204 No Content\r\n\r\n"),
    (True, get("/same", extra="If-None-Match: \"1\"\r\n")),
    (False, b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nContent-Length: 1000\r\n\r\n"),
    (True, get("/last")), (False, reply(b"last\n")))
  yield "http-connect", "tcp port 3128", scripted(
    web, 3128,
    (True, b"CONNECT news.example:80 HTTP/1.1\r\nHost: news.example:80\r\n\r\n"),
    (False, b"HTTP/1.1 200 Connection established\r\n\r\n"),
    (True, get("/tunnelled", "news.example")), (False, reply(b"inside\n")))
  yield "http-close-delimited", "tcp port 80", scripted(
    web, 80, (True, b"GET /old HTTP/1.0\r\nHost: www.example.com\r\n\r\n"),
    (False, b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", b"until ", b"the end\n"),
    by_server=True)

  def reset_by_server():
    link = Conversation(scene.HOSTS[web][0], 80)
    link.ask(get("/reset"))
    link.answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nonly")
    link.reset(link.server)

  yield "http-reset", "tcp port 80", reset_by_server


# TLS


def browse(host, version, alpn, size, port=443):
  link = Secure(Conversation(scene.HOSTS[host][0], port), host, version, alpn)
  link.ask(get("/", host))
  link.answer(reply(random.Random(host).randbytes(size)))
  link.close()


def split_hello(hello):
  """The ClientHello in three TLS records (RFC 8446 section 5.1), these in five segments."""
  body = hello[5:]
  cuts = [0, 3, len(body) // 2, len(body)]
  records = b"".join(
    hello[:3] + struct.pack("!H", end - start) + body[start:end]
    for start, end in zip(cuts, cuts[1:]))
  steps = [0, 2, 7, 40, len(records) - 60, len(records)]
  return [records[start:end] for start, end in zip(steps, steps[1:])]


def record_tls():
  old, new = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
  versions = dict.fromkeys(("news.example", "weather.example", "v6.example.com"), new)
  for host in scene.BROWSED:
    for variant, size in enumerate((600, 1900, 3400)):
      yield f"https-{host}-{variant}", "tcp port 443", lambda: browse(
        host, versions.get(host, old), ["http/1.1"], size)
  for variant in range(3):
    yield f"https-beacon.example.com-{variant}", "tcp port 443", lambda: browse(
      "beacon.example.com", old, ["http/1.1"], 40)

  def push():
    """A long-lived connection: 60 heartbeats of the phone, each answered, a pause after each."""
    host = "push.example.com"
    link = Secure(Conversation(scene.HOSTS[host][0], 5228), host, new, ["push"])
    time.sleep(0.05)
    for count in range(60):
      link.ask(b"\x07\x0e" + bytes(10))
      link.answer(b"\x08\x0e" + bytes(10) + bytes(90 if count % 9 == 4 else 0))
      time.sleep(0.1)
    link.close()

  def split():
    link = Secure(Conversation(scene.HOSTS["www.example.com"][0], 443), "www.example.com", old,
                  ["http/1.1"], split_hello)
    link.ask(get("/"))
    link.answer(reply(b"hello\n"))
    link.close()

  def after_clear_text(host, port, *steps):
    """What asks for TLS, in clear text; then TLS."""
    link = Conversation(scene.HOSTS[host][0], port)
    for from_phone, data in steps:
      (link.ask if from_phone else link.answer)(data)
    link = Secure(link, host, old, ["http/1.1"])
    link.ask(b"inside\r\n")
    link.answer(b"inside\r\n")
    link.close()

  yield "tls-after-ftp", "tcp port 21", lambda: after_clear_text(
    "cdn.news.example", 21, (False, b"220 Example FTP\r\n"), (True, b"AUTH TLS\r\n"),
    (False, b"234 Proceed with negotiation.\r\n"))
  yield "tls-after-postgresql", "tcp port 5432", lambda: after_clear_text(
    "shop.example.com", 5432, (True, struct.pack("!II", 8, 80877103)), (False, b"S"))
  yield "tls-after-ldap", "tcp port 389", lambda: after_clear_text(
    "mail.example.org", 389,
    (True, b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"),
    (False, b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"))
  yield "push", "tcp port 5228", push
  yield "tls-split-client-hello", "tcp port 443", split


# Errors


def record_errors():
  def unreachable():
    """A closed UDP port and a host that has no route: ICMP errors that quote the flow."""
    client = make_socket(PHONE_SPACE, socket.SOCK_DGRAM, scene.ROUTER)
    client.connect((scene.ROUTER, 53))
    client.send(dns_query(0x7777, scene.REGISTRATION, 1))
    time.sleep(0.05)
    client.close()
    client = make_socket(PHONE_SPACE, socket.SOCK_STREAM, scene.ROUTER)
    client.settimeout(1)
    with contextlib.suppress(OSError):
      client.connect(("198.51.100.99", 80))
    client.close()

  yield "icmp-error", "icmp or port 53 or host 198.51.100.99", unreachable


def main(names):
  wanted = tuple(names) or ("",)
  build_network()
  try:
    certificate_authority()
    for group in (record_dns, record_datagrams, record_quic, record_dhcp, record_registration,
                  record_watched, record_http,
                  record_tls, record_errors):
      for name, expression, exchange in group():
        if name.startswith(wanted):
          with tcpdump(name, expression):
            exchange()
  finally:
    remove_network()
    for path in CERTIFICATES.iterdir():
      path.unlink()
    CERTIFICATES.rmdir()


if __name__ == "__main__":
  main(sys.argv[1:])
