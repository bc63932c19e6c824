"""Spikes that are kept as bits become the trains that sorting them would make."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.sim.rasters import Raster


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    batch=st.integers(1, 4),
    ticks=st.integers(0, 9),
    pools=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 10)), min_size=1, max_size=3),
    share=st.sampled_from([0.0, 0.1, 0.9]),
    first_tick=st.integers(0, 2),
)
def test_trains_stand_in_order_of_tick_trial_unit_neuron(
    seed: int, batch: int, ticks: int, pools: list[tuple[int, int]], share: float, first_tick: int
) -> None:
    rng = np.random.default_rng(seed)
    total = sum(units * neurons for units, neurons in pools)
    fired = rng.random((batch, ticks, total)) < share
    raster = Raster.empty(batch, ticks, total, first_tick)
    half = ticks // 2
    raster.keep(slice(0, batch), slice(0, half), fired[:, :half])
    for trial in range(1, batch):
        raster.keep(trial, slice(half, ticks), fired[trial, half:])
    late = np.stack(np.nonzero(fired[:1, half:])).astype(np.int32)
    raster.add(late[0], late[1] + np.int32(half), late[2])
    first = 0
    for units, neurons in pools:
        own = fired[:, :, first : first + units * neurons].reshape(batch, ticks, units, neurons)
        tick, trial, unit, neuron = np.nonzero(own.transpose(1, 0, 2, 3))
        train = raster.train(first, units, neurons)
        assert np.array_equal(train.tick, tick + first_tick)
        assert np.array_equal(train.trial, trial)
        assert np.array_equal(train.unit, unit)
        assert np.array_equal(train.neuron, neuron)
        assert not train.tick.flags.writeable
        first += units * neurons
