"""What is reported of neurosynaptic cores: budget, energy, load, losses, and the cores on their grid."""
