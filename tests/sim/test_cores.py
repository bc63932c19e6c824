"""The emulator of neurosynaptic cores: the compiled loop is the reference, whatever is shared out or recorded."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.ir.truenorth.cores import OUTPUT, CoreNetwork, packed
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, CoreRun, run_cores
from neurocmc.sim.truenorth.draws import core_keys, trial_key, words
from neurocmc.sim.truenorth.kernel import Events, Records, mix, step_trial, word
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
