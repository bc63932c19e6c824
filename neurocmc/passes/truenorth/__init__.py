"""Lowers pools to neurosynaptic cores, in the order in which it is done, then what that shares.

capacity    refuses at once what no grid could hold
corelets    turns a spiking network into cores
beginnings  lets a chip begin with the second tick of trials that differ in nothing else
graph       takes the network apart unit by unit
fan_in      puts partial sums before units with too many sources
plans       plans all units until their latencies stand still
unit_plans  plans leak, weights and inputs of one unit
leaks       makes currents decay on a core
ladders     joins filter and pool of a unit that counts in even steps
weights     chooses the few weights of a neuron
homes       decides which units share a core
deliveries  says which axons carry what, and to whom
copies      parts the neurons of a core among copies
fan_out     reaches further cores by copies and splitters
assemble    writes the cores
place       gives every core a place on the grid
registers   refuses a number that the chip has no room for

Networks of threshold units that spike already take another way:

units_on_cores  writes the cores of threshold units without memory
unit_list       reads the units, and refuses what is none
unit_axons      chooses the types of axons
unit_homes      divides units and their copies among cores
"""
