"""Exports: a compiled circuit in the files of other tools.

An export is not a chip: it takes a level that a compilation made, and writes it as another tool reads it. `registry`
knows those that are here and those that other distributions add; each is imported when it is asked for.
"""
