"""Steps one trial of a large network on several threads: in every tick each of them steps its share of the pools.

A tick's updates need no other pool, and what is sent to a pool is added by the thread whose share it is in. So
threads meet once a tick, after the updates, and neither their order nor their number can change a result. They meet
in Python, which takes some 0.1 ms that only large networks win back.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.sim.loihi.kernel import Pools, Scratch, Share, State, Weights, send, update


def step_trial_shared(
    first_tick: int,
    host: Int,
    shares: list[Share],
    state: State,
    pools: Pools,
    weights: Weights,
    scratches: list[Scratch],
    counts: NDArray[np.int32],
    spikes: NDArray[np.uint8],
    u_record: NDArray[np.int32],
    v_record: NDArray[np.int32],
) -> None:
    """Does what the kernel's `step_trial` does, each share on a thread of its own."""

    def step(index: int) -> None:
        share = shares[index]
        if row > 0:
            send(tick - 1, counts[row - 1], share, weights, state.ring, scratches[index])
        update(tick, host[row], counts[row], share, state, pools)

    def send_last(index: int) -> None:
        send(tick, counts[row], shares[index], weights, state.ring, scratches[index])

    if not len(host):
        return
    row, tick = 0, first_tick
    with ThreadPoolExecutor(len(shares)) as pool:
        for row in range(len(host)):
            tick = first_tick + row
            list(pool.map(step, range(len(shares))))
            if spikes.size:
                spikes[row] = state.flags
            if u_record.size:
                u_record[row] = state.u
            if v_record.size:
                v_record[row] = state.v
        list(pool.map(send_last, range(len(shares))))
