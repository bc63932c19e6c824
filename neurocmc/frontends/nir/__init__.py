"""Reads spiking networks trained elsewhere, from files of the exchange format NIR, under their framework's rules.

The rule of this package: every node, edge, bias and parameter of what comes in is used, or refused by name.

read         reads a file as a NeuronNetwork
graph        reads its graph: nodes, fields and edges
hdf5         reads the HDF5 file below it, which others wrote
nodes        lists the fields of each type of node, and what is done with them
shapes       infers the shapes of all nodes
windows      places the windows of convolutions and pools
operators    makes linear nodes into sparse matrices
compose      composes them between spiking nodes
order        orders populations, and finds the edges that close loops
projections  makes what reaches a population into projections
neurons      makes nodes into populations, with poles and gains
readouts     makes Outputs into readouts
semantics    holds what each framework computes
structure    finds what cannot be compiled
"""
