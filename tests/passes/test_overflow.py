"""Bounds hold on every tick of random networks, are met to the bit where that can be, and name what overflows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurocmc.ir.headroom import Headroom
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.loihi.overflow import Overflow, any_input, calibrated_input, changed_blocks, held_range
from neurocmc.passes.loihi.worst_case.bounds import PopulationBound, worst_case
from neurocmc.passes.loihi.worst_case.host import HostBound
from neurocmc.passes.loihi.worst_case.registers import settled
from neurocmc.sim.loihi.emulator import EmulatorRun, emulate
from neurocmc.sim.loihi.host import encode, largest_value
from tests.made import levels
from tests.made.circuits import steps
from tests.made.networks import random_network
from tests.passes.made_networks import drive, network_of, pool, wire

VOLTAGE_LIMIT = (1 << 23) - 1
TICKS = 120


def milder(network: IntegerNetwork, shrink: int, filtered: bool) -> IntegerNetwork:
    """Weights smaller by powers of two, so that some networks are proved and some are not."""
    return replace(
        network,
        projections=tuple(replace(p, exponent=p.exponent - shrink) for p in network.projections),
        inputs=tuple(replace(entry, filtered=filtered) for entry in network.inputs),
    )


def free_values(network: IntegerNetwork, seed: int) -> dict[str, Any]:
    """Anything the axons carry: noise, and stretches at full positive and full negative capacity."""
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for entry in network.inputs:
        low = 0 if entry.payload_bits else int(entry.axon_mantissa[entry.axon_mantissa < 0].sum())
        high = largest_value(entry)
        shape = (2, TICKS, network.population(entry.target).units)
        noise = rng.integers(low // 2, high // 2 + 1, shape) * 2
        stretch = np.where(rng.random((2, TICKS // 20, 1)) < 0.5, high, low).repeat(20, axis=1)
        values[entry.name] = np.where(np.arange(2)[:, None, None] == 0, noise, stretch).astype(np.int32)
    return values


def observed_beyond(network: IntegerNetwork, run: EmulatorRun, bounds: dict[str, PopulationBound]) -> list[str]:
    """What of a run lies outside its bounds."""
    found: list[str] = []
    first_unit, first_neuron = network.first_unit(), 0
    for p in network.populations:
        bound, unit = bounds[p.name], first_unit[p.name]
        u = run.u[:, :, unit : unit + p.units]
        v = run.v[:, :, first_neuron : first_neuron + p.units * p.neurons]
        v = v.reshape(*v.shape[:2], p.units, p.neurons)
        counts = run.counts[:, :, unit : unit + p.units]
        checks = {
            "current low": (u >= bound.current_low).all(),
            "current high": (u <= bound.current_high).all(),
            "voltage low": (v >= bound.voltage_low[:, None]).all(),
            "voltage high": (v <= np.maximum(bound.voltage_high, 0)[:, None]).all(),
            "firing": (counts <= bound.firing).all(),
        }
        found += [f"{p.name}: {name}" for name, holds in checks.items() if not holds]
        first_neuron += p.units * p.neurons
    return found


def check_sound(network: IntegerNetwork, host: dict[str, HostBound], values: dict[str, Any]) -> bool:
    """Assert that a run keeps its bounds, and that what is proved did not wrap; tells whether all is proved."""
    bounds = worst_case(network, host)
    run = emulate(network, values, 2, TICKS, record_state=True)
    for p in network.populations:
        if not bounds[p.name].wraps.any():
            unit = network.first_unit()[p.name]
            assert not run.wraps[unit : unit + p.units].any()
    if not run.wraps.any():
        assert observed_beyond(network, run, bounds) == []
    return all(bound.fits(VOLTAGE_LIMIT) for bound in bounds.values())


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    populations=st.integers(1, 3),
    shrink=st.integers(0, 6),
    payload_bits=st.sampled_from([0, 6]),
)
def test_no_run_leaves_its_bounds_whatever_the_host_sends(
    seed: int, populations: int, shrink: int, payload_bits: int
) -> None:
    network = milder(random_network(seed, populations, payload_bits), shrink, filtered=True)
    host = {p.name: any_input(network, p) for p in network.populations}
    check_sound(network, host, free_values(network, seed))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), shrink=st.integers(2, 8), filtered=st.booleans(), share=st.floats(0.02, 0.9))
def test_no_run_leaves_its_bounds_at_calibrated_drives(seed: int, shrink: int, filtered: bool, share: float) -> None:
    network = milder(random_network(seed), shrink, filtered)
    stimulus = noise(network, seed, share)
    host = {p.name: calibrated_input(network, p, (stimulus,)) for p in network.populations}
    weaker = replace(stimulus, values={name: 0.5 * value for name, value in stimulus.values.items()})
    for within in (stimulus, weaker):
        check_sound(network, host, dict(encode(network, within)))


def noise(network: IntegerNetwork, seed: int, share: float) -> Stimulus:
    """Steps of drive of either sign, up to a share of what the axons bring in one tick."""
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for entry in network.inputs:
        units, rule = network.population(entry.target).units, network.rule
        negative = -int(entry.axon_mantissa[entry.axon_mantissa < 0].sum())
        lsb = min(largest_value(entry), negative) << (entry.exponent + rule.weight_shift)
        values[entry.name] = rng.uniform(-0.5, 0.5, (2, 6, units)) * share * lsb / units
    return Stimulus(
        name="noise", duration_s=0.001 * TICKS, edges_s=0.02 * np.arange(6), values=values, labels=np.full(2, -1)
    )


def test_the_properties_above_see_both_kinds_of_network() -> None:
    proved = [
        check_sound(network, {p.name: any_input(network, p) for p in network.populations}, free_values(network, seed))
        for seed in range(24)
        for network in [milder(random_network(seed, 2), 3 + seed % 6, filtered=True)]
    ]
    assert 4 <= sum(proved) <= 20


@given(arriving=st.integers(-(10**7), 10**7), decay=st.integers(1, 4096), start=st.floats(0.0, 1.0))
@settings(max_examples=200)
def test_settled_is_where_stepping_ends(arriving: int, decay: int, start: float) -> None:
    assume(decay >= 40 or abs(arriving) < 10**4)
    rest = settled(arriving, decay, 12)
    assert stepped(rest, arriving, decay) == rest
    below = int(start * rest)  # from anywhere between 0 and there it is approached and never passed
    for _ in range(40):
        after = stepped(below, arriving, decay)
        assert abs(below) <= abs(after) <= abs(rest)
        below = after
    nearer = rest - (1 if rest > 0 else -1)
    assert rest == 0 or stepped(nearer, arriving, decay) != nearer


def stepped(u: int, arriving: int, decay: int) -> int:
    kept = (abs(u) * (4096 - decay)) >> 12
    return (kept if u >= 0 else -kept) + arriving


def always(name: str, neurons: int, **more: Any) -> IntegerPopulation:
    """A population of which every neuron fires in every tick."""
    return pool(
        name, 1, neurons, threshold_mantissa=1000, bias_mantissa=np.full((1, neurons), 1001), bias_exponent=6, **more
    )


def bounds_of(network: IntegerNetwork) -> dict[str, PopulationBound]:
    return worst_case(network, {p.name: any_input(network, p) for p in network.populations})


def after(network: IntegerNetwork, ticks: int = 3000) -> EmulatorRun:
    return emulate(network, {}, 1, ticks, record_state=True)


@pytest.mark.parametrize("exponent", [-3, 0, 2])
@pytest.mark.parametrize(("mantissa", "sign"), [(37, "excitatory"), (-37, "inhibitory")])
def test_a_bound_is_met_to_the_last_bit(mantissa: int, sign: str, exponent: int) -> None:
    a, b = always("a", 5), pool("b", 1, 2, decay_u=30, threshold_mantissa=131071)
    network = network_of([a, b], [wire(a, b, mantissa=[[mantissa]], sign=sign, exponent=exponent)])
    bound, u = bounds_of(network)["b"], after(network).u[0, :, 1]
    assert (bound.current_low[0], bound.current_high[0]) == (min(u.min(), 0), max(u.max(), 0))
    assert abs(int(u[-1])) > 10_000


def test_a_voltage_bound_is_met_to_the_last_bit() -> None:
    a = always("a", 5)
    b = pool("b", 1, 1, decay_u=30, decay_v=300, threshold_mantissa=131071, bias_mantissa=[[-7]], bias_exponent=0)
    network = network_of([a, b], [wire(a, b, mantissa=[[3]])])
    bound, v = bounds_of(network)["b"], after(network).v[0, :, 5]
    assert bound.voltage_high[0] == v.max()
    assert bound.voltage_low[0] == -82  # where -7 a tick comes to rest: 300/4096 of 82, rounded up, is 7
    assert -82 <= v.min() <= -7


def test_a_start_current_counts() -> None:
    network = network_of([pool("a", 2, 1, u_initial=[500, -300])], [])
    bound = bounds_of(network)["a"]
    assert (bound.current_low.tolist(), bound.current_high.tolist()) == ([0, -300], [500, 0])


def test_a_pool_that_cannot_fire_adds_nothing() -> None:
    """a drives b, b drives c; b's threshold lies above all that a can send, so that c stays at rest."""
    a, c = always("a", 5), pool("c", 1, 2)
    for threshold, fires in ((501, False), (500, True)):  # 4095 leaves a 4096th of a voltage
        b = pool("b", 1, 3, decay_u=4095, threshold_mantissa=threshold)
        network = network_of([a, b, c], [wire(a, b, mantissa=[[100]]), wire(b, c, mantissa=[[100]])])
        found = bounds_of(network)
        assert found["b"].current_high[0] == 500 << 6
        assert found["b"].firing[0] == (3 if fires else 0)
        assert (found["c"].current_high[0] > 0) == fires == bool(after(network, 50).u[0, :, 2].any())


def test_a_start_voltage_above_threshold_fires_once() -> None:
    a, b = pool("a", 1, 4, decay_v=100, v_initial=[[0, 64_000, 66_000, 90_000]]), pool("b", 1, 1, decay_u=100)
    network = network_of([a, b], [wire(a, b, mantissa=[[100]])])
    found, run = bounds_of(network), after(network, 50)
    assert found["a"].firing[0] == run.counts[0, 0, 0] == 2
    assert found["b"].current_high[0] == run.u[0, :, 1].max() == 2 * 100 << 6


def test_only_the_neurons_within_reach_count() -> None:
    a = always("a", 5)
    b = pool("b", 1, 4, decay_u=4095, threshold_mantissa=600, bias_mantissa=[[50, 101, 200, 0]], bias_exponent=6)
    network = network_of([a, b], [wire(a, b, mantissa=[[100]])])
    assert bounds_of(network)["b"].firing[0] == 2
    assert after(network, 20).counts[0, -1, 1] == 2


def test_neurons_that_must_charge_fire_at_intervals() -> None:
    """A leaky neuron that needs four ticks to threshold: bound within 1 % of the run, and not four times above."""
    slow = pool(
        "slow", 1, 5, decay_v=100, threshold_mantissa=1000, bias_mantissa=np.full((1, 5), 260), bias_exponent=6
    )
    target = pool("target", 1, 1, decay_u=40, threshold_mantissa=131071)
    network = network_of([slow, target], [wire(slow, target, mantissa=[[100]])])
    bound, run = bounds_of(network)["target"], after(network)
    assert run.counts[0, :, 0].sum() == 5 * (3000 // 4)
    peak = int(run.u[0, :, 1].max())
    assert peak <= bound.current_high[0] <= 1.01 * peak


def test_what_may_wrap_is_not_trusted_to_be_inhibited() -> None:
    """Inhibition so strong that it wraps round to excitation: a bound that believed in its sign would be wrong."""
    a, c = always("a", 5), pool("c", 1, 1)
    b = pool("b", 1, 3, decay_u=4095, threshold_mantissa=1000)
    too_much = wire(a, b, mantissa=[[-220]], sign="inhibitory", exponent=7)
    network = network_of([a, b, c], [too_much, wire(b, c, mantissa=[[10]])])
    found, run = bounds_of(network), after(network, 20)
    assert run.wraps.tolist() == [0, 19, 0]
    assert run.u[0, -1, 2] > 0
    assert found["b"].wraps.all()
    assert not found["c"].wraps.any()
    assert run.u[0, :, 2].max() <= found["c"].current_high[0]


def test_sums_beyond_32_bits_are_not_proved() -> None:
    a, b = always("a", 1100), pool("b", 1, 1, decay_u=4095)
    plus = wire(a, b, name="plus", mantissa=[[255]], exponent=7)
    minus = wire(a, b, name="minus", mantissa=[[-255]], exponent=7, sign="inhibitory")
    bound = bounds_of(network_of([a, b], [plus, minus]))["b"]
    assert bound.sum_largest[0] == 1100 * 255 << 13
    assert bound.wraps.all()


@pytest.mark.parametrize("filtered", [False, True])
def test_the_host_holds_a_drive_within_the_range_told(filtered: bool) -> None:
    target = pool("a", 2, 1, threshold_mantissa=131071)
    entry = replace(
        drive(target, 0),
        axon_mantissa=np.repeat([254, -254], 20),
        lsb_per_input=np.diag([900.0, 0.0]),
        filtered=filtered,
    )
    network = network_of([target], [], (entry,))
    stimulus = Stimulus(
        name="s",
        duration_s=0.4,
        edges_s=[0.0, 0.1, 0.2],
        labels=[-1],
        values={"drive": np.array([[[30.0, 9.0], [-40.0, 9.0], [100.0, 9.0]]])},
    )
    low, high = held_range(network, entry, (stimulus,))
    assert (low[1], high[1]) == (0.0, 0.0)
    spare = high[0] - 90_000.0
    assert low[0] == pytest.approx(-36_000.0 - spare)
    assert spare == pytest.approx(128 + 4096 / 200 if filtered else 64)
    u = emulate(network, encode(network, stimulus), 1, 400, record_state=True).u[0, :, 0]
    assert low[0] <= u.min()
    assert u.max() <= high[0]
    assert u.max() - u.min() > 0.99 * 126_000


def headroom(network: IntegerNetwork, *stimuli: Stimulus) -> dict[str, Headroom]:
    return {found.population: found for found in Overflow(calibration=stimuli).run(network)}


def test_the_winner_take_all_cannot_overflow_at_calibrated_drives() -> None:
    found = headroom(levels.integer(), steps())
    assert list(found) == ["excite", "inhibit"]
    assert {entry.proved for entry in found.values()} <= {"any input", "calibrated input"}
    for entry in found.values():
        name, worst = entry.worst
        assert worst.share < 1 < 2**worst.headroom_bits
        assert name in ("current", "voltage")
        assert entry.firing == entry.neurons
    assert found["inhibit"].largest_source == "projection excite->inhibit"


def test_what_overflows_is_named_with_its_source_and_by_how_much() -> None:
    a, b = always("a", 5), pool("b", 1, 1, decay_u=0)
    network = network_of([a, b], [wire(a, b, mantissa=[[255]], exponent=0)])
    found = headroom(network)
    assert found["a"].proved == "any input"
    assert found["b"].proved == "no"
    assert found["b"].largest_source == "projection a->b"
    name, register = found["b"].worst
    assert name == "current"
    # 5 x 255 x 64 LSB a tick, of which a 4096th part is lost in each.
    assert found["b"].current.high == settled(5 * 255 * 64, 1, 12) > 333_000_000
    assert found["b"].current.share == pytest.approx(5 * 255 * 64 * 4096 / 2**23, rel=1e-3)
    assert found["b"].current.headroom_bits == pytest.approx(-np.log2(found["b"].current.share))
    assert register is found["b"].current
    assert found["b"].voltage.high >= register.high


def test_the_drive_of_calibration_proves_what_full_axons_do_not() -> None:
    target = pool("a", 1, 4, decay_u=0)
    entry = replace(drive(target, 0), axon_mantissa=np.repeat([254, -254], 40), lsb_per_input=[[1.0]], filtered=False)
    network = network_of([target], [], (entry,))

    def proved(largest: float) -> str:
        stimulus = Stimulus(name="s", duration_s=0.1, edges_s=[0.0], labels=[-1], values={"drive": [[[largest]]]})
        return headroom(network, stimulus)["a"].proved

    limit = (1 << 23) - 1
    assert proved(1000.0) == "calibrated input"
    # Half a quantum of 128, truncation of less than 3 LSB a tick remembered for 4,096, what the voltage kept.
    assert proved(limit - 64.0 - 3 * 4096 - 15) == "calibrated input"
    assert proved(limit - 64.0 - 3 * 4096 - 14) == "no"
    assert headroom(network)["a"].largest_source == "input drive"


def test_decays_that_no_bound_is_computed_for() -> None:
    network = network_of([pool("a", 1, 1)], [])
    for rule in (replace(network.rule, decay_bits=31), replace(network.rule, decay_u_offset=4000)):
        with pytest.raises(ValueError, match=r"decay"):
            bounds_of(replace(network, rule=rule))


def test_a_block_is_changed_by_what_was_added_to_it_and_by_what_was_taken_away() -> None:
    whole = levels.integer()
    fewer = replace(whole, projections=whole.projections[1:])
    assert changed_blocks(whole, whole) == frozenset()
    assert changed_blocks(whole, fewer) == changed_blocks(fewer, whole) == {"excite", "inhibit"}
    assert changed_blocks(replace(whole, inputs=()), whole) == {"excite", "inhibit"}
