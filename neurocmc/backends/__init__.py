"""Writes what leaves neurocmc: programs that run without it, one package for each target.

brian2      writes a script for Brian2
loihi       writes programs for Lava and netx
nir         writes graphs of NIR
neurocorex  writes the bytes of NeuroCoreX's serial line
pynn        writes a program of PyNN, for NEST and Brian2
truenorth   writes corelets and the files of RANC
files       names the files of an emitted program
"""
