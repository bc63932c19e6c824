"""Runs up to 64 trials of a core network together: input and recordings around the loop of `lanes`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.truenorth.cores import OUTPUT, CoreNetwork
from neurocmc.sim.entries import Entries, entries_of
from neurocmc.sim.events import by_lane
from neurocmc.sim.masked import LANES
from neurocmc.sim.truenorth.draws import trial_key
from neurocmc.sim.truenorth.kernel import Events
from neurocmc.sim.truenorth.lane_tables import LaneCores, lane_cores_of
from neurocmc.sim.truenorth.lanes import LaneEvents, LaneRecords, LaneRoom, LaneState, step_lanes
from neurocmc.sim.truenorth.records import CoreRecord

FEWEST_TOGETHER = 32  # trials; fewer cost less one by one where few axons carry spikes (measured)
CHUNK = 1 << 20  # neurons that are recorded, times ticks, between two looks at what they fired

Int32 = NDArray[np.int32]


def can_run_together(network: CoreNetwork, wanted: CoreRecord) -> bool:
    """Returns whether the loop for many trials knows all that is needed: no stochastic weight, no potential kept."""
    chance = (network.stochastic_weight & (network.weight != 0)).any()
    return not chance and not np.size(wanted.potentials) and not wanted.neuron_totals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Together:
    """What all groups of trials of a run share."""

    network: CoreNetwork
    cores: LaneCores
    row: Int32  # (cores, neurons) where a neuron stands in the tables, or -1
    groups: Int32  # (cores, neurons) group of each, or -1; or (0, 0)
    places: Int32  # (chosen, 2) core and neuron of those whose spikes are kept
    outputs: bool
    ticks: int
    seed: int

    @classmethod
    def of(
        cls, network: CoreNetwork, groups: Int32, places: Int32, *, outputs: bool, ticks: int, seed: int
    ) -> "Together":
        """Lays a network out."""
        cores, row = lane_cores_of(network)
        return cls(
            network=network,
            cores=cores,
            row=row,
            groups=groups,
            places=places,
            outputs=outputs,
            ticks=ticks,
            seed=seed,
        )

    def run(
        self,
        first: int,
        numbers: Sequence[int],
        events: list[Events],
        counts: NDArray[np.uint16],
        spikes: NDArray[np.uint8],
        totals: NDArray[np.int64],
    ) -> list[list[Int32]]:
        """Steps trials, `first` and following of a batch; `numbers` is what each is called by its random numbers.

        Fills (trials, ...) arrays, and returns by trial its output spikes (3, spikes) trial, tick, line, by chunks.
        """
        trials, arriving = len(events), self._events(events)
        state, room = self._state(), self._room(numbers)
        bus = np.argwhere((self.network.target_core == OUTPUT) & (self.row >= 0))
        bus = bus[: len(bus) if self.outputs else 0]
        line = self.network.target_axon[bus[:, 0], bus[:, 1]].astype(np.int32)
        kept = np.concatenate([self.row[self.places[:, 0], self.places[:, 1]], self.row[bus[:, 0], bus[:, 1]]])
        silent = np.flatnonzero(kept < 0)  # which never fire
        kept = np.maximum(kept, 0).astype(np.int32)
        chosen = len(self.places)
        chunk = min(max(1, CHUNK // max(kept.size, 1)), max(1, self.ticks))
        words = np.zeros((chunk, kept.size), dtype=np.uint64)
        groups = self._groups(counts.shape[2])
        sums = np.zeros((counts.shape[2], LANES), dtype=np.int32)
        outputs: list[list[Int32]] = [[] for _ in range(trials)]
        event = 0
        for start in range(0, self.ticks, chunk):
            part = slice(start, min(start + chunk, self.ticks))
            here = words[: part.stop - start]
            records = LaneRecords(groups, sums, counts[:, part], kept, here)
            event = step_lanes(start, len(here), trials, self.cores, state, room, arriving, event, records)
            here[:, silent] = 0
            if chosen:
                bits = np.unpackbits(np.ascontiguousarray(here[:, :chosen]).view(np.uint8), bitorder="little")
                lanes = bits.reshape(len(here), chosen, LANES)[:, :, :trials]
                spikes[:, part] = lanes.transpose(2, 0, 1)
            for lane, (tick, place) in enumerate(by_lane(here[:, chosen:], start)[:trials]):
                order = np.lexsort((line[place], tick))
                trial = np.full(tick.size, first + lane, dtype=np.int32)
                outputs[lane].append(np.stack([trial, tick[order], line[place][order]]))
        totals[:] = state.totals[:, :trials].T
        return outputs

    def _state(self) -> LaneState:
        network, live = self.network, self.row >= 0
        depth = int(network.delay.max(initial=0)) + 1
        potential = np.repeat(network.potential[live].astype(np.int32)[:, None], LANES, axis=1)
        return LaneState(
            potential=potential,
            ring=np.zeros(depth * network.cores * network.axons, dtype=np.uint64),
            fired=np.zeros(max(len(potential), 1), dtype=np.uint64),  # one to read where all neurons are silent
            settled=np.zeros(network.cores, dtype=np.uint8),
            totals=np.zeros((3, LANES), dtype=np.int64),
        )

    def _room(self, numbers: Sequence[int]) -> LaneRoom:
        keys = np.zeros(LANES, dtype=np.uint64)
        keys[: len(numbers)] = [trial_key(self.seed, trial) for trial in numbers]
        most = int(np.diff(self.cores.first_column).max())
        eta, leak, fires, spikes, saturated, restless = (np.zeros(LANES, dtype=np.int32) for _ in range(6))
        return LaneRoom(
            trial_keys=keys,
            keys=keys.copy(),
            sums=np.zeros((most, LANES), dtype=np.int32),
            eta=eta,
            leak=leak,
            fires=fires,
            spikes=spikes,
            saturated=saturated,
            restless=restless,
        )

    def _groups(self, count: int) -> Entries:
        member = np.flatnonzero((self.groups.ravel() >= 0) & (self.row.ravel() >= 0)) if count else np.zeros(0, int)
        group = self.groups.ravel()[member]
        order = np.argsort(group, kind="stable")
        source = self.row.ravel()[member[order]]
        return entries_of(source, np.ones(source.size, int), np.bincount(group, minlength=count), np.uint32)

    def _events(self, events: list[Events]) -> LaneEvents:
        """The spikes of all trials in order of tick."""
        tick = np.concatenate([part.tick for part in events])
        core, axon = (np.concatenate([getattr(part, name) for part in events]) for name in ("core", "axon"))
        lane = np.repeat(np.arange(len(events), dtype=np.int32), [part.tick.size for part in events])
        order = np.argsort(tick, kind="stable")
        place = core.astype(np.int64) * self.network.axons + axon
        return LaneEvents(tick[order], place[order], lane[order])
