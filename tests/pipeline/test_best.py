"""What a user leaves open is chosen on calibration: how neurons are spread, planes of weights, neurons per unit."""

from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.model import Model
from neurocmc.pipeline.search.tried import UNSEEN, expected_changes
from tests.made.reservoir import adapted, as_model, random_inputs

UNITS, CLASSES, TRIALS, TICKS = 12, 4, 120, 8


def model(seed: int = 0, test_seed: int = 1) -> Model:
    """A random tanh network that a random readout looks at."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(UNITS, UNITS)) * 1.2 / np.sqrt(UNITS)
    enter, readout = rng.normal(size=(UNITS, 3)), rng.normal(size=(CLASSES, UNITS))
    test = np.random.default_rng(test_seed).normal(size=(TRIALS, TICKS, 3))
    return neurocmc.from_arrays(
        weight,
        enter,
        activation="tanh",
        fraction=0.5,
        calibration=rng.normal(size=(TRIALS, TICKS, 3)),
        test=test,
        readout=(readout, np.zeros(CLASSES)),
    )


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return neurocmc.compile(model(), "loihi1", tmp_path_factory.mktemp("best") / "build", figures=False)


def test_steps_by_decisions_are_chosen_and_told(compiled: Artifact) -> None:
    manifest = compiled.manifest
    assert manifest["options"]["steps"] == "decisions"
    tried = manifest["neurons_tried"]
    assert [entry["steps"] for entry in tried[:2]] == ["equal", "decisions"]
    assert tried[1]["changed"] < tried[0]["changed"]
    assert "in steps by decisions" in manifest["neurons_reason"]
    assert "% of decisions are expected to change" in manifest["neurons_reason"]


def test_the_artifact_holds_segments_and_sensitivity(compiled: Artifact) -> None:
    again = neurocmc.pipeline.artifact.open_artifact(compiled.directory)
    assert again.built.divided is not None
    (segments,) = again.spiking.population("h").segments
    assert segments.units == UNITS
    assert segments.size * again.spiking.population("h").neurons == UNITS * again.neurons
    assert again.built.sensitivity is not None
    assert again.built.sensitivity.problems() == ()
    assert {"ir/16-sensitivity.txt", "ir/17-divided.json"} <= set(again.manifest["files"])


def test_users_see_whole_units(compiled: Artifact) -> None:
    recording = neurocmc.simulate(compiled, on="emulator", samples=3)
    assert recording.activity["h"].shape == (3, TICKS, UNITS)
    assert recording.spike_counts["h"].shape == (3, UNITS)
    train = recording.spikes["h"]
    assert train.unit.max() < UNITS
    order = np.lexsort((train.neuron, train.unit, train.trial, train.tick))
    assert np.array_equal(order, np.arange(order.size))
    counted = np.zeros((3, UNITS), dtype=np.int64)
    np.add.at(counted, (train.trial, train.unit), 1)
    assert np.array_equal(counted, recording.spike_counts["h"])
    rate = neurocmc.simulate(compiled, on="rate", samples=3).activity["h"]
    assert np.abs(recording.activity["h"] - rate).mean() < 0.05


def test_every_budget_is_kept(compiled: Artifact) -> None:
    verified = neurocmc.verify(compiled)
    assert [edge.key for edge in verified.edges if edge.verdict == "miss" and edge.group == "fidelity"] == []
    emitted = next(edge for edge in verified.edges if edge.name == "emulator ~ emitted")
    assert emitted.value == 0


def test_the_choice_reads_no_test_stimulus(compiled: Artifact, tmp_path: Path) -> None:
    other = neurocmc.compile(model(test_seed=2), "loihi1", tmp_path / "other", figures=False)
    assert other.manifest["neurons_tried"] == compiled.manifest["neurons_tried"]


def test_the_same_model_gives_the_same_bytes(compiled: Artifact, tmp_path: Path) -> None:
    again = neurocmc.compile(model(), "loihi1", tmp_path / "again", figures=False)
    assert again.manifest["files"] == compiled.manifest["files"]


def test_what_is_given_is_taken(tmp_path: Path) -> None:
    artifact = neurocmc.compile(
        model(), "loihi1", tmp_path / "given", neurons=32, steps="equal", planes=1, figures=False
    )
    assert artifact.manifest["neurons_tried"] == []
    assert artifact.built.divided is None
    finer = neurocmc.compile(
        model(), "loihi1", tmp_path / "finer", neurons=32, steps="activity", planes=2, figures=False
    )
    assert (finer.manifest["options"]["steps"], finer.manifest["options"]["planes"]) == ("activity", 2)
    assert any(projection.refines for projection in finer.built.levels[-2].projections)


@pytest.mark.parametrize(
    ("target", "options", "says"),
    [
        ("truenorth", {"steps": "decisions"}, "pools on truenorth count in equal steps"),
        ("truenorth", {"planes": 2}, "truenorth has no weights that are rounded to a mantissa and an exponent"),
        ("loihi1", {"steps": "decisions", "code": "rate"}, "pools of the rate code have no thresholds to spread"),
        ("loihi1", {"steps": "fine"}, "got 'fine'"),
        ("loihi1", {"planes": 3}, "got 3, of type int"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    target: str, options: dict[str, object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        neurocmc.compile(model(), target, tmp_path / "build", **options)
    assert says in refused.value.problems[0].what


def test_where_nothing_is_decided_the_error_of_rates_is_searched(tmp_path: Path) -> None:
    """A reservoir, whose units move over a hundredth to a half of what the fullest reaches."""
    reservoir = as_model(adapted(0), random_inputs(1)[:200], seed=2)
    artifact = neurocmc.compile(reservoir, "loihi1", tmp_path / "build", figures=False)
    manifest = artifact.manifest
    equal, finer = manifest["neurons_tried"][:2]
    assert (equal["steps"], finer["steps"]) == ("equal", "activity")
    assert finer["error"] < 0.3 * equal["error"]
    assert manifest["options"]["steps"] == "activity"
    assert "rates are within" in manifest["neurons_reason"]
    assert all(entry["changed"] is None for entry in manifest["neurons_tried"])
    assert [entry.name for entry in artifact.spiking.inputs] == ["x.e", "x.i"]  # it begins at rest: no start is sent
    assert artifact.built.cores_used <= 6


def test_no_input_moves_a_segment_by_whole_steps(tmp_path: Path) -> None:
    reservoir = as_model(adapted(0), random_inputs(1)[:200], seed=2)
    given = {"neurons": 64, "steps": "activity", "planes": 1, "figures": False}
    integer = neurocmc.compile(reservoir, "loihi1", tmp_path / "build", **given).built.levels[-2]
    assert isinstance(integer, IntegerNetwork)
    for entry in integer.inputs:
        bias = np.sort(integer.population(entry.target).bias_lsb, axis=1)
        finest = np.median(np.diff(bias, axis=1), axis=1).min()
        quantum = 2 << (entry.exponent + 6)
        assert quantum <= finest


def test_units_that_theory_speaks_of_are_left_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rectified = neurocmc.from_arrays(
        0.3 * rng.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS),
        rng.normal(size=(UNITS, 3)),
        tau_ms=5.0,
        calibration=rng.normal(size=(20, 60, 3)),
    )
    artifact = neurocmc.compile(rectified, "loihi1", tmp_path / "build", figures=False)
    assert {entry["steps"] for entry in artifact.manifest["neurons_tried"]} == {"equal"}
    assert artifact.built.divided is None


def test_changes_are_expected_by_the_size_of_errors() -> None:
    rng = np.random.default_rng(0)
    margins = np.abs(rng.normal(size=20_000))
    for spread in (0.05, 0.2):
        others = margins + spread * rng.normal(size=margins.size)
        changed = float((others < 0).mean())
        assert expected_changes([(margins, others)]) == pytest.approx(changed, rel=0.15)
    far = margins + 100.0  # a model that is sure of all it was trained on
    assert expected_changes([(far, far + 1.0)]) == pytest.approx(UNSEEN * 1.0 / float(np.median(far)))
    assert expected_changes([(margins, margins)]) == 0.0
