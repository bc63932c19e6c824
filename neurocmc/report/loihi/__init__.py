"""What is reported of the Loihi family: losses of rounding, load of spikes, and the map of its cores."""
