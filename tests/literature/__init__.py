"""Circuits of the literature."""
