"""Refuses what no placement could hold, before anything is measured or rounded.

Only counts are needed here, so a circuit far too large is refused at once. What depends on weights and formats is
found by `place` and `route`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.rate import RateCircuit, RateProjection
from neurocmc.passes.loihi.packing import least_bits
from neurocmc.targets import LoihiLimits, LoihiTarget


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Passes a RateCircuit on unchanged, if `neurons` a unit can fit the target at all."""

    name: ClassVar[str] = "capacity"
    neurons: int

    def run(self, circuit: RateCircuit, target: LoihiTarget) -> RateCircuit:
        """Raises InfeasibleError for too many compartments or synapses, or a fan-in that no core can take in."""
        raise_infeasible(self._problems(circuit, target.name, target.limits))
        return circuit

    def _problems(self, circuit: RateCircuit, chip: str, limits: LoihiLimits) -> Iterable[Problem]:
        compartments = limits.cores_per_chip * limits.compartments_per_core
        if circuit.units * self.neurons > compartments:
            yield Problem(
                "neurons-beyond-limit",
                f"circuit {circuit.name}",
                f"{circuit.units:,} units of {self.neurons:,} neurons are {circuit.units * self.neurons:,} "
                f"compartments, limit {compartments:,} on {chip}",
                "use fewer neurons a unit (--neurons), fewer units, or a larger chip",
            )
        bits = {projection.name: self._bits(projection, limits) for projection in circuit.projections}
        memory = limits.cores_per_chip * limits.synapse_memory_bits_per_core
        if sum(bits.values()) > memory:
            worst = max(bits, key=lambda name: bits[name])
            yield Problem(
                "synapses-beyond-limit",
                f"projection {worst}",
                f"synapses of the circuit take at least {ceil(sum(bits.values())):,} bits ({ceil(bits[worst]):,} of "
                f"them here), limit {memory:,} on {chip}",
                "use fewer neurons a unit (--neurons), fewer connections, or a larger chip",
            )
        for population in circuit.populations:
            fan_in = {
                projection.name: self.neurons * int(np.count_nonzero(projection.weight, axis=1).max(initial=0))
                for projection in circuit.projections
                if projection.target == population.name
            }
            if sum(fan_in.values()) > limits.in_axons_per_core:
                worst = max(fan_in, key=lambda name: fan_in[name])
                yield Problem(
                    "fan-in-beyond-core",
                    f"population {population.name}",
                    f"one neuron has a fan-in of {sum(fan_in.values()):,} axons ({fan_in[worst]:,} of them from "
                    f"projection {worst}), limit {limits.in_axons_per_core:,} in-axons on one core",
                    "use fewer neurons a unit (--neurons), or fewer source units",
                )

    def _bits(self, projection: RateProjection, limits: LoihiLimits) -> float:
        """Synapse memory that a projection needs at least: a list of synapses for each neuron of each source unit."""
        targets, many = np.unique(np.count_nonzero(projection.weight, axis=0), return_counts=True)
        return sum(
            int(units) * least_bits(self.neurons, int(reached) * self.neurons, limits, delayed=False)
            for reached, units in zip(targets, many, strict=True)
            if reached
        )
