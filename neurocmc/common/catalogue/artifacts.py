"""Says what the ids of compiled artifacts mean."""

ARTIFACTS = {
    "not-an-artifact": "The path holds no manifest of an artifact.",
    "artifact-changed": "A file of the artifact is not what the compiler wrote.",
    "artifact-file-missing": "A file that the manifest or the levels of the artifact ask for is missing.",
    "artifact-file-added": "The program of the artifact holds a file that the compiler did not write.",
    "artifact-inconsistent": "The manifest contradicts the target that stands beside it.",
    "program-unreadable": "The tables of the emitted program cannot be read.",
    "source-left-out": "The artifact was compiled without its source, which this needs.",
    "verification-missing": "The artifact was not verified yet.",
    "readout-missing": "The circuit has no readout that decides, so that no trial can be right or wrong.",
    "robustness-not-for-target": "The family of the target has no model of chips with faults.",
    "fault-unfit-for-target": "Chips of the target cannot have faults of this kind.",
    "network-too-large": "The network has more synapses or compartments than its emulator holds.",
    "not-a-circuit-file": "The .npz holds no circuit.",
}
