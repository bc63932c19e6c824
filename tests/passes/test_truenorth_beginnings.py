"""Chips that begin with the second tick: trials that differ by nothing but a kick, up or down, in the first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.truenorth.beginnings import beginning_of
from neurocmc.pipeline.artifact import Artifact, open_artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import Model, StimulusSet
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.verification.metrics import nrmse
from tests.made.circuits import population, projection

TRIALS, TICKS, DT_S, TAU_S = 40, 24, 0.001, 0.012


def circuit() -> RateCircuit:
    """Two sigmoid units that turn each other round, one by a weight below 0, and begin where the trial says."""
    units = replace(
        population("u", 2, "sigmoid", saturation=1.0),
        gain=np.full(2, 4.0),
        initial=np.full(2, 0.5),
        trace_tau_s=0.0,
    )
    around = np.array([[0.6, -0.8], [0.8, 0.6]])
    held = replace(units, bias=-around.sum(axis=1) * 0.5)
    return RateCircuit(
        name="kicked",
        dt_s=DT_S,
        populations=(held,),
        projections=(projection("u", "u", around, TAU_S),),
        inputs=(RateInput(name="start", target="u", weight=np.eye(2), tau_s=TAU_S),),
        readouts=(),
        origin_sha256="",
    )


def kicks(seed: int, later: float = 0.0) -> Stimulus:
    values = np.zeros((TRIALS, 2, 2))
    values[:, 0] = np.random.default_rng(seed).uniform(-5.0, 5.0, (TRIALS, 2))
    values[:, 1] = later
    return Stimulus(
        name="kicks", duration_s=TICKS * DT_S, edges_s=[0.0, DT_S], values={"start": values}, labels=[-1] * TRIALS
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    stimuli = StimulusSet(calibration=(kicks(0),), test=(kicks(1),))
    folder = tmp_path_factory.mktemp("kicked")
    model = Model(path=folder / "c.yaml", circuit=circuit(), facts={}, read_stimuli=lambda: stimuli, reference=None)
    return compile_model(model, "truenorth", folder / "a", CompileOptions(source=False, figures=False))


def test_the_chip_begins_with_the_second_tick(built: Artifact) -> None:
    program, stimulus = built.built.cores, built.stimuli.test[0]
    assert program.first_tick == 1
    assert program.ticks(stimulus) == TICKS - 1
    sent = encode_cores(program, stimulus)
    assert (sent.tick > 1).mean() < 0.05  # what the pole as it came out leaves of a kick
    assert np.unique(sent.trial[sent.tick == 0]).size == TRIALS
    assert "the chip begins with tick 1 of a trial" in (built.directory / "ir" / "30-cores.txt").read_text()


def test_kicks_of_either_sign_are_followed(built: Artifact) -> None:
    stimulus = built.stimuli.test[0]
    rate, chip = simulate_rate(built.staged, stimulus), built.built.run(stimulus, record_spikes=True)
    assert chip.activity["u"].shape == rate.activity["u"].shape
    assert nrmse(rate.activity, chip.activity)["u"] < 0.03
    first = np.abs(chip.activity["u"] - rate.activity["u"])[:, 1]
    assert first.max() < 0.05  # the tick of the kick itself
    assert chip.spikes["u"].tick.min() == 1


def test_what_was_before_stands_for_the_first_tick(built: Artifact) -> None:
    stimulus = built.stimuli.test[0]
    chip = built.built.run(stimulus).activity["u"][:, 0]
    assert np.ptp(chip, axis=0).max() == 0.0
    assert np.abs(chip - simulate_rate(built.staged, stimulus).activity["u"][:, 0]).max() < 0.01


def test_the_emitted_program_does_the_same(built: Artifact) -> None:
    (edge,) = built.built.emitted_edges(built.directory / "program", built.stimuli.test[0].take(slice(1)), 0)
    assert edge.value == 0


@pytest.mark.parametrize("changed", ["driven later", "unfiltered", "kicked up alone"])
def test_other_circuits_begin_with_the_first(changed: str) -> None:
    kicked, stimulus = circuit(), kicks(0, later=0.5 if changed == "driven later" else 0.0)
    if changed == "unfiltered":
        kicked = replace(kicked, inputs=(replace(kicked.inputs[0], tau_s=0.0),))
    if changed == "kicked up alone":
        stimulus = replace(stimulus, values={"start": np.abs(stimulus.values["start"])})
    assert beginning_of(kicked, Calibrate((stimulus,)).run(kicked)) is None


def test_an_artifact_that_is_read_again_begins_alike(built: Artifact, tmp_path: Path) -> None:
    again, stimulus = open_artifact(built.directory).built, built.stimuli.test[0]
    assert np.array_equal(again.run(stimulus).activity["u"], built.built.run(stimulus).activity["u"])
