"""Has the families of chips: the one contract between the pipeline and what differs from chip to chip.

family              defines what a family must do
staging             defines a circuit as it is given one
built               defines what it makes of a circuit
faults              defines what it makes of a circuit on chips with faults
neurons             defines what a family must do for networks of single neurons
registry            finds the family of a target, built in or of another distribution
ideal               compiles for simulators in real numbers: Brian2
ideal_neurons       compiles networks of single neurons for them
loihi               compiles for integers of compartments, cores and axons
loihi_neurons       compiles networks of single neurons for them
real_neurons        makes a network in real numbers of their integers
lava                runs Loihi's program on stock Lava
faulty_loihi        runs circuits on Loihi chips with faults
faulty_ideal        runs circuits and networks in real numbers with faults
truenorth           compiles for neurosynaptic cores
neurocorex          compiles for the NeuroCoreX board
neurocorex_neurons  compiles networks of single neurons for it
truenorth_neurons   compiles networks of threshold units for them
faulty_truenorth    runs circuits on cores with faults

Nowhere else does the pipeline ask of which family a chip is.
"""
