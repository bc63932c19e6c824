"""Shows a compiled circuit to people: budget, energy, tables, pictures and one HTML page of all of them.

load        holds how often every pool and input fires on a stimulus
energy      estimates what a tick and a presentation cost, from published energies of single operations
budget      counts every resource of every core: used, limit, percent
losses      holds tables of what a chip took from a circuit
staging     says what relays and offsets cost
loihi       reports what the Loihi family has
neurocorex  reports what NeuroCoreX has
truenorth   reports what neurosynaptic cores have
tables      makes tables for a terminal
layout      sets their look
wording     formats numbers
figures     draws pictures
pictures    holds them for the page
html        writes the page

Nothing here decides or changes anything; all numbers come from the levels and from the target.
"""
