"""Canonical microcircuits: the circuit, its eye and readout on the host, and the training of all three."""
