"""Says what the ids of paths, files, checkpoints and images mean."""

PATHS = {
    "path-impossible": "No file can have this name: it holds a NUL character, is not UTF-8, or is too long.",
    "path-loop": "A symbolic link leads to itself, so nothing can be written through it.",
    "path-holds-working-folder": "The output would replace the directory in which the command was started.",
    "path-unwritable": "The system refuses to write here; the message says why.",
    "folder-missing": "The folder of the output file does not exist.",
    "file-exists": "A new file was to be written here, but a file exists already. It is not overwritten.",
    "not-a-folder": "A folder is needed, and this path is something else.",
    "folder-not-ours": (
        "The output folder holds files that neurocmc did not write. neurocmc neither deletes "
        "them nor adds files to them."
    ),
    "output-suffix-unknown": "The suffix of an output file tells its format, and this suffix is unknown.",
}

FILES = {
    "file-missing": "There is no file at this path.",
    "file-unreadable": "The system does not allow this file to be read.",
    "not-a-regular-file": "A regular file is needed, and this is a directory, pipe, device or file of the kernel.",
    "file-empty": "The file is empty.",
    "file-too-large": "The file, or its unpacked content, is larger than the limit for its kind.",
    "file-grew": "The file grew while neurocmc read it.",
    "file-damaged": "The content was cut short or altered: its length or check sum is wrong.",
    "format-version": "The file has a format or version that this neurocmc does not read.",
    "library-missing": "A library that is needed here is not installed; the cure says how to install it.",
    "ffmpeg-missing": "An mp4 animation needs the program ffmpeg, which is not installed.",
    "installation-incomplete": "Folders that come with neurocmc are missing from the installation.",
    "model-unknown": "There is no file of this name, and neurocmc has no model of this name.",
    "bundled-file-missing": "No file of this name comes with neurocmc.",
    "memory-short": "The machine has less memory than this needs.",
    "system-refused": "The system refused something that every command needs, such as space on the disk.",
    "defect": "neurocmc itself failed, in a way that no input should cause. Exit code 3.",
    "more-faults": "Only the first errors are shown; this line counts the rest.",
}

CHECKPOINTS = {
    "archive-unreadable": "The file is not a zip archive as torch.save writes it, or torch cannot load it.",
    "pickle-unsafe": (
        "The file holds pickled objects, which can run any code when they are read. neurocmc does not open it."
    ),
    "pickle-too-large": "The pickle of the archive, or a text in it, is larger than in any checkpoint.",
    "entry-not-a-dict": "An entry that should be a dict is something else.",
    "entries-missing": "The checkpoint lacks entries that its family has.",
    "entries-unknown": "The checkpoint has entries that its family does not have.",
    "family-unknown": "neurocmc cannot train circuits of this family.",
    "recipe-other-family": "The recipe inside a checkpoint is of another family than the checkpoint.",
    "recipe-not-plain": "The recipe inside a checkpoint holds more than plain values, or far too many values.",
    "tensor-type": "A parameter is not a dense tensor of the type that its model needs.",
    "tensor-shape": "The shape of a parameter differs from that of its model.",
    "swta-strength-negative": "A strength of a winner-take-all is below 0.",
    "swta-unstable": "The self-excitation of a winner-take-all is at or above its stability bound.",
    "circuit-without-dynamics": "The checkpoint holds a model without dynamics, so there is nothing to compile.",
    "module-not-recognised": "A torch module does not compute a step of a rate network, or is not a readout of one.",
    "parameter-unused": "A parameter of a torch module has no effect on the step.",
    "published-state-missing": "A dict is not the state dict of the published model.",
    "published-images-missing": "A published checkpoint does not say which images drive it, and no option does.",
    "published-images-channels": "The images have another number of channels than the model.",
    "published-inputs-differ": "Inputs of a stimulus give a cell several pulses, where the published code has one.",
    "published-state-clamped": (
        "Images drive a state to values at which the published code clamps it; a circuit does not clamp."
    ),
    "variance-negative": "A variance of a normalisation is below 0.",
    "filter-unstable": "A time constant makes a filter grow without bound, or alternate from step to step.",
    "filter-still": "A time constant or a rate is such that a filter never changes.",
}

IMAGES = {
    "task-unknown": "No task, or set of images, has this name.",
    "images-missing": "Files of an image data set are missing.",
    "images-unlike": "Files of images and labels, or of training and test, do not belong to the same data set.",
    "images-too-few": "There are fewer images, or fewer classes with images, than requested.",
    "image-size": "The images have no pixels, or more pixels than the limit.",
    "idx-unlike": "The file is not an IDX file of unsigned bytes with the needed dimensions.",
    "study-recipe": "A study names a combination of settings for which there is no recipe.",
    "study-other-recipe": "The output folder holds a result that was made with another recipe.",
    "study-file-wrong": "A file in the folder of a study is not what the study wrote.",
}

TRAINING = {
    "resume-nothing": "There is no saved state of an interrupted training.",
    "resume-other-training": "The saved state belongs to a training with another recipe, seed, data or version.",
    "resume-state-damaged": "The saved state of a training is damaged or incomplete.",
    "recipe-unlike-images": "The channels, classes or size in the recipe differ from those of the images.",
}
