"""Says what the ids of texts, options, circuits and stimuli written by hand mean."""

TEXTS = {
    "file-not-utf8": "The file is not text in UTF-8.",
    "text-not-unicode": "A text holds half of a character, which can be neither written nor printed.",
    "yaml-malformed": "The text is not well-formed YAML.",
    "yaml-not-allowed": "neurocmc does not read aliases, anchors, tags, merge keys, or very deep or long YAML.",
    "json-malformed": "The text is not well-formed JSON; keys that occur twice and NaN are not allowed.",
    "nested-too-deeply": "Lists or objects are nested more deeply than in any file of neurocmc.",
    "not-a-mapping": "A mapping is needed at the top of the file.",
    "field-twice": "A field occurs twice in one mapping.",
    "field-missing": "A field that is needed is missing.",
    "field-unknown": "There is no field of this name here.",
    "field-wrong": "The value of a field has another type, or is outside the range of the field.",
    "field-inconsistent": "Each field is valid alone, but they contradict each other.",
}

OPTIONS = {
    "argument-type": "An argument of a Python function has a type that the function does not take.",
    "number-out-of-range": "A number is outside its range.",
    "neurons-out-of-range": "The number of neurons per unit is outside its range.",
    "seed-out-of-range": "A seed is not a whole number in the range of seeds.",
    "choice-unknown": "A name is not one of the possible choices.",
    "option-empty": "An option that takes a list got an empty list.",
    "option-unreadable": "The text of an option cannot be read as the value that it needs.",
    "option-not-for-this": "An option does not apply to what the command works on.",
    "options-exclusive": "Two options exclude each other: one decides what the other sets.",
    "target-unknown": "No target has this name.",
    "source-unknown": "A limit of a target names a source that the file does not list.",
    "demo-unknown": "No demo has this name.",
    "edge-unknown": "No edge of the verification has this name.",
    "stimulus-unknown": "The artifact holds no stimulus of this name.",
    "model-suffix-unknown": "The suffix of a file tells the kind of model, and this suffix is unknown.",
    "recipe-not-a-circuit": "The file is a training recipe, and a circuit is needed.",
    "length-missing": "The number of ticks, or the number of compartments, is not given.",
    "interpreter-unfit": "The interpreter that was chosen cannot run this level.",
    "file-of-cores-unknown": "The file is neither a RANC file nor a corelet description.",
    "output-form-too-small": "The output format cannot hold the result of this run.",
}

CIRCUITS = {
    "name-twice": "Two things of one kind have the same name.",
    "name-reserved": "A name is reserved for another use.",
    "population-unknown": "There is no population of this name.",
    "values-count": "A list has more or fewer values than the population has units.",
    "delay-shape": "Delays need one row per target unit with one number per source unit.",
    "weight-shape": "A weight needs one row per target unit with one number per source unit or channel.",
    "labels-count": "There are more or fewer labels than units or classes.",
    "label-beyond-range": "A label names a unit or class that does not exist.",
    "calibration-missing": "There is no calibration stimulus. Gains are matched over the activities that it causes.",
    "interneuron-without-target": "An interneuron inhibits a population that is switched off.",
    "excitation-unheld": "Recurrent excitation is 1 or more, and no inhibition limits it.",
    "step-too-coarse": "The time step is too coarse for the time constants of the circuit.",
}

STIMULI = {
    "stimulus-name": "A stimulus gives files their names, and a file cannot have this name.",
    "stimulus-duration": (
        "The duration of a stimulus is not a whole number of ticks, is below one tick, or is too long."
    ),
    "stimulus-too-large": "The stimulus, or the recording of a run with it, has more values than the limit.",
    "stimulus-channels": "A drive has another number of channels than the input.",
    "stimuli-without-answer": "No stimulus has a label or an item to hold, so nothing can be judged.",
    "input-unknown": "The circuit has no input of this name.",
    "input-missing": "The stimulus has no values for an input of the circuit.",
    "times-disordered": "Times are not in rising order, or lie outside the stimulus.",
    "drive-too-large": "A drive holds a value above the largest that neurocmc computes with.",
}

PROGRAMS = {
    "program-unclear": "A file must hold exactly one cortical program; this one holds none or several.",
    "machine-name-unknown": "The machine has no state or symbol of this name.",
    "machine-not-deterministic": "A state has several next states for one symbol.",
    "machine-too-large": "The machine has more states, symbols or transitions than the limit.",
    "machine-too-small": (
        "The machine, or every order of a sequence, has only one state, so there is nothing to remember."
    ),
    "machine-missing": "The artifact was not compiled from a state machine or a sequence.",
    "transitions-missing": "The transition table is incomplete, and the file does not say what happens in the gaps.",
    "state-unreachable": "No sequence of symbols leads from the start to a state.",
    "outputs-unclear": "Outputs are empty, or mix outputs of states with outputs of transitions.",
    "pulse-too-short": "A pulse or gap is shorter than the circuit needs to process a symbol.",
    "latch-unsettled": "A transition of the machine's latch does not settle at this step and time constant.",
    "symbols-missing": "A stimulus of a state machine holds no symbol.",
    "symbols-too-close": "Symbols follow each other faster than a state can be read.",
}
