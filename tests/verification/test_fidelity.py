"""What an average hides is judged by itself: a unit, a moment, silence, a tie, a drive beyond the pools."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurocmc.ir.gates import BEYOND_LIMIT, CORE_GATES, GATES, LARGEST
from neurocmc.ir.rate import Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.trace import Trace
from neurocmc.verification.coverage import coverage_edge, silent_units
from neurocmc.verification.edges import Edge
from neurocmc.verification.fidelity import Pair, fidelity_edges
from neurocmc.verification.metrics import SILENT, TIE, accuracy, agreement, decisions, moment_errors
from tests.made import by_hand

NEURONS, UNITS, TICKS = 64, 10, 1000
WHO = Readout(name="who", population="a", kind="winner", labels=("one", "two"), window_s=0.1)


def network(neurons: int = NEURONS) -> SpikingNetwork:
    """One population `a`, seen through 20 ms."""
    whole = by_hand.spiking_network()
    pool = whole.populations[0]
    trace = Trace(tau_s=0.02, order=1, start=np.zeros(UNITS))
    bias = np.zeros((UNITS, neurons))
    pool = replace(
        pool,
        units=UNITS,
        neurons=neurons,
        bias=bias,
        v_initial=bias,
        current_per_drive=np.ones(UNITS),
        trace=trace,
    )
    return replace(whole, populations=(pool,), projections=(), inputs=())


def recording(activity: NDArray[np.float64], counts: NDArray[np.int64] | None = None) -> Recording:
    """Of population `a`, (trials, ticks, units); all fire unless `counts` (trials, units) says otherwise."""
    trials, _, units = activity.shape
    counts = np.ones((trials, units), dtype=np.int64) if counts is None else counts
    return Recording(
        level="emulator",
        stimulus="s",
        tick_s=1e-3,
        activity={"a": activity.astype(np.float32)},
        spikes={},
        spike_counts={"a": counts},
    )


def steady(trials: int = 1) -> NDArray[np.float64]:
    """Ten units at activities from .1 to 1."""
    return np.tile(np.linspace(0.1, 1.0, UNITS), (trials, TICKS, 1))


def judged(
    reference: NDArray[np.float64], other: NDArray[np.float64], **counts: NDArray[np.int64]
) -> dict[str, Edge]:
    labels = np.full(len(reference), -1)
    pair = Pair(reference=recording(reference), other=recording(other, **counts), labels=labels)
    edges = fidelity_edges("rate ~ emulator", [pair], (), network=network())
    return {edge.quantity: edge for edge in edges}


def verdicts(edges: dict[str, Edge]) -> dict[str, str]:
    return {quantity: edge.verdict for quantity, edge in edges.items()}


NRMSE, UNIT, MOMENT, QUIET = (
    "NRMSE of rates",
    "error of the worst unit",
    "error of the worst moment",
    "active units that never fire",
)


def test_one_unit_of_ten_that_is_off_is_named() -> None:
    wrong = steady()
    wrong[:, :, 3] += 0.08
    edges = judged(steady(), wrong)
    assert verdicts(edges) == {NRMSE: "pass", UNIT: "miss", MOMENT: "pass", QUIET: "pass"}
    assert edges[UNIT].worst == "a[3]"
    assert edges[UNIT].value == pytest.approx(0.08, rel=1e-5)
    assert edges[UNIT].limit == pytest.approx(0.05 + 0.5 / NEURONS)
    assert "10 units: median 0 %, 90 % below" in edges[UNIT].note


def test_a_moment_that_is_off_is_named() -> None:
    """60 ms of a second, three time constants: no mean over time sees them."""
    wrong = steady()
    wrong[:, 400:460, 5] = 0.0
    edges = judged(steady(), wrong)
    assert verdicts(edges) == {NRMSE: "pass", UNIT: "miss", MOMENT: "miss", QUIET: "pass"}
    assert edges[MOMENT].worst == "a[5]"
    assert edges[MOMENT].value == pytest.approx(0.6, rel=1e-5)
    assert edges[MOMENT].limit == pytest.approx(0.05 + 4 / NEURONS)


def test_a_time_constant_early_or_late_is_no_error() -> None:
    step = np.zeros((1, TICKS, UNITS))
    step[:, 300:] = 1.0
    late = np.zeros_like(step)
    late[:, 315:] = 1.0
    assert judged(step, late)[MOMENT].verdict == "pass"
    later = np.zeros_like(step)
    later[:, 345:] = 1.0
    assert judged(step, later)[MOMENT].verdict == "miss"


def test_as_many_trials_are_set_aside_as_may_decide_otherwise() -> None:
    trials = 200
    for spoilt, verdict in ((2, "pass"), (3, "miss")):
        wrong = steady(trials)
        wrong[:spoilt, 400:460] = 0.0
        assert judged(steady(trials), wrong)[MOMENT].verdict == verdict


def test_an_active_unit_that_never_fires_is_named() -> None:
    reference = steady()
    reference[:, :, 0] = 0.002
    silent = reference.copy()
    silent[:, :, 0] = 0.0
    counts = np.ones((1, UNITS), dtype=np.int64)
    counts[0, 0] = 0
    edges = judged(reference, silent, counts=counts)
    assert verdicts(edges) == {NRMSE: "pass", UNIT: "pass", MOMENT: "pass", QUIET: "miss"}
    assert edges[QUIET].worst == "a[0]"
    reference[:, :, 0] = 0.0009  # less than a thousandth of the largest is not asked for
    assert judged(reference, silent, counts=counts)[QUIET].verdict == "pass"


@given(neurons=st.integers(1, 4096))
def test_limits_follow_the_step_of_the_pool_and_are_never_more_than_half(neurons: int) -> None:
    for gates, unit, moment in ((GATES, 0.5, 4.0), (CORE_GATES, 4.0, 20.0)):
        assert gates.of_unit(neurons, "threshold") == pytest.approx(min(gates.nrmse + unit / neurons, LARGEST))
        assert gates.of_moment(neurons, "threshold") == pytest.approx(min(gates.nrmse + moment / neurons, LARGEST))
    assert GATES.of_moment(neurons, "rate") == pytest.approx(min(0.05 + 2.0 / neurons**0.5, LARGEST))


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_moments_are_what_a_plain_loop_finds(seed: int, reach: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, 1, 40, 2)).astype(np.float32)
    wanted = np.zeros((1, 2))
    for value, around in ((one, two), (two, one)):
        for tick in range(40):
            near = around[0, max(tick - reach, 0) : tick + reach + 1]
            outside = np.maximum(value[0, tick] - near.max(axis=0), near.min(axis=0) - value[0, tick])
            wanted[0] = np.maximum(wanted[0], outside)
    np.testing.assert_allclose(moment_errors(one, two, reach), wanted, atol=1e-7)


# Ties


def decided(*activities: list[float]) -> NDArray[np.int64]:
    """One trial a row, two units, steady."""
    values = np.repeat(np.array(activities)[:, None, :], 200, axis=1)
    return decisions(recording(values), WHO)


def test_ties_and_silence_name_no_unit() -> None:
    assert decided([0.5, 0.4], [0.4, 0.5], [0.5, 0.5], [0.0, 0.0], [0.5, 0.5 + 1e-7]).tolist() == [
        0,
        1,
        TIE,
        SILENT,
        TIE,
    ]


@pytest.mark.parametrize("label", [0, 1])
def test_a_tie_is_no_agreement_and_no_right_answer(label: int) -> None:
    tie = decided([0.5, 0.5])
    assert agreement(tie, tie) == 0.0
    assert accuracy(tie, np.array([label])) == 0.0


def test_ties_are_counted_and_shown() -> None:
    reference = np.repeat(np.array([[0.5, 0.4]] * 4)[:, None, :], 200, axis=1)
    other = reference.copy()
    other[0, :, 1] = 0.5
    other[1] = 0.0
    pair = Pair(reference=recording(reference), other=recording(other), labels=np.zeros(4, dtype=np.int64))
    edges = {edge.quantity: edge for edge in fidelity_edges("rate ~ emulator", [pair], (WHO,))}
    agrees = edges["decisions agree (who)"]
    assert (agrees.value, agrees.verdict) == (0.5, "miss")
    assert agrees.note == "2 of 4 agree; 381 trials are needed to show 99 %; 1 tied and 1 silent on emulator"
    assert edges["accuracy drop (who)"].value == 0.5


# What calibration did not cover


def test_a_drive_beyond_the_pools_is_told_and_judged() -> None:
    reach = {"a": np.array([[-np.inf, -np.inf], [1.1, 1.1]]), "b": np.array([[-0.2], [0.8]])}
    inside = {"a": np.array([[0.0, 0.0], [1.0, 1.1]]), "b": np.array([[-0.1], [0.5]])}
    edge = coverage_edge(reach, inside)
    assert (edge.verdict, edge.value, edge.note) == ("pass", 0.0, "")
    beyond = coverage_edge(reach, {**inside, "a": np.array([[0.0, 0.0], [1.0, 2.9]])})
    assert (beyond.verdict, beyond.worst) == ("miss", "a")
    assert beyond.value == pytest.approx(1.8 / 1.1)
    assert beyond.note == "a[1] is driven to 2.9 and was calibrated to 1.1: it saturates"
    below = coverage_edge(reach, {**inside, "b": np.array([[-0.5], [0.5]])})
    assert below.value == pytest.approx(0.3)
    assert below.note == "b[0] is driven to -0.5 and was calibrated to -0.2: it saturates"
    little = coverage_edge(reach, {**inside, "a": np.array([[0.0, 0.0], [1.0, 1.1 * (1 + 0.9 * BEYOND_LIMIT)]])})
    assert little.verdict == "pass"
    assert "it saturates" in little.note


@given(st.floats(0.0011, 1.0))
def test_the_neurons_named_are_the_fewest_that_would_do(weak: float) -> None:
    """A unit fires where its activity reaches half a neuron: 0.5 / N of the ceiling."""
    spiking = network()
    ceiling = spiking.populations[0].fit.ceiling
    highest = np.full(UNITS, ceiling)
    highest[4] = weak * ceiling
    found = silent_units(spiking, {"a": highest.tolist()})
    if weak > 0.5 / NEURONS:
        assert found == ()
        return
    (unit,) = found
    assert (unit.population, unit.unit) == ("a", 4)
    assert weak * unit.neurons > 0.5
    assert weak * (unit.neurons - 1) <= 0.5 + 1e-9
    assert f"use --neurons {unit.neurons}" in unit.text
