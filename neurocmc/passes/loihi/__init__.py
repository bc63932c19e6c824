"""Lowers pools to Loihi: the passes that only this family needs, in their order, then what they share.

capacity          refuses at once what no placement could hold
quantise          rounds every parameter onto the target's grid, and records every loss
quantise_neurons  rounds single neurons: weights in one plane or two
scale_neurons     chooses how large their numbers are
give_back         gives back what their sums lose by shifts
registers         refuses a number that its field on the chip does not hold
neuron_limits     refuses integers that registers do not hold
overflow          bounds how close currents and voltages come to the edges of their registers
keep_states       searches roundings that keep the up-states
place             gives every neuron a core and a slot
route             computes axons, synapse memory and profiles of every core; refuses what does not fit
input_axons       chooses the axons of the host
floor_losses      gives back what right shifts take
movable_weights   finds the weights a state lives on, and how far each may be moved
nearby_roundings  moves mantissas until a lost up-state stands again
placing           fills cores by their limits, and counts what that takes
worst_case        bounds currents and voltages by intervals
"""
