"""Studies: regions x variants x seeds planned, trained, measured and tabled."""
