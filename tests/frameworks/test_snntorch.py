"""snnTorch 1.0.0 against our interpreter: a recurrent network that it trained, exported and ran on 500 digits."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.ir.neurons.semantics import Precision, Reset
from neurocmc.sim.neurons import decisions
from tests.frameworks.by_hand import snntorch_network
from tests.frameworks.runs import differing, driven, record, run, simulated

pytestmark = pytest.mark.slow  # trains once: about ten seconds a network

PRECISIONS: tuple[tuple[Precision, str], ...] = (("float32", "record.npz"), ("float64", "record64.npz"))
NONE = {"hidden": 0, "output": 0}


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize(("precision", "file"), PRECISIONS)
def test_every_spike_is_its_own(reset: Reset, precision: Precision, file: str) -> None:
    folder = driven("snntorch_driver", "--reset", reset)
    theirs = record(folder / file)
    network = snntorch_network(folder / "graph.nir", reset, precision)
    ours = simulated(network, theirs)
    assert differing(ours, theirs) == NONE
    assert np.array_equal(decisions(network, ours)["answer"], theirs["predictions"])
    assert theirs["accuracy"] >= 0.9


def test_its_reset_at_once_is_another_network() -> None:
    folder = driven("snntorch_driver", "--reset", "zero")
    theirs = record(folder / "record.npz")
    other = snntorch_network(folder / "graph.nir", "subtract")
    assert differing(simulated(other, theirs), theirs)["hidden"] > 10_000


def test_a_network_trained_with_subtraction_learns_to_reset_to_zero() -> None:
    folder = driven("snntorch_driver", "--fine-tune")
    theirs = record(folder / "record.npz")
    assert theirs["accuracy_before"] >= 0.9
    assert theirs["accuracy_swapped"] < theirs["accuracy_before"] - 0.02
    # Training does not end alike on every machine: 92.7 to 91.2 % were seen, where swapping alone leaves under 90.
    assert theirs["accuracy"] >= theirs["accuracy_before"] - 0.025
    assert theirs["accuracy"] > theirs["accuracy_swapped"]
    assert differing(simulated(snntorch_network(folder / "graph.nir", "zero"), theirs), theirs) == NONE


def test_it_cannot_run_its_own_recurrent_graph(tmp_path: Path) -> None:
    folder = driven("snntorch_driver", "--reset", "zero")
    with pytest.raises(RuntimeError, match=r"snntorch cannot run graph\.nir"):
        run("run_graph", "snntorch", *map(str, (folder / "graph.nir", folder / "record.npz", tmp_path / "out.npz")))
