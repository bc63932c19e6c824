"""Bounds a network: currents and spikes in turn, round by round, until no bound narrows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from neurocmc.common.arrays import Bool, Int
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.worst_case.host import HostBound
from neurocmc.passes.loihi.worst_case.pools import Firing
from neurocmc.passes.loihi.worst_case.rows import Rows

ROUNDS = 100  # every round holds; self-excitation makes them converge slowly, and the last are worth little


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PopulationBound:
    """Bounds of one population, in LSB; all arrays (units,) and reached or not, but never passed."""

    current_low: Int
    current_high: Int
    sum_largest: Int  # magnitude of the shifted input sum, before it meets the current
    voltage_low: Int  # before it saturates
    voltage_high: Int
    firing: Int  # neurons that can fire in one tick
    wraps: Bool  # whether the current, or a sum on its way, may leave its register

    def of(self, part: slice) -> "PopulationBound":
        """Returns the bounds of some units."""
        return PopulationBound(**{field.name: getattr(self, field.name)[part] for field in fields(self)})

    def fits(self, voltage_limit: int) -> bool:
        """Whether nothing wraps and no voltage of magnitude above `voltage_limit` occurs."""
        clips = self.voltage_high.max() > voltage_limit or self.voltage_low.min() < -voltage_limit
        return not (self.wraps.any() or clips)


def worst_case(network: IntegerNetwork, host: Mapping[str, HostBound]) -> dict[str, PopulationBound]:
    """Maps each population to its bounds; `host` has an entry for every population.

    Raises ValueError for decay registers beyond 30 bits, or a decay larger than the whole current.
    """
    _check(network)
    rows = Rows.of(network, host)
    pinned, free = np.zeros(rows.units, dtype=np.bool_), np.zeros(rows.units, dtype=np.int64)
    while True:
        bounds = _narrowed(rows, pinned, free)
        grown, freed = pinned | bounds.wraps, np.maximum(free, rows.ungated(bounds.current_high, bounds.wraps))
        if (grown == pinned).all() and (freed == free).all():
            return {name: bounds.of(part) for name, part in rows.places.items()}
        pinned, free = grown, freed


def _narrowed(rows: Rows, pinned: Bool, free: Int) -> PopulationBound:
    """Bounds after rounds of currents and spikes in turn, from every neuron in every tick down."""
    firing = rows.in_turn(Firing.always(rows.blocks), free)
    low = high = sums = np.zeros(rows.units, dtype=np.int64)
    for _ in range(ROUNDS):
        low, high, sums = rows.currents(firing)
        narrower = rows.in_turn(rows.firing(high, pinned), free)
        same = narrower.same_as(firing)
        firing = narrower
        if same:
            break
    voltage_low, voltage_high, wraps = rows.voltages(low, high, sums)
    return PopulationBound(
        current_low=low,
        current_high=high,
        sum_largest=sums,
        voltage_low=voltage_low,
        voltage_high=voltage_high,
        firing=firing.count,
        wraps=wraps,
    )


def _check(network: IntegerNetwork) -> None:
    if network.rule.decay_bits > 30:
        raise ValueError(f"decay_bits is {network.rule.decay_bits}; bounds are computed for 30 at most")
    for population in network.populations:
        if network.rule.keep_u(population.decay_u) < 0:
            raise ValueError(f"population {population.name} decays by more than its whole current")
