"""Refuses by counts alone what no grid of cores could hold, before anything is measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.phrases import SMALLER
from neurocmc.ir.rate import RateCircuit
from neurocmc.passes.truenorth.leaks import FILTER_NEURONS
from neurocmc.targets import TrueNorthLimits, TrueNorthTarget


@dataclass(frozen=True, kw_only=True)
class CoreCapacity:
    """Passes a RateCircuit on unchanged, if `neurons` a unit can fit the grid at all."""

    name: ClassVar[str] = "capacity"
    neurons: int

    def run(self, circuit: RateCircuit, target: TrueNorthTarget) -> RateCircuit:
        """Raises InfeasibleError for more units than cores hold, or a pool that a core cannot take in."""
        raise_infeasible(self._problems(circuit, target.name, target.limits))
        return circuit

    def _problems(self, circuit: RateCircuit, chip: str, limits: TrueNorthLimits) -> Iterable[Problem]:
        """Every unit has its pool on one core, whose neurons it may share with other units."""
        fitting = limits.neurons_per_core - FILTER_NEURONS
        units, cores = circuit.units, limits.cores
        if units > cores * (limits.neurons_per_core // self.neurons) and self.neurons <= fitting:
            yield Problem(
                "cores-beyond-chip",
                f"circuit {circuit.name}",
                f"{units:,} pools of {self.neurons:,} neurons: a core of {chip} holds "
                f"{limits.neurons_per_core // self.neurons:,} at most, cores: {cores:,} "
                f"({limits.columns} x {limits.rows})",
                SMALLER,
            )
        if self.neurons > fitting:
            yield Problem(
                "pool-beyond-core",
                "--neurons",
                f"a pool of {self.neurons:,} neurons; {fitting:,} fit on a core of {chip}, next to {FILTER_NEURONS} "
                "neurons of its filter",
                SMALLER,
            )
