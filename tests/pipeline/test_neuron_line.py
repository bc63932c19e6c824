"""The line of networks that spike already, from a file of NIR or arrays to files, verdicts and recordings."""

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nir import IF, Conv2d

import neurocmc
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import save_events
from neurocmc.passes.loihi.scale_neurons import ScaleNeurons
from neurocmc.pipeline.neurons import compile as compile_neurons
from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any
from neurocmc.pipeline.neurons.model import surrogate
from neurocmc.pipeline.neurons.simulate import simulate_network
from neurocmc.pipeline.neurons.verify import NeuronVerification
from tests.cli.running import listing
from tests.frontends.nir.graphs import entry, output, write
from tests.lava_environment import lava_python
from tests.made.looping_neurons import CHANNELS, FIRST, SECOND, TICKS, recurrent_nir, stimulus

RULES: dict[str, Any] = {"semantics": "snntorch-1", "reset": "zero"}
EVENTS = stimulus()


@pytest.fixture(scope="module")
def nir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nir") / "net.nir"
    recurrent_nir(path)
    return path


@pytest.fixture(scope="module")
def compiled(nir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact that nothing writes into, whose reset is exchanged."""
    build = tmp_path_factory.mktemp("compiled") / "build"
    model = neurocmc.from_nir(nir, events=EVENTS, **RULES | {"reset": "subtract"})
    neurocmc.compile(model, "loihi1", build, figures=False)
    return build


@pytest.fixture
def build(compiled: Path, tmp_path: Path) -> Path:
    """A copy, for what writes into it."""
    return Path(shutil.copytree(compiled, tmp_path / "build"))


def opened(directory: Path) -> NeuronArtifact:
    artifact = open_any(directory)
    assert isinstance(artifact, NeuronArtifact)
    return artifact


def refused(call: Callable[..., Any], *arguments: Any, **more: Any) -> list[str]:
    with pytest.raises((InputError, InfeasibleError)) as caught:
        call(*arguments, **more)
    return [problem.id for problem in caught.value.problems]


def verified(artifact: Any, **options: Any) -> NeuronVerification:
    found: Any = neurocmc.verify(artifact, figures=False, **options)
    return found


def ran(artifact: Any, on: str, stimulus: Any = None) -> NeuronRecording:
    return simulate_network(artifact, on, stimulus)


def test_an_artifact_holds_every_stage_and_the_source(compiled: Path, nir: Path) -> None:
    artifact = opened(compiled)
    levels = ("10-neurons", "20-fitted", "30-integer", "31-registers", "40-chip")
    assert {f"ir/{level}.json" for level in levels} <= artifact.manifest["files"].keys()
    assert (compiled / "network.nir").read_bytes() == nir.read_bytes()
    assert repr(artifact) == f"<NeuronArtifact {compiled}: net for loihi1, 13 neurons>"
    assert artifact.given is not None
    assert artifact.fitted is not None
    assert artifact.given is not artifact.fitted
    assert [p.reset for p in artifact.given.populations] == ["subtract"] * 2
    assert [p.reset for p in artifact.fitted.populations] == ["zero"] * 2
    assert len(artifact.manifest["exchanged"]) == 2
    assert dict(artifact.built.sizes) == {"lif1": FIRST, "lif2": SECOND}
    assert artifact.calibration.batch == artifact.test.batch == 4
    assert artifact.budget.cores_used == 1
    assert artifact.built.facts.tried  # pyright: ignore[reportAttributeAccessIssue]


def test_verify_walks_every_edge_and_writes_them(build: Path) -> None:
    result = verified(opened(build))
    names = list(dict.fromkeys(edge.name for edge in result.edges))
    assert names == [
        "float ~ fitted",
        "fitted ~ emulator",
        "emulator == compartments",
        "emulator ~ emitted",
        "emulator == Lava",
    ]
    verdicts = {edge.name: edge.verdict for edge in result.edges if "==" in edge.name or "emitted" in edge.name}
    assert verdicts == {
        "emulator == compartments": "pass",
        "emulator ~ emitted": "pass",
        "emulator == Lava": "not run",
    }
    quantities = [edge.quantity for edge in result.edges if edge.name == "fitted ~ emulator"]
    assert quantities == [
        "decisions of output that agree",
        "accuracy of output that is lost",
        "NRMSE of spike counts",
    ]
    assert all(edge.verdict == "pass" for edge in result.edges if edge.name == "fitted ~ emulator")
    missed = [edge for edge in result.edges if edge.verdict == "miss"]
    assert all("fine-tuning" in edge.cure for edge in missed)
    assert result.passed is not missed
    written = json.loads((build / "verify.json").read_text())
    assert written["format"] == "neurocmc-neuron-verification"
    assert written["passed"] is result.passed
    assert [edge["name"] for edge in written["edges"]] == [edge.name for edge in result.edges]
    page = (build / "report.html").read_text()
    sections = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    for section in ("What was compiled", "What became something else on the chip", "Registers", "Budget", "Losses"):
        assert section in sections
    assert "fitted ~ emulator" in page
    assert opened(build).budget.cores_used == 1
    verified(opened(build))  # again, on what it has written itself


def test_the_chips_own_reset_leaves_only_the_integers_to_judge(nir: Path, tmp_path: Path) -> None:
    artifact = neurocmc.compile(
        neurocmc.from_nir(nir, events=EVENTS, **RULES), "loihi1", tmp_path / "build", figures=False
    )
    result = verified(artifact, samples=2)
    assert {edge.name for edge in result.edges if "~" in edge.name} == {"float ~ emulator", "emulator ~ emitted"}
    assert result.passed
    assert not (tmp_path / "build" / "ir" / "20-fitted.json").exists()
    assert json.loads((tmp_path / "build" / "verify.json").read_text())["samples"] == 2


def test_every_interpreter_runs(compiled: Path) -> None:
    artifact = opened(compiled)
    recordings = {on: ran(artifact, on) for on in ("float", "fitted", "emulator")}
    for on, recording in recordings.items():
        assert (recording.level, recording.batch, recording.ticks) == (on, 4, TICKS)
        assert dict(recording.sizes) == {"lif1": FIRST, "lif2": SECOND}
        assert recording.total > 100
    assert refused(ran, artifact, "rate") == refused(ran, artifact, "brian2") == ["interpreter-unfit"]
    assert refused(neurocmc.simulate, artifact, samples=0) == ["number-out-of-range"]
    assert refused(ran, artifact, "emulator", "other") == ["stimulus-unknown"]
    few: Any = neurocmc.simulate(artifact, samples=2)
    assert few.batch == 2


@pytest.mark.lava
def test_lava_spikes_as_the_emulator_does(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(lava_python()))
    artifact = opened(compiled)
    ours, theirs = ran(artifact, "emulator"), ran(artifact, "lava")
    assert theirs.level == "lava"
    assert [ours.spikes[name].differing(theirs.spikes[name]).total for name in ours.spikes] == [0, 0]


def test_other_stimuli_are_run_from_files_and_from_python(compiled: Path, tmp_path: Path) -> None:
    artifact = opened(compiled)
    other = stimulus(5, trials=2, ticks=30)
    save_events(other, tmp_path / "other.npz")
    ours, theirs = ran(artifact, "emulator", other), ran(artifact, "emulator", tmp_path / "other.npz")
    assert ours.total == theirs.total > 0
    assert (ours.batch, ours.ticks) == (2, 30)
    wide = EventStimulus.of_dense("wide", np.ones((1, 3, CHANNELS + 1), dtype=int))
    assert refused(ran, artifact, "emulator", wide) == ["index-beyond-range"]
    assert refused(ran, artifact, "emulator", tmp_path / "none.npz") == ["file-missing"]


def test_the_same_network_gives_the_same_bytes(nir: Path, compiled: Path, tmp_path: Path) -> None:
    model = neurocmc.from_nir(nir, events=EVENTS, **RULES | {"reset": "subtract"})
    neurocmc.compile(model, "loihi1", tmp_path / "again", figures=False)
    ours, theirs = listing(compiled), listing(tmp_path / "again")
    for files in (ours, theirs):
        del files["timings.json"], files["manifest.json"]  # which has its hash
    assert ours == theirs


def test_more_neurons_than_compartments_are_refused_before_scales_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conv = Conv2d((363, 362), np.ones((1, 1, 1, 1), np.float32), (1, 1), (0, 0), (1, 1), 1, np.zeros(1, np.float32))
    fires = IF(r=np.ones((1, 363, 362)), v_threshold=np.ones((1, 363, 362)))
    write(tmp_path / "wide.nir", {"in": entry(1, 363, 362), "conv": conv, "if": fires, "out": output(1, 363, 362)})
    model = neurocmc.from_nir(tmp_path / "wide.nir", semantics="sinabs")
    monkeypatch.setattr(ScaleNeurons, "run", lambda *_: pytest.fail("scales were tried"))
    monkeypatch.setattr(compile_neurons, "with_what_holds", lambda refusal, *_: refusal)  # which compiles for others
    with pytest.raises(InfeasibleError, match=r"network wide: 131,406 neurons, limit 131,072 compartments on loihi1"):
        neurocmc.compile(model, "loihi1", tmp_path / "build", figures=False)
    assert not (tmp_path / "build").exists()


def test_what_was_changed_by_a_byte_is_refused(build: Path) -> None:
    for name in opened(build).manifest["files"]:
        path = build / name
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        assert refused(open_any, build) == ["artifact-changed"], name
        path.write_bytes(content)
    (build / "program" / "os.py").write_text("")
    assert refused(neurocmc.verify, opened(build)) == ["artifact-file-added"]


def test_levels_and_program_must_belong_together(build: Path, nir: Path, tmp_path: Path) -> None:
    """Files with right hashes, of another compilation."""
    model = neurocmc.from_nir(nir, events=stimulus(1), **RULES)
    neurocmc.compile(model, "loihi1", tmp_path / "other", figures=False, weights="one")
    shutil.copy(tmp_path / "other/program/network.npz", build / "program/network.npz")
    manifest = json.loads((build / "manifest.json").read_text())
    other = json.loads((tmp_path / "other/manifest.json").read_text())
    manifest["files"]["program/network.npz"] = other["files"]["program/network.npz"]
    (build / "manifest.json").write_text(json.dumps(manifest))
    assert refused(neurocmc.verify, opened(build)) == ["artifact-changed"]


def edited(build: Path, name: str, rename: dict[str, str]) -> Path:
    """An artifact in which parts of one file were changed, with right hashes."""
    path = build / name
    text = path.read_text()
    for before, after in rename.items():
        text = text.replace(before, after)
    path.write_text(text)
    manifest = json.loads((build / "manifest.json").read_text())
    manifest["files"][name] = sha256(path.read_bytes()).hexdigest()
    (build / "manifest.json").write_text(json.dumps(manifest))
    return build


def test_a_damaged_budget_is_refused_before_anything_is_written(build: Path) -> None:
    artifact = opened(edited(build, "budget.json", {'"cores"': '"core"'}))
    before = listing(build)
    assert set(refused(verified, artifact)) == {"field-wrong"}
    assert listing(build) == before


@pytest.mark.parametrize(
    ("stem", "rename"),
    [
        ("10-neurons", {'"lif2"': '"other"'}),
        ("20-fitted", {'"lif2"': '"other"'}),
        ("10-neurons", {'"name": "input"': '"name": "other"', '"source": "input"': '"source": "other"'}),
        ("30-integer", {'"name": "input"': '"name": "other"', '"input": "input"': '"input": "other"'}),
    ],
)
def test_levels_of_different_networks_are_refused(build: Path, stem: str, rename: dict[str, str]) -> None:
    artifact = opened(edited(build, f"ir/{stem}.json", rename))
    assert refused(ran, artifact, "emulator") == refused(verified, artifact) == ["artifact-inconsistent"]


def test_options_are_taken_and_told(nir: Path, tmp_path: Path) -> None:
    model = neurocmc.from_nir(nir, events=EVENTS, **RULES)
    built = neurocmc.compile(model, "loihi1", tmp_path / "build", figures=False, source=False, weights="one")
    assert not (tmp_path / "build" / "network.nir").exists()
    assert built.manifest["source"] is None
    assert built.manifest["options"] == {"weights": "one"}
    assert "given" in built.manifest["weights_reason"]
    assert verified(built).edges[0].name == "float ~ emulator"
    assert set(refused(neurocmc.compile, model, "truenorth", tmp_path / "no")) == {"network-unfit-for-target"}
    assert not (tmp_path / "no").exists()


def test_surrogates_are_drawn_and_told(nir: Path, tmp_path: Path) -> None:
    model = neurocmc.from_nir(nir, **RULES)
    assert (model.test.batch, model.test.ticks, model.test is model.calibration) == (50, 100, True)
    (note,) = (note for note in model.notes if "surrogate" in note)
    assert "50 surrogate trials of 100 ticks" in note
    built = neurocmc.compile(model, "loihi1", tmp_path / "build", figures=False)
    assert note in built.manifest["notes"]
    again = neurocmc.from_nir(nir, events=EVENTS, **RULES)
    assert not [note for note in again.notes if "surrogate" in note]
    assert any("scales are chosen on the stimulus that judges" in note for note in again.notes)


def test_a_camera_of_many_channels_is_sent_fewer_surrogates() -> None:
    assert surrogate({"input": 20}).batch == 50
    many = surrogate({"left": 30_000, "right": 30_000})
    assert many.batch == 3
    assert sum(spikes.total for spikes in many.spikes.values()) < 2_000_000
    assert surrogate({"input": 400_000}).batch == 1


def test_events_and_calibration_may_come_as_files_or_from_python(nir: Path, tmp_path: Path) -> None:
    save_events(stimulus(1, trials=3), tmp_path / "mine.npz")
    own = stimulus(2, trials=2)
    model = neurocmc.from_nir(nir, events=tmp_path / "mine.npz", calibration=own, **RULES)
    assert (model.test.batch, model.calibration.batch) == (3, 2)
    model = neurocmc.from_nir(nir, events=own, calibration=str(tmp_path / "mine.npz"), **RULES)
    assert (model.test.batch, model.calibration.batch) == (2, 3)
    assert (model.test.name, model.calibration.name) == ("events", "events-calibration")
    artifact = neurocmc.compile(model, "loihi1", tmp_path / "build", figures=False)
    assert isinstance(artifact, NeuronArtifact)
    assert (artifact.test.batch, artifact.calibration.batch, sorted(artifact.stimuli)) == (
        2,
        3,
        ["events", "events-calibration"],
    )


def test_values_that_are_no_spikes_are_refused(nir: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "it.npz", spikes=np.full((2, 5, CHANNELS), 0.37))
    assert refused(neurocmc.from_nir, nir, events=tmp_path / "it.npz", **RULES) == ["input-not-spikes"]


def recorded(artifact: NeuronArtifact, path: Path, moved: int = 0) -> Path:
    """What a framework might have recorded, with a spike that is so many ticks off."""
    seen = ran(artifact, "float")
    counts = seen.spikes["lif1"].dense(seen.batch, seen.ticks, FIRST)
    if moved:
        trial, tick, unit = np.argwhere((counts[:, :-1] > 0) & (counts[:, 1:] == 0))[-1]
        counts[trial, tick, unit], counts[trial, tick + 1, unit] = 0, 1
    spikes = EVENTS.spikes["input"].dense(seen.batch, seen.ticks, CHANNELS)
    np.savez(path, **{"spikes": spikes, "recorded/lif1": counts, "labels": EVENTS.labels})
    return path


def test_what_a_framework_recorded_is_compared_spike_by_spike(build: Path, tmp_path: Path) -> None:
    artifact = opened(build)
    edge = verified(artifact, against=recorded(artifact, tmp_path / "same.npz")).edges[0]
    assert (edge.name, edge.value, edge.verdict, edge.note) == ("recorded ~ float", 0.0, "pass", edge.note)
    result = verified(artifact, against=recorded(artifact, tmp_path / "moved.npz", 1))
    edge = result.edges[0]
    assert (edge.value, edge.verdict, result.passed) == (2.0, "miss", False)
    assert re.search(r"populations lif1; first in lif1, tick \d+, trial 3", edge.note)
    assert "--semantics" in edge.cure
    np.savez(tmp_path / "none.npz", spikes=np.zeros((1, 2, CHANNELS)))
    assert refused(verified, artifact, against=tmp_path / "none.npz") == ["array-missing"]


def test_limits_of_ones_own_are_kept_and_bad_ones_refused(build: Path) -> None:
    artifact = opened(build)
    result = verified(artifact, limits=["float ~ fitted: NRMSE of spike counts=100%"])
    edge = next(e for e in result.edges if e.key == "float ~ fitted: NRMSE of spike counts")
    assert (edge.limit, edge.verdict) == (1.0, "pass")
    assert refused(verified, artifact, limits=["nonsense"]) == ["option-unreadable"]
    assert refused(verified, artifact, limits=["float ~ nothing: NRMSE of spike counts=1%"]) == ["edge-unknown"]
    assert refused(verified, artifact, samples=0) == ["number-out-of-range"]
