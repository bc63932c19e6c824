"""Norse 1.1.0 against our interpreter: a recurrent graph that it trained, and ran from its file on 500 digits."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.ir.neurons.semantics import Precision, Reset
from neurocmc.sim.neurons import decisions
from tests.frameworks.by_hand import norse_network, snntorch_network
from tests.frameworks.runs import differing, driven, record, run, simulated

pytestmark = pytest.mark.slow  # trains once: about ten seconds

DT_S = 1e-3
NODES = {"hidden": "hidden.lif", "output": "out"}


@pytest.mark.parametrize(("precision", "file"), [("float32", "record.npz"), ("float64", "record64.npz")])
def test_every_spike_is_its_own(precision: Precision, file: str) -> None:
    folder = driven("norse_driver")
    theirs = record(folder / file)
    network = norse_network(folder / "graph.nir", DT_S, precision)
    ours = simulated(network, theirs)
    assert differing(ours, theirs) == {"hidden": 0, "output": 0}
    assert np.array_equal(decisions(network, ours)["answer"], theirs["predictions"])
    assert theirs["accuracy"] >= 0.9


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_it_runs_a_graph_of_snntorch_as_we_do_under_its_rules(tmp_path: Path, reset: Reset) -> None:
    folder, out = driven("snntorch_driver", "--reset", "zero"), tmp_path / "out.npz"
    graph = folder / "graph.nir"
    run("run_graph", "norse", str(graph), str(folder / "record.npz"), str(out), "--dt", "1e-4", "--reset", reset)
    theirs = record(folder / "record.npz")
    assert differing(simulated(norse_network(graph, 1e-4, reset=reset), theirs), record(out), NODES) == {
        "hidden": 0,
        "output": 0,
    }
    assert differing(simulated(snntorch_network(graph, "zero"), theirs), record(out), NODES)["hidden"] > 10_000
