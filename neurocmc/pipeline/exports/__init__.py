"""Writes a compiled circuit in the files of other tools.

An export is not a chip: it takes a level that a compilation made, and writes it as another tool reads it. Each is
imported when it is asked for.

export    writes one, whole or not at all
registry  finds those that are here and those that other distributions add
brian2    writes a Brian2 script
nir       writes a graph of NIR, with what drives it
netx      writes the layered part of a network for lava-dl
pynn      writes a program of PyNN
ranc      writes the files of RANC
"""
