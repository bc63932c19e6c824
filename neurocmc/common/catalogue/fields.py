"""Says what the ids of texts, options, circuits and stimuli written by hand mean."""

TEXTS = {
    "file-not-utf8": "The file is not text in UTF-8.",
    "text-not-unicode": "A text holds half a character, which can be neither written nor printed.",
    "yaml-malformed": "The text is not well-formed YAML.",
    "yaml-not-allowed": "neurocmc does not take aliases, anchors, tags, merge keys, great depth or length of YAML.",
    "json-malformed": "The text is not well-formed JSON; a key that stands twice and NaN are none either.",
    "nested-too-deeply": "Lists or objects stand within each other deeper than any of our files has them.",
    "not-a-mapping": "A mapping is needed at the top of the file.",
    "field-twice": "A field stands twice in one mapping.",
    "field-missing": "A field that is needed is missing.",
    "field-unknown": "There is no field of this name here.",
    "field-wrong": "The value of a field is of another kind, or outside of what the field allows.",
    "field-inconsistent": "Each field is sound alone, and together they are not.",
}

OPTIONS = {
    "argument-type": "An argument of a Python function is of a kind that the function does not take.",
    "number-out-of-range": "A number that was given is outside of its range.",
    "neurons-out-of-range": "The number of neurons per unit is outside of its range.",
    "seed-out-of-range": "A seed is not a whole number in the range of seeds.",
    "choice-unknown": "A name that was given is none of those to choose from.",
    "option-empty": "An option that lists something lists nothing.",
    "option-unreadable": "The text of an option cannot be read as what it should be.",
    "option-not-for-this": "An option was given that is for something else than what the command works on.",
    "options-exclusive": "Two options were given of which one decides what the other gives.",
    "target-unknown": "No target has this name.",
    "source-unknown": "A limit of a target names a source that the file does not list.",
    "demo-unknown": "No demo has this name.",
    "edge-unknown": "No edge of the verification has this name.",
    "stimulus-unknown": "The artifact holds no stimulus of this name.",
    "model-suffix-unknown": "The ending of a file says what kind of model it is, and no kind has this one.",
    "recipe-not-a-circuit": "The file is a recipe of training, and a circuit is needed.",
    "length-missing": "Nothing says how many ticks to run, or how many compartments there are.",
    "interpreter-unfit": "The level that was given cannot be run by the interpreter that was asked for.",
    "file-of-cores-unknown": "The file is neither one of RANC nor a corelet description.",
    "output-form-too-small": "The form of output that was asked for cannot hold what is run.",
}

CIRCUITS = {
    "name-twice": "Two things of one kind have the same name.",
    "name-reserved": "A name has a meaning of its own here and is not free.",
    "population-unknown": "A population is named that does not exist.",
    "values-count": "A list has another number of values than the population has units.",
    "delay-shape": "Delays have not a row for each target unit with a number for each source unit.",
    "weight-shape": "A weight has not a row for each target unit with a number for each source unit or channel.",
    "labels-count": "There are more or fewer labels than units or classes.",
    "label-beyond-range": "A label names a unit or class that does not exist.",
    "calibration-missing": "No stimulus is there for calibration. Gains are matched over the activities it visits.",
    "interneuron-without-target": "An interneuron inhibits a population that is switched off.",
    "excitation-unheld": "Recurrent excitation of 1 or more has no inhibition that holds it.",
    "step-too-coarse": "The time step is too coarse for the time constants of the circuit.",
}

STIMULI = {
    "stimulus-name": "A stimulus gives files their names, and cannot have this one.",
    "stimulus-duration": "The duration of a stimulus is not a whole number of ticks, at least one, or is too long.",
    "stimulus-too-large": "The stimulus, or what a run on it would record, has more values than are held at once.",
    "stimulus-channels": "A drive has another number of channels than the input.",
    "stimuli-without-answer": "None of the stimuli has a label or something to hold, so that nothing can be judged.",
    "input-unknown": "The circuit has no input of this name.",
    "input-missing": "The stimulus says nothing of an input of the circuit.",
    "times-disordered": "Times that should follow each other do not, or lie outside of the stimulus.",
    "drive-too-large": "A drive holds a value that is larger than any circuit is computed with.",
}

PROGRAMS = {
    "program-unclear": "A file should hold one cortical program, and holds none or several.",
    "machine-name-unknown": "A state or symbol is named that the machine does not have.",
    "machine-not-deterministic": "A state has several next states for one symbol.",
    "machine-too-large": "The machine has more states, symbols or entries than are built.",
    "machine-too-small": "The machine, or every order of a sequence, has one state alone and nothing to remember.",
    "machine-missing": "The artifact was not compiled from a state machine or a sequence.",
    "transitions-missing": "The table of transitions has gaps, and nothing says what happens there.",
    "state-unreachable": "No sequence of symbols leads from the start to a state.",
    "outputs-unclear": "Outputs are empty, or mix those of states with those of transitions.",
    "pulse-too-short": "A pulse or gap is shorter than the circuit needs to take a symbol.",
    "latch-unsettled": "A transition of the machine's latch does not settle at this step and time constant.",
    "symbols-missing": "A stimulus of a state machine holds no symbol.",
    "symbols-too-close": "Symbols follow each other faster than a state can be read.",
}
