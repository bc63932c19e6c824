"""Says what the ids of levels, arrays, cores and runs mean: faults of files and of what is built in Python."""

LEVELS = {
    "level-malformed": "A stored level does not hold the fields that its kind has.",
    "level-empty": "A level needs at least one population, core, layer or trial, and has none.",
    "level-array-shape": "The shape of an array of a level does not match its populations.",
    "value-not-finite": "A number is NaN or infinite.",
    "magnitude-out-of-range": "A number is too large or too small for a circuit.",
    "tau-out-of-range": "A time constant is below 0, or 0 where a filter is needed.",
    "delay-negative": "A delay is below 0.",
    "transfer-out-of-range": "A transfer function does not rise, or its floor, saturation and top are not in order.",
    "pool-out-of-range": "The activity per spike or the ceiling of a pool is not above 0.",
    "register-beyond-range": "A number does not fit its register.",
    "rule-out-of-range": "A register width of the update rule is outside its range.",
    "mantissa-sign": "Mantissas have a sign that the sign mode of their projection does not allow.",
    "mantissa-odd": "A mantissa is odd in mixed sign mode, where the last bit holds the sign.",
    "placement-inconsistent": "A neuron is not placed exactly once, or two groups have the same place.",
}

ARRAYS = {
    "array-missing": "The .npz file lacks an array.",
    "array-unknown": "The .npz file holds an array that neurocmc does not read.",
    "array-type": "An array holds another type of values than needed.",
    "array-shape": "An array does not have the needed shape.",
    "array-beyond-bits": "An array holds whole numbers that are too large.",
    "index-beyond-range": "An index is below 0 or above the largest possible.",
    "lengths-differ": "Several arguments give the length of a run, and they differ.",
    "not-whole-numbers": "Whole numbers are needed, and other values were given.",
}

CORES = {
    "cores-inconsistent": "Parts of a file of cores contradict each other.",
    "core-place-twice": "Two cores have the same place on the grid.",
    "core-part-unknown": "There is no core, axon or neuron of this index.",
    "core-full": "More axons or neurons are put on a core than it has.",
    "group-beyond-core": "A group of axons or neurons lies outside its core.",
    "neuron-target-twice": "A neuron can have one target, and this one has a target already.",
    "group-too-large": "A group whose spikes are counted has more neurons than its counter can hold.",
}

RUNS = {
    "not-recorded": "A run did not record the quantity that is asked for.",
}
