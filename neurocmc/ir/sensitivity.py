"""Defines Sensitivity: how much each unit of a circuit, at each of its activities and steps, matters to what is read.

It stands beside the staged circuit: pools are cut by it (`passes.divide`), and people see by it where a circuit is
fragile.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitSensitivity:
    """Sensitivity of the units of one population, over their ranges and over time."""

    name: str
    low: Float  # (units,) lowest activity visited
    high: Float  # (units,) highest
    # (units, bins) over bins of equal width from low to high, loss per squared error of activity there; of all units
    # together, each error as large as its range, the loss is 1
    for_decisions: Float  # of decisions; zeros where the circuit takes none
    for_activity: Float  # of what is observed
    over_time: Float  # (ticks, units) root mean square over trials of dmargin / dr, in median margins

    def share(self, importance: Float) -> float:
        """Returns what errors as large as the ranges of its units cost, of all; `importance` is that of a kind."""
        return float((importance.sum(axis=1) * (self.high - self.low) ** 2).sum())

    @property
    def most(self) -> tuple[int, int]:
        """The tick and the unit that matter most."""
        tick, unit = divmod(int(self.over_time.argmax()), self.low.size)
        return tick, unit

    def importance(self, of_activity: float) -> Float:
        """Returns (units, bins) the loss per squared error, of which a share is for what is observed of activity."""
        if not self.for_decisions.any():
            return self.for_activity
        return (1.0 - of_activity) * self.for_decisions + of_activity * self.for_activity

    def __post_init__(self) -> None:
        set_frozen(self, "low", np.float64, (None,))
        set_frozen(self, "high", np.float64, (len(self.low),))
        set_frozen(self, "for_decisions", np.float64, (len(self.low), None))
        set_frozen(self, "for_activity", np.float64, self.for_decisions.shape)
        set_frozen(self, "over_time", np.float64, (None, len(self.low)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensitivity:
    """Sensitivity of all populations of a circuit on its calibration stimuli."""

    circuit: str
    what: str  # the number that it is the sensitivity of
    trials: int
    populations: tuple[UnitSensitivity, ...]

    def population(self, name: str) -> UnitSensitivity:
        """Returns the population of that name. Raises KeyError where there is none."""
        return next(found for found in self.populations if found.name == name)

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults at once."""
        return tuple(self._problems())

    def _problems(self) -> Iterable[Problem]:
        for population in self.populations:
            where = f"population {population.name}"
            kinds = (population.for_decisions, population.for_activity)
            numbers = (population.low, population.high, *kinds, population.over_time)
            if not all(np.isfinite(values).all() for values in numbers):
                yield Problem(
                    "value-not-finite", where, "a sensitivity is not finite", "check the weights of the circuit"
                )
            elif any((kind < 0).any() for kind in kinds) or (population.high < population.low).any():
                yield Problem("level-malformed", where, "an importance or a range is below 0", "compile again")
