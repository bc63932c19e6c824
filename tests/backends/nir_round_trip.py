"""Loads a NIR file with the format's own library, types checked, writes it again: python nir_round_trip.py IN OUT."""

import sys

import nir
from nir.serialization import read_version

graph = nir.read(sys.argv[1], type_check=True)
nir.write(sys.argv[2], graph)
print(read_version(sys.argv[1]), nir.version, *sorted({type(node).__name__ for node in graph.nodes.values()}))
