"""Searches the scales of currents at which the weights of each unit round least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.jit import jit
from neurocmc.common.matrices import FloatMatrix, is_sparse, row_largest, scaled_rows, values
from neurocmc.ir.rate import RateCircuit, RatePopulation
from neurocmc.passes.one_filter import own_taus
from neurocmc.passes.scales import Scales
from neurocmc.passes.weight_grid import decay_register, weight_step
from neurocmc.passes.wires import Wire
from neurocmc.targets import Code, LoihiLimits

SCALE_CANDIDATES = np.linspace(1.0, 0.75, 251)  # of the largest scale that fits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FanIn:
    """The weights of a projection, as they are stored and as they are rounded.

    Of segments it is the sums over a unit's, up to each, that are rounded; of taps their sum. What pools send to
    themselves must be right for its own sake: its errors are relative to itself.
    """

    stored: Float  # its numbers, by which the grid is chosen
    rounded: FloatMatrix
    to_itself: bool

    @classmethod
    def of(cls, wire: Wire, weight: FloatMatrix, source: RatePopulation) -> "FanIn":
        """Returns that of a wire with so large weights."""
        shares = np.array([tap.share for tap in wire.arrivals])
        both_signs = shares.min() < 0 < shares.max()
        extremes = (shares.min(), shares.max()) if both_signs else (np.abs(shares).max(),)
        return cls(
            stored=np.concatenate([np.ravel(values(weight)) * share for share in extremes]),
            rounded=source.segments[0].summed_up_to(weight) if source.segments else weight,
            to_itself=wire.is_feedback,
        )


def fan_in_of(
    circuit: RateCircuit,
    population: RatePopulation,
    wires: Sequence[Wire],
    per_spike: dict[str, float],
    limits: LoihiLimits,
) -> list[FanIn]:
    """Returns the `wires` into a population, in LSB per spike at a current scale of 1 LSB per unit of z."""
    own_s = own_taus(circuit).get(population.name, 0.0)
    found: list[FanIn] = []
    for wire in wires:
        projection = wire.projection
        tau_s = wire.tau_s if wire.is_feedback else own_s
        register = decay_register(tau_s, circuit.dt_s, limits, limits.decay_u_offset)
        arrives = (register + limits.decay_u_offset) / (1 << limits.decay_bits)
        per_unit = projection.dc_gain * arrives * per_spike[projection.source]
        weight = scaled_rows(projection.weight, population.gain) * per_unit
        found.append(FanIn.of(wire, weight, circuit.population(projection.source)))
    return found


def kindest(
    fan_in: list[FanIn],
    scales: Scales,
    recruited: Float,
    current: Float,
    threshold: float,
    limits: LoihiLimits,
    code: Code,
) -> tuple[Float, float]:
    """Returns scales with every unit where its weights round least; of those that keep all biases in reach."""
    free = np.ones((SCALE_CANDIDATES.size, len(current)), dtype=np.bool_)
    factor = _kindest_factors(fan_in, current, limits, free, together=code != "threshold")
    pair = scales.shrunk(factor, recruited, current, threshold)
    if code == "rate" or scales.holds(pair[0] * recruited, pair[1]).all():
        return pair
    held = [scales.holds(current * f * recruited, threshold) | (f == 1.0) for f in SCALE_CANDIDATES]
    factor = _kindest_factors(fan_in, current, limits, np.stack(held), together=code == "feedback")
    return current * factor, threshold


def _kindest_factors(
    fan_in: list[FanIn], current: Float, limits: LoihiLimits, holds: Bool, *, together: bool
) -> Float:
    """(units, 1) factors on the current scale at which the worst synapse of each unit rounds least; ties go to 1.

    Errors are relative to the unit's strongest synapse; `holds` (candidates, units) says which factors a unit may
    take. `together` gives all units the one factor at which the worst of them rounds least.
    """
    whole = np.ones_like(current)
    steps = [weight_step(own.stored * current.max(), limits) for own in fan_in]
    largest = [row_largest(own.rounded) for own in fan_in]
    from_others = [of for own, of in zip(fan_in, largest, strict=True) if not own.to_itself]
    strongest = np.max(from_others, axis=0) if from_others else np.zeros(len(current))
    if not any(of.any() for of in largest):
        return whole
    worst = np.zeros((SCALE_CANDIDATES.size, current.size))
    for own, step, of in zip(fan_in, steps, largest, strict=True):
        relative_to = of if own.to_itself else strongest
        scale = np.where(relative_to > 0, relative_to, 1.0) * current[:, 0]
        _add_rounding(*_by_row(own.rounded), current[:, 0], step, scale, SCALE_CANDIDATES, worst)
    errors = np.where(holds, worst, np.inf)
    if together:
        return whole * SCALE_CANDIDATES[int(errors.max(axis=1).argmin())]
    return SCALE_CANDIDATES[errors.argmin(axis=0)][:, None]


def _by_row(matrix: FloatMatrix) -> tuple[Float, Int]:
    """All numbers that can be rounded, and where those of each row begin."""
    if is_sparse(matrix):
        return matrix.data, matrix.indptr.astype(np.int64)
    rows, columns = matrix.shape
    return np.ravel(matrix), np.arange(rows + 1) * columns


@jit()
def _add_rounding(
    rounded: Float, start: Int, current: Float, step: float, scale: Float, factors: Float, worst: Float
) -> None:
    """Raises `worst` (factors, units) to what rounding to `step` takes of each unit's weights."""
    for index in range(factors.size):
        for unit in range(current.size):
            factor = current[unit] * factors[index]
            of_unit = worst[index, unit]
            for k in range(start[unit], start[unit + 1]):
                wanted = rounded[k] * factor
                lost = abs(np.rint(wanted / step) * step - wanted) / (scale[unit] * factors[index])
                of_unit = max(of_unit, lost)
            worst[index, unit] = of_unit
