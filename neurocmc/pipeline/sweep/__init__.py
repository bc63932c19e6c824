"""Sweeps: circuits x targets x codes x neurons per unit x seeds, each compiled and measured, in one tidy table.

plan     reads the YAML of a sweep, and makes its runs
measure  compiles one circuit in one way, and measures what it keeps and takes
table    makes the table
run      does the whole, and goes on where an earlier call stopped
figures  draws errors, cores, energy and decisions against neurons
"""
