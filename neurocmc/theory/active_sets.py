"""Finds which of all guesses of active sets may be states, without solving each of them by itself.

States of a linear-threshold network solve a linear complementarity problem. With r the activities and
w = (1 - g A) r - g (d - theta), a silent unit has r = 0 and w >= 0, a linear one w = 0 and r > 0, and one at its
ceiling r = c and w <= 0. All guesses are followed through one tableau, unit by unit: where a unit is silent its
column is dropped, where it is linear w and r change places in it (a principal pivot; Cottle, Pang & Stone 1992, *The
Linear Complementarity Problem*, chapter 2), and where it is full its column times c joins the constants. Guesses that
begin alike share the work, so that one costs some 3 n operations and not n^3 / 3. What is left is solved exactly
(`stack.solved_at`): this finding only has to let no state go.
"""

from collections.abc import Iterator

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.theory.stack import FULL, LINEAR, SILENT, Stack

NUDGE = 1e-7  # that keeps a pivot from being 0: excitation of 1 is not rare
NEAR = 1e-4  # of the largest number of a guess: what is off by less is left to the exact solution
GROWN = 1e9  # times the largest number at the start: beyond, nothing is concluded
AT_ONCE = 1 << 21  # numbers of a tableau


def guesses(stack: Stack, *, with_full: bool = True) -> float:
    """Returns how many active sets the networks of a stack have each, 2^60 at most; also those with full units."""
    full = with_full & np.isfinite(stack.ceiling[0])
    with np.errstate(over="ignore"):  # of 700 units there are more than a number holds
        return float(min(np.prod(np.where(full, 3.0, 2.0)), 2.0**60))


def candidates(stack: Stack, drive: Float, *, with_full: bool = True) -> Iterator[tuple[Int, Int]]:
    """Yields guesses that may be states under drives (networks, units): the network of each, and (guesses, units).

    `with_full` counts those with units at their ceiling among them. All networks of a stack have ceilings for the
    same units, or none.
    """
    limited = np.isfinite(stack.ceiling[0]) & with_full
    choices = [(SILENT, LINEAR, FULL) if full else (SILENT, LINEAR) for full in limited.tolist()]
    lanes = int(guesses(stack, with_full=with_full))
    size = max(AT_ONCE // (lanes * stack.units), 1)
    for start in range(0, stack.networks, size):
        network, lane = np.nonzero(_may_hold(stack, slice(start, start + size), drive, choices))
        piece = np.zeros((lane.size, stack.units), dtype=np.int64)
        for unit in reversed(range(stack.units)):
            lane, piece[:, unit] = np.divmod(lane, len(choices[unit]))
        yield network + start, piece


def _may_hold(stack: Stack, part: slice, drive: Float, choices: list[tuple[int, ...]]) -> Bool:
    """(networks, guesses) the first unit's choice slowest."""
    gain, ceiling, units = stack.gain[part], stack.ceiling[part], stack.units
    matrix = np.eye(units) * (1.0 + NUDGE) - gain[:, :, None] * stack.total[part]
    # The last column are the constants: w = matrix r + constant.
    constant = -gain * (drive[part] - stack.threshold[part])
    table = np.concatenate([matrix, constant[:, :, None]], axis=2)[:, None]
    largest = np.abs(constant).max(axis=1)[:, None]
    grown = np.zeros((len(gain), 1), dtype=np.bool_)
    with np.errstate(all="ignore"):  # what has grown beyond all numbers is not judged by them
        for unit in range(units):
            own, rest = table[..., 0], table[..., 1:]
            tables = [rest]
            pivot = own[..., unit, None, None]
            row = rest[..., unit, :][..., None, :] / -pivot
            moved = rest + own[..., None] * row
            moved[..., unit, :] = row[..., 0, :]
            tables.append(moved)
            if len(choices[unit]) > 2:
                full = rest.copy()
                full[..., -1] += own * ceiling[:, unit, None, None]
                tables.append(full)
            table = np.stack(tables, axis=2)
            table = table.reshape(len(gain), -1, *table.shape[3:])
            grown = np.repeat(grown, len(tables), axis=1)
            grown |= ~(np.abs(table[..., -1]).max(axis=2) < GROWN * np.maximum(largest, 1e-300))
        return _holds(stack, part, table[..., 0], choices) | grown


def _holds(stack: Stack, part: slice, value: Float, choices: list[tuple[int, ...]]) -> Bool:
    """Whether the numbers (networks, guesses, units) of each guess are those of a state, or nearly."""
    holds = np.ones(value.shape[:2], dtype=np.bool_)
    near = NEAR * np.abs(value).max(axis=2)
    lanes = np.arange(value.shape[1])
    ceiling, half = stack.ceiling[part, None], stack.half_neuron[part, None]
    for unit in reversed(range(value.shape[2])):
        lanes, choice = np.divmod(lanes, len(choices[unit]))
        own, most, few = value[..., unit], ceiling[..., unit], half[..., unit]
        silent, full = own >= -few - near, own <= few + near
        linear = (own > -near) & (own < most + near)
        holds &= np.where(choice == SILENT, silent, np.where(choice == LINEAR, linear, full))
    return holds
