"""Measures the transfer of pools on the target's own neuron, and compares it with the unit's."""

from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RatePopulation
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import GainFit
from neurocmc.passes.feedback import Kernel, feedback_ladder, mean_response
from neurocmc.passes.pool_codes import Ladder
from neurocmc.sim.neuron import Neuron
from neurocmc.sim.rate import Visited
from neurocmc.targets import Code


def worst_fit(
    population: RatePopulation,
    neuron: Neuron,
    bias: Float,
    scale: Float,
    ladder: Ladder,
    ceiling: float,
    activity_per_spike: float,
    visited: Visited,
    code: Code,
    kernel: Kernel,
) -> GainFit:
    """Returns the fit of the unit that rounding of biases hurts most; `bias` (units, neurons) is that without shift.

    In the rate code, whose neurons must be stepped for long, the first unit stands for all.
    """
    if population.segments:
        alone = (_Alone.of(population, ladder, index) for index in range(population.size))
        fits = [
            _measure(
                own.population,
                neuron,
                row,
                float(of_row),
                own.ladder,
                ceiling,
                activity_per_spike,
                own.visited,
                kernel,
            )
            for own, row, of_row in zip(alone, bias, scale, strict=True)
        ]
        return max(fits, key=lambda fit: fit.max_error)
    units = np.column_stack([bias, scale])
    rows = units[:1] if code == "rate" else np.unique(units, axis=0)  # units that are alike fit alike
    fits = [
        _measure(population, neuron, row[:-1], float(row[-1]), ladder, ceiling, activity_per_spike, visited, kernel)
        for row in rows
    ]
    return max(fits, key=lambda fit: fit.max_error)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Alone:
    """One segment as a population of its own, over the drives that it answers to."""

    population: RatePopulation
    ladder: Ladder
    visited: Visited

    @classmethod
    def of(cls, population: RatePopulation, ladder: Ladder, index: int) -> "_Alone":
        segments, one, points = population.segments[0], np.array([index]), ladder.points[index]
        half_step = 0.5 * float(points[-1] - points[0]) / max(points.size - 1, 1)
        low, high = float(points[0]) - half_step, float(points[-1]) + half_step
        return cls(
            population=replace(
                population,
                size=1,
                **{name: getattr(population, name)[one] for name in ("gain", "offset", "bias", "initial")},
                segments=(
                    Segments(units=1, unit=np.zeros(1, np.int64), low=segments.low[one], width=segments.width[one]),
                ),
            ),
            ladder=Ladder(points=points[None, :], low=low, high=high),
            visited=Visited(activity=(0.0, 1.0), drive=(low, high), highest=(1.0,)),
        )


def _measure(
    population: RatePopulation,
    neuron: Neuron,
    bias: Float,
    scale: float,
    ladder: Ladder,
    ceiling: float,
    activity_per_spike: float,
    visited: Visited,
    kernel: Kernel,
) -> GainFit:
    """Count the pool's spikes over the range visited and compare with phi; `bias` is that of a unit without shift."""
    pad = 0.1 * (ladder.high - ladder.low)
    # A sigmoid may have stayed in one of its tails, off the ladder: the curve then begins where it was.
    start = min(max(visited.drive[0], ladder.low - pad), visited.drive[1])
    z = np.linspace(start, max(ladder.high, start) + pad, 301)
    wanted = population.transfer_at(z)
    if kernel.total > 1:
        width = feedback_ladder(population, ceiling, bias.size, kernel)[1]
        measured = mean_response(z, (1.0 - bias) / scale, kernel, width) * activity_per_spike
    else:
        counts = neuron.rate((scale * z[:, None] + bias[None, :]).ravel()).reshape(z.size, bias.size)
        measured = counts.sum(axis=1) * activity_per_spike
    inside = (z >= visited.drive[0]) & (z <= visited.drive[1])
    error = (measured - wanted)[inside] / ceiling
    tolerance = max(1.0 / bias.size, 0.02) * ceiling
    rising = inside & (wanted > 0)
    flat = np.ptp(wanted[rising]) <= 1e-6 * ceiling  # a line through one point has no slope
    # As shares of the ceiling: squares of very small activities are lost in rounding.
    slope = 1.0 if flat else float(np.polyfit(wanted[rising] / ceiling, measured[rising] / ceiling, 1)[0])
    return GainFit(
        drive=z,
        wanted=wanted,
        measured=measured,
        ceiling=ceiling,
        visited=visited.activity,
        rms_error=float(np.sqrt(np.mean(error**2))),
        max_error=float(np.abs(error).max()),
        slope_error=slope - 1.0,
        valid_range=_valid_range(wanted, np.abs(measured - wanted) <= tolerance),
    )


def _valid_range(wanted: Float, good: np.typing.NDArray[np.bool_]) -> tuple[float, float]:
    """The longest run of good points, as activities."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(np.int8), [0]])))
    if not edges.size:
        return 0.0, 0.0
    runs = edges.reshape(-1, 2)
    start, stop = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return float(wanted[start]), float(wanted[stop - 1])
