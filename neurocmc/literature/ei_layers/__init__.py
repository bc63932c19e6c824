"""Builds layers of excitatory and inhibitory neurons that divide, and compiles what can be held by a chip.

recipe     describes recipes: layers, what stands before them, their neurons, training, and the circuit
equations  has layers, networks and their rate form as functions of arrays
fronts     puts images before the first layer: as they are, over their mean, or divided by feedback
sets       makes the images that networks are judged by
layers     is the layer in torch: its start, its gradient, its guard
training   trains a network of spikes through the one training loop
circuit    writes a trained network as the model that is compiled
family     makes circuits of a recipe for studies and `neurocmc train`
measures   measures compiled circuits on images of two contrasts
pictures   draws the study
"""
