"""A winner-take-all is recognised by its shape alone, and its edges tell a right circuit from a wrong one."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.ir.rate import RateCircuit
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.winner import (
    find_winner_take_all,
    gain_edge,
    gain_stimulus,
    switch_edge,
    switch_stimulus,
)
from tests.made.winner_circuits import swta


def with_thresholds(circuit: RateCircuit, threshold: float, threshold_i: float) -> RateCircuit:
    excite, inhibit = circuit.populations
    moved = (
        replace(excite, offset=np.full(excite.size, threshold)),
        replace(inhibit, offset=np.full(1, threshold_i)),
    )
    return replace(circuit, populations=moved)


def test_parameters_are_read_from_the_weights() -> None:
    winner = find_winner_take_all(with_thresholds(swta(5, 1.3, 2.5, 0.4), 0.05, 0.1))
    assert winner is not None
    assert (winner.units, winner.alpha, winner.beta1, winner.beta2) == (5, 1.3, 2.5, 0.4)
    assert (winner.threshold, winner.threshold_i) == (0.05, 0.1)
    assert winner.gain == pytest.approx(1 / 0.7)


def test_other_circuits_are_left_alone() -> None:
    circuit = swta()
    first, *rest = circuit.projections
    neighbours = replace(first, weight=first.weight + 0.1 * np.eye(4, k=1))
    uneven = replace(first, weight=np.diag([1.2, 1.2, 1.2, 1.3]))
    filtered = replace(circuit.inputs[0], tau_s=0.02)
    excite, inhibit = circuit.populations
    for other in (
        replace(circuit, projections=(neighbours, *rest)),
        replace(circuit, projections=(uneven, *rest)),
        replace(circuit, projections=tuple(rest)),
        replace(circuit, inputs=(filtered,)),
        replace(circuit, populations=(replace(excite, gain=np.full(4, 2.0)), inhibit)),
        swta(alpha=0.9),  # several winners may stand
        swta(alpha=1.8),  # none is stable
    ):
        assert find_winner_take_all(other) is None


@pytest.mark.parametrize("dt_s", [0.0007, 0.0019])
def test_its_trials_are_whole_steps_of_any_circuit(dt_s: float) -> None:
    """Neither 1.5 nor 3 s is a number of these steps."""
    circuit = replace(swta(), dt_s=dt_s)
    winner = find_winner_take_all(circuit)
    assert winner is not None
    for stimulus, edge in (
        (gain_stimulus(winner, 0.5, dt_s), gain_edge),
        (switch_stimulus(winner, 0.5, dt_s), switch_edge),
    ):
        assert stimulus.on_ticks(dt_s).edges_s is stimulus.edges_s
        assert abs(stimulus.duration_s - round(stimulus.duration_s / 1.5) * 1.5) <= dt_s
        assert edge(winner, stimulus, simulate_rate(circuit, stimulus)).verdict == "pass"


@pytest.mark.parametrize(("threshold", "threshold_i"), [(0.0, 0.0), (0.05, 0.1)])
@pytest.mark.parametrize("parameters", [(1.2, 2.0, 0.35), (1.2, 3.0, 0.25), (1.1, 2.0, 0.45)])
def test_the_rate_circuit_keeps_to_theory(
    parameters: tuple[float, float, float], threshold: float, threshold_i: float
) -> None:
    circuit = with_thresholds(swta(4, *parameters), threshold, threshold_i)
    winner = find_winner_take_all(circuit)
    assert winner is not None
    gain, switch = gain_stimulus(winner, 0.5, circuit.dt_s), switch_stimulus(winner, 0.5, circuit.dt_s)
    assert switch.values[winner.drive].max() == pytest.approx(0.5)
    gains, switches = simulate_rate(circuit, gain), simulate_rate(circuit, switch)
    assert gain_edge(winner, gain, gains).verdict == "pass"
    assert switch_edge(winner, switch, switches).verdict == "pass"
    # A circuit that excites itself a little more than the formula knows misses both.
    alpha, beta1, beta2 = parameters
    other = with_thresholds(swta(4, alpha + 0.02, beta1, beta2), threshold, threshold_i)
    assert gain_edge(winner, gain, simulate_rate(other, gain)).verdict == "miss"
    assert switch_edge(winner, switch, simulate_rate(other, switch)).verdict == "miss"
