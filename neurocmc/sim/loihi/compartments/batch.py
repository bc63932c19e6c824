"""Runs trials of a batch together where that is cheaper than one after the other, which is told before they run.

Both ways compute the same. What they cost was measured, in processor time: one trial alone pays for what its spikes
carry, 64 trials together for every synapse in every tick. A short run of the first trial says how many spikes there
are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.sim.events import by_lane
from neurocmc.sim.loihi.compartments.fan_in import SENDERS, FanIn
from neurocmc.sim.loihi.compartments.kernel import Events, Registers, Synapses
from neurocmc.sim.loihi.compartments.lanes import (
    TILE,
    LaneRecords,
    Lanes,
    step_lanes,
)
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork
from neurocmc.sim.loihi.compartments.tables import ring_depth
from neurocmc.sim.masked import LANES

PROBE_TICKS = 128  # that the first trial runs, to see how many spikes there are
CHUNK = 1 << 20  # compartments times ticks whose words are kept before their spikes are listed
# Processor time in ns on a core with vectors of 512 bits (Zen 5, 4 GHz)
OF_COMPARTMENT, OF_SPIKE = 1.0, 3.0  # of a trial alone, in a tick
OF_ROW_ENTRY, OF_SYNAPSE, OF_SUMMED_SYNAPSE = 0.0125, 1.2, 2.5  # for each of its spikes
OF_ENTRY, OF_CELL, OF_COMPARTMENTS = 0.28, 12.0, 26.0  # of 64 trials together, in a tick
OF_LAYING_OUT = 20.0  # of each entry, once


def pays_together(network: CompartmentNetwork, synapses: Synapses, trials: int, ticks: int, share: float) -> bool:
    """Returns whether up to 64 `trials` cost less together, where a `share` of the compartments fires in a tick."""
    size = network.compartments
    if size > SENDERS:
        return False
    in_rows = OF_ROW_ENTRY * (synapses.bytes.size + 2 * synapses.blocks.size)
    sent = in_rows + OF_SYNAPSE * synapses.place.size + OF_SUMMED_SYNAPSE * synapses.sum_cell.size
    alone = OF_COMPARTMENT * size + share * (OF_SPIKE * size + sent)
    entries = sum(group.source.size for group in network.synapses)
    cells = sum(min(group.source.size, size * np.unique(group.delay_ticks).size) for group in network.synapses)
    together = OF_ENTRY * entries + OF_CELL * cells + OF_COMPARTMENTS * size
    return together * ticks + OF_LAYING_OUT * entries < alone * trials * ticks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialsTogether:
    """Up to 64 trials of a run, and the parts of its arrays that are theirs; recorded is what has a size."""

    network: CompartmentNetwork
    registers: Registers
    fan_in: FanIn
    dense: NDArray[np.int32]  # (trials, ticks, compartments or 0)
    events: list[Events]  # by trial
    first_trial: int
    ticks: int
    record_spikes: bool
    counts: NDArray[np.int64]  # (trials, compartments or 0)
    u: NDArray[np.int32]  # (trials, ticks, compartments)
    v: NDArray[np.int32]  # (trials, ticks, compartments)

    def run(self, u: NDArray[np.int32], v: NDArray[np.int32]) -> list[list[NDArray[np.int32]]]:
        """Steps all from (trials, compartments) registers; by trial its spikes (3, spikes), chunk by chunk."""
        size, trials = self.network.compartments, len(self.dense)
        events = _of_lanes(self.events)
        lanes = self._lanes(u, v, driven=events.tick.size > 0 or self.dense.shape[2] > 0)
        counts = np.zeros((size if self.counts.size else 0, LANES), dtype=np.int32)
        chunk = min(max(1, CHUNK // size), max(1, self.ticks))
        words = np.zeros((chunk if self.record_spikes else 0, size), dtype=np.uint64)
        trains: list[list[NDArray[np.int32]]] = [[] for _ in range(trials)]
        in_use, event = np.uint64((1 << trials) - 1), 0
        for first in range(0, self.ticks, chunk):
            ticks = min(chunk, self.ticks - first)
            records = LaneRecords(words[:ticks], counts, self.u, self.v)
            event = step_lanes(
                first, ticks, in_use, lanes, self.registers, self.fan_in, self.dense, events, event, records
            )
            for lane, (tick, compartment) in enumerate(by_lane(words[:ticks], first)[:trials]):
                trial = np.full(tick.size, self.first_trial + lane, dtype=np.int32)
                trains[lane].append(np.stack([trial, tick, compartment]))
        if self.counts.size:
            self.counts[:] = counts[:, :trials].T
        return trains

    def _lanes(self, u: NDArray[np.int32], v: NDArray[np.int32], *, driven: bool) -> Lanes:
        size = self.network.compartments

        def in_lanes(start: NDArray[np.int32]) -> NDArray[np.int32]:
            return np.ascontiguousarray(np.pad(start.T, ((0, 0), (0, LANES - len(start)))))

        return Lanes(
            u=in_lanes(u),
            v=in_lanes(v),
            waiting=np.zeros((self.registers.refractory.size, LANES), dtype=np.int32),
            fired=np.zeros(ring_depth(self.network) * size, dtype=np.uint64),
            outside=np.zeros((size if driven else 0, LANES), dtype=np.int32),
            arriving=np.zeros((TILE + 1, LANES), dtype=np.int32),
        )


def _of_lanes(events: list[Events]) -> Events:
    """The events of all trials in order of tick, the compartment of each as compartment * LANES + lane."""
    columns: list[Any] = []
    for lane, (tick, compartment, value) in enumerate(events):
        columns.append(np.stack([tick, compartment * np.int32(LANES) + np.int32(lane), value]))
    tick, place, value = np.concatenate(columns, axis=1)
    order = np.argsort(tick, kind="stable")
    return Events(tick[order], place[order], value[order])
