"""The edges: what each stage kept of the one before it, as numbers with limits and verdicts.

Functions here compare recordings and levels; what is run, and on which stimuli, the pipeline decides.
"""
