"""The bundled hierarchy of canonical microcircuits on the chip: decisions, accuracy and rates of compiled pools."""

from functools import cache

import numpy as np
import pytest

from neurocmc.common.resources import resource_path
from neurocmc.ir.recording import Recording
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import Model, StimulusSet, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.verification.metrics import accuracy, agreement, decisions, nrmse
from tests.made.built import loihi
from tests.torch_extra import needs_torch

pytestmark = needs_torch
ON_BRIAN2 = 150  # of the test digits: Brian2 takes seconds for each hundred


@cache
def model() -> tuple[Model, StimulusSet]:
    loaded = load(resource_path("models/cmc-v1v3.pt"))
    return loaded, loaded.read_stimuli()


@cache
def compiled(neurons: int) -> Lowered:
    circuit, stimuli = model()[0].circuit, model()[1]
    return lower(circuit, stimuli.calibration, load_target("loihi1"), CompileOptions(neurons=neurons))


@cache
def rates(neurons: int) -> Recording:
    return simulate_rate(compiled(neurons).staged, model()[1].test[0])


@pytest.mark.slow
@pytest.mark.parametrize(("neurons", "agree", "error"), [(32, 0.98, 0.05), (64, 0.99, 0.05)])
def test_all_digits_on_the_emulator(neurons: int, agree: float, error: float) -> None:
    """Measured at N = 32: 100 %, 1.8 %; at 64: 100 %, 1.0 %. 64 neurons per unit, relays too, fit one Loihi."""
    lowered, stimulus = compiled(neurons), model()[1].test[0]
    assert stimulus.batch == 1000
    rate, emulator = rates(neurons), simulate_emulator(loihi(lowered).integer, stimulus)
    (classifier,) = lowered.staged.classifiers
    wanted, got = decisions(rate, classifier), decisions(emulator, classifier)
    assert agreement(wanted, got) >= agree
    before, after = accuracy(wanted, stimulus.labels), accuracy(got, stimulus.labels)
    assert before is not None
    assert after is not None
    assert before - after <= 0.01
    assert max(nrmse(rate.activity, emulator.activity).values()) <= error
    assert all(entry.proved != "no" for entry in loihi(lowered).headroom)


@pytest.mark.nightly
def test_digits_on_brian2() -> None:
    lowered, stimulus = compiled(32), model()[1].test[0].take(slice(ON_BRIAN2))
    rate = rates(32)
    brian2 = simulate_brian2(lowered.spiking, stimulus)
    (classifier,) = lowered.staged.classifiers
    assert agreement(decisions(rate, classifier)[:ON_BRIAN2], decisions(brian2, classifier)) >= 0.98
    cut = {name: activity[:ON_BRIAN2] for name, activity in rate.activity.items()}
    assert max(nrmse(cut, brian2.activity).values()) <= 0.05


def test_the_rate_circuit_is_the_torch_model() -> None:
    loaded, stimuli = model()
    assert loaded.reference is not None
    stimulus = stimuli.test[0].take(slice(50))
    torch_rates, ours = loaded.reference(stimulus), simulate_rate(loaded.circuit, stimulus).activity
    assert set(torch_rates) == set(ours) == {f"V{k}.{name}" for k in (1, 2, 3) for name in ("ss", "sp", "ii", "dp")}
    assert max(float(np.abs(torch_rates[name] - ours[name]).max()) for name in ours) <= 1e-5
