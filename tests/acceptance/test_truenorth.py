"""TrueNorth end to end: gain of a winner, digits, up-states, microcircuits, and a program in RANC's own files."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from neurocmc.backends.truenorth import read_ranc
from neurocmc.common.resources import resource_path
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import StimulusSet, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.targets import load_target
from neurocmc.verification.metrics import accuracy, agreement, decisions, nrmse
from tests.made.built import truenorth
from tests.made.winner_circuits import EXCITE, INHIBIT, drives, swta
from tests.torch_extra import needs_torch

STAR = 10.0 / 9.0  # up-state of the bundled working memory, (beta1 T_I - T) / (1 - alpha - phi + beta1 beta2)
SEEDS = 5


@cache
def compiled(name: str, neurons: int) -> tuple[Lowered, StimulusSet]:
    model = load(resource_path(f"models/{name}"))
    stimuli = model.read_stimuli()
    target = load_target("truenorth")
    return (
        lower(model.circuit, stimuli.calibration, target, CompileOptions(neurons=neurons)),
        stimuli,
    )


def cores_of(lowered: Lowered) -> CoreProgram:
    return truenorth(lowered).cores


@pytest.mark.parametrize(("alpha", "beta1", "beta2"), [(1.2, 2.0, 0.35), (1.2, 3.0, 0.25)])
def test_the_gain_of_a_winner_is_that_of_its_realised_weights(alpha: float, beta1: float, beta2: float) -> None:
    """What was measured stands in docs/studies/truenorth.csv."""
    circuit, levels = swta(4, alpha, beta1, beta2), np.array([0.3, 0.4, 0.5])
    stimulus = drives("one", [0.0], np.pad(levels[:, None, None], ((0, 0), (0, 0), (0, 3))), 1.5)
    program = cores_of(lower(circuit, (stimulus,), load_target("truenorth"), CompileOptions(neurons=64)))
    held = {}
    for projection in program.projections:
        wanted = projection.wanted_gain != 0
        ratio = projection.realised_gain[wanted] / projection.wanted_gain[wanted]
        assert np.abs(ratio - 1.0).max() <= 0.03
        held[projection.source, projection.target] = float(projection.realised_gain[wanted].mean())
    gain = 1.0 / (1.0 - held[EXCITE, EXCITE] - held[INHIBIT, EXCITE] * held[EXCITE, INHIBIT])
    for seed in range(SEEDS):
        stands = simulate_cores(program, stimulus, seed=seed).activity[EXCITE][:, -500:, 0].mean(axis=1)
        assert np.abs(stands / (gain * levels) - 1.0).max() <= 0.05


@needs_torch
def test_digits_are_read_as_the_rates_read_them() -> None:
    """All 1,000 of them, by hand: see docs/truenorth.md."""
    lowered, stimuli = compiled("swta-digits.pt", 64)
    stimulus = stimuli.test[0].take(slice(200))
    rate, cores = simulate_rate(lowered.staged, stimulus), simulate_cores(cores_of(lowered), stimulus)
    (readout,) = lowered.spiking.readouts
    wanted, got = decisions(rate, readout), decisions(cores, readout)
    assert agreement(wanted, got) >= 0.98
    before, after = accuracy(wanted, stimulus.labels), accuracy(got, stimulus.labels)
    assert before is not None
    assert after is not None
    assert before - after <= 0.01
    assert max(nrmse(rate.activity, cores.activity).values()) <= 0.03


def test_an_up_state_is_held_for_ten_seconds_and_silence_stays_silent() -> None:
    lowered, stimuli = compiled("working-memory.yaml", 64)
    program, named = cores_of(lowered), stimuli.by_name()
    noisy = simulate_cores(program, named["noisy-cue"], seed=1)
    assert named["noisy-cue"].batch == 10  # ten seeds of noise on the cue; each trial draws its own noise on the chip
    memory = noisy.activity["x"]
    assert memory.shape[1] >= 10_600
    after = memory[:, 500:, :]
    assert (after[:, :, 0] > 0.5 * STAR).all()  # held to the end
    assert (after[:, :, 1] < 0.5 * STAR).all()
    amplitude = memory[:, -1000:, 0].mean(axis=1)
    assert np.abs(amplitude / STAR - 1.0).max() <= 0.1
    silent = simulate_cores(program, named["silence"], seed=2)
    assert all(count.sum() == 0 for count in silent.spike_counts.values())


@needs_torch
@pytest.mark.slow
def test_three_regions_of_microcircuits_decide_as_their_rates() -> None:
    """The first digits at N = 32; 500 at N = 64 are in docs/truenorth.md."""
    lowered, stimuli = compiled("cmc-v1v3.pt", 32)
    stimulus = stimuli.test[0].take(slice(20))
    rate, cores = simulate_rate(lowered.staged, stimulus), simulate_cores(cores_of(lowered), stimulus)
    (classifier,) = lowered.staged.classifiers
    assert agreement(decisions(rate, classifier), decisions(cores, classifier)) >= 0.95


def test_a_compiled_circuit_runs_from_ranc_files_spike_for_spike(tmp_path: Path) -> None:
    circuit = resource_path("models/working-memory.yaml").parent.parent / "examples" / "circuit.yaml"
    if not circuit.is_file():  # an installed package has no examples
        pytest.skip("examples are not installed")
    artifact = compile_model(circuit, "ranc", tmp_path / "out", CompileOptions(neurons=16, figures=False))
    program = truenorth(artifact).cores
    assert program.network.deterministic
    (file,) = (path for path in (tmp_path / "out" / "program" / "ranc").glob("*.json") if path.name != "config.json")
    ranc = read_ranc(file, file.with_name("config.json"))
    stimulus = artifact.stimuli.by_name()[file.stem].take(slice(0, 1))
    ticks, sent = stimulus.ticks(program.tick_s), encode_cores(program, stimulus)
    ours = run_cores(program.network, sent, ticks, record=CoreRecord(spikes="all"))
    theirs = run_cores(ranc.network, ranc.spikes, ticks, record=CoreRecord(spikes="all"))
    first = ours.spikes[0].reshape(ticks, program.network.cores, -1)
    order = {tuple(place): core for core, place in enumerate(ranc.network.coordinates.tolist())}
    places = [order[tuple(place)] for place in program.network.coordinates.tolist()]
    second = theirs.spikes[0].reshape(ticks, ranc.network.cores, -1)[:, places]
    busy = first.any(axis=0)
    assert busy.sum() > 50
    assert np.array_equal(first[:, busy], second[:, :, : first.shape[2]][:, busy])
