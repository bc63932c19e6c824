"""From pools of neurons to neurosynaptic cores: leaks, weights of four types, fan-in, fan-out, places."""
