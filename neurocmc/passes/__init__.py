"""The passes, one a file, in the order in which the pipeline runs them.

    capacity     refuses at once what no placement could hold
    calibrate    which activities and drives the circuit visits
    gain_match   RateCircuit -> SpikingNetwork: pools whose measured transfer is the rate unit's
    legalise     SpikingNetwork -> SpikingNetwork the target can hold: kernels, time constants, delays
    quantise     SpikingNetwork -> IntegerNetwork: every parameter onto the target's grid, every loss recorded
    registers    refuses a number that its field on the chip does not hold
    overflow     how close every current and voltage can come to the edges of its register, proved where it can be
    place        IntegerNetwork -> cores and slots
    route        axons, synapse memory and profiles of every core; refuses what does not fit

A pass is a frozen dataclass whose fields are its options and whose `run` is pure. `weight_grid`, `pool_codes`,
`synapse_memory`, `packing` and `worst_case` are the arithmetic that passes share.
"""
