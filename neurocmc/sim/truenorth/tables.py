"""Lays a core network out as the flat arrays of the compiled loop, with a trial's state before its first tick.

Neurons are padded to a multiple of 8 with silent ones, weights stand type by type so that a row is one run of memory,
and a neuron's flags are the bits of one byte.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.truenorth.cores import NOWHERE, CoreNetwork
from neurocmc.sim.truenorth.kernel import AXON_SHIFT, CORE_SHIFT, LEAKS_BY_CHANCE, REVERSES, SATURATES, Cores, State

NEVER = (1 << 30) - 1  # threshold and floor of padding


def cores_of(network: CoreNetwork) -> Cores:
    """Returns the tables of all cores."""
    chance = network.stochastic_weight & (network.weight != 0)
    chance_leak = network.stochastic_leak & (network.leak != 0)
    route = network.target_core.astype(np.int64) << CORE_SHIFT
    route |= (
        np.where(network.target_core == NOWHERE, 0, network.target_axon.astype(np.int64)) << AXON_SHIFT
        | network.delay
    )
    kind = (
        network.reset_mode
        | network.floor_saturates * np.uint8(SATURATES)
        | network.leak_reversal * np.uint8(REVERSES)
        | chance_leak * np.uint8(LEAKS_BY_CHANCE)
    )
    return Cores(
        axon_type=network.axon_type.copy(),
        crossbar=network.crossbar & _used_bits(network.neurons),
        weight=_padded(network.weight.transpose(0, 2, 1)),
        chance=_padded(chance.transpose(0, 2, 1).astype(np.uint8)),
        chance_type=chance.any(axis=1).astype(np.uint8),
        chance_leak=chance_leak.any(axis=1).astype(np.uint8),
        noisy=(chance_leak | (network.noise_mask != 0)).any(axis=1).astype(np.uint8),
        leak=_padded(network.leak),
        threshold=_padded(network.threshold, NEVER),
        noise_mask=_padded(network.noise_mask),
        floor=_padded(network.floor, NEVER),
        reset_to=_padded(network.reset_potential),
        kind=_padded(kind.astype(np.uint8)),
        route=_padded(route, NOWHERE << CORE_SHIFT),
        neurons=network.neurons,
        highest=(1 << (network.potential_bits - 1)) - 1,
    )


def state_of(network: CoreNetwork) -> State:
    """Returns the registers before tick 0."""
    potential = _padded(network.potential)
    shape, cores = potential.shape, network.cores
    return State(
        potential=potential,
        ring=np.zeros((int(network.delay.max(initial=0)) + 1, cores, -(-network.axons // 8) * 8), dtype=np.uint8),
        settled=np.zeros(cores, dtype=np.uint8),
        flags=np.zeros(shape, dtype=np.uint8),
        fired=np.zeros(shape, dtype=np.int32),
        firing=np.zeros(cores, dtype=np.int32),
        spikes=np.zeros(cores, dtype=np.int64),
        synaptic=np.zeros(cores, dtype=np.int64),
        saturated=np.zeros(cores, dtype=np.int64),
    )


def padded_groups(group: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns (C, P) groups of neurons; padding belongs to none."""
    return _padded(group, -1)


def _padded(array: NDArray[Any], fill: int = 0) -> NDArray[Any]:
    """A copy with the last axis rounded up to a multiple of 8."""
    missing = -array.shape[-1] % 8
    widths = [(0, 0)] * (array.ndim - 1) + [(0, missing)]
    return np.ascontiguousarray(np.pad(array, widths, constant_values=fill))


def _used_bits(neurons: int) -> NDArray[np.uint8]:
    """(bytes of a row,) which bits of a crossbar row belong to a neuron."""
    return np.packbits(np.arange(-(-neurons // 8) * 8) < neurons, bitorder="little")
