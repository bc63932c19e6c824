"""Holds what all of neurocmc uses, and imports nothing of neurocmc.

errors           defines faults as values, and the errors that carry them
catalogue        lists the ids of all faults
arrays           copies arrays so that they cannot be changed
matrices         keeps matrices by their entries where that is smaller
calls            checks the arguments of calls from Python
files            writes files whole or not at all
replacing        puts a file or folder in the place of another at one instant
packing          stores thousands of small arrays as a few
opening          opens files that others wrote
strict_json      reads JSON strictly
strict_yaml      reads YAML strictly, with the line of every fault
yaml_complaints  puts pydantic's complaints in our words
names            finds free names for what is added
printable        escapes what a terminal would obey
templates        renders what is written for people
resources        finds the files that travel with neurocmc
extras           says what brings a missing library
draws            draws random numbers for many purposes from one seed
ticks            puts times and drives on a grid of ticks
poles            computes what filters keep of themselves
self_threshold   solves for a threshold that is made of what passes it
loss_surface     holds the loss around a trained model
jit              compiles hot loops with numba
process          sets the state of the process that results depend on
progress         tells how much of all is done
system           does what differs between operating systems
"""
