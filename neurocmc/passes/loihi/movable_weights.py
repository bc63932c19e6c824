"""Finds the weights between the active units of a state, and how many steps the mantissa of each may take."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int, starts
from neurocmc.common.matrices import FloatMatrix, full, row_largest
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerProjection
from neurocmc.ir.rate import RateCircuit
from neurocmc.targets import LoihiLimits
from neurocmc.theory.blocks import Kind
from neurocmc.theory.feedback import is_feedback

BUDGET = 0.01
STEPS = (1, -1, 2, -2)  # of one mantissa


@dataclass(frozen=True, slots=True)
class Synapse:
    """One weight that a state lives on: its place in the integers and in the network of its block."""

    projection: int  # index
    row: int
    column: int
    target: int  # unit of the block
    filter: int  # of the block
    gain_per_step: float  # drive per unit of activity that one step of the mantissa is worth
    steps: tuple[int, ...]  # that keep mantissa and budget


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MovableWeights:
    """What of the integers says how far a mantissa may be moved."""

    integer: IntegerNetwork
    limits: LoihiLimits
    first: Mapping[str, int]  # unit of the circuit that each population begins with
    sizes: Mapping[str, int]
    tau_s: Mapping[str, float]  # of each projection as realised
    strongest: Mapping[str, Float]
    realised: Mapping[str, FloatMatrix]

    @classmethod
    def of(cls, rounded: RateCircuit, integer: IntegerNetwork, limits: LoihiLimits) -> "MovableWeights":
        sizes = {population.name: population.size for population in rounded.populations}
        return cls(
            integer=integer,
            limits=limits,
            first=starts(sizes),
            sizes=sizes,
            tau_s={projection.name: projection.tau_s for projection in rounded.projections},
            strongest=_strongest(integer),
            realised=integer.realised_gains(),
        )

    def synapses(
        self, kind: Kind, units: Int, active: Bool, moves: Mapping[tuple[int, int, int], int]
    ) -> list[Synapse]:
        """Returns the weights between active units of a block, with the steps that each may take.

        `units` are those of the block in the circuit, `active` (units,) which of them are, `moves` what has been
        moved before.
        """
        found: list[Synapse] = []
        held = kind.network if kind.held is None else kind.held
        filter_of = {key: i for i, key in reversed(list(enumerate(zip(held.source, held.tau_s, strict=True))))}
        at, place = units[np.flatnonzero(active)], np.flatnonzero(active)
        for index, projection in enumerate(self.integer.projections):
            if projection.name not in self.tau_s:  # a later or finer part of one, or what a pool sends to itself
                continue
            rows, targets = self._of(projection.target, at, place)
            columns, sources = self._of(projection.source, at, place)
            if not rows.size or not columns.size:
                continue
            wanted, realised, mantissas = (
                full(matrix[rows][:, columns])
                for matrix in (projection.wanted_gain, self.realised[projection.name], projection.mantissa)
            )
            step = gain_per_step(projection, self.integer, self.limits)[rows]
            room = BUDGET * self.strongest[projection.target][rows] / step
            grain = grain_of(projection)
            for i, j in np.argwhere(wanted).tolist():
                row, column = int(rows[i]), int(columns[j])
                before = moves.get((index, row, column), 0)
                off = float((realised - wanted)[i, j]) / step[i] + before
                mantissa = int(mantissas[i, j]) + before * grain
                found.append(
                    Synapse(
                        projection=index,
                        row=row,
                        column=column,
                        target=int(targets[i]),
                        filter=filter_of[sources[j], self.tau_s[projection.name]],
                        gain_per_step=float(step[i]),
                        steps=tuple(
                            s
                            for s in STEPS
                            if abs(off + s) <= room[i] and _fits(mantissa + s * grain, projection, self.limits)
                        ),
                    )
                )
        return found

    def _of(self, population: str, at: Int, place: Int) -> tuple[Int, Int]:
        """Which units of a population are among those `at`, and their places in the block."""
        if population not in self.first:
            return at[:0], place[:0]
        index = at - self.first[population]
        own = (index >= 0) & (index < self.sizes[population])
        return index[own], place[own]


def _strongest(integer: IntegerNetwork) -> dict[str, Float]:
    """(units,) of each population: the strongest wanted weight on each unit, as `verify` takes it."""
    strongest = {population.name: np.zeros(population.units) for population in integer.populations}
    for p in integer.projections:
        if not (p.refines or is_feedback(p)):
            strongest[p.target] = np.maximum(strongest[p.target], row_largest(p.wanted_gain))
    return strongest


def grain_of(projection: IntegerProjection) -> int:
    return 2 if projection.sign == "mixed" else 1


def _fits(mantissa: int, projection: IntegerProjection, limits: LoihiLimits) -> bool:
    highest = (1 << limits.weight_mantissa_bits) - grain_of(projection)
    low = 0 if projection.sign == "excitatory" else -highest
    high = 0 if projection.sign == "inhibitory" else highest
    return low <= mantissa <= high


def gain_per_step(projection: IntegerProjection, integer: IntegerNetwork, limits: LoihiLimits) -> Float:
    """(target units,) drive per unit of activity that one step of a mantissa is worth."""
    source, target = integer.population(projection.source), integer.population(projection.target)
    arrives = integer.rule.arriving(target.decay_u)
    per_gain = target.lsb_per_drive * (arrives * source.activity_per_spike)
    return grain_of(projection) * 2.0 ** (limits.weight_shift + projection.exponent) / per_gain
