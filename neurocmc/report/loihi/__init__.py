"""Reports what the Loihi family has: budget, energy, losses of rounding, load of spikes, and the map of its cores.

budget         counts every resource of every core
neuron_budget  the budget of single neurons
messages       counts messages from core to core
energy         estimates energy from operations
losses         makes tables of what rounding did
neuron_losses  makes tables of what rounding did to them
spike_load     counts spikes on a stimulus
chip_map       draws chips on their mesh
core_map       draws how full every core is
"""
