"""Says what the ids of compiled artifacts mean."""

ARTIFACTS = {
    "not-an-artifact": "The path holds no manifest of an artifact.",
    "artifact-changed": "A file of the artifact is not what the compiler wrote.",
    "artifact-file-missing": "A file that the manifest or the levels of the artifact ask for is missing.",
    "artifact-file-added": "The program of the artifact holds a file that the compiler did not write.",
    "artifact-inconsistent": "The manifest contradicts the target or the levels stored next to it.",
    "program-unreadable": "The tables of the emitted program cannot be read.",
    "source-left-out": "The artifact was compiled without a copy of its model, which is needed here.",
    "verification-missing": "The artifact was not verified yet.",
    "readout-missing": "The circuit has no readout that decides, so no trial can be correct or wrong.",
    "robustness-not-for-target": "neurocmc has no model of faulty chips for the family of the target.",
    "fault-unfit-for-target": "Chips of the target cannot have faults of this kind.",
    "network-too-large": "The network has more synapses or compartments than its emulator can hold.",
    "not-a-circuit-file": "The .npz file holds no circuit.",
}
