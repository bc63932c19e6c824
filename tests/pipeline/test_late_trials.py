"""A trial that no program file holds is refused all the same when it asks too much of an input."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.backends.loihi.emit import TRIALS_EMITTED
from neurocmc.common.errors import InputError
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import Model, StimulusSet
from neurocmc.pipeline.options import CompileOptions
from tests.conformance.circuits import row


def test_a_late_trial_beyond_the_inputs_is_refused_by_compile(tmp_path: Path) -> None:
    taken = row("relu")
    trials = TRIALS_EMITTED + 2
    values = np.full((trials, 1, 2), 0.2)
    values[-1] = 1e6
    late = Stimulus(
        name="late", duration_s=0.1, edges_s=np.zeros(1), values={"drive": values}, labels=np.full(trials, -1)
    )
    model = Model(
        path=tmp_path / "circuit.yaml",
        circuit=taken.circuit,
        facts={},
        read_stimuli=lambda: StimulusSet(calibration=taken.stimuli, test=(late,)),
        reference=None,
    )
    with pytest.raises(InputError) as refused:
        compile_model(model, "loihi1", tmp_path / "build", CompileOptions(neurons=8, source=False, figures=False))
    assert "late" in str(refused.value)
    assert not (tmp_path / "build").exists()
