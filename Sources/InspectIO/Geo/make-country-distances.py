#!/usr/bin/env python3
"""Makes country-distances.txt: how far any two countries are from each other at least.

Source: Natural Earth, Admin 0 countries at 1:50m (public domain, https://www.naturalearthdata.com),
as Debian's package r-cran-rnaturalearthdata has it. Needs PyPI's rdata (and with it numpy):

    apt-get download r-cran-rnaturalearthdata && dpkg-deb -x r-cran-rnaturalearthdata_*.deb x
    make-country-distances.py x/usr/lib/R/site-library/rnaturalearthdata/data > country-distances.txt

The outlines are made of points on a grid of GRID degrees. From each distance ERROR_KM are taken for
what grid, generalisation and ellipsoid may be off, and it is rounded down to a multiple of STEP_KM.
A country's territories overseas that have no outline of their own are part of it: it is then nearer,
never farther, than it should be.
"""

import bz2
import lzma
import math
import pathlib
import sys
import warnings
import zlib

import numpy
import rdata

STEP_KM, GRID, ERROR_KM, RADIUS_KM = 250, 0.25, 100, 6371.0
# Codes that this release of Natural Earth leaves out.
MISSING = {"FRA": "FR", "NOR": "NO", "KOS": "XK"}


def decompressed(chunk):
  """An object of an R lazy-load database: its length, a letter for the method, the stream."""
  if chunk[4:5] == b"Z":
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    return lzma.decompress(chunk[5:], format=lzma.FORMAT_RAW, filters=filters)
  return bz2.decompress(chunk[5:]) if chunk[4:5] == b"2" else zlib.decompress(chunk[4:])


def pairs(node):
  """The tagged values of an R pairlist."""
  found = {}
  while node is not None and node.info.type.name == "LIST":
    tag = node.tag.referenced_object if node.tag.info.type.name == "REF" else node.tag
    found[tag.value.value.decode()] = node.value[0]
    node = node.value[1]
  return found


def countries(folder):
  """The code of each country, and its outlines as arrays of longitude and latitude."""
  index = rdata.conversion.convert(
    rdata.parser.parse_data(zlib.decompress((folder / "Rdata.rdx").read_bytes(), 47)))
  start, length = (int(value) for value in index["variables"]["countries50"])
  chunk = (folder / "Rdata.rdb").read_bytes()[start : start + length]
  frame = pairs(rdata.parser.parse_data(decompressed(chunk)).object.attributes)
  names = [cell.value.decode() for cell in pairs(frame["data"].attributes)["names"].value]
  def column(name):
    values = frame["data"].value[names.index(name)]
    texts = values.value
    if values.info.type.name == "INT":  # a factor
      levels = pairs(values.attributes)["levels"].value
      return [levels[int(value) - 1].value for value in texts]
    return [cell.value for cell in texts]
  codes, names3 = column("iso_a2"), column("adm0_a3")
  for code, name, shape in zip(codes, names3, frame["polygons"].value):
    code = (code or b"-99").decode()
    code = code if len(code) == 2 else MISSING.get(name.decode())
    rings = []
    for ring in pairs(shape.attributes)["Polygons"].value:
      flat = numpy.array(pairs(ring.attributes)["coords"].value, dtype=float)
      rings.append(flat.reshape(2, -1).T)
    if code:
      yield code, rings


def points(rings):
  """Unit vectors of the outlines' points on the grid."""
  places = []
  for ring in rings:
    for (x1, y1), (x2, y2) in zip(ring, numpy.roll(ring, -1, axis=0)):
      count = max(1, math.ceil(max(abs(x2 - x1), abs(y2 - y1)) / GRID)) if abs(x2 - x1) < 180 else 1
      steps = numpy.arange(count)[:, None] / count
      places.append(numpy.array([x1, y1]) + steps * numpy.array([x2 - x1, y2 - y1]))
  grid = numpy.unique(numpy.round(numpy.concatenate(places) / GRID), axis=0) * GRID
  longitude, latitude = numpy.radians(grid).T
  return numpy.stack([
    numpy.cos(latitude) * numpy.cos(longitude), numpy.cos(latitude) * numpy.sin(longitude),
    numpy.sin(latitude)], axis=1).astype(numpy.float32)


def kilometres(one, other):
  cosine = max(float((one[at : at + 4096] @ other.T).max()) for at in range(0, len(one), 4096))
  return RADIUS_KM * math.acos(min(1.0, max(-1.0, cosine)))


def main(folder):
  warnings.simplefilter("ignore")
  shapes = {}
  for code, rings in countries(pathlib.Path(folder)):
    shapes.setdefault(code, []).extend(rings)
  codes = sorted(shapes)
  vectors = {code: points(shapes[code]) for code in codes}
  print("# Least distances between countries. Natural Earth 1:50m (public domain); made by")
  print("# make-country-distances.py. A character for each country before: 0 is the first step.")
  print(f"step {STEP_KM}")
  print(" ".join(codes))
  for row, code in enumerate(codes):
    line = ""
    for other in codes[: row + 1]:
      distance = 0 if other == code else kilometres(vectors[code], vectors[other]) - ERROR_KM
      line += chr(0x30 + max(0, int(distance // STEP_KM)))
    print(line)


if __name__ == "__main__":
  main(sys.argv[1])
