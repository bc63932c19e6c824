"""The levels of the Loihi family: integers of compartments, then cores, slots and axons."""
