"""The levels of neurosynaptic cores: networks of cores as such, and the program that a circuit becomes on them."""
