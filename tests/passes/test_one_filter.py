"""Several time constants reach a population through its one filter, and no trajectory notices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.ir.rate import RateCircuit, RateProjection
from neurocmc.passes.one_filter import OneFilter, own_taus, relayed_share
from neurocmc.passes.relays import Relays
from neurocmc.passes.time_scale import TimeScale
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from tests.made.circuits import population, projection
from tests.passes.test_relays import mixed_orders, steps

LOIHI = load_target("loihi1")


def taus_into(circuit: RateCircuit, name: str) -> set[float]:
    return {entry.tau_s for entry in circuit.projections if entry.target == name}


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), longest=st.sampled_from([0, 3]))
def test_every_trajectory_is_the_same(seed: int, longest: int) -> None:
    made, rng = mixed_orders(seed), np.random.default_rng(seed)
    delayed = tuple(replace(p, delay_ticks=int(rng.integers(0, longest + 1))) for p in made.projections)
    circuit = replace(made, projections=delayed)
    shared = OneFilter().run(Relays().run(circuit, LOIHI), LOIHI)
    assert shared.problems() == ()
    assert all(len(taus_into(shared, pool.name)) <= 1 for pool in shared.populations)
    before, after = (simulate_rate(each, steps(circuit, seed)).activity for each in (circuit, shared))
    for name, activity in before.items():
        assert np.abs(after[name] - activity).max() < 1e-6


def excitation_and_inhibition(excite: int, inhibit: int) -> RateCircuit:
    """What excites has 30 ms, what inhibits 10 ms, and both reach both populations."""
    sizes = {"e": excite, "i": inhibit}
    return RateCircuit(
        name="e-i",
        dt_s=0.001,
        populations=tuple(population(name, size) for name, size in sizes.items()),
        projections=tuple(
            projection(source, target, np.full((sizes[target], sizes[source]), 0.1), 0.03 if source == "e" else 0.01)
            for source in sizes
            for target in sizes
        ),
        inputs=(),
        readouts=(),
        origin_sha256="",
    )


def test_one_relay_behind_the_slow_source_serves_both_targets() -> None:
    shared = OneFilter().run(excitation_and_inhibition(8, 2), LOIHI)
    assert [pool.name for pool in shared.populations] == ["e", "e.relay", "i"]
    assert own_taus(shared) == pytest.approx({"e": 0.01, "i": 0.01, "e.relay": 0.03})
    assert {p.name for p in shared.projections} >= {"e->e", "e.relay->e", "e->i", "e.relay->i", "e->e.relay"}


def test_what_reaches_few_units_is_gathered_before_them() -> None:
    made = excitation_and_inhibition(8, 2)
    into_i = replace(made, projections=tuple(p for p in made.projections if p.target == "i"))
    shared = OneFilter().run(into_i, LOIHI)
    assert [(pool.name, pool.size) for pool in shared.populations] == [("e", 8), ("i.relay", 2), ("i", 2)]


def test_the_gain_is_shared_and_both_parts_are_positive() -> None:
    shared = OneFilter().run(excitation_and_inhibition(8, 2), LOIHI)
    gain: dict[str, RateProjection] = {p.name: p for p in shared.projections}
    share = relayed_share(0.03, 0.01, 0.001)
    assert 0.0 < share < 1.0
    assert (gain["e->e"].dc_gain, gain["e.relay->e"].dc_gain) == pytest.approx((1.0 - share, share))


def test_one_time_constant_a_population_needs_nothing() -> None:
    made = excitation_and_inhibition(4, 4)
    alike = replace(made, projections=tuple(replace(p, tau_s=0.02) for p in made.projections))
    assert OneFilter().run(alike, LOIHI) is alike
    assert OneFilter().run(made, load_target("brian2")) is made


def test_names_that_are_taken_get_a_number() -> None:
    made = excitation_and_inhibition(2, 2)
    twice = replace(made.projections[0], name="again", weight=0.1 * np.eye(2), delay_ticks=2)
    shared = OneFilter().run(replace(made, projections=(*made.projections, twice)), LOIHI)
    names = [p.name for p in shared.projections]
    assert len(set(names)) == len(names)
    assert {"e.relay->e", "e.relay->e#2"} <= set(names)
    assert [p.delay_ticks for p in shared.projections if p.name in ("again", "e.relay->e#2")] == [2, 2]


def test_a_shorter_tick_keeps_delays_as_long_as_they_were() -> None:
    made = excitation_and_inhibition(2, 2)
    circuit = replace(made, projections=tuple(replace(p, delay_ticks=3) for p in made.projections))
    finer = TimeScale(tick_s=0.00025).run(circuit, LOIHI)
    assert {p.delay_ticks for p in finer.projections} == {12}
    assert TimeScale(tick_s=0.001).run(circuit, LOIHI) is circuit
