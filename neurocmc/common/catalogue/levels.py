"""Says what the ids of levels, arrays, cores and runs mean: faults of files and of what is built in Python."""

LEVELS = {
    "level-malformed": "A stored level does not hold the fields that its kind has.",
    "level-empty": "A level has no population, core, layer or trial, and needs one.",
    "level-array-shape": "An array of a level does not have the shape that its populations give it.",
    "value-not-finite": "A number is NaN or infinite.",
    "magnitude-out-of-range": "A number is so large or so small that no circuit can be computed with it.",
    "tau-out-of-range": "A time constant is below 0, or 0 where a filter is needed.",
    "delay-negative": "A delay is below 0.",
    "transfer-out-of-range": "A transfer function does not rise, or its floor, saturation and top are not in order.",
    "pool-out-of-range": "A number of a pool of neurons, its activity per spike or its ceiling, is not above 0.",
    "register-beyond-range": "A number does not fit its register.",
    "rule-out-of-range": "A width of the rule of steps is outside of its range.",
    "mantissa-sign": "Mantissas have a sign that the sign mode of their projection does not have.",
    "mantissa-odd": "A mantissa is odd in mixed sign mode, where the last bit holds the sign.",
    "placement-inconsistent": "Neurons are not placed exactly once, or two groups claim one place.",
}

ARRAYS = {
    "array-missing": "The .npz lacks an array.",
    "array-unknown": "The .npz holds an array that nothing reads.",
    "array-type": "An array holds numbers or texts of another kind.",
    "array-shape": "An array does not have the shape that is needed.",
    "array-beyond-bits": "An array holds whole numbers that are too large.",
    "index-beyond-range": "An index is below 0, or names something beyond what there is.",
    "lengths-differ": "Several arguments say how long a run is, and disagree.",
    "not-whole-numbers": "Whole numbers are needed, and something else was given.",
}

CORES = {
    "cores-inconsistent": "Parts of a file of cores do not fit each other.",
    "core-place-twice": "Two cores stand at one place of the grid.",
    "core-part-unknown": "A core, axon or neuron is named that does not exist.",
    "core-full": "A core has not as many axons or neurons as are put on it.",
    "group-beyond-core": "A group of axons or neurons lies outside of its core.",
    "neuron-target-twice": "A neuron has a target already; it can have one.",
    "group-too-large": "A group whose spikes are counted has more neurons than its counter can count.",
}

RUNS = {
    "not-recorded": "A quantity is asked of a run that did not record it.",
}
