"""Bounds every current and voltage of an integer network by intervals, whatever its pools do.

All arithmetic is the chip's, on intervals: a bound is the largest value that the registers of a network without any
width could reach. Where it fits the true register, nothing has wrapped, so both networks are the same one and the
bound is a proof. Three facts make it tight enough to be of use:

- Excitation and inhibition are bounded apart: the highest current is that of all excitation and no inhibition.
- A bound on a current is a bound on who can fire. Beginning with every neuron in every tick, currents and spikes are
  bounded in turn; each round follows from the one before, so that every round holds and the last is the tightest.
- A neuron that fired starts from 0, and after the fewest ticks in which its highest current lifts it over threshold
  it can fire again. Spikes n ticks apart add up to 1 / (1 - keep^n) of one, not to 1 / (1 - keep).

What a clock adds to a pool's current and takes away again, without a rest, is known: between nothing and its gate.
It is bounded as a current that is held, and no spike of the clock is counted. Of copies that take turns one of a
unit's fires in a tick, and of the others those neurons that a current lifts over threshold without a gate. These are
taken to be none at first, then those that the bounds let fire, until the bounds let no others: by induction from the
first tick on it was always so.

A unit whose current may leave its register could then hold anything: it counts as firing with every neuron, always.

The units of all populations are bounded side by side: there may be thousands of populations.

bounds     bounds a network, round by round
rows       has its units in one row, and bounds currents and voltages
pools      knows who can fire, and how often
arriving   has the weights by which units hear each other
host       holds what the host sends, and clocks
registers  finds where registers come to rest
"""
