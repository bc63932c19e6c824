"""Pools and single neurons in real numbers with faults: none at level 0, against Brian2; and each what it says."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.brian2_neurons import simulate_neurons_brian2
from neurocmc.sim.faulty_neurons import KINDS as NEURON_KINDS
from neurocmc.sim.faulty_neurons import draw_neurons, simulate_faulty_neurons
from neurocmc.sim.faulty_pools import KINDS, draw_pools, simulate_faulty_pools
from tests.made.looping_neurons import stimulus as events
from tests.made.looping_neurons import two_layers
from tests.made.spiking_networks import random_network, random_stimulus

TRIALS = (2, 0)
SEED = 3


@pytest.mark.parametrize("seed", range(5))
def test_at_level_0_pools_are_brian2_s_spike_for_spike(seed: int) -> None:
    network = random_network(seed)
    stimulus = random_stimulus(network, seed)
    wanted = simulate_brian2(network, stimulus)
    for kind in KINDS:
        seen = simulate_faulty_pools(draw_pools(network, kind, 0.0, seed), stimulus, TRIALS)
        for name in wanted.activity:
            assert np.array_equal(seen.activity[name], wanted.activity[name][list(TRIALS)]), kind
            assert np.array_equal(seen.spike_counts[name], wanted.spike_counts[name][list(TRIALS)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_of_pools_gives_the_same_outcome_whatever_else_is_run(kind: str) -> None:
    network = random_network(SEED)
    stimulus = random_stimulus(network, SEED)

    def outcome(seed: int, trials: tuple[int, ...]) -> np.ndarray:
        seen = simulate_faulty_pools(draw_pools(network, kind, 0.4, seed), stimulus, trials)
        return np.concatenate(list(seen.activity.values()), axis=2)

    first = outcome(SEED, TRIALS)
    assert np.array_equal(outcome(SEED, TRIALS), first)
    assert np.array_equal(outcome(SEED, TRIALS[1:]), first[1:])
    assert any(not np.array_equal(outcome(seed, TRIALS), first) for seed in range(SEED + 1, SEED + 5))


def test_faults_of_pools_are_the_shares_and_spreads_that_were_asked_for() -> None:
    network = random_network(SEED)
    cells = {p.name: p.units * p.neurons for p in network.populations}
    many = [draw_pools(network, "threshold", 0.1, seed) for seed in range(100)]
    drawn = np.concatenate([np.concatenate(list(one.threshold.values())) for one in many])
    assert drawn.std() == pytest.approx(0.1, rel=0.1)
    assert drawn.mean() == pytest.approx(1.0, abs=0.01)
    dead = draw_pools(network, "dead", 1.0, SEED)
    assert not any(alive.any() for alive in dead.alive.values())
    silent = simulate_faulty_pools(dead, random_stimulus(network, SEED), TRIALS)
    assert all(not counts.any() for counts in silent.spike_counts.values())
    dropped = draw_pools(network, "dropped", 1.0, SEED)
    for projection in network.projections:
        more = dropped.more[projection.name]
        assert more.shape == (cells[projection.target], cells[projection.source])
        neurons = network.population(projection.target).neurons, network.population(projection.source).neurons
        weight = np.asarray(projection.weight).repeat(neurons[0], axis=0).repeat(neurons[1], axis=1)
        assert np.array_equal(more.toarray(), -weight)  # all of it is taken away
    assert not any(share.any() for share in dropped.share.values())


def test_with_all_synapses_dropped_cells_hear_nothing() -> None:
    drawn = random_network(SEED)
    # What stands in filters before the first tick no synapse has brought.
    network = replace(drawn, projections=tuple(replace(p, standing=0.0 * p.standing) for p in drawn.projections))
    stimulus = random_stimulus(network, SEED)
    seen = simulate_faulty_pools(draw_pools(network, "dropped", 1.0, SEED), stimulus, TRIALS)
    mute = replace(network, projections=(), inputs=())
    alone = simulate_faulty_pools(draw_pools(mute, "dead", 0.0, SEED), replace(stimulus, values={}), TRIALS)
    for name, counts in alone.spike_counts.items():
        assert np.array_equal(seen.spike_counts[name], counts)


@pytest.fixture(scope="module")
def wanted() -> NeuronRecording:
    return simulate_neurons_brian2(two_layers(), events(trials=2))


@pytest.mark.parametrize("kind", NEURON_KINDS)
def test_at_level_0_neurons_are_brian2_s_and_at_another_they_are_not(kind: str, wanted: NeuronRecording) -> None:
    network, stimulus = two_layers(), events(trials=2)
    numbers = list(range(stimulus.batch))
    same = simulate_faulty_neurons(draw_neurons(network, kind, 0.0, SEED), stimulus, numbers)
    assert all(spikes.differing(same.spikes[name]).total == 0 for name, spikes in wanted.spikes.items())
    first = simulate_faulty_neurons(draw_neurons(network, kind, 0.5, SEED), stimulus, numbers)
    assert any(spikes.differing(first.spikes[name]).total > 0 for name, spikes in wanted.spikes.items())
    part = simulate_faulty_neurons(draw_neurons(network, kind, 0.5, SEED), stimulus.take(slice(1, 2)), [1])
    for name, spikes in first.spikes.items():
        own = spikes.trial == 1
        assert np.array_equal(part.spikes[name].tick, spikes.tick[own])
        assert np.array_equal(part.spikes[name].unit, spikes.unit[own])


def test_dead_neurons_and_neighbours_are_what_they_say() -> None:
    network, stimulus = two_layers(), events()
    dead = simulate_faulty_neurons(draw_neurons(network, "dead", 1.0, SEED), stimulus, range(stimulus.batch))
    assert all(spikes.total == 0 for spikes in dead.spikes.values())
    beside = draw_neurons(network, "spikes", 0.1, SEED)
    assert beside.network.problems() == ()
    sends = {p.source for p in network.projections} & {p.name for p in network.populations}
    assert set(beside.beside) == sends
    copies = beside.network.projections[len(network.projections) :]
    assert [c.weight.tolist() for c in copies] == [
        p.weight.tolist() for p in network.projections if p.source in sends
    ]
    assert not any(copy.bias.any() for copy in copies)


def test_a_fault_that_they_cannot_have_is_none_of_theirs() -> None:
    with pytest.raises(ValueError, match="no fault cores"):
        draw_pools(random_network(SEED), "cores", 0.1, SEED)
    with pytest.raises(ValueError, match="no fault current"):
        draw_neurons(two_layers(), "current", 0.1, SEED)
