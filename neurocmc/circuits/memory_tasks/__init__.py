"""Trains working memory by gradient: delayed match to sample, and integration of the stream that a cue named.

trials    makes the trials of both tasks
circuit   steps a circuit of rectifiers with one filter
bounded   holds numbers that training cannot move out of their interval
match     builds the circuit of delayed match to sample
context   builds the circuit of context-dependent integration
model     builds the model of either
recipe    describes how it is trained
train     trains it
evaluate  measures how good it is, delay by delay
"""
