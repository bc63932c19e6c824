"""Finds places for neurons: what units ask of a core, how many cores are needed at least, and how they are filled.

ragged          holds rows of different lengths in two arrays
wiring          says what placing must know of a circuit
synapse_memory  computes what groups of synapses cost
fibres          takes the wiring apart into fibres and the lists that axons enter
lists           says which lists can do without indices
demand          says what units ask of a core, and what a core holds
bounds          counts the cores that any placement needs
packing         fills one core, limit by limit
in_order        fills cores in the order of the file, for axons that are not shared
growth          fills cores with what shares its sources
division        counts out-axons while units are moved
mend            takes units off cores that have too many out-axons
cut             divides the graph of units among cores
filling         holds which core has which units
fitting         fills a chip by its rules, and finds the largest pools that it holds
chips           divides cores among chips and boards
mesh            gives cores their places on a mesh
axon_tables     counts the axons and lists of what has been placed
refusals        says why no placement holds a circuit
"""
