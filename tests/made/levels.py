"""One small circuit at all four levels, compiled for loihi1; a recording; and what it is for levels to be equal."""

from dataclasses import fields, is_dataclass
from functools import cache

import numpy as np

from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.passes.loihi.route import Route
from tests.made.circuits import matched, steps, swta
from tests.made.targets import loihi


def rate() -> RateCircuit:
    return swta()


@cache
def spiking() -> SpikingNetwork:
    return matched(swta(), steps(), loihi(), neurons=8)


@cache
def integer() -> IntegerNetwork:
    return Quantise().run(spiking(), loihi())


@cache
def chip() -> ChipProgram:
    return Route().run(integer(), Place().run(integer(), loihi()), loihi())


def same(one: object, other: object) -> bool:
    """Equal in every field, type, dtype and bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return one == other


def recording() -> Recording:
    rng = np.random.default_rng(0)
    return Recording(
        level="emulator",
        stimulus="steps",
        tick_s=0.001,
        activity={"b": rng.random((2, 5, 3)), "a/b": rng.random((2, 5, 1))},
        spikes={"b": SpikeTrain(tick=[0, 1], trial=[0, 0], unit=[2, 1], neuron=[7, 7])},
        spike_counts={"b": [[0, 1, 1], [0, 0, 0]], "a/b": [[0], [0]]},
    )
