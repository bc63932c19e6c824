"""A study: regions x variants x seeds of a recipe trained, compiled, verified, tabled and drawn.

run      the whole, which goes on where an earlier call stopped
chip     a trained run on a chip, and its verdict in numbers that can stand in a table
figures  all runs against each other, and what single circuits do
"""
