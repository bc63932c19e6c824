"""From pools to neurosynaptic cores: leaks, weights of few strengths, fan-in, fan-out, places, and all together."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.offsets import Offsets
from neurocmc.passes.relays import Relays
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.passes.truenorth.fan_out import Branch, plan_fan_out
from neurocmc.passes.truenorth.leaks import COSTS, POLE_ERROR, choose_leak
from neurocmc.passes.truenorth.place import place_cores
from neurocmc.passes.truenorth.registers import CoreRegisters
from neurocmc.passes.truenorth.weights import LEAK_TYPE, fit_weights
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.targets import TrueNorthLimits, TrueNorthTarget
from neurocmc.verification.metrics import nrmse
from tests.made.circuits import driven, matched, population, projection, ramp, steps, swta
from tests.made.targets import truenorth


def limits() -> TrueNorthLimits:
    return truenorth().limits


def on_cores(circuit: RateCircuit, stimulus: Stimulus, target: TrueNorthTarget, neurons: int = 64) -> CoreProgram:
    calibration = Calibrate((stimulus,)).run(circuit)
    program = Corelets(circuit, calibration).run(matched(circuit, stimulus, target, neurons), target)
    assert program.problems() == ()
    return CoreRegisters().run(program, target)


@given(
    lag_ticks=st.floats(0.5, 400.0),
    low=st.floats(-3.0, 0.0),
    high=st.floats(0.2, 3.0),
    stochastic=st.booleans(),
)
def test_a_leak_holds_its_pole_and_is_at_rest_where_it_says(
    lag_ticks: float, low: float, high: float, stochastic: bool
) -> None:
    keep = lag_ticks / (1.0 + lag_ticks)
    leak = choose_leak("u/0", keep, (low, high), 32, truenorth(stochastic=stochastic).limits, COSTS)
    assert abs((1.0 - leak.keep) / (1.0 - keep) - 1.0) <= POLE_ERROR
    thresholds = np.array(leak.thresholds())
    assert (thresholds >= 0).all()
    # At rest no neuron is undecided: exactly `rest` fire under the largest and under the smallest draw.
    for draw in (0, leak.noise_mask):
        assert int((leak.rest_potential >= thresholds + draw).sum()) == leak.rest
    assert leak.largest_scale(low, high) > 0


def test_a_time_constant_beyond_the_registers_is_refused_by_name() -> None:
    with pytest.raises(InfeasibleError, match=r"unit memory/3: .*\[filter-not-realisable\]"):
        choose_leak("memory/3", 1.0 - 1e-7, (-1.0, 1.0), 32, limits(), COSTS)


@pytest.mark.parametrize("tau_s", [0.01, 0.02, 0.04])
def test_a_leak_decays_by_w_over_its_spacing_a_tick(tau_s: float) -> None:
    circuit = driven(population("u", 1), tau_s=tau_s)
    circuit = replace(
        circuit, populations=(replace(circuit.populations[0], trace_tau_s=0.0),)
    )  # the pool's count itself
    values = np.tile(np.array([1.0, 0.0])[None, :, None], (200, 1, 1))
    stimulus = Stimulus(name="off", duration_s=0.4, edges_s=[0.0, 0.3], values={"drive": values}, labels=[-1] * 200)
    program = on_cores(circuit, stimulus, truenorth())
    mean = simulate_cores(program, stimulus).activity["u"][:, :, 0].mean(axis=0)[302:]
    falls = np.arange(round(1.5e3 * tau_s))
    slope = np.polyfit(falls, np.log(mean[: falls.size]), 1)[0]
    pole = float(program.populations[0].realised_pole[0])
    assert np.isclose(1.0 - np.exp(slope), 1.0 - pole, rtol=0.02)
    assert np.isclose(1.0 - pole, 1.0 - np.exp(-1e-3 / tau_s), rtol=0.02)


def test_two_leaks_in_a_row_are_the_second_order_kernel() -> None:
    source, cascade = population("a", 1), population("b", 1)
    circuit = replace(
        driven(source),
        populations=(source, replace(cascade, trace_tau_s=0.0)),
        projections=(projection("a", "b", [[1.0]], tau_s=0.02, order=2),),
    )
    values = np.ones((100, 1, 1))
    step = Stimulus(name="step", duration_s=0.2, edges_s=[0.0], values={"drive": values}, labels=[-1] * 100)
    staged = Offsets((step,)).run(Relays().run(circuit, truenorth()))
    program = on_cores(staged, step, truenorth())
    ideal = simulate_rate(circuit, step).activity["b"][0, :, 0]
    found = simulate_cores(program, step).activity["b"][:, :, 0].mean(axis=0)
    assert np.abs(found - ideal).max() < 0.05 * ideal.max()


@settings(max_examples=60)
@given(
    amplitude=st.lists(st.floats(0.05, 1.0).flatmap(lambda a: st.sampled_from([a, -a])), min_size=1, max_size=12),
    axons=st.integers(24, 224),
    types=st.integers(2, 3),
)
def test_a_weight_fit_says_what_it_gives(amplitude: list[float], axons: int, types: int) -> None:
    wanted = np.array(amplitude)
    most = np.full(wanted.size, 64)
    fit = fit_weights(
        wanted, 3000.0, axons=axons, fewest=np.zeros_like(most), most=most, types=types, largest_weight=255
    )
    assert fit is not None
    assert fit.axons.sum() <= axons
    assert (fit.axons <= most).all()
    assert len(fit.strength) <= types
    assert all(1 <= abs(strength) <= 255 for strength in fit.strength)
    assert (np.sign(fit.realised()) * np.sign(wanted) >= 0).all()
    error = np.abs(fit.realised() - wanted).max() / np.abs(wanted).max()
    assert np.isclose(error, fit.residual, atol=1e-12)
    assert fit.residual <= 0.5 * wanted.size / axons + 0.02  # half a neuron of the coarsest count there can be


def test_a_weight_fit_is_the_best_of_all_at_its_scale() -> None:
    wanted, scale = np.array([0.9, 0.31, -0.5]), 300.0
    fit = fit_weights(
        wanted, scale, axons=40, fewest=np.zeros(3, dtype=int), most=np.full(3, 16), types=2, largest_weight=255
    )
    assert fit is not None
    best = min(
        max(
            abs(np.clip(np.rint(w / s), 0, 16) * s - w)
            for w, s in zip(np.abs(wanted) * fit.scale, weights, strict=True)
        )
        for up, down in itertools.product(range(1, 80), repeat=2)
        if (weights := (up, up, down))
        and sum(np.clip(np.rint(w / s), 0, 16) for w, s in zip(np.abs(wanted) * fit.scale, weights, strict=True))
        <= 40
    )
    assert fit.residual * 0.9 * fit.scale <= best + 1e-9 or fit.residual < 0.01


def test_a_strong_source_that_takes_away_shares_the_type_of_the_leak() -> None:
    """The strongest source leaves the one type that takes away to weaker ones, which are then counted more finely."""
    wanted, most = np.array([0.016, -0.59, -0.025, -0.026]), np.full(4, 64)
    rest = {
        "axons": 180,
        "fewest": np.zeros(4, dtype=int),
        "most": most,
        "types": 2,
        "largest_weight": 255,
    }
    alone, shared = (fit_weights(wanted, 1300.0, leak_weight=weight, **rest) for weight in (0, 12))
    assert alone is not None
    assert shared is not None
    assert not alone.on_leak
    assert shared.type_of.tolist() == [0, LEAK_TYPE, 1, 1]
    assert shared.leak_strength == -12
    weak = slice(2, 4)
    assert (shared.axons[weak] > 10 * alone.axons[weak]).all()
    assert (np.abs(shared.realised() / wanted - 1.0)[weak] < 0.05).all()


def test_a_sign_without_a_type_is_no_fit() -> None:
    assert (
        fit_weights(
            np.array([1.0, -1.0]),
            100.0,
            axons=50,
            fewest=np.zeros(2, dtype=int),
            most=np.full(2, 20),
            types=1,
            largest_weight=255,
        )
        is None
    )


@given(
    targets=st.lists(st.integers(1, 64), min_size=1, max_size=60),
    free=st.integers(64, 200),
)
def test_fan_out_reaches_every_core_once_and_keeps_within_its_neurons(targets: list[int], free: int) -> None:
    wanted = list(enumerate(targets))
    branches = plan_fan_out("u/0", wanted, free, 256)
    assert sum(branch.neurons for branch in branches) <= free

    def walked(branch: Branch) -> list[tuple[int, int]]:
        if branch.end is not None:
            return [(branch.end, branch.neurons)]
        assert sum(part.neurons for part in branch.branches) <= 256
        assert all(part.neurons <= branch.neurons for part in branch.branches)
        return [pair for part in branch.branches for pair in walked(part)]

    assert sorted(pair for branch in branches for pair in walked(branch)) == wanted
    late = [ticks for branch in branches for ticks in branch.latencies().values()]
    assert (max(late) == 0) == (sum(targets) <= free)


def test_a_unit_that_cannot_even_feed_a_splitter_is_refused() -> None:
    with pytest.raises(InfeasibleError, match=r"unit u/0: .* 3 cores; its core has 20 .*\[fan-out-beyond-core\]"):
        plan_fan_out("u/0", [(0, 40), (1, 40), (2, 40)], 20, 256)


@given(st.integers(1, 80), st.randoms(use_true_random=False))
def test_every_core_gets_a_place_of_its_own(count: int, random: Any) -> None:
    traffic = [{random.randrange(count): random.randrange(1, 64)} for _ in range(count)]
    places = place_cores("c", traffic, limits())
    assert len({tuple(place) for place in places.tolist()}) == count
    assert places.min() >= 0
    assert places.max() < 64


def test_more_cores_than_the_grid_has_are_refused() -> None:
    assert len(place_cores("c", [{}] * 4, truenorth(grid_columns=2, grid_rows=2).limits)) == 4
    with pytest.raises(InfeasibleError, match=r"circuit c: 5 cores, limit 4 \(2 x 2\) \[cores-beyond-chip\]"):
        place_cores("c", [{}] * 5, truenorth(grid_columns=2, grid_rows=2).limits)


def test_a_winner_take_all_on_cores_follows_its_rates() -> None:
    circuit, stimulus = swta(), steps()
    program = on_cores(circuit, stimulus, truenorth())
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert max(nrmse(rate.activity, cores.activity).values()) < 0.03
    for held in program.projections:
        wanted = held.wanted_gain != 0
        assert np.abs(held.realised_gain[wanted] / held.wanted_gain[wanted] - 1.0).max() < 0.03


def test_a_wide_fan_in_gets_partial_sums_and_still_follows() -> None:
    """60 sources at 64 neurons are 3,840 axons: more than fifteen cores hold."""
    rng = np.random.default_rng(0)
    source, target = population("a", 60), population("b", 2)
    weight = rng.uniform(0.5, 1.0, (2, 60)) * np.where(np.arange(60) % 3, 1.0, -1.0) / 20
    circuit = replace(driven(source), populations=(source, target), projections=(projection("a", "b", weight),))
    stimulus = ramp(0.1, 1.0, size=60, edges=60)
    program = on_cores(circuit, stimulus, truenorth())
    roles = {group.role for group in program.neuron_groups}
    assert {"sum", "filter", "pool", "copy"} <= roles
    (held,) = program.projections
    assert (held.latency_ticks >= 1).all()  # a partial sum costs a tick
    assert np.abs(held.realised_gain - held.wanted_gain).max() < 0.03 * np.abs(held.wanted_gain).max()
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert nrmse(rate.activity, cores.activity)["b"] < 0.03


def test_a_wide_fan_out_gets_splitters_and_still_follows() -> None:
    source, target = population("a", 1), population("b", 40)
    weight = np.linspace(0.4, 1.0, 40)[:, None]
    circuit = replace(driven(source), populations=(source, target), projections=(projection("a", "b", weight),))
    stimulus = ramp(0.0, 1.0, edges=60)
    program = on_cores(circuit, stimulus, truenorth())
    assert "splitter" in {group.role for group in program.neuron_groups}
    late = program.projections[0].latency_ticks[:, 0] > 0
    assert late.any()
    shortened = program.population("b").realised_pole
    assert shortened[late].max() < shortened[~late].min() if (~late).any() else (shortened < np.exp(-0.05)).all()
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert nrmse(rate.activity, cores.activity)["b"] < 0.03


def test_without_random_numbers_a_circuit_runs_all_the_same() -> None:
    circuit, stimulus = swta(), steps()
    program = on_cores(circuit, stimulus, truenorth(stochastic=False, noise_mask_bits=0))
    assert program.network.deterministic
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert max(nrmse(rate.activity, cores.activity).values()) < 0.05
    again = simulate_cores(program, stimulus, seed=7)
    assert all(np.array_equal(cores.activity[name], again.activity[name]) for name in cores.activity)


def test_a_chip_without_resetless_neurons_gets_thresholds_of_zero() -> None:
    """RANC subtracts its threshold on a spike: one of 0 with a shifted potential keeps it."""
    circuit, stimulus = swta(), steps()
    plain = on_cores(circuit, stimulus, truenorth(stochastic=False, noise_mask_bits=0))
    shifted = on_cores(circuit, stimulus, truenorth(stochastic=False, noise_mask_bits=0, reset_modes=(0, 1)))
    assert set(np.unique(shifted.network.reset_mode)) == {0, 1}
    first, second = simulate_cores(plain, stimulus), simulate_cores(shifted, stimulus)
    assert all(np.array_equal(first.activity[name], second.activity[name]) for name in first.activity)


def test_the_same_circuit_gives_the_same_cores() -> None:
    first, second = (on_cores(swta(), steps(), truenorth()) for _ in range(2))
    for field in ("threshold", "weight", "crossbar", "target_core", "target_axon", "coordinates", "noise_mask"):
        assert np.array_equal(getattr(first.network, field), getattr(second.network, field))


def test_too_many_neurons_for_a_core_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(
        InfeasibleError, match=r"unit excite/0: a pool of 240 neurons; 224 fit on a core next to the 32 neurons"
    ):
        on_cores(swta(), steps(), truenorth(), neurons=240)


def test_a_filtered_input_acts_through_its_filter() -> None:
    circuit = driven(population("u", 1), tau_s=0.03)
    stimulus = ramp(0.0, 1.0, edges=40)
    program = on_cores(circuit, stimulus, truenorth())
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert nrmse(rate.activity, cores.activity)["u"] < 0.03


def test_a_unit_that_nothing_drives_but_its_bias_needs_no_axon() -> None:
    pool = population("u", 2, bias=[0.5, 0.25])
    circuit = replace(
        driven(population("v", 1)),
        populations=(pool, population("v", 1)),
        inputs=(RateInput(name="drive", target="v", weight=np.eye(1)),),
    )
    stimulus = ramp(0.1, 1.0, edges=20)
    program = on_cores(circuit, stimulus, truenorth())
    rate, cores = simulate_rate(circuit, stimulus), simulate_cores(program, stimulus)
    assert nrmse(rate.activity, cores.activity)["u"] < 0.03
