"""Computes axons, synapse memory and profiles of every core, and refuses by name what does not fit.

Where axons are shared, a source unit needs one in-axon on every core that it reaches, and each of its neurons an
out-axon to it; otherwise every neuron needs an out-axon and an in-axon for each projection and core that it reaches.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram, Placed
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.phrases import SMALLER
from neurocmc.passes.loihi.place import Placement
from neurocmc.passes.loihi.placing.axon_tables import AxonTables, axon_tables
from neurocmc.passes.loihi.placing.bounds import lower_bounds
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.wiring import Wiring, wiring_of
from neurocmc.targets import LoihiLimits, LoihiTarget


@dataclass(frozen=True)
class Route:
    """Turns an IntegerNetwork and its placement into a ChipProgram, with the use of every resource checked."""

    name: ClassVar[str] = "route"

    def run(self, network: IntegerNetwork, placement: Placement, target: LoihiTarget) -> ChipProgram:
        """Raises InfeasibleError naming core, projection, limit and use for every limit that is passed."""
        return self.route(network, wiring_of(network), placement, target)

    def route(
        self, network: Placed, wiring: Wiring, placement: Placement, target: LoihiTarget
    ) -> ChipProgram[Placed]:
        """Counts the axons and synapses of any network whose wiring was placed. Raises as `run`."""
        demand = Demand.of(wiring, target.limits)
        tables = axon_tables(demand, placement.held_by_core)
        program = ChipProgram(
            network=network,
            target=target.name,
            segments=placement.segments,
            routes=tables.routes,
            lists=tables.lists,
            use=_use(demand, placement.held_by_core, tables),
            lower_bounds=lower_bounds(demand),
            shared_axons=target.limits.shared_axons,
            places=placement.places,
        )
        raise_infeasible(_limit_problems(program, target.limits))
        return program


def limits_of(limits: LoihiLimits) -> dict[str, int | None]:
    """Maps each of RESOURCES to its limit per core; synapses are limited by their bits alone."""
    return {
        "compartments": limits.compartments_per_core,
        "in_axons": limits.in_axons_per_core,
        "out_axons": limits.out_axons_per_core,
        "synapses": None,
        "synapse_bits": limits.synapse_memory_bits_per_core,
        "compartment_profiles": limits.compartment_profiles_per_core,
        "threshold_profiles": limits.threshold_profiles_per_core,
        "synapse_formats": limits.synapse_formats_per_core,
    }


def _use(demand: Demand, held_by_core: Sequence[Held], tables: AxonTables) -> Int:
    use = np.zeros((len(held_by_core), len(RESOURCES)), dtype=np.int64)
    column = {resource: k for k, resource in enumerate(RESOURCES)}
    for lists in tables.lists:
        amounts = {"in_axons": lists.axons, "synapses": lists.synapses, "synapse_bits": lists.synapse_bits}
        for resource, amount in amounts.items():
            use[lists.core, column[resource]] += amount
    for route in tables.routes:
        use[route.source_core, column["out_axons"]] += route.axons
    for core, (held, layout) in enumerate(zip(held_by_core, tables.layouts, strict=True)):
        here = [demand.pools[index] for index in {demand.population[unit] for unit in held}]
        use[core, column["compartments"]] = sum(held.values())
        use[core, column["compartment_profiles"]] = len({pools.profile for pools in here})
        use[core, column["threshold_profiles"]] = len({pools.threshold for pools in here})
        use[core, column["synapse_formats"]] = layout.formats
    return use


def _limit_problems(program: ChipProgram[Any], limits: LoihiLimits) -> Iterable[Problem]:
    most = [np.inf if limit is None else limit for limit in limits_of(limits).values()]
    for core in np.flatnonzero((program.use > most).any(axis=1)).tolist():
        populations = list(dict.fromkeys(s.population for s in program.segments if s.core == core))
        for column, (resource, limit) in enumerate(limits_of(limits).items()):
            used = int(program.use[core, column])
            if limit is None or used <= limit:
                continue
            yield Problem(
                "core-resource-beyond-limit",
                f"core {core} (populations {', '.join(populations)})",
                f"{used:,} {resource.replace('_', ' ')}, limit {limit:,}{_largest_share(program, core, resource)}",
                SMALLER,
            )


def _largest_share(program: ChipProgram[Any], core: int, resource: str) -> str:
    """Whose projections take most of an axon resource, for the message."""
    share: dict[tuple[str, ...], int] = {}
    if resource == "out_axons":
        for route in program.routes:
            if route.source_core == core:
                share[route.projections] = share.get(route.projections, 0) + route.axons
    elif resource in ("in_axons", "synapse_bits"):
        for lists in program.lists:
            if lists.core == core:
                amount = lists.synapse_bits if resource == "synapse_bits" else lists.axons
                share[lists.projections] = share.get(lists.projections, 0) + amount
    if not share:
        return ""
    worst = max(share, key=lambda names: share[names])
    many = "projections" if len(worst) > 1 else "projection"
    return f"; most of it, {share[worst]:,}, is {many} {', '.join(worst)}"
