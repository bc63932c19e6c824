"""The families of chips: the one contract between the line and what differs from chip to chip.

family     what a family must do (`Family`), and what it makes of a circuit (`Built`)
registry   kind of a target -> its family: those built in, and those of other distributions
ideal      simulators in real numbers: Brian2
loihi      integers of compartments, cores and axons; programs for Lava
truenorth  neurosynaptic cores; corelets and RANC's files

Nowhere else does the line ask of which family a chip is.
"""
