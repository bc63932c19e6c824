"""Builds cortical programs: state machines, memories, decisions and sequences as coupled soft winner-take-alls.

read          reads a program in YAML
documents     describes the forms in which programs are written
machine_yaml  reads an automaton or a sequence as a Machine
machine       holds a finite automaton as tables
latch         derives the numbers of the two-phase latch
circuit       builds the circuit of a machine
parts         collects the parts of a circuit
memory        builds item memories
decision      builds context-dependent decisions
walks         turns sequences of symbols into stimuli, and back
score         judges what a recorded machine did
facts         gathers what `inspect` tells
"""
