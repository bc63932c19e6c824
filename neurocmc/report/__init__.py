"""What a person reads of a compiled circuit: budget, energy, tables, pictures and one HTML page of all of them.

    spike_load   how often every pool and input fires on a stimulus
    energy       what a tick and a presentation cost, from published energies of single operations
    budget       every resource of every core: used, limit, percent
    losses       what rounding did to gains and time constants
    tables       the same for a terminal
    figures      the same as pictures
    html         the same as a page

Nothing here decides or changes anything; all numbers come from the levels and from the target.
"""
