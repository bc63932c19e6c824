"""Builds reservoirs of balanced excitation and inhibition, and measures what they remember, as rates and on a chip.

equations  has the reservoir: its step, its rest, and the model that is compiled of it
balance    draws reservoirs, and balances them by one factor or by adaptation at every synapse
recipe     describes a reservoir, and what of it is tried
candidates  makes every reservoir that a recipe names, and takes the best by validation
readout    fits readouts by ridge, with penalties chosen by validation
series     has what they are driven by: noise to remember, NARMA-10, Mackey-Glass
digits     has small digits, shown column by column
chip       drives a compiled reservoir, and returns what its units did
family     is the family `reservoir-ei`
measures   measures it, as rates and on the chip
pictures   draws the study
"""
