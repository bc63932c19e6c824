"""Cortical programs on the rate interpreter: random machines, sequences, memories and decisions do what they say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
from neurocmc.frontends.automaton.latch import derive
from neurocmc.frontends.automaton.machine import RESTART, drawn_machine, random_machine
from neurocmc.frontends.automaton.memory import limit
from neurocmc.frontends.automaton.read import LoadedProgram, MachineProgram, assembled, read_program
from neurocmc.frontends.automaton.score import score
from neurocmc.frontends.automaton.walks import SILENCE, random_walks, read_walk, tour_walks, walk_stimulus
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import decisions


def bundled(name: str) -> LoadedProgram:
    return read_program(resource_path(f"models/{name}.yaml"))


def short_walks(program: MachineProgram) -> Stimulus:
    """Three trials of eight random symbols."""
    walks = random_walks(program.machine, trials=3, symbols=8, seed=1)
    return walk_stimulus("short", program.machine, program.timing, walks)


@settings(max_examples=6)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_random_machine_follows_its_automaton(seed: int, symbols: int) -> None:
    machine = random_machine(seed)
    circuit, times, _ = assembled(machine)
    stimulus = walk_stimulus("random", machine, times, random_walks(machine, trials=4, symbols=4, seed=symbols))
    program = MachineProgram(machine=machine, latch=derive(), timing=times)
    judged = score(program, stimulus, simulate_rate(circuit, stimulus))
    assert judged.symbols == 20
    assert judged.accuracy == 1.0


@given(st.integers(0, 10_000), st.integers(2, 20), st.integers(1, 6))
@settings(max_examples=40)
def test_a_tour_takes_every_entry_of_the_table(seed: int, states: int, symbols: int) -> None:
    machine = drawn_machine(np.random.default_rng(seed), states, symbols)
    assert not machine.unreachable()
    taken: set[tuple[int, int]] = set()
    for walk in tour_walks(machine, longest=10):
        path = machine.path(walk)
        taken |= set(zip(path[:-1].tolist(), walk, strict=True))
    assert len(taken) == states * symbols


def test_a_machine_is_its_seed() -> None:
    assert np.array_equal(random_machine(3).table, random_machine(3).table)
    assert not np.array_equal(random_machine(3).table, random_machine(4).table)


def test_a_walk_is_read_back_from_its_stimulus() -> None:
    program = bundled("automaton").machine
    assert program is not None
    machine = program.machine
    walks = [[0, 1, SILENCE, 1], [1, 1, 0]]
    walk = read_walk(machine, walk_stimulus("walks", machine, program.timing, walks))
    assert walk.symbols.tolist() == [[RESTART, 0, 1, SILENCE, 1], [RESTART, 1, 1, 0, SILENCE]]
    assert walk.states.tolist() == [[0, 0, 1, 1, 0], [0, 1, 0, 0, 0]]
    assert walk.outputs is not None
    assert walk.outputs.tolist() == [[0, 0, 1, 1, 0], [0, 1, 0, 0, 0]]
    assert np.array_equal(np.subtract(walk.pulse_end_s, walk.onset_s).round(6), np.full(5, program.timing.pulse_s))


@pytest.mark.parametrize(("name", "outputs"), [("two-state", 0), ("automaton", 2), ("turnstile", 3), ("sequence", 5)])
def test_bundled_machines_are_right_with_their_outputs(name: str, outputs: int) -> None:
    loaded = bundled(name)
    assert loaded.machine is not None
    stimulus = short_walks(loaded.machine)
    judged = score(loaded.machine, stimulus, simulate_rate(loaded.circuit, stimulus))
    assert len(loaded.machine.machine.outputs) == outputs
    assert (judged.outputs is not None) == (outputs > 0)
    assert judged.accuracy == 1.0


def test_a_wrong_machine_is_seen_to_be_wrong() -> None:
    """The score has teeth: a recording of one machine judged by another's table."""
    loaded = bundled("automaton")
    assert loaded.machine is not None
    machine = loaded.machine.machine
    swapped = MachineProgram(
        machine=type(machine)(
            states=machine.states, symbols=machine.symbols, start=0, table=np.roll(machine.table, 1, axis=0)
        ),
        latch=loaded.machine.latch,
        timing=loaded.machine.timing,
    )
    stimulus = short_walks(loaded.machine)
    judged = score(swapped, stimulus, simulate_rate(loaded.circuit, stimulus))
    assert judged.accuracy < 0.8


def test_a_sequence_plays_each_order_and_loops() -> None:
    program = bundled("sequence").machine
    assert program is not None
    machine = program.machine
    song = machine.symbols.index("song")
    path = machine.path([song, *[0] * 7])
    assert machine.moore is not None
    told = [machine.outputs[machine.moore[state]] for state in path[1:]]
    assert told == ["mi", "re", "do", "re", "mi", "mi", "mi", "re"]


def test_a_sequence_may_stay_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "stay.yaml"
    path.write_text("name: stay\nsequence:\n  orders: {one: [a, b]}\n  at_end: stay\n")
    loaded = read_program(path).machine
    assert loaded is not None
    assert loaded.machine.path([1, 0, 0, 0]).tolist() == [0, 1, 2, 2, 2]


@pytest.mark.parametrize("name", ["memory-items", "context-decision"])
def test_memory_and_decision_answer_as_theory_says(name: str) -> None:
    loaded = bundled(name)
    (readout,) = loaded.circuit.readouts
    for stimulus in loaded.test:
        chosen = stimulus.take(slice(0, 64))
        answers = decisions(simulate_rate(loaded.circuit, chosen), readout)
        assert (answers == chosen.labels).all()


@pytest.mark.parametrize(("share", "holds"), [(0.98, True), (1.02, False)])
def test_a_distractor_yields_at_the_predicted_cue(share: float, holds: bool) -> None:
    loaded = bundled("memory-items")
    cues = np.zeros((1, 3, 5))
    cues[0, 0, 2] = 1.0
    cues[0, 2, 4] = share * limit(derive())
    stimulus = Stimulus(
        name="boundary",
        duration_s=2.0,
        edges_s=np.array([0.0, 0.15, 0.4]),
        values={"cue": cues, "clear": np.zeros((1, 3, 1))},
        labels=np.array([2]),
    )
    last = simulate_rate(loaded.circuit, stimulus).activity["item"][0, -1]
    assert (int(last.argmax()) == 2) == holds


def test_many_items_are_held_each_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text("name: many\nmemory: {items: [a, b, c], holds: many}\n")
    loaded = read_program(path)
    (cues,) = loaded.test
    held = simulate_rate(loaded.circuit, cues).activity["item"][:, -1] > 0.5
    assert np.array_equal(held, cues.values["cue"].max(axis=1) > 0)
    assert len(held) == 7
    cleared = loaded.calibration[1]
    assert simulate_rate(loaded.circuit, cleared).activity["item"][:, -1].max() < 0.01


def test_a_decision_does_not_hear_the_other_context() -> None:
    """The same evidence, the other context cued: the answer is that of the other evidence."""
    loaded = bundled("context-decision")
    stimulus = loaded.calibration[0]
    swapped = Stimulus(
        name="swapped",
        duration_s=stimulus.duration_s,
        edges_s=stimulus.edges_s,
        values={**stimulus.values, "cue": stimulus.values["cue"][:, :, ::-1]},
        labels=stimulus.labels,
    )
    answers = decisions(simulate_rate(loaded.circuit, swapped), loaded.circuit.readouts[0])
    evidence = stimulus.values["evidence"].reshape(stimulus.batch, -1, 2, 2).max(axis=1)
    context = swapped.values["cue"][:, 0].argmax(axis=1)
    assert (answers == evidence[np.arange(stimulus.batch), context].argmax(axis=1)).all()
    assert (answers != stimulus.labels).any()


def test_symbols_that_come_too_fast_to_be_read_are_refused() -> None:
    loaded = bundled("two-state")
    assert loaded.machine is not None
    stimulus = Stimulus(
        name="fast",
        duration_s=0.1,
        edges_s=np.array([0.0, 0.002, 0.004, 0.006]),
        values={"symbols": np.array([[[1.0, 0, 0], [0, 0, 0], [1.0, 0, 0], [0, 0, 0]]])},
        labels=np.array([-1]),
    )
    with pytest.raises(InputError, match=r" 10 ms .*\[symbols-too-close\]"):
        score(loaded.machine, stimulus, simulate_rate(loaded.circuit, stimulus))
