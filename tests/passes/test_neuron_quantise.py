"""Networks of neurons in a chip's integers: what is exact, how far the rest is off, and how large numbers become."""

import itertools
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.loihi.give_back import give_back
from neurocmc.passes.loihi.neuron_limits import neuron_limits
from neurocmc.passes.loihi.quantise_neurons import QuantiseNeurons
from neurocmc.passes.loihi.scale_neurons import LEAST_ROOM, ScaledNeurons, ScaleNeurons, distance, part_of
from neurocmc.passes.neurons.skew import Skew, Skewed
from neurocmc.passes.neurons.starts import starts_of
from neurocmc.sim.loihi.neurons.emulator import recording_of, run_neurons
from neurocmc.sim.neurons import simulate_neurons
from tests.frameworks.by_hand import network, population, projection
from tests.made.integer_neurons import network_of, pool, random_integers, synapses
from tests.made.looping_neurons import CHANNELS, POLE, stimulus, weights
from tests.made.targets import loihi

TARGET = loihi()
LIMITS = TARGET.limits


@cache
def drawn(seed: int) -> NeuronNetwork:
    """A stack of one to five layers of neurons that differ in every number, each of which may loop over itself."""
    r = np.random.default_rng(seed)
    layers, parts = [], []
    for index in range(int(r.integers(1, 6))):
        size = int(r.integers(1, 12))
        spread = r.uniform(0, 1.5)
        fields: dict[str, Any] = {
            "pole_syn": r.choice([0, 0.6, 0.9], size) if r.integers(2) else r.uniform(0.6, 0.95, size),
            "pole_mem": r.choice([0.5, 0.95, 1], size) if r.integers(2) else float(r.uniform(0.5, 1)),
            "gain_mem": r.uniform(0.3, 1.2, size),
            "threshold": 10 ** r.uniform(-spread, spread, size),
            "refractory_ticks": int(r.integers(1, 4)),
        }
        layers.append(population(f"p{index}", size, **fields))
        source, many = ("input", CHANNELS) if index == 0 else (f"p{index - 1}", layers[-2].size)
        sign = (np.abs, lambda w: w, lambda w: -np.abs(w))[int(r.integers(3))]
        bias = r.normal(0, 0.01, size) * r.integers(2)
        parts.append(projection(source, f"p{index}", np.abs(r.normal(0.4, 0.5, (size, many))), bias))
        if r.integers(2):
            loop = sign(r.normal(0, 0.3, (size, size)))
            parts.append(projection(f"p{index}", f"p{index}", loop, delay_ticks=r.integers(1, 5, (size, size))))
    made = network(POLE, tuple(layers), tuple(parts), CHANNELS)
    assert made.problems() == ()
    return made


@cache
def quantised(seed: int, planes: int, exponent: int) -> tuple[Skewed, IntegerNeurons, Any]:
    skewed = Skew().run(drawn(seed))
    exponents = dict.fromkeys(skewed.depth_ticks, exponent)
    starts = starts_of(skewed.network, skewed.depth_ticks)
    integers, losses = QuantiseNeurons(exponents, planes).run(skewed, starts, TARGET)
    return skewed, integers, losses


def scales(integers: IntegerNeurons, name: str, size: int) -> np.ndarray[Any, Any]:
    """(size,) LSB per unit of voltage."""
    found = np.zeros(size)
    for each in integers.populations:
        if each.population == name:
            found[each.members] = each.lsb_per_voltage
    return found


cases = st.tuples(st.integers(0, 60), st.sampled_from([1, 2]), st.integers(-6, 3))


@given(cases)
def test_every_register_holds_what_it_is_given(case: tuple[int, int, int]) -> None:
    skewed, integers, _ = quantised(*case)
    assert integers.problems() == ()
    assert list(neuron_limits(integers, TARGET)) == []
    assert integers.sizes() == {p.name: p.size for p in skewed.network.populations}
    assert {p.population: p.depth_ticks for p in integers.populations} == dict(skewed.depth_ticks)


@given(cases)
def test_thresholds_are_exact_and_have_few_levels(case: tuple[int, int, int]) -> None:
    skewed, integers, _ = quantised(*case)
    most = max(2, LIMITS.threshold_profiles_per_core // len(skewed.network.populations))
    for p in skewed.network.populations:
        pools = [each for each in integers.populations if each.population == p.name]
        assert len({each.threshold_mantissa for each in pools}) <= most
        for each in pools:
            register = each.threshold_mantissa << LIMITS.threshold_shift
            np.testing.assert_allclose(each.lsb_per_voltage * p.threshold[each.members], register, rtol=1e-12)


@given(cases)
def test_poles_and_biases_are_the_nearest(case: tuple[int, int, int]) -> None:
    skewed, integers, losses = quantised(*case)
    starts = starts_of(skewed.network, skewed.depth_ticks)
    rule = integers.rule
    for each in integers.populations:
        p = skewed.network.population(each.population)
        half = 0.5 / rule.full_decay
        assert (np.abs(rule.keep_u(each.decay_u) / rule.full_decay - p.pole_syn[each.members]) <= 2 * half).all()
        assert (np.abs(rule.keep_v(each.decay_v) / rule.full_decay - p.pole_mem[each.members]) <= half).all()
        wanted = starts[p.name].bias[each.members] * each.lsb_per_voltage
        assert (np.abs(each.bias_lsb - wanted) <= 2.0**each.bias_exponent / 2).all()
        assert np.abs(wanted).max() <= 4095.5 * 2**each.bias_exponent
    assert [loss.name for loss in losses.populations] == [p.name for p in skewed.network.populations]


@given(cases)
def test_what_planes_leave_of_a_weight_is_bounded(case: tuple[int, int, int]) -> None:
    """Half a step of the finest plane; a projection of one sign has whole steps, one of both even ones."""
    skewed, integers, losses = quantised(*case)
    for part, loss in zip(skewed.network.projections, losses.projections, strict=True):
        p = skewed.network.population(part.target)
        scale = scales(integers, p.name, p.size) * p.gain_syn * p.gain_mem
        wanted = part.matrix(skewed.network.size_of(part.source)).toarray() * scale[:, None]
        found, own = np.zeros_like(wanted), [s for s in integers.synapses if s.whole == part.name]
        rows = integers.rows(part.target)
        sources = np.arange(wanted.shape[1]) if own[0].input else integers.rows(part.source)
        for plane in own:
            target, source = (np.argsort(where)[index] for where, index in ((rows, plane.target - rows.min()), (
                sources, plane.source - sources.min())))  # fmt: skip
            np.add.at(found, (target, source), plane.mantissa * 2.0 ** (plane.exponent + 6))
        coarse = own[0].exponent
        finest = max(coarse - 7, LIMITS.weight_exponent_min) if case[1] == 2 else max(s.exponent for s in own)
        step = 2.0 ** (finest + 6)
        assert np.abs(found - wanted).max() <= step * (1 + 1e-9)
        assert loss.largest == pytest.approx(np.abs(found - wanted).max() / np.abs(wanted).max(), abs=1e-9)
        assert len(own) <= 2


def test_one_plane_keeps_the_signs_apart() -> None:
    for seed in range(20):
        for part in quantised(seed, 1, 0)[1].synapses:
            assert part.sign == ("inhibitory" if part.mantissa.min() < 0 else "excitatory")
            assert part.name == part.whole + " inhibitory" * (part.name != part.whole)


def test_two_planes_are_finer_than_one() -> None:
    for seed in range(10):
        one, two = (quantised(seed, planes, 0)[2].projections for planes in (1, 2))
        assert max(loss.largest for loss in two) <= max(max(loss.largest for loss in one) / 20, 1e-4)


def test_pools_take_no_name_that_a_population_has() -> None:
    parts = tuple(projection("input", name, np.ones((size, CHANNELS))) for name, size in (("p", 2), ("p#1", 1)))
    made = network(POLE, (population("p", 2, pole_mem=[0.5, 0.9]), population("p#1", 1)), parts, CHANNELS)
    skewed = Skew().run(made)
    starts = starts_of(made, skewed.depth_ticks)
    integers, _ = QuantiseNeurons({"p": 0, "p#1": 0}).run(skewed, starts, TARGET)
    assert integers.problems() == ()
    assert [each.name for each in integers.populations] == ["p#0", "p#12", "p#1"]


def scaled(made: NeuronNetwork, planes: int = 2, given: EventStimulus | None = None) -> ScaledNeurons:
    skewed = Skew().run(made)
    calibration = given or stimulus()
    wanted = simulate_neurons(skewed.network, calibration, level="fitted")
    return ScaleNeurons(planes).run(skewed, calibration, wanted, TARGET)


@pytest.mark.parametrize("planes", [1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_the_scale_chosen_keeps_room_and_is_the_best_of_those_tried(seed: int, planes: int) -> None:
    made = drawn(seed)
    found = scaled(made, planes)
    ran = run_neurons(found.network, stimulus())
    assert ran.wraps.sum() == 0
    assert LEAST_ROOM * ran.largest_u.max() <= found.network.rule.half_current
    np.testing.assert_array_equal(ran.largest_u, found.seen.largest_u)
    errors = dict(found.tried)
    assert errors[found.offset] <= min(errors.values()) + 0.0005
    wanted = simulate_neurons(Skew().run(made).network, stimulus(), level="fitted")
    assert distance(wanted, recording_of(found.network, ran.spikes, stimulus())) == errors[found.offset]
    assert found.network.problems() == ()
    assert list(neuron_limits(found.network, TARGET)) == []


def test_currents_that_no_scale_holds_are_refused() -> None:
    """Two hundred thousand equal spikes that a current keeps are, at the least mantissa, more than 2^23 LSB."""
    part = projection("input", "p", np.ones((1, 1000)))
    made = network(POLE, (population("p", 1, pole_syn=1.0),), (part,), 1000)
    given = EventStimulus.of_dense("all", np.ones((1, 200, 1000), dtype=np.uint8))
    with pytest.raises(InfeasibleError, match=r"network net: .* come too close .* \[scale-not-found\]"):
        scaled(made, given=given)


@pytest.mark.parametrize(("syn", "mem", "bias"), [(0.0, 1.0, -0.3), (0.0, 0.95, -0.3), (0.6, 0.95, 0.15)])
def test_no_neuron_of_a_deep_stack_spikes_before_its_time(syn: float, mem: float, bias: float) -> None:
    """Biases of so many layers ask for starts from which the last one would spike."""
    names = [f"p{index}" for index in range(6)]
    parts = [
        projection(source, target, np.abs(weights(index, 8, CHANNELS if index == 0 else 8, 0.5)), np.full(8, bias))
        for index, (source, target) in enumerate(itertools.pairwise(("input", *names)))
    ]
    layers = tuple(population(name, 8, pole_syn=syn, pole_mem=mem) for name in names)
    found = scaled(network(POLE, layers, tuple(parts), CHANNELS))
    spikes = found.seen.spikes
    for name in names:
        ticks = spikes.tick[np.isin(spikes.unit, found.network.rows(name))]
        assert ticks.size > 50
        assert ticks.min() >= found.network.depth_of(name)
    assert dict(found.tried)[found.offset] < 0.004


def test_calibration_is_cut_to_what_takes_seconds() -> None:
    given = EventStimulus.of_dense("it", np.zeros((50, 100, 1), dtype=np.uint8))
    assert part_of(given, 10).batch == 50
    assert part_of(given, 10_000).batch == 10
    assert part_of(given, 10_000_000).batch == 1


@pytest.mark.parametrize(("decay_u", "arriving"), [(4095, 1.0), (2047, 2.0)])
def test_what_is_rounded_off_is_given_back(decay_u: int, arriving: float) -> None:
    """64 >> 7 is 0: each tick loses half a mantissa, 32 LSB, and a current that keeps half of itself twice that."""
    part = synapses("s fine", [(0, 0, 64)], input="input", exponent=-7, whole="s")
    made = network_of([pool("a", 2, decay_u=decay_u, threshold_mantissa=131_071)], [part])
    given = EventStimulus.of_dense("all", np.ones((2, 50, 2), dtype=np.uint8))
    seen = run_neurons(made, given)
    back = give_back(made, seen, 2 * 50, TARGET.limits)
    assert back.populations[0].bias_mantissa.tolist() == [32 * arriving, 0]
    ran = run_neurons(back, given, record_state=True)
    np.testing.assert_array_equal(ran.v[0, :, 0], 32 * arriving * np.arange(1, 51))
    assert not run_neurons(made, given, record_state=True).v.any()


def test_what_lost_nothing_is_given_nothing_back() -> None:
    part = synapses("s", [(0, 0, 64)], input="input", exponent=-5)
    made = network_of([pool("a", 1)], [part])
    given = EventStimulus.of_dense("all", np.ones((1, 5, 2), dtype=np.uint8))
    assert give_back(made, run_neurons(made, given), 5, TARGET.limits) is made


def test_a_bias_that_its_mantissa_does_not_hold_gets_another_exponent() -> None:
    part = synapses("s", [(0, 0, 64)], input="input", exponent=-7)
    pools = [pool("a", 1, decay_u=0, bias_mantissa=4000, threshold_mantissa=131_071)]
    given = EventStimulus.of_dense("all", np.ones((1, 20, 2), dtype=np.uint8))
    made = network_of(pools, [part])
    back = give_back(made, run_neurons(made, given), 20, TARGET.limits).populations[0]
    assert back.bias_exponent > 0
    wanted = 4000 + 32 / made.rule.arriving(0)
    assert abs(int(back.bias_lsb[0]) - min(wanted, 4095 << 7)) <= 1 << back.bias_exponent


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"bias_exponent": -1}, "population p0: bias exponent is -1, loihi1 holds 0 to 7"),
        ({"bias_mantissa": np.full(7, 4096)}, "population p0: bias mantissa is 4096, loihi1 holds 0 to 4,095"),
        ({"threshold_mantissa": 131_072}, "threshold mantissa is 131072, loihi1 holds 0 to 131,071"),
        ({"refractory_ticks": 64}, "refractory time is 64, loihi1 holds 1 to 63"),
    ],
)
def test_registers_that_a_chip_does_not_have_are_named(fields: dict[str, Any], what: str) -> None:
    made = random_integers(0)
    assert list(neuron_limits(made, TARGET)) == []
    pools = (replace(made.populations[0], **fields), *made.populations[1:])
    (found,) = neuron_limits(replace(made, populations=pools), TARGET)
    assert (found.id, what in str(found)) == ("register-beyond-range", True)


def test_exponents_delays_and_rules_that_a_chip_does_not_have_are_named() -> None:
    made = random_integers(0)
    part = made.synapses[0]
    for fields, what in (
        ({"exponent": LIMITS.weight_exponent_max + 1}, "weight exponent is 8"),
        ({"exponent": LIMITS.weight_exponent_min - 1}, "weight exponent is"),
        ({"delay_ticks": np.full(part.synapses, 63)}, "delay is 63"),
    ):
        more: Any = fields
        (found,) = neuron_limits(replace(made, synapses=(replace(part, **more),)), TARGET)
        assert (found.id, what in str(found)) == ("register-beyond-range", True)
    (found,) = neuron_limits(replace(made, rule=replace(made.rule, spike_delay_ticks=2)), TARGET)
    assert found.id == "target-unfit"
