"""Drives as spikes to cores: what calibration never drove has no axons, what cannot be carried is refused."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.ir.rate import RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.targets import TrueNorthTarget, load_target
from tests.made.circuits import driven, matched, population, projection


def stimulus(drive: list[float], gate: list[float]) -> Stimulus:
    values = {"drive": np.array([drive])[:, :, None], "gate": np.array([gate])[:, :, None]}
    edges_s = np.array([0.0, 0.05])
    return Stimulus(name="two", duration_s=0.1, edges_s=edges_s, values=values, labels=np.array([-1]))


def gated(calibration: Stimulus) -> CoreProgram:
    """Two units in a row, each with an input of its own, on a chip."""
    target = load_target("truenorth")
    assert isinstance(target, TrueNorthTarget)
    source, behind = population("u", 1), population("v", 1)
    circuit = driven(source)
    gate = RateInput(name="gate", target="v", weight=np.ones((1, 1)))
    circuit = replace(
        circuit,
        populations=(source, behind),
        projections=(projection("u", "v", [[1.0]]),),
        inputs=(*circuit.inputs, gate),
    )
    network = matched(circuit, calibration, target, 16)
    return Corelets(circuit, Calibrate((calibration,)).run(circuit)).run(network, target)


def test_an_input_that_calibration_never_drives_sends_nothing_and_is_refused_a_drive() -> None:
    program = gated(stimulus([0.0, 1.0], [0.0, 0.0]))
    silent = encode_cores(program, stimulus([0.0, 1.0], [0.0, 0.0]))
    drive, gate = program.inputs
    assert gate.axon.shape == (1, 0)
    assert silent.axon.size > 0
    assert (silent.core == drive.core[0]).all()
    with pytest.raises(InputError, match=r"stimulus two, input gate: .*\[drive-beyond-input\]"):
        encode_cores(program, stimulus([0.0, 1.0], [0.0, 0.5]))


def test_a_drive_beyond_the_axons_is_refused_when_it_stays() -> None:
    program = gated(stimulus([0.0, 1.0], [0.0, 0.5]))
    far = replace(stimulus([0.0, 200.0], [0.0, 0.0]), duration_s=0.3)
    with pytest.raises(InputError, match=r"input drive: .* \d+\.\d\d times .*\[drive-beyond-input\]"):
        encode_cores(program, far)


def test_trials_that_are_late_in_turn_are_not_one_that_stays_late() -> None:
    """A hundred ticks in a row are counted for each trial by itself."""
    program = gated(stimulus([0.0, 1.0], [0.0, 0.5]))
    ticks, trials = 400, 5
    values = np.zeros((trials, ticks, 1))
    for trial in range(trials):
        values[trial, 70 * trial : 70 * trial + 40] = 20.0  # late while it is on, and until it is taken back
    batch = Stimulus(
        name="turns",
        duration_s=1e-3 * ticks,
        edges_s=np.array([1e-3 * tick for tick in range(ticks)]),
        values={"drive": values, "gate": np.zeros_like(values)},
        labels=np.full(trials, -1),
    )
    together = encode_cores(program, batch)
    for trial in range(trials):
        alone = replace(
            batch, labels=np.array([-1]), values={k: v[trial : trial + 1] for k, v in batch.values.items()}
        )
        own = encode_cores(program, alone)
        assert np.array_equal(own.tick, together.tick[together.trial == trial])
