"""Processes that neurocmc may find itself in: what a caller has set, where it is called, and what it lacks."""
