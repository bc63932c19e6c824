"""Reads what a user brings (a checkpoint, a circuit in YAML) as a RateCircuit, checked, or raises an InputError.

circuit_yaml       reads circuits written by hand
weights_yaml       reads their weights, written out or from an .npz
delays_yaml        reads the delays of their projections
classifiers_yaml   reads their classifiers, layers on the host
centring           sends tanh, which has either sign, as what has none
stimulus_yaml      reads their stimuli
interneuron_yaml   reads a winner-take-all with named interneurons
automaton          reads cortical programs, such as state machines
arrays             reads rate networks trained elsewhere
nir                reads spiking networks trained elsewhere, from files of the exchange format NIR
recall             makes content-addressable memories, of arrays or YAML, networks that spike
compartments       reads compartments made by hand as a network that can be placed
torch_cell         takes their cell out of a torch module
torch_model        with its readout
circuit_file       reads and writes trained circuits without torch
checkpoint         reads checkpoints of whichever family
checkpoint_file    checks those of `neurocmc train`
swta_checkpoint    loads a soft winner-take-all
cmc_checkpoint     loads a canonical microcircuit
own_module_file    checks the file of a module of one's own loop
own_modules        turns it into a circuit
cmc_circuit        turns it into a RateCircuit
memory_checkpoint  loads a working memory
memory_trials      makes its trials into stimuli, without torch
published          reads the published canonical microcircuits
rectifiers         makes rectifiers, of which winner-take-alls consist
"""
