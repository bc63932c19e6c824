"""What the ids of circuits that a chip, or another tool, cannot hold mean."""

CHIPS = {
    "neurons-beyond-limit": "Units times neurons are more compartments than the chip has.",
    "synapses-beyond-limit": "The synapses take more memory than the chip has, however they are placed.",
    "cores-beyond-chip": "The circuit takes more cores than the chip has.",
    "pool-beyond-core": "The pool of neurons of one unit does not fit one core.",
    "fan-in-beyond-core": "One neuron, or one unit, hears more axons than a core has.",
    "fan-out-beyond-core": "The spikes of one neuron must reach more cores than its own core can send to.",
    "synapse-formats-beyond-core": "The weights that arrive at one neuron need more synapse formats than a core has.",
    "core-resource-beyond-limit": "A core of the placed network uses more of a resource than it has.",
    "core-off-grid": "A core stands beside the grid of the chip.",
    "reach-beyond-limit": "A spike goes farther over the grid than the chip carries it.",
    "register-beyond-target": "A number of the network does not fit the register that the target has for it.",
    "weight-beyond-mantissa": "A weight is beyond the largest mantissa and exponent of the target.",
    "delay-beyond-limit": "A projection has a longer delay than the target has.",
    "spike-delay-unfit": "Spikes of the target arrive later than the rate circuit, and gains matched to it, assume.",
    "kernel-order-unfit": "A kernel has a higher order than a neuron of the target has filter stages.",
    "filters-differ": "Projections to one population have several time constants, and a neuron has one.",
    "code-unfit": "The target has no neuron for the code of the pools.",
    "target-other-arithmetic": "The network was made for a target that computes otherwise.",
    "biases-too-far-apart": "Thresholds and biases of one population are too far apart for one exponent.",
    "input-jump-too-large": "The largest jump of an input takes more axons than a core has.",
    "initial-current": "The current that sources leave before the first tick is lost or beyond its register.",
    "up-state-lost": "A state that the trained circuit holds is lost on the chip by every rounding tried.",
    "error-out-of-reach": "No number of neurons keeps the error that was asked for.",
}

TIMES = {
    "tick-unfit": "The tick that was given is no time, does not divide the step of the circuit, or is too short.",
    "time-off-grid": "A time is not a whole number of steps or ticks.",
    "time-not-positive": "A tick, a step, a window or a duration is not above 0.",
    "window-too-long": "The window of a readout is longer than what is run.",
    "decay-too-slow": "A time constant is longer than the slowest decay of the chip.",
    "time-constants-too-far-apart": "No tick is fine enough for the fastest filter and keeps the slowest.",
    "filter-not-realisable": "No feedback weight and spacing of thresholds holds the pole of a filter.",
    "population-silent": "The calibration drives a population so little that its gain cannot be matched.",
    "calibration-beyond-pool": "The calibration reaches activities at which the pool of neurons is full.",
    "circuit-unstable": "Activity grows without end while the drive is held: the circuit itself is unstable.",
    "activity-too-large": "Activity is too large, and no loop was seen to grow: the circuit is driven too hard.",
    "activity-overflows": "Activity is beyond the numbers of the machine.",
    "current-wraps": "A current leaves its register on the chip and wraps.",
    "drive-beyond-input": "A stimulus drives an input harder than the calibration for which it was built.",
}

EXPORTS = {
    "lava-missing": "There is no interpreter of Python with Lava at hand.",
    "lava-failed": "The emitted program failed on Lava.",
    "lava-too-slow": "The run on Lava was not done in the time it was given.",
    "lava-cannot-hold": "Lava has no place for this: another arithmetic, a payload, or a value beyond its range.",
    "netx-cannot-hold": "The format of netx has no place for this, and the circuit is exported without it.",
    "ranc-cannot-hold": "RANC's simulator has no such feature, or not as many bits.",
    "corelet-beyond-limit": "A name of a corelet is too long, or corelets stand too deep within each other.",
}
