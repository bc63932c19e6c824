"""The decoder against the recurrence it stands for."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.sim.decode import decode_counts


@given(
    seed=st.integers(0, 1000),
    trace_tau_s=st.sampled_from([0.0, 0.003, 0.02, 1.0]),
    tick_s=st.sampled_from([0.0005, 0.001]),
    shape=st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(1, 3)),
)
def test_it_is_the_recurrence(seed: int, trace_tau_s: float, tick_s: float, shape: tuple[int, int, int]) -> None:
    counts = np.random.default_rng(seed).integers(0, 65, shape)
    keep = math.exp(-tick_s / trace_tau_s) if trace_tau_s else 0.0
    wanted, trace = np.zeros(shape), np.zeros((shape[0], shape[2]))
    for tick in range(shape[1]):
        trace = trace * keep + (1 - keep) * 0.125 * counts[:, tick]
        wanted[:, tick] = trace
    decoded = decode_counts(counts, 0.125, trace_tau_s, tick_s)
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, wanted, rtol=1e-6, atol=1e-12)


def test_a_pool_that_fires_in_every_tick_comes_to_its_ceiling() -> None:
    counts = np.full((1, 400, 1), 64, dtype=np.int32)
    decoded = decode_counts(counts, 1.5 / 64, 0.02, 0.001)
    assert abs(decoded[0, -1, 0] - 1.5) < 1e-6
    assert decoded[0, 0, 0] < 0.1
