"""Defines the levels of NeuroCoreX: what its registers hold, and the programs that networks and circuits become.

registers  what the host loads
program    registers, which neuron and channel is whose, and the ticks of a model's tick
pools      programs of rate circuits
wiring     one row of neurons, before anything is rounded
printer    formats a program as text
"""
