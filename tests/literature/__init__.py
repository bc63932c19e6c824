"""Circuits of the literature: each keeps its equations, its refusals, and what its page says."""
