"""Steps networks of single neurons as Loihi-like chips do, bit for bit, at the cost of their spikes.

groups    says which synapses are summed before their exponent shifts the sum
tables    lays a network out as the flat arrays of the compiled loop
kernel    steps one trial in a compiled loop
emulator  runs all trials of a stimulus, and tells what registers were asked to hold
faulty    draws chips with faults, and runs a network on one
twin      gives the same network to the emulator of hand-made compartments
"""
