"""Stimuli of events and what frameworks recorded: made from arrays, written, read, and refused key by key."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz
from neurocmc.ir.neurons.network import SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events, load_recorded, save_events, save_spikes

ONE = (SpikeInput(name="input", channels=4, shape=(4,)),)
TWO = (SpikeInput(name="left", channels=4, shape=(4,)), SpikeInput(name="right", channels=2, shape=(2,)))
DENSE = (np.random.default_rng(0).random((2, 3, 4)) < 0.5).astype(np.uint8)
EVENTS: dict[str, Any] = {"channel": [3, 0, 0], "tick": [1, 2, 0], "trial": [1, 0, 0]}


def refused(call: Any, *arguments: Any, **more: Any) -> list[tuple[str, str]]:
    """The ids and places of all that a call refuses."""
    with pytest.raises(InputError) as caught:
        call(*arguments, **more)
    return [(problem.id, problem.where) for problem in caught.value.problems]


def events(**arrays: Any) -> EventStimulus:
    return EventStimulus.of_events("it", **arrays)


@given(st.data())
def test_events_are_the_dense_array_that_they_were_read_from(data: Any) -> None:
    shape = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 4)))
    spikes = np.array(data.draw(st.lists(st.integers(0, 1), min_size=prod(shape), max_size=prod(shape))))
    spikes = spikes.reshape(shape)
    trial, tick, channel = np.nonzero(spikes)
    ours = EventStimulus.of_dense("it", spikes, np.arange(shape[0]))
    theirs = events(channel=channel, tick=tick, trial=trial, ticks=shape[1], labels=np.arange(shape[0]))
    np.testing.assert_array_equal(theirs.spikes["input"].dense(*shape), spikes)
    assert ours.spikes["input"].differing(theirs.spikes["input"]).total == theirs.merged == 0
    assert (ours.ticks, ours.batch, ours.labels.tolist()) == (theirs.ticks, theirs.batch, theirs.labels.tolist())


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20), st.sampled_from([1e-4, 1e-3, 0.3, 1 / 3]))
def test_the_times_of_ticks_fall_into_them(ticks: list[int], dt_s: float) -> None:
    for within in (0.0, 0.5, 0.99):
        times = (np.array(ticks) + within) * dt_s
        found = events(channel=np.zeros(len(ticks), dtype=int), time_s=times, dt_s=dt_s)
        assert found.spikes["input"].tick.tolist() == sorted(set(ticks))


def test_events_of_one_channel_and_tick_are_one_spike_and_that_is_told() -> None:
    found = events(channel=[1, 1, 1, 2], tick=[5, 5, 5, 5])
    assert (found.spikes["input"].total, found.merged, found.ticks, found.batch) == (2, 2, 6, 1)
    assert found.spikes["input"].count.tolist() == [1, 1]


def test_trials_without_events_are_known_by_their_labels() -> None:
    found = events(channel=[1], tick=[5], trial=[1], labels=[0, 1, -1, 2], ticks=9)
    assert (found.batch, found.ticks, found.labels.tolist()) == (4, 9, [0, 1, -1, 2])
    assert repr(found) == "<EventStimulus it: 4 x 9 ticks; input (1 spikes)>"
    chosen = found.take([1, 3])
    assert (chosen.batch, chosen.labels.tolist(), chosen.spikes["input"].trial.tolist()) == (2, [1, 2], [0])
    assert found.take(slice(None)) is found


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"channel": [0]}, ("array-missing", "events")),
        ({"channel": [0], "tick": [0], "time_s": [0.0]}, ("array-missing", "events")),
        ({"channel": [0], "time_s": [0.0]}, ("time-not-positive", "events")),
        ({"channel": [0], "time_s": [0.0], "dt_s": 0.0}, ("time-not-positive", "events")),
        ({"channel": [0], "time_s": [np.nan], "dt_s": 1.0}, ("value-not-finite", "events")),
        ({"channel": [0], "time_s": ["a"], "dt_s": 1.0}, ("array-type", "events: time_s")),
        ({"channel": [0], "time_s": [-0.5], "dt_s": 1.0}, ("index-beyond-range", "events: tick")),
        ({"channel": [0], "time_s": [1e300], "dt_s": 1.0}, ("index-beyond-range", "events: tick")),
        ({"channel": [0], "time_s": [1e308], "dt_s": 1e-4}, ("index-beyond-range", "events: tick")),
        ({"channel": [0, 1], "tick": [0]}, ("array-shape", "events: tick")),
        ({"channel": [0], "tick": [0], "trial": [0, 1]}, ("array-shape", "events: trial")),
        ({"channel": [0.5], "tick": [0]}, ("not-whole-numbers", "events: channel")),
        ({"channel": ["a"], "tick": [0]}, ("not-whole-numbers", "events: channel")),
        ({"channel": [-1], "tick": [0]}, ("index-beyond-range", "events: channel")),
        ({"channel": [1 << 40], "tick": [0]}, ("index-beyond-range", "events: channel")),
        ({"channel": [0], "tick": [1 << 40]}, ("index-beyond-range", "events: tick")),
        ({"channel": [0], "tick": [0], "trial": [2**31 - 1]}, ("index-beyond-range", "events: trial")),
        ({"channel": [0], "tick": np.array([2**63], dtype=np.uint64)}, ("index-beyond-range", "events: tick")),
        ({"channel": [0], "tick": [0], "labels": [0.5]}, ("array-shape", "labels")),
        ({"channel": [0], "tick": [0], "labels": [[0]]}, ("array-shape", "labels")),
        (
            {"channel": [0], "tick": [0], "labels": np.array([2**63], dtype=np.uint64)},
            ("index-beyond-range", "labels"),
        ),
    ],
)
def test_events_that_are_none_are_refused_by_name(arrays: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refused(events, **arrays) == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (DENSE * 0.37, "input-not-spikes"),
        (DENSE + 1, "input-not-spikes"),
        (DENSE * np.nan, "input-not-spikes"),
        (DENSE[0], "array-shape"),
        (DENSE.astype(str), "array-shape"),
        (DENSE * 1j, "array-shape"),
    ],
)
def test_arrays_of_anything_but_spikes_are_refused(values: Any, expected: str) -> None:
    assert refused(EventStimulus.of_dense, "it", values) == [(expected, "spikes")]


def test_what_does_not_fit_a_network_is_named_with_all_the_rest() -> None:
    spikes = SpikeList.of(np.array([2]), np.array([3]), np.array([4]), np.array([2]))
    wrong = EventStimulus(name="a/b", ticks=3, labels=np.zeros(2), spikes={"input": spikes, "third": spikes})
    found = [problem.id for problem in wrong.problems((*ONE, *TWO[1:]))]
    assert found == [
        "stimulus-name",
        "input-missing",
        "input-unknown",
        "index-beyond-range",
        "index-beyond-range",
        "index-beyond-range",
        "input-not-spikes",
    ]
    nothing = EventStimulus(name="it", ticks=0, labels=np.zeros(0), spikes={"input": SpikeList.of_dense(DENSE[:0])})
    assert [problem.id for problem in nothing.problems(ONE)] == ["level-empty", "stimulus-duration"]
    assert EventStimulus.of_dense("it", DENSE).problems(ONE) == ()


def test_stimuli_come_back_from_their_files(tmp_path: Path) -> None:
    one = EventStimulus.of_dense("one", DENSE, [4, -1])
    two = EventStimulus(
        name="two",
        ticks=3,
        labels=np.array([1, 0]),
        spikes={"left": one.spikes["input"], "right": SpikeList.of_dense(DENSE[:, :, :2])},
    )
    for stimulus, inputs in ((one, ONE), (two, TWO)):
        save_events(stimulus, tmp_path / "it.npz")
        read = load_events(tmp_path / "it.npz", inputs, 1.0)
        assert (read.name, read.ticks, read.labels.tolist()) == (stimulus.name, 3, stimulus.labels.tolist())
        assert all(read.spikes[name].differing(spikes).total == 0 for name, spikes in stimulus.spikes.items())
        assert read.problems(inputs) == ()


def test_every_form_that_a_user_may_write_is_read(tmp_path: Path) -> None:
    def read(inputs: Any, dt_s: float = 1e-3, **arrays: Any) -> EventStimulus:
        np.savez(tmp_path / "my events.npz", **arrays)
        return load_events(tmp_path / "my events.npz", inputs, dt_s)

    assert read(ONE, spikes=DENSE.astype(bool)).problems(ONE) == ()
    times = read(ONE, channel=[3, 3], time_s=[0.0051, 0.0052], ticks=10)
    assert (times.spikes["input"].tick.tolist(), times.merged, times.ticks) == ([5], 1, 10)
    both = {"left/channel": [1], "left/tick": [0], "left/trial": [2], "right/spikes": DENSE[:, :, :2]}
    whole = read(TWO, **both, labels=[2, 1, 0])
    assert (whole.batch, whole.ticks, whole.labels.tolist()) == (3, 3, [2, 1, 0])
    late = read(ONE, **EVENTS, labels=[1, 2, 3])
    assert (late.batch, late.labels.tolist()) == (3, [1, 2, 3])
    assert read(ONE, **EVENTS, name="named").name == "named"


@pytest.mark.parametrize(
    ("arrays", "fault", "key"),
    [
        ({}, "array-missing", "input input"),
        ({"labels": [0]}, "array-missing", "input input"),
        ({"spikes": DENSE, "more": 1}, "array-unknown", "more"),
        ({"spikes": DENSE, "channel": [0]}, "array-unknown", "channel"),
        ({"spikes": DENSE, "input/spikes": DENSE}, "array-unknown", "spikes"),
        ({"spikes": DENSE, "other/spikes": DENSE}, "array-unknown", "other/spikes"),
        ({"spikes": DENSE, "ticks": 9}, "lengths-differ", "ticks"),
        ({"spikes": DENSE, "labels": [0]}, "array-shape", "labels"),
        ({"spikes": DENSE, "name": 5}, "array-type", "name"),
        ({"spikes": DENSE * 2}, "input-not-spikes", "input/spikes"),
        ({**EVENTS, "ticks": 3.5}, "not-whole-numbers", "ticks"),
        ({**EVENTS, "ticks": [3]}, "not-whole-numbers", "ticks"),
        ({**EVENTS, "trial": [0]}, "array-shape", "events: trial"),
        ({**EVENTS, "channel": [1 << 62] * 3}, "index-beyond-range", "events: channel"),
    ],
)
def test_every_bad_key_of_a_file_is_named(tmp_path: Path, arrays: dict[str, Any], fault: str, key: str) -> None:
    path = tmp_path / "it.npz"
    np.savez(path, **arrays)
    assert refused(load_events, path, ONE, 1e-3) == [(fault, f"{path}: {key}")]


def test_arrays_that_do_not_say_whose_they_are_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "it.npz"
    np.savez(path, **EVENTS)
    assert refused(load_events, path, TWO, 1e-3) == [("array-unknown", f"{path}: {k}") for k in sorted(EVENTS)]


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "it.npz"
    save_events(EventStimulus.of_dense("it", DENSE), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"it\.npz"):
        load_events(path, ONE, 1.0)
    with pytest.raises(InputError, match=r"missing\.npz"):
        load_events(tmp_path / "missing.npz", ONE, 1.0)


def test_recorded_spikes_are_read_and_their_faults_named(tmp_path: Path) -> None:
    path, stimulus = tmp_path / "it.npz", EventStimulus.of_dense("it", DENSE)
    counts = np.arange(2 * 3 * 5).reshape(2, 3, 5) % 3
    np.savez(path, **{"spikes": DENSE, "recorded/a": counts.astype(np.float32)})
    found = load_recorded(path, {"a": 5, "b": 4}, stimulus)
    np.testing.assert_array_equal(found["a"].dense(2, 3, 5), counts)
    assert load_events(path, ONE, 1.0).spikes["input"].total == DENSE.sum()
    np.savez(
        path,
        **{
            "recorded/a": counts[:, :, :4],
            "recorded/b": DENSE + 0.5,
            "recorded/c": counts,
            "recorded/d": -DENSE.astype(int),
            "recorded/e": DENSE.astype(str),
            "recorded/f": DENSE * np.nan,
        },
    )
    sizes = {"a": 5, "b": 4, "d": 4, "e": 4, "f": 4}
    assert refused(load_recorded, path, sizes, stimulus) == [
        ("array-shape", f"{path}: recorded/a"),
        ("not-whole-numbers", f"{path}: recorded/b"),
        ("population-unknown", f"{path}: recorded/c"),
        ("not-whole-numbers", f"{path}: recorded/d"),
        ("array-shape", f"{path}: recorded/e"),
        ("not-whole-numbers", f"{path}: recorded/f"),
    ]
    np.savez(path, spikes=DENSE)
    assert refused(load_recorded, path, sizes, stimulus) == [("array-missing", str(path))]


def test_recordings_are_written_with_all_that_they_hold(tmp_path: Path) -> None:
    spikes = SpikeList.of_dense(DENSE)
    host = {"out": np.arange(12.0).reshape(2, 3, 2)}
    recording = NeuronRecording(
        level="float", stimulus="it", batch=2, ticks=3, sizes={"a": 4}, spikes={"a": spikes}, host=host
    )
    assert repr(recording) == f"<NeuronRecording of it on float: 2 x 3 ticks; a ({DENSE.sum()} spikes)>"
    np.testing.assert_array_equal(recording.counts("a"), DENSE.sum(axis=1))
    save_spikes(recording, tmp_path / "it.npz")
    read = read_npz(tmp_path / "it.npz")
    assert (str(read["level"]), int(read["trials"]), read["sizes"].tolist()) == ("float", 2, [4])
    fields = (read[f"spikes/a/{field}"] for field in ("trial", "tick", "unit", "count"))
    assert SpikeList.of(*fields).differing(spikes).total == 0
    np.testing.assert_array_equal(read["host/out"], host["out"])
