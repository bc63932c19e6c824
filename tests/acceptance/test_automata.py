"""Compiled machines on the chip's emulator, symbol by symbol; `python -m tests.acceptance.automata` runs them all."""

import csv
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
from neurocmc.frontends.automaton.latch import derive
from neurocmc.frontends.automaton.score import score
from neurocmc.pipeline.automata import machine_of, random_symbols, run_machine
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.targets import load_target
from tests.acceptance.automata import STUDIES, run
from tests.made.built import truenorth

NEURONS = 16


def test_a_random_machine_is_right_on_the_emulator() -> None:
    """Machine 5 has 6 states and 4 symbols."""
    (row,) = run([5], "loihi1", "emulator", NEURONS, trials=4, symbols=10)
    assert (row["states"], row["alphabet"]) == (6, 4)
    assert row["symbols"] == 40
    assert row["errors"] == 0


def test_a_random_machine_is_right_with_eight_neurons_of_the_feedback_code() -> None:
    (row,) = run([5], "loihi1", "emulator", 8, trials=4, symbols=10, code="feedback")
    assert row["neurons"] == 8 * row["rate_units"]
    assert (row["symbols"], row["errors"]) == (40, 0)


def test_the_study_of_the_feedback_code_has_no_wrong_symbol() -> None:
    rows = list(csv.DictReader((STUDIES / "automata-feedback.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 21
    assert {(row["errors"], row["right_percent"]) for row in rows} == {("0", "100.0")}
    assert all(int(row["neurons"]) == 8 * int(row["rate_units"]) for row in rows)
    assert sum(int(row["symbols"]) for row in rows) == 21_000


def test_two_states_are_right_on_neurosynaptic_cores() -> None:
    """`--two-state --target truenorth`: at 64 neurons per unit, 1,000 symbols, none was wrong."""
    model = load(resource_path("models/two-state.yaml"))
    assert model.machine is not None
    calibration = model.read_stimuli().calibration
    target = load_target("truenorth")
    lowered = lower(model.circuit, calibration, target, CompileOptions(neurons=NEURONS))
    stimulus = random_symbols(model.machine, trials=3, symbols=10, seed=0)
    judged = score(model.machine, stimulus, simulate_cores(truenorth(lowered).cores, stimulus))
    assert (judged.symbols, judged.errors) == (33, 0)  # with a reset each


def test_a_machine_with_outputs_of_transitions_is_right_on_the_emulator(tmp_path: Path) -> None:
    artifact = neurocmc.compile(
        resource_path("models/turnstile.yaml"), out=tmp_path / "build", neurons=NEURONS, figures=False
    )
    stimulus = random_symbols(machine_of(artifact), trials=4, symbols=10, seed=3)
    recording, score = run_machine(artifact, "emulator", stimulus)
    assert recording.level == "emulator"
    assert score.outputs is not None
    assert score.errors == 0


def test_what_is_no_machine_is_not_judged(tmp_path: Path) -> None:
    artifact = neurocmc.compile(
        resource_path("models/memory-items.yaml"), out=tmp_path / "build", neurons=8, figures=False
    )
    with pytest.raises(InputError, match=r"\[machine-missing\]"):
        run_machine(artifact, "rate")


def test_the_study_holds_every_machine_and_its_gate() -> None:
    """docs/studies/automata.csv is what the gate is judged by: 20 machines and two states, 1,000 symbols each."""
    with (STUDIES / "automata.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["machine"] for row in rows] == ["two-state", *(f"random {seed}" for seed in range(20))]
    for row in rows:
        assert int(row["symbols"]) == 1000
        assert float(row["right_percent"]) == pytest.approx(100.0 * (1.0 - int(row["errors"]) / 1000))
        assert float(row["right_percent"]) >= 99.0


def test_the_page_says_what_is_derived() -> None:
    page = (STUDIES.parent / "state-machines.md").read_text()
    latch = derive()
    for margin in latch.margins:
        assert f"| {margin.lesser:.4g} | {margin.greater:.4g} |" in page or (
            f"| {margin.lesser:.3f} | {margin.greater:.3f} |" in page
        ), margin
    for value in (latch.threshold_i, latch.threshold, latch.takeover, latch.write, latch.copy, latch.ceiling):
        assert f"{value:.4g}" in page
    assert f"{100 * latch.tolerance:.2f} %" in page
    assert f"{latch.w_state:.3f}" in page
    assert f"{latch.w_gate:.3f}" in page
