"""Steps hand-made integer networks of single compartments, tick by tick.

network    defines them
weights    clips weights as Lava does
records    says what comes in from outside, and what is kept of a run
arguments  checks what a run is given
run        runs networks
kernel     is the compiled loop of one trial
tables     lays a network out for that loop
batch      runs trials together where that is cheaper
lanes      is the compiled loop of 64 trials together
fan_in     lays a network out for the loop of many trials
reference  steps networks in plain numpy
"""
