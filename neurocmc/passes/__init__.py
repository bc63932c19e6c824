"""Lowers a circuit from level to level: the passes that families share, one a file, in the order in which they run.

time_scale     chooses the model's time that one tick stands for
relays         splits second-order kernels where a neuron has one filter
one_filter     lets several time constants reach a neuron that has one filter
offsets        gives pools the part of the range that the circuit visits
calibrate      finds which activities and drives the circuit visits
sensitivity    measures how much each unit matters to what is read
divide         cuts units into segments, finest where that is most
gain_match     turns rate units into pools whose measured transfer is the unit's
interleave     deals pools out into copies that fire in turn
check_neurons  refuses what a neuron of the target cannot do
loihi          rounds and places for Loihi
neurocorex     makes registers of NeuroCoreX
truenorth      makes neurosynaptic cores
lost_states    refuses a circuit whose up-states rounding destroys
feedback       makes pools that take back from their drive what their spikes said
taps           finds delayed parts of a spike that act as another kernel
wires          says in which parts and through which filter a projection arrives
neurons        lower networks that spike already, in real numbers
starts         says with which currents a network starts
pool_codes     chooses where the neurons of a pool are recruited
pool_fits      measures their transfer, and compares it with the unit's
kind_scales    searches the scales at which weights round least
scales         chooses the scales of a pool within its registers
weight_grid    rounds weights onto Loihi's grid

A pass is a frozen dataclass whose fields are its options and whose `run` is pure. The last nine, and modules of
`loihi`, `neurocorex` and `truenorth`, are the arithmetic that passes share.
"""
