"""A circuit is compiled to the same numbers whether its weights are held full or by their entries."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.common import matrices
from neurocmc.common.errors import InfeasibleError
from neurocmc.common.matrices import full, is_sparse
from neurocmc.ir.rate import RateCircuit
from neurocmc.pipeline.artifact import Artifact, open_artifact
from neurocmc.targets import Code
from tests.conformance.circuits import ROWS, row
from tests.conformance.table import compiled


def _matrices(artifact: Artifact) -> dict[str, Any]:
    levels = (artifact.built.staged, artifact.built.spiking, getattr(artifact.built, "integer", None))
    found: dict[str, Any] = {}
    for level in filter(None, levels):
        for part in (*level.projections, *level.inputs):
            for field in ("weight", "mantissa", "realised_gain", "lsb_per_input"):
                if hasattr(part, field):
                    found[f"{type(level).__name__}/{part.name}/{field}"] = getattr(part, field)
    return found


CODES: dict[str, Code] = {"loihi1": "feedback", "truenorth": "threshold", "brian2": "rate"}


def _anew(name: str) -> RateCircuit:
    """The circuit with its weights frozen again."""
    circuit = row(name).circuit
    return replace(
        circuit,
        projections=tuple(replace(p) for p in circuit.projections),
        inputs=tuple(replace(entry) for entry in circuit.inputs),
    )


@pytest.mark.parametrize("target", ["loihi1", "truenorth", "brian2"])
@pytest.mark.parametrize("name", ROWS)
def test_entries_alone_are_compiled_to_the_same(
    name: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, code = row(name), CODES[target]
    kept, refused = {}, ""
    try:
        kept = _matrices(compiled(taken.circuit, taken.stimuli, target, code, tmp_path / "full"))
    except InfeasibleError as error:
        refused = str(error)
    if refused:
        monkeypatch.setattr(matrices, "LEAST_SPARSE", 1)
        with pytest.raises(InfeasibleError) as again_refused:
            compiled(_anew(name), taken.stimuli, target, code, tmp_path / "sparse")
        assert str(again_refused.value) == refused
        return
    monkeypatch.setattr(matrices, "LEAST_SPARSE", 1)
    again = compiled(_anew(name), taken.stimuli, target, code, tmp_path / "sparse")
    held = _matrices(again)
    assert held.keys() == kept.keys()
    for key, matrix in held.items():
        np.testing.assert_array_equal(full(matrix), kept[key], err_msg=key)
    assert _matrices(open_artifact(again.directory)).keys() == kept.keys()  # they are read back
    if any(np.count_nonzero(matrix) < matrix.size / 2 for matrix in kept.values()):
        assert any(is_sparse(matrix) for matrix in held.values())
