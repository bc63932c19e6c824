"""Runs networks of neurons in real numbers, in the precision and the order of operations of their framework.

run        runs all trials of a stimulus
synapses   sums what arrives at a population in a tick
filters    steps currents and voltages
membranes  steps neurons: filters, spikes, resets
readouts   steps the host's integrators by the spikes of any interpreter
decide     decides a trial by what its readouts saw
"""

from neurocmc.sim.neurons.decide import decisions, ties
from neurocmc.sim.neurons.readouts import with_host
from neurocmc.sim.neurons.run import simulate_neurons

__all__ = ["decisions", "simulate_neurons", "ties", "with_host"]
