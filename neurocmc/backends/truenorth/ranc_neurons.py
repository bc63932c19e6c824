"""Turns our neurons into RANC's, where the equation is the same, and names a reason where RANC has none.

RANC's neuron (UA-RCL/RANC, simulator and RTL) integrates, adds its leak, and then, with `neuron_reset_type` 0::

    V >= positive_threshold: spike;    V <- reset_potential | V - positive_threshold           by reset_mode 0, 1
    else V < negative_threshold:       V <- -reset_potential | V - negative_threshold          by reset_mode 0, 1

So `negative_threshold` is minus our floor where the floor does not saturate. Two more of our neurons are the same as
one of RANC's. A neuron that is not reset (mode 2, no saturation) is the linear one with V counted from its threshold:
V - threshold is compared with 0, and 0 is subtracted on either side. A floor that saturates is RANC's floor where V
never falls below it, or where the reset potential of a neuron of mode 0 is the floor itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int
from neurocmc.common.errors import Problem
from neurocmc.ir.truenorth.cores import NOWHERE, RESET_NONE, RESET_SUBTRACT, RESET_TO, CoreNetwork

BITS = 9  # of potential, weights, leak and thresholds in the RTL
LOWEST, HIGHEST = -(1 << (BITS - 1)), (1 << (BITS - 1)) - 1
LONGEST_DELAY = 15  # destination_tick 14: RANC's scheduler drops 15


@dataclass(frozen=True, slots=True, eq=False)
class RancNeurons:
    """Parameters as RANC names them, (C, neurons) each, weights (C, neurons, types)."""

    weights: Int
    leak: Int
    positive_threshold: Int
    negative_threshold: Int
    reset_potential: Int
    reset_mode: Int
    current_potential: Int
    silent: Bool  # can never spike: nothing reaches it, and V stays where it is


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """What can act on V in one tick, (C, neurons) each."""

    used: Bool  # (C, neurons, types) an axon of the type is connected
    up: Int
    down: Int  # 0 or less


def ranc_neurons(network: CoreNetwork) -> RancNeurons:
    """Returns RANC's parameters of all neurons of a network without `ranc_problems`."""
    reach = _reach(network)
    unreset = network.reset_mode == RESET_NONE
    floor = np.minimum(network.floor.astype(np.int64), -LOWEST)
    threshold = network.threshold.astype(np.int64)
    return RancNeurons(
        weights=np.where(reach.used, network.weight, 0).astype(np.int64),
        leak=network.leak.astype(np.int64),
        positive_threshold=np.where(unreset, 0, threshold),
        negative_threshold=np.where(unreset, 0, -floor),
        reset_potential=np.where(network.reset_mode == RESET_TO, network.reset_potential, 0).astype(np.int64),
        reset_mode=np.where(unreset, RESET_SUBTRACT, network.reset_mode).astype(np.int64),
        current_potential=network.potential.astype(np.int64) - np.where(unreset, threshold, 0),
        silent=_silent(network, reach),
    )


def stays_in_width(network: CoreNetwork) -> Bool:
    """Returns (C, neurons) where 9 bits are proved never to wrap, whatever comes in.

    V starts a tick in [low, high] and leaves the register nowhere on the way. A linear reset keeps those ends only if
    one tick cannot bring more than the threshold takes away. RANC's simulator has 32 bits and wraps nowhere.
    """
    neurons, reach = ranc_neurons(network), _reach(network)
    up = reach.up + np.maximum(neurons.leak, 0)
    down = reach.down + np.minimum(neurons.leak, 0)
    threshold, floor = neurons.positive_threshold, -neurons.negative_threshold
    linear = neurons.reset_mode == RESET_SUBTRACT
    reset = np.where(linear, 0, np.abs(neurons.reset_potential))
    high = np.maximum.reduce([neurons.current_potential, threshold - 1, reset])
    low = np.minimum.reduce([neurons.current_potential, -floor, -reset])
    returns = ~linear | ((up <= threshold) & (-down <= floor))
    return returns & (high + up <= HIGHEST) & (low + down >= LOWEST)


def ranc_problems(network: CoreNetwork) -> tuple[Problem, ...]:
    """Returns all of a network that RANC does not have, a Problem a feature, with the first neuron that wants it.

    Neurons behind the last one of a core that does anything are in no file, so they want nothing.
    """
    return tuple(_problems(network))


def _problems(network: CoreNetwork) -> Iterable[Problem]:
    reach = _reach(network)
    listed = _listed(network, reach)
    drawn = network.stochastic_weight & (network.weight != 0) & reach.used
    falls = _falls(network, reach)
    saturates = network.floor_saturates & falls
    kept = (network.reset_mode == RESET_TO) & (network.reset_potential == network.floor)
    subtracts = network.reset_mode == RESET_SUBTRACT
    unreset = network.reset_mode == RESET_NONE
    no_chance = "RANC draws no random numbers"
    features: tuple[tuple[str, Bool, NDArray[np.integer], str], ...] = (
        ("stochastic_weight", drawn.any(axis=-1), drawn.argmax(axis=-1), no_chance),
        ("stochastic_leak", network.stochastic_leak & (network.leak != 0), network.leak, no_chance),
        ("noise_mask", network.noise_mask != 0, network.noise_mask, no_chance),
        ("leak_reversal", network.leak_reversal & (network.leak != 0), network.leak, "RANC's leak has one sign"),
        (
            "reset_mode 2 with a saturating floor",
            saturates & unreset,
            network.floor,
            "RANC has no neuron that does not reset and stops at its floor",
        ),
        ("floor_saturates", saturates & subtracts, network.floor, "RANC adds the floor instead"),
        (
            "floor_saturates",
            saturates & (network.reset_mode == RESET_TO) & ~kept,
            network.floor,
            "RANC uses minus the reset potential instead, which differs",
        ),
    )
    for name, wanted, value, why in features:
        yield from _first(network, listed, name, wanted, value, why)
    yield from _width_problems(network, listed, reach, falls)
    delayed = (network.delay > LONGEST_DELAY) & (network.target_core >= 0)
    yield from _first(
        network, listed, "delay", delayed, network.delay, f"RANC's scheduler holds {LONGEST_DELAY} ticks"
    )
    yield from _place_problems(network)


def _width_problems(network: CoreNetwork, listed: Bool, reach: _Reach, falls: Bool) -> Iterable[Problem]:
    unreset = network.reset_mode == RESET_NONE
    weight = np.where(reach.used, network.weight, 0)
    beyond = np.maximum(weight - HIGHEST, LOWEST - weight)  # -256 is one, +256 is not
    worst = np.take_along_axis(weight, beyond.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    potential = network.potential.astype(np.int64) - np.where(unreset, network.threshold, 0)
    goes_to = np.where(network.reset_mode == RESET_TO, network.reset_potential, 0).astype(np.int64)
    floor = network.floor.astype(np.int64)
    why = f"RANC's registers have {BITS} bits, {LOWEST} to {HIGHEST}"
    beyond_potential = (potential < LOWEST) | (potential > HIGHEST)
    widths = (
        ("weight", (worst < LOWEST) | (worst > HIGHEST), worst, why),
        ("leak", (network.leak < LOWEST) | (network.leak > HIGHEST), network.leak, why),
        ("threshold", (network.threshold > HIGHEST) & ~unreset, network.threshold, why),
        ("floor", (floor > -LOWEST) & falls & ~unreset, network.floor, why),
        (
            "reset_potential",
            (goes_to < -HIGHEST) | (goes_to > HIGHEST),
            goes_to,
            f"RANC's registers have {BITS} bits, and minus this value is needed as well",
        ),
        ("potential", beyond_potential & ~unreset, potential, why),
        ("reset_mode 2 with a potential less threshold of", beyond_potential & unreset, potential, why),
    )
    for name, beyond, value, reason in widths:
        yield from _first(network, listed, name, beyond, value, reason)


def _place_problems(network: CoreNetwork) -> Iterable[Problem]:
    """Cores beside the grid, and destinations farther than the 9 bits of an offset."""
    for core, (column, row) in enumerate(network.coordinates.tolist()):
        if min(column, row) < 0 or max(column, row) > -LOWEST - 2:  # one more column holds the output bus
            what = f"RANC's offsets have {BITS} bits: columns and rows are 0 to {-LOWEST - 2}"
            yield Problem("ranc-cannot-hold", f"core {core} ({column}, {row})", what, "place it elsewhere")
            return


def _first(
    network: CoreNetwork, listed: Bool, name: str, wanted: Bool, value: NDArray[np.integer], why: str
) -> Iterable[Problem]:
    """One Problem for all listed neurons that want a feature, named after the first."""
    wanted = wanted & listed
    if not wanted.any():
        return
    core, neuron = (int(index) for index in np.argwhere(wanted)[0])
    column, row = network.coordinates[core].tolist()
    others = int(wanted.sum()) - 1
    more = f" (and {others:,} more neurons)" if others else ""
    kind = "of type " if name == "stochastic_weight" else ""
    where = f"core {core} ({column}, {row}), neuron {neuron}"
    yield Problem(
        "ranc-cannot-hold",
        where,
        f"{name} {kind}{value[core, neuron]}: {why}{more}",
        "run the corelets with --on emulator instead",
    )


def _reach(network: CoreNetwork) -> _Reach:
    shape = (network.cores, network.neurons, network.types)
    count = np.zeros(shape, dtype=np.int64)
    for core in range(network.cores):
        connected = network.connected(core)
        for kind in range(network.types):
            count[core, :, kind] = connected[network.axon_type[core] == kind].sum(axis=0)
    weight = network.weight.astype(np.int64)
    up, down = (count * np.maximum(weight, 0)).sum(axis=-1), (count * np.minimum(weight, 0)).sum(axis=-1)
    return _Reach(used=count > 0, up=up, down=down)


def _falls(network: CoreNetwork, reach: _Reach) -> Bool:
    """Where V may get below the floor, or below what 9 bits hold of it."""
    floor = np.minimum(network.floor, -LOWEST)
    start = network.potential.astype(np.int64)
    start = np.where(network.reset_mode == RESET_TO, np.minimum(start, network.reset_potential), start)
    sinks = (reach.down < 0) | (network.leak < 0) | (network.leak_reversal & (network.leak != 0))
    return sinks | (start < -floor)


def _listed(network: CoreNetwork, reach: _Reach) -> Bool:
    """(C, neurons) that a file lists: all up to the last one that is not silent, and the first in any case."""
    silent = _silent(network, reach)
    listed = np.logical_or.accumulate(~silent[:, ::-1], axis=1)[:, ::-1]
    listed[:, 0] = True
    return listed


def _silent(network: CoreNetwork, reach: _Reach) -> Bool:
    untouched = ~reach.used.any(axis=-1) & (network.leak == 0) & (network.potential == 0)
    return untouched & (network.threshold > 0) & (network.target_core == NOWHERE)
