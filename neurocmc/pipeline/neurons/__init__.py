"""Runs the line of networks that spike already: from what was brought to a program, every stage verified.

options     holds what a user chooses
model       holds a network that was brought, with its stimuli
recall      makes one of a content-addressable memory
files       tells files of such networks from others, and loads them
compile     compiles it into an artifact
elsewhere   says of one that is too large where it fits
manifest    checks what an artifact's manifest must hold
artifact    reads an artifact
simulate    runs one on an interpreter
robustness  runs one on chips with faults
verify      judges what each stage kept of the one before it
reporting   writes budget, pictures and page
"""
