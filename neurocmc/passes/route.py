"""Route: axons, synapse memory and profiles of every core; what does not fit is refused by name.

Each neuron needs one out-axon for every projection and core that it reaches, and each of these one in-axon there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.chip import RESOURCES, AxonRoute, ChipProgram
from neurocmc.ir.integer import IntegerNetwork
from neurocmc.passes.place import Held, Placement
from neurocmc.passes.synapse_memory import axon_bits, fibres, routes
from neurocmc.targets import LoihiLimits, LoihiTarget


@dataclass(frozen=True)
class Route:
    """IntegerNetwork and its placement -> ChipProgram with the use of every resource checked."""

    name: ClassVar[str] = "route"

    def run(self, network: IntegerNetwork, placement: Placement, target: LoihiTarget) -> ChipProgram:
        """Raises InfeasibleError naming core, projection, limit and use for every limit that is passed."""
        held = list(placement.held_by_core)
        table = routes(fibres(network), held, target.limits)
        program = ChipProgram(
            network=network,
            target=target.name,
            segments=placement.segments,
            routes=table,
            use=_use(network, held, table),
            cores_lower_bound=_lower_bound(network, target.limits),
        )
        raise_infeasible(_limit_problems(program, target.limits))
        return program


def limits_of(limits: LoihiLimits) -> dict[str, int | None]:
    """The limit on each of RESOURCES per core; synapses are limited by their bits alone."""
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


def _use(network: IntegerNetwork, held: list[Held], table: tuple[AxonRoute, ...]) -> Int:
    use = np.zeros((len(held), len(RESOURCES)), dtype=np.int64)
    column = {resource: k for k, resource in enumerate(RESOURCES)}
    formats = _formats(network)
    for core, units in enumerate(held):
        populations = [network.population(name) for name in dict.fromkeys(name for name, _ in units)]
        arriving = [route for route in table if route.target_core == core]
        use[core, column["compartments"]] = sum(units.values())
        use[core, column["in_axons"]] = sum(route.axons for route in arriving)
        use[core, column["out_axons"]] = sum(route.axons for route in table if route.source_core == core)
        use[core, column["synapses"]] = sum(route.synapses for route in arriving)
        use[core, column["synapse_bits"]] = sum(route.synapse_bits for route in arriving)
        use[core, column["compartment_profiles"]] = len(
            {(p.decay_u, p.decay_v, p.bias_exponent) for p in populations}
        )
        use[core, column["threshold_profiles"]] = len({p.threshold_mantissa for p in populations})
        use[core, column["synapse_formats"]] = len({formats[route.projection] for route in arriving})
    return use


def _formats(network: IntegerNetwork) -> dict[str, tuple[int, str, bool]]:
    """Projection or input -> its synapse format: exponent, sign mode, whether delays are stored."""
    projections = {p.name: (p.exponent, str(p.sign), p.delay_ticks > 0) for p in network.projections}
    return projections | {entry.name: (entry.exponent, "mixed", False) for entry in network.inputs}


def _lower_bound(network: IntegerNetwork, limits: LoihiLimits) -> int:
    """Cores that any placement needs: for all compartments, and for all synapses in groups of the kindest size."""
    sizes = {p.name: p.neurons for p in network.populations}
    bits = 0.0
    for fibre in fibres(network):
        reached = len(fibre.target_units) * sizes[fibre.target]
        # Groups are padded to whole words, so that a full one is not always the cheapest a synapse.
        sizes_of_group = range(1, limits.synapses_per_group + 1)
        cheapest = min(axon_bits(n, fibre.delayed, limits) / n for n in sizes_of_group)
        bits += fibre.axons * min(float(axon_bits(reached, fibre.delayed, limits)), cheapest * reached)
    return max(
        -(-network.neurons // limits.compartments_per_core),
        int(np.ceil(bits / limits.synapse_memory_bits_per_core)),
        1,
    )


def _limit_problems(program: ChipProgram, limits: LoihiLimits) -> Iterable[Problem]:
    for core in range(program.cores):
        populations = list(dict.fromkeys(s.population for s in program.segments if s.core == core))
        for column, (resource, limit) in enumerate(limits_of(limits).items()):
            used = int(program.use[core, column])
            if limit is None or used <= limit:
                continue
            yield Problem(
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
