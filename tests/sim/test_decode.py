"""The decoder against the recurrence it stands for."""

import math
from typing import Literal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.ir.trace import Trace
from neurocmc.sim.decode import decode_counts


@given(
    seed=st.integers(0, 1000),
    tau_s=st.sampled_from([0.0, 0.003, 0.02, 1.0]),
    order=st.sampled_from([1, 2]),
    tick_s=st.sampled_from([0.0005, 0.001]),
    shape=st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(1, 3)),
)
def test_it_is_the_recurrence(
    seed: int, tau_s: float, order: Literal[1, 2], tick_s: float, shape: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(seed)
    counts, start = rng.integers(0, 65, shape), rng.normal(0.0, 3.0, shape[2])
    keep = math.exp(-tick_s / tau_s) if tau_s else 0.0
    first = second = np.tile(start, (shape[0], 1))
    wanted = np.zeros(shape)
    for tick in range(shape[1]):
        second = keep * second + (1 - keep) * first
        first = keep * first + (1 - keep) * 0.125 * counts[:, tick]
        wanted[:, tick] = second if order == 2 and tau_s else first
    decoded = decode_counts(counts, 0.125, Trace(tau_s=tau_s, order=order, start=start), tick_s)
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, wanted, rtol=1e-6, atol=1e-6)


def test_a_pool_that_fires_in_every_tick_comes_to_its_ceiling() -> None:
    counts = np.full((1, 400, 1), 64, dtype=np.int32)
    decoded = decode_counts(counts, 1.5 / 64, Trace.at_rest(0.02, 1), 0.001)
    assert abs(decoded[0, -1, 0] - 1.5) < 1e-6
    assert decoded[0, 0, 0] < 0.1


def test_a_pool_that_stays_at_what_it_held_shows_no_rise() -> None:
    counts = np.full((1, 50, 1), 32, dtype=np.int32)
    decoded = decode_counts(counts, 1.5 / 64, Trace(tau_s=0.02, order=2, start=np.array([0.75])), 0.001)
    np.testing.assert_allclose(decoded, 0.75, rtol=1e-7)
