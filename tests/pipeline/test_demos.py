"""Demos: what they measure is what they say, and one of them runs as a whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
from neurocmc.frontends.automaton.read import MachineProgram
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.demos import (
    DEMOS,
    FORMER_NAMES,
    delayed_match,
    find_demo,
    interneurons,
    machines,
    run_demo,
    up_state,
)
from neurocmc.pipeline.demos.common import neurons_of, strongest_above
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.simulate import simulate
from neurocmc.report.figures.states import NONE
from neurocmc.sim.rate import simulate_rate

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "circuit.yaml"


def test_every_demo_says_what_it_shows() -> None:
    for demo in DEMOS.values():
        assert demo.title == demo.title.strip().rstrip(".")
        assert 150 < len(demo.explanation) < 800
        assert demo.explanation.endswith(".")
        assert "  " not in demo.explanation


def test_a_former_name_still_finds_its_demo() -> None:
    for former, name in FORMER_NAMES.items():
        assert former not in DEMOS
        assert find_demo(former) is DEMOS[name]
    with pytest.raises(InputError, match=r"'state' \[demo-unknown\]\n.*did you mean up-state\?"):
        run_demo("state", "loihi1", "never-made")
    assert not Path("never-made").exists()


def test_the_strongest_unit_is_the_state_where_it_is_strong_enough() -> None:
    activity = np.array([[0.0, 0.0], [0.4, 0.3], [0.6, 0.2], [0.6, 0.9]], dtype=np.float32)
    assert strongest_above(activity, 0.5).tolist() == [NONE, NONE, 0, 1]


def test_an_item_is_held_until_it_falls_or_another_rises() -> None:
    held = np.tile(np.array([1.0, 0.0], dtype=np.float32), (100, 1))
    assert up_state.held_after_cue_s(held, 0.01, 0.2, 1.0) == pytest.approx(0.8)  # to the end
    fallen, overtaken = held.copy(), held.copy()
    fallen[60:, 0] = 0.4
    overtaken[70:, 1] = 0.6
    assert up_state.held_after_cue_s(fallen, 0.01, 0.2, 1.0) == pytest.approx(0.4)
    assert up_state.held_after_cue_s(overtaken, 0.01, 0.2, 1.0) == pytest.approx(0.5)
    assert up_state.worst_amplitude_error(held[None] * 1.1, 0.01, 1.0) == pytest.approx(0.1)


def test_the_up_state_is_expected_from_its_cue_on() -> None:
    expected = up_state.expected_state(0.03, 6, 0.01)
    assert expected.tolist() == [NONE, NONE, NONE, 0, 0, 0]
    theory = up_state.theory_of(load(resource_path("models/working-memory.yaml")).circuit)
    assert theory.star == pytest.approx(1 / 0.9)
    assert theory.ignition == pytest.approx(1 / 3)


@pytest.fixture(scope="module")
def two_state() -> MachineProgram:
    machine = load(resource_path("models/two-state.yaml")).machine
    assert machine is not None
    return machine


def test_the_judged_trials_of_a_machine_end_in_its_three_tests(two_state: MachineProgram) -> None:
    trials = machines.judged_trials(two_state, [0, 1], trials=4, symbols=5, seed=3)
    symbols = trials.stimulus.values["symbols"]
    assert symbols.shape == (7, 12, 3)
    pulses = symbols[:, ::2]
    assert (trials.word, trials.silent, trials.unset) == (4, 5, 6)
    assert pulses[4].argmax(axis=1)[:3].tolist() == [2, 0, 1]  # reset, toggle, keep
    assert pulses[4, 3:].sum() == 0
    assert pulses[5].sum() == 1  # the reset alone
    assert pulses[6, 0].sum() == 0  # no reset
    assert (pulses[6, 1:].sum(axis=1) == 1).all()
    assert trials.stimulus.labels[6] == NONE


def test_a_machine_is_followed_on_the_rate_circuit(two_state: MachineProgram) -> None:
    """Every symbol right, no state made or lost, and latencies that end before the next symbol."""
    trials = machines.judged_trials(two_state, [0, 1], trials=3, symbols=5, seed=3)
    circuit = load(resource_path("models/two-state.yaml")).circuit
    recording = simulate_rate(circuit, trials.stimulus)
    edges, line = machines.judge("rate", two_state, trials, recording)
    assert [edge.verdict for edge in edges] == ["pass"] * 3
    assert "0 errors in 18 symbols" in line
    walk = machines.walk_of(two_state, trials)
    assert 0 < min(machines.latencies_s(walk, recording)) <= max(machines.latencies_s(walk, recording))
    assert max(machines.latencies_s(walk, recording)) < two_state.timing.period_s
    swapped = Recording(
        level="rate",
        stimulus="s",
        tick_s=recording.tick_s,
        spikes={},
        spike_counts={},
        activity={name: value[..., ::-1] if name == "y" else value for name, value in recording.activity.items()},
    )
    edges, line = machines.judge("rate", two_state, trials, swapped)
    assert [edge.verdict for edge in edges][:2] == ["miss", "miss"]
    assert "18 errors in 18 symbols" in line


def test_an_interneuron_is_switched_off_in_a_file_of_its_own(tmp_path: Path) -> None:
    source = resource_path(interneurons.SOURCE)
    made = interneurons.switched_off(source, ("sst", "vip"), tmp_path / "below" / "m.yaml")
    names = {population.name for population in load(made).circuit.populations}
    assert names == {"pyramidal", "pv", "lamp5"}


def test_stretches_are_the_times_of_constant_drive() -> None:
    values = {"drive": np.array([[[0.0, 0.0], [1.0, 0.5]]]), "gate": np.array([[[0.0], [1.0]]])}
    stimulus = Stimulus(name="s", duration_s=0.3, edges_s=np.array([0.0, 0.1]), values=values, labels=np.array([-1]))
    first, second = interneurons.stretches(stimulus)
    assert (first.start_s, first.end_s, first.gate) == (0.0, 0.1, 0.0)
    assert (second.start_s, second.end_s, second.gate) == (0.1, 0.3, 1.0)
    assert second.drive.tolist() == [1.0, 0.5]


@pytest.mark.slow
def test_a_demo_runs_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Brian2, with fewer trials than the demo judges: budgets kept, a picture for each answer."""
    monkeypatch.setattr(delayed_match, "TRIALS", 20)
    result = run_demo("delayed-match", "brian2", tmp_path / "d")
    assert result.passed, [edge for edge in result.edges if edge.verdict != "pass"]
    assert [path.name for path in result.pictures] == ["delayed-match.png", "delayed-non-match.png"]
    assert all(path.stat().st_size > 10_000 for path in result.pictures)
    assert [edge.name for edge in result.edges] == ["rate ~ task", "rate ~ task", "rate ~ brian2", "brian2 ~ task"]
    assert any("80 of 80 trials" in line for line in result.lines)


def test_a_memory_is_shown_both_ways(tmp_path: Path) -> None:
    result = run_demo("recall", "truenorth", tmp_path / "d")
    assert result.passed
    assert "dog recalls fur, barks, legs" in result.lines
    assert "fur recalls dog, cat, bat, seal" in result.lines
    (picture,) = result.pictures
    with Image.open(picture) as image:
        assert image.width > 1000
    with pytest.raises(InputError, match="option-not-for-this"):
        run_demo("recall", "loihi1", tmp_path / "no", options=CompileOptions(neurons=8))


def test_neurons_of_a_unit_hold_those_of_all_its_segments(tmp_path: Path) -> None:
    """A raster has a row for each: with fewer, spikes would stand in the rows of the next unit."""
    artifact = compile_model(load(EXAMPLE), "loihi1", tmp_path / "c", CompileOptions(neurons=16, steps="activity"))
    assert any(population.segments for population in artifact.spiking.pools)
    seen = simulate(artifact, "emulator", artifact.stimuli.calibration[0].take(slice(1)))
    neurons = neurons_of(artifact)
    assert seen.spikes
    for name, spikes in seen.spikes.items():
        if name in neurons:
            assert int(spikes.neuron.max(initial=0)) < neurons[name]
