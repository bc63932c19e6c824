"""Solves the fixed points of one linear-threshold network, and says which of them are stable and what wakes a unit.

Many networks of one shape are solved side by side (`stack`, `search`); here is one by itself.

A unit that is a pool of neurons is silent up to half a neuron above its threshold, and full from half a neuron below
its ceiling (`LinearThreshold.half_neuron`). There both readings hold, linear and not, half a neuron apart at most.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.matrices import full
from neurocmc.theory import search, settling, stack
from neurocmc.theory.linear_threshold import LinearThreshold
from neurocmc.theory.search import PIECES, FixedPoints
from neurocmc.theory.stack import FULL, LINEAR, SILENT, FixedPoint, Stack, stabilities

BATCH = 4096


def fixed_points(network: LinearThreshold, drive: Float, pieces: int = PIECES) -> FixedPoints:
    """Finds fixed points at a constant drive: all of them up to `pieces` guesses, else stable ones by search."""
    channels = full(network.channel_drive)
    return search.states_under(Stack.of([network]), drive[None], channels[None], pieces)[0]


def fixed_point(network: LinearThreshold, drive: Float, piece: Int) -> FixedPoint | None:
    """Returns the fixed point in which each unit is what `piece` (units,) says, or None where there is none."""
    found = solved(network, drive, iter([piece]))
    return found[0] if found else None


def reached(network: LinearThreshold, drive: Float, filters: Float) -> FixedPoint | None:
    """Returns the fixed point that a run from (filters,) settles in; None where it does not settle.

    What a run leaves within half a neuron of its threshold or ceiling is silent or full, if it can stand so.
    """
    return settling.all_reached(Stack.of([network]), filters[None, None], drive[None, None])[0][0]


def in_neurons(network: LinearThreshold, piece: Int, activity: Float) -> Int:
    """Returns (units,) pieces as pools show them: silent up to half a neuron, full from that below a ceiling."""
    return stack.in_neurons(network.ceiling, network.half_neuron, piece, activity)


def is_seen(network: LinearThreshold, state: FixedPoint) -> Bool:
    """Returns (units,) the active units of which at least one neuron fires."""
    return np.logical_and(state.active, state.activity > network.half_neuron)


def agrees(network: LinearThreshold, state: FixedPoint, active: Bool, activity: Float) -> Bool:
    """Returns (..., units) whether units that are active so are as in a state, but for less than half a neuron."""
    half = network.half_neuron
    return np.where(state.active, np.logical_or(active, state.activity <= half), ~active | (activity <= half))


def pieces_of(network: LinearThreshold, filters: Float, drive: Float) -> Int:
    """Returns (batch, units) what each unit is at (batch, filters)."""
    return stack.pieces_of(Stack.of([network]), filters[None], drive)[0]


def steady_filters(network: LinearThreshold, activity: Float) -> Float:
    """Returns (..., filters) of sources that have been active like this (..., units) for ever."""
    return activity[..., network.source]


def solved(network: LinearThreshold, drive: Float, pieces: Iterator[Int]) -> tuple[FixedPoint, ...]:
    """Returns the fixed points among guesses (units,) of the units' pieces, in their order."""
    alone, found = Stack.of([network]), list[FixedPoint]()
    while batch := list(islice(pieces, BATCH)):
        which, drives = np.zeros(len(batch), dtype=np.int64), np.broadcast_to(drive, (len(batch), network.size))
        found += [p for p in stack.solved_at(alone, which, drives, np.stack(batch)) if p is not None]
    return tuple(found)


def slack_of(network: LinearThreshold, piece: Int, above: Float) -> Float:
    """Returns (..., units) how far each drive `above` threshold is from where its piece ends; below 0 beyond."""
    return stack.slack_of(network.gain, network.ceiling, network.half_neuron, piece, above)


def step_jacobian(network: LinearThreshold, linear: Bool) -> tuple[Float, Int]:
    """Returns the step around a state whose linear units are given, on their filters, and which those are."""
    rows = np.flatnonzero(linear[network.source])
    keep = network.keep[rows]
    gain = (network.gain[:, None] * network.full_weight)[network.source[rows]][:, rows]
    return np.diag(keep) + (1.0 - keep)[:, None] * gain, rows


def stability(network: LinearThreshold, linear: Bool) -> tuple[float, float]:
    """Returns the spectral radius of the step, and largest real part [1/s] of the flow, with these units linear."""
    radius, abscissa_per_s = stabilities(Stack.of([network]), np.zeros(1, dtype=np.int64), linear[None])
    return float(radius[0]), float(abscissa_per_s[0])


def gains(network: LinearThreshold, point: FixedPoint) -> Float:
    """Returns (units, units) change of each activity per unit of drive, while no unit changes its piece."""
    linear = np.flatnonzero(point.piece == LINEAR)
    result = np.zeros((network.size, network.size))
    own = network.gain[linear][:, None] * network.total_weight[np.ix_(linear, linear)]
    result[np.ix_(linear, linear)] = np.linalg.solve(np.eye(len(linear)) - own, np.diag(network.gain[linear]))
    return result


def rival_drive(network: LinearThreshold, point: FixedPoint, unit: int) -> float:
    """Returns the drive on a silent unit, beyond what it has, at which it wakes: a winner's switching point."""
    return -float(network.drive_of(point.activity, point.drive)[unit])


__all__ = [
    "FULL",
    "LINEAR",
    "SILENT",
    "FixedPoint",
    "FixedPoints",
    "agrees",
    "fixed_point",
    "fixed_points",
    "gains",
    "in_neurons",
    "is_seen",
    "pieces_of",
    "reached",
    "rival_drive",
    "slack_of",
    "solved",
    "stability",
    "steady_filters",
    "step_jacobian",
]
