"""What our reader makes of the files that frameworks wrote has every spike of what they ran, with nothing by hand."""

from typing import Any

import numpy as np
import pytest

from neurocmc.frontends.nir.read import read_nir
from neurocmc.sim.neurons import decisions
from tests.frameworks.runs import differing, driven, record, simulated

pytestmark = pytest.mark.slow  # trains once: about ten seconds a network

RECURRENT = {"hidden.lif": "hidden", "out": "output"}
CONVOLUTIONAL = {"1": "conv1", "4": "conv2", "7": "output"}
CASES: list[tuple[tuple[str, ...], dict[str, Any], dict[str, str]]] = [
    (("snntorch_driver", "--reset", "zero"), {"semantics": "snntorch-1", "reset": "zero"}, RECURRENT),
    (("snntorch_driver", "--reset", "subtract"), {"semantics": "snntorch-1", "reset": "subtract"}, RECURRENT),
    (("snntorch_driver", "--fine-tune"), {"semantics": "snntorch-1", "reset": "zero"}, RECURRENT),
    (("norse_driver",), {"semantics": "norse", "dt_s": 1e-3}, RECURRENT),
    (("sinabs_driver",), {"semantics": "sinabs"}, CONVOLUTIONAL),
]


@pytest.mark.parametrize(("program", "options", "names"), CASES, ids=lambda value: "-".join(value)[:40])
def test_every_spike_is_its_own(program: tuple[str, ...], options: dict[str, Any], names: dict[str, str]) -> None:
    folder = driven(*program)
    theirs, network = record(folder / "record.npz"), read_nir(folder / "graph.nir", **options).network
    ours = simulated(network, theirs)
    assert differing(ours, theirs, names) == dict.fromkeys(names, 0)
    (answers,) = decisions(network, ours).values()
    assert np.array_equal(answers, theirs["predictions"])
