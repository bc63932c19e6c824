"""Fills the cores of a chip by the rules for its axons, and finds the largest pools that it holds."""

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.loihi.placing.bounds import cores_needed
from neurocmc.passes.loihi.placing.cut import cut
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.filling import Filling, out_axons
from neurocmc.passes.loihi.placing.in_order import fill_in_order
from neurocmc.passes.loihi.placing.wiring import Wiring
from neurocmc.targets import LoihiLimits


def fill(demand: Demand) -> Filling:
    """Returns the filling with the fewest cores that was found; it may have too many cores, or too many out-axons.

    Where axons are shared the graph of units is cut; where they are not, synapse memory binds, and populations are
    placed one after the other in several orders. Raises InfeasibleError where one neuron asks for more than a core
    has.
    """
    if demand.limits.shared_axons:
        return cut(demand, demand.limits.cores).filling
    return fill_in_order(demand)


def overfull(demand: Demand, filling: Filling) -> list[int]:
    """Returns the out-axons of the cores that have more than there are, most first."""
    limit = demand.limits.out_axons_per_core
    return sorted((axons for axons in out_axons(demand, filling.held_by_core) if axons > limit), reverse=True)


def holds(wiring: Wiring, limits: LoihiLimits) -> bool:
    """Whether a placement on the chip is found."""
    demand = Demand.of(wiring, limits)
    if cores_needed(demand) > limits.cores:
        return False
    try:
        filling = fill(demand)
    except InfeasibleError:
        return False
    return len(filling.held_by_core) <= limits.cores and not overfull(demand, filling)


def smaller_pools(wiring: Wiring, limits: LoihiLimits) -> str:
    """Says, as a cure, the largest number of neurons per unit that is placed; fewer take less of everything."""
    low, high = 0, max(pools.neurons for pools in wiring.pools)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(wiring.of_size(middle), limits) else (low, middle)
    if not low:
        return "use fewer units, or a larger chip: no number of neurons per unit fits"
    return f"use at most {low:,} neurons per unit (--neurons {low}), fewer units, or a larger chip"
