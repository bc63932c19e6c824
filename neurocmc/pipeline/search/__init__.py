"""Chooses what the user left open, by compiling candidates and measuring them on calibration trials alone.

tried     defines a candidate, and measures what it keeps
smallest  finds the fewest neurons per unit that keep a given error
codes     finds the code that keeps it at the least cost
largest   finds what a refusal for size names: the largest pools, the code or the target that fits
scouts    has workers measure candidates of these two ahead
best      finds steps, planes and, unless they are given, neurons per unit with which decisions are kept
"""
