"""Delays on neurosynaptic cores, where a neuron has one: a copy of a pool for each delay that a core hears."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.matrices import full
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.passes.truenorth.registers import CoreRegisters
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.targets import TrueNorthTarget
from neurocmc.verification.metrics import nrmse
from tests.made.circuits import driven, matched, population, projection, ramp
from tests.made.core_walks import Place, corelets_of_neurons, drivers, heard_weights
from tests.made.targets import truenorth

LONGEST = 14  # ticks beyond the one that every spike takes: a neuron of the chip holds a spike for 15


def on_cores(circuit: RateCircuit, stimulus: Stimulus, target: TrueNorthTarget, neurons: int = 32) -> CoreProgram:
    calibration = Calibrate((stimulus,)).run(circuit)
    program = Corelets(circuit, calibration).run(matched(circuit, stimulus, target, neurons), target)
    assert program.problems() == ()
    return CoreRegisters().run(program, target)


def rise_and_fall() -> Stimulus:
    """Two channels whose largest drive lies in the middle, so that no delay pushes it off the end."""
    values = np.interp(np.arange(40), [0, 15, 30], [0.0, 1.0, 0.0])[None, :, None]
    return replace(ramp(0.0, 1.0, size=2, edges=40), values={"drive": np.repeat(values, 2, axis=2)})


def connected(*delays: tuple[int, object], size: int = 2, targets: int = 2) -> RateCircuit:
    """One population that reaches another by a matrix for each delay."""
    source, target = population("a", size), population("b", targets)
    parts = tuple(projection("a", "b", weight, name=f"a->b@{delay}", delay_ticks=delay) for delay, weight in delays)
    return replace(driven(source), populations=(source, target), projections=parts)


def walked_delays(program: CoreProgram) -> dict[tuple[str, str, int], float]:
    """Target, source and ticks of the whole way of a spike -> what all neurons of the source add to the potential."""
    network, owner, sent = program.network, corelets_of_neurons(program), drivers(program.network)

    def sources(place: Place, late: int) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for driver in sent.get(place, []):
            corelet, role = owner[driver]
            ticks = late + int(network.delay[driver])
            if role == "splitter":
                heard = heard_weights(network, *driver)
                found += [way for axon in heard for way in sources((driver[0], axon), ticks)]
            elif role != "bias":
                found.append((corelet, ticks))
        return found

    gains: dict[tuple[str, str, int], float] = {}
    for unit in range(program.population("b").units):
        held = program.population("b")
        core = int(held.core[unit])
        for axon, weight in heard_weights(network, core, int(held.first[unit])).items():
            for corelet, ticks in sources((core, axon), 0):
                if corelet != f"b/{unit}":  # its own leak
                    way = f"b/{unit}", corelet, ticks
                    gains[way] = gains.get(way, 0.0) + weight
    return gains


def test_each_connection_takes_its_own_delay_and_gain_over_the_cores() -> None:
    """Units that are connected twice hear two copies; read from crossbars, delays and targets alone."""
    first, second, last = np.array([[0.5, 0.0], [0.3, 0.2]]), np.array([[0.4, -0.3], [0.0, 0.0]]), 0.2 * np.eye(2)
    program = on_cores(connected((0, first), (3, second), (LONGEST, last)), ramp(0.1, 1.0, size=2), truenorth())
    gains = walked_delays(program)
    wanted = {
        (f"b/{row}", f"a/{column}", 1 + delay): weight[row, column]
        for delay, weight in ((0, first), (3, second), (LONGEST, last))
        for row, column in np.argwhere(weight).tolist()
    }
    assert set(gains) == set(wanted)
    for unit in range(2):  # one scale for all that a unit hears
        own = [way for way in wanted if way[0] == f"b/{unit}"]
        ratio = np.array([gains[way] / wanted[way] for way in own])
        assert np.ptp(ratio) < 0.06 * ratio.mean()
    for held in program.projections:
        assert not full(held.latency_ticks).any()


@settings(deadline=None, max_examples=8)
@given(delay=st.integers(1, LONGEST), seed=st.integers(0, 3))
def test_a_delay_moves_the_answer_by_so_many_ticks_and_changes_nothing_else(delay: int, seed: int) -> None:
    """Without noise: the target's spikes are those without a delay, `delay` ticks later."""
    weight = np.random.default_rng(seed).uniform(0.2, 0.8, (2, 2))
    stimulus = rise_and_fall()
    target = truenorth(stochastic=False, noise_mask_bits=0)
    prompt, late = (on_cores(connected((ticks, weight)), stimulus, target) for ticks in (0, delay))
    first, second = (simulate_cores(program, stimulus).activity["b"] for program in (prompt, late))
    assert first.max() > 0.1
    assert np.array_equal(second[:, delay:], first[:, :-delay])


def test_activity_follows_the_rate_circuit_with_its_delays() -> None:
    rng = np.random.default_rng(1)
    parts = [(delay, rng.uniform(-0.3, 0.6, (3, 3)) * (rng.random((3, 3)) < 0.6)) for delay in (0, 2, 7, 13)]
    circuit, stimulus = connected(*parts, size=3, targets=3), ramp(0.1, 1.0, size=3, edges=40)
    program = on_cores(circuit, stimulus, truenorth(), neurons=64)
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert nrmse(rate.activity, cores.activity)["b"] < 0.03


@pytest.mark.parametrize("delay", [0, 8])
def test_the_tick_of_a_splitter_is_taken_off_a_delay(delay: int) -> None:
    weight = np.linspace(0.4, 1.0, 40)[:, None]
    program = on_cores(connected((delay, weight), size=1, targets=40), ramp(0.0, 1.0, edges=60), truenorth(), 64)
    assert "splitter" in {group.role for group in program.neuron_groups}
    latency = full(program.projections[0].latency_ticks)
    assert latency.any() == (delay == 0)
    walked = {way: ticks for *way, ticks in walked_delays(program) for way in [tuple(way)]}
    assert walked == {(f"b/{unit}", "a/0"): 1 + delay + int(latency[unit, 0]) for unit in range(40)}


def test_a_ladder_that_its_neighbour_hears_late_stands_by_itself() -> None:
    """A ladder's own spikes come back as its leak at once: what hears it later hears a copy."""
    source, relay, target = population("a", 1), population("r", 1, "linear"), population("b", 1)
    for delay in (0, 5):
        circuit = replace(
            driven(source),
            populations=(source, relay, target),
            projections=(
                projection("a", "r", np.array([[0.9]])),
                projection("a", "b", np.array([[0.3]])),
                projection("r", "b", np.array([[0.8]]), delay_ticks=delay),
            ),
        )
        stimulus = ramp(0.1, 1.0, edges=40)
        program = on_cores(circuit, stimulus, truenorth(), neurons=64)
        joined = "filter" in [g.role for g in program.neuron_groups if g.corelet == "r/0"][1:]
        assert joined == (delay == 0)
        rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
        assert nrmse(rate.activity, cores.activity)["b"] < 0.03
