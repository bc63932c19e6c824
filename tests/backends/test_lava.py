"""The emitted program on stock Lava, in an interpreter of its own, equals our interpreters spike for spike."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.backends.loihi import emit_encoded
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.reference import run_reference
from neurocmc.sim.loihi.weight_groups import weight_groups
from tests.backends.lava_running import run_script
from tests.backends.placing import place_anyhow
from tests.lava_environment import lava_python
from tests.made.networks import random_network, random_values

pytestmark = [pytest.mark.lava, pytest.mark.slow]


def run_on_lava(program: Path, stimulus: str, steps: int, trial: int, out: Path) -> dict[str, NDArray[np.int32]]:
    """Run an emitted program as a user would and load what it wrote."""
    arguments = ["--steps", str(steps), "--stimulus", stimulus, "--trial", str(trial), "--out", out]
    run_script(lava_python(), "run.py", *arguments, "--record-voltage", folder=program)
    with np.load(out) as file:
        return dict(file)


def assert_lava_equal(
    network: IntegerNetwork, values: Mapping[str, NDArray[np.int32]], ticks: int, folder: Path, trial: int = 0
) -> int:
    """Emit `network`, run one trial on Lava, and hold it against emulator and reference; the number of spikes.

    `values` are host values, input name -> (batch, ticks, units), as `encode` makes them. u, v and spikes of every
    neuron must agree in every tick.
    """
    batch = next(iter(values.values())).shape[0]
    labels = {"check": np.full(batch, -1)}
    emit_encoded(place_anyhow(network), {"check": values}, {"check": ticks}, labels, folder / "program")
    recorded = run_on_lava(folder / "program", "stimulus-check.npz", ticks, trial, folder / "out.npz")
    assert (recorded["trial"] == trial).all()
    recorded |= {name: recorded[name][0] for name in ("u", "v")}
    spikes = np.zeros((ticks, network.neurons), dtype=np.bool_)
    spikes[recorded["tick"], recorded["neuron"]] = True

    cut = {name: value[:, :ticks] for name, value in values.items()}
    reference = run_reference(network, cut, trial)
    _assert_same("u of the reference", reference.u, recorded["u"])
    _assert_same("v of the reference", reference.v, recorded["v"])
    _assert_same("spikes of the reference", reference.spikes, spikes)

    emulated = emulate(network, cut, batch, ticks, record_spikes=True, record_state=True)
    sizes = np.concatenate([np.full(p.units, p.neurons) for p in network.populations])
    _assert_same("u of the emulator", np.repeat(emulated.u[trial], sizes, axis=1), recorded["u"])
    _assert_same("v of the emulator", emulated.v[trial], recorded["v"])
    _assert_same("spikes of the emulator", emulated.spikes[trial].astype(np.bool_), spikes)
    return int(spikes.sum())


def _assert_same(what: str, ours: NDArray[np.generic], lavas: NDArray[np.generic]) -> None:
    if not np.array_equal(ours, lavas):
        tick, neuron = np.argwhere(ours != lavas)[0]
        pytest.fail(f"{what}: tick {tick}, neuron {neuron}: {ours[tick, neuron]}, Lava has {lavas[tick, neuron]}")


def test_random_network_is_equal(tmp_path: Path) -> None:
    ticks = 600
    network = random_network(seed=8)
    groups = weight_groups(network)
    assert {group.sign for group in groups} == {"excitatory", "inhibitory", "mixed"}
    assert {np.sign(group.exponent) for group in groups} == {-1, 0, 1}
    assert {group.delay_ticks for group in groups} == {0, 1, 2, 3}
    spikes = assert_lava_equal(
        network, random_values(network, seed=8, batch=2, ticks=ticks), ticks, tmp_path, trial=1
    )
    assert spikes > 1000


def test_graded_spikes_are_equal(tmp_path: Path) -> None:
    ticks = 500
    network = random_network(seed=3, populations=2, payload_bits=16, delays=1)
    spikes = assert_lava_equal(network, random_values(network, seed=3, batch=1, ticks=ticks), ticks, tmp_path)
    assert spikes > 1000


@pytest.mark.parametrize("delay", [0, 2])
def test_a_group_without_synapses_is_equal(tmp_path: Path, delay: int) -> None:
    network = random_network(seed=3, populations=1, delays=1)
    first = network.projections[0]
    empty = replace(first, name="empty", mantissa=np.zeros(first.mantissa.shape), exponent=7, delay_ticks=delay)
    network = replace(network, projections=(*network.projections, empty))
    assert assert_lava_equal(network, random_values(network, seed=3, batch=1, ticks=20), 20, tmp_path) > 0


def test_overflowing_current_is_equal(tmp_path: Path) -> None:
    ticks = 500
    network = random_network(seed=0, populations=2, payload_bits=24, delays=1)
    # Values near 2^25 leave 32 bits after the weight shift: the current wraps, folds, and stays out of its register.
    inputs = tuple(replace(entry, exponent=4) for entry in network.inputs)
    network = replace(network, inputs=inputs)
    rng = np.random.default_rng(0)
    values = {
        entry.name: rng.integers(-(2**21), 2**21, (1, ticks, network.population(entry.target).units)).astype(np.int32)
        for entry in inputs
    }
    reference = run_reference(network, values, 0)
    assert np.abs(reference.u.astype(np.int64)).max() > 2**24
    assert assert_lava_equal(network, values, ticks, tmp_path) > 1000
