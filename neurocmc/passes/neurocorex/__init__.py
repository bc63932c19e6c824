"""Lowers networks to NeuroCoreX.

relays     makes delays neurons that repeat others a tick later
pools      makes neurons and channels of pools and drives
order      gives every neuron a place whose synapses the chip does not lose
registers  rounds weights and thresholds, and gives the host its channels
"""
