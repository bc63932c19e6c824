"""Two hundred and eight generated networks on stock Lava: u, v and spikes of every compartment at every tick.

The networks run pack by pack, each network's trace is then held against our emulator, run on that network alone, and
against the rules of a tick. One pack runs once more on Python 3.10, the only version that Lava declares.
"""

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup
from neurocmc.sim.loihi.compartments.run import run_compartments
from tests.backends.generated_networks import (
    GRIDS,
    NETWORKS_A_PACK,
    PACKS,
    TICKS,
    Network,
    Pack,
    generated_pack,
    pack_arrays,
)
from tests.backends.lava_running import run_script
from tests.backends.trace_check import Trace, arriving_from_host, happened, wrong_ticks
from tests.lava_environment import lava_python, lava_python_310

EACH_TIME = 2  # packs that every run of the tests takes; the others are for the night
DRIVER = Path(__file__).with_name("lava_driver.py")


def emulated(network: Network) -> Trace:
    """The trace of one network on our emulator."""
    groups = tuple(
        SynapseGroup.from_matrix(
            synapses.weights,
            exponent=synapses.kind.exponent,
            sign=synapses.kind.sign,
            weight_bits=synapses.kind.weight_bits,
            delay_ticks=synapses.delays,
        )
        for synapses in network.synapses
        if synapses.host is None
    )
    compartments = CompartmentNetwork.from_arrays(
        decay_u=network.decay_u,
        decay_v=network.decay_v,
        threshold=network.threshold_mantissa,
        bias=network.bias_mantissa,
        bias_exponent=network.bias_exponent,
        u_initial=network.u_initial,
        v_initial=network.v_initial,
        synapses=groups,
    )
    run = run_compartments(compartments, arriving_from_host(network, TICKS), record=("spikes", "u", "v"), threads=1)
    return {"u": run.u[0], "v": run.v[0], "spikes": run.raster()[0]}


def run_pack(pack: Pack, python: Path, folder: Path) -> list[Trace]:
    """The trace of every network of a pack, on Lava."""
    np.savez(folder / "pack.npz", **pack_arrays(pack))
    run_script(python, DRIVER, "pack.npz", "out.npz", folder=folder)
    with np.load(folder / "out.npz") as file:
        recorded = {name: file[name] for name in ("u", "v", "spikes")}
    return [{name: value[:, place] for name, value in recorded.items()} for place in pack.slices()]


def assert_equal(network: Network, lavas: Trace, ours: Trace) -> None:
    for name in ("u", "v", "spikes"):
        assert lavas[name].shape == ours[name].shape == (TICKS, network.neurons)
        if not np.array_equal(lavas[name], ours[name]):
            tick, neuron = np.argwhere(lavas[name] != ours[name])[0]
            pair = f"{ours[name][tick, neuron]}, Lava has {lavas[name][tick, neuron]}"
            pytest.fail(f"{network.name}: {name} of neuron {neuron} in tick {tick} is {pair}")


@pytest.mark.lava
@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [pytest.param(pack, marks=() if pack < EACH_TIME else pytest.mark.nightly) for pack in range(PACKS)]
)
def test_a_pack_is_equal_on_lava(number: int, tmp_path: Path) -> None:
    pack = generated_pack(number)
    for network, lavas in zip(pack.networks, run_pack(pack, lava_python(), tmp_path), strict=True):
        assert wrong_ticks(network, lavas) == []
        assert_equal(network, lavas, emulated(network))


@pytest.mark.lava
@pytest.mark.nightly
def test_a_pack_is_equal_on_lava_of_python_3_10(tmp_path: Path) -> None:
    python = lava_python_310()
    if python is None:
        pytest.skip("no Python 3.10 on the path or in pyenv: Lava declares no other version")
    pack = generated_pack(3)
    for network, lavas in zip(pack.networks, run_pack(pack, python, tmp_path), strict=True):
        assert_equal(network, lavas, emulated(network))


@cache
def of_all() -> tuple[list[Counter[str]], Counter[str]]:
    """What happens in each network, and in all: on our emulator, which the other tests hold equal to Lava."""
    networks = [network for number in range(PACKS) for network in generated_pack(number).networks]
    each = [happened(network, emulated(network)) for network in networks]
    return each, sum(each, Counter[str]())


def test_the_networks_are_many_alive_and_not_all_wild() -> None:
    each, counts = of_all()
    assert len(each) == PACKS * NETWORKS_A_PACK >= 200
    assert TICKS >= 300
    assert sum(network["spikes"] >= 20 for network in each) >= 200
    assert sum(not network["u wraps"] and network["spikes"] >= 100 for network in each) >= 50
    assert counts["spikes"] > 100_000


@pytest.mark.parametrize(
    "corner",
    [
        "u wraps",
        "u stays out of its register",
        "v saturates below",
        "v saturates above",
        "input sum leaves 32 bits",
        "weights clipped",
        "weights truncated",
        "sums rounded down",
        "graded events",
    ],
)
def test_the_networks_reach_the_corner(corner: str) -> None:
    each, counts = of_all()
    assert counts[corner] > 1000
    assert sum(network[corner] > 0 for network in each) >= 20


def test_the_networks_have_synapses_of_every_kind() -> None:
    _, counts = of_all()
    for sign, bits in GRIDS:
        assert counts[f"{sign} of {bits} bits"] >= 10, (sign, bits)
    for exponent in range(-8, 8):
        assert counts[f"exponent {exponent}"] >= 10, exponent
    for process in ("Sparse", "Dense", "DelaySparse", "DelayDense"):
        for sign in ("excitatory", "inhibitory", "mixed"):
            assert counts[f"{process} {sign}"] >= 10, (process, sign)
    for delay in range(63):
        assert counts[f"delay {delay}"] > 100, delay
    assert counts["sign inferred"] >= 50
