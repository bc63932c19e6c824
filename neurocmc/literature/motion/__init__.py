"""Tells the velocity of moving dots by delays that were learned, the family `delays-motion`.

recipe    describes recipes: the dots, the circuit, its synapses, and how they are trained
dots      makes trials of dots that move over a ring of sensors, in numpy alone
circuit   holds the circuit, its equations and the model that it is compiled as
synapses  prunes, rounds and draws synapses, each with one delay or several
train     trains all weights by gradient through the one training loop
family    makes circuits of a recipe for studies and `neurocmc train`
measures  measures the synapses that are left, and which delays they have
pictures  draws a study from its table
"""
