"""The guides of docs/extending.md: what they show is run here, and every file that they include is one of these."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import load_target
from tests.conformance.circuits import row
from tests.extending.prune import Prune

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDE = REPOSITORY / "docs" / "extending.md"
RUN_HERE = {  # file of the guide -> the test that runs it
    "tests/extending/prune.py": "test_a_pass_is_a_pure_function_of_a_level",
    "tests/extending/fixpoint/fixpoint.py": "test_family",
    "tests/extending/fixpoint/fixpoint.yaml": "test_family",
    "tests/extending/fixpoint/weights.py": "test_family",
    "examples/circuit.yaml": "tests/test_examples.py",
    "examples/by_hand.py": "tests/test_examples.py",
}


def test_every_file_of_the_guide_is_run() -> None:
    included = {
        (GUIDE.parent / path).resolve().relative_to(REPOSITORY).as_posix()
        for path in re.findall(r"\{literalinclude\} (\S+)", GUIDE.read_text(encoding="utf-8"))
    }
    assert included == set(RUN_HERE)


def test_a_pass_is_a_pure_function_of_a_level() -> None:
    circuit, target = row("recurrent").circuit, load_target("loihi1")
    weak = replace(circuit.projections[0], weight=circuit.projections[0].weight + 0.001)
    given = replace(circuit, projections=(weak, *circuit.projections[1:]))
    pruned = Prune(share=0.01).run(given, target)
    assert (given.projections[0].weight != 0).all()
    assert np.array_equal(pruned.projections[0].weight != 0, np.eye(2, dtype=bool))
    assert lower(pruned, row("recurrent").stimuli, target, CompileOptions(neurons=8)).certificate is not None
    with pytest.raises(InfeasibleError) as refused:
        Prune(share=2.0).run(given, target)
    assert refused.value.problems[0].id == "x-prune-cut-off"
