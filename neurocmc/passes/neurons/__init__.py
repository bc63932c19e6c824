"""Lowers networks that spike already to what a chip's neurons can be, while numbers are still real.

one_spike   lets a neuron spike once in a tick
reset_swap  gives neurons the reset that the chip has
skew        fits latencies to a chip on which every synapse takes a tick
starts      says where current and voltage begin, so that a bias acts as in the framework
"""
