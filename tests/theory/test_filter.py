"""Filters are found in circuits for what they are, and rest where their interpreter comes to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.common.self_threshold import self_threshold
from neurocmc.ir.rate import RateCircuit
from neurocmc.sim.rate import simulate_rate
from neurocmc.theory.filter import find_filter

DIRECT = """name: filter
dt_ms: 1
form: filter-after
populations:
  e: {size: 6, tau_ms: 10, transfer: relu}
  y: {size: 1, tau_ms: 5, transfer: relu}
projections:
  - {from: e, to: e, weight: {pattern: one-to-one, value: 0.5}}
  - {from: e, to: y, weight: 0.25}
  - {from: y, to: e, weight: -2}
inputs: {x: {to: e}}
readouts: {filtered: {population: e, kind: activity, window_ms: 20}}
stimuli:
  held: {duration_s: 0.4, steps: [{at_s: 0, x: [1, 0.9, 0.3, 0, 0.5, -0.2]}]}
"""
# Two rows of three pixels, each with a unit of its own, and one that sums these.
TREE = (
    DIRECT.replace("  y: {size: 1", "  rows: {size: 2, tau_ms: 2, transfer: linear}\n  y: {size: 1")
    .replace("tau_ms: 5", "tau_ms: 2")
    .replace(
        "  - {from: e, to: y, weight: 0.25}",
        "  - {from: e, to: rows, weight: [[0.5, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 0.5, 0.5, 0.5]]}\n"
        "  - {from: rows, to: y, weight: 0.5}",
    )
)


def circuit(text: str, folder: pytest.TempPathFactory) -> RateCircuit:
    path = folder.mktemp("circuit") / "filter.yaml"
    path.write_text(text)
    return neurocmc.load(path).circuit


@given(
    st.lists(st.floats(-2, 2), min_size=1, max_size=12),
    st.floats(0, 50),
)
@settings(deadline=None)
def test_a_threshold_is_what_passes_it_times_the_feedback(values: list[float], feedback: float) -> None:
    x = np.array(values)
    t = float(self_threshold(x, feedback))
    assert t == pytest.approx(feedback * np.maximum(x - t, 0.0).sum(), abs=1e-9)
    assert t >= 0.0


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.01, 20))
@settings(deadline=None)
def test_a_threshold_is_where_bisection_finds_it(values: list[float], feedback: float) -> None:
    x, low, high = np.array(values), 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if feedback * np.maximum(x - middle, 0.0).sum() > middle else (low, middle)
    assert float(self_threshold(x, feedback)) == pytest.approx(low, abs=1e-9)


@pytest.mark.parametrize("text", [DIRECT, TREE])
def test_the_interpreter_comes_to_rest_there(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    found_in = circuit(text, tmp_path_factory)
    found = find_filter(found_in)
    assert found is not None
    assert (found.excite, found.units, found.alpha) == ("e", 6, 0.5)
    assert found.inhibition == pytest.approx(0.5)
    path = tmp_path_factory.mktemp("stimulus") / "filter.yaml"
    path.write_text(text)
    stimulus = neurocmc.load(path).read_stimuli().test[0]
    end: Float = simulate_rate(found_in, stimulus).activity["e"][0, -1].astype(np.float64)
    assert found.rest(stimulus.values["x"][:, 0])[0] == pytest.approx(end, abs=1e-5)
    assert 0 < np.count_nonzero(end) < 6


OTHERS = {
    "a winner is read": DIRECT.replace("kind: activity", "kind: winner"),
    "one winner alone": DIRECT.replace("value: 0.5", "value: 1.2"),
    "neighbours": DIRECT.replace("{pattern: one-to-one, value: 0.5}", "{pattern: neighbours, value: 0.2}"),
    "a threshold": DIRECT.replace("transfer: relu}\n  y", "transfer: relu, threshold: 0.1}\n  y"),
    "a ceiling": DIRECT.replace("transfer: relu}\n  y", "transfer: relu, saturation: 1}\n  y"),
    "uneven inhibition": DIRECT.replace("weight: 0.25", "weight: [[0.25, 0.25, 0.25, 0.25, 0.25, 0.2]]"),
    "excitation": DIRECT.replace("weight: -2", "weight: 0.1"),
    "a loop of inhibitors": TREE.replace(
        "  - {from: rows, to: y", "  - {from: y, to: rows, weight: 0.1}\n  - {from: rows, to: y"
    ),
    "an input elsewhere": DIRECT.replace("inputs: {x: {to: e}}", "inputs: {x: {to: e}, z: {to: y}}"),
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_what_is_another_circuit_is_left_alone(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert text not in (DIRECT, TREE)
    assert find_filter(circuit(text, tmp_path_factory)) is None
