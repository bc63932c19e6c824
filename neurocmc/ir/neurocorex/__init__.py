"""Defines the levels of NeuroCoreX: what its registers hold, and the program that a network becomes.

registers  matrices, thresholds, refractory times, leak: what the host loads
program    registers, which neuron and channel is whose, and the ticks of a model's tick
wiring     one row of neurons, before anything is rounded
printer    formats a program as text
"""
