"""The quantised network that stands beside a circuit: its weights of so many bits, its activations of so many levels.

Quantised after training, uniformly and symmetrically: weights of a projection in steps of the largest over
2^(bits - 1) - 1, activities in steps of what a full pool shows over 2^bits - 1. Drives from outside and the states of
filters are left in real numbers, as is the step unless a longer one is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import largest, mapped
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.report.bits import TWIN_WEIGHT_BITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantisedPopulation(RatePopulation):
    """Rate units whose activity has `levels` values above 0, up to `full`."""

    full: float
    levels: int

    def transfer_at(self, z: Float) -> Float:
        step = self.full / self.levels
        # `super()` without arguments looks for a class that slots have replaced.
        activity = RatePopulation.transfer_at(self, z)
        return step * np.clip(np.rint(activity / step), 0, self.levels)


def quantised(circuit: RateCircuit, spiking: SpikingNetwork, bits: Mapping[str, int]) -> RateCircuit:
    """A circuit with activations of `bits` (population -> bits), which reach as far as its pools do."""
    full = {pool.name: pool.full for pool in spiking.pools}
    return replace(
        circuit,
        populations=tuple(
            QuantisedPopulation(
                **{field.name: getattr(p, field.name) for field in fields(RatePopulation)},
                full=full[p.name],
                levels=(1 << bits[p.name]) - 1,
            )
            for p in circuit.populations
        ),
        projections=tuple(_in_steps(projection) for projection in circuit.projections),
    )


def _in_steps(projection: RateProjection) -> RateProjection:
    step = largest(projection.weight) / ((1 << (TWIN_WEIGHT_BITS - 1)) - 1)
    if step == 0.0:
        return projection
    return replace(projection, weight=mapped(projection.weight, lambda weight: step * np.rint(weight / step)))
