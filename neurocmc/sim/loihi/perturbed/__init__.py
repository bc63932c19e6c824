"""Compiled circuits with faults: expanded to single compartments and synapses, perturbed, and run bit for bit."""
