"""Reads state dicts of the published canonical microcircuits: checked, split between host and chip, stepped as there.

state     finds the state dict in what a training script saved
file      checks it
circuit   turns it into a RateCircuit
host      does what stays on the host
dynamics  steps the published equations in torch
loaded    puts all of these together
"""
