"""Fills the cores of a chip by the rules for its axons."""

from neurocmc.passes.loihi.placing.cut import cut
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.filling import Filling, out_axons
from neurocmc.passes.loihi.placing.in_order import fill_in_order


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
