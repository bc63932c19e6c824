"""sinabs 3.1.3 against our interpreter: a convolutional network, several spikes of a neuron in a tick."""

from pathlib import Path

import nir
import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.ir.neurons.semantics import Precision
from neurocmc.sim.neurons import decisions
from tests.frameworks.by_hand import sinabs_network
from tests.frameworks.runs import differing, driven, record, run, simulated
from tests.frontends.nir.graphs import entry, output, write

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


def test_in_single_precision_sinabs_has_other_spikes_in_another_batch(tmp_path: Path) -> None:
    """Four neurons behind a convolution: torch adds the bias first to one trial, and last to two.

    So no order of ours has every one of its spikes, and those in double precision are what is held above.
    """
    weight, first, last = unlike_sums()
    conv = nir.Conv2d(
        input_shape=(4, 4),
        weight=weight[1:].reshape(1, 1, 3, 3),
        stride=(1, 1),
        padding=(0, 0),
        dilation=(1, 1),
        groups=1,
        bias=weight[:1],
    )
    one = np.ones((1, 2, 2), np.float32)
    fires = nir.IF(r=one, v_threshold=max(first, last) * one, v_reset=0 * one)
    graph = tmp_path / "graph.nir"
    write(graph, {"input": entry(1, 4, 4), "conv": conv, "fires": fires, "output": output(1, 2, 2)})
    for trials, spikes in ((1, first >= last), (2, last >= first)):
        shown, out = tmp_path / "shown.npz", tmp_path / "out.npz"
        np.savez(shown, input=np.ones((trials, 1, 16), np.float32))
        run("run_graph", "sinabs", *map(str, (graph, shown, out)))
        assert record(out)["spikes/fires"].sum() == 4 * trials * int(spikes)


def unlike_sums() -> tuple[NDArray[np.float32], np.float32, np.float32]:
    """A bias and nine weights, their sum from the first on, and with the bias last, which is another."""
    generator = np.random.default_rng(0)
    while True:
        terms = np.abs(generator.normal(size=10)).astype(np.float32)
        first, last = (np.add.accumulate(each)[-1] for each in (terms, np.roll(terms, -1)))
        if first != last:
            return terms, first, last
