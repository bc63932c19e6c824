"""Computes axons, synapse memory and profiles of every core, and refuses by name what does not fit.

Each neuron needs one out-axon for every projection and core that it reaches, and each of these one in-axon there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.loihi.chip import RESOURCES, AxonRoute, ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.packing import Demand, compartment_profile, lower_bound
from neurocmc.passes.loihi.place import Placement
from neurocmc.passes.loihi.synapse_memory import Held, SynapseFormat, routes
from neurocmc.targets import LoihiLimits, LoihiTarget


@dataclass(frozen=True)
class Route:
    """Turns an IntegerNetwork and its placement into a ChipProgram, with the use of every resource checked."""

    name: ClassVar[str] = "route"

    def run(self, network: IntegerNetwork, placement: Placement, target: LoihiTarget) -> ChipProgram:
        """Raises InfeasibleError naming core, projection, limit and use for every limit that is passed."""
        demand = Demand.of(network, target.limits)
        table = routes(demand.fibres, placement.held_by_core, target.limits)
        program = ChipProgram(
            network=network,
            target=target.name,
            segments=placement.segments,
            routes=table,
            use=_use(network, placement.held_by_core, table, demand),
            cores_lower_bound=lower_bound(demand, network),
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


def _use(network: IntegerNetwork, held_by_core: Sequence[Held], table: tuple[AxonRoute, ...], demand: Demand) -> Int:
    use = np.zeros((len(held_by_core), len(RESOURCES)), dtype=np.int64)
    column = {resource: k for k, resource in enumerate(RESOURCES)}
    formats: list[set[SynapseFormat]] = [set() for _ in held_by_core]
    format_of = {fibre.projection: fibre.format for fibre in demand.fibres}
    for route in table:
        amounts = {"in_axons": route.axons, "synapses": route.synapses, "synapse_bits": route.synapse_bits}
        for resource, amount in amounts.items():
            use[route.target_core, column[resource]] += amount
        if route.source_core >= 0:
            use[route.source_core, column["out_axons"]] += route.axons
        formats[route.target_core].add(format_of[route.projection])
    for core, held in enumerate(held_by_core):
        populations = [network.population(name) for name in dict.fromkeys(name for name, _ in held)]
        use[core, column["compartments"]] = sum(held.values())
        use[core, column["compartment_profiles"]] = len({compartment_profile(p) for p in populations})
        use[core, column["threshold_profiles"]] = len({p.threshold_mantissa for p in populations})
        use[core, column["synapse_formats"]] = len(formats[core])
    return use


def _limit_problems(program: ChipProgram, limits: LoihiLimits) -> Iterable[Problem]:
    for core in range(program.cores):
        populations = list(dict.fromkeys(s.population for s in program.segments if s.core == core))
        for column, (resource, limit) in enumerate(limits_of(limits).items()):
            used = int(program.use[core, column])
            if limit is None or used <= limit:
                continue
            yield Problem(
                "core-resource-beyond-limit",
                f"core {core} (populations {', '.join(populations)})",
                f"{used:,} {resource.replace('_', ' ')}, limit {limit:,}{_largest_share(program, core, resource)}",
                "use fewer neurons a unit (--neurons), or split the population",
            )


def _largest_share(program: ChipProgram, core: int, resource: str) -> str:
    """Which projection takes most of an axon resource, for the message."""
    if resource not in ("in_axons", "out_axons", "synapse_bits"):
        return ""
    own = [r for r in program.routes if (r.source_core if resource == "out_axons" else r.target_core) == core]
    share: dict[str, int] = {}
    for route in own:
        amount = route.synapse_bits if resource == "synapse_bits" else route.axons
        share[route.projection] = share.get(route.projection, 0) + amount
    if not share:
        return ""
    worst = max(share, key=lambda name: share[name])
    return f"; most of it, {share[worst]:,}, is projection {worst}"
