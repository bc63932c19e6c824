"""Steps one trial on several threads: in every tick each of them steps its share of the cores.

Cores of a tick do not see each other's spikes before the next one, and what they write to each other are bytes set to
1, so neither their order nor the number of threads can change a result. Threads meet in Python in every tick, some
tenth of a millisecond that only networks of many cores win back.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from neurocmc.sim.truenorth.draws import WORD, mix
from neurocmc.sim.truenorth.kernel import Cores, Events, Records, State, new_room, receive, record, step_some


def step_trial_shared(
    first_tick: int,
    ticks: int,
    trial_key: int,
    cores: Cores,
    state: State,
    events: Events,
    event: int,
    records: Records,
    threads: int,
) -> tuple[int, int]:
    """Does what the kernel's `step_trial` does, with the cores in as many blocks as there are threads."""
    outputs, count = 0, state.firing.size
    ends = [count * block // threads for block in range(threads + 1)]
    axons, types, neurons = state.ring.shape[2], cores.weight.shape[1], state.potential.shape[1]
    rooms = [new_room(axons, types, neurons) for _ in range(threads)]

    def step(block: int) -> None:
        step_some(ends[block], ends[block + 1], tick, key, cores, state, rooms[block])

    with ThreadPoolExecutor(threads) as pool:
        for tick in range(first_tick, first_tick + ticks):
            event = receive(tick, events, event, state.ring)
            key = np.uint64(mix((trial_key + tick) & WORD))
            list(pool.map(step, range(threads)))
            outputs = record(tick, tick - first_tick, outputs, cores, state, records)
    return event, outputs
