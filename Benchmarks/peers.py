#!/usr/bin/env python3
"""peers.py CAPTURE [ROUNDS]: runs inspectd and what is installed of its peers in turn on one capture.

Each peer's run follows one of inspectd (A B A B), the capture lies in memory, and what is compared
is CPU time (user and system): other work on the machine then disturbs both alike. Printed are
medians, and the median of the pairs' ratios. INSPECTD names another program than the release build,
INSPECTD_OPTIONS adds to its command line, PEERS chooses peers by name ("ndpiReader,tshark phs").
"""
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
INSPECTD = os.environ.get("INSPECTD", os.path.join(HERE, "..", ".build", "release", "inspectd"))
MEMORY = "/dev/shm"

# name, command; CAPTURE and OUT (an empty folder) are put in. What each does less than inspectd, or
# else, stands in docs/performance.md.
PEERS = [
    ("tcpdump", ["tcpdump", "-nn", "-r", "CAPTURE", "-w", "/dev/null"]),
    ("tcpdump -nn", ["tcpdump", "-nn", "-r", "CAPTURE"]),
    ("ndpiReader", ["ndpiReader", "-q", "-i", "CAPTURE"]),
    ("tcpflow", ["tcpflow", "-q", "-r", "CAPTURE", "-o", "OUT"]),
    ("tshark phs", ["tshark", "-n", "-q", "-z", "io,phs", "-r", "CAPTURE"]),
    ("tshark http", ["tshark", "-n", "-r", "CAPTURE", "-Y", "http.request", "-T", "fields",
                     "-e", "http.host", "-e", "http.request.uri"]),
    ("suricata", ["suricata", "--runmode", "single", "-r", "CAPTURE", "-l", "OUT"]),
    ("zeek", ["zeek", "-C", "-r", "CAPTURE"]),
]


def run(command, folder):
    """CPU seconds, wall seconds and peak memory (MB) of one run."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - start
    code = os.waitstatus_to_exitcode(status)
    if code < 0 or code > 3:
        print(f"{command[0]} ended with {code}", file=sys.stderr)
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def in_memory(path):
    """The capture's path on tmpfs: the page cache may drop a file that rests for seconds."""
    if os.path.realpath(path).startswith(MEMORY + "/"):
        return os.path.realpath(path), None
    handle, copy = tempfile.mkstemp(prefix="peers-", dir=MEMORY)
    with os.fdopen(handle, "wb") as out, open(path, "rb") as capture:
        shutil.copyfileobj(capture, out, 1 << 20)
    return copy, copy


def packets_of(path):
    """How many packets inspectd counts."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        out = os.path.join(folder, "eve.jsonl")
        run([INSPECTD, "analyze", path, "--quiet", "--eve", out, "--events", "stats"], folder)
        with open(out) as lines:
            return json.loads(lines.readline())["stats"]["decoder"]["pkts"]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.splitlines()[0])
    rounds = int(sys.argv[2]) if len(sys.argv) == 3 else 5
    if not os.path.exists(INSPECTD):
        sys.exit("peers: build it first: make build")
    capture, copy = in_memory(sys.argv[1])
    try:
        measure(capture, rounds)
    finally:
        if copy:
            os.unlink(copy)


def measure(capture, rounds):
    size = os.path.getsize(capture)
    packets = packets_of(capture)
    chosen = os.environ.get("PEERS")
    options = os.environ.get("INSPECTD_OPTIONS", "").split()
    print(f"{sys.argv[1]}: {size / 1e6:.0f} MB, {packets} packets, {rounds} rounds;"
          f" {os.cpu_count()} cores, {platform.machine()}")
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        eve = os.path.join(folder, "eve.jsonl")
        ours = [INSPECTD, "analyze", capture, "--quiet", "--eve", eve, "--threads", "1"] + options
        own, table = [], []
        for name, command in PEERS:
            if chosen is not None and name not in chosen.split(","):
                continue
            if shutil.which(command[0]) is None:
                print(f"{name}: not installed", file=sys.stderr)
                continue
            runs, ratios = [], []
            for _ in range(rounds):
                mine = run(ours, folder)
                out = os.path.join(folder, "out")
                os.mkdir(out)
                words = [{"CAPTURE": capture, "OUT": out}.get(word, word) for word in command]
                theirs = run(words, out)
                shutil.rmtree(out)
                own.append(mine)
                runs.append(theirs)
                ratios.append(theirs[0] / max(mine[0], 1e-3))
            table.append((name, runs, ratios))
        if not own:
            own = [run(ours, folder) for _ in range(rounds)]
    heading = ("", "CPU s", "wall s", "MB/CPU s", "packets/CPU s", "peak MB", "CPU / ours")
    print("{:<14}{:>9}{:>9}{:>10}{:>15}{:>10}{:>12}".format(*heading))
    line("inspectd", own, None, size, packets)
    for name, runs, ratios in table:
        line(name, runs, ratios, size, packets)


def line(name, runs, ratios, size, packets):
    cpu, wall, memory = (statistics.median(values) for values in zip(*runs))
    cpu = max(cpu, 1e-3)
    ratio = f"{statistics.median(ratios):.1f}" if ratios else ""
    print(f"{name:<14}{cpu:>9.3f}{wall:>9.3f}{size / 1e6 / cpu:>10.0f}{packets / cpu:>15.0f}"
          f"{memory:>10.1f}{ratio:>12}")


main()
