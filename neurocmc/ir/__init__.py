"""Defines the levels of a program (rate, spiking, integer, chip, cores), stimuli, recordings, store and printer.

Each level is a frozen dataclass that says what it means without the level before it. All levels keep the
population structure: a population holds `size` units, each unit becomes a pool of neurons that share their input,
and a projection is a (target units x source units) matrix, never one entry per pair of neurons.

rate           the circuit of rate units
rate_problems  finds what is wrong with one
copies         the phases that pools are dealt out into
segments       the pieces of range that units are cut into
sensitivity    how much each unit matters, where and when
spiking        the network of pools in real numbers
neurons        the levels of networks that spike already
loihi          the levels of the Loihi family
neurocorex     the levels of NeuroCoreX
truenorth      the levels of neurosynaptic cores
stimulus       batches of drives
host_start     completes a stimulus by what the host sends of its own
recording      what an interpreter saw
plotting       the place of what draws it
exchange       gives recordings to pandas, xarray and neo
trace          the filter through which activity is observed
kept           what a chip's numbers kept of a circuit
headroom       how close registers come to their edges
gates          the limits of verification
populations    finds populations by name, and units and neurons in rows
magnitudes     bounds the numbers of a circuit
store          writes and reads levels, stimuli and recordings
codec          turns dataclasses into JSON and arrays, and back
printer        formats levels as text
excerpt        takes the parts that some populations share in
phrases        formats what all printed levels say alike
summaries      formats numbers and arrays
"""
