"""Judges what each stage kept of the one before it, as edges: numbers with limits and verdicts.

edges               defines an edge, and judges gains and poles
fidelity            compares recordings of two levels
neurons             judges what spiking networks keep
metrics             measures how they differ
seen                runs the rate circuit on the stimuli that are judged
coverage            tells what calibration did not cover
fit_limit           computes how well a pool can follow its unit
limits              reads limits of a user's own
intervals           computes confidence intervals over seeds
winner              compares a soft winner-take-all with its formulas
recall              compares what a memory recalls with what it holds
rest                compares a filter with the closed form of what it rests in
interneuron_theory  says what theory predicts of interneurons
interneuron_roles   measures what interneurons do

Functions here compare recordings and levels; what is run, and on which stimuli, the pipeline decides.
"""
