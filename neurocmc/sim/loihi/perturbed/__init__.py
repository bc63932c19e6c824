"""Runs compiled circuits with faults: expanded to single compartments and synapses, perturbed, and run bit for bit.

expand   expands a network to single neurons and synapses
perturb  draws faults
run      runs perturbed networks
kernel   is the compiled loop
"""
