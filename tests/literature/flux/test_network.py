"""The equations against loops written out, and what lesions and biases leave of a circuit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.literature.flux.anatomy import anchor, drawn
from neurocmc.literature.flux.biases import organised
from neurocmc.literature.flux.lesions import circuit_of, embedding_drive
from neurocmc.literature.flux.network import START, Network
from tests.literature.flux.small import recipe


def written_out(network: Network, x: Float, noise: Float) -> Float:
    """One step of x(t+1) = sigmoid(g (W x + b + noise)), a unit and a source at a time."""
    new: list[float] = []
    for target in range(network.units):
        drive = float(network.bias[target]) + float(noise[target])
        for source in range(network.units):
            drive += float(network.weight[target, source]) * float(x[source])
        new.append(1 / (1 + math.exp(-float(network.gain[target]) * drive)))
    return np.array(new)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_run_is_the_equation_step_by_step(seed: int) -> None:
    network = circuit_of(recipe(biases="anchored"), seed).network
    generator = np.random.default_rng(seed)
    x, noise = generator.random(network.units), generator.standard_normal((3, network.units))
    activity = network.run(x, 3, noise)
    for step in range(3):
        x = written_out(network, x, noise[step])
        assert np.allclose(activity[step], x, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_an_anchored_unit_whose_sources_are_at_the_middle_is_there_itself(seed: int) -> None:
    network = circuit_of(recipe(biases="anchored"), seed).network
    middle = network.step(np.full(network.units, 0.5), network.bias)
    outer = slice(network.core.stop, network.core.stop + network.sizes["periphery"])
    assert np.allclose(middle[network.core], 0.5, atol=1e-12)
    assert np.allclose(network.bias[outer], anchor(network.weight[outer, outer]))


def test_weights_have_the_moments_of_the_recipe() -> None:
    network = drawn(recipe(core={"units": 200}, periphery={"units": 300}, interneurons={"units": 200}), 3)
    core, outer, between = slice(0, 200), slice(200, 500), slice(500, 700)
    block = network.weight[core, core]
    own = block[block != 0] * np.sqrt(200)
    assert own.size / block.size == pytest.approx(0.5, abs=0.02)
    assert (own.mean(), own.std()) == pytest.approx((0.25, 1.3), abs=0.03)
    for block, std, sources in (
        (network.weight[outer, outer], 2.0, 300),
        (network.weight[core, outer], 0.5, 300),
        (network.weight[outer, core], 0.25, 200),
    ):
        assert (block != 0).mean() == pytest.approx(0.3, abs=0.02)
        assert block[block != 0].std() * np.sqrt(0.3 * sources) == pytest.approx(std, rel=0.05)
    assert network.weight[between, core].sum(axis=1).mean() == pytest.approx(1.0, rel=0.05)
    assert network.weight[core, between].sum(axis=1).mean() == pytest.approx(-1.0, rel=0.05)
    assert (network.weight[core, between] <= 0).all()
    assert (network.weight[between, core] >= 0).all()
    assert not network.weight[between, between].any()


def test_all_lesions_of_a_seed_have_the_same_core() -> None:
    whole = circuit_of(recipe(biases="none"), 5).network
    for lesion in ("isolated", "matched-bias", "matched-noise", "matched-bias-and-noise"):
        alone = circuit_of(recipe(lesion=lesion, biases="none"), 5).network
        assert alone.sizes == {"core": 8}
        assert np.array_equal(alone.weight, whole.weight[whole.core, whole.core])
    assert not np.array_equal(circuit_of(recipe(), 6).network.weight, whole.weight)


def test_what_is_matched_is_the_mean_and_the_deviation_of_the_embedding() -> None:
    whole = circuit_of(recipe(biases="none"), 5).network
    activity = whole.run(stream(5, START).random(whole.units), 220)[20:]
    drive = np.zeros((200, 8))
    for target in range(8):
        for source in range(8, whole.units):
            drive[:, target] += whole.weight[target, source] * activity[:, source]
    assert np.allclose(embedding_drive(whole, activity), drive)
    found = {
        lesion: circuit_of(recipe(lesion=lesion, biases="none"), 5)
        for lesion in ("isolated", "matched-bias", "matched-noise", "matched-bias-and-noise")
    }
    for lesion, circuit in found.items():
        mean = drive.mean(axis=0) if "bias" in lesion else np.zeros(8)
        std = drive.std(axis=0) if "noise" in lesion else np.zeros(8)
        assert np.allclose(circuit.network.bias, mean), lesion
        assert np.allclose(circuit.noise_std, std), lesion
    assert drive.std() > 0.05


def test_organised_biases_are_the_mean_of_the_rule_over_its_second_half() -> None:
    known = recipe(biases="none", organise={"rate": 0.05, "steps": 7})
    network = circuit_of(known, 2).network
    start = np.full(network.units, 0.4)
    x, bias, history = start, network.bias.copy(), list[Float]()
    for _ in range(7):
        old = Network(sizes=network.sizes, weight=network.weight, gain=network.gain, bias=bias)
        x = written_out(old, x, np.zeros(network.units))
        bias = bias.copy()
        bias[:8] -= 0.05 * (x[:8] - 0.5)
        history.append(bias[:8])
    assert np.allclose(organised(network, known.organise, start), np.mean(history[3:], axis=0))


def test_organised_units_are_at_the_middle_in_the_mean() -> None:
    known = recipe(organise={"rate": 0.01, "steps": 4000})
    network = circuit_of(known, 1).network
    activity = network.run(np.full(network.units, 0.3), 3000)[500:, :8]
    plain = circuit_of(recipe(biases="none"), 1).network.run(np.full(network.units, 0.3), 3000)[500:, :8]
    assert abs(activity.mean(axis=0) - 0.5).max() < 0.25
    assert abs(plain.mean(axis=0) - 0.5).max() > 0.45
