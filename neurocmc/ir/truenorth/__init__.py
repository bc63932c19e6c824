"""Defines the levels of neurosynaptic cores: networks of cores as such, and the program that a circuit becomes.

cores    a network of cores
program  cores, and what each group of axons and neurons is for
neurons  single neurons on cores, and where each of them stands
printer  formats a program as text
"""
