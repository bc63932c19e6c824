"""The two-phase latch: its inequalities, and what the rate interpreter says to them."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.frontends.automaton.circuit import Timing, machine_circuit, timing
from neurocmc.frontends.automaton.latch import (
    FOUND,
    LEAST_MARGIN,
    SLOWEST,
    Latch,
    derive,
    margins_at,
    search,
    switching_tau,
)
from neurocmc.frontends.automaton.machine import Machine
from neurocmc.frontends.automaton.walks import SILENCE, walk_stimulus
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.sim.rate import simulate_rate

DT_S, TAU_S = 1e-3, 1e-2
RING = Machine(states=("a", "b", "c"), symbols=("step", "none"), start=0, table=np.array([[1, 0], [2, 1], [0, 2]]))


@pytest.fixture(scope="module")
def latch() -> Latch:
    return derive()


@pytest.fixture(scope="module")
def times(latch: Latch) -> Timing:
    return timing(latch, DT_S, TAU_S)


def ring(latch: Latch) -> RateCircuit:
    return machine_circuit(RING, latch, "ring", DT_S, TAU_S, TAU_S)


def final_state(circuit: RateCircuit, times: Timing, walk: list[int], amplitude: float = 1.0) -> int:
    """The state shown at the end, -1 for none or several."""
    stimulus = walk_stimulus("walk", RING, times, [walk], amplitude)
    y = simulate_rate(circuit, stimulus).activity["y"][0, -1]
    return int(y.argmax()) if (y >= 0.5).sum() == 1 else -1


def test_the_search_finds_what_is_written_down() -> None:
    assert search() == FOUND


def test_every_margin_is_as_wide_as_asked(latch: Latch) -> None:
    assert latch.worst.ratio >= LEAST_MARGIN - 1e-9
    assert switching_tau(latch.design) <= SLOWEST
    assert len(latch.margins) == 9


def test_the_tolerance_is_where_the_first_inequality_fails(latch: Latch) -> None:
    assert latch.tolerance > 0.02
    assert all(m.greater > m.lesser for m in margins_at(latch, latch.tolerance))
    assert any(m.greater <= m.lesser for m in margins_at(latch, latch.tolerance + 1e-3))


def test_the_held_activity_is_one(latch: Latch, times: Timing) -> None:
    recording = simulate_rate(ring(latch), walk_stimulus("rest", RING, times, [[SILENCE] * 20]))
    assert recording.activity["x"][0, -1] == pytest.approx([1, 0, 0], abs=1e-3)


@pytest.mark.parametrize(("share", "moved"), [(0.99, False), (1.01, True)])
def test_a_rival_takes_over_at_the_predicted_drive(latch: Latch, times: Timing, share: float, moved: bool) -> None:
    """State b is held in x alone, and a reset to a asks for it with that share of the takeover drive."""
    circuit = machine_circuit(RING, replace(latch, write=share * latch.takeover), "ring", DT_S, TAU_S, TAU_S)
    parts = ("symbol", "x", "x_inhibit")
    x_alone = replace(
        circuit,
        populations=tuple(replace(p, initial=_held(p, latch)) for p in circuit.populations if p.name in parts),
        projections=tuple(p for p in circuit.projections if p.source in parts and p.target in parts),
        readouts=(),
    )
    stimulus = walk_stimulus("reset", RING, replace(times, pulse_s=2.0), [[]])
    x = simulate_rate(x_alone, stimulus).activity["x"][0, -1]
    assert (x[0] > x[1]) == moved


def _held(population: RatePopulation, latch: Latch) -> np.ndarray:
    """Activity before the first step with state b held."""
    match population.name:
        case "x":
            return np.array([0.0, 1.0, 0.0])
        case "x_inhibit":
            return np.array([latch.beta2 - latch.threshold_i])
        case _:
            return np.zeros(population.size)


@pytest.mark.parametrize("stretch", [1.0, 8.0])
def test_a_symbol_of_any_length_moves_one_step(latch: Latch, times: Timing, stretch: float) -> None:
    longer = replace(times, pulse_s=round(stretch * times.pulse_s / DT_S) * DT_S)
    assert final_state(ring(latch), longer, [0]) == 1
    assert final_state(ring(latch), longer, [0, 0]) == 2


def test_the_derived_times_are_enough_without_their_margin(latch: Latch, times: Timing) -> None:
    bare = replace(times, pulse_s=times.write_s, gap_s=times.copy_s)
    assert final_state(ring(latch), bare, [0, 0, 0, 0, 0]) == 2


def test_a_symbol_without_a_transition_moves_nothing(latch: Latch, times: Timing) -> None:
    """The transition units do not even fire: a symbol alone and a state alone stay below threshold."""
    stimulus = walk_stimulus("nothing", RING, times, [[1, 1, 1], [SILENCE, SILENCE, SILENCE]])
    recording = simulate_rate(ring(latch), stimulus)
    assert not recording.activity["transition"].any()
    assert (recording.activity["y"][:, -1].argmax(axis=1) == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_machine_survives_errors_within_the_tolerance(latch: Latch, times: Timing, seed: int) -> None:
    """Every weight and threshold off by the tolerance, up or down as a coin falls."""
    rng, error = np.random.default_rng(seed), latch.tolerance
    circuit = ring(latch)

    def off(values: np.ndarray) -> np.ndarray:
        return values * (1.0 + error * rng.choice([-1.0, 1.0], size=values.shape))

    def weak(projection: RateProjection) -> RateProjection:
        return replace(projection, weight=off(projection.weight))

    def moved(population: RatePopulation) -> RatePopulation:
        return replace(population, offset=off(population.offset))

    wrong = replace(
        circuit,
        projections=tuple(weak(p) for p in circuit.projections),
        populations=tuple(moved(p) for p in circuit.populations),
    )
    assert final_state(wrong, times, [0, 1, 0, 1, 0, 0]) == 1


@pytest.mark.parametrize(("dt_s", "tau_s"), [(1e-3, 5e-3), (1e-3, 2e-2)])
def test_latency_is_the_same_number_of_time_constants(latch: Latch, times: Timing, dt_s: float, tau_s: float) -> None:
    other = timing(latch, dt_s, tau_s)
    assert other.write_s / tau_s == pytest.approx(times.write_s / TAU_S, rel=0.1)
    assert other.copy_s / tau_s == pytest.approx(times.copy_s / TAU_S, rel=0.25)
