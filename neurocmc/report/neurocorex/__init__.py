"""Shows what a NeuroCoreX holds.

budget  counts neurons, relays, channels and weights
matrix  draws both matrices
"""
