"""Lowers networks to NeuroCoreX.

relays     delays become neurons that repeat others a tick later
order      gives every neuron a place whose synapses the chip does not lose
registers  rounds weights and thresholds, and gives the host its channels
"""
