"""Interprets the levels of the Loihi family, exact to the bit: compiled networks, hand-made ones, and faulty chips.

emulator       steps compiled networks
kernel         is its compiled loop
shared         steps one trial of a large network on several threads
tables         lays a network out for the loop
weight_groups  groups weights that are summed before they are shifted
host           turns drives into the spikes that carry them
late           steps compiled networks whose messages come late
reference      steps compiled networks in plain numpy
registers      computes as the chip's registers do
compartments   steps hand-made networks
neurons        steps networks of single neurons at the cost of their spikes
perturbed      steps networks with faults
"""
