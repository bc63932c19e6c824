"""The four levels of a program: rate, spiking, integer, chip; their stimuli, recordings, store and printer.

Each level is a frozen dataclass that says what it means without the level before it. All levels keep the
population structure: a population holds `size` units, each unit becomes a pool of neurons that share their input,
and a projection is a (target units x source units) matrix, never one entry per pair of neurons.
"""
