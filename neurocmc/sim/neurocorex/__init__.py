"""Interprets NeuroCoreX: its published logic, clock by clock of the neuron pipeline, and programs with their host."""
