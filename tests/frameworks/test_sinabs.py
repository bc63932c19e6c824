"""sinabs 3.1.3 against our interpreter: a convolutional network, several spikes of a neuron in a tick."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.ir.neurons.semantics import Precision
from neurocmc.sim.neurons import decisions
from tests.frameworks.by_hand import sinabs_network
from tests.frameworks.runs import differing, driven, record, run, simulated

pytestmark = pytest.mark.slow  # trains once: about ten seconds

NONE = {"conv1": 0, "conv2": 0, "output": 0}


@pytest.mark.parametrize(("precision", "file"), [("float32", "record.npz"), ("float64", "record64.npz")])
def test_every_spike_is_its_own(precision: Precision, file: str) -> None:
    folder = driven("sinabs_driver")
    theirs = record(folder / file)
    network = sinabs_network(folder / "graph.nir", precision)
    ours = simulated(network, theirs)
    assert theirs["spikes/conv2"].max() > 1
    assert differing(ours, theirs) == NONE
    assert np.array_equal(decisions(network, ours)["answer"], theirs["predictions"])
    assert theirs["accuracy"] >= 0.88


def test_the_plain_runner_records_the_same(tmp_path: Path) -> None:
    folder, out = driven("sinabs_driver"), tmp_path / "out.npz"
    run("run_graph", "sinabs", *map(str, (folder / "graph.nir", folder / "record.npz", out)))
    theirs = record(folder / "record.npz")
    for ours, node in (("conv1", "1"), ("conv2", "4"), ("output", "7")):
        assert np.array_equal(record(out)[f"spikes/{node}"], theirs[f"spikes/{ours}"])
