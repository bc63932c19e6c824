"""A network spelled out runs as the emulator does, bit for bit; and each fault is what it says, no more."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.common.resources import resource_path
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.emulator import emulate, simulate_emulator
from neurocmc.sim.loihi.perturbed.expand import expand
from neurocmc.sim.loihi.perturbed.perturb import STREAM, Perturbation, perturb
from neurocmc.sim.loihi.perturbed.run import arriving, run_perturbed, simulate_perturbed
from neurocmc.targets import load_target
from tests.made.built import loihi
from tests.made.networks import random_network, random_values
from tests.torch_extra import needs_torch

TICKS = 60
SEED = 7


def bundled(name: str, target: str) -> tuple[IntegerNetwork, Stimulus]:
    """A bundled circuit at 64 neurons per unit, and three trials in which one unit after the other is driven most."""
    circuit = load(resource_path(name)).circuit
    (entry,) = circuit.inputs
    values = np.random.default_rng(SEED).uniform(0.0, 0.2, (3, 3, entry.channels))
    values[range(3), 0, np.arange(3) % entry.channels] = 0.4
    values[:, 2] = 0.0
    stimulus = Stimulus(
        name="driven",
        duration_s=0.6,
        edges_s=np.array([0.0, 0.2, 0.4]),
        values={entry.name: values},
        labels=np.full(3, -1),
    )
    lowered = lower(circuit, (stimulus,), load_target(target), CompileOptions(neurons=64))
    return loihi(lowered).integer, stimulus


@pytest.fixture(scope="module")
def memory() -> tuple[IntegerNetwork, Stimulus]:
    return bundled("models/working-memory.yaml", "loihi1")


# --- without a fault ----------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), populations=st.integers(1, 4), payload=st.sampled_from([0, 24]))
def test_a_network_spelled_out_is_the_emulator_bit_for_bit(seed: int, populations: int, payload: int) -> None:
    network = random_network(seed, populations, payload)
    values = random_values(network, seed, batch=2, ticks=TICKS)
    wanted = emulate(network, values, 2, TICKS, record_spikes=True, record_state=True)
    plain = perturb(network, Perturbation(seed=seed))
    run = run_perturbed(plain, values, TICKS, [0, 1], record_state=True, threads=1)
    sizes = [p.neurons for p in network.populations for _ in range(p.units)]
    assert np.array_equal(run.u, np.repeat(wanted.u, sizes, axis=2))
    assert np.array_equal(run.v, wanted.v)
    assert np.array_equal(run.counts, wanted.counts)
    wrapped = np.add.reduceat(run.wraps, np.concatenate([[0], np.cumsum(sizes)[:-1]]))
    assert np.array_equal(wrapped > 0, wanted.wraps > 0)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("models/working-memory.yaml", "loihi1"),
        ("models/working-memory.yaml", "loihi2"),
        pytest.param("models/swta-digits.pt", "loihi1", marks=needs_torch),
    ],
)
def test_bundled_circuits_without_faults_are_the_emulators(name: str, target: str) -> None:
    network, stimulus = bundled(name, target)
    wanted = simulate_emulator(network, stimulus)
    seen = simulate_perturbed(perturb(network, Perturbation(seed=3)), stimulus)
    assert max(int(count.sum()) for count in wanted.spike_counts.values()) > 1000
    for population, activity in wanted.activity.items():
        assert np.array_equal(seen.activity[population], activity)
        assert np.array_equal(seen.spike_counts[population], wanted.spike_counts[population])


# --- what each fault is -------------------------------------------------------------------------------------------


def factors(network: IntegerNetwork, fault: Perturbation) -> tuple[Float, np.ndarray]:
    """Perturbed over compiled mantissa of every synapse that the compiled network has, and its target."""
    before = expand(network).bundles
    after = perturb(network, fault).bundles
    ratio = [b.mantissa / a.mantissa for a, b in zip(before, after, strict=True)]
    return np.concatenate(ratio), np.concatenate([bundle.target for bundle in before])


def test_threshold_mismatch_is_gaussian_relative_and_whole(memory: tuple[IntegerNetwork, Stimulus]) -> None:
    network, _ = memory
    before = expand(network).threshold_mantissa
    after = perturb(network, Perturbation(threshold=0.1, seed=SEED)).neurons.threshold_mantissa
    deviation = after / before - 1.0
    assert deviation.std() == pytest.approx(0.1, rel=0.12)
    assert abs(deviation.mean()) < 0.02
    assert np.abs(np.diff(deviation)).min() > 0  # one draw a neuron
    twice = perturb(network, Perturbation(threshold=0.2, seed=SEED)).neurons.threshold_mantissa / before - 1.0
    np.testing.assert_allclose(twice, 2.0 * deviation, atol=2e-4)  # the same draws, twice as far
    other = perturb(network, Perturbation(threshold=0.1, seed=SEED + 1)).neurons.threshold_mantissa
    assert (other != after).mean() > 0.9


def test_weight_mismatch_has_one_factor_a_neuron_and_one_a_synapse(memory: tuple[IntegerNetwork, Stimulus]) -> None:
    network, _ = memory
    ratio, target = factors(network, Perturbation(weight=0.1, seed=SEED))
    for neuron in (0, 100, 383):
        assert np.ptp(ratio[target == neuron]) < 0.01  # rounding alone
    means = np.array([ratio[target == neuron].mean() for neuron in range(network.neurons)])
    assert means.std() == pytest.approx(0.1, rel=0.12)
    single, _ = factors(network, Perturbation(synapse=0.1, seed=SEED))
    assert single.std() == pytest.approx(0.1, rel=0.02)
    assert abs(single.mean() - 1.0) < 0.002  # nothing is clipped at the end of a register
    spread = np.array([single[target == neuron].mean() for neuron in range(network.neurons)])
    assert spread.std() < 0.02  # a neuron's synapses average it out


def test_weights_stay_on_the_grid_and_keep_their_sign() -> None:
    network = random_network(11, populations=4)
    chip = perturb(network, Perturbation(weight=0.5, synapse=0.5, seed=SEED))
    assert {bundle.sign for bundle in chip.bundles} == {"mixed", "excitatory", "inhibitory"}
    for bundle, old in zip(chip.bundles, expand(network).bundles, strict=True):
        assert (bundle.mantissa * old.mantissa >= 0).all()
        assert bundle.sign != "mixed" or not (bundle.mantissa % 2).any()
    for entry in chip.inputs:
        assert not (entry.weight % 2).any()
    assert max(np.abs(bundle.mantissa).max() for bundle in chip.bundles) > 256  # more than a synapse's register


def test_dropped_synapses_are_the_share_that_was_asked_for(memory: tuple[IntegerNetwork, Stimulus]) -> None:
    network, _ = memory
    ratio, _ = factors(network, Perturbation(dropped=0.2, seed=SEED))
    assert set(np.unique(ratio)) == {0.0, 1.0}
    assert (ratio == 0).mean() == pytest.approx(0.2, abs=0.01)
    fewer, _ = factors(network, Perturbation(dropped=0.1, seed=SEED))
    assert (ratio[fewer == 0] == 0).all()  # what is missing at 10 % is missing at 20 %
    axons = np.concatenate([e.weight.ravel() for e in perturb(network, Perturbation(dropped=0.2, seed=SEED)).inputs])
    assert (axons == 0).mean() == pytest.approx(0.2, abs=0.02)


def test_dead_neurons_never_fire_and_take_nothing(memory: tuple[IntegerNetwork, Stimulus]) -> None:
    network, stimulus = memory
    chip = perturb(network, Perturbation(dead=0.3, current=0.5, spikes=0.1, seed=SEED))
    assert (~chip.alive).mean() == pytest.approx(0.3, abs=0.07)
    values = {entry.entry.name: np.full((1, 50, 2), 400, dtype=np.int32) for entry in chip.inputs}
    run = run_perturbed(chip, values, 50, [0], record_state=True)
    assert not run.v[0][:, ~chip.alive].any()
    assert not run.u[0][:, ~chip.alive].any()
    assert run.u[0][:, chip.alive].any(axis=0).all()
    for entry in chip.inputs:
        own = slice(entry.first, entry.first + entry.weight.shape[0] * entry.weight.shape[1])
        silent = ~chip.alive[own].reshape(entry.weight.shape[:2])
        assert not entry.weight[silent].any()
    assert simulate_perturbed(perturb(network, Perturbation(dead=1.0)), stimulus).activity["x"].max() == 0


def test_noise_of_the_current_has_the_deviation_of_its_level() -> None:
    """Far below threshold, so that nothing feeds back: u holds the noise alone."""
    network = random_network(4, populations=2)
    quiet = replace(
        network,
        inputs=(),
        projections=(),
        populations=tuple(
            replace(
                p,
                decay_u=199,
                u_initial=0 * p.u_initial,
                v_initial=0 * p.v_initial,
                bias_mantissa=0 * p.bias_mantissa,
            )
            for p in network.populations
        ),
    )
    chip = perturb(quiet, Perturbation(current=0.05, seed=SEED))
    u = run_perturbed(chip, {}, 4000, [0], record_state=True).u[0, 200:]
    theta = np.repeat(
        [p.threshold_mantissa << 6 for p in quiet.populations], [p.units * p.neurons for p in quiet.populations]
    )
    assert np.median(u.std(axis=0) / theta) == pytest.approx(0.05, rel=0.05)
    assert np.abs(np.corrcoef(u[::100, :4].T) - np.eye(4)).max() < 0.6  # each neuron its own


def test_background_spikes_arrive_through_the_synapses_after_their_delay() -> None:
    network = random_network(9, populations=2, delays=3)
    chip = perturb(network, Perturbation(spikes=1.0, seed=SEED))  # all of them, in every tick
    zeros = {e.name: np.zeros((8, network.population(e.target).units), dtype=np.int32) for e in network.inputs}
    seen = arriving(chip, zeros, 8, 0)
    wanted = np.zeros_like(seen)
    for bundle in chip.bundles:
        sums = np.bincount(bundle.target, weights=bundle.mantissa, minlength=network.neurons)
        wanted[1 + bundle.delay_ticks :] += np.floor(sums * 2.0**bundle.exponent).astype(np.int32)
    assert np.array_equal(seen, wanted)
    half = arriving(perturb(network, Perturbation(spikes=0.5, seed=SEED)), zeros, 8, 0)
    again = arriving(perturb(network, Perturbation(spikes=0.5, seed=SEED)), zeros, 8, 0)
    other = arriving(perturb(network, Perturbation(spikes=0.5, seed=SEED)), zeros, 8, 1)
    assert np.array_equal(half, again)
    assert not np.array_equal(half, other)


@pytest.mark.parametrize("kind", [kind for kind in STREAM if kind not in ("current", "spikes")])
def test_one_kind_does_not_move_the_draws_of_another(kind: str) -> None:
    network = random_network(2)
    alone = perturb(network, Perturbation(threshold=0.1, seed=SEED)).neurons.threshold_mantissa
    both = {"threshold": 0.1, kind: 0.1}
    beside = perturb(network, Perturbation(**both, seed=SEED)).neurons.threshold_mantissa
    assert np.array_equal(alone, beside)


# --- what is refused ----------------------------------------------------------------------------------------------


def test_levels_and_seeds_out_of_range_are_told_together() -> None:
    with pytest.raises(InputError) as told:
        Perturbation(threshold=-0.1, dropped=1.5, seed=-1)
    assert [problem.where for problem in told.value.problems] == ["threshold", "dropped", "seed"]


def test_a_current_that_leaves_its_register_is_refused(memory: tuple[IntegerNetwork, Stimulus]) -> None:
    network, stimulus = memory
    with pytest.raises(
        InfeasibleError, match=r"population y_inhibit: .* 24-bit register [\d,]+ times.*\[current-wraps\]"
    ):
        simulate_perturbed(perturb(network, Perturbation(spikes=1.0)), stimulus)
