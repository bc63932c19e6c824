"""Refuses what no placement could hold, before anything is measured or rounded.

Only the wiring is needed here, so a circuit far too large is refused at once. What depends on weights and formats is
found by `place` and `route`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.phrases import SMALLER
from neurocmc.ir.rate import RateCircuit
from neurocmc.passes.loihi.placing.bounds import least_synapse_bits, lower_bounds
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.ragged import summed
from neurocmc.passes.loihi.placing.wiring import Wiring, least_wiring
from neurocmc.targets import LoihiLimits, LoihiTarget


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Passes a RateCircuit on unchanged, if `neurons` a unit can fit the target at all."""

    name: ClassVar[str] = "capacity"
    neurons: int

    def run(self, circuit: RateCircuit, target: LoihiTarget) -> RateCircuit:
        """Raises InfeasibleError for too many compartments or synapses, and a fan-in that no core can take in."""
        wiring = least_wiring(circuit, self.neurons, target.limits)
        raise_infeasible(_problems(circuit, wiring, target.name, target.limits))
        return circuit


def _problems(circuit: RateCircuit, wiring: Wiring, chip: str, limits: LoihiLimits) -> Iterable[Problem]:
    compartments = limits.cores * limits.compartments_per_core
    neurons = wiring.pools[0].neurons
    demand = Demand.of(wiring, limits)
    found: list[tuple[str, str, str]] = []
    if circuit.units * neurons > compartments:
        what = f"{circuit.units:,} units of {neurons:,} neurons are {circuit.units * neurons:,} compartments, "
        what += f"limit {compartments:,} on {chip}{_chips(limits)}"
        found.append(("neurons-beyond-limit", f"circuit {circuit.name}", what))
    found += _memory(demand, chip)
    found += _fan_in(demand)
    found += _fan_out(demand, chip)
    yield from (Problem(name, where, what, SMALLER) for name, where, what in found)


def _chips(limits: LoihiLimits) -> str:
    """Of which chips and cores, where there are several."""
    if limits.chips == 1:
        return ""
    return f" ({limits.chips:,} chips of {limits.cores_per_chip} cores of {limits.compartments_per_core:,})"


def _memory(demand: Demand, chip: str) -> Iterable[tuple[str, str, str]]:
    bits = Counter[str]()
    each = least_synapse_bits(demand)
    for name, own in zip(*summed(demand.fibres.name, each), strict=True):
        bits.update(dict.fromkeys(demand.fibres.names[name], int(own)))
    memory = demand.limits.cores * demand.limits.synapse_memory_bits_per_core
    if int(each.sum()) > memory:
        worst = max(bits, key=lambda name: bits[name])
        yield (
            "synapses-beyond-limit",
            f"projection {worst}",
            f"synapses of the circuit take at least {int(each.sum()):,} bits ({bits[worst]:,} of them here), limit "
            f"{memory:,} on {chip}",
        )


def _fan_in(demand: Demand) -> Iterable[tuple[str, str, str]]:
    limit = demand.limits.in_axons_per_core
    most: dict[str, int] = {}
    for unit, axons in enumerate(demand.axons_into):
        name = demand.name(unit)
        if axons > limit and (name not in most or axons > demand.axons_into[most[name]]):
            most[name] = unit
    for name, unit in most.items():
        share = Counter[str]()
        for index in demand.into[unit].tolist():
            share.update(dict.fromkeys(demand.fibres.projections(index), int(demand.fibres.axons[index])))
        worst = max(share, key=lambda projection: share[projection])
        yield (
            "fan-in-beyond-core",
            f"population {name}",
            f"one neuron has a fan-in of {demand.axons_into[unit]:,} axons ({share[worst]:,} of them from projection "
            f"{worst}), limit {limit:,} in-axons on one core",
        )


def _fan_out(demand: Demand, chip: str) -> Iterable[tuple[str, str, str]]:
    """Spikes that must reach more cores than all neurons of the chip have axons to."""
    needed = next(bound.cores for bound in lower_bounds(demand) if bound.resource == "out_axons")
    if needed > demand.limits.cores:
        limit = demand.limits.cores * demand.limits.out_axons_per_core
        sends = int(np.argmax(np.array(demand.sizes) * demand.out_of.counts))
        yield (
            "out-axons-beyond-core",
            f"population {demand.name(sends)}",
            f"spikes of the circuit take the out-axons of {needed:,} cores at least, limit "
            f"{demand.limits.cores:,} cores with {limit:,} of them on {chip}",
        )
