"""Chips whose messages take time: where none is late they are the emulators; what is late by a tick is a delay."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram, Segment
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.late import LateChip, Tables
from neurocmc.sim.mesh import SpikeMesh, Times, along
from neurocmc.sim.passing import Roads, Traffic
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.draws import trial_key
from neurocmc.sim.truenorth.kernel import Events
from neurocmc.sim.truenorth.late import LateChip as LateCores
from neurocmc.sim.truenorth.late import Tables as LateTables
from tests.made.core_networks import busy_input, program_of
from tests.made.networks import random_network, random_values
from tests.sim.core_networks import random_cores

TICKS, CORES = 50, 4
QUICK = Times(neuron_ps=8400, hop_east_west_ps=4100, hop_north_south_ps=6500, link_ps=290, within_tile_ps=2100)
# Every message is in its core one tick and a half after it was sent, and nothing waits for anything.
LATE_BY_ONE = Times(neuron_ps=0, hop_east_west_ps=0, hop_north_south_ps=0, within_tile_ps=1_500_000)
TICK_PS = 1_000_000


def placed(network: IntegerNetwork, seed: int, *, shared: bool) -> ChipProgram:
    """The network cut at random between its neurons, pieces on random cores."""
    draw = np.random.default_rng(seed)
    segments: list[Segment] = []
    used = [0] * CORES
    for population in network.populations:
        total = population.units * population.neurons
        cuts = np.unique(np.concatenate([[0, total], draw.integers(0, total + 1, 3)])).tolist()
        for start, stop in pairwise(cuts):
            core = int(draw.integers(0, CORES))
            segments.append(Segment(core=core, slot=used[core], population=population.name, start=start, stop=stop))
            used[core] += stop - start
    return ChipProgram(
        network=network,
        target="loihi1",
        segments=tuple(segments),
        routes=(),
        lists=(),
        use=np.zeros((CORES, len(RESOURCES)), dtype=np.int64),
        lower_bounds=(),
        shared_axons=shared,
    )


def ran(chip: ChipProgram, seed: int, times: Times, tick_ps: int) -> tuple[NDArray[np.int32], Traffic]:
    """(ticks, units) spikes of a trial on a mesh, and their traffic."""
    mesh = SpikeMesh(place=along(2, 2), free=along(4, 4), times=times)
    tables = Tables.of(chip, times.synapse_ps)
    late = LateChip(tables, random_values(chip.network, seed, batch=1, ticks=TICKS), 0, TICKS)
    traffic = Roads.of(mesh, tables.wires).pass_trial(late, TICKS, tick_ps)
    return late.counts, traffic


def emulated(network: IntegerNetwork, seed: int) -> NDArray[np.int32]:
    return emulate(network, random_values(network, seed, batch=1, ticks=TICKS), 1, TICKS).counts[0]


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0, 10**9]))
def test_what_is_in_time_is_the_emulator(seed: int, shared: bool, tick_ps: int) -> None:
    network = random_network(seed)
    counts, traffic = ran(placed(network, seed, shared=shared), seed, QUICK, tick_ps)
    assert np.array_equal(counts, emulated(network, seed))
    assert traffic.late == 0.0


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.booleans())
def test_what_is_late_by_a_tick_is_a_delay_of_one_more(seed: int, shared: bool) -> None:
    network = random_network(seed)
    delayed = replace(
        network, projections=tuple(replace(p, delay_ticks=p.delay_ticks + 1) for p in network.projections)
    )
    counts, traffic = ran(placed(network, seed, shared=shared), seed, LATE_BY_ONE, TICK_PS)
    assert np.array_equal(counts, emulated(delayed, seed))
    assert traffic.late == (1.0 if traffic.messages else 0.0)


def test_a_message_goes_to_each_core_that_a_unit_reaches() -> None:
    """Against a count that knows no in-axons: every spike, times the cores with neurons that its unit reaches."""
    for seed in range(8):
        network = random_network(seed)
        chip = placed(network, seed, shared=True)
        counts, traffic = ran(chip, seed, QUICK, 0)
        cores: dict[tuple[str, int], set[int]] = {}
        for segment in chip.segments:
            each = network.population(segment.population).neurons
            for unit in range(segment.start // each, -(-segment.stop // each)):
                cores.setdefault((segment.population, unit), set()).add(segment.core)
        wanted = 0
        first = network.first_unit()
        for population in network.populations:
            for unit in range(population.units):
                reached: set[int] = set()
                for projection in network.projections:
                    if projection.source == population.name:
                        for target in np.flatnonzero(np.asarray(projection.mantissa)[:, unit]).tolist():
                            reached |= cores[projection.target, target]
                wanted += len(reached) * int(counts[:, first[population.name] + unit].sum())
        assert traffic.messages == wanted


def cores_ran(network: CoreNetwork, seed: int, times: Times, tick_ps: int) -> tuple[NDArray[np.bool_], Traffic]:
    """(ticks, cores * neurons) who fired in a trial on a mesh, and the traffic."""
    tables = LateTables.of(program_of(network))
    place = along(8, 8)[: network.cores]
    mesh = SpikeMesh(place=place, free=along(8, 8), times=times)
    given = busy_input(network, TICKS, seed)
    order = np.argsort(given.tick, kind="stable")
    events = Events(*(column[order].astype(np.int32) for column in (given.tick, given.core, given.axon)))
    chip = Recorded(tables, network, events, trial_key(seed, 0), TICKS, times.synapse_ps)
    traffic = Roads.of(mesh, tables.wires).pass_trial(chip, TICKS, tick_ps)
    fired = np.array(chip.fired).reshape(TICKS, network.cores, -1)[:, :, : network.neurons]
    return fired.reshape(TICKS, -1).astype(np.bool_), traffic


class Recorded(LateCores):
    """The chip, with a record of who fired."""

    fired: list[NDArray[np.uint8]]

    def step(self, tick: int) -> NDArray[np.uint8]:
        """As the chip does."""
        flags = super().step(tick)
        self.fired = [*(self.fired if tick else []), flags.copy()]
        return flags


def cores_emulated(network: CoreNetwork, seed: int) -> NDArray[np.bool_]:
    record = CoreRecord(outputs=False, spikes="all")
    return run_cores(network, busy_input(network, TICKS, seed), TICKS, seed=seed, record=record).spikes[0]


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([0, 10**9]))
def test_cores_in_time_are_the_emulator(seed: int, tick_ps: int) -> None:
    network = random_cores(seed, 3, 20, 17)
    fired, traffic = cores_ran(network, seed, replace(QUICK, synapse_ps=7160), tick_ps)
    assert np.array_equal(fired, cores_emulated(network, seed))
    sends = np.broadcast_to((network.target_core >= 0).ravel(), fired.shape)
    assert traffic.messages == int((fired & sends).sum())
    assert traffic.late == 0.0


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_a_spike_that_was_sent_early_enough_may_take_its_time(seed: int) -> None:
    """What takes a tick and a half is late by one where the delay is one tick, and in time where it is more."""
    network = random_cores(seed, 3, 20, 17)
    delayed = replace(network, delay=np.maximum(network.delay, 2))
    fired, _ = cores_ran(network, seed, LATE_BY_ONE, TICK_PS)
    assert np.array_equal(fired, cores_emulated(delayed, seed))


def test_synapses_of_a_core_delay_what_it_sends() -> None:
    network = random_cores(3, 3, 20, 17)
    quick = cores_ran(network, 3, QUICK, 0)[1]
    slow = cores_ran(network, 3, replace(QUICK, synapse_ps=7160), 0)[1]
    events = int(run_cores(network, busy_input(network, TICKS, 3), TICKS, seed=3).synaptic_events[0])
    assert events > 0
    assert (slow.done_ps >= quick.done_ps).all()
    # The busiest core of a tick has no more to do than all together.
    assert int((slow.done_ps - quick.done_ps).sum()) <= 7160 * events
