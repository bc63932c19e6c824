"""What staging cost, told: relays with their neurons, offsets with their spans, the time of a tick."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.staging import staging_costs, time_scale
from neurocmc.targets import load_target
from tests.made.circuits import driven, population, ramp, steps, swta


def second_order() -> RateCircuit:
    circuit = driven(population("p", 2, "sigmoid", gain=4.0, saturation=1.0))
    drive = RateInput(name="drive", target="p", weight=np.eye(2), tau_s=0.01, order=2)
    return replace(circuit, inputs=(drive,))


def compiled(circuit: RateCircuit) -> Lowered:
    stimulus = ramp(-0.25, 0.25, size=2)
    return lower(circuit, (stimulus,), load_target("loihi1"), CompileOptions(neurons=16))


def test_a_relay_costs_its_neurons_and_rounds_by_half_a_step() -> None:
    circuit = second_order()
    lowered = compiled(circuit)
    relay, pool = staging_costs(circuit, lowered.staged, lowered.spiking)
    assert (relay.population, relay.neurons, relay.ticks) == ("p.relay", 32, 0)
    assert relay.what == "relay: first stage of the kernel of p, tau 10 ms"
    assert relay.spans[0] < -0.2
    assert relay.spans[1] > 0.2
    assert relay.half_step == pytest.approx((relay.spans[1] - relay.spans[0]) / 32)
    assert (pool.population, pool.what, pool.neurons) == ("p", "range cut to the activity visited", 0)
    assert 0.2 < pool.spans[0] < pool.spans[1] < 0.8


def test_a_circuit_that_was_left_alone_costs_nothing() -> None:
    circuit = swta()
    lowered = lower(circuit, (steps(),), load_target("loihi1"), CompileOptions(neurons=16))
    assert staging_costs(circuit, lowered.staged, lowered.spiking) == []


def test_the_time_of_a_tick_is_told() -> None:
    circuit, target = swta(), load_target("loihi1")
    assert time_scale(circuit, circuit, target) == (
        "one tick stands for 1 ms of the model (the circuit's own step); with 1 ms per tick the chip runs in "
        "real time"
    )
    finer = replace(circuit, dt_s=0.0005)
    assert time_scale(circuit, finer, target) == (
        "one tick stands for 0.5 ms of the model (1/2 of the circuit's step of 1 ms); with 1 ms per tick the "
        "chip runs "
        "2 times slower than the model"
    )
