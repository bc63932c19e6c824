"""Interprets every level: rate circuit, LIF in real numbers (Brian2), LIF in a chip's integers (emulator).

rate              steps a RateCircuit
rate_row          steps one of many populations with all units in one row
rate_filter       filters what it sends, drives and shows
adjoint           runs it back, to find what an activity matters
margins           computes by how much an answer is ahead
whole             puts segments of units together in recordings
rasters           keeps spikes as bits
runaway           explains why its activity passed all limits
brian2_lif        runs a SpikingNetwork in Brian2
brian2_equations  writes its equations
brian2_neurons    runs networks of neurons in Brian2
brian2_rules      writes their rules
quiet_brian2      imports Brian2 without side effects
loihi             emulates Loihi
neurocorex        emulates NeuroCoreX
truenorth         emulates neurosynaptic cores
mesh              says where cores stand, and how long a spike's way takes
transit           sends the spikes of a tick along a mesh
passing           runs chips with their spikes on their way
neuron            measures one neuron of each target
neurons           runs networks of neurons in real numbers
recording         makes recordings from spikes
decode            decodes spikes into activity
faults            gives each kind of fault random numbers of its own
faulty_pools      runs pools of neurons in real numbers with faults
faulty_neurons    runs networks of neurons in Brian2 with faults
events            puts events in order
trials            runs trials on all cores
masked            adds weights to those of 64 trials that hear them
entries           lays sums out for that
checks            checks arrays that people hand in
arithmetic        computes as Loihi does, in compiled loops
"""
