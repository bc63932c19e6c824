"""The certificate in an artifact, and the compilation that is refused for want of an up-state."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.loihi import keep_states, nearby_roundings
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.pipeline.certificates import certificate_edges
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import Model, StimulusSet
from neurocmc.pipeline.options import CompileOptions
from tests.made.solved_circuits import thin_memory

LOST = 1  # the first seed whose memory plain rounding makes lose an item


def made(path: Path) -> Model:
    memory = thin_memory(LOST)
    path.write_text("made in a test")
    return Model(
        path=path,
        circuit=replace(memory.circuit, origin_sha256="0" * 64),
        facts={},
        read_stimuli=lambda: StimulusSet(calibration=(memory.strong,), test=()),
        reference=None,
    )


def test_the_artifact_holds_the_certificate(tmp_path: Path) -> None:
    artifact = compile_model(
        made(tmp_path / "made.yaml"), "loihi1", tmp_path / "built", CompileOptions(figures=False)
    )
    certificate = open_artifact(artifact.directory).certificate  # computed anew, from what was written
    assert certificate.changes
    assert not certificate.lost
    written = json.loads((tmp_path / "built" / "certificate.json").read_text())
    assert written == json.loads(json.dumps(certificate.as_json()))
    edges = certificate_edges(certificate)
    assert [(edge.name, edge.value, edge.verdict) for edge in edges] == [("trained ~ rounded", 0.0, "pass")] * 2


def test_a_lost_state_is_refused_unless_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby_roundings, "CANDIDATES", 0)
    monkeypatch.setattr(keep_states, "SCALES", np.zeros(0))
    with pytest.raises(InfeasibleError, match=r"up-state x\[4\]: held at .* lost on loihi1 by every rounding tried"):
        compile_model(made(tmp_path / "made.yaml"), "loihi1", tmp_path / "refused")
    assert not (tmp_path / "refused").exists()
    options = CompileOptions(allow_lost_states=True)
    allowed = compile_model(made(tmp_path / "made.yaml"), "loihi1", tmp_path / "allowed", options)
    assert allowed.manifest["options"]["allow_lost_states"] is True
    first, *_ = certificate_edges(open_artifact(allowed.directory).certificate)
    assert (first.quantity, first.verdict) == ("up-states that rounding destroys", "miss")
