"""Has the weights by which units hear each other: one matrix for each group of weights and decay."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int, starts
from neurocmc.common.matrices import Sparse, diagonal, entries, sparse
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerProjection
from neurocmc.sim.loihi.weight_groups import WeightGroup, weight_groups
from neurocmc.theory.feedback import is_feedback


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arriving:
    """The weights of one group into units of one decay: what all sources send, and what others than they do."""

    exponent: int
    keep: float  # of the current, a tick
    targets: Int  # (targets,) units
    negative: Sparse  # (targets, units) mantissas below 0
    positive: Sparse
    others_negative: Sparse  # the same without what pools send to themselves
    others_positive: Sparse


def arriving(network: IntegerNetwork) -> list[Arriving]:
    """Returns what reaches units, group by group and decay by decay; clocks' gates are held, not sent."""
    first, units = network.first_unit(), sum(p.units for p in network.populations)
    found: list[Arriving] = []
    for group in weight_groups(network):
        by_decay: dict[int, list[IntegerProjection]] = {}
        for projection in map(network.projection, group.projections):
            if not (network.has_clocks and network.is_gate(projection)):
                by_decay.setdefault(network.population(projection.target).decay_u, []).append(projection)
        found += [_of_decay(network, group, first, units, decay_u, own) for decay_u, own in by_decay.items()]
    return found


def taken_back(parts: list[IntegerProjection], count: Int, keep: float, remembered: float) -> tuple[Float, Float]:
    """Returns (units,) bounds on what pools take from themselves, in mantissas << exponent.

    Its parts are of both signs and of one and the same spike, so that they are bounded together: by what one spike
    has left in the filter k ticks later, in every k by all neurons or by none. The current truncates as a whole, by
    less than 1 a tick either way.
    """
    last = max(part.delay_ticks for part in parts)
    left, low, high = np.zeros(count.size), np.zeros(count.size), np.zeros(count.size)
    for late in range(last + 1):
        arrives = [np.ldexp(diagonal(part.mantissa), part.exponent) for part in parts if part.delay_ticks == late]
        left = keep * left + sum(arrives, np.zeros(count.size))
        low, high = low + np.minimum(left, 0.0), high + np.maximum(left, 0.0)
    rest = left * keep * remembered  # what is left decays from then on
    return (low + np.minimum(rest, 0.0)) * count - remembered, (high + np.maximum(rest, 0.0)) * count + remembered


def _of_decay(
    network: IntegerNetwork,
    group: WeightGroup,
    first: Mapping[str, int],
    units: int,
    decay_u: int,
    projections: list[IntegerProjection],
) -> Arriving:
    sizes = {p.target: network.population(p.target).units for p in projections}
    targets = np.concatenate([first[name] + np.arange(size) for name, size in sizes.items()])
    row = starts(sizes)
    rows, columns, mantissas, own = ([np.zeros(0, dtype=np.int64)] for _ in range(4))
    for p in projections:
        target, source, mantissa = entries(p.mantissa)
        rows.append(target + row[p.target])
        columns.append(source + first[p.source])
        mantissas.append(mantissa)
        own.append(np.full(target.size, is_feedback(p), dtype=np.int64))
    places = np.concatenate(rows), np.concatenate(columns)
    mantissa, to_itself = np.concatenate(mantissas), np.concatenate(own)

    def signed(kept: Bool) -> Sparse:
        return sparse((mantissa[kept], (places[0][kept], places[1][kept])), (targets.size, units))

    others = to_itself == 0
    return Arriving(
        exponent=group.exponent,
        keep=network.rule.pole(decay_u),
        targets=targets,
        negative=signed(mantissa < 0),
        positive=signed(mantissa > 0),
        others_negative=signed((mantissa < 0) & others),
        others_positive=signed((mantissa > 0) & others),
    )
