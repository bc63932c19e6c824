"""Steps hand-made integer networks of single compartments, tick by tick.

network    defines them
weights    clips weights as Lava does
run        runs them
kernel     is the compiled loop
tables     lays a network out for the loop
reference  steps them in plain numpy
"""
