"""Reports what neurosynaptic cores have: budget, energy, load, losses, and the cores on their grid.

budget      counts what a program takes of the grid
energy      estimates energy by two readings of the chip's power
load        counts spikes of every neuron on a stimulus
losses      makes tables of what the circuit paid
potentials  bounds how far V can go
core_grid   draws the cores on their grid
"""
