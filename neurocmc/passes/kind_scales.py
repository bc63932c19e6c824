"""Searches the scales of currents at which the weights of each unit round least."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.jit import jit
from neurocmc.ir.rate import RateCircuit, RatePopulation
from neurocmc.passes.one_filter import own_taus
from neurocmc.passes.scales import Scales
from neurocmc.passes.weight_grid import decay_register, weight_step
from neurocmc.targets import Code, LoihiLimits

SCALE_CANDIDATES = np.linspace(1.0, 0.75, 251)  # of the largest scale that fits


@dataclass(frozen=True, slots=True, eq=False)
class FanIn:
    """The weights of a projection, and those that are rounded: of segments the sums over a unit's, up to each."""

    weight: Float
    rounded: Float

    @classmethod
    def of(cls, weight: Float, source: RatePopulation) -> "FanIn":
        return cls(weight, source.segments[0].summed_up_to(weight) if source.segments else weight)


def fan_in_of(
    circuit: RateCircuit, population: RatePopulation, per_spike: dict[str, float], limits: LoihiLimits
) -> list[FanIn]:
    """Returns the projections into a population, in LSB per spike at a current scale of 1 LSB per unit of z."""
    return [
        FanIn.of(weight, circuit.population(source))
        for source, weight in _per_current(circuit, population, per_spike, limits)
    ]


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


def _per_current(
    circuit: RateCircuit, population: RatePopulation, per_spike: dict[str, float], limits: LoihiLimits
) -> list[tuple[str, Float]]:
    """Source and weights of each projection into a population, in LSB per spike at a scale of 1 LSB per unit of z."""
    own_s = own_taus(circuit).get(population.name, 0.0)
    weights: list[tuple[str, Float]] = []
    for projection in circuit.projections:
        if projection.target == population.name:
            register = decay_register(own_s, circuit.dt_s, limits, limits.decay_u_offset)
            arrives = (register + limits.decay_u_offset) / (1 << limits.decay_bits)
            per_unit = projection.dc_gain * arrives * per_spike[projection.source]
            weights.append((projection.source, population.gain[:, None] * projection.weight * per_unit))
    return weights


def _kindest_factors(
    fan_in: list[FanIn], current: Float, limits: LoihiLimits, holds: Bool, *, together: bool
) -> Float:
    """(units, 1) factors on the current scale at which the worst synapse of each unit rounds least; ties go to 1.

    Errors are relative to the unit's strongest synapse; `holds` (candidates, units) says which factors a unit may
    take. `together` gives all units the one factor at which the worst of them rounds least.
    """
    whole = np.ones_like(current)
    steps = [weight_step(own.weight * current, limits) for own in fan_in]
    strongest = np.max([np.abs(own.rounded).max(axis=1, initial=0.0) for own in fan_in], axis=0) if fan_in else None
    if strongest is None or not strongest.any():
        return whole
    scale = np.where(strongest > 0, strongest, 1.0)[:, None] * current
    worst = np.zeros((SCALE_CANDIDATES.size, current.size))
    for own, step in zip(fan_in, steps, strict=True):
        _add_rounding(own.rounded, current[:, 0], step, scale[:, 0], SCALE_CANDIDATES, worst)
    errors = np.where(holds, worst, np.inf)
    if together:
        return whole * SCALE_CANDIDATES[int(errors.max(axis=1).argmin())]
    return SCALE_CANDIDATES[errors.argmin(axis=0)][:, None]


@jit()
def _add_rounding(rounded: Float, current: Float, step: float, scale: Float, factors: Float, worst: Float) -> None:
    """Raises `worst` (factors, units) to what rounding to `step` takes of each unit's (units, sources) weights."""
    for index in range(factors.size):
        for unit in range(current.size):
            factor = current[unit] * factors[index]
            of_unit = worst[index, unit]
            for source in range(rounded.shape[1]):
                wanted = rounded[unit, source] * factor
                lost = abs(np.rint(wanted / step) * step - wanted) / (scale[unit] * factors[index])
                of_unit = max(of_unit, lost)
            worst[index, unit] = of_unit
