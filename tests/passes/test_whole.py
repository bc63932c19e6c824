"""The law of the whole: the emulated chip keeps to the rate circuit, on the circuit and stimulus of a published bar.

Four units and one inhibitory unit (alpha 1.2, beta1 2, beta2 0.35, tau 20 ms), two winners in turn. NRMSE is the rms
difference over 2 s in units of the rate model's maximum, mean over the five units.
"""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from tests.made.circuits import integers, steps, swta
from tests.made.targets import loihi


def traces(recording: Recording) -> np.ndarray:
    """(ticks, 5) of the first trial."""
    return np.concatenate([activity[0] for activity in recording.activity.values()], axis=1)


def nrmse(network: IntegerNetwork) -> float:
    wanted = traces(simulate_rate(swta(), steps()))
    difference = traces(simulate_emulator(network, steps())) - wanted
    return float(np.sqrt((difference**2).mean(axis=0)).mean() / wanted.max())


@pytest.mark.parametrize(("neurons", "limit"), [(64, 0.022), (256, 0.018)])
def test_the_threshold_code_meets_the_bar_ten_times_over(neurons: int, limit: float) -> None:
    """The bars are 0.022 and 0.018; measured 0.0016 and 0.0005, deterministic: the code draws nothing."""
    found = nrmse(integers(swta(), steps(), loihi(), neurons))
    assert 0.0 < found <= limit / 10


def test_the_threshold_codes_error_falls_with_the_pool() -> None:
    """Measured 0.0068, 0.0016, 0.0005 at 16, 64, 256: nearly as 1/N, the size of the code's own step."""
    few, some, many = (nrmse(integers(swta(), steps(), loihi(), neurons)) for neurons in (16, 64, 256))
    assert few > 3 * some > 4.5 * many


def test_the_rate_code_meets_the_bars() -> None:
    """Measured 0.0059 at 64 and 0.0051 at 256; start voltages are forgotten in the rest before the first drive."""
    for neurons, limit in ((64, 0.022), (256, 0.018)):
        found = [nrmse(integers(swta(), steps(), loihi(), neurons, code="rate", seed=seed)) for seed in range(2)]
        assert 0.0 < max(found) <= 0.4 * limit


def test_the_winner_wins_and_switches() -> None:
    activity = simulate_emulator(integers(swta(), steps(), loihi(), 64), steps()).activity["excite"][0]
    assert not activity[:200].any()
    assert activity[990].argmax() == 0
    assert activity[1590].argmax() == 1
    assert activity[1990].max() < 1e-3


def test_wrong_gains_miss_the_bar() -> None:
    """The bar is worth something: with one gain 5 % too high the error is 0.038."""
    network = integers(swta(), steps(), loihi(), 64)
    (first, *rest) = network.projections
    wrong = replace(first, mantissa=np.rint(1.05 * first.mantissa))
    assert nrmse(replace(network, projections=(wrong, *rest))) > 0.022
