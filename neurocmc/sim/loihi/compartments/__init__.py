"""Hand-made integer networks of single compartments: what they are, and how they run, tick by tick."""
