"""Trains, compiles, verifies, tables and draws a study: regions x variants x seeds of a recipe.

run      does the whole, and goes on where an earlier call stopped
chip     compiles and verifies trained runs
figures  draws all runs against each other, and what single circuits do
result   holds the result
"""
