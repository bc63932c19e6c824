"""Finds the filter that a circuit is, a soft winner-take-all over all of its inputs, and solves what it rests in.

    tau e_i' = -e_i + [x_i + alpha e_i - beta y]+        y a sum of e with one weight, behind whatever filters

With alpha < 1 no winner is alone: under a held drive the circuit rests in e = [x - t]+ / (1 - alpha), where t is beta
times that sum, in closed form (`common.self_threshold`). y may be one unit, or units that others sum up: a tree has
fewer sources a unit. At rest a filter passes what it is given, so that time constants and delays do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import entries, full
from neurocmc.common.self_threshold import self_threshold
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection

MOST_INHIBITORS = 1000  # units: their matrices are written out
ALIKE = 1e-9  # relative: weights that differ by less are one weight, added up in another order


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftFilter:
    """A population of equal rectifiers that excite themselves, and what each takes from all by way of inhibition."""

    excite: str
    units: int
    alpha: float
    inhibition: float  # of every unit by the activity of any one, in drive
    settles_s: float  # time constant of the slowest difference between two active units

    def rest(self, drive: Float) -> Float:
        """Returns the activity (..., units) at rest under held drives (..., units)."""
        threshold = self_threshold(drive, self.inhibition / (1.0 - self.alpha))
        return np.maximum(drive - threshold[..., None], 0.0) / (1.0 - self.alpha)


def find_filter(circuit: RateCircuit) -> SoftFilter | None:
    """Returns the filter that a circuit is, or None for any other.

    It is one where a single readout of activity names a population of rectifiers without threshold, all inputs are
    its own, and every other population only hears it, directly or over others, and inhibits all of it alike.
    """
    if len(circuit.readouts) != 1 or circuit.classifiers or circuit.readouts[0].kind != "activity":
        return None
    excite = circuit.population(circuit.readouts[0].population)
    others = [population for population in circuit.populations if population.name != excite.name]
    if not 1 <= sum(other.size for other in others) <= MOST_INHIBITORS:
        return None
    plain = _plain(excite, "relu") and all(_plain(other, "relu", "linear") for other in others)
    if not plain or any(entry.target != excite.name for entry in circuit.inputs):
        return None
    alpha = _self_excitation([p for p in circuit.projections if p.source == p.target == excite.name])
    inhibition = _inhibition(circuit, excite, others)
    if alpha is None or inhibition is None:
        return None
    tau_s = max(p.tau_s * p.order for p in circuit.projections)
    return SoftFilter(
        excite=excite.name,
        units=excite.size,
        alpha=alpha,
        inhibition=inhibition,
        settles_s=tau_s / (1.0 - alpha),
    )


def _plain(population: RatePopulation, *transfers: str) -> bool:
    """Whether its units are of one gain, 1, without threshold, bias or end."""
    moved = population.offset.any() or population.bias.any() or population.segments
    ends = population.floor != 0.0 or np.isfinite(population.highest)
    return population.transfer in transfers and not moved and not ends and bool((population.gain == 1.0).all())


def _self_excitation(own: Sequence[RateProjection]) -> float | None:
    """The self-excitation of all units, below 1, where each excites itself alone and all alike."""
    if not own:
        return 0.0
    row, column, value = entries(own[0].weight)
    one = len(own) == 1 and len(value) == own[0].weight.shape[0] and bool((row == column).all())
    alpha = own[0].dc_gain * float(value[0]) if one and bool((value == value[0]).all()) else 0.0
    return alpha if 0.0 < alpha < 1.0 else None


def _inhibition(circuit: RateCircuit, excite: RatePopulation, others: Sequence[RatePopulation]) -> float | None:
    """What any unit takes from every one over the others; None unless it is one weight, and they are a tree."""
    start = np.cumsum([0, *(other.size for other in others)])
    place = {other.name: slice(a, b) for other, a, b in zip(others, start[:-1], start[1:], strict=True)}
    hears, passes_on = np.zeros((start[-1], excite.size)), np.zeros((start[-1], start[-1]))
    inhibits = np.zeros((excite.size, start[-1]))
    for projection in circuit.projections:
        weight = projection.dc_gain * full(projection.weight)
        match projection.source == excite.name, projection.target == excite.name:
            case True, False:
                hears[place[projection.target]] += weight
            case False, True:
                inhibits[:, place[projection.source]] += weight
            case False, False:
                passes_on[place[projection.target], place[projection.source]] += weight
            case _:
                pass  # to itself
    # All that these hear is then 0 or more, so that a rectifier among them passes it as it is.
    signs = (hears >= 0.0).all() and (passes_on >= 0.0).all() and (inhibits <= 0.0).all()
    if not signs or np.linalg.matrix_power(passes_on, len(passes_on)).any():
        return None
    taken = -inhibits @ np.linalg.solve(np.eye(len(passes_on)) - passes_on, hears)
    low, high = float(taken.min()), float(taken.max())
    return high if low > 0.0 and high - low <= ALIKE * high else None
