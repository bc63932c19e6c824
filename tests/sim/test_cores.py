"""The emulator of neurosynaptic cores: the compiled loop is the reference, whatever is shared out or recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.ir.truenorth.cores import OUTPUT, CoreNetwork, packed
from neurocmc.sim.truenorth import CoreBuilder, CoreInputSpikes, CoreRecord, CoreRun, run_cores
from neurocmc.sim.truenorth.batch import Together, can_run_together
from neurocmc.sim.truenorth.draws import core_keys, trial_key, words
from neurocmc.sim.truenorth.kernel import Events, Records, mix, step_trial, word
from neurocmc.sim.truenorth.lane_tables import lane_cores_of
from neurocmc.sim.truenorth.lanes import LaneRecords, step_lanes
from neurocmc.sim.truenorth.reference import CoreReferenceRun, run_cores_reference
from neurocmc.sim.truenorth.run import LARGEST_SEED
from neurocmc.sim.truenorth.tables import cores_of, state_of

from .core_networks import END, random_cores, random_spikes

TICKS = 60
ALL = CoreRecord(spikes="all", potentials="all", neuron_totals=True)


def assert_is_reference(network: CoreNetwork, run: CoreRun, trial: int, reference: CoreReferenceRun) -> None:
    shape = (run.ticks, network.cores, network.neurons)
    assert np.array_equal(run.potentials[trial].reshape(shape), reference.potentials)
    assert np.array_equal(run.spikes[trial].reshape(shape), reference.spikes)
    own = run.outputs.trial == trial
    assert np.array_equal(np.stack([run.outputs.tick[own], run.outputs.line[own]], axis=1), reference.outputs)
    assert np.array_equal(run.neuron_totals[trial], reference.spikes.sum(axis=0))
    assert run.spikes_total[trial] == reference.spikes.sum()
    assert run.synaptic_events[trial] == reference.synaptic_events
    assert run.saturations[trial] == reference.saturations


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    cores=st.integers(1, 6),
    axons=st.integers(1, 40),
    neurons=st.integers(1, 40),
    draws=st.integers(0, LARGEST_SEED),
    batch=st.integers(1, 2),
)
def test_a_random_network_runs_as_the_reference_does(
    seed: int, cores: int, axons: int, neurons: int, draws: int, batch: int
) -> None:
    network = random_cores(seed, cores, axons, neurons)
    spikes = random_spikes(seed, network, batch, TICKS)
    run = run_cores(network, spikes, TICKS, batch=batch, seed=draws, record=ALL)
    for trial in range(batch):
        reference = run_cores_reference(network, spikes, TICKS, trial=trial, seed=draws)
        assert_is_reference(network, run, trial, reference)


def deterministic_weights(network: CoreNetwork) -> CoreNetwork:
    return replace(network, stochastic_weight=np.zeros_like(network.stochastic_weight))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    cores=st.integers(1, 5),
    axons=st.integers(1, 40),
    neurons=st.integers(1, 40),
    draws=st.integers(0, LARGEST_SEED),
    batch=st.integers(1, 4),
    first_trial=st.sampled_from([0, 5]),
)
def test_trials_that_run_together_are_the_reference_each(
    seed: int, cores: int, axons: int, neurons: int, draws: int, batch: int, first_trial: int
) -> None:
    network = deterministic_weights(random_cores(seed, cores, axons, neurons))
    spikes = random_spikes(seed, network, batch, TICKS)
    group = np.random.default_rng(seed).integers(-1, 6, (cores, neurons))
    record = CoreRecord(spikes="all", group=group)
    with together():
        assert can_run_together(network, record)
        run = run_cores(
            network, spikes, TICKS, batch=batch, seed=draws, record=record, first_trial=first_trial, threads=2
        )
    alone = run_cores(network, spikes, TICKS, batch=batch, seed=draws, record=ALL, first_trial=first_trial)
    for name in ("spikes", "outputs", "spikes_total", "synaptic_events", "saturations"):
        ours, theirs = getattr(run, name), getattr(alone, name)
        for part in ("trial", "tick", "line") if name == "outputs" else ("real",):
            assert np.array_equal(getattr(ours, part), getattr(theirs, part)), name
    dense = run.spikes.reshape(batch, TICKS, cores, neurons)
    for index in range(group.max() + 1):
        assert np.array_equal(run.counts[:, :, index], (dense & (group == index)).sum(axis=(2, 3)))
    if first_trial == 0:
        reference = run_cores_reference(network, spikes, TICKS, trial=batch - 1, seed=draws)
        assert np.array_equal(dense[-1], reference.spikes)
        assert run.saturations[-1] == reference.saturations


@pytest.mark.parametrize("batch", [63, 64, 65, 130])
def test_as_many_trials_as_there_are_run_together(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in chunks of a few ticks, with axons that are all of one type and more than a sum of bytes holds."""
    network = deterministic_weights(random_cores(9, 2, 300, 12))
    network = replace(network, axon_type=np.zeros((2, 300)), crossbar=packed(np.ones((2, 300, 12), dtype=np.bool_)))
    spikes = random_spikes(9, network, batch, 12)
    plain = CoreRecord(spikes="all", neuron_totals=True)  # which the loop for many trials does not keep
    alone = run_cores(network, spikes, 12, batch=batch, record=plain)
    monkeypatch.setattr("neurocmc.sim.truenorth.batch.CHUNK", 100)
    run = run_cores(network, spikes, 12, batch=batch, record=CoreRecord(spikes="all"))
    assert alone.spikes.any()
    assert np.array_equal(run.spikes, alone.spikes)
    assert np.array_equal(run.synaptic_events, alone.synaptic_events)
    for name in ("trial", "tick", "line"):
        assert np.array_equal(getattr(run.outputs, name), getattr(alone.outputs, name))


def test_equal_neurons_are_summed_once_and_silent_ones_left_out() -> None:
    cores = CoreBuilder(axons=3, neurons=5)
    core = cores.add_core()
    drive = [cores.add_axon(core, kind=kind) for kind in (0, 0, 1)]
    for weight in ([2, -1], [2, -1], [2, 7]):
        cores.connect(drive[1], neuron := cores.add_neuron(core, weight=weight, threshold=3))
        cores.put_out(neuron)
    tables, row = lane_cores_of(cores.network())
    assert row.tolist() == [[0, 1, 2, -1, -1]]
    assert tables.column[0] == tables.column[1] == tables.column[2]  # no axon of type 1 reaches them
    assert tables.first_column.tolist() == [0, 3]  # theirs, that of the silent two, and the one that counts
    assert tables.columns.weight[tables.columns.weight != 0].tolist() in ([2, 3], [3, 2])


def test_a_network_of_silent_neurons_runs_together() -> None:
    cores = CoreBuilder(axons=2, neurons=3)
    cores.add_axon(cores.add_core())
    spikes = CoreInputSpikes(trial=[63], tick=[1], core=[0], axon=[0])
    run = run_cores(cores.network(), spikes, 4, batch=64, record=CoreRecord(spikes="all", group=[[0, 0, 1]]))
    assert not run.spikes.any()
    assert not run.counts.any()
    assert run.outputs.tick.size == run.synaptic_events.sum() == 0


def test_cores_at_rest_are_left_out_in_all_lanes_until_a_spike_comes() -> None:
    """Without it, that a core sleeps and is woken would never be tested where trials run together."""
    settled, woken, steps = 0, 0, 0
    for seed in range(30):
        network = deterministic_weights(random_cores(seed, 3, 20, 20))
        spikes = random_spikes(seed, network, 1, TICKS)
        job = Together.of(
            network, np.zeros((0, 0), np.int32), np.zeros((0, 2), np.int32), outputs=False, ticks=1, seed=0
        )
        order = np.argsort(spikes.tick, kind="stable")
        events = job._events(
            [Events(*(getattr(spikes, name)[order].astype(np.int32) for name in ("tick", "core", "axon")))]
        )
        state, room, event = job._state(), job._room(range(1)), 0
        records = LaneRecords(
            job._groups(0),
            np.zeros((0, 64), np.int32),
            np.zeros((1, TICKS, 0), np.uint16),
            np.zeros(0, np.int32),
            np.zeros((1, 0), np.uint64),
        )
        before = state.settled.copy()
        for tick in range(TICKS):
            event = step_lanes(tick, 1, 1, job.cores, state, room, events, event, records)
            settled, steps = settled + int(state.settled.sum()), steps + 3
            woken += int((before > state.settled).sum())
            before = state.settled.copy()
    assert 0.03 * steps < settled < 0.95 * steps
    assert woken > 30


@contextmanager
def together() -> Iterator[None]:
    """Has any number of trials run together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurocmc.sim.truenorth.run.FEWEST_TOGETHER", 1)
        yield


def test_a_whole_core_runs_as_the_reference_does() -> None:
    """256 axons of one type, all of them active: more than a byte of counts can hold."""
    network = random_cores(5, 2, 300, 256)
    network = replace(network, axon_type=np.zeros((2, 300)), crossbar=packed(np.ones((2, 300, 256), dtype=np.bool_)))
    core, axon = np.divmod(np.arange(600), 300)
    spikes = CoreInputSpikes(trial=np.zeros(600), tick=np.full(600, 3), core=core, axon=axon)
    run = run_cores(network, spikes, 8, record=ALL)
    assert run.synaptic_events[0] >= 2 * 300 * 256
    assert_is_reference(network, run, 0, run_cores_reference(network, spikes, 8))


def test_a_long_run_runs_as_the_reference_does() -> None:
    """More ticks than a delay's byte, a ring or a chunk of ticks holds."""
    network = random_cores(8, 2, 10, 9)
    spikes = random_spikes(8, network, 1, 700)
    run = run_cores(network, spikes, 700, record=ALL)
    assert run.spikes[0, 600:].any()
    assert_is_reference(network, run, 0, run_cores_reference(network, spikes, 700))


@cache
def some_runs() -> list[tuple[CoreNetwork, CoreRun]]:
    networks = [random_cores(seed, 3, 20, 20) for seed in range(40)]
    return [
        (network, run_cores(network, random_spikes(seed, network, 1, TICKS), TICKS, record=ALL))
        for seed, network in enumerate(networks)
    ]


def test_random_networks_cover_what_they_should() -> None:
    """Without this, the tests above might never meet what they are for."""
    networks = [network for network, _ in some_runs()]
    assert {delay for network in networks for delay in np.unique(network.delay).tolist()} == set(range(1, 16))
    assert sum(network.deterministic for network in networks) > 2
    for field in ("stochastic_weight", "stochastic_leak", "leak_reversal", "noise_mask", "leak"):
        assert 5 < sum(bool(getattr(network, field).any()) for network in networks) < 38, field
    assert any((run.potentials == END - 1).any() for _, run in some_runs())
    assert any((run.potentials == -END).any() for _, run in some_runs())
    assert sum(0.02 < run.spikes.mean() < 0.98 for _, run in some_runs()) > 25
    assert sum(run.outputs.tick.size > 0 for _, run in some_runs()) > 25
    assert sum(int(run.saturations[0]) for _, run in some_runs()) > 1000


def test_cores_at_rest_are_left_out_until_a_spike_comes() -> None:
    """Some cores settle, and settled ones are woken: or leaving them out would never be tested."""
    settled, woken, steps = 0, 0, 0
    none, empty = np.zeros((0, 0), dtype=np.int32), np.zeros(0, dtype=np.int32)
    nothing = Records(
        none, none.astype(np.uint16), none.astype(np.int64), none, none.astype(np.uint8), none, none, empty, empty
    )
    for seed in range(40):
        network = random_cores(seed, 3, 20, 20)
        spikes = random_spikes(seed, network, 1, TICKS)
        order = np.argsort(spikes.tick, kind="stable")
        events = Events(*(getattr(spikes, name)[order].astype(np.int32) for name in ("tick", "core", "axon")))
        state, cores, event = state_of(network), cores_of(network), 0
        before = state.settled.copy()
        for tick in range(TICKS):
            event, _ = step_trial(tick, 1, np.uint64(1), cores, state, events, event, nothing)
            settled, steps = settled + int(state.settled.sum()), steps + 3
            woken += int((before > state.settled).sum())
            before = state.settled.copy()
    assert 0.03 * steps < settled < 0.95 * steps
    assert woken > 30


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), threads=st.integers(1, 3))
def test_batch_threads_and_recordings_change_nothing(seed: int, threads: int) -> None:
    network = random_cores(seed, 3, 12, 11)
    spikes = random_spikes(seed, network, 4, TICKS)
    full = run_cores(network, spikes, TICKS, batch=4, seed=seed, record=ALL, threads=threads)
    group = np.random.default_rng(seed).integers(-1, 6, (3, 11))
    places = [(2, 10), (0, 3), (2, 10)]
    some = CoreRecord(outputs=False, group=group, spikes=places, potentials=places[:1])
    bare = run_cores(network, spikes, TICKS, batch=4, seed=seed, record=some)
    dense = full.spikes.reshape(4, TICKS, 3, 11)
    for index in range(group.max() + 1):
        assert np.array_equal(bare.counts[:, :, index], (dense & (group == index)).sum(axis=(2, 3)))
    for index, (core, neuron) in enumerate(places):
        assert np.array_equal(bare.spikes[:, :, index], dense[:, :, core, neuron])
    assert np.array_equal(bare.potentials[:, :, 0], full.potentials.reshape(dense.shape)[:, :, 2, 10])
    for name in ("spikes_total", "synaptic_events", "saturations"):
        assert np.array_equal(getattr(bare, name), getattr(full, name))


@pytest.mark.parametrize("threads", [2, 3])
def test_cores_of_one_trial_may_share_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_cores(11, 7, 30, 20)
    spikes = random_spikes(11, network, 1, TICKS)
    monkeypatch.setattr("neurocmc.sim.truenorth.run.FEWEST_SHARED", 2)
    run = run_cores(network, spikes, TICKS, seed=3, record=ALL, threads=threads)
    assert_is_reference(network, run, 0, run_cores_reference(network, spikes, TICKS, seed=3))


def test_output_spikes_stand_in_order_and_survive_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_cores(14, 3, 12, 20)
    spikes = random_spikes(14, network, 3, TICKS)
    whole = run_cores(network, spikes, TICKS, batch=3, record=ALL)
    monkeypatch.setattr("neurocmc.sim.truenorth.run.CHUNK", 70)  # a few ticks at a time
    parts = run_cores(network, spikes, TICKS, batch=3, record=ALL)
    events = np.stack([parts.outputs.trial, parts.outputs.tick, parts.outputs.line])
    assert np.array_equal(events, np.stack([whole.outputs.trial, whole.outputs.tick, whole.outputs.line]))
    assert np.array_equal(whole.potentials, parts.potentials)
    assert np.array_equal(whole.spikes_total, parts.spikes_total)
    assert events.shape[1] > 100
    assert np.array_equal(events, events[:, np.lexsort(events[::-1])])


def test_two_neurons_on_one_line_are_two_spikes_of_the_bus() -> None:
    network = random_cores(3, 1, 4, 8)
    shape = (1, 8)
    network = replace(
        network,
        target_core=np.full(shape, OUTPUT),
        target_axon=np.full(shape, 2),
        threshold=np.zeros(shape),
        noise_mask=np.zeros(shape),
        potential=np.full(shape, 100),
        leak=np.zeros(shape),
        weight=network.weight * 0,
    )
    run = run_cores(network, ticks=1)
    assert run.outputs.line.tolist() == [2] * 8


@given(seed=st.integers(0, LARGEST_SEED), trial=st.integers(0, 10**6), tick=st.integers(0, 2**31 - 2))
def test_the_kernel_draws_what_the_reference_draws(seed: int, trial: int, tick: int) -> None:
    key = trial_key(seed, trial)
    with np.errstate(over="ignore"):
        tick_key = np.uint64(mix(np.uint64(key) + np.uint64(tick)))
        keys = [np.uint64(mix(tick_key + np.uint64(core))) for core in range(3)]
        drawn = [[word(k, index) for index in (0, 1, 70_000)] for k in keys]
    assert core_keys(key, tick, 3).tolist() == keys
    assert words(core_keys(key, tick, 3)[:, None], np.array([0, 1, 70_000])).tolist() == drawn


def test_the_stream_is_splitmix64() -> None:
    """The first outputs of the published generator for seed 1234567, as its authors' test has them."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert words(np.array([1234567], dtype=np.uint64), np.arange(4)).tolist() == published


def test_seeds_and_trials_differ() -> None:
    network = next(network for network, run in some_runs() if network.noise_mask.any() and run.spikes.mean() > 0.2)

    def potentials(**options: Any) -> np.ndarray:
        return run_cores(network, None, 40, record=ALL, **options).potentials

    assert not np.array_equal(potentials(seed=0), potentials(seed=1))
    both = potentials(seed=0, batch=2)
    assert np.array_equal(both[:1], potentials(seed=0))
    assert not np.array_equal(both[0], both[1])


def test_nothing_to_do_is_done() -> None:
    network = random_cores(1, 2, 3, 4)
    run = run_cores(network, ticks=0, batch=2, record=replace(ALL, group=np.zeros((2, 4), dtype=np.int64)))
    assert run.potentials.shape == (2, 0, 8)
    assert run.counts.shape == (2, 0, 1)
    assert run.spikes_total.tolist() == [0, 0]
    with pytest.raises(InputError, match=r"\[not-recorded\]"):
        _ = run_cores(network, ticks=1, record=CoreRecord(outputs=False)).outputs
