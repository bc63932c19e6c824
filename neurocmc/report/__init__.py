"""Shows a compiled circuit to people: budget, energy, tables, pictures and one HTML page of all of them.

load        holds how often every pool and input fires on a stimulus
energy      estimates what a tick and a presentation cost, from published energies of single operations
bits        counts synaptic and bit operations, beside those of a quantised network
budget      counts every resource of every core: used, limit, percent
losses      holds tables of what a chip took from a circuit
latency     tells what the network between cores does to spikes
staging     says what relays and offsets cost
loihi       reports what the Loihi family has
neurocorex  reports what NeuroCoreX has
truenorth   reports what neurosynaptic cores have
tables      makes tables for a terminal
layout      sets their look
wording     formats numbers
figures     draws pictures
pictures    holds them for the page
traces      holds trials on several levels for the page
plots       draws small plots of it as SVG
frontier    sets a circuit beside those that were measured with every code
explain     says what each quantity of an edge means
html        writes the page
notebook    shows what calls return in a notebook

Nothing here decides or changes anything; all numbers come from the levels and from the target.
"""
