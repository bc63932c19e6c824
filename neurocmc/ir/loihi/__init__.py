"""Defines the levels of the Loihi family: integers of compartments, then cores, slots and axons.

network  the integers
chip     their places on cores, and the use of every core
store    writes and reads chip programs
printer  formats both as text
"""
