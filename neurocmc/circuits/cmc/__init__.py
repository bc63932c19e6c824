"""Defines and trains canonical microcircuits: the circuit, its eye and readout on the host.

hierarchy   is the circuit of one to five regions as a torch module
wiring      lists who drives whom in it
stepping    steps it in time
retina      is the eye on the host
model       puts eye, circuit and readout together
recipe      describes how that is trained
train       trains it
resume      keeps the state of a training that may be killed
augment     moves, turns and stretches images
regularise  charges training for what does not fit a chip
evaluate    measures how good a trained model is
"""
