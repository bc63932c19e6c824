"""Circuits of the literature, each against an independent statement of what it is."""
