"""Defines the levels of networks that spike already: single neurons, their synapses, and the spikes that drive them.

A network that was trained as spikes elsewhere enters here. No pool of neurons stands for a unit: every neuron has
decays and a threshold of its own, and every synapse a weight and a delay.

semantics  what a tick of a framework computes, which a file of a network does not say
network    the network of neurons in real numbers
problems   finds what is wrong with one
spikes     spikes by trial, tick and unit: of inputs and of recordings
stimulus   trials of input spikes with their labels
recording  what an interpreter saw of a network
store      writes and reads stimuli and recordings
printer    formats a network as text
memories   what a content-addressable memory holds
"""
