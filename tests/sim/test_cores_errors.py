"""What hand-made cores, their input or wishes can have wrong: all of it told at once, with place, fact and cure."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc import CoreBuilder, CoreInputSpikes, CoreNetwork, CoreRecord, run_cores
from neurocmc.common.errors import InputError
from neurocmc.sim.truenorth import Axon, Neuron


def built(**changes: Any) -> CoreNetwork:
    cores = CoreBuilder(axons=2, neurons=3)
    core = cores.add_core()
    axon = cores.add_axon(core)
    neuron = cores.add_neuron(core, **{"weight": [1], "threshold": 4} | changes)
    cores.connect(axon, neuron)
    cores.send(neuron, axon)
    return cores.network()


def ill_wired() -> CoreNetwork:
    cores = CoreBuilder(axons=1, neurons=1, types=2)
    first, second = cores.add_core(), cores.add_core()
    axon = cores.add_axon(first)
    neuron = cores.add_neuron(second, weight=[1, 2, 3], threshold=1)
    cores.add_neuron(second, weight=[], threshold=1)
    cores.add_axon(first)
    cores.add_axon(3)
    cores.connect(axon, neuron)
    cores.connect(Axon(1, 0), neuron)
    cores.send(neuron, Axon(0, 7))
    cores.put_out(neuron)
    cores.put_out(Neuron(0, 4))
    return cores.network()


def out_of_range() -> CoreNetwork:
    cores = CoreBuilder(axons=2, neurons=2)
    core = cores.add_core()
    axon = cores.add_axon(core, kind=4)
    neuron = cores.add_neuron(
        core,
        weight=[1 << 15, 0.5],
        threshold=-1,
        leak=float("nan"),
        noise_mask=1 << 30,
        floor=-2,
        reset_mode=256,
        reset_potential=1 << 40,
        stochastic_weight=[2],
    )
    cores.send(neuron, axon, delay=256)
    return cores.network()


def two_at_one_place() -> CoreNetwork:
    cores = CoreBuilder()
    cores.add_core(at=(1, 2))
    cores.add_core(at=(1, 2))
    return cores.network()


def run(record: CoreRecord | None = None, **options: Any) -> object:
    return run_cores(built(), **{"ticks": 5, "record": record} | options)


def spikes(**changes: Any) -> CoreInputSpikes:
    return CoreInputSpikes(**({"trial": [0], "tick": [0], "core": [0], "axon": [0]} | changes))


WRONG: dict[str, Callable[[], object]] = {
    "wiring": ill_wired,
    "registers": out_of_range,
    "one place": two_at_one_place,
    "no cores": lambda: CoreBuilder().network(),
    "sizes": lambda: CoreBuilder(axons=0, neurons=1 << 20, types=0),
    "a delay of none": lambda: replace_route(delay=0),
    "reset mode": lambda: built(reset_mode=3),
    "a register too narrow": lambda: run_cores(replace(built(potential=40), potential_bits=5)),
    "no register": lambda: run_cores(replace(built(), potential_bits=31)),
    "threshold of 31 bits": lambda: run_cores(replace(built(), threshold=np.full((1, 3), 1 << 30))),
    "run": lambda: run(ticks=-1, batch=0, seed=-1, threads=0),
    "a spike outside": lambda: run(spikes=spikes(trial=[1], tick=[5], core=[1], axon=[2])),
    "spikes of two lengths": lambda: spikes(tick=[1, 2]),
    "spikes that are not whole": lambda: spikes(axon=[0.5]),
    "places": lambda: run(CoreRecord(spikes=[(0, 3), (1, 0)], potentials="some")),
    "pairs": lambda: run(CoreRecord(spikes=[1, 2])),
    "group": lambda: run(CoreRecord(group=np.zeros(3))),
    "group below none": lambda: run(CoreRecord(group=[[-2, 0, 0]])),
    "large group": lambda: run_cores(crowd(), ticks=1, record=CoreRecord(group=np.zeros((1, 1 << 16)))),
    "not recorded": lambda: run_cores(built(), ticks=1).potentials,
    "counts not recorded": lambda: run_cores(built(), ticks=1).counts,
}


def replace_route(**changes: Any) -> object:
    network = built()
    return run_cores(replace(network, **{name: np.full((1, 3), value) for name, value in changes.items()}))


def crowd() -> CoreNetwork:
    network, count = built(), 1 << 16
    fields = {
        name: np.repeat(getattr(network, name)[:, :1], count, axis=1)
        for name in (
            "weight",
            "stochastic_weight",
            "leak",
            "stochastic_leak",
            "leak_reversal",
            "threshold",
            "noise_mask",
            "floor",
            "floor_saturates",
            "reset_potential",
            "reset_mode",
            "potential",
            "target_core",
            "target_axon",
            "delay",
        )
    }
    return replace(network, neurons=count, crossbar=np.zeros((1, 2, count // 8), dtype=np.uint8), **fields)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(InputError) as caught:
        WRONG[name]()
    assert all(problem.cure for problem in caught.value.problems)
    assert str(caught.value) == snapshot


def test_the_ends_of_every_range_are_inside() -> None:
    low = built(weight=[-(1 << 15)], leak=-(1 << 15), threshold=0, noise_mask=0, floor=0, potential=-(1 << 19))
    high = built(
        weight=[(1 << 15) - 1] * 4,
        leak=(1 << 15) - 1,
        threshold=(1 << 30) - 1,
        noise_mask=(1 << 30) - 1,
        floor=(1 << 30) - 1,
        potential=(1 << 19) - 1,
        reset_potential=(1 << 19) - 1,
        reset_mode=2,
    )
    for network in (low, high):
        assert run_cores(network, spikes(), 3, seed=2**64 - 1).ticks == 3


def test_what_was_recorded_cannot_be_changed() -> None:
    kept = run_cores(built(), ticks=2, record=CoreRecord(potentials="all", group=[[0, 0, -1]]))
    for values in (kept.potentials, kept.counts, kept.saturations):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 5
