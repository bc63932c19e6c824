"""Says what the ids of circuits that a chip, or another tool, cannot hold mean."""

CHIPS = {
    "neurons-beyond-limit": "There are more neurons than the chip has compartments.",
    "synapses-beyond-limit": "The synapses need more memory than the chip has, for every placement.",
    "cores-beyond-chip": "The circuit needs more cores than the chip has.",
    "pool-beyond-core": "The pool of neurons of one unit does not fit on one core.",
    "weights-beyond-types": "More different weights reach a neuron than a core has axon types.",
    "fan-in-beyond-core": "One neuron, or one unit, receives from more axons than a core has.",
    "out-axons-beyond-core": "For every division of the units among cores, some core has too few out-axons.",
    "fan-out-beyond-core": "The spikes of one neuron must reach more cores than its own core can send to.",
    "synapse-formats-beyond-core": "The weights that arrive at one neuron need more synapse formats than a core has.",
    "core-resource-beyond-limit": "A core of the placed network uses more of a resource than it has.",
    "core-off-grid": "A core lies outside the grid of the chip.",
    "reach-beyond-limit": "A spike has to go farther over the grid than the chip can send it.",
    "register-beyond-target": "A number of the network does not fit the register of the target.",
    "weight-beyond-mantissa": "A weight is above the largest mantissa and exponent of the target.",
    "delay-beyond-limit": "A projection has a longer delay than the target allows.",
    "spike-delay-unfit": "Spikes of the target arrive later than in the rate circuit to which gains are matched.",
    "kernel-order-unfit": "A kernel has a higher order than a neuron of the target has filter stages.",
    "taps-too-far-off": "No small number of delayed copies of a spike approximates this synaptic kernel well enough.",
    "phases-unfit": "The neurons of a unit cannot take turns over this number of ticks.",
    "gate-beyond-registers": (
        "The interleaved code needs a gating current larger than all currents of a pool, and no such current fits."
    ),
    "filters-differ": "Projections to one population have several time constants, and its neurons have only one.",
    "code-unfit": "The neurons of the target cannot use this code.",
    "target-other-arithmetic": "The network was made for a target with another arithmetic.",
    "biases-too-far-apart": "Thresholds and biases of one population are too far apart for one exponent.",
    "input-jump-too-large": "The largest step of an input drive needs more axons than a core has.",
    "initial-current": (
        "Sources are active before the first tick, and the current that they leave is lost or beyond its register."
    ),
    "up-state-lost": "The chip loses a state that the trained circuit holds, with every rounding that was tried.",
    "latency-needs-mesh": "The target has no mesh of cores, or does not state where the cores are.",
    "latency-times-missing": "The target's file does not state the time of a hop or of a neuron update.",
    "error-out-of-reach": "No number of neurons keeps the requested error.",
}

TIMES = {
    "tick-unfit": "The tick is not a time, does not divide the step of the circuit, or is too short.",
    "time-off-grid": "A time is not a whole number of steps or ticks.",
    "time-not-positive": "A tick, a step, a window or a duration is not above 0.",
    "window-too-long": "The window of a readout is longer than the run.",
    "decay-too-slow": "A time constant is longer than the slowest decay of the chip.",
    "time-constants-too-far-apart": "No tick is fine enough for the fastest filter and long enough for the slowest.",
    "filter-not-realisable": "No feedback weight and threshold spacing gives the decay of a filter.",
    "population-silent": "The calibration stimuli drive a population so little that its gain cannot be matched.",
    "calibration-beyond-pool": "The calibration stimuli cause activities at which the pool of neurons is full.",
    "circuit-unstable": "Activity grows without limit while the drive is constant: the circuit itself is unstable.",
    "activity-too-large": "Activity is too large, and no loop was seen to grow: the drive is too strong.",
    "activity-overflows": "Activity is beyond the range of floating-point numbers.",
    "current-wraps": "A current on the chip exceeds its register and wraps around.",
    "drive-beyond-input": (
        "A stimulus drives an input more strongly than the calibration stimuli that its axons were built for."
    ),
}

EXPORTS = {
    "export-unknown": "Neither neurocmc nor an installed plug-in has an export of this name.",
    "export-unfit": "The export needs a level that a compilation for this target does not make.",
    "lava-missing": "No Python interpreter with Lava was found.",
    "lava-failed": "The emitted program failed on Lava.",
    "lava-too-slow": "The run on Lava did not finish within its time limit.",
    "lava-cannot-hold": "Lava does not support this: another arithmetic, a payload, or a value beyond its range.",
    "netx-cannot-hold": "The netx format does not support this part; the circuit is exported without it.",
    "pynn-cannot-say": "No standard cell of PyNN does the same, on NEST and on Brian2 alike.",
    "ranc-cannot-hold": "RANC's simulator lacks this feature, or has too few bits.",
    "corelet-beyond-limit": "A name of a corelet is too long, or corelets are nested too deeply.",
}
