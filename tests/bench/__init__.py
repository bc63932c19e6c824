"""Benches: measured in the run that prints them, against peers where there are some. Nothing is asserted on time."""
