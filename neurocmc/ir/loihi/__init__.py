"""Defines the levels of the Loihi family: integers of compartments, then cores, slots and axons.

network         the integers
neurons         defines single neurons in integers
neuron_losses   holds what the grid took from them
chip            their places on cores, and the use of every core
store           writes and reads chip programs
printer         formats both as text
neuron_printer  formats them as text
"""
