"""Robustness on a small memory and a small classifier: what is judged, how, and that a seed is a chip."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import save_stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.faults import check_expanded, meanings, no_faults
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.robustness import Robustness, RobustnessOptions, robustness
from neurocmc.pipeline.robustness_files import table, trials_csv, write_robustness
from neurocmc.pipeline.robustness_judged import held_s

SHORT = RobustnessOptions(kinds=("dropped", "current"), levels=(0.05, 0.5), seeds=3, samples=2)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The bundled working memory with stimuli of 1 s, 16 neurons per unit."""
    folder = tmp_path_factory.mktemp("memory")
    text = resource_path("models/working-memory.yaml").read_text()
    (folder / "memory.yaml").write_text(
        text.replace("duration_s: 11", "duration_s: 1").replace("seeds: 10", "seeds: 3")
    )
    return compile_model(
        folder / "memory.yaml", "loihi1", folder / "built", CompileOptions(neurons=16, figures=False)
    )


@pytest.fixture(scope="module")
def measured(memory: Artifact) -> Robustness:
    return robustness(memory, SHORT)


def test_a_sound_chip_holds_to_the_end_and_errs_never(measured: Robustness) -> None:
    sound, *_ = measured.cells
    assert (sound.kind, sound.level, sound.seeds) == ("none", 0.0, 3)
    assert set(sound.error_of) == {"cue", "silence", "other-item", "distractor", "noisy-cue"}
    assert sound.error.value == 0.0
    assert sound.error.high == pytest.approx(0.5615, abs=1e-4)  # three seeds, however many trials
    assert sound.held_s is not None
    assert sound.longest_s is not None
    assert sound.held_s.value == sound.longest_s == 1.8  # the distractor ends at 2.2 s of 4


def test_faults_tell_by_kind_and_level(measured: Robustness) -> None:
    cell = {(c.kind, c.level): c for c in measured.cells}
    assert list(cell) == [("none", 0.0), ("dropped", 0.05), ("dropped", 0.5), ("current", 0.05), ("current", 0.5)]
    lost = cell["dropped", 0.5]
    assert lost.held_s is not None
    assert lost.held_s.value < 0.1  # half of the synapses hold nothing up
    assert lost.error_of["noisy-cue"] == 1.0
    assert lost.error_of["silence"] == 0.0
    loud = cell["current", 0.5]
    assert loud.error_of["silence"] == 1.0  # an item comes up although nothing was shown
    assert cell["current", 0.05].error.value == 0.0


def test_a_seed_is_a_chip_and_the_same_call_the_same_outcome(memory: Artifact) -> None:
    options = RobustnessOptions(kinds=("dead",), levels=(0.2,), seeds=4, samples=1, stimuli=("noisy-cue",))
    first, again = robustness(memory, options), robustness(memory, options)
    assert first.outcomes == again.outcomes
    own = [o for o in first.outcomes if o.kind == "dead"]
    assert [o.seed for o in own] == [0, 1, 2, 3]
    assert len({o.trial for o in own}) > 1  # each seed draws its own trials
    fewer = robustness(
        memory, RobustnessOptions(kinds=("dead",), levels=(0.2,), seeds=2, samples=1, stimuli=("noisy-cue",))
    )
    assert set(fewer.outcomes) < set(first.outcomes)


def test_held_time_ends_where_the_item_falls_or_another_rises() -> None:
    activity = np.zeros((10, 3), dtype=np.float32)
    activity[:, 1] = 1.0
    assert held_s(activity, 1, 0.5, 0.001) == pytest.approx(0.010)
    assert held_s(activity, 0, 0.5, 0.001) == 0.0
    activity[7, 2] = 0.5
    assert held_s(activity, 1, 0.5, 0.001) == pytest.approx(0.007)
    activity[4, 1] = 0.49
    assert held_s(activity, 1, 0.5, 0.001) == pytest.approx(0.004)


def test_what_is_written_is_what_was_measured(measured: Robustness, tmp_path: Path) -> None:
    result = measured
    paths = write_robustness(result, tmp_path / "out")
    assert [path.name for path in paths] == ["trials.csv", "table.csv", "table.md", "robustness.png"]
    trials = list(csv.DictReader(io.StringIO(trials_csv(result))))
    assert len(trials) == len(result.outcomes)
    rows = list(csv.DictReader((tmp_path / "out" / "table.csv").open()))
    for row, cell in zip(rows, result.cells, strict=True):
        own = [t for t in trials if (t["kind"], float(t["level"])) == (cell.kind, cell.level)]
        assert float(row["error"]) == pytest.approx(np.mean([int(t["wrong"]) for t in own]), abs=1e-6)
        assert int(row["trials"]) == len(own)
        longest = [float(t["held_s"]) for t in own if t["longest_s"] == "1.8"]
        assert float(row["held_s"]) == pytest.approx(np.mean(longest), abs=1e-6)
    head, lines = table(result)
    assert head[:4] == ["fault", "level", "held [s]", "wrong trials"]
    assert lines[0][:2] == ["no fault", ""]
    assert (tmp_path / "out" / "table.md").read_text().count("\n") == len(lines) + 2
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_robustness(result, tmp_path / "out")] == before


def test_what_is_driven_to_the_end_is_judged_by_its_decision_alone(memory: Artifact, tmp_path: Path) -> None:
    """Three trials, of which the last has a wrong label, and one without."""
    values = np.zeros((4, 1, 2))
    values[[0, 1, 2], 0, [0, 1, 1]] = 0.3
    shown = Stimulus(
        name="shown", duration_s=0.5, edges_s=np.zeros(1), values={"cue": values}, labels=np.array([0, 1, 0, -1])
    )
    save_stimulus(shown, tmp_path / "shown.npz")
    options = RobustnessOptions(
        kinds=("dead",), levels=(1.0,), seeds=2, samples=9, stimuli=(str(tmp_path / "shown.npz"),)
    )
    sound, dead = robustness(memory, options).cells
    assert (sound.trials, sound.held_s, sound.longest_s) == (6, None, None)
    assert sound.error.value == pytest.approx(1 / 3)
    assert dead.error.value == 1.0  # nobody answers


def test_what_cannot_be_measured_is_told(memory: Artifact) -> None:
    with pytest.raises(InputError) as told:
        robustness(memory, RobustnessOptions(kinds=(), levels=(0.1, 2.0), seeds=0, samples=0))
    assert [problem.where for problem in told.value.problems] == ["--levels", "--kinds", "--seeds", "--samples"]
    with pytest.raises(InputError, match=r"'nonsense' \[stimulus-unknown\]"):
        robustness(memory, RobustnessOptions(stimuli=("nonsense",)))
    with pytest.raises(InputError, match=r"silence .*\[stimuli-without-answer\]"):
        robustness(memory, RobustnessOptions(stimuli=("silence",)))


# --- every target -------------------------------------------------------------------------------------------------

KINDS = {
    "loihi1": ("threshold", "weight", "synapse", "dropped", "dead", "current", "spikes"),
    "truenorth": ("threshold", "weight", "dropped", "added", "dead", "axons", "cores", "current", "spikes"),
    "brian2": ("threshold", "weight", "synapse", "dropped", "dead", "current", "spikes"),
}


@pytest.fixture(scope="module", params=("truenorth", "brian2"))
def switching(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The circuit of the examples at 8 neurons per unit."""
    folder = tmp_path_factory.mktemp("switching")
    example = Path(__file__).parents[2] / "examples" / "circuit.yaml"
    return compile_model(example, request.param, folder / "built", CompileOptions(neurons=8, figures=False))


def test_every_target_has_the_kinds_that_its_chips_can_have(switching: Artifact, memory: Artifact) -> None:
    for artifact in (switching, memory):
        assert tuple(artifact.built.faulty_chips().kinds) == KINDS[artifact.target.name]


def test_level_0_of_every_kind_is_the_sound_chip(switching: Artifact) -> None:
    stimulus = switching.stimuli.test[0]
    short = stimulus.lasting(0.15)
    trials = np.array([0])
    wanted = switching.built.run(short, seed=2)
    chips = switching.built.faulty_chips()
    chips.check()
    for kind in ("none", *chips.kinds):
        seen = chips.draw(2, kind, 0.0).run(short, trials, chips.host(short))
        for name, activity in wanted.activity.items():
            assert np.array_equal(seen.activity[name], activity), kind


def test_on_every_target_faults_are_measured(switching: Artifact) -> None:
    options = RobustnessOptions(kinds=("dead", "spikes"), levels=(1.0,), seeds=2, samples=1)
    result = robustness(switching, options)
    sound, *faulty = result.cells
    assert [(cell.kind, cell.level) for cell in faulty] == [("dead", 1.0), ("spikes", 1.0)]
    assert sound.error.value == 0.0
    assert faulty[0].error.value == 1.0  # nobody answers
    assert result.kinds == {"dead": "dead neurons", "spikes": "background spikes"}
    fewer = robustness(switching, RobustnessOptions(kinds=("dead", "spikes"), levels=(1.0,), seeds=1, samples=1))
    assert set(fewer.outcomes) < set(result.outcomes)


def test_what_chips_cannot_have_is_refused_by_name(switching: Artifact) -> None:
    on_cores = switching.target.name == "truenorth"
    kind = "synapse" if on_cores else "cores"
    with pytest.raises(InputError, match=rf"cannot have .*\({kind}\) \[fault-unfit-for-target\]"):
        robustness(switching, RobustnessOptions(kinds=(kind, "dead"), levels=(0.1,), seeds=1, samples=1))
    with pytest.raises(InputError, match=r"no fault 'rust' \[choice-unknown\]"):
        robustness(switching, RobustnessOptions(kinds=("rust",), levels=(0.1,), seeds=1, samples=1))


def test_a_family_without_a_model_is_refused_by_name() -> None:
    problem = no_faults("fixpoint")
    assert (problem.id, problem.where) == ("robustness-not-for-target", "target fixpoint")


def test_kinds_of_a_family_s_own_come_last() -> None:
    assert list(meanings("dead", "threshold", rust="rust", current="noise of the potential")) == [
        "threshold",
        "dead",
        "current",
        "rust",
    ]


def test_what_would_not_fit_a_memory_is_refused_with_its_synapses() -> None:
    check_expanded("small", {"a": 4000, "b": 5000}, [("a", "b", 1)])
    with pytest.raises(InputError, match=r"20,004,000 synapses, limit 20,000,000 \[network-too-large\]"):
        check_expanded("large", {"a": 4000, "b": 5001}, [("a", "b", 1)])
