"""Trains small recurrent networks that start from, or are held to, what is known of a connectome.

streams    draws random numbers for each purpose from one seed
recipe     describes how a network is started, held and trained
function   simulates how units are tuned, and how alike their spikes are
prior      draws cells with the published statistics
files      reads cells that a user brings
starts     makes recurrent weights to start from
tasks      makes the trials of the three tasks
penalties  holds weights to distances and communicability
training   trains a network with the one training loop
family     makes circuits of a recipe for studies
graphs     measures weights as numbers and as a graph
measures   measures the runs of a study
pictures   draws a study from its table
"""
