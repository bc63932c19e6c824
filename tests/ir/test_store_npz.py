"""Stimuli and recordings come back exactly from their .npz, and each wrong key of one is named."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz, write_npz
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_recording, load_stimulus, save_recording, save_stimulus
from tests.made import levels
from tests.made.circuits import steps
from tests.made.levels import recording, same


def test_a_stimulus_comes_back_exactly(tmp_path: Path) -> None:
    save_stimulus(steps(), tmp_path / "s.npz")
    loaded = load_stimulus(tmp_path / "s.npz")
    assert (loaded.name, loaded.duration_s) == ("steps", 2.0)
    assert same(loaded.edges_s, steps().edges_s)
    assert same(loaded.labels, steps().labels)
    assert same(loaded.values["drive"], steps().values["drive"])
    assert loaded.problems(levels.rate().inputs) == ()


def test_a_stimulus_of_numpy_alone_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, duration_s=2, edges_s=[0, 1], **{"value/drive": np.zeros((3, 2, 4), dtype=np.float32)})
    loaded = load_stimulus(path)
    assert (loaded.name, loaded.duration_s, loaded.labels.tolist()) == ("mine", 2.0, [-1, -1, -1])
    assert loaded.problems(levels.rate().inputs) == ()


GOOD: dict[str, Any] = {"duration_s": 1.0, "edges_s": np.zeros(1), "value/drive": np.zeros((2, 1, 4))}


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"duration_s": None}, ["duration_s: is missing [array-missing]\n    cure: add a real number"]),
        ({"duration_s": np.zeros(2)}, ["duration_s: has shape (2,) [array-shape]\n    cure: give one value"]),
        ({"duration_s": np.inf}, ["duration_s: is inf"]),
        ({"duration_s": "2 s"}, ["duration_s: a real number needed, it holds str"]),
        ({"edges_s": None, "value/drive": None}, ["edges_s: is missing", "value/<input>: no input has values"]),
        ({"labels": np.zeros(2)}, ["labels: whole numbers needed, it holds float64"]),
        ({"labels": np.array([0, 2**63], np.uint64)}, ["labels: 9223372036854775808 is beyond 64 bits"]),
        ({"labels": np.zeros(3, int)}, ["value/drive: has shape (2, 1, 4), but there are 3 trials and 1 edges"]),
        ({"value/drive": np.zeros((2, 4))}, ["value/drive: has shape (2, 4)", "(batch, edges, channels)"]),
        ({"value/drive": np.zeros((2, 1, 4), complex)}, ["value/drive: real numbers needed, it holds complex128"]),
        ({"drive": np.zeros(1)}, ["drive: is an unknown key", "known keys are name, duration_s"]),
        ({"name": np.array("\ud800")}, ["name: is not Unicode text"]),
        ({"duration_s": None, "more": 1, "labels": 1.5}, ["duration_s:", "more:", "labels:"]),
    ],
)
def test_a_wrong_stimulus_is_refused_by_key(changes: dict[str, Any], texts: list[str], tmp_path: Path) -> None:
    arrays = {key: value for key, value in (GOOD | changes).items() if value is not None}
    np.savez(tmp_path / "s.npz", **arrays)
    with pytest.raises(InputError) as caught:
        load_stimulus(tmp_path / "s.npz")
    assert str(caught.value).startswith(f"{tmp_path}/s.npz: ")
    for text in texts:
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"duration_s": 0.0}, "duration is 0.0 s"),
        ({"edges_s": [0.0, 0.5, 0.5, 1.0]}, "edges_s must start at 0 and rise"),
        ({"edges_s": [0.1, 0.5, 0.6, 1.0]}, "edges_s must start at 0 and rise"),
        ({"values": {}}, "input drive is missing"),
        ({"values": {"drive": np.zeros((1, 4, 4)), "dirve": np.zeros((1, 4, 4))}}, "the circuit has no input dirve"),
        ({"values": {"drive": np.zeros((1, 4, 3))}}, "input drive has 3 channels, the circuit 4"),
        ({"values": {"drive": np.full((1, 4, 4), np.nan)}}, "input drive holds NaN or infinity"),
    ],
)
def test_a_stimulus_that_does_not_fit_says_so(changes: dict[str, Any], text: str) -> None:
    found = replace(steps(), **changes).problems(levels.rate().inputs)
    assert any(text in problem.what for problem in found), found


def test_a_stimulus_is_sampled_held_and_cut() -> None:
    stimulus = steps()
    edges = stimulus.on_ticks(0.001).segment_of_tick
    assert edges.shape == (2000,)
    assert np.flatnonzero(np.diff(edges)).tolist() == [199, 999, 1599]
    longer, shorter = stimulus.lasting(3.0), stimulus.lasting(1.0)
    assert longer.on_ticks(0.001).segment_of_tick[2999] == 3
    assert shorter.edges_s.tolist() == [0.0, 0.2]
    assert shorter.values["drive"].shape == (1, 2, 4)
    twice = Stimulus(name="t", duration_s=1.0, edges_s=[0.0], values={"drive": [[[1.0]], [[2.0]]]}, labels=[3, 4])
    assert twice.take(slice(1, 2)).labels.tolist() == [4]
    assert twice.take(np.array([1, 0])).values["drive"].ravel().tolist() == [2.0, 1.0]


def test_a_recording_comes_back_exactly(tmp_path: Path) -> None:
    save_recording(recording(), tmp_path / "r.npz")
    loaded, wanted = load_recording(tmp_path / "r.npz"), recording()
    assert (loaded.level, loaded.stimulus, loaded.tick_s) == ("emulator", "steps", 0.001)
    assert list(loaded.activity) == ["b", "a/b"]
    assert all(same(loaded.activity[name], wanted.activity[name]) for name in wanted.activity)
    assert all(same(loaded.spike_counts[name], wanted.spike_counts[name]) for name in wanted.activity)
    assert list(loaded.spikes) == ["b"]
    assert same(loaded.spikes["b"], wanted.spikes["b"])


def test_a_recording_without_spikes_comes_back(tmp_path: Path) -> None:
    save_recording(replace(recording(), level="rate", spikes={}, spike_counts={}), tmp_path / "r.npz")
    loaded = load_recording(tmp_path / "r.npz")
    assert dict(loaded.spikes) == {}
    assert dict(loaded.spike_counts) == {}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"level": None}, "level: is missing"),
        ({"activity/b": None}, "activity/b: is missing"),
        ({"activity/b": np.zeros((2, 4, 3))}, "activity: populations differ in trials or ticks"),
        ({"populations": np.array(["b"])}, "activity/a/b: is an unknown key"),
        ({"populations": np.array(["b", "b"])}, "populations: holds a name twice"),
        ({"spikes/b/unit": np.zeros(3, int)}, "spikes/b: tick, trial, unit and neuron differ in length"),
        ({"spikes/b/unit": None}, "spikes/b/unit: is missing"),
        ({"spikes/b/unit": np.array([1, 2**31])}, "spikes/b/unit: 2147483648 is beyond 32 bits"),
        ({"spike_counts/b": np.zeros((2, 2), int)}, "spike_counts/b: has shape (2, 2), unlike its activity"),
    ],
)
def test_a_wrong_recording_is_refused_by_key(changes: dict[str, Any], text: str, tmp_path: Path) -> None:
    save_recording(recording(), tmp_path / "r.npz")
    arrays = {k: v for k, v in (read_npz(tmp_path / "r.npz") | changes).items() if v is not None}
    write_npz(tmp_path / "r.npz", arrays)
    with pytest.raises(InputError) as caught:
        load_recording(tmp_path / "r.npz")
    assert text in str(caught.value)


def test_a_stimulus_of_a_circuit_without_inputs_comes_back(tmp_path: Path) -> None:
    rest = Stimulus(name="rest", duration_s=0.5, edges_s=np.zeros(1), values={}, labels=np.full(3, -1))
    save_stimulus(rest, tmp_path / "rest.npz")
    loaded = load_stimulus(tmp_path / "rest.npz")
    assert (loaded.batch, loaded.duration_s, dict(loaded.values)) == (3, 0.5, {})
    assert loaded.problems(()) == ()
    assert [problem.what for problem in loaded.problems(levels.rate().inputs)] == ["input drive is missing"]
