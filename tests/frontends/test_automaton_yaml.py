"""State machines as YAML: what is read, and that a bad one is refused with line, field, fact and cure."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
from neurocmc.frontends.automaton.read import LoadedProgram, read_program
from neurocmc.frontends.automaton.score import score
from neurocmc.sim.rate import simulate_rate

TEXT = """\
name: door
automaton:
  states: [shut, open]
  symbols: [push, pull]
  start: shut
  transitions:
    shut: {push: open, pull: shut}
    open: {push: open, pull: shut}
"""


def read(tmp_path: Path, text: str) -> LoadedProgram:
    path = tmp_path / "door.yaml"
    path.write_text(text)
    return read_program(path)


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "pull: shut}\n    open",
            "pull: shit}\n    open",
            "door.yaml:7: automaton.transitions.shut.pull: there is no such state (got 'shit')"
            " [machine-name-unknown]\n"
            "    cure: did you mean shut?",
        ),
        (
            "    shut: {push: open, pull: shut}",
            "    shut: {push: open}",
            "door.yaml:6: automaton.transitions: 1 of 4 are missing: shut on pull [transitions-missing]\n"
            "    cure: add them, or say `missing: stay`: the state then stays",
        ),
        (
            "shut: {push: open, pull",
            "shut: {push: [open, shut], pull",
            "door.yaml:7: automaton.transitions.shut.push: 2 next states (open, shut): the automaton is not "
            "deterministic [machine-not-deterministic]"
            "\n    cure: give one next state; the subset construction makes an equivalent deterministic automaton",
        ),
        (
            "shut: {push: open, pull: shut}",
            "shut: {push: open, push: shut, pull: shut}",
            "door.yaml:7: automaton.transitions.shut.push: the field occurs twice (first on line 7) [field-twice]\n"
            "    cure: keep one of them",
        ),
        (
            "[push, pull]",
            "[push, pull, pull]",
            "door.yaml:4: automaton.symbols[1]: 'pull' occurs 2 times [name-twice]\n    cure: give each its own name",
        ),
        (
            "[push, pull]",
            "[push, pull, reset]",
            "door.yaml:4: automaton.symbols[2]: 'reset' is a reserved name: every machine has that symbol, and it "
            "leads to the start state [name-reserved]\n    cure: give another name",
        ),
        (
            "start: shut",
            "start: shout",
            "door.yaml:5: automaton.start: there is no such state (got 'shout') [machine-name-unknown]"
            "\n    cure: did you mean shut?",
        ),
        (
            "shut: {push: open, pull: shut}",
            "shut: {push: shut, pull: shut}",
            "door.yaml:3: automaton.states[1]: no sequence of symbols leads from 'shut' to 'open'"
            " [state-unreachable]\n"
            "    cure: remove the state, or add a transition to it",
        ),
        (
            "states: [shut, open]",
            "states: [shut]",
            "door.yaml:3: automaton.states: a machine of one state has nothing to remember [machine-too-small]\n"
            "    cure: give at least two states",
        ),
        (
            "name: door\n",
            "name: door\ntau_ms: 2\n",
            "door.yaml:2: tau_ms: 2 ms are 2 steps of 1 ms [step-too-coarse]"
            "\n    cure: give at least 5 steps (dt_ms)",
        ),
        (
            "name: door\n",
            "name: door\npulse_ms: 50\ngap_ms: 300.5\n",
            "door.yaml:2: pulse_ms: 50 ms are less than the 66 ms until x has taken the new state [pulse-too-short]\n"
            "    cure: leave it out: neurocmc then chooses a value with a margin\n"
            "door.yaml:3: gap_ms: 300.5 ms are not a whole number of steps of 1 ms [time-off-grid]\n"
            "    cure: give a multiple of dt_ms",
        ),
        (
            "  start: shut",
            "  begin: shut\n  start: shut",
            "door.yaml:5: automaton.begin: unknown field (got 'shut')",
        ),
        (
            "start: shut\n",
            "start: shut\n  outputs: {shut: a, open: {push: b}}\n",
            "door.yaml:6: automaton.outputs: some outputs belong to states, some to transitions [outputs-unclear]\n"
            "    cure: give all by state (Moore), or all by state and symbol (Mealy)",
        ),
        (
            "name: door\n",
            "name: door\nmemory: {items: [a, b]}\n",
            "door.yaml:1: has automaton and memory [program-unclear]"
            "\n    cure: give one of automaton, sequence, memory, decision",
        ),
    ],
)
def test_a_fault_is_named_with_its_line_and_cure(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert refused(tmp_path, changed(old, new)).startswith(message)


def test_all_unknown_names_come_at_once(tmp_path: Path) -> None:
    text = changed("shut: {push: open, pull: shut}", "shut: {pusch: opne, pull: shut}")
    told = refused(tmp_path, text)
    assert "no such symbol (got 'pusch')" in told
    assert "no such state (got 'opne')" in told
    assert "shut on push" in told


@pytest.mark.parametrize(
    ("states", "symbols", "message"),
    [
        (65, 2, "automaton.states: 65 names, limit 64"),
        (2, 33, "automaton.symbols: 33 names, limit 32"),
        (64, 32, "automaton.transitions: 64 states x 32 symbols make 2,048 entries, limit 1,024"),
    ],
)
def test_sizes_have_limits(tmp_path: Path, states: int, symbols: int, message: str) -> None:
    text = (
        f"name: large\nautomaton:\n  states: [{', '.join(f's{i}' for i in range(states))}]\n"
        f"  symbols: [{', '.join(f'a{i}' for i in range(symbols))}]\n  start: s0\n  transitions: {{}}\n"
    )
    assert message in refused(tmp_path, text)


def test_missing_entries_may_stay(tmp_path: Path) -> None:
    text = changed(
        "    shut: {push: open, pull: shut}\n    open: {push: open, pull: shut}\n",
        "    shut: {push: open}\n    open: {pull: shut}\n  missing: stay\n",
    )
    loaded = read(tmp_path, text)
    assert loaded.machine is not None
    assert loaded.machine.machine.table.tolist() == [[1, 0], [1, 0]]


def test_numbers_are_names_too(tmp_path: Path) -> None:
    text = (
        "name: n\nautomaton:\n  states: [0, 1]\n  symbols: [7]\n  start: 0\n  transitions: {0: {7: 1}, 1: {7: 0}}\n"
    )
    loaded = read(tmp_path, text)
    assert loaded.machine is not None
    assert loaded.machine.machine.states == ("0", "1")


def test_a_symbol_that_leads_to_one_state_needs_no_units(tmp_path: Path) -> None:
    """In the door every symbol says where it leads, so there is nothing to read from the state."""
    loaded = read(tmp_path, TEXT)
    assert {p.name for p in loaded.circuit.populations} == {"symbol", "x", "x_inhibit", "y", "y_inhibit", "copy"}
    assert loaded.facts["symbols without units"] == (
        "push pull: each leads to one state from every state, and drives x itself"
    )


def test_inspect_tells_table_numbers_margins_and_latency() -> None:
    facts = read_program(resource_path("models/automaton.yaml")).facts
    assert facts["in rest 1"] == "0 -> rest 2, 1 -> rest 0, output not divisible"
    assert facts["map"] == "alpha 1.15, beta1 1, beta2 0.95, T 0.0375, T_I 0.8375; x* 1, takeover drive 0.15"
    assert facts["worst margin"] == "15.0 %: 1 < alpha: a winner holds itself"
    assert facts["latency of a symbol"] == "66 ms until x has taken it, 87 ms after its end until y has followed"
    assert len([name for name in facts if str(name).startswith("margin ")]) == 9


def test_given_times_are_taken(tmp_path: Path) -> None:
    loaded = read(tmp_path, f"pulse_ms: 200\ngap_ms: 300\n{TEXT}")
    assert loaded.machine is not None
    assert loaded.machine.timing.period_s == pytest.approx(0.5)
    assert np.diff(loaded.test[0].edges_s)[:2] == pytest.approx([0.2, 0.3])


@pytest.mark.parametrize("times", ["dt_ms: 3\ntau_ms: 17", "dt_ms: 1\ntau_ms: 10.007", "dt_ms: 0.7\ntau_ms: 9.3"])
@pytest.mark.parametrize(
    "program",
    [
        TEXT[TEXT.index("automaton:") :],
        "sequence: {orders: {a: [x, y, z]}}\n",
        "memory: {items: [a, b]}\n",
        "memory: {items: [a, b], holds: many}\n",
        "decision: {contexts: [a, b], choices: [c, d]}\n",
    ],
)
def test_whatever_step_and_tau_all_times_are_whole_steps(times: str, program: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, f"name: whole\n{times}\n{program}")
    circuit = loaded.circuit
    assert circuit.problems() == ()
    assert all(abs(r.window_s / circuit.dt_s - round(r.window_s / circuit.dt_s)) < 1e-6 for r in circuit.readouts)
    for stimulus in (*loaded.calibration, *loaded.test):
        assert stimulus.ticks(circuit.dt_s) > 5
        assert stimulus.on_ticks(circuit.dt_s).edges_s is stimulus.edges_s  # every event lies on a step
    if loaded.machine is not None:
        first = loaded.test[0].take(slice(0, 3))
        assert score(loaded.machine, first, simulate_rate(circuit, first)).errors == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sequence: {orders: {a: [x]}}", "sequence.orders: no order has more than one item"),
        (
            "sequence: {orders: {next: [x, y]}}",
            "sequence.orders.next: 'next' cannot be used as a name: it is a symbol",
        ),
        ("memory: {items: [a, b, a]}", "memory.items[2]: 'a' occurs twice"),
        ("memory: {items: [a]}", "memory.items: should have at least 2 items"),
        ("memory: {items: [a, b], holds: more}", "memory.holds: should be 'one' or 'many' (got 'more')"),
        ("decision: {contexts: [a, b], choices: [c]}", "decision.choices: should have at least 2 items"),
    ],
)
def test_other_programs_are_checked_too(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, f"name: other\n{text}\n")
