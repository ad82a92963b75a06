#!/usr/bin/env python3
"""Writes every capture of this folder, with its expectation, from the recordings.

The same recordings give the same bytes on every machine. `compose.py --check` writes nothing and
says which files differ from what it would write.
"""

import itertools
import pathlib
import sys

import phone
import small
import wrapped
import written

CAPTURES = pathlib.Path(__file__).resolve().parent.parent


def main(check):
  differing = []
  for name, data in itertools.chain(phone.files(), small.files(), wrapped.files(), written.files()):
    path = CAPTURES / name
    if check and not (path.exists() and path.read_bytes() == data):
      differing.append(name)
    elif not check:
      path.write_bytes(data)
  for name in differing:
    print(f"{name}: differs", file=sys.stderr)
  return bool(differing)


if __name__ == "__main__":
  sys.exit(main("--check" in sys.argv[1:]))
