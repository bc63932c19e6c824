"""State dicts of the published canonical microcircuits: checked, split between host and chip, stepped as there."""
