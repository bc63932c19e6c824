"""Says what the ids of paths, files, checkpoints and images mean."""

PATHS = {
    "path-impossible": "No file can have this name: it holds a NUL, is not UTF-8, or is too long.",
    "path-loop": "A symbolic link leads to itself, so that nothing can be written through it.",
    "path-holds-working-folder": "The output would replace the directory in which the command was started.",
    "path-unwritable": "The system refuses to write here; the message says why.",
    "folder-missing": "A file is to be written into a folder that does not exist.",
    "file-exists": "A file stands where a new one is to be begun; it is not replaced.",
    "not-a-folder": "A folder is needed, and something else stands at this path.",
    "folder-not-ours": "The output folder holds what neurocmc did not write. It is never deleted or mixed with ours.",
    "output-suffix-unknown": "The suffix of an output file names its form, and no form has this one.",
}

FILES = {
    "file-missing": "There is no file at this path.",
    "file-unreadable": "A file is there, or may be, and the system does not let it be read.",
    "not-a-regular-file": "A directory, pipe, device or file of the kernel stands where a regular file is needed.",
    "file-empty": "The file holds nothing.",
    "file-too-large": "The file, or what it unpacks to, is larger than such a file can sensibly be.",
    "file-grew": "The file was written while it was read.",
    "file-damaged": "The content was cut short or altered: its length or check sum is not as it should be.",
    "format-version": "The file says that it is of a format or version that this neurocmc does not read.",
    "library-missing": "What was asked for needs a library that is not installed; the cure says what brings it.",
    "ffmpeg-missing": "A film in mp4 needs the program ffmpeg, which is not on this machine.",
    "installation-incomplete": "Folders that come with neurocmc are not where they were installed.",
    "model-unknown": "No file has this name, and nothing that ships with neurocmc is called so.",
    "bundled-file-missing": "No file of this name comes with neurocmc.",
    "memory-short": "The machine has less memory than this takes.",
    "system-refused": "The system refused something that every command needs, such as space on the disk.",
    "defect": "neurocmc failed in a way that no input should be able to cause. Exit code 3.",
    "more-faults": "Only the first faults are shown; this line counts the rest.",
}

CHECKPOINTS = {
    "archive-unreadable": "The file is not a zip archive as torch.save writes it, or torch cannot load it.",
    "pickle-unsafe": "The file holds pickled objects, which can run any code when they are read. It is not opened.",
    "pickle-too-large": "The pickle of the archive, or a text in it, is larger than that of any checkpoint.",
    "entry-not-a-dict": "An entry that should be a dict is something else.",
    "entries-missing": "The checkpoint lacks entries that its family has.",
    "entries-unknown": "The checkpoint has entries that its family does not have.",
    "family-unknown": "The family of circuits that is named is none that neurocmc trains.",
    "recipe-other-family": "The recipe inside a checkpoint is of another family than the checkpoint.",
    "recipe-not-plain": "The recipe inside a checkpoint holds more than plain values, or far too many.",
    "tensor-type": "A parameter is no dense tensor of the type that its model has.",
    "tensor-shape": "A parameter has another shape than its model.",
    "swta-strength-negative": "A strength of a winner-take-all is below 0.",
    "swta-unstable": "Self-excitation of a winner-take-all is at its stability bound or above.",
    "circuit-without-dynamics": "The checkpoint is of a model without dynamics: there is nothing to compile.",
    "module-not-recognised": "A torch module computes no step of a rate network, or is no readout of one.",
    "parameter-unused": "A parameter of a torch module has no effect on what it is taken for.",
    "published-state-missing": "A dict was read that is no state dict of the published model.",
    "published-images-missing": "A published checkpoint does not say which images drive it, and none were named.",
    "published-images-channels": "The images that were named have another number of channels than the model takes.",
    "published-inputs-differ": "Inputs of a stimulus give a cell several pulses, where the published code has one.",
    "published-state-clamped": "Images drive a state where the published code clamps it, which a circuit does not.",
    "variance-negative": "A variance of a normalisation is below 0.",
    "filter-unstable": "A time constant makes a filter grow without bound, or alternate from step to step.",
    "filter-still": "A time constant or a rate makes a filter stand still.",
}

IMAGES = {
    "task-unknown": "No task, or set of images, has this name.",
    "images-missing": "Files of a set of images are not where they should be.",
    "images-unlike": "Files of images and labels, or of training and test, do not belong to one data set.",
    "images-too-few": "There are too few images, or classes with images, for what was asked.",
    "image-size": "The images have more pixels than are read, or none.",
    "idx-unlike": "The file is not an IDX file of unsigned bytes with the dimensions that are needed.",
    "study-recipe": "A study names a combination for which there is no recipe.",
    "study-other-recipe": "The output folder holds a result of another recipe than the study's is now.",
    "study-file-wrong": "A file in the folder of a study is not what the study wrote.",
}

TRAINING = {
    "resume-nothing": "There is no kept state of a training to go on with.",
    "resume-other-training": "The kept state is of a training with another recipe, seed, data or version.",
    "resume-state-damaged": "The kept state of a training does not hold what such a state holds.",
    "recipe-unlike-images": "The recipe is for images of other channels, classes or sizes than the task has.",
}
