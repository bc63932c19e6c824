"""Steps neurosynaptic cores whose spikes may come late to the axons that they are sent to.

A spike bears the tick in which it acts, one or more after its own; one that is not there by then acts when it is.
(The chip has no such rule: its makers ask for delays so long that none is late, Akopyan et al. 2015, and its
scheduler of 16 ticks would let a late one wait a whole round.) Synapses are counted when their core is stepped, which
delays what the core sends, not when a spike comes in. Where no spike is late, all is as in `sim.truenorth.emulator`,
bit for bit.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, row_starts
from neurocmc.common.jit import jit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.cores import NOWHERE, CoreNetwork
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.sim.events import by_trial
from neurocmc.sim.mesh import SpikeMesh
from neurocmc.sim.passing import Passed, Roads
from neurocmc.sim.recording import recording
from neurocmc.sim.transit import MOST_LATE, Wires
from neurocmc.sim.truenorth.draws import trial_key
from neurocmc.sim.truenorth.emulator import pool_groups, with_ticks_before
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.sim.truenorth.kernel import CORE_SHIFT, Cores, Events, State, mix, new_room, receive, step_some
from neurocmc.sim.truenorth.tables import cores_of, padded_groups, state_of

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]


@jit(nogil=True)
def step_all(
    tick: int, key: Any, cores: Cores, state: State, events: Events, event: int, room: Any, group: Int32, counts: Any
) -> int:
    """Steps all cores by a tick, sends nothing, and counts the spikes of each group; returns the next event."""
    event = receive(tick, events, event, state.ring)
    step_some(0, state.firing.size, tick, mix(key + np.uint64(tick)), cores, state, room)
    for core in range(state.firing.size):
        for k in range(state.firing[core]):
            own = group[core, state.fired[core, k]]
            if own >= 0:
                counts[own] += 1
    return event


@jit(nogil=True)
def put(tick: int, axon: Int, late: Int, core: Int32, line: Int32, delay: Int32, ring: UInt8) -> None:
    """Puts spikes on the axons where they arrive, in the tick in which they are there."""
    for k in range(axon.size):
        own = axon[k]
        ring[(tick + delay[own] + late[k]) % ring.shape[0], core[own], line[own]] = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """Cores that send nothing themselves, and the way of each neuron's spikes."""

    cores: Cores
    group: Int32  # (cores, padded neurons) the pool of each
    wires: Wires
    line: Int32  # (axons,) on its core
    delay: Int32  # (axons,) ticks

    @classmethod
    def of(cls, program: CoreProgram) -> "Tables":
        """Lays a program out; the neurons of the loop stand core by core, padding included."""
        network, tables = program.network, cores_of(program.network)
        padded = tables.threshold.shape[1]
        sends = np.zeros((network.cores, padded), dtype=np.int64)
        sends[:, : network.neurons] = network.target_core >= 0
        kept = network.target_core >= 0
        neuron = np.arange(network.neurons) + padded * np.arange(network.cores)[:, None]
        delay = network.delay[kept].astype(np.int32)
        wires = Wires(
            order=neuron.ravel(),
            first=network.neurons * np.arange(network.cores + 1),
            axon=row_starts(sends.ravel()),
            target=network.target_core[kept],
            load=np.zeros(delay.size, dtype=np.int64),
            slack=(delay - 1).astype(np.uint8),
        )
        return cls(
            cores=tables._replace(route=np.full_like(tables.route, NOWHERE << CORE_SHIFT)),
            group=padded_groups(pool_groups(program).astype(np.int32)),
            wires=wires,
            line=network.target_axon[kept],
            delay=delay,
        )


class LateChip:
    """A chip in one trial."""

    def __init__(
        self, tables: Tables, network: CoreNetwork, events: Events, key: int, ticks: int, op_ps: int
    ) -> None:
        self._tables, self._events, self._event, self._op_ps = tables, events, 0, op_ps
        self._key = np.uint64(key)
        state = state_of(network)
        depth = int(network.delay.max(initial=0)) + 1 + MOST_LATE
        self._state = state._replace(ring=np.zeros((depth, *state.ring.shape[1:]), dtype=np.uint8))
        self._room = new_room(state.ring.shape[2], tables.cores.weight.shape[1], state.potential.shape[1])
        self._before = np.zeros(network.cores, dtype=np.int64)
        self.counts = np.zeros((ticks, int(tables.group.max(initial=-1)) + 1), dtype=np.int32)
        self.work = np.zeros(network.cores, dtype=np.int64)

    def step(self, tick: int) -> UInt8:
        """Steps all cores by a tick; returns which neurons fired, padding included."""
        tables, state = self._tables, self._state
        self._event = step_all(
            tick,
            self._key,
            tables.cores,
            state,
            self._events,
            self._event,
            self._room,
            tables.group,
            self.counts[tick],
        )
        self.work = (state.synaptic - self._before) * self._op_ps
        self._before = state.synaptic.copy()
        return state.flags.reshape(-1)

    def deliver(self, tick: int, axon: Int, late: Int) -> None:
        """Lets spikes act when they are there."""
        tables = self._tables
        put(tick, axon, late, tables.wires.target, tables.line, tables.delay, self._state.ring)


@dataclass(slots=True, eq=False)
class LateRun:
    """A program on a mesh, ready for stimuli."""

    program: CoreProgram
    mesh: SpikeMesh
    tables: Tables = field(init=False)
    roads: Roads = field(init=False)

    def __post_init__(self) -> None:
        self.tables = Tables.of(self.program)
        self.roads = Roads.of(self.mesh, self.tables.wires)

    def run(self, stimulus: Stimulus, tick_ps: int, seed: int) -> Passed:
        """Runs all trials with spikes on their way, in ticks of a fixed length, or 0: as long as each takes.

        Raises InputError where the stimulus does not fit the inputs.
        """
        program, ticks = self.program, self.program.ticks(stimulus)
        given = encode_cores(program, stimulus)
        events = [
            Events(*part) for part in by_trial(given.trial, given.tick, (given.core, given.axon), stimulus.batch)
        ]

        def chip(trial: int) -> LateChip:
            op_ps = self.mesh.times.synapse_ps
            return LateChip(self.tables, program.network, events[trial], trial_key(seed, trial), ticks, op_ps)

        traffic, counts = self.roads.pass_trials(chip, stimulus.batch, ticks, tick_ps)
        seen = recording(
            program.populations,
            with_ticks_before(program, counts.astype(np.uint16)),
            level="emulator",
            stimulus=stimulus.name,
            tick_s=program.tick_s,
        )
        return Passed(recording=seen, traffic=traffic)
