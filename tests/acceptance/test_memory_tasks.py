"""Trained working memory, compiled: as right as the rate circuit after a delay of ten time constants.

Fewer trials than in docs/working-memory-tasks.md, whose tables `python -m tests.acceptance.memory_tables` measures.
"""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.resources import resource_path
from neurocmc.frontends.checkpoint import read_checkpoint
from neurocmc.frontends.memory_checkpoint import LoadedMemory
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from tests.acceptance.memory_tables import NEURONS, answers

LEAST_ACCURACY, LARGEST_DROP = 0.97, 0.01
LONGEST_TAU = 10.0
TRIALS = {"emulator": 300, "brian2": 60}


@pytest.mark.parametrize("task", ["delayed-match", "context-integration"])
def test_ten_time_constants_later_the_chip_is_as_right_as_the_circuit(task: str, tmp_path: Path) -> None:
    path = resource_path(f"models/{task}.pt")
    loaded = read_checkpoint(path)
    assert isinstance(loaded, LoadedMemory)
    assert max(projection.tau_s for projection in loaded.circuit.projections) * LONGEST_TAU == pytest.approx(0.2)
    artifact = compile_model(path, "loihi1", tmp_path / "build", CompileOptions(neurons=NEURONS, figures=False))
    for on in ("emulator", "brian2"):
        stimulus = loaded.test_stimulus(LONGEST_TAU, TRIALS[on])
        right = np.mean(answers(artifact, "rate", stimulus) == stimulus.labels)
        kept = np.mean(answers(artifact, on, stimulus) == stimulus.labels)
        print(f"\n    {task} on {on}: {100 * right:.1f} % to {100 * kept:.1f} % of {stimulus.batch} trials", end="")
        assert right >= LEAST_ACCURACY
        assert right - kept <= LARGEST_DROP
