"""Writes networks as graphs of NIR, which frameworks of spiking networks read, and neurocmc itself again.

A CubaLIF of NIR that is stepped by Euler's rule has the pole 1 - dt / tau, so a pole is written as the time constant
dt / (1 - pole), and the gain of a filter as what its share of a tick turns back into it. A filter that keeps all gets
a time constant beyond the digits of every number. A bias of a chip acts on the voltage, one of NIR through the
synapse: what is written is its share of a tick.

graph     builds graphs: nodes, edges and what is written beside them
filters   turns poles and gains into time constants and factors
pools     makes one population of all pools of a circuit, and the values that drive it
realised  makes a network in real numbers of the integers of a chip's neurons
neurons   makes a graph of any network of neurons that NIR can say
write     writes a graph as nir.write does
"""

from neurocmc.backends.nir.neurons import neurons_graph
from neurocmc.backends.nir.pools import pool_currents, pools_graph
from neurocmc.backends.nir.realised import realised
from neurocmc.backends.nir.write import write_graph

__all__ = ["neurons_graph", "pool_currents", "pools_graph", "realised", "write_graph"]
