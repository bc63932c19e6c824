"""Trained working memory: what trials are, what training does, and what comes out of a checkpoint, sound or not."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.circuits.checkpoints import checkpoint, checkpoint_bytes, save_checkpoint
from neurocmc.circuits.families import load_recipe
from neurocmc.circuits.memory_tasks.circuit import MEMORY_BOUNDS, memory_loop
from neurocmc.circuits.memory_tasks.evaluate import accuracy, evaluate
from neurocmc.circuits.memory_tasks.match import DelayedMatchCircuit
from neurocmc.circuits.memory_tasks.model import MemoryModel
from neurocmc.circuits.memory_tasks.recipe import TASKS, MemoryRecipe
from neurocmc.circuits.memory_tasks.train import train
from neurocmc.circuits.memory_tasks.trials import CUE, DIRECTION, EVIDENCE, make_trials, tuning_curves
from neurocmc.circuits.training import EpochReport
from neurocmc.common.errors import InputError
from neurocmc.frontends.checkpoint import facts_of, read_checkpoint
from neurocmc.frontends.memory_checkpoint import LoadedMemory
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.pipeline.model import load
from neurocmc.pipeline.simulate import simulate
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import decisions
from tests.made.changes import put
from tests.made.mean_drive import mean_drive

MODELS = Path(__file__).parents[2] / "models"
BUNDLED = ("delayed-match", "context-integration")


def recipe_of(task: str, **parts: dict[str, Any]) -> MemoryRecipe:
    """A small and quick recipe: five steps a time constant, few trials."""
    circuit = {"dt_s": 0.004} | parts.pop("circuit", {})
    trial = {"window_s": 0.048} | parts.pop("trial", {})
    evaluation = {"delays_tau": [2.0, 8.0], "trials": 60, "calibration_trials": 8} | parts.pop("evaluation", {})
    training = {
        "epochs": 4,
        "steps": 10,
        "batch_size": 32,
        "learning_rate": 0.1,
        "delays_tau": [1.0, 3.0],
    } | parts.pop("training", {})
    data = {"family": "memory", "task": task, "circuit": circuit, "trial": trial, "evaluation": evaluation}
    return TASKS[task].model_validate_json(json.dumps(data | {"training": training} | parts))


@pytest.fixture(scope="module", params=BUNDLED)
def loaded(request: pytest.FixtureRequest) -> LoadedMemory:
    found = read_checkpoint(MODELS / f"{request.param}.pt")
    assert isinstance(found, LoadedMemory)
    return found


# Trials


def test_a_direction_is_gone_in_the_delay_and_half_of_the_trials_match() -> None:
    recipe = recipe_of("delayed-match", trial={"noise": 0.0})
    trials = make_trials(recipe, "test", 60, delay_tau=3.0)
    drive = trials.values[DIRECTION]
    assert trials.duration_s == pytest.approx(0.2 + 0.06 + 0.2)
    assert trials.edges_s[0] == 0
    assert (np.diff(trials.edges_s) > 0).all()
    silent = (trials.edges_s >= 0.2 - 1e-9) & (trials.edges_s < 0.26 - 1e-9)
    assert silent.sum() == 3
    assert not drive[:, silent].any()
    curves = tuning_curves(6, 12, 4.0)
    np.testing.assert_allclose(drive[:, 0], curves[trials.remembered])
    matches = np.isclose(drive[:, 0], drive[:, -1]).all(axis=1)
    np.testing.assert_array_equal(matches, trials.labels == 0)
    assert matches.sum() == 30


def test_only_the_stream_that_the_cue_names_tells_the_answer() -> None:
    recipe = recipe_of("context-integration", trial={"noise": 0.0, "coherences": [0.1, 0.5]})
    trials = make_trials(recipe, "test", 400, delay_tau=3.0)
    evidence, cue = trials.values[EVIDENCE], trials.values[CUE]
    np.testing.assert_array_equal(cue[:, 0].argmax(axis=1), trials.remembered)
    assert not cue[:, trials.edges_s >= 0.1 - 1e-9].any()
    assert not evidence[:, trials.edges_s < 0.16 - 1e-9].any()
    streams = evidence[:, -1].reshape(400, 2, 2)
    difference = streams[..., 0] - streams[..., 1]
    named = difference[np.arange(400), trials.remembered]
    other = difference[np.arange(400), 1 - trials.remembered]
    np.testing.assert_array_equal(named > 0, trials.labels == 0)
    np.testing.assert_allclose(named, trials.strength)
    assert set(np.round(np.abs(named), 6)) == {0.1, 0.5}
    assert 0.35 < np.mean((other > 0) == (trials.labels == 0)) < 0.65  # the other one says nothing about it


def test_calibration_shows_a_cue_until_all_has_settled() -> None:
    recipe = recipe_of("context-integration")
    test, calibration = (make_trials(recipe, purpose, 8, 2.0) for purpose in ("test", "calibration"))
    assert calibration.held_s == pytest.approx(test.held_s + 0.2)  # 300 ms instead of 100
    assert calibration.duration_s == pytest.approx(test.duration_s + 0.2)
    shown = calibration.values[CUE].any(axis=(0, 2))
    np.testing.assert_array_equal(shown, calibration.edges_s < 0.3 - 1e-9)


@pytest.mark.parametrize("task", BUNDLED)
def test_trials_follow_from_their_seed_and_purpose_alone(task: str) -> None:
    recipe = recipe_of(task)
    same = [make_trials(recipe, "test", 20, 2.0) for _ in range(2)]
    others = [
        make_trials(recipe, "calibration", 20, 2.0),
        make_trials(recipe, "train", 20, 2.0, seed=1),
        make_trials(recipe, "train", 20, 2.0, seed=1, index=1),
    ]
    for name, value in same[0].values.items():
        np.testing.assert_array_equal(value, same[1].values[name])
    drives = [next(iter(trials.values.values())) for trials in (same[0], *others)]
    labels = [tuple(trials.labels) for trials in (same[0], *others)]
    assert len({drive.tobytes() for drive in drives}) == len(drives) if task == BUNDLED[0] else len(set(labels)) > 2


# The memory's parametrisation


@settings(max_examples=60)
@given(raw=st.lists(st.floats(-60, 60), min_size=len(MEMORY_BOUNDS), max_size=len(MEMORY_BOUNDS)))
def test_whatever_is_trained_the_up_state_exists_and_is_stable(raw: list[float]) -> None:
    recipe = recipe_of("delayed-match")
    assert recipe.task == "delayed-match"
    circuit = DelayedMatchCircuit(recipe.circuit)
    with torch.no_grad():
        for name, value in zip(MEMORY_BOUNDS, raw, strict=True):
            circuit.numbers.get_parameter(name).fill_(value)
        loop = memory_loop(circuit.numbers)
        alpha, phi, beta1, beta2, threshold, inhibit = (float(getattr(loop, field)) for field in loop.__slots__)
    assert min(alpha, phi, beta1, beta2, threshold) > 0
    assert 1.29 < alpha + phi < min(2.0, 1.0 + beta1 * beta2) - 0.29
    assert beta1 * inhibit > threshold
    star = (beta1 * inhibit - threshold) / (1 - alpha - phi + beta1 * beta2)
    assert star == pytest.approx(circuit.numbers.values()["memory_activity"], rel=1e-4)
    assert 0.14 < threshold / (alpha + phi - 1) / star < 0.51


# Training


@pytest.mark.parametrize("task", BUNDLED)
def test_a_short_training_improves_and_beats_what_has_no_memory(task: str) -> None:
    reports: list[EpochReport] = []
    recipe = recipe_of(task)
    made = train(recipe, seed=3, progress=reports.append)
    metrics = made["metrics"]
    assert made["seed"] == made["recipe"]["seed"] == 3
    assert [report.epoch for report in reports] == list(range(1, 17))
    assert {report.epochs for report in reports} == {16}  # the circuit and its three baselines
    assert reports[3].loss < 0.8 * reports[0].loss
    assert metrics["accuracy"] > max(0.85, metrics["untrained_accuracy"] + 0.05)
    assert metrics["memory_off_accuracy"] < 0.85
    assert metrics["recurrence_off_accuracy"] < 0.85
    assert metrics["held_at_8_tau"] > 0.95  # trained on delays of 1 to 3
    assert metrics["trials"] == 120


def test_the_same_seed_gives_the_same_bytes_and_leaves_torch_as_it_was() -> None:
    recipe = recipe_of("delayed-match", circuit={"variant": "decision-off"}, training={"epochs": 1, "steps": 2})
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    first = train(recipe, seed=5)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()
    assert checkpoint_bytes(train(recipe, seed=5)) == checkpoint_bytes(first)
    assert checkpoint_bytes(train(recipe, seed=6)) != checkpoint_bytes(first)
    assert "memory_off_accuracy" not in first["metrics"]  # a baseline has none of its own


def test_no_accuracy_comes_from_a_silent_circuit() -> None:
    recipe = recipe_of("delayed-match")
    model = MemoryModel(recipe)
    with torch.no_grad():
        model.circuit.numbers.get_parameter("sensory_threshold").fill_(60.0)
    assert accuracy(model, make_trials(recipe, "test", 20, 2.0)) == 0.0


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"trial": {"window_s": 0.5}}, "trial.window_s should be"),
        ({"trial": {"redraw_s": 0.0005}}, "trial.redraw_s is shorter than a step"),
        ({"trial": {"window_s": 0.05}}, r"trial.window_s: 50 ms are 12.5 steps of 4 ms \(dt_s\)"),
        ({"trial": {"sample_s": 0.21}}, r"trial.sample_s: 210 ms are 52.5 steps of 4 ms"),
        ({"trial": {"test_s": 0.203}}, r"trial.test_s: 203 ms are 50.75 steps of 4 ms"),
        ({"evaluation": {"delays_tau": [2.00000001, 2.00000002]}}, "two delays are the same to six digits"),
        ({"circuit": {"dt_s": 0.01}}, "at least 5 steps of dt_s"),
        ({"training": {"delays_tau": [3.0, 1.0]}}, "the least delay is longer than the greatest"),
        ({"evaluation": {"delays_tau": [2.0, 2.0]}}, "delays_tau should rise"),
        ({"circuit": {"dt_s": 0.001}, "evaluation": {"delays_tau": [1000.0]}}, "limit 20,000"),
        ({"evaluation": {"trials": 100_000}}, "limit 10,000,000"),
    ],
)
def test_recipes_that_cannot_be_are_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe_of("delayed-match", **{"circuit": {}} | parts)


def test_an_unknown_task_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("family: memory\ntask: n-back\n")
    with pytest.raises(InputError, match=r"r\.yaml:2: task: 'n-back' .*\[task-unknown\]"):
        load_recipe(path)


# What is read back


def test_bundled_checkpoints_are_of_their_recipes(loaded: LoadedMemory) -> None:
    name = loaded.recipe.task
    assert load_recipe(MODELS / f"{name}.yaml") == loaded.recipe
    assert (MODELS / f"{name}.pt").stat().st_size < 300_000
    assert loaded.metrics["accuracy"] >= 0.97
    assert loaded.metrics["accuracy_at_10_tau"] >= 0.97
    again = evaluate(loaded.model, loaded.recipe.model_copy(update={"evaluation": _fewer(loaded)}))
    assert again["accuracy_at_10_tau"] > 0.96
    facts = facts_of(loaded)
    assert facts["task"] == name
    assert facts["memory activity"] == pytest.approx(loaded.numbers["memory_activity"])


def _fewer(loaded: LoadedMemory) -> Any:
    return loaded.recipe.evaluation.model_copy(update={"delays_tau": (10.0,), "trials": 60})


def test_stimuli_are_one_for_calibration_and_one_for_each_delay(loaded: LoadedMemory) -> None:
    stimuli = loaded.stimuli
    assert list(stimuli) == ["trials-calibration", "delay-1-tau", "delay-2-tau", "delay-5-tau", "delay-10-tau"]
    model = load(MODELS / f"{loaded.recipe.task}.pt")
    assert [s.name for s in model.read_stimuli().test] == list(stimuli)[1:]
    longest = stimuli["delay-10-tau"]
    assert longest.batch == 500
    assert longest.ticks(loaded.circuit.dt_s) <= 600
    for stimulus in stimuli.values():
        assert stimulus.problems(loaded.circuit.inputs) == ()
        assert max(value.max() for value in stimulus.values.values()) <= 1.5


def test_torch_and_the_rate_interpreter_run_the_same_trajectories(loaded: LoadedMemory) -> None:
    """The edge torch ~ rate, limit 1e-5, and the answers of the module as those of the circuit."""
    stimulus = loaded.test_stimulus(10.0, trials=60)
    reference = loaded.reference(stimulus)
    rate = simulate_rate(loaded.circuit, stimulus)
    assert list(reference) == [population.name for population in loaded.circuit.populations]
    for name, activity in reference.items():
        assert np.abs(activity - rate.activity[name]).max() < 1e-5
    trials = loaded.test_trials(10.0, trials=60)
    with torch.no_grad():
        answers = loaded.model.answer(loaded.model.run(trials)).argmax(dim=1).numpy()
    np.testing.assert_array_equal(answers, decisions(rate, loaded.circuit.readouts[0]))
    assert np.mean(answers == stimulus.labels) >= 0.97
    assert len({projection.tau_s for projection in loaded.circuit.projections}) == 1


def test_drives_drawn_anew_within_a_step_are_the_same_to_torch_and_to_the_circuit(tmp_path: Path) -> None:
    """A redraw every 4.3 ms at a step of 4 ms: nearly every edge lies within a step."""
    plain = _plain("context-integration")
    plain["recipe"]["circuit"]["dt_s"] = 0.004
    plain["recipe"]["trial"] |= {"redraw_s": 0.0043, "window_s": 0.048}
    save_checkpoint(plain, tmp_path / "m.pt")
    loaded = read_checkpoint(tmp_path / "m.pt")
    assert isinstance(loaded, LoadedMemory)
    stimulus = loaded.test_stimulus(3.0, trials=12)
    steps = stimulus.edges_s / 0.004
    assert np.mean(np.abs(steps - np.rint(steps)) > 1e-6) > 0.8
    trials = loaded.test_trials(3.0, trials=12)
    drive = trials.on_ticks(0.004)
    for name in trials.values:
        wanted = mean_drive(stimulus, name, 0.004)
        np.testing.assert_allclose(drive.values[name][:, drive.segment_of_tick], wanted, rtol=0, atol=1e-9)
    reference, rate = loaded.reference(stimulus), simulate_rate(loaded.circuit, stimulus)
    with torch.no_grad():
        activity = loaded.model.run(trials).numpy()
    for name, trajectory in reference.items():
        np.testing.assert_allclose(rate.activity[name], trajectory, rtol=0, atol=1e-5)
        np.testing.assert_allclose(activity[..., loaded.model.circuit.place(name)], trajectory, rtol=0, atol=1e-4)


def test_a_delay_that_is_no_whole_number_gives_an_artifact_that_opens(tmp_path: Path) -> None:
    plain = _plain("delayed-match")
    plain["recipe"]["evaluation"] |= {"delays_tau": [0.5, 2.5], "trials": 6, "calibration_trials": 8}
    save_checkpoint(plain, tmp_path / "m.pt")
    compile_model(tmp_path / "m.pt", "loihi1", tmp_path / "build", CompileOptions(neurons=32, figures=False))
    artifact = open_artifact(tmp_path / "build")
    assert list(artifact.stimuli.by_name()) == ["trials-calibration", "delay-0.5-tau", "delay-2.5-tau"]
    recording = simulate(artifact, "emulator", "delay-2.5-tau", record_spikes=False)
    assert (recording.stimulus, recording.ticks) == ("delay-2.5-tau", 450)
    assert (tmp_path / "build/program/stimulus-delay-2.5-tau.npz").is_file()


def test_reference_refuses_what_does_not_fit(loaded: LoadedMemory) -> None:
    wrong = Stimulus(name="none", duration_s=0.1, edges_s=np.zeros(1), values={}, labels=np.array([-1]))
    with pytest.raises(InputError, match=r"is missing \[input-missing\]"):
        loaded.reference(wrong)


# Checkpoints that are not sound


def _plain(task: str) -> dict[str, Any]:
    return deepcopy(torch.load(MODELS / f"{task}.pt", weights_only=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("recipe", "task", to="n-back"), "unknown task 'n-back' of the memory family"),
        (put("recipe", "task", to=["delayed-match"]), "of the memory family"),
        (put("recipe", "task", to="context-integration"), "recipe.circuit.items: unknown field"),
        (put("recipe", "circuit", "items", to=10**9), "recipe.circuit.items: should be less than or equal to 64"),
        (put("recipe", "evaluation", "trials", to=90_000), "limit 10,000,000"),
        (
            put("recipe", "circuit", "channels", to=13),
            "state_dict[circuit.sensory] has shape (6, 12), the recipe's model (6, 13)",
        ),
        (
            put("state_dict", "circuit.sensory", to=torch.full((6, 12), torch.nan)),
            "circuit.sensory][0, 0] is nan",
        ),
        (
            put("state_dict", "circuit.numbers.memory_loop", to=torch.tensor(torch.inf)),
            "memory_loop] is inf",
        ),
        (put("state_dict", "circuit.numbers.memory_loop", to=0.1), "should be a dense tensor (got 0.1)"),
        (put("state_dict", "circuit.numbers.other", to=torch.zeros(())), "unknown entries circuit.numbers.other"),
    ],
)
def test_wrong_content_is_named(change: Callable[[dict[str, Any]], None], message: str, tmp_path: Path) -> None:
    plain = _plain("delayed-match")
    change(plain)
    save_checkpoint(plain, tmp_path / "m.pt")
    with pytest.raises(InputError) as caught:
        read_checkpoint(tmp_path / "m.pt")
    assert message in str(caught.value)
    assert str(tmp_path / "m.pt") in str(caught.value)


class _Hostile:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return (open, ("pwned",))


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = _plain("delayed-match")
    plain["state_dict"]["circuit.sensory"] = _Hostile()
    torch.save(plain, tmp_path / "m.pt")
    with pytest.raises(InputError):
        read_checkpoint(tmp_path / "m.pt")
    assert not (tmp_path / "pwned").exists()


@settings(max_examples=15)
@given(value=st.floats(-(2.0**100), 2.0**100, width=32), task=st.sampled_from(BUNDLED))
def test_any_finite_numbers_give_a_circuit_that_stays_bounded(
    value: float, task: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("finite") / "m.pt"
    recipe = recipe_of(task)
    model = MemoryModel(recipe)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    save_checkpoint(checkpoint("memory", recipe.model_dump(mode="json"), 0, {}, model), path)
    loaded = read_checkpoint(path)
    assert isinstance(loaded, LoadedMemory)
    activity = simulate_rate(loaded.circuit, loaded.test_stimulus(8.0, trials=4)).activity
    assert max(float(values.max()) for values in activity.values()) < 1e3
