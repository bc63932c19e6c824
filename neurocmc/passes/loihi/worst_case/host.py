"""Holds what the host sends into currents, and the gates of clocks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostBound:
    """The share of the host in the currents of one population: a sum each tick, or a current that it holds.

    `sum_low`, `sum_high` (units,): mantissas << exponent that may arrive in every tick. `held_low`, `held_high`
    (units,): LSB between which the current of the host's spikes alone stays; `held` counts the inputs of which only
    this is known, each a truncation of its own, and what they send in a tick is no more than `held_sum` (units,).
    """

    sum_low: Int
    sum_high: Int
    held_low: Int
    held_high: Int
    held_sum: Int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What the host and clocks hold and send, (units,)."""

    sum_low: Int
    sum_high: Int
    low: Int
    high: Int
    sums: Int
    inputs: Int  # how many hold a current


def held_by(of_populations: Sequence[tuple[HostBound, int]]) -> Held:
    """Returns what the host holds, and clocks besides: of each population its bound and its gate, or 0."""
    units = [bound.sum_low.size for bound, _ in of_populations]

    def row(field: str, *, gated: bool = False) -> Int:
        parts = [getattr(bound, field) + (gate if gated else 0) for bound, gate in of_populations]
        return np.concatenate(parts).astype(np.int64)

    inputs = [bound.held + (1 if gate else 0) for bound, gate in of_populations]
    return Held(
        sum_low=row("sum_low"),
        sum_high=row("sum_high"),
        low=row("held_low"),
        high=row("held_high", gated=True),
        sums=row("held_sum", gated=True),
        inputs=np.repeat(np.array(inputs, dtype=np.int64), units),
    )
