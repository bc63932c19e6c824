"""Defines the levels of neurosynaptic cores: networks of cores as such, and the program that a circuit becomes.

cores    a network of cores
program  cores, and what each group of axons and neurons is for
printer  formats a program as text
"""
