"""Make models/digits-snntorch.nir and .npz: what snnTorch trained and exported, and the spikes it recorded.

    python -m tests.made.spiking_files

needs the environment of the frameworks (`make spiking`), in which the driver of tests/frameworks trains for seconds.
"""

import shutil

import numpy as np

from neurocmc.common.files import write_npz
from tests.frameworks.runs import driven, record
from tests.lava_environment import ROOT

MODEL = ROOT / "models" / "digits-snntorch"
RECORDED = {"hidden.lif": "hidden", "out": "output"}  # population -> what the driver calls it


def main() -> None:
    """Write both files beside the other models."""
    folder = driven("snntorch_driver", "--reset", "zero")
    found = record(folder / "record.npz")
    shutil.copyfile(folder / "graph.nir", MODEL.with_suffix(".nir"))
    arrays = {f"recorded/{name}": found[f"spikes/{of}"] for name, of in RECORDED.items()}
    named = {"name": np.array("test-digits"), "spikes": found["input"], "labels": found["labels"]}
    write_npz(MODEL.with_suffix(".npz"), {**named, **arrays})


if __name__ == "__main__":
    main()
