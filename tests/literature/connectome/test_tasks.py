"""Trials have the answers that their tasks define, and no purpose sees the trials of another."""

from math import erf, sqrt

import numpy as np
import pytest

from neurocmc.literature.connectome.recipe import Task
from neurocmc.literature.connectome.streams import Purpose
from neurocmc.literature.connectome.tasks import CHANNELS, CLASSES, make_trials
from tests.literature.connectome.recipes import recipe

TASKS: tuple[Task, ...] = ("inference", "decision", "go-no-go")
QUIET = {"shown_steps": 5, "delay_steps": 3, "answer_steps": 4, "noise": 0.0}
WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}
GOALS = ((-1, 1), (-1, -1), (1, 1), (1, -1))


def test_inference_is_answered_by_the_offered_way_that_leads_nearer() -> None:
    trials = make_trials(recipe(task="inference", trial=QUIET), 0, "train", 300)
    for inputs, label in zip(trials.inputs, trials.labels, strict=True):
        goal = GOALS[int(inputs[0, :4].argmax())]
        offered = [index for index in range(4) if inputs[-1, 4 + index] == 1]
        distance = [np.hypot(goal[0] - x, goal[1] - y) for x, y in (tuple(WAYS.values())[i] for i in offered)]
        assert len(offered) == 2
        assert label == offered[int(np.argmin(distance))]
        assert (inputs[:5].sum(), inputs[5:8].sum(), inputs[8:].sum()) == (5, 0, 8)
    assert CLASSES["inference"] == tuple(WAYS)
    assert np.bincount(trials.labels).min() > 40


def test_the_stronger_channel_is_the_decision() -> None:
    trial = {"evidence_steps": 400, "evidence_noise": 0.01, "coherences": (0.2,)}
    trials = make_trials(recipe(task="decision", trial=trial), 0, "train", 50)
    means = trials.inputs.mean(axis=1)
    assert np.array_equal(means.argmax(axis=1), trials.labels)
    assert np.allclose(means.max(axis=1), 0.6, atol=0.01)
    assert np.allclose(means.min(axis=1), 0.4, atol=0.01)


def test_whoever_sums_all_evidence_is_as_often_right_as_theory_says() -> None:
    trials = make_trials(recipe(task="decision", trial={}), 0, "test", 20_000)
    right = (trials.inputs.sum(axis=1).argmax(axis=1) == trials.labels).mean()
    trial = recipe(trial={}).trial
    z = [c * sqrt(trial.evidence_steps) / (sqrt(2) * trial.evidence_noise) for c in trial.coherences]
    assert right == pytest.approx(np.mean([0.5 + 0.5 * erf(value / sqrt(2)) for value in z]), abs=0.01)


def test_the_cue_says_whether_to_go() -> None:
    trials = make_trials(recipe(task="go-no-go", trial=QUIET), 0, "train", 50)
    assert np.array_equal(trials.inputs[:, :5, :2].sum(axis=1).argmax(axis=1), trials.labels)
    assert not trials.inputs[:, 5:8].any()
    assert np.all(trials.inputs[:, 8:] == [0, 0, 1])


@pytest.mark.parametrize("task", TASKS)
def test_noise_is_of_the_size_that_the_recipe_says(task: Task) -> None:
    loud = recipe(task=task, trial={"noise": 0.3, "evidence_noise": 0.3, "coherences": (0.1,)})
    inputs = make_trials(loud, 0, "train", 500).inputs
    assert inputs.shape[2] == CHANNELS[task]
    assert inputs[:, 1:3].std(axis=0) == pytest.approx(inputs[:, :1].std(axis=0).repeat(2, 0), rel=0.2)
    assert np.diff(inputs[:, :3], axis=1).std() == pytest.approx(0.3 * sqrt(2), rel=0.05)


def test_purposes_seeds_and_batches_have_trials_of_their_own_and_the_same_again() -> None:
    purposes: tuple[Purpose, ...] = ("train", "validation", "test", "calibration")
    asked: list[tuple[int, Purpose, int]] = [
        *((0, purpose, 0) for purpose in purposes),
        (1, "test", 0),
        (0, "train", 1),
    ]
    drawn = [make_trials(recipe(), seed, purpose, 4, index).inputs for seed, purpose, index in asked]
    for one, inputs in enumerate(drawn):
        assert not any(np.array_equal(inputs, other) for other in drawn[:one])
    assert np.array_equal(make_trials(recipe(), 0, "train", 4, 1).inputs, drawn[-1])
