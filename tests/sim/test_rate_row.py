"""All units in one row step as population by population does, whatever a circuit has."""

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.sim import rate_row
from neurocmc.sim.rate import simulate_rate, visited_ranges
from tests.conformance.circuits import ROWS, row
from tests.made.circuits import steps, swta


@pytest.mark.parametrize("name", ROWS)
def test_a_circuit_in_one_row_is_the_same_circuit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, stimulus = row(name).circuit, row(name).stimuli[0]
    each, ranges = simulate_rate(circuit, stimulus), visited_ranges(circuit, stimulus)
    monkeypatch.setattr(rate_row, "MANY", 0)
    assert rate_row.in_one_row(circuit)
    in_row, again = simulate_rate(circuit, stimulus), visited_ranges(circuit, stimulus)
    for population, activity in each.activity.items():
        np.testing.assert_allclose(in_row.activity[population], activity, rtol=0, atol=1e-6)
        np.testing.assert_allclose(again[population].drive, ranges[population].drive, rtol=0, atol=1e-9)


def test_a_circuit_that_runs_away_is_told_of_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    wild = swta(alpha=3.0, beta1=0.0)
    with pytest.raises(InfeasibleError) as each:
        simulate_rate(wild, steps())
    monkeypatch.setattr(rate_row, "MANY", 0)
    with pytest.raises(InfeasibleError) as in_row:
        simulate_rate(wild, steps())
    assert str(in_row.value) == str(each.value)
