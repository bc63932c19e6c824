"""A made-up pass: connections that are weak beside the strongest of their target unit are left out."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.rate import RateCircuit
from neurocmc.targets import Target


@dataclass(frozen=True)
class Prune:
    """RateCircuit -> RateCircuit without connections weaker than a share of the strongest into their target unit."""

    name: ClassVar[str] = "prune"
    share: float = 0.01

    def run(self, circuit: RateCircuit, target: Target) -> RateCircuit:
        """Raises InfeasibleError where a population would be cut off from all others."""
        strongest = {population.name: np.zeros(population.size) for population in circuit.populations}
        for projection in circuit.projections:
            own = np.abs(projection.weight).max(axis=1, initial=0.0)
            strongest[projection.target] = np.maximum(strongest[projection.target], own)
        kept = tuple(
            replace(p, weight=np.where(np.abs(p.weight) < self.share * strongest[p.target][:, None], 0.0, p.weight))
            for p in circuit.projections
        )
        raise_infeasible(
            Problem("x-prune-cut-off", f"projection {p.name}", "no connection of it is left", "use a smaller share")
            for p in kept
            if not p.weight.any()
        )
        return replace(circuit, projections=kept)
