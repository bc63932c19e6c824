"""Steps a placed integer network whose messages may come late to the cores that they are sent to.

A unit whose neurons stand on several cores is as many parts here, for a message that is late to one core may be in
time for another. What has reached a core is kept as the number of spikes that each of its in-axons carried in a tick,
so that one that comes a tick late is one of the next tick; where none is late, all is as in `sim.loihi.emulator`, bit
for bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, in_row, row_starts
from neurocmc.common.jit import jit
from neurocmc.common.matrices import entries
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.loihi.host import encode, host_mantissas
from neurocmc.sim.loihi.kernel import Pools, Share, State, update
from neurocmc.sim.loihi.tables import pools_of
from neurocmc.sim.loihi.weight_groups import weight_groups
from neurocmc.sim.mesh import SpikeMesh
from neurocmc.sim.passing import Passed, Roads
from neurocmc.sim.recording import recording
from neurocmc.sim.transit import MOST_LATE, Wires

Int32 = NDArray[np.int32]


class Parts(NamedTuple):
    """The neurons of each unit on each core; parts stand in the order of their neurons in the row of all."""

    unit: Int  # (parts,)
    core: Int
    neuron: Int  # (parts + 1,) first neuron


class Arrivals(NamedTuple):
    """What the in-axons of cores bring to parts, by group of weights; each is of a unit of senders and a core."""

    delay: Int  # (groups,) ticks from a spike to its arrival
    exponent: Int
    first: Int  # (groups + 1,) first of its in-axons, in the two that follow
    axon: Int
    entry: Int  # (in-axons of all groups + 1,) first of its entries, in the two that follow
    part: Int32
    mantissa: Int


@jit(nogil=True)
def arrive(tick: int, history: Int32, arrivals: Arrivals, total: Int, arriving: Int) -> None:
    """Adds up what reaches each part in this tick: the spikes that `history` has of the tick in which they left."""
    depth = history.shape[0]
    for group in range(arrivals.delay.size):
        left = tick - arrivals.delay[group]
        if left < 0:
            continue
        row, found = history[left % depth], False
        for k in range(arrivals.first[group], arrivals.first[group + 1]):
            spikes = row[arrivals.axon[k]]
            if spikes > 0:
                found = True
                for entry in range(arrivals.entry[k], arrivals.entry[k + 1]):
                    total[arrivals.part[entry]] += arrivals.mantissa[entry] * spikes
        if found:
            up, down = max(arrivals.exponent[group], 0), max(-arrivals.exponent[group], 0)
            for part in range(total.size):
                arriving[part] += (total[part] << up) >> down
                total[part] = 0


@jit(nogil=True)
def keep(tick: int, axon: Int, late: Int, in_axon: Int32, history: Int32) -> None:
    """Counts the spikes of messages in the tick in which they seem to have left."""
    depth = history.shape[0]
    for k in range(axon.size):
        history[(tick + late[k]) % depth, in_axon[axon[k]]] += 1


@jit(nogil=True)
def step_parts(
    tick: int,
    host: Int,
    counts: Int32,
    share: Share,
    state: State,
    pools: Pools,
    arrivals: Arrivals,
    history: Int32,
    total: Int,
) -> None:
    """Steps all parts by a tick, and makes room for messages that leave in the last tick that one may seem to."""
    history[(tick + MOST_LATE) % history.shape[0]] = 0
    arrive(tick, history, arrivals, total, state.ring[0])
    update(tick, host, counts, share, state, pools)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """A placed network as parts, in-axons and the axons of single neurons."""

    network: IntegerNetwork
    parts: Parts
    pools: Pools
    arrivals: Arrivals
    in_axon: Int32  # (axons,) that each axon of a neuron leads to
    wires: Wires

    @classmethod
    def of(cls, chip: ChipProgram, synapse_ps: int) -> "Tables":
        """Lays a program out; a core takes `synapse_ps` for each synapse of a message."""
        network, parts = chip.network, _parts(chip)
        key, found = _entries(chip, parts)
        keys, in_axon = np.unique(key, return_inverse=True)
        source, core = keys // (_kinds(chip) * chip.cores), keys // _kinds(chip) % chip.cores
        held = np.diff(parts.neuron)
        synapses = np.bincount(in_axon, weights=held[found[1]], minlength=keys.size).astype(np.int64)
        units = network.each_unit([1] * len(network.populations)).size
        first = np.searchsorted(source, np.arange(units + 1))
        unit = np.repeat(parts.unit, held)  # of each neuron
        axons = np.diff(first)[unit]
        start = row_starts(axons)
        of_axon = np.arange(start[-1]) - np.repeat(start[:-1] - first[unit], axons)
        order, begins = _order(chip)
        wires = Wires(
            order=order,
            first=begins,
            axon=start,
            target=core[of_axon].astype(np.int32),
            load=synapses[of_axon] * synapse_ps,
            slack=np.zeros(of_axon.size, dtype=np.uint8),
        )
        return cls(
            network=network,
            parts=parts,
            pools=_pools(network, parts),
            arrivals=_arrivals(network, in_axon, found),
            in_axon=of_axon.astype(np.int32),
            wires=wires,
        )


class LateChip:
    """A chip in one trial."""

    def __init__(self, tables: Tables, values: Mapping[str, Int32], trial: int, ticks: int) -> None:
        network, parts, arrivals = tables.network, tables.parts, tables.arrivals
        self._tables, size = tables, parts.unit.size
        self._host = host_mantissas(network, values, trial, slice(0, ticks))[:, parts.unit]
        in_axons = int(tables.in_axon.max(initial=-1)) + 1
        self._history = np.zeros((int(arrivals.delay.max(initial=0)) + MOST_LATE + 2, in_axons), dtype=np.int32)
        self._total = np.zeros(size, dtype=np.int64)
        populations, neurons = network.populations, tables.pools.bias.size
        self._state = State(
            u=in_row(p.u_initial for p in populations)[parts.unit],
            v=in_row(p.v_initial for p in populations).astype(np.int32),
            drive=np.zeros(neurons, dtype=np.int32),
            ring=np.zeros((1, size), dtype=np.int64),
            flags=np.zeros(neurons, dtype=np.uint8),
            wraps=np.zeros(size, dtype=np.int64),
        )
        self._share = Share(0, size, 0, tables.pools.alike.size - 1, 0, 0)
        self._counts = np.zeros((ticks, size), dtype=np.int32)
        self.work = np.zeros(tables.wires.first.size - 1, dtype=np.int64)  # synapses are taken in as they come

    def step(self, tick: int) -> NDArray[np.uint8]:
        """Steps all parts by a tick; returns which neurons fired."""
        tables = self._tables
        step_parts(
            tick,
            self._host[tick],
            self._counts[tick],
            self._share,
            self._state,
            tables.pools,
            tables.arrivals,
            self._history,
            self._total,
        )
        return self._state.flags

    def deliver(self, tick: int, axon: Int, late: Int) -> None:
        """Lets messages act when they are there."""
        keep(tick, axon, late, self._tables.in_axon, self._history)

    @property
    def counts(self) -> Int32:
        """(ticks, units) spikes of each pool."""
        first = np.flatnonzero(np.diff(self._tables.parts.unit, prepend=-1))
        return np.add.reduceat(self._counts, first, axis=1).astype(np.int32)


@dataclass(slots=True, eq=False)
class LateRun:
    """A program on a mesh, ready for stimuli."""

    chip: ChipProgram
    mesh: SpikeMesh
    tables: Tables = field(init=False)
    roads: Roads = field(init=False)

    def __post_init__(self) -> None:
        self.tables = Tables.of(self.chip, self.mesh.times.synapse_ps)
        self.roads = Roads.of(self.mesh, self.tables.wires)

    def run(self, stimulus: Stimulus, tick_ps: int) -> Passed:
        """Runs all trials with messages on their way, in ticks of a fixed length, or 0: as long as each takes.

        Raises InputError where the stimulus does not fit the network's inputs.
        """
        network, ticks = self.chip.network, stimulus.ticks(self.chip.network.tick_s)
        values = encode(network, stimulus)

        traffic, counts = self.roads.pass_trials(
            lambda trial: LateChip(self.tables, values, trial, ticks), stimulus.batch, ticks, tick_ps
        )
        seen = recording(
            network.populations,
            counts,
            level="emulator",
            stimulus=stimulus.name,
            tick_s=network.tick_s,
        )
        return Passed(recording=seen, traffic=traffic)


def _parts(chip: ChipProgram) -> Parts:
    """The neurons of each unit on each core."""
    network, place = chip.network, chip.network.neuron_slices()
    size = {population.name: population.neurons for population in network.populations}
    runs: list[tuple[int, int, int]] = []  # first neuron, unit, core
    for segment in chip.segments:
        each, first = size[segment.population], network.first_unit()[segment.population]
        start = segment.start
        while start < segment.stop:
            unit = start // each
            runs.append((place[segment.population].start + start, first + unit, segment.core))
            start = min((unit + 1) * each, segment.stop)
    neuron, unit, core = np.array(sorted(runs), dtype=np.int64).reshape(-1, 3).T
    return Parts(unit=unit, core=core, neuron=np.append(neuron, network.neurons))


def _pools(network: IntegerNetwork, parts: Parts) -> Pools:
    """The registers of parts; what stands on several cores is updated part by part."""
    whole = pools_of(network)
    first = np.searchsorted(parts.unit, np.arange(whole.keep_u.size + 1))
    divided = np.bincount(parts.unit, minlength=whole.keep_u.size)[parts.unit] > 1
    begins = np.flatnonzero(divided)
    return whole._replace(
        keep_u=whole.keep_u[parts.unit],
        keep_v=whole.keep_v[parts.unit],
        threshold=whole.threshold[parts.unit],
        first_neuron=parts.neuron,
        alike=np.unique(np.concatenate([first[whole.alike], begins, begins + 1])),
    )


def _kinds(chip: ChipProgram) -> int:
    """How many axons a neuron may have to one core: one, or where they are not shared one for each projection."""
    return 1 if chip.shared_axons else max(len(chip.network.projections), 1)


def _entries(chip: ChipProgram, parts: Parts) -> tuple[Int, tuple[Int, Int, Int]]:
    """Of every synapse between units and parts its in-axon, as one number, and its group, part and mantissa."""
    network, first = chip.network, chip.network.first_unit()
    number = {projection.name: index for index, projection in enumerate(network.projections)}
    begins = np.searchsorted(parts.unit, np.arange(int(parts.unit.max(initial=-1)) + 2))
    keys: list[Int] = []
    columns: list[tuple[Int, Int, Int]] = []
    for index, group in enumerate(weight_groups(network)):
        for projection in map(network.projection, group.projections):
            row, column, mantissa = entries(projection.mantissa)
            target = row + first[projection.target]
            count = begins[target + 1] - begins[target]
            part = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - begins[target], count)
            source = np.repeat(column + first[projection.source], count)
            kind = 0 if chip.shared_axons else number[projection.name]
            keys.append((source * chip.cores + parts.core[part]) * _kinds(chip) + kind)
            columns.append((np.full(part.size, index), part, np.repeat(mantissa, count)))
    group, part, mantissa = (in_row(column[k] for column in columns) for k in range(3))
    return in_row(keys), (group, part, mantissa)


def _arrivals(network: IntegerNetwork, in_axon: Int, found: tuple[Int, Int, Int]) -> Arrivals:
    """The entries, sorted by group and in-axon."""
    group, part, mantissa = found
    groups = weight_groups(network)
    order = np.lexsort((part, in_axon, group))
    group, axon = group[order], in_axon[order]
    first = np.flatnonzero((np.diff(group, prepend=-1) != 0) | (np.diff(axon, prepend=-1) != 0))
    return Arrivals(
        delay=np.array([g.delay_ticks + network.rule.spike_delay_ticks for g in groups], dtype=np.int64),
        exponent=np.array([g.exponent for g in groups], dtype=np.int64),
        first=np.searchsorted(group[first], np.arange(len(groups) + 1)),
        axon=axon[first],
        entry=np.append(first, group.size),
        part=part[order].astype(np.int32),
        mantissa=mantissa[order],
    )


def _order(chip: ChipProgram) -> tuple[Int, Int]:
    """The neurons of all cores in the order of their slots, and where each core begins."""
    place = chip.network.neuron_slices()
    segments = sorted(chip.segments, key=lambda segment: (segment.core, segment.slot))
    rows = [np.arange(s.start, s.stop) + place[s.population].start for s in segments]
    held = np.zeros(chip.cores, dtype=np.int64)
    for segment in segments:
        held[segment.core] += segment.neurons
    return in_row(rows), row_starts(held)
