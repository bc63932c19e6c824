"""Equations: by hand, against the network's own recurrence and the rate circuit, and on the emulator."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurocmc
from neurocmc.api import Model
from neurocmc.common.arrays import Int
from neurocmc.ir.recording import Recording
from neurocmc.literature.motion.circuit import MOTION, DelayedCircuit, model_of
from neurocmc.literature.motion.dots import make_trials
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.simulate import Interpreter
from tests.literature.motion.small import circuit, recipe


def model(made: DelayedCircuit, sensor_tau_ms: float = 0.0) -> Model:
    whole = recipe()
    return model_of(
        made,
        make_trials(whole, "calibration", 10),
        make_trials(whole, "test", 30),
        name="motion",
        classes=("a", "b", "c"),
        dt_ms=1.0,
        sensor_tau_ms=sensor_tau_ms,
        window_ms=6.0,
    )


def test_a_pulse_arrives_after_its_delay_and_the_two_steps_of_the_way() -> None:
    made = DelayedCircuit(
        weight=np.array([[[2.0]], [[1.0]]]),
        delay_steps=np.array([0, 3]),
        bias=np.array([-0.5]),
        readout=np.ones((2, 1)),
        readout_bias=np.zeros(2),
        sensor_keep=np.array(0.0),
    )
    pulse = np.zeros((1, 8, 1))
    pulse[0, 1] = 1.0
    # Step 1 is shown by the sensor after it, at 2; the unit has it at 3, and again three steps later.
    assert made.motion(pulse)[0, :, 0].tolist() == [0, 0, 0, 1.5, 0, 0, 0.5, 0, 0]
    assert made.synapses == 2


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 99), tau_ms=st.sampled_from([0.0, 0.25, 2.0]))
def test_the_model_is_the_same_recurrence_step_for_step(seed: int, tau_ms: float) -> None:
    """Held against what the library says of its arrays, which shares nothing with the equations here."""
    made = circuit(seed, keep=float(np.exp(-1.0 / tau_ms)) if tau_ms else 0.0)
    brought = model(made, tau_ms)
    stimulus = brought.read_stimuli().test[0]
    assert brought.reference is not None
    truth = brought.reference(stimulus)[MOTION]
    ours = made.motion(make_trials(recipe(), "test", 30).drives)
    assert truth.shape == ours.shape
    assert np.abs(truth - ours)[:, 2:].max() < 1e-12  # a bias is not there yet before the first step
    delays = {p.delay_ticks for p in brought.circuit.projections}
    assert delays == {0, 1, 4}


def test_what_all_delays_share_only_moves_the_answer() -> None:
    """So nothing is lost where summed weights act at once, but what told one delay from the others."""
    drives = make_trials(recipe(), "test", 30).drives
    first, second = circuit(3, (0, 1, 2)).motion(drives), circuit(3, (4, 5, 6)).motion(drives)
    assert np.array_equal(first[:, 3:-4], second[:, 7:])


def test_decisions_are_those_of_the_compiled_rate_circuit_and_of_the_emulator(tmp_path: Path) -> None:
    drives = make_trials(recipe(), "test", 30).drives
    made = circuit(5)
    usual = made.motion(drives)[:, -6:].mean(axis=(0, 1))
    made = replace(made, readout_bias=-made.readout @ usual)  # so that answers differ
    artifact = neurocmc.compile(model(made), target="loihi1", out=tmp_path / "build", neurons=64, figures=False)
    assert isinstance(artifact, Artifact)
    reader = artifact.circuit.classifiers[0]
    decided: dict[str, Int] = {}
    levels: tuple[Interpreter, Interpreter] = ("rate", "emulator")
    for level in levels:
        recording = neurocmc.simulate(artifact, on=level)
        assert isinstance(recording, Recording)
        activity = recording.activity
        active = np.concatenate([activity[name] for name in reader.populations], axis=2)[:, -6:].mean(axis=1)
        decided[level] = (active @ reader.layers[0].weight.T + reader.layers[0].bias).argmax(axis=1)
    assert np.array_equal(decided["rate"], made.decisions(drives, 6))
    assert np.mean(decided["rate"] == decided["emulator"]) > 0.95
    assert np.unique(decided["rate"]).size > 1


@pytest.mark.parametrize("shape", [(2, 5, 5), (3, 5, 6, 1)])
def test_arrays_that_do_not_fit_each_other_are_no_circuit(shape: tuple[int, ...]) -> None:
    whole = circuit(0)
    with pytest.raises(ValueError, match="shape"):
        DelayedCircuit(
            weight=np.zeros(shape),
            delay_steps=whole.delay_steps,
            bias=whole.bias,
            readout=whole.readout,
            readout_bias=whole.readout_bias,
            sensor_keep=whole.sensor_keep,
        )
