"""Interprets NeuroCoreX: its published logic, clock by clock of the neuron pipeline, and programs with their host.

core      computes the logic
emulator  runs programs on it
host      encodes spikes, and decodes them
pools     encodes drives, and decodes activity
watch     watches what V is asked for, before weights are rounded
"""
