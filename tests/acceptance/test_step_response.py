"""A population behind a second-order kernel, compiled: the pole and the DC gain of its step response, in integers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit, RateInput, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.emulator import emulate, simulate_emulator
from neurocmc.targets import Code, load_target
from tests.made.built import loihi
from tests.made.winner_circuits import rectifiers

TAU_S, TICK_S, NEURONS = 0.03, 0.001, 64
LEVELS = (0.2, 0.37, 0.55, 0.8, 1.0)  # of the step, a trial each


def response(pole: float, ticks: int) -> Float:
    """(ticks,) unit step through two equal stages, each of which reads the other as it was a tick ago."""
    first = second = 0.0
    seen: list[float] = []
    for _ in range(ticks):
        seen.append(second)
        first, second = pole * first + 1 - pole, pole * second + (1 - pole) * first
    return np.array(seen)


def compiled_response(code: Code) -> Float:
    """(levels, ticks) activity of the compiled population, per unit of drive."""
    pool = rectifiers("pool", 1)
    circuit = RateCircuit(
        name="step",
        dt_s=TICK_S,
        populations=(pool,),
        projections=(),
        inputs=(RateInput(name="drive", target="pool", weight=np.eye(1), tau_s=TAU_S, order=2),),
        readouts=(),
        origin_sha256="",
    )
    values = {"drive": np.array(LEVELS)[:, None, None]}
    stimulus = Stimulus(name="steps", duration_s=0.6, edges_s=[0.0], values=values, labels=np.full(len(LEVELS), -1))
    lowered = lower(circuit, (stimulus,), load_target("loihi1"), CompileOptions(neurons=NEURONS, code=code))
    assert [p.name for p in lowered.staged.populations] == ["pool.relay", "pool"]
    integer = loihi(lowered).integer
    counts = simulate_emulator(integer, stimulus, record_spikes=True)
    per_spike = integer.population("pool").activity_per_spike
    spikes = counts.spikes["pool"]
    rate = np.zeros((len(LEVELS), stimulus.ticks(TICK_S)))
    np.add.at(rate, (spikes.trial, spikes.tick), per_spike)
    return rate / np.array(LEVELS)[:, None]


@pytest.mark.parametrize(("code", "limit", "lead_limit"), [("threshold", 0.01, 0.1), ("rate", 0.03, 3.0)])
def test_pole_and_dc_gain(code: Code, limit: float, lead_limit: float) -> None:
    """Pools of the rate code answer early, two in a row by 2.6 ticks: the lead is fitted apart from the pole."""
    seen = compiled_response(code).mean(axis=0)
    settled = seen[-200:].mean()
    assert settled == pytest.approx(1.0, abs=limit)
    ticks = np.arange(seen.size)

    def misfit(parameters: Float) -> float:
        decay, lead = parameters
        ideal = np.interp(ticks + lead, ticks, response(1.0 - decay, seen.size))
        return float(np.square(seen - settled * ideal).sum())

    wanted = 1.0 - np.exp(-TICK_S / TAU_S)
    decay, lead = minimize(misfit, x0=np.array([0.9 * wanted, 0.3]), method="Nelder-Mead").x
    assert decay == pytest.approx(wanted, rel=limit)
    assert abs(lead) <= lead_limit


@pytest.mark.parametrize("code", ["threshold", "rate"])
def test_activity_from_before_the_first_tick_is_there_until_spikes_arrive(code: Code) -> None:
    """A source that has always been at 1/2 leaves its target's drive where it is; a spike takes one or two ticks."""
    sender = replace(
        rectifiers("sender", 1), transfer="sigmoid", saturation=1.0, initial=np.full(1, 0.5), trace_tau_s=0.0
    )
    follower = replace(rectifiers("follower", 1), trace_tau_s=0.0)
    circuit = RateCircuit(
        name="constant",
        dt_s=TICK_S,
        populations=(sender, follower),
        projections=(RateProjection(name="p", source="sender", target="follower", weight=np.eye(1), tau_s=0.01),),
        inputs=(),
        readouts=(),
        origin_sha256="",
    )
    stimulus = Stimulus(name="none", duration_s=0.1, edges_s=[0.0], values={}, labels=[-1])
    lowered = lower(circuit, (stimulus,), load_target("loihi1"), CompileOptions(neurons=NEURONS, code=code))
    integer = loihi(lowered).integer
    run = emulate(integer, {}, 1, 100, record_state=True)
    pool, held = lowered.spiking.population("follower"), integer.populations[1]
    # What the right shifts will take is given back by the bias, and what has not been taken yet is not in u.
    raised = held.bias_lsb[0, 0] - np.rint(pool.bias[0, 0] * pool.lsb_per_threshold)
    drive = (run.u[0, :, 1] + raised) / held.lsb_per_drive
    wanted = lowered.staged.population("sender").initial[0]  # what counts from the pool's floor; the rest is a bias
    assert drive[1] == pytest.approx(wanted, rel=0.01)
    if code == "threshold":  # the rate code's drive ripples, this one stands still
        assert drive == pytest.approx(wanted, rel=0.01)
