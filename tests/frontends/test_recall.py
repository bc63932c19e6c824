"""Content-addressable memories: arrays and YAML become memories, and memories a circuit that recalls them."""

from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.frontends.recall.arrays import memories_of
from neurocmc.frontends.recall.circuit import recall_network
from neurocmc.frontends.recall.trials import recall_trials, recalled
from neurocmc.ir.neurons.memories import Memories, print_memories
from neurocmc.sim.neurons import simulate_neurons
from tests.made.memories import random_memories
from tests.made.refusals import refused


@pytest.mark.parametrize("seed", range(5))
def test_every_cue_and_every_content_bit_is_recalled_to_the_tick(seed: int) -> None:
    memories = random_memories(seed)
    cues, features = len(memories.cues), len(memories.features)
    network = recall_network(memories)
    assert network.neurons == memories.neurons == 3 * cues + 4 * features + 1
    assert not network.problems()
    seen = simulate_neurons(network, recall_trials(memories))
    by_cue, by_content = np.arange(cues), cues + np.arange(features)
    assert np.array_equal(recalled(seen, "content")[by_cue], memories.contents)
    assert np.array_equal(recalled(seen, "cue")[by_content], memories.contents.T)
    assert np.array_equal(recalled(seen, "cue")[by_cue], np.eye(cues, dtype=bool))
    assert np.array_equal(recalled(seen, "content")[by_content], np.eye(features, dtype=bool))
    for population, given in (("cue_out", by_cue), ("content_out", by_content)):
        spikes = seen.spikes[population]
        own = np.isin(spikes.trial, given)
        assert set(spikes.tick[own].tolist()) == {5}
        assert set(spikes.tick[~own].tolist()) == {6}
        assert spikes.count.max() == 1


def test_who_spikes_when() -> None:
    memories = memories_of([0, 1], [[1, 1, 0], [0, 1, 1]])
    seen = simulate_neurons(recall_network(memories), recall_trials(memories))
    ticks = {
        name: tuple(sorted({*spikes.tick[own].tolist()}) for own in (spikes.trial < 2, spikes.trial >= 2))
        for name, spikes in seen.spikes.items()
    }
    assert ticks == {
        "cue_cue": ([1], []),
        "cont_cue": ([2], [1]),
        "cond": ([], [2]),
        "int": ([3], [2]),
        "cont_cont": ([], [3]),
        "cue_cont": ([3], [4]),
        "cue_out": ([5], [6]),
        "content_out": ([6], [5]),
    }


def test_a_cue_without_content_recalls_itself_alone() -> None:
    memories = memories_of([[0, 0, 1]], [[1, 0]], cue_names=["a", "b", "c"], feature_names=["x", "y"])
    assert (memories.stored, memories.cues) == (1, ("a", "b", "c"))
    seen = simulate_neurons(recall_network(memories), recall_trials(memories))
    assert recalled(seen, "cue")[:3].tolist() == np.eye(3, dtype=bool).tolist()
    assert recalled(seen, "content")[:3].tolist() == [[False, False], [False, False], [True, False]]
    assert print_memories(memories).splitlines()[1:] == ["a: nothing", "b: nothing", "c: x"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cues": [0, 0], "contents": [[1, 0], [0, 1]]}, ["memory-cue-twice"]),
        ({"cues": [0, 0], "contents": [[1, 0], [0, 0]]}, ["memory-cue-twice", "memory-content-empty"]),
        ({"cues": [0], "contents": [[1, 0.5]]}, ["memory-not-bits"]),
        ({"cues": [0], "contents": [1, 0]}, ["array-shape"]),
        ({"cues": [0], "contents": [["a"]]}, ["array-shape"]),
        ({"cues": [0, 1], "contents": [[1, 0]]}, ["array-shape"]),
        ({"cues": [[1, 1]], "contents": [[1, 0]]}, ["memory-cue-unclear"]),
        ({"cues": [[0, 2]], "contents": [[1, 0]]}, ["memory-cue-unclear"]),
        ({"cues": [-1], "contents": [[1, 0]]}, ["memory-cue-unclear"]),
        ({"cues": [0.5], "contents": [[1, 0]]}, ["memory-cue-unclear"]),
        ({"cues": [float("nan")], "contents": [[1, 0]]}, ["memory-cue-unclear"]),
        ({"cues": [1 << 40], "contents": [[1, 0]]}, ["memory-cue-unclear"]),
        ({"cues": [0], "contents": [[1] * 3000]}, ["memory-too-large"]),
        ({"cues": [0], "contents": [[1, 0]], "cue_names": ["a", "b"]}, ["lengths-differ"]),
        ({"cues": [0], "contents": [[1, 0]], "feature_names": ["a", "a"]}, ["name-twice"]),
        ({"cues": [0], "contents": [[1, 0]], "tick_ms": 0}, ["time-not-positive"]),
    ],
)
def test_what_is_no_memory_is_refused(given: dict[str, Any], expected: list[str]) -> None:
    with refused(*expected):
        neurocmc.from_memory(**given)


def test_a_memory_says_what_is_wrong_with_it() -> None:
    empty = Memories(name="m", cues=("a",), features=("x",), contents=np.zeros((1, 1), dtype=bool))
    assert [problem.id for problem in empty.problems()] == ["memory-content-empty"]
    none = Memories(name="m", cues=(), features=("x",), contents=np.zeros((0, 1), dtype=bool))
    assert [problem.id for problem in none.problems()] == ["level-empty"]
