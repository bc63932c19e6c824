"""Names the files of an emitted program, the same for every chip and simulator that has such a file."""

RUN_FILE = "run.py"
README_FILE = "README.md"
NETWORK_FILE = "network.npz"
NETX_FILE = "network.net"
CORELETS_FILE = "corelets.json"
SCHEMA_FILE = "corelets.schema.json"  # the form of CORELETS_FILE
RANC_FOLDER = "ranc"
RANC_CONFIG_FILE = "config.json"  # in RANC_FOLDER
TRIALS_EMITTED = 4  # of each stimulus


def stimulus_file(name: str) -> str:
    """Returns the file that holds what the host sends of the stimulus of that name."""
    return f"stimulus-{name}.npz"


def ranc_file(name: str) -> str:
    """Returns the file in RANC_FOLDER that holds the cores with the first trial of a stimulus."""
    return f"{name}.json"
